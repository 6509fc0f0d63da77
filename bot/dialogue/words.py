"""Composing replies from the knowledge and the text catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from bot.consult.model import Entry, Instrument, Knowledge, Outside, Provision, Viewpoint
from bot.core.ids import short
from bot.core.texts import Texts
from bot.dialogue.flows import LEADS, PATHS
from bot.dialogue.model import Button, Reply, rows
from bot.guide.fees import Fee, execution_fee, preservation_fee
from bot.reach.saying import find_sums

# Next actions that lead to a topic; those that begin with `go:` lead to a guided path.
ACTION_TOPICS = {
    "materials": "apply.materials",
    "window": "service.window",
    "scam_check": "debtor.scam",
}
TOOLS = {"calc": "calc_", "doc": "doc_"}  # lists of paths in the menu, and how the names of their kinds begin
PAGE = 8
# Topics whose answer is a sum, when the question names an amount.
FEES: dict[str, Callable[[Decimal], Fee]] = {"apply.fee": execution_fee, "property.preservation": preservation_fee}


class Words:
    """Builds the replies of consultation; knows the catalogue, not the conversation."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def plain(self, key: str, *buttons: Button, **params: object) -> Reply:
        """A catalogue sentence with buttons."""
        return Reply(self.texts(key, **params), rows(buttons), key)

    # -- buttons ---------------------------------------------------------------------------------

    def human(self) -> Button:
        """转人工."""
        return Button(self.texts("button.human"), "human")

    def menu_button(self) -> Button:
        """看目录."""
        return Button(self.texts("button.menu"), "menu")

    def topic_button(self, entry: Entry, label: str = "") -> Button:
        """A button that opens an entry."""
        return Button(label or entry.title, f"topic:{entry.id}")

    # -- answers ---------------------------------------------------------------------------------

    def answer(
        self,
        knowledge: Knowledge,
        entry: Entry,
        message_id: int,
        *,
        lead: str = "",
        group: bool = False,
        others: Sequence[Entry] = (),
    ) -> Reply:
        """An entry's answer, its provisions and review date, and what to press next."""
        basis = self._basis(knowledge, entry.provisions, entry.policies)
        footer = self.texts("answer.footer", reviewed=entry.reviewed.isoformat())
        parts = [lead, knowledge.filled(entry.answer), "\n".join(filter(None, [basis, footer]))]
        if others:
            parts.append(self.texts("answer.others"))
        if group:
            parts.append(self.texts("answer.group_more"))
        buttons: list[tuple[Button, ...]] = [(self.topic_button(o),) for o in others]
        if not group:
            buttons += self._answer_buttons(entry, message_id)
        return Reply("\n\n".join(p for p in parts if p), tuple(buttons), "answer", topic=entry.id)

    def small_talk(self, knowledge: Knowledge, entry: Entry) -> Reply:
        """A greeting returned: no provisions, nothing to rate."""
        text = knowledge.filled(entry.answer)
        return Reply(text, rows([self.menu_button(), self.human()]), "small_talk", topic=entry.id)

    def _answer_buttons(self, entry: Entry, message_id: int) -> list[tuple[Button, ...]]:
        first = [Button(self.texts("button.more"), f"more:{entry.id}")] if entry.more else []
        if entry.related:
            first.append(Button(self.texts("button.related"), f"related:{entry.id}"))
        actions = [b for action in entry.actions if (b := self._action(entry, action))]
        opinion = [
            Button(self.texts("button.helpful"), f"fb:{short(message_id)}:1"),
            Button(self.texts("button.unhelpful"), f"fb:{short(message_id)}:0"),
            self.human(),
        ]
        return [tuple(line) for line in (first, actions[:2], opinion) if line]

    def _action(self, entry: Entry, action: str) -> Button | None:
        """None for what leads nowhere: the entry itself, or a path that this program does not have."""
        name, _, kind = action.partition(":")
        if name == "go":
            return self.path_button(kind) if kind in LEADS else None
        topic = ACTION_TOPICS.get(action, entry.id)
        return Button(self.texts(f"button.actions.{action}"), f"topic:{topic}") if topic != entry.id else None

    def path_button(self, kind: str) -> Button:
        """A button that sets out on a guided path."""
        return Button(self.texts(f"button.go.{kind}"), f"go:{kind}")

    def _basis(self, knowledge: Knowledge, provisions: Sequence[Provision], policies: Sequence[str] = ()) -> str:
        laws: dict[str, list[str]] = {}
        for provision in provisions:
            name = f"《{provision.law}》" if provision.law in knowledge.laws else provision.law
            laws.setdefault(name, []).append(provision.label().removeprefix(provision.law))
        cited = [name + "、".join(dict.fromkeys(articles)) for name, articles in laws.items()]
        cited += [knowledge.policies[p].title for p in policies if p in knowledge.policies]
        return self.texts("answer.basis", provisions="；".join(cited)) if cited else ""

    def more(self, knowledge: Knowledge, entry: Entry) -> Reply:
        """What stands behind 详细说说, with what it rests on beyond the answer."""
        related = [self.topic_button(knowledge.entries[t]) for t in entry.related[:4] if t in knowledge.entries]
        law = [Button(self.texts("button.law"), f"law:{entry.id}")] if entry.cited else []
        parts = [knowledge.filled(entry.more or entry.answer), self._basis(knowledge, entry.more_provisions)]
        buttons = rows([*related, *law, self.human()])
        return Reply("\n\n".join(filter(None, parts)), buttons, "more", topic=entry.id)

    def law(self, knowledge: Knowledge, entry: Entry) -> Reply:
        """The key clauses that an entry rests on, word for word, with the official titles."""
        cited: dict[str, list[str]] = {}
        for provision in entry.cited:
            cited.setdefault(provision.law, []).append(provision.article)
        parts = [self.texts("answer.law.head", title=entry.title)]
        parts += [self._instrument(knowledge.laws[law], articles) for law, articles in cited.items() if law in knowledge.laws]
        policies = [knowledge.policies[p] for p in entry.policies if p in knowledge.policies]
        parts += [self.texts("answer.law.policy", title=p.title, clause=p.clause) for p in policies]
        parts.append(self.texts("answer.law.tail"))
        return Reply("\n\n".join(parts), rows([self.topic_button(entry), self.human()]), "law", topic=entry.id)

    def _instrument(self, instrument: Instrument, articles: Sequence[str]) -> str:
        lines = [self.texts("answer.law.instrument", title=instrument.title)]
        for article in dict.fromkeys(articles):
            quoted = "；".join(self.texts("answer.law.quoted", clause=c) for c in instrument.clauses.get(article, ()))
            number = Provision("", article).label()
            lines.append(self.texts("answer.law.article", number=number, quoted=quoted))
        return "\n".join(lines)

    def related(self, knowledge: Knowledge, entry: Entry) -> Reply:
        """The neighbours of an entry."""
        known = [knowledge.entries[t] for t in entry.related if t in knowledge.entries]
        buttons = [(self.topic_button(e),) for e in known]
        return Reply(
            self.texts("answer.related", title=entry.title), (*buttons, (self.menu_button(), self.human())), "related"
        )

    def outside(self, knowledge: Knowledge, kind: Outside) -> Reply:
        """A pointer to who answers what this desk does not."""
        return Reply(knowledge.filled(kind.answer), rows([self.menu_button(), self.human()]), "outside")

    def worked_out(self, entry: Entry, text: str, today: date) -> str:
        """The fee for the one amount that a question names; empty elsewhere, and where there are several or none is exact."""
        work_out = FEES.get(entry.id)
        if work_out is None:
            return ""
        found = set(find_sums(text, today))
        if len(found) != 1:
            return ""
        amount = Decimal(found.pop()) / 100
        fee = work_out(amount)
        steps = [
            money(fee.base),
            *(f"{money(s.part)}×{s.rate * 100:f}".rstrip("0").rstrip(".") + "%" for s in fee.steps),
        ]
        key = f"answer.fee.{entry.id.partition('.')[2]}"
        return self.texts(key, amount=money(amount), fee=money(fee.total), steps=" + ".join(steps))

    # -- asking back -----------------------------------------------------------------------------

    def choices(self, entries: Iterable[Entry]) -> Reply:
        """At most three topics and 都不是."""
        known = list(entries)[:3]
        lines = [self.texts("clarify.choices", number=n, title=e.question) for n, e in enumerate(known, 1)]
        buttons = [
            (self.topic_button(e, self.texts("clarify.choices", number=n, title=e.title)),)
            for n, e in enumerate(known, 1)
        ]
        last = (Button(self.texts("button.none"), "none"), self.human())
        return Reply("\n".join([self.texts("clarify.choose"), *lines]), (*buttons, last), "clarify.choose")

    def sides(self, choices: Sequence[tuple[Viewpoint, str]]) -> Reply:
        """Who asks? The answer differs."""
        buttons = [(Button(self.texts(f"clarify.side.{side}"), f"side:{side}:{topic}"),) for side, topic in choices]
        return Reply(
            self.texts("clarify.viewpoint"),
            (*buttons, (Button(self.texts("button.none"), "none"), self.human())),
            "clarify.viewpoint",
        )

    # -- the menu --------------------------------------------------------------------------------

    def menu(self, key: str = "menu.title", **params: object) -> Reply:
        """The categories."""
        names = self.texts.under("menu.categories")
        buttons = rows(Button(name, f"cat:{category}:0") for category, name in names.items())
        checks = [self.path_button(kind) for kind in ("can_apply", "debtor_options") if kind in PATHS]
        tools = [Button(self.texts(f"menu.tools.{tool}"), f"tools:{tool}") for tool in TOOLS if tools_of(tool)]
        return Reply(self.texts(key, **params), (*rows([*checks, *tools]), *buttons, (self.human(),)), key)

    def tools(self, tool: str) -> Reply:
        """The calculators, or the documents."""
        buttons = rows(self.path_button(kind) for kind in tools_of(tool))
        back = Button(self.texts("menu.back"), "menu")
        return Reply(self.texts(f"menu.choose.{tool}"), (*buttons, (back,)), f"menu.choose.{tool}")

    def category(self, knowledge: Knowledge, category: str, page: int) -> Reply:
        """The topics of a category, a page at a time."""
        entries = [e for e in knowledge.entries.values() if e.category == category]
        page = min(page, max(0, len(entries) - 1) // PAGE)  # the list may have become shorter
        shown = entries[page * PAGE : (page + 1) * PAGE]
        turn = [Button(self.texts("menu.previous"), f"cat:{category}:{page - 1}")] if page else []
        if len(entries) > (page + 1) * PAGE:
            turn.append(Button(self.texts("menu.next"), f"cat:{category}:{page + 1}"))
        buttons = [(self.topic_button(e),) for e in shown]
        name = self.texts(f"menu.categories.{category}")
        last = (*turn, Button(self.texts("menu.back"), "menu"))
        return Reply(self.texts("menu.category", name=name), (*buttons, last), "menu.category")


def tools_of(tool: str) -> list[str]:
    """The paths of one of the menu's lists that this program has."""
    return [kind for kind in PATHS if kind.startswith(TOOLS[tool])]


def money(amount: Decimal) -> str:
    """An amount in 元 as people write it: 7,400 or 7,400.01."""
    return f"{amount:,.2f}".removesuffix(".00")
