"""Which path does what at its end, and what is known at its beginning: the families of ends, joined.

A path needs neither: without an end it only says its last sentence, without a beginning it sets out
with what its `opened` finds in the words or the button.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.core.texts import Texts
from bot.dialogue import ends, ends_calc, ends_documents, ends_guide, ends_settlement
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.document import document_paths
from bot.dialogue.flows.model import Begun, Opening
from bot.dialogue.scene import Scene
from bot.guide.documents.compose import Composer
from bot.guide.documents.model import KIND, Form
from bot.ledger.courts import Courts
from bot.store.reach_rows import FlowState

End = Callable[[Scene, FlowState], Awaitable[None]]
Start = Callable[[Scene, Opening], Awaitable[Begun | None]]  # None: it has said why it cannot begin

ENDS: dict[str, End] = {**ends.ENDS, **ends_calc.ENDS, **ends_documents.ENDS, **ends_guide.ENDS, **ends_settlement.ENDS}
STARTS: dict[str, Start] = {**ends_documents.STARTS, **ends_guide.STARTS}


def documents_of(forms: Mapping[str, Form], courts: Courts, texts: Texts) -> None:
    """Offer the documents of these definitions: those of the settings' folder, which may be a court's own."""
    paths = document_paths(forms, Composer(texts), courts, texts("documents.finished_words").split())
    for kind in [k for k in PATHS if k.startswith(KIND) and k not in paths]:
        del PATHS[kind]
    PATHS.update(paths)
    ENDS.update(dict.fromkeys(paths, ends_documents.finish))
    STARTS.update({kind: partial(ends_documents.begin, kind) for kind in paths})
