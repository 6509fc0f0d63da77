"""The certificate of voluntary performance (自动履行证明): when it is due, its number, docx and PDF.

No national provision governs it; local courts issue it so that whoever performed of their own accord
can show it to a bank or in a tender. It is issued only when a person confirms.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from docx import Document
from docx.document import Document as WordFile
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from bot.core.clock import local_day, shown
from bot.core.texts import Texts
from bot.ledger import cells
from bot.ledger.model import Actor, ObligationKind
from bot.ledger.service import View
from bot.reach.model import CERTIFICATE_PREFIX, new_code
from bot.reach.pdf import Page, qr_png
from bot.store.reach_rows import CertificateRow
from bot.store.work import Work


def due(view: View) -> bool:
    """Whether everything was performed, and each part by the day on which it was asked for."""
    return view.standing.in_time is True and view.row.ended_on is None


async def issue(work: Work, view: View, actor: Actor, now: datetime) -> CertificateRow:
    """Give it a number and a verification code; the one that was issued before stays the one.

    One that was void because a payment was taken back is good again.
    """
    known = await work.reach.certificate_of(view.id)
    if known is not None:
        await work.reach.revoke_certificate(view.id, None)
        return replace(known, revoked_at=None)
    prefix = f"{view.case.court.upper()}-{shown(now, '%Y')}-"
    number = f"{prefix}{await work.reach.count_certificates(prefix) + 1:04d}"
    row = CertificateRow(number, view.id, new_code(), now, actor.text)
    await work.reach.add([row])
    return row


@dataclass(frozen=True, slots=True)
class Paper:
    """What a certificate says."""

    row: CertificateRow
    view: View
    court: str
    link: str  # for verification; empty when the bot's address is not known

    def lines(self, texts: Texts) -> list[str]:
        """The body, paragraph by paragraph."""
        view, standing = self.view, self.view.standing
        money = view.row.kind == ObligationKind.MONEY
        what = (
            texts("document.certificate.money", amount=cells.yuan(view.row.amount)) if money else view.row.act or ""
        )
        last = max(i.expected_on for i in view.instalments)
        names = texts("document.and").join(p.name for p in view.debtors)
        title = texts(f"document.title.{view.case.title}")
        return [
            texts("document.certificate.debtor", name=names),
            texts("document.certificate.case", number=view.case.number, title=title, cause=view.case.cause or "-"),
            texts("document.certificate.duty", what=what, until=_day(texts, last)),
            texts("document.certificate.done", day=_day(texts, standing.performed_on or last)),
            texts("document.certificate.therefore"),
        ]

    def verify(self, texts: Texts) -> str:
        """How to see whether it is genuine."""
        return texts("document.certificate.verify", number=self.row.number, code=self.row.code)

    def end(self, texts: Texts) -> tuple[str, str]:
        """Court and day."""
        return self.court, _day(texts, local_day(self.row.issued_at))


def start_of(row: CertificateRow) -> str:
    """What follows `?start=` in the link that verifies a certificate."""
    return f"{CERTIFICATE_PREFIX}{row.number}_{row.code}"


def as_docx(paper: Paper, texts: Texts) -> bytes:
    """As a Word file, ready to be sealed."""
    document = Document()
    section = document.sections[0]
    section.left_margin = section.right_margin = Cm(2.8)
    style, font = document.styles["Normal"], texts("document.word_font")
    style.font.name, style.font.size = font, Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), font)
    _paragraph(document, paper.court, 18, WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(document, texts("document.certificate.title"), 24, WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(document, texts("document.certificate.number", number=paper.row.number), 11, WD_ALIGN_PARAGRAPH.RIGHT)
    for line in paper.lines(texts):
        _paragraph(document, line, 14).paragraph_format.first_line_indent = Pt(28)
    for line in (texts("document.certificate.seal"), *paper.end(texts)):
        _paragraph(document, line, 14, WD_ALIGN_PARAGRAPH.RIGHT)
    _paragraph(document, paper.verify(texts), 10)
    if paper.link:
        document.add_picture(io.BytesIO(qr_png(paper.link)), width=Cm(3))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _paragraph(document: WordFile, text: str, size: float, align: WD_ALIGN_PARAGRAPH | None = None) -> Paragraph:
    paragraph = document.add_paragraph()
    if align is not None:
        paragraph.alignment = align
    paragraph.paragraph_format.line_spacing = 1.5
    paragraph.add_run(text).font.size = Pt(size)
    return paragraph


def as_pdf(paper: Paper, texts: Texts, font: Path) -> bytes:
    """As PDF."""
    page = Page(font)
    page.line(paper.court, 16, align="C").line(texts("document.certificate.title"), 22, align="C")
    page.line(texts("document.certificate.number", number=paper.row.number), 10, align="R").gap(6)
    page.lines([texts("document.indent") + line for line in paper.lines(texts)], 13).gap(14)
    for line in (texts("document.certificate.seal"), *paper.end(texts)):
        page.line(line, 13, align="R")
    page.gap(8).rule().line(paper.verify(texts), 10)
    if paper.link:
        page.gap(2).code(paper.link, 32)
    return page.content()


def _day(texts: Texts, day: date) -> str:
    return texts("document.day", year=day.year, month=day.month, day=day.day)
