"""今日: what waits, what is due, what is late; each line one click from the deed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nicegui import ui

from bot.reception.model import Breach
from bot.reception.petitions import label_of
from bot.reception.today import Board, Pile, Waiting
from bot.store.reception_rows import BoardRow
from console.frame import Page, day, empty, frame, moment, money, page_at
from console.pages.chats import waited

if TYPE_CHECKING:
    from console.desk import Desk

# Which pile leads where; the piles in the order in which they are worked off.
PILES = ("proofs", "promises", "due", "overdue", "silent", "petitions", "nodes", "follow_ups", "broken")
_PAGES = {"follow_ups": "/follow_ups?row={id}", "petitions": "/petitions/{id}", "nodes": "/flow?row={id}", "broken": "/tasks?row={id}"}
_LIMITED = ("petitions", "nodes", "follow_ups")  # piles whose day is a limit of ours
_FAMILIES = {"nodes": "node", "follow_ups": "follow_cause", "broken": "clerk.kind"}
_TONE = {Breach.LATE: "late", Breach.SOON: "soon"}
EVERY = 15.0  # seconds
SHOWN = 8  # lines of a pile


def register(desk: Desk) -> None:
    """The page."""

    @page_at("/today")
    async def today() -> None:
        with frame(desk, "today") as page:
            board = ui.element("div").classes("board")
            last: object = None

            async def show() -> None:
                nonlocal last
                found = await page.do(page.services.today.of)
                if found is None:
                    return
                now = (replace(found, waiting=None), [(i.number, i.question, waited(page, i)) for i in found.waiting.items])  # type: ignore[arg-type]
                if now != last:  # a line that is made anew loses the focus, and one's eye its place
                    last = now
                    board.clear()
                    with board:
                        _show(page, found)

            await show()
            page.every(EVERY, show)


def _show(page: Page, board: Board) -> None:
    """What there is to do; what is done stands in one line below."""
    piles: dict[str, Pile] = {name: getattr(board, name) for name in PILES}
    if board.waiting.count:
        _waiting(page, board.waiting)
    for name, pile in piles.items():
        if pile.count:
            _pile(page, name, pile)
    done = [*([] if board.waiting.count else ["waiting"]), *(name for name, pile in piles.items() if not pile.count)]
    if len(done) == len(piles) + 1:
        with ui.column().classes("section whole"):
            empty(page.t("today.nothing"), page.t("today.nothing_then"))
    elif done:
        with ui.row().classes("section whole quiet").props("data-mark=done"):
            ui.label(page.t("today.none")).classes("soft")
            for name in done:
                ui.label(page.t(f"today.{name}")).classes("tag").props(f"data-mark=none-{name}")


def _head(page: Page, name: str, count: int) -> None:
    ui.label(page.t(f"today.{name}")).classes("section-title")
    ui.label(str(count)).classes("count").props(f"data-mark=count-{name}")


def _waiting(page: Page, waiting: Waiting) -> None:
    with ui.column().classes("section").props("data-mark=pile-waiting"):
        with ui.row().classes("section-head"):
            _head(page, "waiting", waiting.count)
            if waiting.late:
                ui.label(page.t("today.late", count=waiting.late)).classes("late")
            if waiting.soon:
                ui.label(page.t("today.soon", count=waiting.soon)).classes("soon")
        for item in waiting.items[:SHOWN]:
            with ui.link(target=f"/chats/{item.number}").classes("line"):
                ui.label(f"#{item.number} {item.name} {item.question}".replace("\n", " ")).classes("line-main")
                ui.label(waited(page, item)).classes(f"line-side {_TONE.get(item.level.breach, '')}")
        if waiting.count > SHOWN:
            ui.link(page.t("today.more", count=waiting.count - SHOWN), "/chats").classes("soft")


def _pile(page: Page, name: str, pile: Pile) -> None:
    with ui.column().classes("section").props(f"data-mark=pile-{name}"):
        with ui.row().classes("section-head"):
            _head(page, name, pile.count)
        for item in pile.items[:SHOWN]:
            _line(page, name, item)
        if pile.count > SHOWN:
            ui.link(page.t("today.more", count=pile.count - SHOWN), _more(name)).classes("soft")


def _line(page: Page, name: str, item: BoardRow) -> None:
    target = _PAGES.get(name, "/obligations/{obligation}").format(id=item.id, obligation=item.obligation_id or 0)
    with ui.link(target=target).classes("line"):
        words = " ".join(w for w in (_what(page, name, item), item.case_number, item.name) if w)
        ui.label(words or page.t("today.no_words")).classes("line-main")
        late = _late(page, name, item)
        ui.label(_side(page, item, late)).classes("line-side late" if late or name == "broken" else "line-side")


def _what(page: Page, name: str, item: BoardRow) -> str:
    if name == "petitions" and item.at:
        return label_of(page.services.texts, item.label, item.at, item.id)
    family = _FAMILIES.get(name)
    return page.label(family, item.label) if family else item.label


def _late(page: Page, name: str, item: BoardRow) -> str:
    """By how many days a limit of ours, or the day of an obligation, has passed."""
    key = "today.days_late" if name in _LIMITED else "today.days_overdue" if name in ("overdue", "silent") else ""
    days = (page.services.ledger.today() - item.on).days if key and item.on else 0
    return page.t(key, days=days) if days > 0 else ""


def _side(page: Page, item: BoardRow, late: str) -> str:
    parts = [page.t("frame.yuan", sum=money(item.amount))] if item.amount else []
    if late:
        parts.append(late)
    elif item.on:
        parts.append(day(item.on))
    elif item.at:
        parts.append(moment(item.at))
    return " · ".join(parts)


def _more(name: str) -> str:
    return {
        "proofs": "/ledger?show=proofs",
        "promises": "/ledger?show=promises",
        "follow_ups": "/follow_ups",
        "due": "/ledger?status=due",
        "overdue": "/ledger?status=overdue",
        "silent": "/ledger?show=silent",
        "petitions": "/petitions",
        "nodes": "/flow",
        "broken": "/tasks",
    }.get(name, "/settings")
