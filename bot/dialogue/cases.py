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
        lines = []
        if standing.next_due:
            lines.append(scene.phrase("party.case.next", day=standing.next_due))
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
