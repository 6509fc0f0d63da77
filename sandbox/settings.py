"""What a sandbox can be told: token, clock, limits, roster, where to keep its state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]


class Clock(Protocol):
    """Whatever tells the time; tests inject a clock that stands still."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - where the time comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Telegram's limits; None switches a rate limit off."""

    private_per_second: float | None = 1.0
    private_burst: int = 5
    group_per_minute: int | None = 20
    overall_per_second: float | None = 30.0
    overall_burst: int = 30
    text_chars: int = 4096
    caption_chars: int = 1024
    entities: int = 100
    callback_bytes: int = 64
    callback_answer_chars: int = 200
    copy_text_chars: int = 256
    buttons: int = 100
    album_items: int = 10
    commands: int = 100
    download_bytes: int = 20 * 1024 * 1024
    upload_bytes: int = 50 * 1024 * 1024
    photo_bytes: int = 10 * 1024 * 1024
    delete_hours: float = 48
    update_hours: float = 24
    callback_seconds: float = 60
    poll_seconds: float = 50
    # The real server holds back a poll that repeats its offset (three seconds); off by default
    # because it would slow the stop of every test.
    repeat_poll_seconds: float = 0
    webhook_timeout: float = 60
    webhook_retry_first: float = 0.2
    webhook_retry_factor: float = 2.0
    webhook_retry_max: float = 60

    @classmethod
    def telegram(cls, **changes: Any) -> Limits:
        """The limits that Telegram keeps (as far as it tells them)."""
        return replace(cls(), **changes)

    @classmethod
    def lifted(cls, **changes: Any) -> Limits:
        """Sizes stay as strict as ever, but nothing is throttled."""
        free = cls(private_per_second=None, group_per_minute=None, overall_per_second=None)
        return replace(free, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPerson:
    """A person who is there from the start; `role` is shown behind the name on the page."""

    key: str
    first_name: str
    last_name: str = ""
    username: str = ""
    role: str = ""
    language_code: str = "zh-hans"
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterGroup:
    """A group that is there from the start; members are keys of roster persons."""

    key: str
    title: str
    kind: str = "forum"
    members: tuple[str, ...] = ()
    bot_admin: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is there when the sandbox opens; empty for tests."""

    people: tuple[RosterPerson, ...] = ()
    groups: tuple[RosterGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a sandbox is built from."""

    token: str = "1000000001:SANDBOX-local-token-for-try-out-only"  # noqa: S105 - opens nothing
    username: str = "zhiyuan_sandbox_bot"
    bot_name: str = ""
    privacy_mode: bool = True
    limits: Limits = field(default_factory=Limits.telegram)
    roster: Roster = field(default_factory=Roster)
    clock: Clock = field(default_factory=SystemClock)
    persist: Path | None = None
    page: bool = True
    page_title: str = ""
    seed: int | None = None
    journal_size: int = 200_000

    @property
    def bot_id(self) -> int:
        """The bot's user id, which is the first part of its token."""
        return int(self.token.partition(":")[0])
