"""Staff's use cases: invitations, accounts, ways into the console, sessions; each owns its transaction."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.ledger.courts import Courts
from bot.staff.audit import Audit
from bot.staff.model import (
    LINK_PREFIX,
    OPERATOR,
    AccountStatus,
    Deed,
    Forbidden,
    LinkKind,
    Right,
    Role,
    StaffError,
    Who,
)
from bot.store.staff_rows import AccountRow, SessionRow, StaffLinkRow
from bot.store.work import Store, Work

_SEEN_EVERY = timedelta(seconds=60)  # how exactly the last sign of life of a session is kept
_TOKEN_BYTES = 16  # 128 bits
_LARGEST = 2**31  # no account has a larger number


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """How long links and sessions are good for."""

    invite: timedelta = timedelta(hours=72)
    login: timedelta = timedelta(minutes=10)
    idle: timedelta = timedelta(minutes=60)
    session: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the staff, as others see them."""

    id: int
    name: str
    role: Role
    court: str
    status: AccountStatus
    bootstrap: bool
    made_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is at the console; `csrf` must come with every form."""

    id: int
    who: Who
    csrf: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that has just begun: the token belongs into the cookie and nowhere else."""

    token: str
    session: Session


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as a list shows it."""

    id: int
    account: int
    name: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str
    address: str


class Staff:
    """Who works here, and whether somebody who comes is one of them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        courts: Courts,
        audit: Audit,
        settings: StaffSettings,
        admins: frozenset[int] = frozenset(),
        channel: str = "telegram",
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._courts = courts
        self.audit = audit
        self._settings = settings
        self._admins = admins
        self._channel = channel
        self._bootstrap = {self._person(a) for a in admins}
        self.console = ""  # where the console is found; known once its port is open

    def _person(self, number: int) -> str:
        return self._store.vault.pseudonym(self._channel, "person", number)

    # -- who somebody is -------------------------------------------------------------------------

    def who(self, row: AccountRow) -> Who:
        """What an account may do."""
        everywhere = row.bootstrap or self._courts.sees_all(row.court)
        courts = None if everywhere else frozenset({row.court})
        return Who(row.id, row.name, frozenset({Role(row.role)}), row.court, courts, row.person or "")

    def _good(self, row: AccountRow) -> bool:
        """Whether an account may be used: not disabled, and a bootstrap one still named in the settings."""
        return row.status == AccountStatus.ACTIVE and (not row.bootstrap or row.person in self._bootstrap)

    async def of_person(self, work: Work, channel: str, person: int, name: str) -> Who | None:
        """Who somebody in a private chat is; an administrator of the settings gets an account at first sight."""
        if channel != self._channel:
            return None
        key = self._person(person)
        row = await work.staff.account_of(key)
        if row is None and person in self._admins:
            row = await self._add(work, self._courts.first(), Role.ADMIN, name, OPERATOR, (key, person), bootstrap=True)
        return self.who(row) if row and self._good(row) else None

    async def chats(self, work: Work, right: Right, court: str | None) -> list[int]:
        """The private chats of those who have a right in a court: whom a notice about it concerns."""
        rows = await work.staff.accounts()
        off = {r.person for r in rows if not self._good(r)}
        found = {a for a in self._admins if self._person(a) not in off}
        found |= {int(r.chat) for r in rows if r.chat and self._good(r) and self.who(r).may(right, court)}
        return sorted(found)

    # -- invitations -----------------------------------------------------------------------------

    async def invite(self, who: Who, court: str, role: Role, name: str) -> str:
        """A one-time invitation: what follows `?start=` in the link to the bot. StaffError `no_court`, `no_name`."""
        who.require(Right.MANAGE_STAFF, court)
        if self._courts.get(court) is None:
            raise StaffError("no_court", court=court[:20])
        if not name.strip():
            raise StaffError("no_name")
        async with self._store.work() as work:
            token = await self._link(work, LinkKind.INVITE, who, self._settings.invite, court=court, role=role, name=name)
            await self.audit.note(work, who, Deed.CHANGED, "invitation", name.strip(), court, role.value)
            await work.commit()
        return LINK_PREFIX + token

    async def accept(self, work: Work, start: str, person: int) -> Who:
        """An invitation is opened in Telegram: the account is made, in the transaction of the turn.

        StaffError `link_gone` when it was used, is too old or never was; `already` for somebody who
        has an account, and then it is not used up.
        """
        now, key = self._clock.now(), self._person(person)
        link = await work.staff.link(LinkKind.INVITE.value, start.removeprefix(LINK_PREFIX))
        known = await work.staff.account_of(key)
        if known is not None and self._good(known):
            raise StaffError("already")
        if link is None or not await work.staff.use_link(link.id, now):
            raise StaffError("link_gone")
        court, role, name = link.court or "", Role(link.role or ""), link.name or ""
        if known is None:
            maker = replace(OPERATOR, name=link.made_by)
            row = await self._add(work, court, role, name, maker, (key, person), bootstrap=False)
        else:  # somebody who left comes back, perhaps as something else
            values = {"court": court, "role": role.value, "name": name, "chat": str(person), "bootstrap": False}
            await work.staff.change(AccountRow, known.id, status=AccountStatus.ACTIVE.value, disabled_at=None, **values)
            row = replace(known, court=court, role=role.value, name=name, bootstrap=False)
        who = self.who(row)
        await self.audit.note(work, who, Deed.CHANGED, "account", row.id, court, f"{role.value} {link.made_by}")
        return who

    async def _add(
        self, work: Work, court: str, role: Role, name: str, by: Who, at: tuple[str, int] | None, *, bootstrap: bool
    ) -> AccountRow:
        """Write an account; `at` is the person (pseudonym) and their private chat."""
        row = AccountRow(
            id=0,
            court=court,
            role=role.value,
            name=name.strip()[:60],
            person=at[0] if at else None,
            chat=str(at[1]) if at else None,
            status=AccountStatus.ACTIVE.value,
            bootstrap=bootstrap,
            made_at=self._clock.now(),
            made_by=by.key[:80],
        )
        return replace(row, id=await work.staff.add_numbered(row))

    async def _link(
        self,
        work: Work,
        kind: LinkKind,
        who: Who,
        lives: timedelta,
        *,
        court: str | None = None,
        role: Role | None = None,
        name: str | None = None,
        account: int | None = None,
    ) -> str:
        """Write a one-time link of which only the hash is kept; the token."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        row = StaffLinkRow(
            id=0,
            token_hash=work.staff.token_key(kind.value, token),
            kind=kind.value,
            court=court,
            role=role.value if role else None,
            name=name.strip()[:60] if name else None,
            account_id=account,
            made_at=now,
            made_by=who.key,
            expires_at=now + lives,
        )
        await work.staff.add_numbered(row)
        return token

    # -- accounts --------------------------------------------------------------------------------

    async def accounts(self, who: Who, court: str | None = None) -> list[Account]:
        """The accounts of the courts that this person manages."""
        who.require(Right.MANAGE_STAFF, court)
        async with self._store.work(read_only=True) as work:
            rows = await work.staff.accounts()
        return [_account(r) for r in rows if who.sees(r.court) and court in (None, r.court)]

    async def colleagues(self, who: Who, court: str | None = None) -> list[Account]:
        """Whom a conversation may be handed to: active, with the right to answer, of that court or of all."""
        who.require(Right.SEE_CHATS)
        async with self._store.work(read_only=True) as work:
            rows = await work.staff.accounts(status=AccountStatus.ACTIVE.value)
        return [_account(r) for r in rows if self._good(r) and self.who(r).may(Right.ANSWER_CHATS, court)]

    async def names(self, work: Work) -> dict[int, str]:
        """The names of all who have or had an account, by number."""
        return {r.id: r.name for r in await work.staff.accounts()}

    async def account(self, work: Work, number: int) -> Who:
        """What somebody may do, by the number of the account. StaffError `no_account`, also when it is disabled."""
        row = await work.staff.account(number) if 0 < number < _LARGEST else None
        if row is None or not self._good(row):
            raise StaffError("no_account")
        return self.who(row)

    async def disable(self, who: Who, account: int) -> None:
        """Somebody does not work here any more: sessions end, unused links are void, chats they hold are free.

        The invitations that they have made and nobody has opened yet are void as well: none of them is a way back.
        """
        who.require(Right.MANAGE_STAFF)
        if account == who.account:
            raise StaffError("oneself")
        async with self._store.work() as work:
            row = await self._managed(work, who, account)
            now = self._clock.now()
            await work.staff.change(AccountRow, row.id, status=AccountStatus.DISABLED.value, disabled_at=now)
            await work.staff.revoke_all(row.id, now)
            await work.staff.void_invitations(self.who(row).key, now)
            await work.desk.release_all(row.id, now)
            await self.audit.note(work, who, Deed.CHANGED, "account", row.id, row.court, "disabled")
            await work.commit()

    async def enable(self, who: Who, account: int) -> None:
        """They are back."""
        who.require(Right.MANAGE_STAFF)
        async with self._store.work() as work:
            row = await self._managed(work, who, account)
            await work.staff.change(AccountRow, row.id, status=AccountStatus.ACTIVE.value, disabled_at=None)
            await self.audit.note(work, who, Deed.CHANGED, "account", row.id, row.court, "enabled")
            await work.commit()

    async def _managed(self, work: Work, who: Who, account: int) -> AccountRow:
        row = await work.staff.account(account) if 0 < account < _LARGEST else None
        if row is None:
            raise StaffError("no_account")
        who.require(Right.MANAGE_STAFF, row.court)
        return row

    # -- the way in ------------------------------------------------------------------------------

    async def login_link(self, who: Who, account: int) -> str:
        """The address that opens the console once; for oneself, or made by the operator at the machine."""
        if who is not OPERATOR and account != who.account:
            raise Forbidden("right", right=Right.MANAGE_STAFF.value)
        async with self._store.work() as work:
            found = await self.login_within(work, who, account)
            await work.commit()
        return found

    async def login_within(self, work: Work, who: Who, account: int) -> str:
        """The same in the transaction of a turn."""
        if not self.console:
            raise StaffError("no_console")
        at = await self.account(work, account)
        token = await self._link(work, LinkKind.LOGIN, who, self._settings.login, account=account)
        await self.audit.note(work, who, Deed.CHANGED, "login_link", account, at.court)
        return f"{self.console}/login?t={token}"

    async def local_admin(self, name: str) -> int:
        """The account of whoever sits at the machine itself; made when there is none yet."""
        async with self._store.work() as work:
            for row in await work.staff.accounts(status=AccountStatus.ACTIVE.value):
                if row.person is None and row.role == Role.ADMIN:
                    return row.id
            row = await self._add(work, self._courts.first(), Role.ADMIN, name, OPERATOR, None, bootstrap=False)
            await self.audit.note(work, OPERATOR, Deed.CHANGED, "account", row.id, row.court, "local")
            await work.commit()
        return row.id

    async def enter(self, token: str, agent: str = "", address: str = "") -> Entered:
        """A one-time link is used: a session begins. StaffError `link_gone`, `no_account`."""
        async with self._store.work() as work:
            now = self._clock.now()
            link = await work.staff.link(LinkKind.LOGIN.value, token)
            if link is None or link.account_id is None or not await work.staff.use_link(link.id, now):
                raise StaffError("link_gone")
            who = await self.account(work, link.account_id)
            key = secrets.token_urlsafe(_TOKEN_BYTES * 2)
            row = SessionRow(
                id=self._ids.new(now),
                token_hash=work.staff.token_key("session", key),
                account_id=who.account,
                made_at=now,
                seen_at=now,
                expires_at=now + self._settings.session,
                agent=agent[:200] or None,
                address=address[:60] or None,
            )
            await work.staff.add(row)
            await work.staff.change(AccountRow, who.account, seen_at=now)
            await self.audit.note(work, who, Deed.ENTERED, "session", row.id, who.court)
            await work.commit()
        return Entered(key, self._session(row, who, key))

    def _session(self, row: SessionRow, who: Who, token: str) -> Session:
        return Session(row.id, who, self._csrf(token), row.made_at, row.expires_at)

    def _csrf(self, token: str) -> str:
        """Follows from the session's token, so nothing more is kept; useless for making the token up."""
        return self._store.vault.pseudonym("staff-csrf", token)

    def csrf_fits(self, token: str, given: str) -> bool:
        """Whether a form was made in the session that sends it."""
        return hmac.compare_digest(self._csrf(token).encode(), given.encode())

    async def session(self, token: str, *, alive: bool = True) -> Session | None:
        """The session of a cookie; None when it has ended, for whatever reason.

        Not `alive`: a page asks by itself, which is no sign that anybody is there.
        """
        now = self._clock.now()
        async with self._store.work(read_only=True) as work:
            row = await work.staff.session(token)
            account = await work.staff.account(row.account_id) if row else None
        if row is None or account is None or not self._lasts(row, now) or not self._good(account):
            return None
        if alive and now - row.seen_at >= _SEEN_EVERY:
            async with self._store.work() as work:
                await work.staff.change(SessionRow, row.id, seen_at=now)
                await work.staff.change(AccountRow, account.id, seen_at=now)
                await work.commit()
        return self._session(row, self.who(account), token)

    def _lasts(self, row: SessionRow, now: datetime) -> bool:
        return row.revoked_at is None and now < row.expires_at and now - row.seen_at < self._settings.idle

    async def leave(self, token: str) -> None:
        """Log out."""
        async with self._store.work() as work:
            row = await work.staff.session(token)
            if row is not None and row.revoked_at is None:
                await work.staff.change(SessionRow, row.id, revoked_at=self._clock.now())
                account = await work.staff.account(row.account_id)
                if account:
                    await self.audit.note(work, self.who(account), Deed.LEFT, "session", row.id, account.court)
            await work.commit()

    # -- sessions --------------------------------------------------------------------------------

    async def sessions(self, who: Who, account: int | None = None) -> list[SessionInfo]:
        """Open sessions: one's own, or those of the accounts that one manages."""
        if account != who.account:
            who.require(Right.MANAGE_STAFF)
        now = self._clock.now()
        async with self._store.work(read_only=True) as work:
            rows = await work.staff.sessions(now, account)
            accounts = {a.id: a for a in await work.staff.accounts()}
        return [
            SessionInfo(
                id=r.id,
                account=r.account_id,
                name=accounts[r.account_id].name,
                made_at=r.made_at,
                seen_at=r.seen_at,
                expires_at=r.expires_at,
                agent=r.agent or "",
                address=r.address or "",
            )
            for r in rows
            if self._lasts(r, now) and (r.account_id == who.account or who.sees(accounts[r.account_id].court))
        ]

    async def revoke(self, who: Who, session_id: int) -> None:
        """End one session. StaffError `no_session`."""
        async with self._store.work() as work:
            row = await work.staff.session_numbered(session_id)
            account = await work.staff.account(row.account_id) if row else None
            if account is None or (row and account.id != who.account):
                who.require(Right.MANAGE_STAFF, account.court if account else None)
            if row is None or account is None or row.revoked_at is not None:
                raise StaffError("no_session")
            await work.staff.change(SessionRow, row.id, revoked_at=self._clock.now())
            await self.audit.note(work, who, Deed.CHANGED, "session", row.id, account.court, "revoked")
            await work.commit()

    async def revoke_all(self, who: Who, account: int) -> int:
        """End every session of an account, and void its unused links; how many sessions."""
        async with self._store.work() as work:
            row = await work.staff.account(account) if 0 < account < _LARGEST else None
            if row is None or row.id != who.account:
                who.require(Right.MANAGE_STAFF, row.court if row else None)
            if row is None:
                raise StaffError("no_account")
            ended = await work.staff.revoke_all(row.id, self._clock.now())
            await self.audit.note(work, who, Deed.CHANGED, "session", f"account {row.id}", row.court, "revoked")
            await work.commit()
        return ended


def _account(row: AccountRow) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        court=row.court,
        status=AccountStatus(row.status),
        bootstrap=row.bootstrap,
        made_at=row.made_at,
        seen_at=row.seen_at,
    )
