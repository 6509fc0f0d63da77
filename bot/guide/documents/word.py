"""Word files: a template made from the definition (or a court's own), filled in with docxtpl, escaped."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as WordFile
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from lxml import etree

from bot.core.texts import Texts
from bot.guide.documents.compose import Composer, Counters, Shown, environment
from bot.guide.documents.model import Block, Form, Style, Values

# A4 as official papers are laid out (GB/T 9704): distances in centimetres, sizes in points.
MARGINS = {"top": 3.7, "bottom": 3.5, "left": 2.8, "right": 2.6}
SIZES = {Style.TITLE: 22, Style.NOTE: 10.5}  # 二号 and 五号; everything else 三号
BODY_SIZE = 16
SPACING = 26  # points from line to line, fixed: 1.5 lines are another distance with every face
SUBSTITUTES = "FangSong;SimSun;STFangsong;Noto Serif CJK SC;Source Han Serif SC;Songti SC"
INDENTED = (Style.BODY, Style.HEADING, Style.ATTACHED)


def build(form: Form, texts: Texts, fonts: tuple[str, str] | None = None) -> bytes:
    """The template of a form as a Word file: its text with `{{ fields }}`, ready for docxtpl."""
    body, title = fonts or (texts("documents.word_font"), texts("documents.word_title_font"))
    document = Document()
    _page(document)
    _styles(document, body)
    _substitutes(document, body, title)
    _footer(document, body)
    for block, after in zip(form.blocks, (*form.blocks[1:], None), strict=True):
        kept = replace(block, bound=True) if after and after.style is Style.NOTE else block
        _block(document, kept, title if block.style is Style.TITLE else body)
    _properties(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def fill(template: bytes, form: Form, values: Values, composer: Composer) -> bytes:
    """A form's Word file. What people wrote is text and nothing else: neither markup nor template."""
    context: dict[str, Any] = {name: _paragraphs(shown) for name, shown in composer.context(form, values).items()}
    counts = Counters()
    for counter in {b.counter for b in form.blocks if b.counter}:
        context[counter] = _counter(counts, counter)
    document = DocxTemplate(io.BytesIO(template))
    document.render(context, environment(escapes=True), autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@lru_cache(maxsize=64)
def template_of(form: Form, texts: Texts, own: Path | None) -> bytes:
    """The court's own template where there is one, else the one made from the definition."""
    return own.read_bytes() if own else build(form, texts)


def _counter(counts: Counters, name: str) -> Callable[[], int]:
    return lambda: counts.next(name)


def _paragraphs(shown: Any) -> Any:
    """Lines of an answer become paragraphs of the same form (docxtpl's sign for that is a bell)."""
    if isinstance(shown, list):
        return [_paragraphs(each) for each in shown]
    if not isinstance(shown, Shown):
        return shown
    facts = {n: f.replace("\n", "\a") if type(f) is str else f for n, f in vars(shown).items()}
    return Shown(str(shown).replace("\n", "\a"), **facts)


# -- the template --------------------------------------------------------------------------------


def _page(document: WordFile) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(MARGINS["top"]), Cm(MARGINS["bottom"])
    section.left_margin, section.right_margin = Cm(MARGINS["left"]), Cm(MARGINS["right"])
    section.footer_distance = Cm(2.5)


def _styles(document: WordFile, font: str) -> None:
    style = document.styles["Normal"]
    if not isinstance(style, ParagraphStyle):
        raise TypeError("the template of python-docx has no style Normal")
    style.font.size = Pt(BODY_SIZE)
    style.font.color.rgb = RGBColor(0, 0, 0)
    _fonts(style.element.get_or_add_rPr(), font)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")  # so that a number is not torn apart
    language.set(qn("w:eastAsia"), "zh-CN")  # else some programs take the Japanese form of a character
    style.element.get_or_add_rPr().append(language)
    spacing = style.paragraph_format
    spacing.line_spacing, spacing.space_before, spacing.space_after = Pt(SPACING), Pt(0), Pt(0)
    spacing.widow_control = True


def _substitutes(document: WordFile, *fonts: str) -> None:
    """What stands in where a machine does not have the font; without it some take a face without serifs."""
    for part in document.part.package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            table = etree.fromstring(part.blob)
            for name in dict.fromkeys(fonts):
                font = etree.SubElement(table, qn("w:font"), {qn("w:name"): name})
                etree.SubElement(font, qn("w:altName"), {qn("w:val"): SUBSTITUTES})
            part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def _fonts(properties: Any, font: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), font)
    for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(attribute), None)


def _footer(document: WordFile, font: str) -> None:
    """The page's number in the middle."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for tab in list(paragraph.paragraph_format.tab_stops):
        if tab.alignment is not WD_TAB_ALIGNMENT.CLEAR:
            tab.alignment = WD_TAB_ALIGNMENT.CLEAR
    for kind, text in (("", "— "), ("begin", ""), ("code", "PAGE"), ("end", ""), ("", " —")):
        run = paragraph.add_run(text if not kind else "")
        run.font.size = Pt(14)
        _fonts(run._element.get_or_add_rPr(), font)
        if kind in ("begin", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._element.append(mark)
        elif kind == "code":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._element.append(code)


def _block(document: WordFile, block: Block, font: str) -> None:
    """A paragraph between its conditions."""
    tests = " and ".join(c.jinja() for c in block.when)
    if tests:
        document.add_paragraph(f"{{%p if {tests} %}}")
    if block.each:
        document.add_paragraph(f"{{%p for item in {block.each} %}}")
    number = f"{{{{ {block.counter}() }}}}. " if block.counter else ""
    _form(document.add_paragraph(), block, number + block.text, font)
    if block.each:
        document.add_paragraph("{%p endfor %}")
    if tests:
        document.add_paragraph("{%p endif %}")


def _form(paragraph: Paragraph, block: Block, text: str, font: str) -> None:
    size = SIZES.get(block.style, BODY_SIZE)
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.bold = block.style in (Style.TITLE, Style.HEADING)
    _fonts(run._element.get_or_add_rPr(), font)
    layout = paragraph.paragraph_format
    layout.keep_with_next = block.bound or None
    if block.style is Style.TITLE:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        layout.space_after, layout.keep_with_next = Pt(BODY_SIZE), True
    elif block.style is Style.SIGN:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        layout.space_before = Pt(BODY_SIZE if block.bound else 0)
    elif block.style is Style.NOTE:
        layout.space_before, layout.line_spacing = Pt(BODY_SIZE / 2), Pt(15)
    elif block.style in INDENTED:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        layout.first_line_indent = Pt(2 * size)
        layout.space_before = Pt(BODY_SIZE if block.style is Style.ATTACHED else 0)


def _properties(document: WordFile) -> None:
    """Nobody's name stands in the file: not the maker's, and not the template's author."""
    core = document.core_properties
    core.author = core.last_modified_by = core.comments = core.title = core.subject = core.keywords = ""
