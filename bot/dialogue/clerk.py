"""Staff commands in chat, until the desk does it: tasks, verification, proposals, certificates, links."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from bot.core.ids import short
from bot.dialogue.ends import told_plan
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Reply, quoted
from bot.dialogue.proposals import apply, decide
from bot.dialogue.scene import Scene, matter, sums
from bot.ledger import casenumber
from bot.ledger.model import Actor, Broken, Role, Settlement, Status
from bot.ledger.service import View
from bot.reach.certificate import due, issue
from bot.reach.model import ProposalStatus, ReachError
from bot.reach.saying import even_plan, find_count, find_day, find_each, find_sum
from bot.store.ledger_rows import PaymentRow
from bot.store.reach_rows import ProposalRow
from bot.store.reminder_rows import NewTask, TaskRow

_LISTED = 15
_NUMBERED = re.compile(r"[#＃]?\s*(\d{1,9})\s*(\w*)[\s:：,，]*(.*)", re.DOTALL)
_YES = ("ok", "yes", "y")
_NO = ("no", "n")


class Clerk:
    """Only for administrators, only in a private chat."""

    def __init__(self) -> None:
        self._commands: dict[str, Callable[[Scene, str], Awaitable[None]]] = {
            "tasks": self._tasks,
            "verify": self._verify,
            "proof": self._proof,
            "plan": self._plan,
            "certificate": self._certificate,
            "done": self._done,
            "link": self._link,
        }

    @property
    def commands(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self._commands)

    async def take(self, scene: Scene, name: str, rest: str) -> None:
        """Carry a command out; what the ledger refuses is said."""
        incoming = scene.turn.incoming
        if incoming.person not in scene.house.settings.admins or incoming.channel != scene.house.channel:
            scene.say("staff.only")
            return
        try:
            await self._commands[name](scene, rest.strip())
        except Broken as error:
            scene.say(f"ledger.wrong.{error.code}", **error.params)
        except ReachError as error:
            scene.say(f"reach.wrong.{error.code}", **error.params)

    def _actor(self, scene: Scene) -> Actor:
        return Actor("staff", scene.turn.conversation.person)

    async def _task(self, scene: Scene, rest: str, kind: str = "") -> tuple[TaskRow, str, str] | None:
        """The open task that a command names, the word after its number, and the rest."""
        found = _NUMBERED.fullmatch(rest)
        task = await scene.turn.work.tasks.get(int(found.group(1))) if found else None
        if found is None or task is None or task.status != "open" or (kind and task.kind != kind):
            scene.say(f"clerk.usage.{kind or 'done'}")
            return None
        return task, found.group(2).lower(), found.group(3).strip()

    # -- lists -----------------------------------------------------------------------------------

    async def _tasks(self, scene: Scene, rest: str) -> None:
        tasks = await scene.turn.work.tasks.open(rest or None)
        if not tasks:
            scene.say("clerk.no_tasks")
            return
        items = [self._item(scene, t) for t in tasks[:_LISTED]]
        if len(tasks) > _LISTED:
            items.append(scene.texts("clerk.more", count=len(tasks) - _LISTED))
        title = scene.texts("clerk.tasks", count=len(tasks))
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

    # -- payments --------------------------------------------------------------------------------

    async def _verify(self, scene: Scene, rest: str) -> None:
        """/verify N ok [sum], /verify N no reason."""
        found = await self._task(scene, rest, "verify")
        if found is None:
            return
        task, word, text = found
        payment = await scene.turn.work.ledger.payment(task.subject_id or 0)
        if payment is None or word not in (*_YES, *_NO) or (word in _NO and not text):
            scene.say("clerk.usage.verify")
            return
        book = scene.house.ledger.within(scene.turn.work, self._actor(scene))
        if word in _YES:
            await book.verify_payment(payment.id, text or None, amount=find_sum(text, scene.today, strict=False))
        else:
            await book.reject_payment(payment.id, text)
        await self._close(scene, task, f"{word} {text}".strip())
        view = await scene.house.ledger.obligation(payment.obligation_id, scene.turn.work)
        counted = await scene.turn.work.ledger.payment(payment.id)
        if view is None or counted is None:
            return
        if word in _YES:
            await self._receipts(scene, view, counted)
            scene.say("clerk.verified", matter=matter(view), **sums(view))
        else:
            for debtor in view.debtors:
                await scene.tell_party(
                    debtor.id,
                    view.id,
                    "party.receipt.rejected",
                    ("party.button.do.paid", f"ob:{short(view.id)}:paid"),
                    ("party.button.do.contact", f"ob:{short(view.id)}:contact"),
                    matter=matter(view),
                    amount=yuan(payment.amount),
                    day=payment.paid_on,
                    why=quoted(text),
                )
            scene.say("clerk.rejected", matter=matter(view))

    async def _receipts(self, scene: Scene, view: View, payment: PaymentRow) -> None:
        """Both sides hear what counts now, and what comes next."""
        params = {
            "matter": matter(view),
            "paid": yuan(payment.amount),
            "day": payment.paid_on,
            **sums(view),
        }
        performed = view.standing.status is Status.PERFORMED
        key = "performed" if performed else "act" if not view.row.amount else "partly"
        due_on = view.standing.next_due or "-"
        for debtor in view.debtors:
            await scene.tell_party(debtor.id, view.id, f"party.receipt.debtor_{key}", next=due_on, **params)
        for creditor in view.creditors:
            await scene.tell_party(creditor.id, view.id, f"party.receipt.creditor_{key}", next=due_on, **params)
        if performed and due(view):
            await scene.task(
                NewTask(
                    "certificate",
                    "performed_in_time",
                    key=f"certificate:{view.id}",
                    case_id=view.row.case_id,
                    obligation_id=view.id,
                    responsible=view.responsible,
                    note=matter(view),
                )
            )

    async def _proof(self, scene: Scene, rest: str) -> None:
        """/proof N: the files of a reported payment."""
        found = await self._task(scene, rest, "verify")
        if found is None:
            return
        task = found[0]
        proofs = (await scene.turn.work.ledger.proofs([task.obligation_id or 0])).get(task.obligation_id or 0, [])
        files = [f for p in proofs if p.payment_id == task.subject_id for f in p.files]
        if not files:
            scene.say("clerk.no_proof")
            return
        for file in files:
            others = [o for o, _ in await scene.turn.work.ledger.uses_of(file.sha256) if o != task.obligation_id]
            key = "clerk.proof_twice" if others else "clerk.proof"
            text = scene.texts(key, number=task.number, position=file.position, count=len(files))
            scene.turn.say(Reply(text, key=key, kind="document", file=f"proof:{file.sha256}:{file.media_type}"))

    # -- proposals -------------------------------------------------------------------------------

    async def _plan(self, scene: Scene, rest: str) -> None:
        """/plan N ok, /plan N no reason, /plan N 分6期12月10日起 (a counter-proposal)."""
        found = await self._task(scene, rest, "plan")
        if found is None:
            return
        task, word, text = found
        proposal = await scene.turn.work.reach.proposal(task.subject_id or 0)
        view = await scene.house.ledger.obligation(task.obligation_id or 0, scene.turn.work)
        if proposal is None or view is None:
            scene.say("clerk.usage.plan")
        elif word in _YES:
            await self._apply(scene, task, view, proposal, text)
        elif word in _NO and text:
            await self._refuse(scene, task, view, proposal, text)
        else:
            await self._counter(scene, task, view, proposal, f"{word} {text}")

    async def _apply(self, scene: Scene, task: TaskRow, view: View, proposal: ProposalRow, text: str) -> None:
        book = scene.house.ledger.within(scene.turn.work, self._actor(scene))
        await apply(book, view, proposal, text or scene.texts("clerk.why_agreed"))
        await decide(scene, proposal, ProposalStatus.APPLIED, scene.turn.conversation.person)
        await self._close(scene, task, f"ok {text}".strip())
        for party in (*view.debtors, *view.creditors):
            await scene.tell_party(party.id, view.id, "party.plan.applied", matter=matter(view), until=proposal.until)
        scene.say("clerk.applied", matter=matter(view))

    async def _refuse(self, scene: Scene, task: TaskRow, view: View, proposal: ProposalRow, why: str) -> None:
        book = scene.house.ledger.within(scene.turn.work, self._actor(scene))
        if view.row.settlement == Settlement.NEGOTIATING:
            await book.settle(view.id, Settlement.FAILED, why)
        await decide(scene, proposal, ProposalStatus.REFUSED, scene.turn.conversation.person)
        await self._close(scene, task, f"no {why}")
        await scene.tell_party(
            proposal.party_id, view.id, "party.plan.refused_staff", matter=matter(view), why=quoted(why)
        )
        scene.say("clerk.refused", matter=matter(view))

    async def _counter(self, scene: Scene, task: TaskRow, view: View, proposal: ProposalRow, text: str) -> None:
        """Other days or sums, put to the debtor."""
        found, count, each = find_day(text, scene.today), find_count(text), find_each(text, scene.today)
        if found is None or found.day <= scene.today:
            scene.say("clerk.usage.plan")
            return
        balance = view.standing.balance
        try:
            plan = even_plan(balance, count or 1, found.day, each) if count or each else [(balance, found.day)]
        except ValueError:
            scene.say("party.plan.impossible")
            return
        await decide(scene, proposal, ProposalStatus.COUNTERED, scene.turn.conversation.person)
        kind = "instalment" if len(plan) > 1 else "delay"
        counter = ProposalRow(
            id=scene.turn.next_id(),
            obligation_id=view.id,
            kind=kind,
            plan=tuple(plan),
            until=plan[-1][1],
            reason=None,
            side="staff",
            party_id=view.debtor.id,
            status=ProposalStatus.OPEN,
            made_at=scene.turn.now,
            answers=proposal.id,
            task=task.number,
        )
        await scene.turn.work.reach.add([counter])
        await scene.turn.work.tasks.about(task.number, counter.id)
        await self._put(scene, view, counter)

    async def _put(self, scene: Scene, view: View, counter: ProposalRow) -> None:
        code = short(counter.id)
        buttons = (("party.button.accept", f"pp:{code}:yes"), ("party.button.refuse", f"pp:{code}:no"))
        told = 0
        for debtor in view.debtors:
            told += await scene.tell_party(
                debtor.id,
                view.id,
                "party.plan.ask_debtor",
                *buttons,
                matter=matter(view),
                plan=told_plan(scene, counter),
            )
        scene.say("clerk.countered" if told else "clerk.nobody_there", matter=matter(view))

    # -- certificates, other tasks, links --------------------------------------------------------

    async def _certificate(self, scene: Scene, rest: str) -> None:
        """/certificate N: a person confirms, and it is issued; again: it is sent again."""
        found = await self._task(scene, rest, "certificate")
        if found is None:
            return
        task = found[0]
        view = await scene.house.ledger.obligation(task.obligation_id or 0, scene.turn.work)
        if view is None or not due(view):
            scene.say("clerk.not_due")
            return
        row = await issue(scene.turn.work, view, self._actor(scene), scene.turn.now)
        await self._close(scene, task, row.number)
        for debtor in view.debtors:
            await self._hand_out(scene, view, debtor.id, row.number)
        scene.say("clerk.issued", number=row.number, matter=matter(view))
        for form in ("docx", "pdf"):
            text = scene.texts("party.certificate.file", number=row.number)
            scene.turn.say(
                Reply(text, key="party.certificate.file", kind="document", file=f"certificate:{row.number}:{form}")
            )

    async def _hand_out(self, scene: Scene, view: View, party_id: int, number: str) -> None:
        if not await scene.tell_party(
            party_id, view.id, "party.certificate.issued", number=number, matter=matter(view)
        ):
            return
        for conversation_id, (obligation, party) in list(scene.said_elsewhere.items()):
            if (obligation, party) != (view.id, party_id):
                continue
            conversation = await scene.turn.work.conversations.get(conversation_id)
            if conversation:
                text = scene.texts("party.certificate.file", number=number)
                file = Reply(text, key="party.certificate.file", kind="document", file=f"certificate:{number}:pdf")
                scene.turn.say_to(conversation, file)

    async def _done(self, scene: Scene, rest: str) -> None:
        """/done N [words]: a task is settled; the words go to the one whose it is."""
        found = await self._task(scene, rest)
        if found is None:
            return
        task, word, text = found
        words = f"{word} {text}".strip()
        await self._close(scene, task, words)
        conversation = await scene.turn.work.conversations.get(task.conversation_id) if task.conversation_id else None
        if words and conversation and not conversation.unreachable:
            reply = Reply(
                scene.texts("party.from_staff", text=quoted(words), number=task.number), key="party.from_staff"
            )
            scene.turn.say_to(conversation, reply, sender="staff")
            if task.obligation_id:
                scene.said_elsewhere[conversation.id] = (task.obligation_id, task.party_id)
        scene.say("clerk.done", number=task.number)

    async def _link(self, scene: Scene, rest: str) -> None:
        """/link case number: a link for each party whom the chat can reach by one."""
        number = casenumber.normalise(rest.split(" ")[0], scene.today.year)
        found = await scene.house.ledger.case(number)
        if found is None:
            scene.say("reach.wrong.no_case", number=number)
            return
        register = scene.house.reach.within(scene.turn.work, self._actor(scene))
        lines = []
        for role in found.roles:
            party = found.parties[role.party_id]
            if role.role not in (Role.DEBTOR, Role.CREDITOR) or not party.provable:
                continue
            start = await register.make_link(party.id, scene.house.reach.lives)
            link = scene.house.reach.address.link(start)
            lines.append(
                scene.texts("clerk.link", role=scene.texts(f"reach.role.{role.role}"), name=party.name, link=link)
            )
        scene.turn.say(Reply("\n\n".join(lines) or scene.texts("clerk.no_links"), key="clerk.link"))

    async def _close(self, scene: Scene, task: TaskRow, outcome: str) -> None:
        await scene.turn.work.tasks.close(task.number, str(self._actor(scene)), outcome, scene.turn.now)
