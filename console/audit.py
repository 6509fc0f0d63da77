"""A line of the audit log in words. The log keeps short codes with their values; old lines read like new ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bot.staff.audit import Audited
from bot.staff.model import Deed
from console.frame import Page, money

_SHORT = 12  # digits: a longer number is only the program's
_NAMED = ("account", "login_link")  # objects that are told by name alone
# Objects, the form of the detail, and the key below `told` that says it; the first that fits counts.
_FORMS: Sequence[tuple[str, str, str]] = (
    ("obligation", r"(?:pay|paid) (?P<money>[\d,.*]+)", "pay"),
    ("obligation", r"grace (?P<day>\S+) ?(?P<words>.*)", "grace"),
    ("obligation", r"disputes closed: ?(?P<words>.*)", "disputes_closed"),
    ("obligation", r"settlement: (?P<settlement>\w+)", "settlement"),
    ("obligation", r"responsible: ?(?P<words>.*)", "responsible"),
    ("obligation", r"end: ?(?P<words>.*)", "end"),
    ("obligation", r"reopen: ?(?P<words>.*)", "reopen"),
    ("obligation", r"certificate issued", "certificate"),
    ("obligation", r"book", "book"),
    ("payment", r"verified", "verified"),
    ("payment", r"rejected: ?(?P<words>.*)", "rejected"),
    ("payment", r"revoked: ?(?P<words>.*)", "revoked"),
    ("instalment", r"(?P<day>\d{4}-\d\d-\d\d) ?(?P<words>.*)", "moved"),
    ("settlement", r"agreed ?(?P<words>.*)", "deal_agreed"),
    ("settlement", r"refused ?(?P<words>.*)", "deal_refused"),
    ("settlement", r"countered", "deal_countered"),
    ("settlement", r"open_case|opened", "deal_opened"),
    ("settlement", r"sign", "deal_signed"),
    ("settlement", r"resume", "deal_resumed"),
    ("settlement", r"refer", "deal_referred"),
    ("settlement", r"by hand", "deal_by_hand"),
    ("settlement", r"said", "deal_said"),
    ("task", r"closed ?(?P<words>.*)", "task_closed"),
    ("party case", r"links?", "link"),
    ("case", r"sheets", "sheets"),
    ("case", r"stage (?P<stage>\w+) filed_on (?P<filed>\S+)", "case_changed"),
    ("case", r"filed_on (?P<filed>\S+)", "case_filed"),
    ("party", r"(?P<way>sms|phone|visit|letter) (?P<outcome>\w+)", "outcome"),
    ("party", r"corrected (?P<fields>[a-z ]+)", "party_corrected"),
    ("chat", r"claimed", "claimed"),
    ("chat", r"released", "released"),
    ("chat", r"handed to (?P<whom>\S*) ?(?P<role>\w*)", "handed"),
    ("chat", r"routed to (?P<court>\w+)", "routed"),
    ("chat", r"note", "note"),
    ("chat", r"file", "sent_file"),
    ("chat", r"file (?P<words>.*)", "file"),
    ("task case", r"(?P<words>/.*)", "in_chat"),
    ("chat", r"corrected: ?(?P<words>.*)", "corrected"),
    ("chat", r"retracted \d+", "retracted"),
    ("chat", r"pending", "pending"),
    ("chat", r"snoozed", "snoozed"),
    ("chat", r"resolved", "resolved"),
    ("chat", r"reopened", "reopened"),
    ("chat", r"begun", "begun"),
    ("intake petition", r"entered", "entered"),
    ("intake", r"obligation [\d*]+", "converted"),
    ("intake", r"(?P<intake>waiting|called|working|done|left) ?(?P<words>.*)", "intake"),
    ("intake", r"(?P<step>urge|settle|file|complete) ?(?P<words>.*)", "step"),
    ("intake", r"[a-z_ ]+", "corrected_fields"),
    ("petition notary", r"assigned (?P<whom>\d+)", "assigned"),
    ("petition", r"escalated ?(?P<words>.*)", "escalated"),
    ("notary", r"ended", "notary_ended"),
    ("node", r"(?P<node>\w+) started", "node_started"),
    ("node", r"(?P<node>\w+) finished", "node_finished"),
    ("follow_up", r"(?P<follow_up>\w+)", "follow_up"),
    ("campaign", r"draft", "draft"),
    ("campaign", r"approved", "approved"),
    ("campaign", r"started", "started"),
    ("campaign", r"paused", "paused"),
    ("campaign", r"resumed", "resumed"),
    ("campaign", r"cancelled, (?P<count>\d+) dropped", "cancelled"),
    ("campaign", r"retry of (?P<count>\d+)", "retry"),
    ("campaign", r"corrects (?P<count>\d+)", "corrects"),
    ("delivery", r"arrived", "arrived"),
    ("delivery", r"again", "again"),
    ("import", r"(?P<new>\d+) new, (?P<changed>\d+) changed, (?P<wrong>\d+) wrong", "imported"),
    ("ledger", r"personal", "personal"),
    ("knowledge", r"outside", "outside"),
    ("account invitation", r"(?P<role>clerk|mediator|judge|notary|supervisor|admin)(?: .*)?", "as_role"),
    ("account", r"disabled", "disabled"),
    ("account", r"enabled", "enabled"),
    ("account", r"local", "local"),
    ("session", r"revoked", "session_revoked"),
    ("transcript certificate", r"(?P<form>text|xlsx|pdf|docx)", "form"),
)
_COMPILED = tuple((frozenset(of.split()), re.compile(form, re.DOTALL), key) for of, form, key in _FORMS)
_FAMILIES: Mapping[str, str] = {
    "settlement": "settlement",
    "stage": "stage",
    "role": "role",
    "intake": "intake",
    "step": "step",
    "node": "node",
    "follow_up": "follow_up",
    "way": "reach.way",
    "outcome": "reach.outcome",
    "form": "obligation.form",
}


class Telling:
    """Says lines of the log; `people` are names by the key of an actor."""

    def __init__(self, page: Page, people: Mapping[str, str]) -> None:
        self._page = page
        self._people = people
        self._as: Mapping[str, Callable[[str], str]] = {
            "money": lambda v: money(int(v)) if v.isdecimal() else v,  # older lines are in 分
            "court": page.court,
            "whom": self._whom,
            "fields": lambda v: "、".join(page.label("case.column", f) for f in v.split()),
            "filed": lambda v: page.t("told.unset") if v == "None" else v,
        }

    def name(self, line: Audited) -> str:
        """Who did it."""
        return self._page.label("ledger.actor", line.name)

    def object(self, line: Audited) -> str:
        """What it was done to: the kind, its short number if it has one, and the case or the person."""
        row, page = line.row, self._page
        own = row.object_id
        if row.object == "ledger":
            own = page.court(own) if own else ""
        elif row.object == "session" or (own.isdecimal() and (len(own) >= _SHORT or row.object in _NAMED)):
            own = ""
        parts = [page.label("object", row.object), own, line.about if line.about != own else ""]
        return " ".join(p for p in parts if p)

    def detail(self, line: Audited) -> str:
        """What was done, in words; what somebody wrote stands as it was written."""
        row, detail = line.row, line.row.detail or ""
        if row.deed == Deed.REFUSED:
            return self._refused(detail)
        if row.object == "command" or (row.deed == Deed.SENT and row.object == "petition"):
            return detail
        for of, form, key in _COMPILED:
            if row.object in of and (found := form.fullmatch(detail.strip())):
                values = {name: self._worded(name, value or "") for name, value in found.groupdict().items()}
                return self._page.t(f"told.{key}", **values).rstrip("：: ")
        return detail

    def _refused(self, detail: str) -> str:
        code, _, rest = detail.partition(" ")
        given = dict(part.partition("=")[::2] for part in rest.split())
        if code == "right":
            return self._page.t("told.no_right", right=self._page.label("right", given.get("right", "")))
        return self._page.t("told.no_court", court=self._page.court(given.get("court")))

    def _worded(self, name: str, value: str) -> str:
        if name in self._as:
            return self._as[name](value)
        return self._page.label(_FAMILIES[name], value) if value and name in _FAMILIES else value

    def _whom(self, value: str) -> str:
        return self._people.get(f"staff:{value}", "") if value.isdecimal() else self._page.court(value)
