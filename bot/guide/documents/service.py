"""Documents' use cases: made of a form and answers, as Word file and PDF; what people mean by a document's name."""

from __future__ import annotations

import asyncio
import unicodedata
from pathlib import Path

from bot.core.texts import Texts
from bot.guide.documents import loader
from bot.guide.documents.compose import Composer
from bot.guide.documents.model import KIND, Form, Side, Values
from bot.reach.model import ReachError
from bot.store.work import Store

REFERENCE = "paper"  # of the files in replies: `paper:<id of the path>:docx`
DOCX, PDF = "docx", "pdf"


class Papers:
    """Makes documents; keeps none of them: they are written anew from the answers whenever they leave."""

    def __init__(self, folder: Path, texts: Texts, font: Path | None) -> None:
        self.forms: dict[str, Form] = loader.forms(folder)
        self._asking = loader.asking(folder)
        public = (form for form in self.forms.values() if form.side is not Side.STAFF)
        self._names = [(_bare(word), form.name) for form in public for word in form.words]
        self._folder = folder
        self._texts = texts
        self._font = font
        self.composer = Composer(texts)

    @classmethod
    def read(cls, folder: Path, texts: Texts, font: Path | None = None) -> Papers:
        """With the forms of `folder` (below `faq/`); KnowledgeError when they cannot be used."""
        return cls(folder / loader.FOLDER, texts, font)

    def docx(self, form: Form, values: Values) -> bytes:
        """As a Word file, by the court's own template `faq/forms/NAME.docx` where there is one."""
        from bot.guide.documents import word  # slow to import, and most processes never write a document

        own = self._folder / f"{form.name}.docx"
        template = word.template_of(form, self._texts, own if own.is_file() else None)
        return word.fill(template, form, values, self.composer)

    def pdf(self, form: Form, values: Values) -> bytes:
        """As PDF; ReachError `no_font` on a machine without a Chinese font."""
        from bot.guide.documents import page

        return page.as_pdf(self.composer.lines(form, values), page.find_faces(self._font), form.title)

    def template(self, form: Form) -> bytes:
        """The Word template made from the definition, for a court that wants to lay it out in its own way."""
        from bot.guide.documents import word

        return word.build(form, self._texts)

    @property
    def prints(self) -> bool:
        """Whether this machine can make PDFs."""
        from bot.guide.documents import page

        try:
            page.find_faces(self._font)
        except ReachError:
            return False
        return True

    def asked_for(self, text: str) -> str:
        """The form that words want written (写个执行申请书, 委托书模板); the longest name counts; empty for none."""
        said = _bare(text)
        before, after = self._asking
        named = [
            (len(name), form)
            for name, form in self._names
            if name in said
            and (said == name or any(b + name in said for b in before) or any(name + a in said for a in after))
        ]
        return max(named)[1] if named else ""


class PaperFiles:
    """Opens the files that replies name; the answers are read when the file leaves."""

    def __init__(self, store: Store, papers: Papers) -> None:
        self._store = store
        self._papers = papers

    async def open(self, ref: str) -> tuple[str, bytes]:
        """File name and bytes; LookupError when the answers are deleted already."""
        code, _, kind = ref.partition(":")
        async with self._store.work(read_only=True) as work:
            flow = await work.reach.flow(int(code)) if code.isdecimal() else None
        form = self._papers.forms.get(flow.kind.removeprefix(KIND)) if flow else None
        if flow is None or form is None or not flow.data:
            raise LookupError(ref)
        make = self._papers.pdf if kind == PDF else self._papers.docx
        return f"{form.title}.{kind}", await asyncio.to_thread(make, form, flow.data)


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())
