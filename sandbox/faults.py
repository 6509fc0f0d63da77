"""Faults on order: what a network and a tired server do to a bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.settings import Json

Kind = Literal["fail", "drop_before", "drop_after", "delay", "flood"]
KINDS: tuple[Kind, ...] = ("fail", "drop_before", "drop_after", "delay", "flood")
_TEXTS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


@dataclass(slots=True)
class Fault:
    """One order: happens to the next `times` matching requests (None: until cleared).

    fail: answer `code`, nothing is done. drop_before: the connection dies, nothing is done.
    drop_after: all is done, the answer is lost. delay: wait `seconds`, then as usual.
    flood: 429 with `retry_after`; with `park` the server means it, and whoever sends earlier is
    refused and recorded as a violation (only in `chat_id`, if that is given).
    """

    kind: Kind
    times: int | None = 1
    method: str = ""
    chat_id: int = 0
    when: Callable[[str, Json], bool] | None = None
    code: int = 502
    seconds: float = 0.0
    retry_after: int = 5
    park: bool = False
    hits: int = 0

    def matches(self, method: str, params: Json) -> bool:
        """Whether this request is meant."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method and self.method.lower() != method.lower():
            return False
        if self.chat_id and str(params.get("chat_id")) != str(self.chat_id):
            return False
        return self.when is None or self.when(method, params)

    @property
    def description(self) -> str:
        """The text that goes with the code."""
        return _TEXTS.get(self.code, "Internal Server Error")


class Faults:
    """All orders; the first that matches is carried out."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Order a fault."""
        self.orders.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults."""
        self.orders.clear()

    def take(self, method: str, params: Json) -> Fault | None:
        """The fault for this request, if any; getUpdates is hit only when it is named."""
        if not self.orders:
            return None
        for fault in self.orders:
            spared = method.lower() == "getupdates" and not fault.method and fault.when is None
            if not spared and fault.matches(method, params):
                fault.hits += 1
                return fault
        return None
