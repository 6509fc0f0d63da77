"""Writing a document: one question at a time from its definition, a review, and the paper is made.

A path for each form of `faq/forms`; registered when the program is put together, since a court may
change the forms without touching the program.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path as Folder
from typing import Any, ClassVar

from typing_extensions import override

from bot.core.texts import Texts
from bot.dialogue.flows.model import (
    BACK,
    LEAVE,
    Answer,
    At,
    Choice,
    Data,
    Line,
    Opening,
    Path,
    Puzzled,
    Say,
    elsewhere,
    yuan,
)
from bot.guide.documents import checks, loader
from bot.guide.documents.compose import Composer
from bot.guide.documents.model import KIND, Field, Form, Kind, Side, Values, Wrong, less, rest_of
from bot.ledger.courts import Courts
from bot.ledger.model import Broken
from bot.reach.intents import bare

START, REVIEW, DONE = "start", "review", "done"
_SHORT = 150  # characters of a field that holds a fact, and no story that may ask something
SHOWN = 120  # characters of an answer on the review
# Answers that are the same in every document of one person, so that they may be taken over.
SHARED = frozenset(["court", "case", "title", "made_by", "basis", "serve", "bank", "account"])
_OWN = "me_"
_PLAIN = frozenset([Kind.NUMBER, Kind.ACCOUNT, Kind.PHONE, Kind.LIST, Kind.TEXT])
# Answers of other paths that are answers here: by path, its datum and the fields that it fills in.
_CARRIED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "can_apply": {
        "basis": ("title",),
        "claim": ("what",),
        "effective": ("effect",),
        "due": ("due",),
        "last": ("due",),
        "rest": ("principal",),
        "court": ("court",),
    },
    "calc_interest": {"amount": ("principal",), "due": ("due",)},
    "calc_plan": {"amount": ("agreed", "left")},
}
# What people hold (`can_apply`), and the kind of document as forms name it.
_TITLES = {
    "judgment": "judgment",
    "second": "judgment",
    "small": "judgment",
    "mediation": "mediation",
    "confirmation": "ruling",
    "order": "order",
    "award": "arbitration",
    "labour": "labour",
    "notarial": "notary",
}
_MANY = (Kind.LIST, Kind.SCHEDULE)
_FAQ = Folder(__file__).parents[3] / "faq"
_COURT = "at_"  # before the id of a court in a button
_EXAMPLES: dict[Kind, str] = {
    Kind.NAME: "Ana Lima",
    Kind.NUMBER: "G12345678",
    Kind.PHONE: "13800000000",
    Kind.ACCOUNT: "6222021234567890123",
    Kind.SUM: "50000",
    Kind.CASE: "（2026）黔0402执123号",
    Kind.TEXT: "abc",
    Kind.LIST: "abc",
}


_ANOTHER = "Bo Tan"  # is not `Ana Lima`
_REST = "45000"  # what is left of 50000 when 5000 is paid


class DocumentPath(Path):
    """The path to one kind of document; its steps are the fields of the form.

    Data: `start`, `earlier` (answers of a former document that may be taken over), `more` (the list
    that may go on), `days` (how long answers are kept), and the fields' own values.
    """

    form: ClassVar[Form]
    composer: ClassVar[Composer]
    courts: ClassVar[Courts]
    finished: ClassVar[frozenset[str]]  # words that end a list
    skips: ClassVar[frozenset[str]]  # and those that say: nothing of the kind, or not known
    reopens = True
    unlogged = True

    @override
    def order(self, data: Data) -> Sequence[str]:
        """The fields that apply to what was answered so far."""
        return (START, *(f.id for f in self.form.asked(data)), REVIEW, DONE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A list is filled when its writer says so."""
        if step == REVIEW:
            return "confirm" in data
        return step in data and data.get("more") != step

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """With a field go those that are read by it."""
        if step in (START, REVIEW, DONE):
            return (step,)
        return (*self.form.depending(step), "more")

    @override
    def opened(self, opening: Opening) -> Data:
        """What another path has asked already, where it means the same here."""
        if opening.source.startswith(KIND):
            return self.reusable(opening.data)
        given = {
            target: _TITLES.get(str(value), "") if target == "title" else value
            for name, targets in _CARRIED.get(opening.source, {}).items()
            if (value := opening.data.get(name)) not in (None, "")
            for target in targets
        }
        return self.taken_over(self._known_court(given))

    def _known_court(self, given: Data) -> Data:
        """A court that was written in words, by its full name; left out where it is none of ours."""
        try:
            return given | ({"court": self._court(str(given["court"]))} if "court" in given else {})
        except Broken:
            return {k: v for k, v in given.items() if k != "court"}

    def taken_over(self, given: Mapping[str, Any]) -> Data:
        """Those of some answers that this form asks for under the same name, checked by its own rules."""
        found: Data = {}
        for field in self.form.fields:
            value = given.get(field.id)
            if value not in (None, "", []) and field.applies({**given, **found}) and fits(field, value):
                found[field.id] = value
        return found

    def reusable(self, given: Values) -> Data:
        """Of a former document's answers those about the writer and the case."""
        own = {k: v for k, v in given.items() if k.startswith(_OWN) or k in SHARED}
        return self.taken_over(own)

    # -- asking ----------------------------------------------------------------------------------

    @override
    def ask(self, at: At, today: date) -> Say:
        """The question of the definition, with what makes answering it easy."""
        if at.step == START:
            return self._about(at)
        if at.step == REVIEW:
            return self.review(at)
        if at.step == DONE:
            change = Choice("documents.button.change", f"fix-{REVIEW}")
            after = (words(self.form.after),) if self.form.after else ()
            return Say(
                "documents.done", {"days": at.data.get("days", 0)}, (change, elsewhere("button.menu", "menu")), after
            )
        field = self.form.field(at.step)
        if at.data.get("more") == field.id:
            return self._more(field, at.data)
        also = (words(field.help),) if field.help else ()
        return Say("documents.plain", {"text": field.ask}, self._choices(field, at.data), also)

    def _about(self, at: At) -> Say:
        earlier = (Choice("documents.button.reuse", "reuse"),) if at.data.get("earlier") else ()
        known = [f for f in self.form.asked(at.data) if at.data.get(f.id) not in (None, "", [])]
        told = tuple(Say("flow.line", {"name": f.label, "value": self._told(f, at.data)}) for f in known)
        lead = (Say("documents.known"), *told) if told else ()
        count = sum(1 for f in self.form.asked(at.data) if f not in known)
        params = {"title": self.form.title, "about": self.form.about}
        begins = (*earlier, Choice("documents.button.begin", "begin"), LEAVE)
        if at.data.get("lost"):
            return Say("documents.begin", {"title": self.form.title}, begins)  # what it is about has been read by now
        return Say("documents.start", {**params, "count": count, "days": at.data.get("days", 0)}, begins, lead)

    def _choices(self, field: Field, data: Data) -> tuple[Choice, ...]:
        own: tuple[Choice, ...] = ()
        if field.kind is Kind.CHOICE:
            own = tuple(Choice("documents.plain", o.code, {"text": o.label}) for o in field.offered(data))
        elif field.kind is Kind.COURT:
            own = tuple(Choice("documents.plain", f"{_COURT}{c.id}", {"text": c.name}) for c in self.courts)
        elif (rest := rest_of(field, data)) is not None and rest > 0:
            own = (Choice("documents.button.rest", "rest", {"amount": yuan(rest)}),)
        if field.by_hand:
            own += (Choice("documents.button.by_hand", "none"),)
        elif not field.required:
            own += (Choice("documents.button.skip", "none"),)
        return (*own, BACK, LEAVE)

    def _more(self, field: Field, data: Data) -> Say:
        given = data[field.id]
        finished = Choice("documents.button.finished", "finished")
        count = len(given)
        if field.kind is Kind.SCHEDULE and isinstance(wanted := data.get(field.total), int):
            left = yuan(wanted - sum(item["sum"] for item in given))
            return Say("documents.more_left", {"count": count, "left": left}, (BACK, LEAVE))
        return Say("documents.more", {"count": count}, (finished, BACK, LEAVE))

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every field that applies, as it will stand in the document."""
        asked = self.form.asked(at.data)
        return [Line(f.id, f.label, self._told(f, at.data)) for f in asked]

    @override
    def review(self, at: At, confirm: str = "documents.button.make") -> Say:
        """As everywhere, with the labels of the definition."""
        lines = self.lines(at)
        fixes = tuple(Choice("flow.fix", f"fix-{line.step}", {"name": line.label}) for line in lines)
        shown = tuple(Say("flow.line", {"name": line.label, "value": line.value}) for line in lines)
        return Say("documents.review", {"title": self.form.title}, (Choice(confirm, "yes"), *fixes, LEAVE), shown)

    def _told(self, field: Field, data: Data) -> object:
        told = self.composer.told(field, data)
        if not told:
            return Say("documents.by_hand" if field.by_hand else "documents.empty")
        return told if len(told) <= SHOWN else told[:SHOWN] + "…"

    # -- answers ---------------------------------------------------------------------------------

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """An answer is read by the rules of its field; what is wrong is said, with an example."""
        if at.step == START:
            return self._begins(at, answer)
        if at.step == REVIEW:
            return self._confirmed(at, answer)
        field = self.form.field(at.step)
        if answer.asks and (field.kind is Kind.NAME or 0 < field.most <= _SHORT):
            return Puzzled("documents.wrong.asks")  # 什么是失信 is nobody's address
        try:
            read = self._read(field, at.data, answer)
            self._goes_with(field, at.data | read)
        except Wrong as error:
            return _puzzled(error)
        return read

    def _goes_with(self, field: Field, data: Data) -> None:
        """Wrong where a finished answer contradicts those before it, or leaves a later one impossible."""
        if data.get("more") == field.id or field.total:
            return
        checks.check_value(field, data)
        if any(field.id in f.rest and (less(f, data) or 0) < 0 for f in self.form.asked(data) if f.exact):
            checks.check_values([f for f in self.form.asked(data) if field.id in f.rest], data)

    def _begins(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice == "reuse":
            return {**self.taken_over(at.data.get("earlier") or {}), "start": True, "earlier": {}}
        if answer.choice in ("begin", "yes") or (answer.named == "begin" and not answer.asks):
            return {"start": True, "earlier": {}}
        return Puzzled("documents.press_begin")

    def _confirmed(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice != "yes":
            return Puzzled("party.flow.press")
        try:
            checks.check_values(list(self.form.asked(at.data)), at.data)
        except Wrong as error:
            return _puzzled(error)
        return {"confirm": True}

    def _read(self, field: Field, data: Data, answer: Answer) -> Data:
        begun = data.get("more") == field.id and bool(data.get(field.id))
        if self._skips(answer) and not begun:
            if field.required and not field.by_hand:
                raise Wrong("none")
            return {field.id: "", "more": ""}
        if field.kind in _MANY:
            return self._read_many(field, data, answer)
        if answer.choice == "rest" and (rest := rest_of(field, data)) is not None:
            return {field.id: rest}
        if field.kind is Kind.CHOICE and answer.choice in {o.code for o in field.offered(data)}:
            return {field.id: answer.choice}
        if field.kind is Kind.COURT and answer.choice.startswith(_COURT):
            return {field.id: self._court(answer.choice.removeprefix(_COURT))}
        return {field.id: checks.read(field, answer.text, self._at_hand(data, answer))}

    def _skips(self, answer: Answer) -> bool:
        """没判, 不知道, 没有: the answer to a question that may be left open."""
        return answer.choice == "none" or bare(answer.text) in self.skips

    def _read_many(self, field: Field, data: Data, answer: Answer) -> Data:
        given: list[Any] = list(data.get(field.id) or ())
        ends = answer.choice == "finished" or bare(answer.text) in self.finished or self._skips(answer)
        if ends and given:
            checks.check_values([field], data)
            return {"more": ""}
        found = checks.read(field, answer.text, self._at_hand(data, answer))
        whole = [*given, *found][: checks.MOST_LINES]
        if field.kind is Kind.SCHEDULE:
            whole.sort(key=lambda item: str(item["day"]))
            wanted = data.get(field.total)
            made = sum(item["sum"] for item in whole)
            if isinstance(wanted, int) and made > wanted:
                checks.check_total(field, whole, data)
            if made == wanted:
                return {field.id: whole, "more": ""}
        return {field.id: whole, "more": field.id}

    def _at_hand(self, data: Data, answer: Answer) -> checks.Answer:
        return checks.Answer(answer.today, data, self._court)

    def _court(self, said: str) -> str:
        """The full name of the court that is meant; Broken when it is none of this installation."""
        return self.courts.name(self.courts.find(said))


def _puzzled(error: Wrong) -> Puzzled:
    """What is wrong in words, sums in 元; what does not go together is asked for anew."""
    sums = ("made", "wanted", "left")
    params = {k: yuan(v) if k in sums and isinstance(v, int) else v for k, v in error.params.items()}
    return Puzzled(f"documents.wrong.{error.code}", params, without=(error.field, "more") if error.field else ())


def words(text: str) -> Say:
    """Words of a definition, as they are."""
    return Say("documents.plain", {"text": text})


def fits(field: Field, value: object) -> bool:
    """Whether a value from elsewhere is of the kind that a field holds."""
    if field.kind is Kind.CHOICE:
        return value in {o.code for o in field.options}
    if field.kind is Kind.SUM:
        return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= checks.MOST_SUM
    if field.kind is Kind.SCHEDULE:
        return isinstance(value, list) and all(isinstance(i, dict) and {"day", "sum"} <= i.keys() for i in value)
    if field.kind is Kind.LIST:
        return isinstance(value, list) and all(isinstance(i, str) for i in value)
    if field.enforced and not checks.is_enforced(str(value)):
        return False
    return isinstance(value, str) and (field.kind is not Kind.DATE or _is_day(value))


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def shipped() -> dict[str, Path]:
    """The paths of the shipped definitions. What is wrong with one of them, `faq check` and the start say."""
    texts = Texts.load()
    good = {form.name: form for form in loader.read(_FAQ / loader.FOLDER).forms}
    return document_paths(good, Composer(texts), Courts.read(_FAQ), texts("documents.finished_words").split())


def document_paths(
    forms: Mapping[str, Form], composer: Composer, courts: Courts, finished: Collection[str]
) -> dict[str, Path]:
    """A path for every form that people may write; those for staff are made at the desk."""
    made = (_path(f, composer, courts, finished) for f in forms.values() if f.side is not Side.STAFF)
    return {path.kind: path for path in made}


def _path(form: Form, composer: Composer, courts: Courts, finished: Collection[str]) -> Path:
    names = (START, *(f.id for f in form.fields), REVIEW, DONE)
    asked = [f for f in form.fields if f.kind is not Kind.CHOICE]
    attributes: dict[str, Any] = {
        "__doc__": "The path to one kind of document.",
        "kind": KIND + form.name,
        "form": form,
        "composer": composer,
        "courts": courts,
        "finished": frozenset(bare(w) for w in finished),
        "skips": frozenset(bare(w) for w in composer.texts("documents.skip_words").split()),
        "Step": StrEnum("Step", {n.upper(): n for n in names}),
        "ends": frozenset({DONE}),
        "free": frozenset(f.id for f in asked if f.kind is not Kind.COURT),
        "identifying": frozenset(f.id for f in asked if f.kind in _PLAIN),
        "examples": {f.id: _examples(f, courts, composer.texts("documents.example_case")) for f in asked},
    }
    made: DocumentPath = type("Document", (DocumentPath,), attributes)()
    return made


def _examples(field: Field, courts: Courts, case: str) -> tuple[str, ...]:
    if field.unlike:
        return (_ANOTHER,)
    if field.exact:
        return (_REST,)
    if field.kind is Kind.CASE:
        return (case,)
    if field.kind is Kind.COURT:
        return (next(iter(courts)).name,)
    if field.kind is Kind.DATE:
        return ("2030-06-30",) if field.future else ("2025-03-01",)
    if field.kind is Kind.SCHEDULE:
        return ("2030-06-30 50000",) if field.future else ("2025-03-01 5000",)
    return (_EXAMPLES[field.kind],)
