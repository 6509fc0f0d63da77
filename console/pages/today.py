"""今日: what waits, what is due, what is late; each line one click from the deed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.reception.chats import ChatItem
from bot.reception.model import Breach
from bot.reception.petitions import label_of
from bot.reception.today import Board, Pile, Waiting
from bot.store.reception_rows import BoardRow
from console.frame import Page, day, empty, frame, moment, money, page_at

if TYPE_CHECKING:
    from console.desk import Desk

# Which pile leads where; the piles in the order in which they are worked off.
PILES = ("proofs", "promises", "due", "overdue", "silent", "petitions", "nodes", "follow_ups", "broken")
_PAGES = {"follow_ups": "/follow_ups?row={id}", "petitions": "/petitions/{id}", "nodes": "/flow?row={id}", "broken": "/tasks?row={id}"}
_LIMITED = ("petitions", "nodes", "follow_ups")  # piles whose day is a limit of ours
_FAMILIES = {"nodes": "node", "follow_ups": "follow_cause", "broken": "clerk.kind"}
_TONE = {Breach.LATE: "late", Breach.SOON: "soon"}
EVERY = 15.0  # seconds


def register(desk: Desk) -> None:
    """The page."""

    @page_at("/today")
    async def today() -> None:
        with frame(desk, "today") as page:
            board = ui.element("div").classes("board")

            async def show() -> None:
                found = await page.do(page.services.today.of)
                if found is not None:
                    board.clear()
                    with board:
                        _show(page, found)

            await show()
            page.every(EVERY, show)


def _show(page: Page, board: Board) -> None:
    piles: dict[str, Pile] = {name: getattr(board, name) for name in PILES}
    _waiting(page, board.waiting)
    for name in PILES:
        _pile(page, name, piles[name])
    if not board.waiting.count and not any(p.count for p in piles.values()):
        empty(page.t("today.nothing"), page.t("today.nothing_then"))


def _waiting(page: Page, waiting: Waiting) -> None:
    with ui.column().classes("section").props("data-mark=pile-waiting"):
        with ui.row().classes("section-head"):
            ui.label(page.t("today.waiting")).classes("section-title")
            ui.label(str(waiting.count)).classes("count" if waiting.count else "count none").props("data-mark=count-waiting")
            if waiting.late:
                ui.label(page.t("today.late", count=waiting.late)).classes("late")
            if waiting.soon:
                ui.label(page.t("today.soon", count=waiting.soon)).classes("soon")
        for item in waiting.items[:8]:
            with ui.link(target=f"/chats/{item.number}").classes("line"):
                ui.label(f"#{item.number} {item.name} {item.question}".replace("\n", " ")).classes("line-main")
                ui.label(_minutes(page, item)).classes(f"line-side {_TONE.get(item.level.breach, '')}")
        if not waiting.items:
            ui.label(page.t("today.none")).classes("soft")
        elif waiting.count > 8:
            ui.link(page.t("today.more", count=waiting.count - 8), "/chats").classes("soft")


def _minutes(page: Page, item: ChatItem) -> str:
    return page.t("chats.waited", minutes=int(item.level.waited.total_seconds() // 60))


def _pile(page: Page, name: str, pile: Pile) -> None:
    with ui.column().classes("section").props(f"data-mark=pile-{name}"):
        with ui.row().classes("section-head"):
            ui.label(page.t(f"today.{name}")).classes("section-title")
            ui.label(str(pile.count)).classes("count" if pile.count else "count none").props(f"data-mark=count-{name}")
        for item in pile.items[:8]:
            _line(page, name, item)
        if not pile.items:
            ui.label(page.t("today.none")).classes("soft")
        elif pile.count > 8:
            ui.link(page.t("today.more", count=pile.count - 8), _more(name)).classes("soft")


def _line(page: Page, name: str, item: BoardRow) -> None:
    target = _PAGES.get(name, "/obligations/{obligation}").format(id=item.id, obligation=item.obligation_id or 0)
    with ui.link(target=target).classes("line"):
        words = " ".join(w for w in (_what(page, name, item), item.case_number, item.name) if w)
        ui.label(words or page.t("today.no_words")).classes("line-main")
        days = (page.services.ledger.today() - item.on).days if name in _LIMITED and item.on else 0
        late = page.t("today.days_late", days=days) if days > 0 else ""
        ui.label(_side(item, late)).classes("line-side late" if late or name in ("overdue", "broken") else "line-side")


def _what(page: Page, name: str, item: BoardRow) -> str:
    if name == "petitions" and item.at:
        return label_of(page.services.texts, item.label, item.at, item.id)
    family = _FAMILIES.get(name)
    return page.label(family, item.label) if family else item.label


def _side(item: BoardRow, late: str) -> str:
    parts: list[Any] = [late] if late else []
    if item.amount:
        parts.append(money(item.amount))
    if item.on:
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
