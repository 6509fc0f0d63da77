"""知识: the FAQ as a person sees it, why a question is answered so, what was asked in vain, what runs out soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.consult.evaluate import Outcome, changed
from bot.consult.learning import Change
from bot.consult.model import Entry
from bot.reception.learning import Explanation
from bot.staff.model import Right, Who
from console.frame import Page, answered, ask, day, empty, facts, frame, grid, moment, page_at, rich, section

if TYPE_CHECKING:
    from console.desk import Desk

_MOST = 20  # questions shown that are decided otherwise


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
            with ui.row().classes("bars").style("flex-wrap: nowrap"):
                box = ui.input(placeholder=page.t("knowledge.question")).props("outlined dense clearable").classes("search").props("data-mark=question").style("flex: 1")
                go = ui.button(page.t("knowledge.do.try")).props("unelevated dense").props("data-mark=try")
            out = ui.column().style("width: 100%; gap: .5rem")
            with out:
                ui.label(page.t("knowledge.try_how")).classes("soft")

            async def look() -> None:
                if (box.value or "").strip():
                    found = await page.do(lambda who: office.explain(who, box.value))
                    out.clear()
                    with out:
                        if found is not None:
                            _why(page, found)

            box.on("keydown.enter", look)
            _ = go.on_click(page.doing(look))
        with section(page.t("knowledge.topics")):
            words = ui.input(placeholder=page.t("knowledge.search")).props('outlined dense clearable debounce="300"')
            listed = ui.column().style("width: 100%; gap: 0; max-height: 22rem; overflow: auto; flex-wrap: nowrap")

            def search() -> None:
                listed.clear()
                found = office.search(words.value or "")
                with listed:
                    if not found:
                        empty(page.t("knowledge.no_topics"), page.t("knowledge.no_topics_then"))
                    for entry in found:
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
    grid([(c, page.t(f"knowledge.column.{c}")) for c in ("title", "score", "phrasing")], [{
        "id": c.topic, "title": c.title, "score": f"{c.score:.0%}", "phrasing": c.phrasing or "–",
    } for c in found.candidates], right=("score",), on_row=lambda r: ui.navigate.to(f"/knowledge/{r['id']}"))
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
        rich(office.told(entry)).classes("sample")
        if entry.more:
            ui.label(page.t("knowledge.more")).classes("section-title")
            rich(office.told_more(entry)).classes("sample")
        facts([
            (page.t("knowledge.reviewed"), day(entry.reviewed)),
            (page.t("knowledge.valid"), _valid(page, entry)),
            (page.t("knowledge.place"), page.t("knowledge.line", file=entry.file, line=entry.line)),
            (page.t("knowledge.phrasings"), str(len(entry.phrasings))),
        ])
    record = await page.do(lambda who: office.record(who, topic))
    if record is not None:
        with section(page.t("knowledge.record"), len(record)):
            if not record:
                empty(page.t("knowledge.no_record"), page.t("knowledge.no_record_then"))
                return
            grid([(c, page.t(f"knowledge.column.{c}")) for c in ("at", "question", "score", "feedback")], [{
                "id": str(r.id), "at": moment(r.at), "question": r.question, "score": f"{r.score:.0%}" if r.score is not None else "–",
                "feedback": page.t({1: "chats.helpful", -1: "chats.unhelpful"}.get(r.feedback or 0, "knowledge.no_feedback")),
            } for r in record], right=("score",))


def _valid(page: Page, entry: Entry) -> str:
    if entry.valid_to is None:
        return page.t("knowledge.always", since=day(entry.valid_from))
    return page.t("knowledge.span", since=day(entry.valid_from), until=day(entry.valid_to))


async def _runs_out(page: Page) -> None:
    found = page.services.learning.runs_out()
    with section(page.t("knowledge.runs_out"), len(found)):
        if not found:
            ui.label(page.t("knowledge.nothing_runs_out")).classes("soft")
            return
        grid([(c, page.t(f"knowledge.column.{c}")) for c in ("title", "valid_to", "reviewed")], [{
            "id": e.id, "title": e.title, "valid_to": day(e.valid_to), "reviewed": day(e.reviewed),
        } for e in found], on_row=lambda r: ui.navigate.to(f"/knowledge/{r['id']}"))


def _effect(page: Page, change: Change) -> None:
    """The test questions before and after: how many are answered right and wrong, and which are decided otherwise."""
    def count(outcomes: Sequence[Outcome]) -> dict[str, int]:
        right, wrong = sum(o.answered and o.right for o in outcomes), sum(o.wrong_answer for o in outcomes)
        return {"right": right, "wrong": wrong, "other": len(outcomes) - right - wrong}

    before, after = count(change.before), count(change.after)
    grid([(c, page.t(f"knowledge.effect_of.{c}")) for c in ("what", "before", "after")], [{
        "id": name, "what": page.t(f"knowledge.outcome.{name}"), "before": before[name], "after": after[name],
    } for name in before], right=("before", "after"))
    differing = changed(change.before, change.after)
    ui.label(page.t("knowledge.differing", count=len(differing), all=len(change.before))).classes("soft").props("data-mark=differing")
    if differing:
        grid([(c, page.t(f"knowledge.effect_of.{c}")) for c in ("question", "before", "after")], [{
            "id": str(n), "question": old.question.text[:60], "before": _decided(page, old), "after": _decided(page, new),
            "tone": "late" if new.wrong_answer else "good" if new.answered else "",
        } for n, (old, new) in enumerate(differing[:_MOST])], toned="after")


def _decided(page: Page, outcome: Outcome) -> str:
    entry = page.services.library.knowledge.entries.get(outcome.verdict.best or "")
    decision = page.label("chats.decision", outcome.verdict.decision)
    return f"{decision}《{entry.title}》" if entry and outcome.answered else decision


async def _gaps(page: Page, body: ui.column) -> None:
    office = page.services.learning
    found = await page.do(office.gaps) or []
    body.clear()

    async def decide(row: dict[str, Any]) -> None:
        topics = {e.id: e.title for e in office.search("")}
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
                ui.label(page.t("knowledge.effect", topic=titles[change.owner].title if change.owner in titles else change.owner, wording=change.phrasing)).classes("dialog-title")
                _effect(page, change)
                with ui.row().classes("dialog-buttons"):
                    ui.button(page.t("frame.cancel"), on_click=lambda: dialog.submit(False)).props("flat")
                    ui.button(page.t("knowledge.do.accept"), on_click=lambda: dialog.submit(True)).props("unelevated").props("data-mark=accept")
            if await answered(dialog):
                await page.do(lambda who: office.accept(who, number, change), "knowledge.accepted")
                await _gaps(page, body)

        ask(page, page.t("knowledge.gap", question=row["question"]), {
            "topic": lambda: ui.select({"": page.t("knowledge.outside"), **topics}, value=row["topic"] if row["topic"] in topics else "",
                                       label=page.t("knowledge.belongs"), with_input=True).props("outlined dense"),
            "wording": lambda: ui.input(page.t("knowledge.wording"), value=row["question"]).props("outlined dense maxlength=100"),
        }, page.t("knowledge.do.look"), look, then=seen)

    titles = page.services.library.knowledge.entries
    with body, section(page.t("knowledge.gaps"), len(found)):
        ui.label(page.t("knowledge.gaps_how")).classes("soft")
        if not found:
            empty(page.t("knowledge.no_gaps"), page.t("knowledge.no_gaps_then"))
            return
        grid([(c, page.t(f"knowledge.column.{c}")) for c in ("question", "times", "newest", "proposed", "score")], [{
            "id": g.number, "question": g.questions[0].text[:100], "times": len(g.questions), "newest": moment(g.newest),
            "topic": g.proposed or "", "proposed": titles[g.proposed].title if g.proposed and g.proposed in titles else "–", "score": f"{g.score:.0%}",
        } for g in found], right=("times", "score"), on_row=decide)
