"""Typed settings: `config.yaml`, overridden by `ZHIYUAN_<SECTION>__<KEY>`; an unknown key is an error.

Every field has a description; a test compares them with `docs/configuration.md`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.core.errors import SettingsError

PREFIX = "ZHIYUAN_"
_ADDRESS = re.compile(r"https?://[^/\s]+(/\S*)?\Z")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Telegram(_Section):
    """How the bot reaches Telegram."""

    token: SecretStr = Field(SecretStr(""), description="bot token from BotFather; environment only")
    base_url: str = Field("", description="root of a Bot API server; empty = Telegram's own")
    mode: Literal["polling", "webhook"] = Field("polling", description="how updates come in")
    webhook_url: str = Field("", description="public https address that Telegram calls")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="secret in the header of every webhook call; mandatory there"
    )
    webhook_check_seconds: float = Field(
        300.0, gt=0, description="how often to look whether Telegram still calls the webhook"
    )
    admins: tuple[int, ...] = Field((), description="Telegram user ids that may use staff commands")
    staff_group: int = Field(0, description="chat number of the staff's group with topics; 0 = none")
    chat_per_second: float = Field(1.0, gt=0, description="messages a second to one person")
    chat_burst: int = Field(3, ge=1, description="messages to one person that may leave at once")
    group_per_minute: float = Field(18.0, gt=0, description="messages a minute to one group")
    replies_per_second: float = Field(300.0, gt=0, description="answers a second over all chats")
    bulk_per_second: float = Field(29.5, gt=0, description="broadcast messages a second; answers count towards it")
    bulk_in_flight: int = Field(
        1, ge=1, description="broadcast messages under way at once; a crash leaves so many uncertain at most"
    )
    in_flight: int = Field(64, ge=1, description="requests to Telegram under way at once")


class Database(_Section):
    """Where everything is kept."""

    url: str = Field("sqlite:///data/zhiyuan.db", description="SQLite file or postgresql://…")


class Http(_Section):
    """The server for webhook, health and metrics."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    desk: bool = Field(True, description="whether the staff's pages are opened below /desk")


class Faq(_Section):
    """The knowledge."""

    path: Path = Field(Path("faq"), description="folder with topics, laws, lexicon, courts")
    reload_seconds: float = Field(1.0, gt=0, description="how often changed files are looked for")


class ClockSettings(_Section):
    """Time, for rehearsals."""

    offset: int = Field(0, description="seconds by which the process's clock is ahead of real time")


class Consult(_Section):
    """When to answer, to ask back, and to hand over: the costs, in units of one question back."""

    cost_wrong: float = Field(4.0, gt=0, description="a wrong answer given as if it were right")
    cost_clarify: float = Field(1.0, gt=0, description="asking back")
    cost_missed: float = Field(3.0, gt=0, description="asking back without offering what was meant")
    cost_handoff: float = Field(3.0, gt=0, description="handing over what could have been answered")
    follow_up_minutes: int = Field(30, ge=1, description="how long a question may lean on the last topic")
    messages_per_minute: int = Field(20, ge=1, description="messages a person may send in a minute")


class Rerank(_Section):
    """The optional semantic re-ranker: chooses among vetted topics, never writes."""

    url: str = Field("", description="root of an OpenAI-compatible API, such as https://…/v1; empty = off")
    model: str = Field("", description="model name at that endpoint")
    key: SecretStr = Field(SecretStr(""), description="key for that endpoint; environment only")
    local: str = Field("", description="instead: a sentence-embedding model (name or folder) run in this process")
    below: float = Field(0.85, gt=0, le=1, description="asked only when the best topic is less likely than this")
    timeout_seconds: float = Field(1.5, gt=0, description="after this long the answer goes without it")


class Privacy(_Section):
    """What is kept, how long, and how it is sealed."""

    key: SecretStr = Field(SecretStr(""), description="64 hexadecimal digits; empty = use key_file")
    key_file: Path = Field(Path("data/secret.key"), description="made at the first start")
    retention_days: int = Field(730, ge=1, description="days after which conversations are deleted")
    redact_hours: int = Field(
        20,
        ge=0,
        le=23,
        description="hours after which pictures and ID or card numbers are deleted in the chat; 0 = never",
    )


class ReachSettings(_Section):
    """How parties of cases come to the chat, and who is asked about their proposals."""

    bot: str = Field("", description="the bot's user name or address; empty = ask Telegram at the start")
    link_days: int = Field(90, ge=1, le=3650, description="days for which a one-time link can be used")
    ask_creditor: tuple[str, ...] = Field(
        ("*",), description="courts (ids of courts.yaml) whose creditors are asked about a proposal; * = all"
    )


class SettlementSettings(_Section):
    """How people settle in chat: who sees an offer first, whose word the ledger waits for, how long things wait."""

    mediated: tuple[str, ...] = Field(
        (), description="courts (ids of courts.yaml) whose offers go through the mediator first; * = all"
    )
    confirmed: tuple[str, ...] = Field(
        ("*",), description="courts where the responsible person confirms before the ledger follows an agreement; * = all"
    )
    offer_days: int = Field(7, ge=1, le=90, description="days after which an offer that nobody answered expires")
    grace_days: int = Field(
        3, ge=0, le=60, description="days after its day before an unpaid part counts as breach of the agreement"
    )


class DocumentSettings(_Section):
    """What is printed and what is handed in."""

    font: Path | None = Field(None, description="a font file with Chinese characters for PDFs; empty = look for one")
    proofs: Path = Field(Path("data/proofs"), description="folder where proofs lie sealed")
    keep_days: int = Field(7, ge=1, le=365, description="days after which what was answered for a document is deleted")


class StaffSection(_Section):
    """How staff come in, and for how long."""

    console_url: str = Field("", description="address at which staff reach the console; empty = http.host and http.port")
    invite_hours: int = Field(72, ge=1, le=24 * 60, description="hours for which an invitation can be used")
    login_minutes: int = Field(10, ge=1, le=24 * 60, description="minutes for which a link into the console can be used")
    idle_minutes: int = Field(60, ge=1, description="minutes without a sign of life after which a session ends")
    session_hours: int = Field(12, ge=1, description="hours after which a session ends whatever happens")


class ReceptionSection(_Section):
    """The desk's promises about time, and the rules by which first visits are sorted."""

    hours: str = Field("09:00-12:00,13:30-17:00", description="opening hours where courts.yaml gives none")
    answer_minutes: int = Field(60, ge=1, description="working minutes until somebody who waits hears a person")
    resolve_hours: int = Field(14, ge=1, description="working hours until a conversation is resolved")
    warn_percent: int = Field(75, ge=1, le=99, description="share of such a time after which a screen warns")
    triage: tuple[str, ...] = Field(
        (
            "amount>500000:complex",
            "parties>3:complex",
            "act=yes:complex",
            "title=notary:simple",
            "wage=yes:simple",
            "amount<=50000:simple",
            "property=unknown:complex",
        ),
        description="rules of triage in order, the first that applies decides; amounts in 元",
    )
    petition_days: int = Field(15, ge=1, description="days until a petition is answered")
    complaint_days: int = Field(7, ge=1, description="days until a complaint is answered")
    node_days: int = Field(5, ge=1, description="days that a node of a case's flow may take")
    warn_days: int = Field(2, ge=0, description="days before such a limit at which the board shows it")
    follow_up_days: int = Field(7, ge=0, description="days after a settlement or performance until the follow-up")


class SandboxSettings(_Section):
    """The local Bot API server with the chat page; starts when there is no token and no base URL."""

    host: str = Field("127.0.0.1", description="address of the chat page")
    port: int = Field(8081, ge=0, le=65535, description="port of the chat page")
    keep: Path = Field(Path("data/sandbox.json"), description="where the demo's chats are kept")


class Log(_Section):
    """What the process writes about itself."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level")
    format: Literal["text", "json"] = Field("text", description="one line a record, either way")


class Settings(_Section):
    """All settings, checked as a whole."""

    telegram: Telegram = Telegram()
    database: Database = Database()
    http: Http = Http()
    faq: Faq = Faq()
    clock: ClockSettings = ClockSettings()
    consult: Consult = Consult()
    rerank: Rerank = Rerank()
    privacy: Privacy = Privacy()
    reach: ReachSettings = ReachSettings()
    settlement: SettlementSettings = SettlementSettings()
    documents: DocumentSettings = DocumentSettings()
    staff: StaffSection = StaffSection()
    reception: ReceptionSection = ReceptionSection()
    sandbox: SandboxSettings = SandboxSettings()
    log: Log = Log()

    @property
    def rehearsal(self) -> bool:
        """Whether the sandbox stands in for Telegram."""
        return not self.telegram.token.get_secret_value() and not self.telegram.base_url

    @property
    def clock_offset(self) -> timedelta:
        """How far the process's clock is ahead of the machine's."""
        return timedelta(seconds=self.clock.offset)

    @model_validator(mode="after")
    def _together(self) -> Settings:
        problem = _conflict(self)
        if problem:
            raise ValueError(problem)
        return self


def _conflict(settings: Settings) -> str | None:
    telegram = settings.telegram
    if telegram.base_url and not telegram.token.get_secret_value():
        return "telegram.token: missing, though telegram.base_url is set; set ZHIYUAN_TELEGRAM__TOKEN"
    for name, address in (("base_url", telegram.base_url), ("webhook_url", telegram.webhook_url)):
        if address and not _ADDRESS.match(address):
            return f"telegram.{name}: {address!r} is no address; it begins with http:// or https:// and a host"
    if telegram.mode == "webhook" and not settings.rehearsal:
        if not telegram.webhook_url:
            return "telegram.webhook_url: missing in webhook mode"
        if not telegram.webhook_secret.get_secret_value():
            return "telegram.webhook_secret: missing in webhook mode; without it anybody could forge updates"
    if settings.clock.offset and telegram.token.get_secret_value() and not telegram.base_url:
        return "clock.offset: a moved clock is for rehearsals and is refused with Telegram's own server"
    return None


def load(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings file and the environment; SettingsError names every wrong key."""
    env = os.environ if env is None else env
    data = _from_file(path) if path else {}
    for section, key, value in _from_env(env):
        data.setdefault(section, {})[key] = value
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError("\n".join(_message(e) for e in error.errors())) from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such settings file") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is no text in UTF-8") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(v, dict) for v in data.values()):
        raise SettingsError(f"{path}: sections with keys are expected, like `http:` and below it `port:`")
    return data


_LISTS = (
    ("telegram", "admins"),
    ("reach", "ask_creditor"),
    ("reception", "triage"),
    ("settlement", "mediated"),
    ("settlement", "confirmed"),
)


def _from_env(env: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    found = []
    for name, value in env.items():
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if not key:
            raise SettingsError(f"{name}: a setting is written {PREFIX}<SECTION>__<KEY>")
        is_list = (section, key) in _LISTS
        found.append((section, key, [v for v in value.split(",") if v.strip()] if is_list else value))
    return found


def _message(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "settings"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown setting"
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {error['msg']}"
