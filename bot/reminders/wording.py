"""`faq/reminders.yaml`: steps, plans, sending hours and every word of a reminder, checked with file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

import yaml

from bot.consult.model import Court, Instrument, Knowledge
from bot.core import written
from bot.core.calendar import CourtCalendar, Hours, SendWindow
from bot.core.clock import SHANGHAI, local_day
from bot.core.faults import Fault, Problem
from bot.core.kept import Kept, stamp
from bot.core.written import Unreadable
from bot.reminders.model import Caps, Experiment, Scheme, Step

T = TypeVar("T")
SHIPPED = Path(__file__).parents[2] / "faq"

FILE = "reminders.yaml"
MESSAGE = 700  # characters of a whole reminder: read at a glance, without scrolling
BUTTON = 14
DEFAULT_ARM = "name"
PROMISE = Step("promise", -1)
FIELDS = frozenset({"salutation", "court", "officer", "matter", "part", "due", "when", "task", "how", "promised"})
SECTIONS = (
    "sending",
    "calendar",
    "steps",
    "plans",
    "experiment",
    "neutral",
    "wordings",
    "consequences",
    "way_out",
    "certificate",
    "footer",
    "correction",
    "education_footer",
    "rules",
    "buttons",
    "words",
)
CONDITIONS: Mapping[str, frozenset[str] | None] = {
    "court": None,
    "title": frozenset({"judgment", "mediation", "ruling", "arbitration", "notary", "order"}),
    "stage": frozenset({"before", "in", "closed"}),
    "kind": frozenset({"money", "act"}),
    "wage": frozenset({"yes", "no"}),
    "livelihood": frozenset({"yes", "no"}),
    "special": frozenset({"yes", "no"}),
    "settlement": frozenset({"none", "negotiating", "agreed", "failed", "broken"}),
}
BUTTONS = ("paid", "plan", "hard", "dispute", "notme", "contact", "where", "stop", "verify")
WORDS = (
    "salutation",
    "officer",
    "no_officer",
    "matter",
    "acting",
    "no_matter",
    "part",
    "one_part",
    "money",
    "act",
    "how_money",
    "how_act",
    "promised_money",
    "promised_act",
    "days_left",
    "tomorrow",
    "today",
    "days_past",
    "date",
    "weekdays",
    "where",
    "no_place",
    "dated_seizure",
    "dated_limitation",
    "dated_apply",
)
# What each text must hold because law or evidence asks for it, and what a lock screen must not show
# before identity is proven: lists of words in the file itself, under `rules`.
RULES = ("footer", "neutral", "neutral_never", "education", "campaign_never")


@dataclass(frozen=True, slots=True)
class Consequence:
    """One factual sentence about what follows, for the cases that match, and its provision."""

    text: str
    law: str
    article: str
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a reminder speaks of: everything that is filled in at the moment of sending."""

    name: str
    court: str  # the court's name
    court_id: str
    officer: str | None
    cause: str
    no: int
    parts: int
    due: date
    facts: Mapping[str, str]
    acts_for: str | None = None  # the debtor's name, when `name` is their agent


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step of a plan with the words that it uses (by arm)."""

    step: Step
    wording: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as people may read it: for which cases, which steps, and where it is written."""

    name: str
    when: Mapping[str, tuple[str, ...]]
    steps: tuple[PlanStep, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Guide:
    """The whole of `faq/reminders.yaml`, sound."""

    window: SendWindow
    at: time
    caps: Caps
    calendar: CourtCalendar
    steps: Mapping[str, Step]
    wording_of: Mapping[str, str]
    schemes: tuple[Scheme, ...]
    experiment: Experiment
    neutral: str
    wordings: Mapping[str, Mapping[str, str]]
    consequences: tuple[Consequence, ...]
    way_out: str
    certificate: str
    footer: str
    correction: str
    education_footer: str
    buttons: Mapping[str, str]
    words: Mapping[str, str]
    courts: Mapping[str, Court] = field(default_factory=dict)
    campaign_never: tuple[str, ...] = ()
    source: str = FILE  # the file that was read

    def plans(self) -> list[PlanView]:
        """Every plan with its source, in the order in which they are tried."""
        return [PlanView(s.name, s.when, tuple(map(self._step, s.steps)), self.source, s.line) for s in self.schemes]

    def _step(self, step: Step) -> PlanStep:
        group = "" if step.task else self.wording_of.get(step.id, "")
        return PlanStep(step, group, self.wordings.get(group, {}))

    def opens(self, day: date) -> datetime:
        """When reminders of a day begin to leave: the preferred time, or the first open moment after it."""
        return self.window.next_open(datetime.combine(day, self.at, SHANGHAI), self.calendar)

    def ready(self, moment: datetime) -> datetime:
        """When what comes up at a moment may leave: not before the others of its day, so that the most urgent is first."""
        open_at = self.window.next_open(moment, self.calendar)
        return max(open_at, self.opens(local_day(open_at)))

    def court_name(self, court_id: str) -> str:
        """The full name of a court; its id when the list does not know it."""
        court = self.courts.get(court_id)
        return court.name if court else court_id

    # -- texts -----------------------------------------------------------------------------------

    def preview(self, court_id: str) -> str:
        """What is said before identity is proven: that a notice waits, and nothing else."""
        return self.neutral.format(court=self.court_name(court_id))

    def reminder(self, subject: Subject, step: str, arm: str | None, now: datetime) -> str:
        """The text of a step, by name; distances in days are counted at `now`."""
        group = self.wordings[self.wording_of.get(step, step)]
        template = group.get(arm or DEFAULT_ARM) or group[DEFAULT_ARM]
        days = (subject.due - local_day(now)).days
        lines = [template.format(**self._fields(subject, days)), "", self._consequence(subject) + self.way_out]
        if days >= 0:
            lines.append(self.certificate)
        return "\n".join([*lines, "", self.footer])

    def campaign(self, text: str, name: str | None, court_id: str, *, education: bool) -> str:
        """A campaign's text for one person, with its ending."""
        return self._filled(text, name, court_id) + "\n\n" + (self.education_footer if education else self.footer)

    def corrected(self, text: str, court_id: str, name: str | None) -> str:
        """A correction notice with what is right; without a name it corrects words about the law in general."""
        lead = self.correction.format(court=self.court_name(court_id) if court_id else "")
        return (
            lead
            + "\n\n"
            + self._filled(text, name, court_id)
            + "\n\n"
            + (self.footer if name else self.education_footer)
        )

    def _filled(self, text: str, name: str | None, court_id: str) -> str:
        salutation = self.words["salutation"].format(name=name) if name else ""
        return text.format(court=self.court_name(court_id) if court_id else "", salutation=salutation)

    def where(self, court_id: str) -> str:
        """Place, hours and how to pay, behind the button 在哪里办."""
        court = self.courts.get(court_id)
        name = self.court_name(court_id)
        known = [v for v in (court.address, court.hours, court.phone, court.window_note) if v] if court else []
        place = "\n".join([name, *known]) if known else self.words["no_place"].format(court=name)
        return self.words["where"].format(place=place, court=name)

    def _fields(self, subject: Subject, days: int) -> dict[str, str]:
        words = self.words
        several = subject.parts > 1
        kind = "act" if subject.facts.get("kind") == "act" else "money"
        return {
            "salutation": words["salutation"].format(name=subject.name),
            "court": subject.court,
            "officer": words["officer"].format(name=subject.officer) if subject.officer else words["no_officer"],
            "matter": self._matter(subject),
            "part": words["part"].format(no=subject.no) if several else words["one_part"],
            "due": self._date(subject.due),
            "when": self._distance(days),
            "task": words[kind],
            "how": words[f"how_{kind}"],
            "promised": words[f"promised_{kind}"],
        }

    def _matter(self, subject: Subject) -> str:
        words = self.words
        matter = words["matter"].format(cause=subject.cause) if subject.cause else words["no_matter"]
        return words["acting"].format(name=subject.acts_for) + matter if subject.acts_for else matter

    def dated(self, what: str, day: date, today: date) -> str:
        """The reminder of a day that somebody had worked out for them."""
        words = self.words[f"dated_{what}"]
        return words.format(year=day.year, date=self._date(day), when=self._distance((day - today).days))

    def _date(self, day: date) -> str:
        weekday = self.words["weekdays"][day.weekday()]
        return self.words["date"].format(month=day.month, day=day.day, weekday=weekday)

    def _distance(self, days: int) -> str:
        if days < 0:
            return self.words["days_past"].format(days=-days)
        return {0: self.words["today"], 1: self.words["tomorrow"]}.get(days) or self.words["days_left"].format(
            days=days
        )

    def _consequence(self, subject: Subject) -> str:
        for one in self.consequences:
            if _fits(one.when, subject.facts):
                return one.text
        return ""


def _fits(when: Mapping[str, tuple[str, ...]], facts: Mapping[str, str]) -> bool:
    return all(facts.get(key, "") in wanted for key, wanted in when.items())


class Guides:
    """The guide in force: read at the start, replaced when a sound change is saved, kept when it is not."""

    def __init__(self, folder: Path, knowledge: Callable[[], Knowledge]) -> None:
        # A folder of somebody's own topics need not hold the reminders as well.
        folder = folder if (folder / FILE).exists() else SHIPPED
        self.file: Kept[Guide] = Kept(
            FILE,
            lambda: (stamp([folder / FILE]), knowledge().version),
            lambda: read(folder, knowledge().laws, knowledge().courts),
        )

    def __call__(self) -> Guide:
        """The guide; looks whether the file has changed, which costs microseconds."""
        return self.file()


# -- reading -------------------------------------------------------------------------------------


def check(folder: Path, laws: Mapping[str, Instrument], courts: Mapping[str, Court], today: date) -> list[Problem]:
    """Every problem of `reminders.yaml`, and as a notice that next year's holidays are not announced."""
    guide, problems = read(folder, laws, courts)
    if guide is not None:
        ahead = date(today.year + 1, 2, 1)
        if today.month >= 11 and not guide.calendar.day(ahead).announced:
            problems.append(Problem(FILE, 1, Fault("remind.holidays", year=ahead.year), notice=True))
    return problems


def read(
    folder: Path, laws: Mapping[str, Instrument], courts: Mapping[str, Court]
) -> tuple[Guide | None, list[Problem]]:
    """The guide, or None with what is wrong."""
    try:
        root = written.read(folder / FILE)
        data = root.value()
    except Unreadable as bad:
        return None, [bad.problem]
    reader = _Reader(data if isinstance(data, dict) else {}, _places(root.node), laws, courts)
    guide = reader.guide()
    problems = [*reader.problems, *written.repeated(root, deep=0)]
    return (None if problems else guide), sorted(set(problems))


def _places(node: yaml.Node | None, path: tuple[object, ...] = ()) -> dict[tuple[object, ...], int]:
    """The line of every key and list member, by its path."""
    if node is None:
        return {}
    found = {path: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            found |= _places(value, inner)
            found[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= _places(value, (*path, index))
    return found


class _Wrong(Exception):
    """What is read cannot be used; the problem is noted already."""


class _Reader:
    """Turns the plain data into a guide, noting every problem with its line."""

    def __init__(
        self,
        data: Mapping[str, Any],
        lines: Mapping[tuple[object, ...], int],
        laws: Mapping[str, Instrument],
        courts: Mapping[str, Court],
    ) -> None:
        self._data = data
        self._lines = lines
        self._laws = laws
        self._courts = courts
        self.problems: list[Problem] = []

    def guide(self) -> Guide | None:
        """Everything, or None when a section is missing or cannot be read."""
        for name in SECTIONS:
            if name not in self._data:
                self._wrong((), Fault("file.missing_key", name=name))
        for name in self._data:
            if name not in SECTIONS:
                self._wrong((name,), Fault("file.unknown", name=name, known=SECTIONS))
        if self.problems:
            return None
        try:
            guide = self._guide()
            self._part("wordings", lambda: self._check_texts(guide))
        except _Wrong:
            return None
        return guide

    def _part(self, name: str, make: Callable[[], T]) -> T:
        """What a section holds; one of quite another shape is noted as well, whatever it breaks."""
        try:
            return make()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self._wrong((name,), Fault("file.shape", why=error))
            raise _Wrong from error

    def _guide(self) -> Guide:
        sending = self._mapping("sending")
        steps, wording_of = self._part("steps", self._steps)
        return Guide(
            window=self._part("sending", lambda: self._window(sending)),
            at=self._made(
                ("sending", "at"), Fault("remind.at"), lambda: time.fromisoformat(str(sending.get("at", "09:30")))
            ),
            caps=Caps(self._number(("sending", "per_day"), 1), self._number(("sending", "per_week"), 4)),
            calendar=self._part("calendar", self._calendar),
            steps=steps,
            wording_of=wording_of,
            schemes=self._part("plans", lambda: self._schemes(steps)),
            experiment=self._part("experiment", self._experiment),
            wordings=self._part("wordings", self._wordings),
            consequences=self._part("consequences", self._consequences),
            buttons=self._named("buttons", BUTTONS),
            words=self._named("words", WORDS),
            courts=self._courts,
            campaign_never=tuple(self._rules()["campaign_never"]),
            **{
                name: str(self._data[name]).strip()
                for name in ("neutral", "way_out", "certificate", "footer", "correction", "education_footer")
            },
        )

    def _window(self, sending: Mapping[str, Any]) -> SendWindow:
        hours = self._hours(("sending", "hours"), sending.get("hours", ""))
        quiet = [self._hours(("sending", "quiet", i), each) for i, each in enumerate(sending.get("quiet") or [])]
        only = bool(sending.get("working_days_only", True))
        return self._made(("sending",), Fault("remind.quiet"), lambda: SendWindow(hours, tuple(quiet), only))

    def _hours(self, place: tuple[object, ...], written: object) -> Hours:
        return self._made(place, Fault("remind.hours", value=written), lambda: Hours.parse(str(written)))

    def _wordings(self) -> dict[str, dict[str, str]]:
        return {name: dict(texts) for name, texts in self._mapping("wordings").items()}

    def _calendar(self) -> CourtCalendar:
        own = self._mapping("calendar")
        for name in ("rest", "work"):
            for index, day in enumerate(own.get(name) or []):
                if not isinstance(day, date):
                    self._wrong(("calendar", name, index), Fault("value.day", value=day))
        return CourtCalendar(*([d for d in own.get(n) or [] if isinstance(d, date)] for n in ("rest", "work")))

    def _steps(self) -> tuple[dict[str, Step], dict[str, str]]:
        steps, wording_of = {}, {}
        for name, told in self._mapping("steps").items():
            if not isinstance(told, dict) or not isinstance(told.get("days"), int):
                self._wrong(("steps", name), Fault("remind.days", name=name))
                continue
            task = bool(told.get("task"))
            steps[name] = Step(name, told["days"], int(told.get("late", 0)), bool(told.get("working")), task)
            if not task and told.get("wording") not in self._mapping("wordings"):
                self._wrong(("steps", name), Fault("remind.no_wording", name=name, wording=told.get("wording") or ""))
            wording_of[name] = str(told.get("wording", ""))
        return steps, wording_of

    def _schemes(self, steps: Mapping[str, Step]) -> tuple[Scheme, ...]:
        schemes = []
        for index, told in enumerate(self._data["plans"] or []):
            place = ("plans", index)
            unknown = [s for s in told.get("steps") or [] if s not in steps]
            if unknown:
                self._wrong((*place, "steps"), Fault("remind.steps", names=unknown, known=steps))
                continue
            chosen = tuple(steps[s] for s in told.get("steps") or [])
            when = self._when((*place, "when"), told.get("when"))
            schemes.append(Scheme(str(told.get("name", index)), chosen, when, self._lines.get(place, 0)))
        if not schemes or schemes[-1].when:
            self._wrong(("plans",), Fault("remind.last_plan"))
        return tuple(schemes)

    def _when(self, place: tuple[object, ...], told: Any) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for key, wanted in (told or {}).items():
            values = tuple(_yes_no(v) for v in (wanted if isinstance(wanted, list) else [wanted]))
            known = frozenset(self._courts) if key == "court" else CONDITIONS.get(key)
            if key not in CONDITIONS:
                self._wrong((*place, key), Fault("file.unknown", name=key, known=CONDITIONS))
            elif known and (odd := [v for v in values if v not in known]):
                self._wrong((*place, key), Fault("remind.condition", name=key, values=odd, known=sorted(known)))
            found[str(key)] = values
        return found

    def _experiment(self) -> Experiment:
        told = self._mapping("experiment")
        arms = tuple(str(a) for a in told.get("arms") or [])
        known = {name for texts in self._mapping("wordings").values() for name in texts}
        if odd := [a for a in arms if a not in known]:
            self._wrong(("experiment", "arms"), Fault("remind.arms", names=odd, known=sorted(known)))
        holdout = told.get("holdout") or 0
        return self._made(
            ("experiment", "holdout"), Fault("remind.holdout", value=holdout), lambda: Experiment(arms, float(holdout))
        )

    def _consequences(self) -> tuple[Consequence, ...]:
        found = []
        for index, told in enumerate(self._data["consequences"] or []):
            place = ("consequences", index)
            provision = told.get("provision") or {}
            law, article = str(provision.get("law")), str(provision.get("article"))
            instrument = self._laws.get(law)
            if self._laws and (instrument is None or article not in instrument.clauses):
                self._wrong((*place, "provision"), Fault("remind.no_article", law=law, article=article))
            text = str(told.get("text", ""))
            if article not in text:
                self._wrong((*place, "text"), Fault("remind.article_unsaid", article=article))
            found.append(Consequence(text, law, article, self._when((*place, "when"), told.get("when"))))
        if not found or found[-1].when:
            self._wrong(("consequences",), Fault("remind.last_consequence"))
        return tuple(found)

    # -- texts -----------------------------------------------------------------------------------

    def _check_texts(self, guide: Guide) -> None:
        for name in ("before", "today", "after", "late", "promise"):
            if DEFAULT_ARM not in guide.wordings.get(name, {}):
                self._wrong(("wordings", name), Fault("remind.no_default", name=name, arm=DEFAULT_ARM))
        for group, texts in guide.wordings.items():
            for arm, text in texts.items():
                self._check_wording(("wordings", group, arm), text, guide)
        rules = self._rules()
        self._must(("footer",), guide.footer, rules["footer"])
        self._must(("education_footer",), guide.education_footer, rules["education"])
        self._check_neutral(guide.neutral, rules)
        for name, label in guide.buttons.items():
            if not 0 < len(label) <= BUTTON:
                self._wrong(("buttons", name), Fault("remind.button", most=BUTTON))
        if len(guide.words.get("weekdays", "")) != 7:
            self._wrong(("words", "weekdays"), Fault("remind.weekdays"))

    def _check_wording(self, place: tuple[object, ...], text: str, guide: Guide) -> None:
        names = _names(text)
        if names is None:
            self._wrong(place, Fault("text.brace_open"))
            return
        if odd := names - FIELDS:
            self._wrong(place, Fault("text.name", name=min(odd), known=sorted(FIELDS)))
        for must in ("salutation", "court", "due"):
            if must not in names:
                self._wrong(place, Fault("remind.must_name", name=must))
        if text.count("**") % 2:
            self._wrong(place, Fault("text.bold_open"))
        longest = max((len(c.text) for c in guide.consequences), default=0)
        whole = len(text) + longest + len(guide.way_out) + len(guide.certificate) + len(guide.footer)
        if whole > MESSAGE:
            self._wrong(place, Fault("remind.long", count=whole, most=MESSAGE))

    def _check_neutral(self, text: str, rules: Mapping[str, Sequence[str]]) -> None:
        names = _names(text)
        if names is None or names - {"court"}:
            self._wrong(("neutral",), Fault("remind.neutral_names"))
        if found := [w for w in rules["neutral_never"] if w in text]:
            self._wrong(("neutral",), Fault("remind.neutral_never", words=found))
        self._must(("neutral",), text, rules["neutral"])

    def _must(self, place: tuple[object, ...], text: str, words: Sequence[str]) -> None:
        for must in words:
            if must not in text:
                self._wrong(place, Fault("remind.must_say", words=must))

    def _rules(self) -> Mapping[str, Sequence[str]]:
        told = self._mapping("rules")
        for name in RULES:
            if not told.get(name):
                self._wrong(("rules",), Fault("file.missing_key", name=name))
        return {name: [str(w) for w in told.get(name) or []] for name in RULES}

    # -- small things ----------------------------------------------------------------------------

    def _wrong(self, place: tuple[object, ...], fault: Fault) -> None:
        while place and place not in self._lines:
            place = place[:-1]
        self.problems.append(Problem(FILE, self._lines.get(place, 1), fault))

    def _made(self, place: tuple[object, ...], fault: Fault, make: Callable[[], T]) -> T:
        try:
            return make()
        except (ValueError, TypeError) as error:
            self._wrong(place, fault)
            raise _Wrong from error

    def _mapping(self, name: str) -> Mapping[str, Any]:
        found = self._data[name]
        if not isinstance(found, dict):
            self._wrong((name,), Fault("remind.mapping", name=name))
            raise _Wrong
        return found

    def _named(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        told = self._mapping(name)
        for key in keys:
            if key not in told:
                self._wrong((name,), Fault("file.missing_key", name=key))
        for key in told:
            if key not in keys:
                self._wrong((name, key), Fault("file.unknown", name=key, known=keys))
        return {k: str(v or "") for k, v in told.items()}

    def _number(self, place: tuple[str, str], default: int) -> int:
        value = self._mapping(place[0]).get(place[1], default)
        if not isinstance(value, int) or value < 1:
            self._wrong(place, Fault("remind.number", name=place[1]))
            raise _Wrong
        return value


def _names(text: str) -> set[str] | None:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def _yes_no(value: object) -> str:
    """YAML reads a bare yes as true."""
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def campaign_fields(*, education: bool) -> tuple[str, ...]:
    """The names that a campaign's text may have in braces; education knows nobody."""
    return ("court",) if education else ("salutation", "court")


def problems_of(text: str, guide: Guide, *, education: bool, court: bool = True) -> list[Fault]:
    """What is wrong with a campaign's text: unknown names, an open brace, no words, too many.

    `court` tells whether it goes out in the name of one court, so that `{court}` has a meaning.
    """
    names = _names(text)
    if names is None:
        return [Fault("text.brace_open")]
    known = set(campaign_fields(education=education))
    found = [Fault("text.name", name=name, known=sorted(known)) for name in sorted(names - known)]
    if "court" in names and not court:
        found.append(Fault("text.no_court"))
    # A campaign may run for days: such a word would be wrong for whoever gets it last.
    found += [Fault("text.passing", word=word) for word in guide.campaign_never if word in text]
    if not text.strip():
        found.append(Fault("text.empty"))
    if len(text) + len(guide.footer) + len(guide.correction) > MESSAGE * 4:
        found.append(Fault("text.long", count=len(text), most=MESSAGE * 4))
    if text.count("**") % 2:
        found.append(Fault("text.bold_open"))
    return found
