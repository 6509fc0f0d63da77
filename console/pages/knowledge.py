"""知识: the FAQ as a person sees it, why a question is answered so, what was asked in vain, what runs out soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.consult.learning import Change
from bot.reception.learning import Explanation
from bot.staff.model import Right, Who
from console.frame import Page, answered, ask, day, empty, facts, frame, grid, moment, page_at, rich, section

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The page, and one topic."""

    @page_at("/knowledge")
    async def knowledge() -> None:
        with frame(desk, "knowledge") as page:
            await _show(page)

    @page_at("/knowledge/{topic}")
    async def topic(topic: str) -> None:
        with frame(desk, "knowledge") as page:
            await _topic(page, topic)


async def _show(page: Page) -> None:
    office = page.services.learning
    with ui.element("div").classes("two"):
        with section(page.t("knowledge.try")):
            box = ui.input(placeholder=page.t("knowledge.question")).props("outlined dense clearable").classes("search").props("data-mark=question")
            out = ui.column().style("width: 100%; gap: .5rem")

            async def look() -> None:
                if (box.value or "").strip():
                    found = await page.do(lambda who: office.explain(who, box.value))
                    out.clear()
                    with out:
                        if found is not None:
                            _why(page, found)

            box.on("keydown.enter", look)
            ui.button(page.t("knowledge.do.try"), on_click=page.doing(look)).props("unelevated dense").props("data-mark=try")
        with section(page.t("knowledge.topics")):
            words = ui.input(placeholder=page.t("knowledge.search")).props('outlined dense clearable debounce="300"')
            listed = ui.column().style("width: 100%; gap: 0; max-height: 22rem; overflow: auto; flex-wrap: nowrap")

            def search() -> None:
                listed.clear()
                with listed:
                    for entry in office.search(words.value or ""):
                        with ui.link(target=f"/knowledge/{entry.id}").classes("line"):
                            ui.label(entry.question).classes("line-main")
                            ui.label(entry.title).classes("line-side")

            words.on_value_change(search)
            search()
    await _runs_out(page)
    if page.who.may(Right.KNOWLEDGE):
        body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
        await _gaps(page, body)


def _why(page: Page, found: Explanation) -> None:
    ui.label(page.t("knowledge.decision", decision=page.label("chats.decision", found.decision), reason=page.label("reason", found.reason))).classes("section-title").props("data-mark=decision")
    facts([(page.t("knowledge.normal"), found.normal)])
    grid([(c, page.t(f"knowledge.column.{c}")) for c in ("topic", "title", "score", "phrasing")], [{
        "id": c.topic, "topic": c.topic, "title": c.title, "score": f"{c.score:.3f}", "phrasing": c.phrasing,
    } for c in found.candidates])
    if found.answer:
        rich(found.answer).classes("sample")


async def _topic(page: Page, topic: str) -> None:
    office = page.services.learning
    entry = page.services.library.knowledge.entries.get(topic)
    if entry is None:
        page.missing(page.t("knowledge.no_topic"))
        return
    with ui.column().classes("section"):
        ui.label(entry.question).classes("section-title")
        rich(entry.answer).classes("sample")
        if entry.more:
            rich(entry.more).classes("sample")
        facts([
            (page.t("knowledge.reviewed"), day(entry.reviewed)),
            (page.t("knowledge.valid"), f"{day(entry.valid_from)} – {day(entry.valid_to)}"),
            (page.t("knowledge.place"), f"{entry.file}:{entry.line}"),
            (page.t("knowledge.phrasings"), str(len(entry.phrasings))),
        ])
    record = await page.do(lambda who: office.record(who, topic))
    if record is not None:
        with section(page.t("knowledge.record"), len(record)):
            if not record:
                ui.label(page.t("knowledge.no_record")).classes("soft")
                return
            grid([(c, page.t(f"knowledge.column.{c}")) for c in ("at", "question", "score", "feedback", "version")], [{
                "id": str(r.id), "at": moment(r.at), "question": r.question, "score": f"{r.score:.2f}" if r.score is not None else "–",
                "feedback": page.t({1: "chats.helpful", -1: "chats.unhelpful"}.get(r.feedback or 0, "knowledge.no_feedback")), "version": r.version or "–",
            } for r in record])


async def _runs_out(page: Page) -> None:
    found = page.services.learning.runs_out()
    with section(page.t("knowledge.runs_out"), len(found)):
        if not found:
            ui.label(page.t("knowledge.nothing_runs_out")).classes("soft")
            return
        grid([(c, page.t(f"knowledge.column.{c}")) for c in ("topic", "title", "valid_to", "reviewed")], [{
            "id": e.id, "topic": e.id, "title": e.title, "valid_to": day(e.valid_to), "reviewed": day(e.reviewed),
        } for e in found], on_row=lambda r: ui.navigate.to(f"/knowledge/{r['topic']}"))


async def _gaps(page: Page, body: ui.column) -> None:
    office = page.services.learning
    found = await page.do(office.gaps) or []
    body.clear()

    async def decide(row: dict[str, Any]) -> None:
        topics = {e.id: f"{e.title}（{e.id}）" for e in office.search("")}
        number = int(row["id"])

        async def look(who: Who, entered: Mapping[str, Any]) -> Change | None:
            if not entered["topic"]:
                await office.outside(who, number)
                return None
            note = ui.notification(page.t("knowledge.measuring"), spinner=True, timeout=None)
            try:
                return await office.propose(who, number, entered["topic"], entered["wording"] or "")
            finally:
                note.dismiss()

        async def seen(change: Change | None) -> None:
            if change is None:
                page.tell(page.t("frame.done"), "positive")
                await _gaps(page, body)
                return
            with page.client, ui.dialog() as dialog, ui.card().classes("dialog").style("max-width: 54rem; width: 54rem"):
                ui.label(page.t("knowledge.effect", topic=change.owner, wording=change.phrasing)).classes("dialog-title")
                ui.label(change.effect).classes("sample").style("font-family: monospace; font-size: .78rem; white-space: pre; overflow: auto")
                with ui.row().classes("dialog-buttons"):
                    ui.button(page.t("frame.cancel"), on_click=lambda: dialog.submit(False)).props("flat")
                    ui.button(page.t("knowledge.do.accept"), on_click=lambda: dialog.submit(True)).props("unelevated").props("data-mark=accept")
            if await answered(dialog):
                await page.do(lambda who: office.accept(who, number, change), "knowledge.accepted")
                await _gaps(page, body)

        ask(page, page.t("knowledge.gap", question=row["question"]), {
            "topic": lambda: ui.select({"": page.t("knowledge.outside"), **topics}, value=row["proposed"] if row["proposed"] in topics else "",
                                       label=page.t("knowledge.belongs"), with_input=True).props("outlined dense"),
            "wording": lambda: ui.input(page.t("knowledge.wording"), value=row["question"]).props("outlined dense maxlength=100"),
        }, page.t("knowledge.do.look"), look, then=seen)

    with body, section(page.t("knowledge.gaps"), len(found)):
        ui.label(page.t("knowledge.gaps_how")).classes("soft")
        if not found:
            empty(page.t("knowledge.no_gaps"))
            return
        grid([(c, page.t(f"knowledge.column.{c}")) for c in ("question", "times", "newest", "proposed", "score")], [{
            "id": g.number, "question": g.questions[0].text[:100], "times": len(g.questions), "newest": moment(g.newest),
            "proposed": g.proposed or "", "score": f"{g.score:.2f}",
        } for g in found], on_row=decide)
