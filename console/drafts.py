"""What is being typed into a form is kept by the browser until it is done: neither a restart nor another page loses it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from console.frame import Page

_TYPED = (ui.input, ui.textarea, ui.number)  # the browser itself sees every letter, the server's absence included


class Draft:
    """The fields of one form under one name; `desk.js` keeps what is typed, this what is chosen."""

    def __init__(self, page: Page, name: str, fields: Mapping[str, Any]) -> None:
        self._page, self._fields = page, fields
        self._name = f"{page.who.key}:{name}/"
        for field, element in fields.items():
            key = self._name + field
            if not isinstance(element, _TYPED):
                element.on_value_change(lambda event, key=key: self._keep(key, event.value))
            if not isinstance(element, ui.radio | ui.checkbox | ui.select):
                element.props["data-draft"] = key

    def _keep(self, key: str, value: object) -> None:
        with self._page.client:
            _ = ui.run_javascript(f"keepDraft({json.dumps(key)}, {json.dumps(value)})")

    async def restore(self) -> None:
        """Put back what was typed before; on a page being opened only once its browser is connected."""
        kept: dict[str, Any] = {}
        with self._page.client, suppress(TimeoutError):  # the page may be left at once
            kept = await ui.run_javascript(f"draftsOf({json.dumps(self._name)})", timeout=10)
        for field, value in kept.items():
            element = self._fields.get(field)
            if element is not None and element.value != value and _fits(element, value):
                element.value = float(value) if isinstance(element, ui.number) else value

    def drop(self) -> None:
        """The form is done, or given up."""
        with self._page.client:
            _ = ui.run_javascript(f"dropDrafts((kept, key) => key.startsWith({json.dumps(self._name)}))")


def _fits(element: Any, value: Any) -> bool:
    """Whether a field can have that value: a choice may have gone meanwhile."""
    if isinstance(element, ui.number):
        return re.fullmatch(r"\d{1,9}(\.\d*)?", str(value)) is not None
    if not isinstance(element, ui.radio | ui.select):
        return isinstance(value, str | bool)
    return all(v in element.options for v in (value if isinstance(value, list) else [value]))
