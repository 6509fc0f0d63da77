"""The rules of reach: life cycles of links and bound chats, codes, and why somebody is not reached; no I/O."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

TRIES = 5  # failed proofs of identity, over all links of a chat and party, before only a person helps
LINK_PREFIX = "L"
CERTIFICATE_PREFIX = "C"
PRIVACY_VERSION = "2026-11b"  # of the notice that people consent to (`party.identify.consent`)
# Without 0/O, 1/I/L and U: a code is read aloud and typed from paper.
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Relation(StrEnum):
    """What the person at a chat is to the party."""

    SELF = "self"
    LAWYER = "lawyer"
    FAMILY = "family"
    STAFF = "staff"  # of an organisation


class BindingStatus(StrEnum):
    """A chat bound to a party: linked → proven | locked | declined; proven → replaced | ended.

    `linked`: the link was opened, identity is not proven; nothing of a case is said there. `locked`
    after too many wrong proofs: a person unlocks by making a new link at the counter. `wrong`: somebody
    said 不是本人, from any state; taken back, it is `linked` again. A helper's chat goes asked → proven |
    declined, by the party's word, and `ended` when the party takes it back. `replaced`: the same person
    proved themselves with another account.
    """

    LINKED = "linked"
    ASKED = "asked"
    PROVEN = "proven"
    LOCKED = "locked"
    DECLINED = "declined"
    WRONG = "wrong"
    REPLACED = "replaced"
    ENDED = "ended"


class EventKind(StrEnum):
    """What happened on the way to a party."""

    LINK_MADE = "link_made"
    LINK_USED = "link_used"
    LINK_REFUSED = "link_refused"  # used already, expired, revoked: a second person, or too late
    CONSENT = "consent"
    DECLINED = "declined"
    PROOF_FAILED = "proof_failed"
    PROVEN = "proven"
    LOCKED = "locked"
    WRONG_PERSON = "wrong_person"
    NOT_WRONG = "not_wrong"  # taken back
    REPLACED = "replaced"
    STOPPED = "stopped"
    RESUMED = "resumed"
    HELPER_ASKED = "helper_asked"
    HELPER_AGREED = "helper_agreed"
    HELPER_REFUSED = "helper_refused"
    HELPER_ENDED = "helper_ended"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    OUTCOME = "outcome"  # of a telephone call, text message, visit; entered by hand


class Way(StrEnum):
    """How somebody who is not reached in chat was tried by hand."""

    SMS = "sms"
    PHONE = "phone"
    VISIT = "visit"
    LETTER = "letter"


class Outcome(StrEnum):
    """What came of it."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    MOVED = "moved"
    PROMISED = "promised"


class Unreached(StrEnum):
    """Why a debtor cannot be written to; the first that holds, from the best chat that there is."""

    NO_LINK = "no_link"  # no link was made yet
    NEVER_LINKED = "never_linked"  # a link is on its way and nobody opened it
    EXPIRED = "expired"  # nobody opened it in time
    NOT_PROVEN = "not_proven"  # opened; gets the neutral notice only
    LOCKED = "locked"
    DECLINED = "declined"
    WRONG_PERSON = "wrong_person"
    BLOCKED = "blocked"  # blocked the bot, deleted the account
    STOPPED = "stopped"  # opted out of reminders


class ReachError(ValueError):
    """A rule of reach is broken; `code` is a key below `reach.wrong` in the text catalogue."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


class Link(Protocol):
    """A link as stored."""

    @property
    def used_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime: ...


class Bound(Protocol):
    """A binding as stored."""

    @property
    def status(self) -> str: ...
    @property
    def stopped(self) -> bool: ...
    @property
    def conversation_id(self) -> int: ...


def new_token() -> str:
    """128 random bits as 22 characters that a deep link takes."""
    return secrets.token_urlsafe(16)


def new_code(length: int = 8) -> str:
    """A code that is read from paper (about 39 bits)."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(length))


def unreached(
    links: Iterable[Link], bound: Iterable[Bound], chats: Mapping[int, str | None], now: datetime
) -> Unreached | None:
    """Why a party is not reached; None when a proven chat takes messages.

    `chats` are the conversations that still exist, with why messages do not arrive there.
    """
    there = [b for b in bound if b.conversation_id in chats]
    proven = [b for b in there if b.status == BindingStatus.PROVEN]
    if any(not b.stopped and chats[b.conversation_id] is None for b in proven):
        return None
    if any(chats[b.conversation_id] is None for b in proven):
        return Unreached.STOPPED
    if proven:
        return Unreached.BLOCKED
    by_status = {b.status for b in there}
    for status, reason in _BY_STATUS:
        if status in by_status:
            linked = [b for b in there if b.status == status]
            gone = all(chats[b.conversation_id] is not None for b in linked)
            return Unreached.BLOCKED if gone and reason is Unreached.NOT_PROVEN else reason
    open_links = [link for link in links if link.revoked_at is None]
    if any(link.used_at is None and link.expires_at > now for link in open_links):
        return Unreached.NEVER_LINKED
    return Unreached.EXPIRED if open_links else Unreached.NO_LINK


_BY_STATUS = (
    (BindingStatus.LINKED, Unreached.NOT_PROVEN),
    (BindingStatus.WRONG, Unreached.WRONG_PERSON),
    (BindingStatus.LOCKED, Unreached.LOCKED),
    (BindingStatus.DECLINED, Unreached.DECLINED),
)
