"""The audit log: who saw, changed, exported, sent what; written in the transaction of the deed, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.privacy import mask_identifiers
from bot.staff.model import Deed, Forbidden, Right, Who
from bot.store.staff_rows import AuditRow
from bot.store.work import Store, Work

_LONGEST = 500  # characters of a detail
_OF_STAFF = ("account", "login_link")  # objects that are a colleague's


@dataclass(frozen=True, slots=True)
class Search:
    """Which lines are wanted; what is None does not matter."""

    actor: str | None = None  # as `Who.key`
    court: str | None = None
    deed: Deed | None = None
    object: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    case: str = ""  # part of the number of the case that the line is about


@dataclass(frozen=True, slots=True)
class Audited:
    """A line of the audit log with the name of the one who did it, and what it is about by name.

    `about` is the number of the case, the name of a party or of a colleague; empty for what has none.
    """

    row: AuditRow
    name: str
    about: str = ""


class Audit:
    """Writes the log, and finds what stands in it."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def note(
        self, work: Work, who: Who, deed: Deed, object: str, object_id: object, court: str | None, detail: str = ""
    ) -> None:
        """Write a line in the transaction of the deed; identifiers in the detail are masked.

        Without a `court` it is noted under that of the case that the object belongs to; what belongs to no court
        yet, under the court of the one who did it.
        """
        court = court or await work.audited.court_of(object, str(object_id), who.courts)
        row = AuditRow(
            id=self._ids.new(now := self._clock.now()),
            at=now,
            actor=who.key,
            court=court or who.court,
            deed=deed.value,
            object=object,
            object_id=str(object_id)[:64],
            detail=mask_identifiers(detail)[:_LONGEST] or None,
        )
        await work.staff.record([row])

    async def seen(self, who: Who, object: str, object_id: object, court: str | None, detail: str = "") -> None:
        """Somebody looked at something that no service has recorded by itself."""
        await self._alone(who, Deed.SEEN, object, object_id, court, detail)

    async def exported(self, who: Who, object: str, object_id: object, court: str | None, detail: str = "") -> None:
        """Somebody took something out of the house: a table, a transcript. Forbidden without the right to."""
        who.require(Right.EXPORT, court)
        await self._alone(who, Deed.EXPORTED, object, object_id, court, detail)

    async def refused(self, who: Who, error: Forbidden, object: str, object_id: object) -> None:
        """Somebody tried what they may not."""
        detail = " ".join(f"{k}={v}" for k, v in error.params.items())
        await self._alone(who, Deed.REFUSED, object, object_id, who.court, f"{error.code} {detail}")

    async def _alone(
        self, who: Who, deed: Deed, object: str, object_id: object, court: str | None, detail: str
    ) -> None:
        async with self._store.work() as work:
            await self.note(work, who, deed, object, object_id, court, detail)
            await work.commit()

    async def search(
        self, who: Who, wanted: Search | None = None, limit: int = 100, before: int | None = None
    ) -> list[Audited]:
        """Lines of the courts that this person sees, the newest first; `before` is the last id of the page before."""
        wanted = wanted or Search()
        who.require(Right.SEE_AUDIT, wanted.court)
        async with self._store.work(read_only=True) as work:
            rows = await work.staff.recorded(
                courts=who.courts,
                limit=limit,
                before=before,
                since=wanted.since,
                until=wanted.until,
                case=wanted.case.strip(),
                actor=wanted.actor,
                court=wanted.court,
                deed=wanted.deed.value if wanted.deed else None,
                object=wanted.object,
                object_id=wanted.object_id,
            )
            names = {f"staff:{a.id}": a.name for a in await work.staff.accounts()}
            about = await work.audited.about(rows)
        about |= {(kind, r.object_id): names.get(f"staff:{r.object_id}", "") for r in rows for kind in _OF_STAFF}
        return [Audited(r, names.get(r.actor, r.actor), about.get((r.object, r.object_id), "")) for r in rows]

    async def people(self, who: Who) -> dict[str, str]:
        """Everybody who may stand in the lines that this person sees: name by the key of an actor."""
        who.require(Right.SEE_AUDIT)
        async with self._store.work(read_only=True) as work:
            return {f"staff:{a.id}": a.name for a in await work.staff.accounts() if who.sees(a.court)}
