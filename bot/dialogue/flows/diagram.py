"""The guided paths walked by their own buttons and examples: from which step one comes to which, drawn for docs/flows.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path as File

from bot.dialogue.flows.model import Answer, At, Path, Puzzled

BEGIN, END = "<!-- made by `python main.py docs flows --write` -->", "<!-- end of what is made -->"
MOST = 5000  # places that a walk looks at
STAY = ("leave", "back")


@dataclass(slots=True)
class Walk:
    """What was found on the way."""

    edges: dict[tuple[str, str], None] = field(default_factory=dict)  # in the order in which they were found
    places: list[At] = field(default_factory=list)  # one for each step and way to it

    @property
    def steps(self) -> set[str]:
        """The steps that can be reached."""
        return {at.step for at in self.places}


def walk(path: Path, today: date) -> Walk:
    """Go every way that the path's buttons and examples lead."""
    found, seen = Walk(), set()
    waiting = [path.begin(dict(data), today)[0] for data in path.starts]
    for at in waiting:
        found.edges["[*]", at.step] = None
    while waiting and len(found.places) < MOST:
        at = waiting.pop(0)
        ended = tuple(sorted(at.data)) if at.step in path.ends else ()
        key = (at.step, tuple(path.order(at.data)), ended, at.data.get("more"))  # a list that may go on is a place of its own
        if key in seen:
            continue
        seen.add(key)
        found.places.append(at)
        if at.step in path.ends:
            found.edges[at.step, "[*]"] = None
            continue
        for answer in answers(path, at, today):
            then, _ = path.advance(at, answer)
            if then.step != at.step:
                found.edges[at.step, then.step] = None
            if then != at:
                waiting.append(then)
    return found


def answers(path: Path, at: At, today: date) -> Iterator[Answer]:
    """Everything that a path itself offers as an answer at a place, and its examples of words."""
    for choice in path.ask(at, today).choices:
        if choice.code and choice.code not in STAY and not choice.code.startswith("fix-"):
            yield Answer(today, choice=choice.code)
    for text in path.examples.get(at.step, ()):
        yield Answer(today, text)
    if isinstance(path.take(at, Answer(today, choice="finished", files=1)), dict):
        yield Answer(today, choice="finished", files=1)
    if at.step in path.secret:
        yield Answer(today, proven=True)
        yield Answer(today, proven=False, tries_left=3)
        yield Answer(today, proven=False, tries_left=0)


def unanswerable(path: Path, at: At, today: date) -> bool:
    """Whether nothing that is offered leads on from a place, so that a person would be stuck there."""
    return at.step not in path.ends and all(
        isinstance(path.take(at, answer), Puzzled) for answer in answers(path, at, today)
    )


def drawn(path: Path, today: date) -> str:
    """A state diagram in mermaid."""
    lines = [f"    {before} --> {after}" for before, after in walk(path, today).edges]
    return "\n".join(["stateDiagram-v2", *lines])


def section(paths: Mapping[str, Path], today: date) -> str:
    """All diagrams, by kind, with the first line that each path says of itself."""
    parts = [BEGIN]
    for kind, path in paths.items():
        about = (type(path).__doc__ or "").strip().split("\n")[0]
        steps = "bound to a party" if path.bound else "for everybody"
        parts.append(f"## {kind}\n\n{about} ({steps})\n\n```mermaid\n{drawn(path, today)}\n```")
    return "\n\n".join([*parts, END])


def rewritten(text: str, made: str) -> str:
    """A page with its made part replaced; ValueError when it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN!r} or {END!r}")
    return before + made + after


def page_of(file: File, paths: Mapping[str, Path], today: date) -> tuple[str, str]:
    """The page as it is, and as it should be."""
    text = file.read_text(encoding="utf-8")
    return text, rewritten(text, section(paths, today))


__all__: Sequence[str] = ("Walk", "answers", "drawn", "page_of", "section", "unanswerable", "walk")
