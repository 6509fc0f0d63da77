"""The end of a calculator's path: the result, what it rests on, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.ids import short
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.calc import DONE, Calculation
from bot.dialogue.flows.model import Choice, Refused, Say, elsewhere, go
from bot.dialogue.model import rows
from bot.dialogue.scene import Scene, rendered
from bot.guide import wording
from bot.guide.dated import WHATS, TooManyError
from bot.guide.model import CannotWorkOutError, Told
from bot.store.reach_rows import FlowState

# What people do next with a result, by calculator; a path that this program does not have is not shown.
NEXT: dict[str, tuple[Choice, ...]] = {
    "fee": (go("can_apply"), go("doc_application", carry=True)),
    "interest": (go("calc_plan", carry=True), go("doc_application", carry=True)),
    "limitation": (go("can_apply"), go("doc_application", carry=True)),
    "effect": (go("calc_limitation"), go("can_apply")),
    "seizure": (go("doc_clues"),),
    "plan": (go("settle"), go("doc_settlement", carry=True)),
}


async def worked_out(scene: Scene, flow: FlowState) -> None:
    """Say the result; answers that cannot be worked with are refused, and the step that is at fault asked again."""
    path = PATHS[flow.kind]
    if not isinstance(path, Calculation):
        raise TypeError(f"{flow.kind} is no calculation")
    house = scene.house
    try:
        told = house.calculators(path.calculator, path.inputs(flow.data), scene.today)
    except CannotWorkOutError as error:
        params = {name: wording.shown(scene.texts, value) for name, value in error.params.items()}
        raise Refused(Say(error.key, params), step=path.blames(error)) from error
    say = Say("calc.ask.done", {}, _buttons(path, flow, told))
    reply = rendered(scene.texts, say, f"fl:{short(flow.id)}:{DONE}")
    flat = [b for row in reply.buttons for b in row]
    text = wording.whole(scene.texts, told, house.laws())
    scene.turn.say(replace(reply, text=text, buttons=rows(flat), key=f"result.{path.calculator}"))
    scene.turn.state.answered(path.topic_of(flow.data), scene.turn.now)
    flow.data["quiet"] = True


def _buttons(path: Calculation, flow: FlowState, told: Told) -> tuple[Choice, ...]:
    reminder: tuple[Choice, ...] = ()
    if told.remind:
        day, what = told.remind
        reminder = (elsewhere("calc.button.remind", f"cr:{what}:{day:%Y%m%d}"),)
    topic = path.topic_of(flow.data)
    return (
        *reminder,
        *path.fixes(flow.data),
        *NEXT[path.calculator],
        elsewhere("calc.button.topic", f"topic:{topic}"),
        elsewhere("button.human", "human"),
    )


async def remind(scene: Scene, rest: str) -> None:
    """The button 到期前提醒我 `cr:<what>:<day>`, and `cr:stop` that takes all of them back."""
    what, _, text = rest.partition(":")
    conversation = scene.turn.conversation.id
    if what == "stop":
        await scene.house.dated.cancel(scene.turn.work, conversation, scene.turn.now)
        scene.say("calc.remind.stopped")
        return
    day = _day(text)
    if what not in WHATS or day is None:
        scene.say("feedback.gone", scene.house.words.menu_button())
        return
    try:
        days = await scene.house.dated.plan(scene.turn.work, conversation, what, day, scene.turn.now)
    except TooManyError:
        scene.say("calc.remind.too_many", scene.button("calc.button.forget", "cr:stop"))
        return
    if not days:
        scene.say("calc.remind.too_late", scene.house.words.human(), day=day)
        return
    listed = scene.texts("calc.remind.and").join(str(wording.shown(scene.texts, d)) for d in days)
    key = "calc.remind.set_apply" if what == "apply" else "calc.remind.set"
    scene.say(key, scene.button("calc.button.forget", "cr:stop"), day=day, days=listed)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 8 and text.isdecimal() else None
    except ValueError:
        return None


ENDS = {kind: worked_out for kind, path in PATHS.items() if isinstance(path, Calculation)}
