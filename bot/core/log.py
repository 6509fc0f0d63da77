"""Logging: one line per event, data in fields, and no token or identifier ever written."""

from __future__ import annotations

import logging
import sys
from typing import cast

import structlog
from structlog.typing import EventDict, WrappedLogger
from typing_extensions import override

from bot.core.privacy import redact

_QUIET = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "asyncio": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "fontTools": logging.WARNING,  # tells every character of a PDF
    "fpdf": logging.ERROR,
    "watchfiles": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "uvicorn.error": logging.WARNING,  # tells every page that is opened
    "aiohttp.access": logging.WARNING,
}


class _Redacting(logging.Formatter):
    """The last stop of every line, whoever wrote it: libraries and tracebacks included.

    On the handler, not on a logger: a filter on a logger misses what its children write.
    """

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = secrets

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record), *self._secrets)


def configure(level: str = "INFO", *, as_json: bool = False, secrets: tuple[str, ...] = ()) -> None:
    """Set up logging for the process: to standard error, redacted, libraries kept quiet."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    structlog.configure(
        processors=[*shared, _exceptions, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _exceptions],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(formatter, secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)


def _exceptions(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return structlog.processors.format_exc_info(logger, method, event)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; call it with an event name and fields, never with message texts or names."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
