"""Rows of staff: accounts, one-time links, sessions, and the audit log, which only grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import insert, update

from bot.store import staff_tables as tables
from bot.store.audited import of_case
from bot.store.base import table_of
from bot.store.sealed import SealedRows
from bot.store.staff_rows import AccountRow, AuditRow, SessionRow, StaffLinkRow
from bot.store.tables import Base


class StaffRows(SealedRows):
    """Who works here."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {
        AccountRow: tables.Account,
        StaffLinkRow: tables.StaffLink,
        SessionRow: tables.StaffSession,
        AuditRow: tables.AuditEntry,
    }

    # -- accounts --------------------------------------------------------------------------------

    async def account(self, account_id: int) -> AccountRow | None:
        """The account with that number."""
        return await self.by_key(AccountRow, account_id)

    async def account_of(self, person: str) -> AccountRow | None:
        """The account of a person in the chat (a pseudonym)."""
        return await self.first(AccountRow, self.columns(AccountRow).where(tables.Account.person == person))

    async def accounts(self, *, status: str | None = None) -> list[AccountRow]:
        """All accounts, in the order of their making."""
        query = self.columns(AccountRow).order_by(tables.Account.id)
        if status is not None:
            query = query.where(tables.Account.status == status)
        return await self.all(AccountRow, query)

    # -- links and sessions ----------------------------------------------------------------------

    def token_key(self, kind: str, token: str) -> str:
        """The hash under which a token is kept; useless without the vault's secret."""
        return self._vault.pseudonym("staff", kind, token)

    async def link(self, kind: str, token: str) -> StaffLinkRow | None:
        """The link of that kind with that token."""
        wanted = self.token_key(kind, token)
        return await self.first(StaffLinkRow, self.columns(StaffLinkRow).where(tables.StaffLink.token_hash == wanted))

    async def use_link(self, link_id: int, now: datetime) -> bool:
        """The first use takes it; False when somebody else was first, or it is too late."""
        table = tables.StaffLink
        return await self.change(StaffLinkRow, link_id, table.used_at.is_(None), table.expires_at > now, used_at=now)

    async def session(self, token: str) -> SessionRow | None:
        """The session with that token."""
        wanted = self.token_key("session", token)
        return await self.first(SessionRow, self.columns(SessionRow).where(tables.StaffSession.token_hash == wanted))

    async def session_numbered(self, session_id: int) -> SessionRow | None:
        """One session by its id."""
        return await self.by_key(SessionRow, session_id)

    async def sessions(self, now: datetime, account_id: int | None = None) -> list[SessionRow]:
        """Sessions that are neither revoked nor past their day, the newest first."""
        table = tables.StaffSession
        query = self.columns(SessionRow).where(table.revoked_at.is_(None), table.expires_at > now)
        if account_id is not None:
            query = query.where(table.account_id == account_id)
        return await self.all(SessionRow, query.order_by(table.id.desc()))

    async def revoke_all(self, account_id: int, now: datetime) -> int:
        """End every session of an account, and make its unused links useless; how many sessions."""
        session, link = tables.StaffSession, tables.StaffLink
        ended = await self._connection.execute(
            update(session).where(session.account_id == account_id, session.revoked_at.is_(None)).values(revoked_at=now)
        )
        await self._connection.execute(
            update(link).where(link.account_id == account_id, link.used_at.is_(None)).values(used_at=now)
        )
        return ended.rowcount

    async def void_invitations(self, made_by: str, now: datetime) -> None:
        """Make what somebody has handed out and nobody has opened useless."""
        table = tables.StaffLink
        await self._connection.execute(
            update(table).where(table.made_by == made_by, table.used_at.is_(None)).values(used_at=now)
        )

    # -- audit -----------------------------------------------------------------------------------

    async def record(self, rows: Sequence[AuditRow]) -> None:
        """Write lines of the audit log."""
        if rows:
            names = AuditRow.__dataclass_fields__
            await self._connection.execute(
                insert(table_of(tables.AuditEntry)),
                [self._written(AuditRow, {n: getattr(row, n) for n in names}) for row in rows],
            )

    async def recorded(
        self,
        *,
        courts: frozenset[str] | None = None,
        limit: int = 100,
        before: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        case: str = "",
        **wanted: str | None,
    ) -> list[AuditRow]:
        """Lines of these courts (None: all), the newest first; `wanted`: actor, court, deed, object, object_id.

        `case` is part of the number of the case that they are about.
        """
        table = tables.AuditEntry
        query = self.columns(AuditRow).order_by(table.id.desc()).limit(limit)
        if courts is not None:
            query = query.where(table.court.in_(sorted(courts)))
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(table, name) == value)
        if case:
            query = query.where(of_case(case))
        if before is not None:
            query = query.where(table.id < before)
        if since is not None:
            query = query.where(table.at >= since)
        if until is not None:
            query = query.where(table.at < until)
        return await self.all(AuditRow, query)
