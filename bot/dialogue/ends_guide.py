"""What the guided checks know at their beginning, and the request for a person that they end in."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.dialogue.flows import PATHS
from bot.dialogue.flows.model import At, Begun, Opening
from bot.dialogue.scene import Scene, rendered
from bot.store.reach_rows import FlowState

_FACTS = ("basis", "claim", "effective", "due", "missed", "last", "paid", "rest", "urgent", "court", "situation", "detail")


async def _debtor(scene: Scene, _opening: Opening) -> Begun:
    """A proven party acts in its own case."""
    return Begun({"bound": True} if scene.proven else {})


async def _window(scene: Scene, flow: FlowState) -> None:
    """Leave the request with everything that was found out; the desk says its number."""
    data = flow.data
    said = [scene.texts("guide.window.request", how=scene.texts(f"guide.window.{data['how']}"))]
    said += told(scene, data.get("source", ""), data.get("facts") or {})
    said += [data["words"]] if data.get("words") else []
    await scene.house.desk.register(scene.turn, why="guided", key="guide.window.registered", said="\n".join(said))
    data["quiet"] = True


async def _at_the_window(scene: Scene, _opening: Opening) -> Begun:
    """The courts to choose from."""
    return Begun({"courts": [[court.id, court.short] for court in scene.house.ledger.courts]})


async def _entered(scene: Scene, flow: FlowState) -> None:
    """Give the place in the queue, and say what to bring."""
    house, data = scene.house, flow.data
    entered = await house.reception().enter(scene.turn.work, flow.conversation_id, data)
    court = house.ledger.courts.name(entered.court)
    first = scene.texts("guide.intake.registered", label=entered.label, court=court, place=house.where(entered.court))
    lines = [first, *(scene.texts("guide.intake.bring", what=what) for what in entered.materials)]
    # What was entered stands in the intake now; the path keeps none of it.
    flow.data = {"quiet": True}
    apply = (house.words.path_button("doc_application"),) if "doc_application" in PATHS else ()
    scene.say_text("\n".join(lines), "guide.intake.registered", *apply, house.words.human())


def told(scene: Scene, source: str, facts: dict[str, Any]) -> list[str]:
    """The answers of a check as a clerk reads them: the name of each and what was said, then the conclusion."""
    if source not in PATHS:
        return []
    lines = [
        scene.texts("guide.window.fact", name=scene.texts(f"guide.fact.{name}"), value=_value(scene, name, facts))
        for name in _FACTS
        if facts.get(name) not in (None, "", "unknown")
    ]
    path = PATHS[source]
    at, _ = path.begin(facts, scene.today)
    if at.step in path.ends:
        conclusion = rendered(scene.texts, path.ask(At(at.step, facts), scene.today), "fl:0:0").text
        lines.append(conclusion.replace("**", ""))
    return lines


def _value(scene: Scene, name: str, facts: dict[str, Any]) -> str:
    value = facts[name]
    if name in ("effective", "due", "missed", "last"):
        return date.fromisoformat(value).isoformat()
    if name == "rest":
        return scene.texts("guide.window.sum", amount=f"{value / 100:,.2f}")
    if name == "court":
        return str(value)
    if name == "detail":
        return scene.texts(f"guide.debtor.{facts['situation']}.is_{value}")
    return scene.texts({"situation": "guide.debtor.situation"}.get(name, f"guide.{name}") + f".{value}")


ENDS = {"window": _window, "intake": _entered}
STARTS = {"debtor_options": _debtor, "intake": _at_the_window}
