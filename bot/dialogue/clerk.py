"""Staff commands in chat, until the desk does it: tasks, verification, settlement, certificates, links."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from bot.dialogue.hand import Hand
from bot.dialogue.mediator import Mediator
from bot.dialogue.model import Reply, quoted
from bot.dialogue.scene import Scene, matter, sums
from bot.dialogue.settling import wrong
from bot.guide.settlement.model import SettlementError
from bot.ledger import casenumber
from bot.ledger.model import Actor, Broken
from bot.ledger.wording import named
from bot.reach.model import ReachError
from bot.reach.saying import find_sum, unclear_sum
from bot.staff.model import Deed, Right
from bot.store.ledger_page import WantedTasks
from bot.store.reminder_rows import TaskRow

_LISTED = 15
_NUMBERED = re.compile(r"[#＃]?\s*(\d{1,9})\s*(\w*)[\s:：,，]*(.*)", re.DOTALL)
RIGHTS = {  # of the commands
    "tasks": Right.SEE_LEDGER,
    "verify": Right.VERIFY,
    "proof": Right.SEE_LEDGER,
    "settle": Right.SETTLE,
    "plan": Right.SETTLE,
    "certificate": Right.CERTIFY,
    "resolve": Right.EDIT_LEDGER,
    "done": Right.CLOSE_TASK,
    "link": Right.MAKE_LINK,
}
_YES = ("ok", "yes", "y")
_NO = ("no", "n")
_LOOKING = ("tasks", "proof")  # commands that change nothing
_OVER = "over"  # as ok, and more than was owed


class Clerk:
    """Reads the commands of staff in a private chat; what they do is `bot.dialogue.hand`."""

    def __init__(self) -> None:
        self._mediator = Mediator()
        self._commands: dict[str, Callable[[Scene, str], Awaitable[None]]] = {
            "tasks": self._tasks,
            "verify": self._verify,
            "proof": self._proof,
            "settle": self._settle,
            "plan": self._settle,
            "certificate": self._certificate,
            "resolve": self._resolve,
            "done": self._done,
            "link": self._link,
        }

    @property
    def commands(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self._commands)

    async def take(self, scene: Scene, name: str, rest: str) -> None:
        """Carry a command out; what the ledger refuses is said."""
        turn, who = scene.turn, await scene.house.desk.who(scene.turn, RIGHTS[name])
        if who is None:
            return
        scene.who = who
        try:
            await self._commands[name](scene, rest.strip())
            deed = Deed.SEEN if name in _LOOKING else Deed.CHANGED
            about, key = scene.subject or ("command", name)
            words = f"/{name} {rest}" if scene.subject else rest
            await scene.house.staff.audit.note(turn.work, who, deed, about, key, None, words)
        except Broken as error:
            scene.say(f"ledger.wrong.{error.code}", **named(scene.texts, error))
            if error.code == "surplus":
                scene.say("clerk.over")
        except ReachError as error:
            scene.say(f"reach.wrong.{error.code}", **error.params)
        except SettlementError as error:
            scene.say_text(wrong(scene.texts, error), f"settlement.wrong.{error.code}")

    def _hand(self, scene: Scene) -> Hand:
        """The hand of whoever gives the command, at the cases of their courts."""
        turn, who = scene.turn, scene.who
        return Hand(scene.house, turn, Actor("staff", str(who.account)), who.courts, here=turn.conversation.id)

    async def _task(self, scene: Scene, rest: str, kind: str = "") -> tuple[TaskRow, str, str] | None:
        """The open task that a command names, the word after its number, and the rest."""
        found = _NUMBERED.fullmatch(rest)
        task = await scene.turn.work.tasks.get(int(found.group(1))) if found else None
        if found is None or task is None or task.status != "open" or (kind and task.kind != kind):
            scene.say(f"clerk.usage.{kind or 'done'}")
            return None
        scene.subject = ("task", str(task.number))
        return task, found.group(2).lower(), found.group(3).strip()

    async def _tasks(self, scene: Scene, rest: str) -> None:
        """/tasks [kind]: what waits."""
        wanted = WantedTasks(kind=rest or None, limit=_LISTED)
        page = await scene.turn.work.pages.tasks(wanted, scene.who.courts)
        if not page.rows:
            scene.say("clerk.no_tasks")
            return
        items = [self._item(scene, t) for t in page.rows]
        if page.count > _LISTED:
            items.append(scene.texts("clerk.more", count=page.count - _LISTED))
        title = scene.texts("clerk.tasks", count=page.count)
        scene.turn.say(Reply("\n\n".join([title, *items]), key="clerk.tasks"))

    def _item(self, scene: Scene, task: TaskRow) -> str:
        kind = f"clerk.kind.{task.kind}"
        how = f"clerk.how.{task.kind}"
        return scene.texts(
            "clerk.item",
            number=task.number,
            kind=scene.texts(kind) if kind in scene.texts else task.kind,
            note=quoted(task.note or "-"),
            how=scene.texts(how if how in scene.texts else "clerk.how.other", number=task.number),
        )

    async def _verify(self, scene: Scene, rest: str) -> None:
        """/verify N ok [sum], /verify N no reason; `over` instead of `ok` when more came than was owed."""
        found = await self._task(scene, rest, "verify")
        if found is None:
            return
        task, word, text = found
        hand, payment = self._hand(scene), task.subject_id or 0
        if word in (*_YES, _OVER):
            if unclear_sum(text, scene.today):  # what cannot be read must not become the whole reported sum
                scene.say("clerk.usage.verify")
                return
            amount = find_sum(text, scene.today, strict=False)
            view = await hand.verify(payment, amount=amount, why=text or None, surplus=word == _OVER)
            scene.say("clerk.verified", matter=matter(view), **sums(view))
        elif word in _NO and text:
            scene.say("clerk.rejected", matter=matter(await hand.reject(payment, text)))
        else:
            scene.say("clerk.usage.verify")

    async def _proof(self, scene: Scene, rest: str) -> None:
        """/proof N: the files of a reported payment."""
        found = await self._task(scene, rest, "verify")
        if found is None:
            return
        task = found[0]
        parts = await self._hand(scene).proofs(task.subject_id or 0)
        if await self._hand(scene).awaits_proof(task.subject_id or 0):
            scene.say("clerk.proof_lost")
        elif not parts:
            scene.say("clerk.no_proof")
        for part in parts:
            key = "clerk.proof_twice" if part.elsewhere else "clerk.proof"
            text = scene.texts(key, number=task.number, position=part.file.position, count=len(parts))
            file = f"proof:{part.file.sha256}:{part.file.media_type}"
            scene.turn.say(Reply(text, key=key, kind="document", file=file))

    async def _settle(self, scene: Scene, rest: str) -> None:
        """/settle …, and /plan as it was called before: `bot.dialogue.mediator`."""
        await self._mediator.take(scene, rest)

    async def _certificate(self, scene: Scene, rest: str) -> None:
        """/certificate N: a person confirms, and it is issued."""
        found = await self._task(scene, rest, "certificate")
        if found is None:
            return
        hand, obligation = self._hand(scene), found[0].obligation_id or 0
        row = await hand.issue_certificate(obligation)
        scene.say("clerk.issued", number=row.number, matter=matter(await hand.view(obligation)))
        caption = scene.texts("party.certificate.file", number=row.number)
        for form in ("docx", "pdf"):
            file = f"certificate:{row.number}:{form}"
            scene.turn.say(Reply(caption, key="party.certificate.file", kind="document", file=file))

    async def _resolve(self, scene: Scene, rest: str) -> None:
        """/resolve N outcome: the objection is dealt with, and reminders go on."""
        found = await self._task(scene, rest, "dispute")
        if found is None:
            return
        task, word, text = found
        outcome = f"{word} {text}".strip()
        if not outcome:
            scene.say("clerk.usage.dispute")
            return
        view = await self._hand(scene).close_disputes(task.obligation_id or 0, outcome)
        scene.say("clerk.resolved", matter=matter(view))

    async def _done(self, scene: Scene, rest: str) -> None:
        """/done N [words]: a task is settled; the words go to the one whose it is."""
        found = await self._task(scene, rest)
        if found is None:
            return
        task, word, text = found
        await self._hand(scene).close_task(task.number, f"{word} {text}".strip())
        scene.say("clerk.done", number=task.number)

    async def _link(self, scene: Scene, rest: str) -> None:
        """/link case number: a link for each party whom the chat can reach by one."""
        number = casenumber.sought(rest, scene.today.year)
        scene.subject = ("case", number)
        made = await self._hand(scene).invite(number)
        lines = [
            scene.texts("clerk.link", role=scene.texts(f"reach.role.{i.role}"), name=i.party.name, link=i.link)
            for i in made
        ]
        scene.turn.say(Reply("\n\n".join(lines) or scene.texts("clerk.no_links"), key="clerk.link"))
