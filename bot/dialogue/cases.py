"""我的案子: what a proven party is shown about its obligations or claims; and whether a certificate is genuine."""

from __future__ import annotations

from bot.core.clock import shown
from bot.core.ids import short
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Button, quoted, rows
from bot.dialogue.scene import CLOSED, Scene, matter, sums
from bot.ledger.model import ObligationKind, PaymentStatus, PromiseStatus, Role
from bot.ledger.service import View
from bot.reach.model import CERTIFICATE_PREFIX

NAMED = 3  # people of the other side who are named; of more it is said how many
PARTS = 6  # instalments that are shown at once
SHOWN = 8  # obligations in a list; a party with more is asked to come to the counter
DEBTOR_ACTIONS = ("paid", "plan", "hard", "dispute", "notme", "contact", "where")
CREDITOR_ACTIONS = ("paid", "settle", "dispute", "contact")


class Cases:
    """Shows obligations; nothing here before identity is proven."""

    async def show(self, scene: Scene) -> None:
        """Everything of this chat's parties, with the way on."""
        if not scene.proven:
            linked = scene.linked
            scene.say("party.case.prove_first" if linked else "party.case.none", scene.house.words.human())
            return
        views = sorted(await scene.views(None, closed=True), key=lambda v: (v.standing.status in CLOSED, v.id))
        if len(views) == 1:
            await self.show_one(scene, views[0])
            return
        lines = [self._line(scene, v) for v in views[:SHOWN]]
        buttons = [(Button(matter(v)[:60], f"ob:{short(v.id)}:show"),) for v in views[:SHOWN]]
        more = [scene.texts("party.case.more", count=len(views) - SHOWN)] if len(views) > SHOWN else []
        title = scene.texts("party.case.list", count=len(views))
        flat = [b for row in buttons for b in row]
        scene.say_text("\n\n".join([title, *lines, *more]), "party.case.list", *flat, protect=True)

    async def show_one(self, scene: Scene, view: View, lead: str = "") -> None:
        """One obligation with its sums, what is due next, and what can be done."""
        party, role = scene.side(view)
        scene.about(view.id, party)
        parts = [scene.texts(lead)] if lead else []
        parts.append(self._line(scene, view))
        parts += self._details(scene, view)
        text = "\n".join(parts)
        closed = view.standing.status in CLOSED
        actions = CREDITOR_ACTIONS if role is Role.CREDITOR else DEBTOR_ACTIONS
        wanted = ("contact",) if closed else actions
        labels = {"paid": "received"} if role is Role.CREDITOR else {}
        code = short(view.id)
        made = [scene.button(f"party.button.do.{labels.get(a, a)}", f"ob:{code}:{a}") for a in wanted]
        made.append(scene.button("party.button.stop", "pt:stop"))
        scene.say_text(text, "party.case.one", *(b for row in rows(made) for b in row), protect=True)

    def _line(self, scene: Scene, view: View) -> str:
        texts = scene.texts
        status = texts(f"party.status.{view.standing.status}")
        if view.row.kind == ObligationKind.ACT:
            return texts("party.case.act", matter=quoted(matter(view)), act=quoted(view.row.act or ""), status=status)
        return texts("party.case.money", matter=quoted(matter(view)), status=status, **sums(view))

    def _details(self, scene: Scene, view: View) -> list[str]:
        texts, standing = scene.texts, view.standing
        lines = [self._other_side(scene, view)]
        if standing.next_due:
            lines.append(scene.phrase("party.case.next", day=standing.next_due))
        lines += self._parts(scene, view)
        waiting = [p for p in view.payments if p.status == PaymentStatus.REPORTED]
        if waiting:
            lines.append(texts("party.case.reported", count=len(waiting), amount=yuan(standing.reported)))
        for promised in view.promises:
            if promised.status is PromiseStatus.OPEN and scene.side(view)[1] is Role.DEBTOR:
                day = promised.row.promised_on
                lines.append(scene.phrase("party.case.promise", day=day, amount=yuan(promised.row.amount)))
        if standing.next_due and standing.status not in CLOSED and not standing.overdue:
            lines.append(texts("party.case.certificate"))
        return lines

    def _other_side(self, scene: Scene, view: View) -> str:
        """With whom the case is: 谁告的我."""
        others = view.creditors if scene.side(view)[1] is Role.DEBTOR else view.debtors
        names = "、".join(p.name for p in others[:NAMED])
        key = "party.case.others" if len(others) > NAMED else "party.case.other"
        return scene.texts(key, names=quoted(names or "-"), count=len(others))

    def _parts(self, scene: Scene, view: View) -> list[str]:
        """The instalments of a plan, each with what is left of it; those that are behind are one line."""
        parts = [i for i in view.instalments if i.done_on is None]
        if len(view.instalments) < 2 or not parts:
            return []
        done = len(view.instalments) - len(parts)
        lines = [scene.texts("party.case.parts_done", count=done)] if done else []
        for part in parts[:PARTS]:
            key = "party.case.part_left" if part.settled else "party.case.part"
            told = {"no": part.no, "day": part.expected_on, "amount": yuan(part.amount)}
            lines.append(scene.phrase(key, left=yuan(part.amount - part.settled), **told))
        more = len(parts) - PARTS
        return lines + ([scene.texts("party.case.parts_more", count=more)] if more > 0 else [])

    async def check_certificate(self, scene: Scene, start: str) -> None:
        """Somebody scanned the code on a certificate: genuine or not, and nothing else."""
        number, _, code = start.removeprefix(CERTIFICATE_PREFIX).rpartition("_")
        found = await scene.turn.work.reach.certificate(number)
        if (
            found is None
            or found.revoked_at
            or scene.turn.work.reach.code_key(found.code) != (scene.turn.work.reach.code_key(code))
        ):
            scene.say("party.certificate.unknown")
            return
        scene.say("party.certificate.genuine", number=found.number, day=shown(found.issued_at, "%Y-%m-%d"))
