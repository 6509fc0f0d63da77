"""What the dispatcher and the handlers share about one update: its place in the inbox, and how it went."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Ticket:
    """One stored update on its way through PTB's handlers.

    PTB gives a handler's exception to the error handlers and goes on as if nothing had happened, so
    the exception travels here: an update must not be taken for handled when it was not.
    """

    inbox_id: int
    taken: bool = False  # a service has marked the update as done, with its effects
    error: BaseException | None = None


# A contextvar, because an Update takes no attributes of ours and PTB builds the context itself.
CURRENT: ContextVar[Ticket] = ContextVar("current_ticket")
