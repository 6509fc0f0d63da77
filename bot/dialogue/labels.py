"""Words that are the label of a button which can still be seen: typing them presses it, whatever button it is.

Some people type what they read instead of pressing it. What is kept of a label is its digest: a label may hold
somebody's words, and a dialogue's state holds none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import blake2b

from bot.reach.intents import bare

MOST = 30  # buttons that are remembered, the newest first
LONGEST = 64  # characters of a label; a longer message is not even looked at
SEEN = timedelta(hours=24)  # after this, words are words again, as on a path
Shown = list[list[str]]  # [digest of the label, data]; no data: several buttons had that label


def remembered(shown: Shown, buttons: Iterable[tuple[str, str]]) -> Shown:
    """What was shown, with the buttons (label, data) of one turn before it.

    The newer of two with one label counts. Of two in the same turn none does: 我已付款 under each of two cases.
    """
    new: dict[str, str] = {}
    for label, data in buttons:
        if bare(label) and not _own_words(data):
            sign = _digest(label)
            new[sign] = data if new.get(sign, data) == data else ""
    return [*([sign, data] for sign, data in new.items()), *(old for old in shown if old[0] not in new)][:MOST]


def pressed_by(text: str, shown: Sequence[Sequence[str]]) -> str:
    """The data of the button whose label somebody typed; empty when it is none's."""
    if not shown or len(text) > LONGEST or not bare(text):
        return ""
    typed = _digest(text)
    return next((data for sign, data in shown if sign == typed), "")


def _own_words(data: str) -> bool:
    """Whether typed words never stand for this button.

    An answer of a path counts while its question stands, and the path knows its own buttons. An offer is
    accepted by nothing but a press: 同意 may have been typed to an older version.
    """
    name, _, rest = data.partition(":")
    code = rest.rpartition(":")[2]
    if name == "pp":
        return code == "yes"
    return name == "fl" and code != "go" and not code.startswith("fix-")


def _digest(label: str) -> str:
    return blake2b(bare(label).encode(), digest_size=4).hexdigest()
