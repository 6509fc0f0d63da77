"""会话: the inbox on the left, the thread in the middle, the person's cases on the right."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from nicegui import events, ui

from bot.core.clock import SHANGHAI
from bot.reception.chats import PICTURES, ChatItem, Line, NewPaper, Panel
from bot.reception.model import Breach, ChatState
from bot.staff.model import Right, Role, Who
from console.fields import Number
from console.frame import Page, address, answered, ask, day, empty, facts, frame, moment, money, page_at, rich

if TYPE_CHECKING:
    from console.desk import Desk

_LARGEST_FILE = 20 * 2**20
_KEYS = {"claim": "c", "hand_over": "t", "snooze": "z", "resolve": "e"}
_IN_WORDS = ("text", "command", "button", "edited", "note")  # kinds of lines that are nothing but words
_FILTERS = ("all", "mine", *(s.value for s in ChatState))


def register(desk: Desk) -> None:
    """The inbox, and the inbox with one conversation open."""

    @page_at("/chats")
    async def chats(show: str = "", court: str = "") -> None:
        with frame(desk, "chats") as page:
            if page.who.may(Right.SEE_CHATS):
                await _Inbox(page, None, show, court).open()

    @page_at("/chats/{number}")
    async def chat(number: Number, show: str = "", court: str = "") -> None:
        with frame(desk, "chats") as page:
            if page.who.may(Right.SEE_CHATS):
                await _Inbox(page, number, show, court).open()


class _Taking(Enum):
    """Whether the conversation came to be held by beginning to type."""

    NO = auto()
    BY_TYPING = auto()
    RESTORED = auto()  # the next change of the field is a draft being put back


class _Inbox:
    """The three panes; whatever changes in the database changes here."""

    def __init__(self, page: Page, number: int | None, show: str, court: str) -> None:
        self._page = page
        self._chats = page.services.chats
        self._number = number
        self._show = show if show in _FILTERS else ""
        self._court = court if court in page.courts() else ""
        self._item: ChatItem | None = None
        self._lines: list[Line] = []
        self._taking = _Taking.NO

    async def open(self) -> None:
        """Build it."""
        page = self._page
        with ui.element("div").classes("inbox" if self._number is None else "inbox chosen"):
            with ui.column().classes("pane list"):
                with ui.row().classes("bars").style("padding: .6rem .8rem .2rem"):
                    names = {name: page.t(f"chats.filter.{name}") for name in _FILTERS}
                    ui.select(names, value=self._show or "all", on_change=self._filtered).props("dense outlined").style("flex: 1")
                    if len(page.courts()) > 1:
                        courts = {"": page.t("chats.every_court"), **page.courts()}
                        ui.select(courts, value=self._court, on_change=self._by_court).props("dense outlined").style("flex: 1")
                # One piece of markup: 200 rows as elements of their own cost a third of a second whenever one changes.
                self._list = ui.html(sanitize=False).style("width: 100%")
            with ui.column().classes("pane talk"):
                self._head = ui.row().classes("bars").style("padding: .6rem .9rem; border-bottom: 1px solid var(--line)")
                self._thread = ui.column().classes("thread")
                self._composer = ui.column().classes("composer")
            self._side = ui.column().classes("pane side").style("padding: .8rem 1rem; gap: .8rem")
        await self._show_list()
        await self._show_chat(first=True)
        _ = ui.run_javascript("document.querySelector('.chat-row.here')?.scrollIntoView({block: 'nearest'})")
        page.follow(page.services.feed.watch(page.who), self._changed)
        page.every(30, self._show_list)  # waiting times grow by themselves

    async def _changed(self, numbers: set[int]) -> None:
        await self._show_list()
        if self._number in numbers:
            await self._show_chat(first=False)

    async def _filtered(self, event: events.ValueChangeEventArguments[Any]) -> None:
        self._show = "" if event.value == "all" else event.value
        await self._chosen()

    async def _by_court(self, event: events.ValueChangeEventArguments[Any]) -> None:
        self._court = event.value or ""
        await self._chosen()

    async def _chosen(self) -> None:
        self._page.keep(show=self._show, court=self._court)
        await self._show_list()

    def _address(self, number: int | None) -> str:
        """A conversation, or the list alone, with what is chosen in the list."""
        return address("/chats" if number is None else f"/chats/{number}", show=self._show, court=self._court)

    # -- the list --------------------------------------------------------------------------------

    async def _show_list(self) -> None:
        state = ChatState(self._show) if self._show in set(ChatState) else None
        found = await self._page.do(
            lambda who: self._chats.list(who, state, mine=self._show == "mine", court=self._court or None)
        )
        if found is None:
            return
        nobody = '<div class="empty"><div class="empty-what">{}</div><div class="empty-then">{}</div></div>'
        self._list.content = "".join(map(self._row, found)) or nobody.format(
            self._page.t("chats.nobody"), self._page.t("chats.nobody_then"))

    def _row(self, item: ChatItem) -> str:
        page = self._page
        here = " here" if item.number == self._number else ""
        whose = item.assignee_name or page.t("chats.nobodys")
        below = f"{page.label('chats.state', item.state)} · {whose} · {page.court(item.court)}"
        urgent = f'<span class="tag hot">{page.t("chats.urgent")}</span>' if item.urgent else ""
        return (
            f'<a class="chat-row{here}" href="/desk{html.escape(self._address(item.number))}" data-mark="chat-{item.number}">'
            f'<div class="chat-top"><span class="chat-name">#{item.number} {html.escape(item.name)}</span>{urgent}'
            f'<span class="line-side {_tone(item)}">{html.escape(_waiting(page, item))}</span></div>'
            f'<div class="chat-words">{html.escape(item.question)}</div><div class="soft">'
            f"{html.escape(below)}</div></a>"
        )

    # -- one conversation ------------------------------------------------------------------------

    async def _show_chat(self, *, first: bool) -> None:
        page, number = self._page, self._number
        if number is None:
            with self._thread:
                empty(page.t("chats.choose"), page.t("chats.choose_then"))
            self._head.set_visibility(False)
            self._composer.set_visibility(False)
            self._side.set_visibility(False)
            return
        thread = await page.do(lambda who: self._chats.thread(who, number, refresh=not first))
        if thread is None:
            self._number = None  # nothing more is asked about it
            for part in (self._head, self._thread, self._side):
                part.clear()
            with self._thread:
                page.missing(page.t("chats.not_yours"))
            self._composer.set_visibility(False)
            return
        self._item = thread.item
        self._show_head(thread.item)
        self._show_lines(thread.lines)
        if first:
            self._compose(thread.item)
            if page.who.may(Right.SEE_LEDGER):
                await self._show_side()

    def _show_lines(self, lines: Sequence[Line]) -> None:
        """What is new is added; the thread is built anew only if something in it has changed."""
        old, self._lines = self._lines, list(lines)
        if self._lines[: len(old)] != old:
            self._thread.clear()
            old = []
        with self._thread:
            for line in self._lines[len(old) :]:
                self._said(line)
        if len(old) != len(self._lines):
            _ = ui.run_javascript("const t=document.querySelector('.thread'); if (t) t.scrollTop = t.scrollHeight")

    def _show_head(self, item: ChatItem) -> None:
        page, number = self._page, item.number
        self._head.clear()
        with self._head, ui.row().classes("bars"):
            ui.link(page.t("chats.back"), self._address(None)).classes("only-small").props("data-mark=back")
            ui.label(f"#{number} {item.name}").style("font-weight: 600; white-space: nowrap")
            ui.label(page.label("chats.state", item.state)).classes("tag")
            ended = "chats.ended_by" if item.state is ChatState.RESOLVED else "chats.held"
            holder = page.t(ended, name=item.assignee_name) if item.assignee else page.t("chats.nobodys")
            ui.label(holder).classes("soft").props("data-mark=holder")
            if item.rating:
                ui.label(page.label("chats.rated", item.rating)).classes("tag")
        if not page.who.may(Right.ANSWER_CHATS):
            return
        mine = item.assignee == page.who.account
        found = self._buttons(item)
        primary = next((name for name in ("claim", "resolve") if name in dict(found) and (name == "claim" or mine)), "")
        with self._head, ui.row().style("gap: .3rem"):
            for name, shown in found:
                button = ui.button(page.t(f"chats.do.{name}"), on_click=page.doing(shown))
                button.props("dense unelevated" if name == primary else "dense flat").props(f"data-mark=do-{name}")
                if name in _KEYS:
                    button.props(f"aria-keyshortcuts={_KEYS[name]}")

    def _buttons(self, item: ChatItem) -> list[tuple[str, Any]]:
        page, chats, number = self._page, self._chats, item.number
        mine = item.assignee == page.who.account
        found: list[tuple[str, Any]] = []
        if item.state is ChatState.RESOLVED:
            return [("reopen", lambda: self._then(lambda who: chats.reopen(who, number)))]
        if item.assignee is None:
            found.append(("claim", lambda: self._then(lambda who: chats.claim(who, number), "chats.claimed")))
        elif not mine and page.who.may(Right.ASSIGN) and page.who.account:
            found.append(("take", lambda: self._then(lambda who: chats.hand_over(who, number, "", to=who.account), "chats.claimed")))
        if mine:
            found.append(("release", lambda: self._then(lambda who: chats.release(who, number))))
        found.append(("hand_over", lambda: self._hand_over(number)))
        if item.state is ChatState.OPEN:
            found.append(("pend", lambda: self._then(lambda who: chats.pend(who, number))))
            found.append(("snooze", lambda: self._snooze(number)))
        found.append(("resolve", lambda: self._resolve(number)))
        return found

    async def _then(self, deed: Any, said: str = "") -> None:
        await self._page.do(deed, said)
        await self._again()

    async def _again(self, _: object = None) -> None:
        await self._show_list()
        await self._show_chat(first=False)

    async def _hand_over(self, number: int) -> None:
        page = self._page
        colleagues = await page.do(page.services.staff.colleagues) or []
        people = {f"a{c.id}": f"{c.name}（{page.court(c.court)}）" for c in colleagues if c.id != page.who.account}
        # Every court: whoever was asked for another one's matter passes it on.
        courts = {f"c{c.id}": page.t("chats.to_court", court=c.short) for c in self._chats.courts}
        roles = {f"r{r.value}": page.t("chats.to_role", role=page.label("role", r)) for r in Role}

        async def hand(who: Who, entered: Mapping[str, Any]) -> None:
            kind, rest = (entered["to"] or " ")[0], (entered["to"] or "")[1:]
            await self._chats.hand_over(
                who, number, entered["note"] or "",
                to=int(rest) if kind == "a" else None,
                court=rest if kind == "c" else None,
                role=Role(rest) if kind == "r" else None,
            )

        ask(page, page.t("chats.hand_over"), {
            "to": lambda: ui.select({**people, **courts, **roles}, label=page.t("chats.to"), with_input=True).props("outlined dense"),
            "note": lambda: ui.textarea(page.t("chats.hand_over_note")).props("outlined dense rows=3"),
        }, page.t("chats.do.hand_over"), hand, "chats.handed", self._again)

    async def _snooze(self, number: int) -> None:
        page = self._page
        now = page.services.clock.now().astimezone(SHANGHAI)
        choices = {
            (now + timedelta(hours=2)).isoformat(): page.t("chats.in_two_hours"),
            _morning(now, 1).isoformat(): page.t("chats.tomorrow"),
            _morning(now, 3).isoformat(): page.t("chats.in_three_days"),
            _morning(now, 7).isoformat(): page.t("chats.in_a_week"),
        }
        ask(page, page.t("chats.snooze"), {
            "until": lambda: ui.radio(choices, value=next(iter(choices))),
        }, page.t("chats.do.snooze"), lambda who, entered: self._chats.snooze(
            who, number, datetime.fromisoformat(entered["until"])), then=self._again)

    async def _resolve(self, number: int) -> None:
        page = self._page
        ask(page, page.t("chats.resolve"), {
            "text": lambda: ui.textarea(page.t("chats.last_words")).props("outlined dense rows=3"),
        }, page.t("chats.do.resolve"), lambda who, entered: self._chats.resolve(who, number, entered["text"] or ""),
            "chats.resolved", self._again)

    # -- what was said ---------------------------------------------------------------------------

    def _said(self, line: Line) -> None:
        page = self._page
        if line.sender == "event":
            words = page.label("chats.event", line.kind)
            ui.label(f"{moment(line.at)} {line.author} {words} {line.text}".strip()).classes("said event")
            return
        with ui.column().classes(f"said {line.sender}"):
            ui.label(self._heading(line)).classes("said-head")
            if line.text:
                rich(self._words(line))
            if line.kind not in _IN_WORDS:
                self._attached(line)
            if line.sender == "bot" and line.score is not None:
                ui.label(self._judged(line)).classes("said-head")
            if line.feedback:
                ui.label(page.t("chats.helpful" if line.feedback > 0 else "chats.unhelpful")).classes("said-head")
            if line.sender == "staff" and line.message_id and page.who.may(Right.ANSWER_CHATS):
                with ui.row().style("gap: .6rem"):
                    if line.kind != "document":
                        ui.link(page.t("chats.do.correct")).classes("soft").on("click", lambda: self._correct(line))
                    ui.link(page.t("chats.do.retract")).classes("soft").on("click", lambda: self._retract(line))

    def _words(self, line: Line) -> str:
        """A command as what it does; other words as they are."""
        if line.kind != "command":
            return line.text
        name, _, rest = line.text.removeprefix("/").partition(" ")
        known = self._page.label("chats.command", name)
        return f"{known} {rest}".strip() if known != name else line.text

    def _attached(self, line: Line) -> None:
        """A picture as a picture, another file to be opened; until it is here, what it is."""
        page, file = self._page, line.file
        kind = page.label("chats.kind", line.kind)
        if kind == line.kind:
            kind = page.t("chats.kind.other")
        if file is None or not file.sha256:
            ui.label(kind if file is None else f"{kind} {page.t('chats.file_refused' if file.refused else 'chats.file_coming')}").classes("tag")
            return
        where = f"/chats/{self._number}/files/{line.message_id}"
        with ui.link(target=where, new_tab=True).classes("attached").props("data-mark=attached").props(f'title="{page.t("chats.file_open")}"'):
            if file.media_type in PICTURES:
                ui.element("img").props(f'src="/desk{where}" alt="{kind}" loading=lazy').classes("proof")
            else:
                ui.label(kind if line.sender == "staff" or not file.name else f"{kind} {file.name}").classes("tag")

    def _judged(self, line: Line) -> str:
        """How sure the bot was of what it answered."""
        entry = self._page.services.library.knowledge.entries.get(line.topic or "")
        decision = self._page.label("chats.decision", line.decision)
        key = "chats.score" if entry else "chats.score_none"
        return self._page.t(key, decision=decision, topic=entry.title if entry else "", score=f"{line.score or 0:.0%}")

    def _heading(self, line: Line) -> str:
        page = self._page
        who = line.author or page.label("chats.sender", line.sender)
        edited = f" · {page.t('chats.edited')}" if line.edited else ""
        return f"{who} · {moment(line.at)}{edited}"

    async def _correct(self, line: Line) -> None:
        page, number = self._page, self._number or 0
        ask(page, page.t("chats.correct"), {
            "text": lambda: ui.textarea(value=line.text).props("outlined dense rows=5"),
        }, page.t("chats.do.correct"), lambda who, entered: self._chats.correct(
            who, number, line.message_id or 0, entered["text"] or ""), then=self._again)

    async def _retract(self, line: Line) -> None:
        page, number = self._page, self._number or 0
        ask(page, page.t("chats.retract_sure"), {}, page.t("chats.do.retract"),
            lambda who, _: self._chats.retract(who, number, line.message_id or 0), then=self._again)

    # -- writing ---------------------------------------------------------------------------------

    def _compose(self, item: ChatItem) -> None:
        page, number = self._page, item.number
        self._composer.clear()
        held = bool(item.assignee and item.assignee != page.who.account)
        hint = page.t("chats.write_held", name=item.assignee_name) if held else page.t("chats.write")
        if not page.who.may(Right.ANSWER_CHATS):
            self._composer.set_visibility(False)
            return
        with self._composer:
            box = ui.textarea(placeholder=hint).props("outlined dense autogrow rows=2 input-class=answer-box")
            box.props(f"data-mark=answer data-draft={self._draft} aria-keyshortcuts=r").style("width: 100%")
            box.on_value_change(self._typed)

            async def restore() -> None:
                kept = ""
                with page.client, suppress(TimeoutError):  # the page may be left at once
                    kept = await ui.run_javascript(f"draft({json.dumps(self._draft)})", timeout=10)
                if kept and not box.value:
                    self._taking = _Taking.RESTORED
                    box.value = kept

            async def send(kind: str) -> None:
                words = (box.value or "").strip()
                if not words:
                    return
                deed = self._chats.note if kind == "note" else self._chats.answer
                done = await page.do(lambda who: _done(deed(who, number, words)))
                if done:  # what was refused stays in the field
                    if kind == "answer":
                        self._taking = _Taking.NO  # it is held by having answered
                    box.value = ""
                    self._keep_draft("")
                await self._again()

            async def canned() -> None:
                await self._canned(box)

            async def upload(event: events.UploadEventArguments) -> None:
                paper = NewPaper(event.file.name, event.file.content_type, await event.file.read())
                await self._then(lambda who: self._chats.answer(who, number, (box.value or "").strip(), paper))
                event.sender.reset()  # type: ignore[attr-defined]

            page.client.on_connect(restore)
            box.on("keydown.ctrl.enter", lambda: send("answer"))
            box.on("keydown.meta.enter", lambda: send("answer"))
            with ui.row().classes("bars"):
                ui.button(page.t("chats.do.canned"), on_click=canned).props("dense flat")
                files = ui.upload(on_upload=upload, auto_upload=True, max_file_size=_LARGEST_FILE,
                                  on_rejected=lambda: page.tell(page.t("chats.file_too_large"), "warning"))
                files.style("display: none").props("data-mark=file")
                ui.button(page.t("chats.do.file"), on_click=lambda: files.run_method("pickFiles")).props("dense flat")
                ui.space()
                ui.button(page.t("chats.do.note"), on_click=lambda: send("note")).props("dense flat").props("data-mark=do-note")
                ui.button(page.t("chats.do.answer"), on_click=lambda: send("answer")).props(
                    "dense unelevated title=Ctrl+Enter").props("data-mark=do-answer")

    @property
    def _draft(self) -> str:
        """Under which name the browser keeps what is being written here."""
        return f"{self._page.who.key}:{self._number}"

    def _keep_draft(self, words: str) -> None:
        with self._page.client:
            _ = ui.run_javascript(f"keepDraft({json.dumps(self._draft)}, {json.dumps(words)})")

    async def _typed(self, event: events.ValueChangeEventArguments[Any]) -> None:
        """Whoever begins an answer in a conversation that nobody holds, holds it; and lets it go if the words are taken back."""
        page, item, words = self._page, self._item, (event.value or "").strip()
        if item is None or not page.who.account or item.state is ChatState.RESOLVED:
            return
        if self._taking is _Taking.RESTORED:  # yesterday's words: only looked at so far
            self._taking = _Taking.NO
        elif words and self._taking is _Taking.NO and item.assignee is None:
            self._taking = _Taking.BY_TYPING
            await self._then(lambda who: self._chats.claim(who, item.number), "chats.claimed")
        elif not words and self._taking is _Taking.BY_TYPING:
            self._taking = _Taking.NO
            if item.assignee == page.who.account:
                await self._then(lambda who: self._chats.release(who, item.number))

    async def _canned(self, box: ui.textarea) -> None:
        page = self._page
        asked = (self._item.question if self._item else "").split("\n")[0]
        with page.client, ui.dialog() as dialog, ui.card().classes("dialog").style("max-width: 46rem; width: 46rem"):
            ui.label(page.t("chats.canned")).classes("dialog-title")
            field = ui.input(page.t("chats.canned_search"), value=asked).props('outlined dense clearable autofocus debounce="300"').style("width: 100%")
            box_of = ui.column().style("width: 100%; gap: .4rem; max-height: 55vh; overflow: auto; flex-wrap: nowrap")

            async def find() -> None:
                found = await page.do(lambda who: self._chats.canned(who, field.value or "")) or []
                box_of.clear()
                with box_of:
                    for one in found:
                        with ui.expansion(one.title).style("width: 100%"):
                            rich(one.text).classes("sample")
                            ui.button(page.t("chats.use"), on_click=lambda text=one.text: dialog.submit(text)).props(
                                "dense unelevated")
                    if not found:
                        empty(page.t("chats.no_canned"))

            field.on_value_change(find)
            await find()
        chosen = await answered(dialog)
        if chosen:
            box.value = chosen.replace("**", "")
            self._keep_draft(box.value)
            _ = box.run_method("focus")

    # -- the person ------------------------------------------------------------------------------

    async def _show_side(self) -> None:
        page, number = self._page, self._number or 0
        panel = await page.do(lambda who: self._chats.panel(who, number))
        self._side.clear()
        with self._side:
            if panel is not None:
                _panel(page, panel)
            if page.who.may(Right.INTAKE):
                ui.link(page.t("chats.to_intake"), f"/reception?chat={number}")
            if page.who.may(Right.PETITION):
                ui.link(page.t("chats.to_petition"), f"/petitions?chat={number}")


def _panel(page: Page, panel: Panel) -> None:
    ui.label(page.t("chats.person")).classes("section-title")
    if not panel.persons:
        ui.label(page.t("chats.unknown")).classes("soft")
    for person in panel.persons:
        facts([
            (page.t("chats.name"), person.name),
            (page.t("chats.number"), person.number),
            (page.t("chats.phone"), person.phone),
            (page.t("chats.relation"), page.label("relation", person.relation)),
            (page.t("chats.proven"), page.t("frame.yes" if person.proven else "frame.no")),
        ])
    if panel.obligations:
        ui.label(page.t("chats.cases")).classes("section-title")
    for view in panel.obligations:
        with ui.link(target=f"/obligations/{view.id}").classes("line"), ui.column().style("gap: 0; min-width: 0"):
            ui.label(view.case.number)
            ui.label(page.t("chats.case_line", status=page.label("status", view.standing.status),
                            balance=money(view.standing.balance), due=day(view.standing.next_due))).classes("soft")
    if panel.hidden:
        ui.label(page.t("chats.hidden", count=panel.hidden)).classes("soft")


def waited(page: Page, item: ChatItem) -> str:
    """How long somebody has waited, in working time."""
    hours, minutes = divmod(int(item.level.waited.total_seconds() // 60), 60)
    if hours:
        return page.t("chats.waited_hours", hours=hours, minutes=minutes)
    return page.t("chats.waited", minutes=minutes) if minutes else page.t("chats.just_now")


def _waiting(page: Page, item: ChatItem) -> str:
    if item.state is ChatState.SNOOZED:
        return page.t("chats.until", moment=moment(item.snoozed_until))
    if item.state is ChatState.RESOLVED:
        return moment(item.resolved_at)
    if item.waiting_since is None:
        return page.t("chats.not_closed" if item.level.breach is Breach.LATE else "chats.answered")
    return waited(page, item)


def _tone(item: ChatItem) -> str:
    return {Breach.LATE: "late", Breach.SOON: "soon"}.get(item.level.breach, "")


def _morning(now: datetime, days: int) -> datetime:
    return (now + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)


async def _done(deed: Any) -> bool:
    await deed
    return True
