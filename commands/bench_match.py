"""`bench match`: finding a topic among 1,500, 15,000 and 150,000 phrasings, beside the alternatives in the same run.

Every contestant is a process of its own with one thread for arithmetic, so that memory and time are its own.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from bot.consult.baselines import METHODS, Baseline
from bot.consult.cases import read_cases
from bot.consult.loader import read
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge
from bot.consult.ranking import Labelled, labelled
from bot.consult.tables import replace_section, table
from bot.core.errors import SettingsError
from commands.faq_eval import ROOT, own_files
from commands.program import current

OURS = "Zhiyuan"
SECTION = "speed"  # of docs/matching.md, written by --write
SIZES = (1_500, 15_000, 150_000)
QUESTIONS = 200
WARM_UP = 20
ROUNDS = 3
PATIENCE = 30.0  # seconds after which a slow contestant is asked no further round
SEED = 20261123
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Speed:
    """What one contestant took at one size."""

    name: str
    size: int
    build_seconds: float
    p50_ms: float
    p99_ms: float
    memory_mb: float  # what its libraries and its index added to the process


def match(
    context: typer.Context,
    sizes: Annotated[str, typer.Option(help="numbers of phrasings, with commas between")] = ",".join(map(str, SIZES)),
    questions: Annotated[int, typer.Option(help="questions asked of each", min=WARM_UP)] = QUESTIONS,
    only: Annotated[str, typer.Option(help="contestants whose name holds this")] = "",
    write: Annotated[Path | None, typer.Option(help="put the table into the section `speed` of this Markdown file")] = None,
) -> None:
    """Time, memory and building of our matcher and of the baselines, as the knowledge grows."""
    here = current(context)
    wanted = [_size(each) for each in sizes.split(",")]
    names = [each for each in (OURS, *METHODS) if only.lower() in each.lower()]
    found: list[Speed] = []
    for size in wanted:
        for name in names:
            typer.echo(f"{size:,} phrasings, {name} …", err=True)
            found.append(measured(here.settings.faq.path, name, size, questions))
    text = rendered(found)
    if write:
        replace_section(write, SECTION, text)
    typer.echo(text)


def _size(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < 1:
        raise SettingsError(f"--sizes {text}: a number of phrasings is expected")
    return int(text)


def measured(folder: Path, name: str, size: int, questions: int) -> Speed:
    """One contestant in a process of its own."""
    command = [sys.executable, "-m", "commands.bench_match", str(folder.resolve()), name, str(size), str(questions)]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        command, cwd=ROOT, env={**os.environ, **_ONE_THREAD}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SettingsError(f"bench match: {name} at {size} failed: {done.stderr.strip().splitlines()[-1]}")
    return Speed(**json.loads(done.stdout.splitlines()[-1]))


def rendered(found: Sequence[Speed]) -> str:
    """The table, each line with its ratio to ours at the same size."""
    ours = {each.size: each for each in found if each.name == OURS}
    rows = [
        [
            each.name,
            f"{each.size:,}",
            f"{each.p50_ms:.2f}",
            f"{each.p99_ms:.2f}",
            f"{each.p99_ms / ours[each.size].p99_ms:.1f} ×" if each.size in ours else "–",
            f"{each.build_seconds:.1f}",
            f"{each.memory_mb:.0f}",
        ]
        for each in found
    ]
    headings = ["matcher", "phrasings", "p50 ms", "p99 ms", "p99 to ours", "build s", "memory MB"]
    note = (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, one thread each. Times are "
        "those of the processor, so that what else the machine does is not counted; each question is asked up to "
        f"{ROUNDS} times, the least counts. Memory is what building and asking added to the process, with the libraries "
        "that only this contestant needs."
    )
    return f"{table(headings, rows)}\n\n{note}"


# -- growing the knowledge -----------------------------------------------------------------------


def grown(texts: Sequence[Labelled], size: int, seed: int = SEED) -> list[Labelled]:
    """So many phrasings in the manner of the given ones; the same every time.

    Fewer are drawn evenly. More are made from two phrasings of one topic: the beginning of one (up to a cut in its
    middle third) and the end of the other, with one character exchanged for one from anywhere in the FAQ, as a typo
    or a name would; so vocabulary and number of run-on forms grow with the size, as they do in real life.
    """
    choose = random.Random(seed)  # noqa: S311 - no secret
    if size <= len(texts):
        places = sorted(choose.sample(range(len(texts)), size))
        return [texts[place] for place in places]
    by_label: dict[str, list[str]] = {}
    for each in texts:
        by_label.setdefault(each.label, []).append(each.text)
    found = dict.fromkeys(texts)
    for made in _crossed(by_label, choose):
        found[made] = None
        if len(found) == size:
            break
    return list(found)


def _crossed(by_label: Mapping[str, Sequence[str]], choose: random.Random) -> Iterator[Labelled]:
    labels = sorted(by_label)
    letters = "".join(text for label in labels for text in by_label[label])
    while True:
        label = choose.choice(labels)
        first, second = choose.choice(by_label[label]), choose.choice(by_label[label])
        text = first[: _cut(first, choose)] + second[_cut(second, choose) :]
        place = choose.randrange(len(text)) if text else 0
        yield Labelled(text[:place] + choose.choice(letters) + text[place + 1 :], label)


def _cut(text: str, choose: random.Random) -> int:
    return choose.randint(len(text) // 3, max(len(text) // 3, 2 * len(text) // 3))


def with_phrasings(knowledge: Knowledge, texts: Sequence[Labelled]) -> Knowledge:
    """The knowledge with these texts as its phrasings."""
    by_label: dict[str, list[str]] = {}
    for each in texts:
        by_label.setdefault(each.label, []).append(each.text)
    return replace(
        knowledge,
        entries={i: replace(each, phrasings=tuple(by_label.get(i, ()))) for i, each in knowledge.entries.items()},
        outside={i: replace(each, phrasings=tuple(by_label.get(i, ()))) for i, each in knowledge.outside.items()},
    )


# -- one contestant ------------------------------------------------------------------------------


def contest(folder: Path, name: str, size: int, questions: int) -> Speed:
    """Build, ask, and tell what it took; to be run in a process of its own."""
    knowledge = read(folder).knowledge()
    texts = grown(labelled(knowledge), size)
    larger = with_phrasings(knowledge, texts)
    asked = _asked(knowledge, questions)
    before = _memory()
    started = time.process_time()
    ask: Callable[[str], object] = Matcher(larger).match if name == OURS else Baseline(name, larger, texts).judge
    build = time.process_time() - started
    for each in asked[:WARM_UP]:
        ask(each)
    # The least of a few rounds: what the machine does beside us is not the contestant's doing.
    rounds = [[_ms(ask, each) for each in asked]]
    while len(rounds) < ROUNDS and np.sum(rounds) / 1000 < PATIENCE:
        rounds.append([_ms(ask, each) for each in asked])
    times = np.min(rounds, axis=0)
    p50, p99 = np.percentile(times, [50, 99]).tolist()
    return Speed(name, size, build, p50, p99, _memory() - before)


def _ms(ask: Callable[[str], object], question: str) -> float:
    started = time.process_time()
    ask(question)
    return (time.process_time() - started) * 1000


def _asked(knowledge: Knowledge, most: int) -> list[str]:
    """Questions of the project's evaluation, else phrasings."""
    cases = read_cases(own_files())
    texts = [each.turns[0].text for each in cases] or [each.text for each in labelled(knowledge)]
    return random.Random(SEED).sample(texts, min(most, len(texts)))  # noqa: S311 - no secret


def _memory() -> float:
    """Megabytes that the process holds now; where the system does not tell, the most that it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    result = contest(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(asdict(result)) + "\n")
