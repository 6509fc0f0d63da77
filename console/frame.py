"""The frame of every page: who is here, where one can go, how something is done and what is said if it is refused."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from nicegui import background_tasks, ui

from bot.core.clock import shown
from bot.core.errors import KnowledgeError, StoreUnavailableError
from bot.core.log import get
from bot.dialogue.flows.model import yuan
from bot.guide.settlement.model import SettlementError
from bot.ledger.model import Broken
from bot.ledger.wording import told
from bot.reach.model import ReachError
from bot.reception.model import DeskError, Tally
from bot.reminders.model import CampaignError
from bot.staff.model import Forbidden, Right, StaffError, Who
from console.drafts import Draft
from console.fields import Unread
from console.gate import session_of, token_of

if TYPE_CHECKING:
    from console.desk import Desk

log = get(__name__)
T = TypeVar("T")
# A slow or busy machine builds a page late, which is better than the framework's own words about it after three seconds.
page_at = partial(ui.page, response_timeout=30.0)
BEAT = 15.0  # seconds until a change of another process shows in the menu
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)

# The pages in the order of the menu, and the right that one needs to see each.
PAGES: Mapping[str, Right | None] = {
    "today": None,
    "chats": Right.SEE_CHATS,
    "reception": Right.INTAKE,
    "ledger": Right.SEE_LEDGER,
    "tasks": Right.SEE_LEDGER,
    "campaigns": Right.WRITE_CAMPAIGN,
    "petitions": Right.PETITION,
    "follow_ups": Right.FOLLOW_UP,
    "flow": Right.FLOW,
    "knowledge": None,
    "figures": Right.SEE_REPORT,
    "settings": None,
}
# What `?` tells, line by line.
_KEYS = ("pages", "search", "rows", "open", "write", "send", "claim", "hand_over", "snooze", "resolve", "confirm", "leave")
# Where each family of refusals has its words: in the bot's catalogue.
_WORDS: Sequence[tuple[type[Exception], str]] = (
    (Forbidden, "staff.wrong"),
    (StaffError, "staff.wrong"),
    (DeskError, "desk.wrong"),
    (ReachError, "reach.wrong"),
    (CampaignError, "campaign_wrong"),
    (SettlementError, "settlement.wrong"),
)
_REFUSALS: tuple[type[Exception], ...] = (Broken, *(kind for kind, _ in _WORDS), Unread)


# Whether a page looks by itself: an unattended screen must not keep a session alive by being up to date.
_by_itself: ContextVar[bool] = ContextVar("by_itself", default=False)


class Gone(Exception):
    """The session has ended while a page was open."""


class Refused(Exception):
    """Why a deed was not done, in words for whoever wanted it."""


class Page:
    """One open page of one person."""

    def __init__(self, desk: Desk, name: str) -> None:
        request = ui.context.client.request
        self.desk = desk
        self.services = desk.services
        self.name = name
        self.client = ui.context.client
        self.path = request.scope["path"]
        self._token = token_of(request)
        self._session = session_of(request)
        self.csrf = self._session.csrf
        self.menu = ui.element("nav").classes("menu")
        self.title = ""
        self.badge: ui.label | None = None  # in the menu: how many people wait
        self._waiting = 0

    @property
    def who(self) -> Who:
        """Who opened the page, for what it shows; a deed asks `now` instead."""
        return self._session.who

    def t(self, key: str, **params: object) -> str:
        """A label of the console's catalogue."""
        return self.desk.texts(key, **params)

    def label(self, family: str, value: object) -> str:
        """The word for a value, such as a status; the value itself where there is none."""
        key = f"{family}.{value}"
        if key in self.desk.texts:
            return self.t(key)
        return self.services.texts(key) if key in self.services.texts else str(value or "")

    # -- deeds -----------------------------------------------------------------------------------

    async def now(self) -> Who:
        """Who it is at this moment: a session that ended or was revoked does nothing more. Raises `Gone`."""
        session = await self.services.staff.session(self._token, alive=not _by_itself.get())
        if session is None:
            raise Gone
        return session.who

    async def attempt(self, deed: Callable[[Who], Awaitable[T]]) -> T:
        """Carry a deed out. Raises `Refused` with the reason in words; what is forbidden stands in the audit log."""
        try:
            who = await self.now()
            try:
                return await deed(who)
            except Forbidden as error:
                await self.services.audit.refused(who, error, "page", self.path)
                raise
        except Gone:
            self.log_in_again()
            raise Refused(self.t("frame.session_over")) from None
        except _REFUSALS as error:
            raise Refused(self.refusal(error)) from error
        except KnowledgeError as error:  # file, line and what is wrong there
            raise Refused(str(error)) from error
        except StoreUnavailableError as error:
            raise Refused(self.t("frame.database_away")) from error

    async def do(self, deed: Callable[[Who], Awaitable[T]], said: str = "", **params: object) -> T | None:
        """Carry a deed out; what is refused is said, and None comes back."""
        try:
            found = await self.attempt(deed)
        except Refused as error:
            self.tell(str(error), "warning")
            return None
        if said:
            self.tell(self.t(said, **params), "positive")
        return found

    def tell(self, words: str, tone: Literal["positive", "negative", "warning", "info"]) -> None:
        """A note at the top of the screen, where it covers no field; the part of the page it is about may be gone by now."""
        with self.client:
            ui.notify(words, type=tone, position="top", timeout=3000 if tone == "positive" else 8000, multi_line=True,
                      text_color="white")

    def doing(self, deed: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[None]]:
        """For a button. The deed runs beside the page, since it may rebuild the part that the button is in."""

        async def pressed() -> None:
            with self.client:
                try:
                    await deed()
                except Gone:
                    self.log_in_again()

        return pressed

    def refusal(self, error: Exception) -> str:
        """Why something was refused, in words."""
        if isinstance(error, Unread):
            return self.t(error.key, **error.params)
        if isinstance(error, Broken):
            return told(self.services.texts, error)
        for kind, family in _WORDS:
            if isinstance(error, kind):
                key, params = f"{family}.{getattr(error, 'code', '')}", dict(getattr(error, "params", {}))
                for texts in (self.services.texts, self.desk.texts):
                    if key in texts:
                        return texts(key, **{k: self._shown(k, v) for k, v in params.items()})
                log.error("words.missing", of=key)
        return self.t("frame.refused")

    def _shown(self, name: str, value: object) -> object:
        if name == "court":
            return self.court(str(value))
        return self.label("right", value) if name == "right" else value

    def keep(self, **chosen: str) -> None:
        """Put what is chosen on the page into its address: reloading and coming back find it again."""
        query = json.dumps(address("", **chosen))
        with self.client:
            _ = ui.run_javascript(f"history.replaceState(history.state, '', location.pathname + {query})")

    def log_in_again(self) -> None:
        """The page cannot go on."""
        with self.client:
            _ = ui.run_javascript("location.href = '/login'")

    def missing(self, what: str, then: str = "") -> None:
        """What the address names does not exist, or is another court's: in words, and in the answer's status."""
        self.client.status_code = 404
        empty(what, then)

    # -- live ------------------------------------------------------------------------------------

    def follow(self, changes: AsyncIterator[Any], then: Callable[[Any], Awaitable[None]]) -> None:
        """Call `then` for each change while the page is open."""

        async def watch() -> None:
            _by_itself.set(True)
            async for change in changes:
                with self.client, suppress(StoreUnavailableError):  # the next change finds it again
                    await then(change)

        task = background_tasks.create(watch(), name=f"follow {self.name}")
        self.client.on_delete(lambda: task.cancel())

    def every(self, seconds: float, look: Callable[[], Awaitable[object]]) -> None:
        """Look anew again and again while the page is open."""

        async def looked() -> None:
            _by_itself.set(True)
            await look()

        ui.timer(seconds, looked, immediate=False)  # what is on the page was looked up with it

    async def count_waiting(self, _: object) -> None:
        """Show in the menu, and before the page's title, how many people wait for somebody like this one."""
        try:
            count = await self.services.chats.waiting(await self.now())
        except Gone:
            self.log_in_again()
            return
        if self.badge is None or count == self._waiting:
            return
        self._waiting = count
        self.badge.text = str(count)
        self.badge.set_visibility(count > 0)
        title = f"({count}) {self.title}" if count else self.title
        _ = ui.run_javascript(f"document.title = {json.dumps(title)}")

    # -- words -----------------------------------------------------------------------------------

    def court(self, court_id: str | None) -> str:
        """What people call a court."""
        found = self.services.ledger.courts.get(court_id or "")
        return found.short if found else self.t("frame.no_court")

    def courts(self) -> dict[str, str]:
        """The courts whose affairs this person sees, by id."""
        return {c.id: c.short for c in self.services.ledger.courts if self.who.sees(c.id)}


def address(path: str, **chosen: str) -> str:
    """The address of a page with what is chosen there; what is empty is left out."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{path}?{query}" if query else path


def rich(text: str) -> ui.html:
    """Words of the knowledge as a person sees them: **bold** is bold."""
    return ui.html(_BOLD.sub(r"<b>\1</b>", html.escape(text)), sanitize=False)


def money(cents: int | None) -> str:
    """分 as people read 元."""
    return "–" if cents is None else yuan(cents)


def day(value: date | None) -> str:
    """A calendar day."""
    return value.isoformat() if value else "–"


def moment(value: datetime | None) -> str:
    """A moment in Shanghai."""
    return shown(value, "%m-%d %H:%M") if value else "–"


# -- the frame -----------------------------------------------------------------------------------


@contextmanager
def frame(desk: Desk, name: str, title: str = "") -> Iterator[Page]:
    """A page with header and menu; what is built inside stands in the middle."""
    page = Page(desk, name)
    page.title = f"{title or page.t(f'menu.{name}')} · {page.t('frame.title')}"
    ui.colors(primary="#1f6f6b", secondary="#4a5663", accent="#1f6f6b", positive="#2f7d4f", warning="#9a6b00",
              negative="#a8322a", info="#2b5f8a")
    ui.page_title(page.title)
    _header(page, title or page.t(f"menu.{name}"))
    ui.keyboard(on_key=partial(_keys, page), ignore=["input", "select", "textarea"])
    if page.who.may(Right.SEE_CHATS):
        page.follow(page.services.feed.beats(BEAT), page.count_waiting)
    needed = PAGES[name]
    with ui.element("div").classes("desk"):
        _menu(page)
        middle = ui.column().classes("page")
    with middle:
        if needed is None or page.who.may(needed):
            yield page
        else:
            empty(page.t("frame.no_right"), page.t("frame.no_right_how"))
            with ui.element("div").style("display: none"):
                yield page


def _header(page: Page, title: str) -> None:
    with ui.header().classes("bar"):
        button = ui.button(icon="menu", on_click=lambda: page.menu.classes(toggle="menu-open"))
        button.props(f'flat round dense color=white aria-label="{page.t("frame.menu")}"').classes("only-small")
        ui.label(title).classes("bar-title")
        ui.space()
        offset = page.services.settings.clock.offset
        if offset:
            ui.label(page.t("frame.moved_clock", moment=moment(page.services.clock.now()))).classes("bar-note")
        ui.label(page.t("frame.who", name=page.who.name, court=page.court(page.who.court))).classes("bar-who")
        ui.element("button").props('type="button" data-mark=keys').classes("bar-out only-wide").on("click", partial(_show_keys, page)).add_slot(
            "default", page.t("frame.keys"))
        with ui.element("form").props('method="post" action="/logout"'):
            ui.element("input").props(f'type="hidden" name="csrf" value="{page.csrf}"')
            ui.element("button").props('type="submit"').classes("bar-out").add_slot("default", page.t("frame.leave"))


def _menu(page: Page) -> None:
    page.menu.move(ui.context.slot.parent)
    with page.menu:
        for number, name in enumerate(allowed(page.who), start=1):
            with ui.link(target=f"/{name}").classes("menu-item").props(f'accesskey="{number % 10}"' if number <= 10 else "") as link:
                ui.label(page.t(f"menu.{name}"))
                if name == "chats":
                    page.badge = ui.label().classes("count").props("data-mark=waiting")
                    page.badge.set_visibility(False)
            if name == page.name:
                link.classes("menu-here").props('aria-current="page"')


def allowed(who: Who) -> list[str]:
    """The pages of a person, in the order of the menu."""
    return [name for name, right in PAGES.items() if right is None or who.may(right)]


async def _keys(page: Page, event: Any) -> None:
    """1–9 and 0: another page; / : the search field of this one; ? : what the keys do."""
    if not event.action.keydown or event.action.repeat or event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
        return
    key = event.key.name
    names = allowed(page.who)
    if key.isdigit() and (place := int(key) or 10) <= len(names):
        ui.navigate.to(f"/{names[place - 1]}")
    elif key == "/":
        _ = ui.run_javascript("document.querySelector('.search input')?.focus()")
    elif key == "?":
        _show_keys(page)


def _show_keys(page: Page) -> None:
    """What the keys do."""
    with page.client, ui.dialog(value=True) as shown, ui.card().classes("dialog"):
        ui.label(page.t("frame.keys")).classes("dialog-title")
        facts([(page.t(f"keys.{name}.key"), page.t(f"keys.{name}.does")) for name in _KEYS])
        with ui.row().classes("dialog-buttons"):
            ui.button(page.t("frame.close"), on_click=shown.close).props("flat autofocus")
    _ = shown.on("hide", shown.delete)


# -- small parts ---------------------------------------------------------------------------------


def empty(what: str, then: str = "") -> None:
    """Nothing to show, and what to do about it."""
    with ui.column().classes("empty"):
        ui.label(what).classes("empty-what")
        if then:
            ui.label(then).classes("empty-then")


def section(title: str, count: int | None = None) -> ui.column:
    """A titled part of a page."""
    with ui.column().classes("section") as box, ui.row().classes("section-head"):
        ui.label(title).classes("section-title")
        if count is not None:
            ui.label(str(count)).classes("count" if count else "count none")
    return box


def tallied(page: Page, key: str, tally: Tally) -> None:
    """How much of what must come to an end has: 登记 12 件，已答复 12 件（100%）。"""
    ui.label(page.t(key, every=tally.every, done=tally.done, share=f"{math.floor((tally.share or 0) * 100)}%")).classes("soft")
    if tally.late:
        ui.label(page.t("frame.late", count=tally.late)).classes("late")


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values, one under the other."""
    with ui.element("dl").classes("facts"):
        for name, value in pairs:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value or "–")


def grid(columns: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, object]], *, right: Sequence[str] = (),
         on_row: Callable[[dict[str, Any]], object] | None = None, key: str = "id", toned: str = "") -> ui.table:
    """A plain table: columns as (field, title); a click on a row is handed on.

    The column `toned` has in each row the colour that its `tone` names: late, soon, good.
    """
    listed = [
        {"name": name, "label": title, "field": name, "align": "right" if name in right else "left"}
        for name, title in columns
    ]
    table = ui.table(columns=listed, rows=[dict(r) for r in rows], row_key=key).props("flat dense").classes("grid")
    if toned:
        tone(table, toned)
    if on_row is not None:
        table.on("rowClick", lambda event: on_row(event.args[1]), [[], [*rows[0]] if rows else [key], None])
        table.classes("clicks")
    return table


def tone(table: ui.table, column: str) -> None:
    """Let a column show the colour that the `tone` of each row names."""
    table.add_slot(f"body-cell-{column}", '<q-td :props="props"><span :class="props.row.tone">{{ props.value }}</span></q-td>')


def go_to(page: Page, rows: Sequence[Mapping[str, Any]], wanted: int, deed: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
    """What a click on the row of that id does (0: on none), once the page stands: for links that lead to one row."""
    if not wanted:
        return
    found = next((dict(row) for row in rows if row["id"] == wanted), None)
    if found is None:
        page.tell(page.t("frame.row_done"), "info")
    else:
        ui.timer(0.1, page.doing(lambda: deed(found)), once=True)


def ask(page: Page, title: str, fields: Mapping[str, Callable[[], Any]], button: str,
        deed: Callable[[Who, dict[str, Any]], Awaitable[T]], said: str = "",
        then: Callable[[T], Awaitable[object]] | None = None, aside: tuple[str, str] | None = None,
        beside: Callable[[], object] | None = None, columns: Literal[1, 2] = 1) -> None:
    """Open a dialog with some fields, name → a function that makes the field; its button does the deed with what was entered.

    What is refused is said inside the dialog, with everything as it was typed. Once the deed is done the
    dialog closes, `said` is told, and `then` gets what the deed returned. `aside` is a link (name, address) to
    what the dialog is about; `beside` shows what one has to look at meanwhile. What was typed outlives a restart.
    """
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("dialog") as card:
        ui.label(title).classes("dialog-title")
        if beside is not None:
            beside()
        with ui.element("div").classes("fields" if columns == 1 else "fields two tight"):
            made = {name: make() for name, make in fields.items()}
        why = ui.label().classes("late").props("role=alert data-mark=refused")
        why.set_visibility(False)
        with ui.row().classes("dialog-buttons"):
            if aside is not None:
                ui.link(*aside).classes("dialog-aside")
            ui.button(page.t("frame.cancel"), on_click=dialog.close).props("flat")
            go = ui.button(button).props("unelevated")

    async def pressed() -> None:
        if not go.enabled:
            return  # the deed is under way
        go.disable()
        why.set_visibility(False)
        try:
            found = await page.attempt(lambda who: deed(who, {name: field.value for name, field in made.items()}))
        except Refused as error:
            why.text = str(error)
            why.set_visibility(True)
            return
        finally:
            go.enable()
        _ = dialog.close()
        if said:
            page.tell(page.t(said), "positive")
        if then is not None:
            await then(found)

    go.on_click(page.doing(pressed))
    card.on("keydown.ctrl.enter", page.doing(pressed))
    _ = next(iter(made.values()), go).props("autofocus")
    if made:
        _ = dialog.props("no-backdrop-dismiss")  # a slip of the mouse must not lose what was typed
    draft = Draft(page, f"{page.path}|{title}", made)
    if made:
        _ = background_tasks.create(draft.restore(), name="draft")

    def hidden() -> None:
        draft.drop()  # done, or given up: what a restart closes is not hidden
        dialog.delete()

    _ = dialog.on("hide", hidden)


def hand_out(page: Page, title: str, link: str, how: str, then: tuple[str, str] | None = None) -> None:
    """Show a one-time link, to be copied; `then` is a button (name, address) for what comes next."""
    with page.client, ui.dialog(value=True) as shown, ui.card().classes("dialog"):
        ui.label(title).classes("dialog-title")
        if link:
            ui.label(link).classes("sample").props("data-mark=link")
            ui.label(how).classes("soft")

        def copy() -> None:
            ui.clipboard.write(link)
            page.tell(page.t("frame.copied"), "positive")

        with ui.row().classes("dialog-buttons"):
            ui.button(page.t("frame.close"), on_click=shown.close).props("flat")
            if link:
                ui.button(page.t("frame.copy"), on_click=copy).props("flat" if then else "unelevated")
            if then is not None:
                ui.button(then[0], on_click=lambda: ui.navigate.to(then[1])).props("unelevated")
    _ = shown.on("hide", shown.delete)


async def answered(dialog: ui.dialog) -> Any:
    """What was chosen in a dialog, which is gone then; nothing if it was closed, or the page was left."""
    chosen = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return chosen


async def sure(page: Page, question: str, button: str) -> bool:
    """Ask back, such as in the middle of a deed whose dialog stays open below."""
    with page.client, ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(question).classes("dialog-title")
        with ui.row().classes("dialog-buttons"):
            ui.button(page.t("frame.cancel"), on_click=lambda: dialog.submit(False)).props("flat")
            ui.button(button, on_click=lambda: dialog.submit(True)).props("unelevated autofocus")
    return bool(await answered(dialog))
