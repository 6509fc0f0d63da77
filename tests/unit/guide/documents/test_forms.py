"""The shipped definitions: sound, complete by law, made into papers that say what was answered and look as they should."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import yaml
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Pt
from lxml import etree
from pypdf import PdfReader

from bot.core.errors import KnowledgeError
from bot.guide.documents import checks, loader
from bot.guide.documents.compose import Line
from bot.guide.documents.model import Form, Kind, Style
from bot.guide.documents.service import Papers
from bot.guide.documents.word import MARGINS
from tests.unit.guide.documents.samples import TEXTS, TODAY, answers, papers
from tests.world import ROOT

FORMS = papers().forms
FOLDER = ROOT / "faq" / loader.FOLDER
SETS: dict[str, dict[str, bool]] = {"full": {"full": True}, "last": {"full": True, "last": True}, "least": {"full": False}}
# What forms.md demands of each document (★), by the fields that ask for it.
DEMANDED = {
    "application": "me_name me_number me_home me_phone other_name title made_by basis effect what principal act due property",
    "settlement": "cred_name debt_name basis agreed plan breach fee guar_what",
    "clues": "case me_name other_name clues origin proofs urgent why wish",
    "resume": "case reason order detail property left paid",
    "objection": "me_name serve me_phone case deed thing wish facts proofs right deal",
    "delay": "case why plan until guar_what consent proofs",
    "authority": "me_name agent_name other_name case power until",
    "performance": "case total paid left scope proofs way",
    "certificate": "case done_on how proof use",
    "followup": "case visited way result by day",
}
HOSTILE = {
    "braces": "{{ 7 * 7 }} {% for x in y %} {# x #} {{ ''.__class__ }} {_{ x }_}",
    "xml": "</w:t></w:r><w:p>插入</w:p> &amp; <script>alert(1)</script> ]]>",
    "emoji": "很急😀👨‍👩‍👧！",
    "marks": "正常\u202e文字\u2066反转\u200b完",
    "control": "一\x00二\x07三\x0c四\x1b[31m五",
    "rare": "𠮷野家、㐂、𬭎",
    "breaks": "第一行\r\n第二行\n\n\n第三行",
    "closing": "。，；）" * 40,
    "latin": "A" * 300,
}


def cases() -> list[tuple[str, str]]:
    """Every form with every set of answers."""
    return [(name, kind) for name in FORMS for kind in SETS]


def answered(name: str, kind: str) -> tuple[Form, dict[str, Any]]:
    """A form and answers to it."""
    form = FORMS[name]
    return form, answers(form, **SETS[kind])


def written(form: Form, values: dict[str, Any]) -> list[str]:
    """The paragraphs that the document should hold."""
    lines = papers().composer.lines(form, values)
    return [part for line in lines for part in line.text.split("\n")]


def word_paragraphs(content: bytes) -> list[str]:
    """The paragraphs that a Word file holds."""
    return [p.text for p in Document(io.BytesIO(content)).paragraphs]


def squeezed(text: str) -> str:
    """Without spaces, ends of lines, and the zero bytes that pypdf sees in two-byte codes of a font with its own map."""
    return "".join(text.replace("\x00", "").split())


def page_texts(content: bytes) -> list[str]:
    """The words of each page of a PDF, as a browser finds them (pypdf does not read a font's own two-byte codes)."""
    document = pypdfium2.PdfDocument(content)
    try:
        found = []
        for page in document:
            words = page.get_textpage()
            found.append(words.get_text_range().replace("\r", ""))
            words.close()
            page.close()
        return found
    finally:
        document.close()


def pdf_text(content: bytes) -> str:
    """All words of a PDF in order, without the pages' numbers, each of which must be there."""
    return "".join(_without_number(text, number) for number, text in enumerate(page_texts(content), 1))


@pytest.mark.parametrize(("name", "kind"), cases())
def test_the_word_file_says_what_was_answered(name: str, kind: str) -> None:
    """Paragraph by paragraph the same as the definition with its answers; nothing of the template is left."""
    form, values = answered(name, kind)
    content = papers().docx(form, values)
    assert word_paragraphs(content) == written(form, values)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert not [n for n in archive.namelist() if "vba" in n.lower() or n.endswith(".bin")]
        for part in archive.namelist():
            if part.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(part))
        assert b"{{" not in archive.read("word/document.xml")


@pytest.mark.parametrize(("name", "kind"), cases())
def test_the_pdf_says_what_was_answered_and_keeps_the_page(name: str, kind: str) -> None:
    """All words in order, a number on every page, a line to sign and one for the day, nothing beyond the margins."""
    form, values = answered(name, kind)
    content = papers().pdf(form, values)
    told = pdf_text(content)
    assert told == squeezed("".join(written(form, values)))
    assert "签名" in told
    assert "年＿＿月＿＿日" in told
    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            _looks_right(page.render(scale=1.0).to_pil().convert("L"))
            page.close()
    finally:
        document.close()


def _without_number(text: str, number: int) -> str:
    mark = f"—{number}—"
    plain = squeezed(text)
    assert plain.endswith(mark) or plain.startswith(mark), plain[-20:]
    return plain.removesuffix(mark).removeprefix(mark)


def _looks_right(image: Any) -> None:
    """Ink only between the margins and in the line of the page's number, and not next to none of it."""
    dark = image.point(lambda p: 255 if p < 160 else 0)
    left, top, right, bottom = dark.getbbox()
    point = 72 / 2.54  # points in a centimetre; the picture has one pixel a point
    assert left >= MARGINS["left"] * point - 2
    assert right <= image.width - MARGINS["right"] * point + 3
    assert top >= MARGINS["top"] * point - 2
    assert bottom <= image.height - 1.5 * point
    body = dark.crop((0, 0, image.width, int(image.height - MARGINS["bottom"] * point + 2)))
    assert body.getbbox() is not None
    gap = dark.crop((0, int(image.height - MARGINS["bottom"] * point + 4), image.width, int(image.height - 2.8 * point)))
    assert gap.getbbox() is None  # between the text and the page's number


def test_a_title_is_centred_and_large() -> None:
    """Two lines of the PDF as they are set: the title in the middle in 22 points, the body in 16."""
    form, values = answered("application", "least")
    page = PdfReader(io.BytesIO(papers().pdf(form, values))).pages[0]
    found: list[tuple[str, float, float]] = []
    page.extract_text(visitor_text=lambda text, _cm, tm, _font, size: found.append((squeezed(text), tm[4], size)))
    title = next(f for f in found if f[0] == form.title)
    assert title[2] == pytest.approx(22)
    assert title[1] + 22 * len(form.title) / 2 == pytest.approx((21 + 0.2) / 2 * 72 / 2.54, abs=12)
    assert {round(size) for text, _, size in found if text and text != form.title} <= {16, 14, 10, 11}


@pytest.mark.parametrize("what", sorted(HOSTILE))
@pytest.mark.parametrize("name", ["application", "objection"])
def test_hostile_answers_are_text_and_nothing_else(name: str, what: str) -> None:
    """Templates, markup, control and invisible characters neither break a file nor do anything in it."""
    form, values = answered(name, "full")
    said = checks.clean(HOSTILE[what])
    for field in form.fields:
        if field.id in values and field.kind is Kind.TEXT:
            values[field.id] = said
        if field.id in values and field.kind is Kind.LIST:
            values[field.id] = [line for line in said.split("\n") if line]
    found = word_paragraphs(papers().docx(form, values))
    assert found == written(form, values)
    assert not any("49" in line and "7 * 7" not in line for line in found if "{{" in line)
    content = papers().pdf(form, values)
    assert len(PdfReader(io.BytesIO(content)).pages) < 30


def test_a_very_long_document_is_a_document() -> None:
    """As much as the fields take, in every field: many pages, all numbered, all words there."""
    form, values = answered("objection", "full")
    for field in form.fields:
        if field.id in values and field.kind is Kind.TEXT:
            values[field.id] = ("事实清楚，证据充分；" * 300)[: field.most or 2000]
        if field.id in values and field.kind is Kind.LIST:
            values[field.id] = ["证据" * 100] * 30
    content = papers().pdf(form, values)
    assert len(PdfReader(io.BytesIO(content)).pages) > 5
    assert pdf_text(content) == squeezed("".join(written(form, values)))


def test_no_row_begins_with_a_comma() -> None:
    """Marks that close stay with what they close."""
    form, values = answered("settlement", "last")
    for page in page_texts(papers().pdf(form, values)):
        rows = [row.strip() for row in page.split("\n") if row.strip()]
        assert [row for row in rows if row[0] in "，。；、：）》"] == []


def test_a_list_ends_with_a_full_stop_and_stays_with_what_announces_it() -> None:
    """；, at the last one 。; 已付明细： is never the last row of a page."""
    lines = papers().composer.lines(*answered("performance", "full"))
    paid = [line.text[-1] for line in lines if line.text.startswith("（")]
    assert paid[:2] == ["；", "。"]
    assert [line.bound for line in lines if line.text.endswith("：") and line.style is Style.BODY] == [True] * 2


def test_the_small_print_never_stands_on_a_page_by_itself() -> None:
    """Whatever the length of a document: the last page of the PDF holds a line of the document."""
    form, values = answered("clues", "full")
    for count in range(6, 16):
        values["clues"] = [f"车{n}" for n in range(count)]
        last = page_texts(papers().pdf(form, values))[-1]
        assert not squeezed(last).startswith("（本稿")


def test_an_answer_within_a_sentence_is_one_line() -> None:
    """Who writes an address in two lines does not break the paragraph; a story keeps its own."""
    form, values = answered("application", "full")
    values |= {"me_home": "贵州省\n安顺市西秀区", "story": "第一段。\n第二段"}
    written_out = written(form, values)
    assert any("住贵州省，安顺市西秀区，联系电话" in line for line in written_out)
    assert {"第一段。", "第二段。"} <= set(written_out)


def test_what_a_number_does_not_tell_is_left_to_be_written_by_hand() -> None:
    """执行规定第18条 wants sex and day of birth; an ID number tells both, without one there are blanks."""
    form, values = answered("application", "full")
    assert any("，男，" in line or "，女，" in line for line in written(form, values))
    blank = "欧阳晓芳，性别＿＿，＿＿＿＿年＿＿月＿＿日出生，公民身份号码＿＿"
    assert any(blank in line for line in written(form, {**values, "me_kind": "person", "me_number": ""}))


def test_a_confirmed_settlement_and_an_award_on_labour_can_be_applied_for() -> None:
    """司法确认裁定 and 劳动仲裁裁决 by their own names; no agreement to arbitrate is asked of a worker."""
    form, values = answered("application", "full")
    for title, named in (("ruling", "民事裁定书"), ("labour", "劳动仲裁裁决书")):
        said = "".join(written(form, {**values, "title": title}))
        assert named in said
        assert "第二百四十七条" in said
        assert "仲裁协议" not in said
    labour = checks.Answer(TODAY, {"title": "labour"}, str)
    assert checks.read(form.field("basis"), "安西劳人仲案字〔2026〕第12号", labour) == "安西劳人仲案字〔2026〕第12号"


def test_nobody_stands_in_a_files_properties() -> None:
    """Neither maker nor template's author; the PDF names the document only."""
    form, values = answered("clues", "full")
    core = Document(io.BytesIO(papers().docx(form, values))).core_properties
    assert [core.author, core.last_modified_by, core.comments, core.title, core.keywords] == [""] * 5
    about = PdfReader(io.BytesIO(papers().pdf(form, values))).metadata
    assert about is not None
    assert about.title == form.title
    assert not about.author


def test_the_word_file_is_laid_out_for_a_court() -> None:
    """A4, margins, 仿宋 三号, 26 points from line to line, title in 二号, page number below."""
    document = Document(io.BytesIO(papers().docx(*answered("application", "full"))))
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert round(section.left_margin.cm, 1) == 2.8
    normal = document.styles["Normal"]
    assert normal.font.size.pt == 16
    assert normal.element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    assert normal.paragraph_format.line_spacing == Pt(26)
    assert document.paragraphs[0].runs[0].font.size.pt == 22
    assert "PAGE" in section.footer.paragraphs[0]._element.xml


def test_word_processors_open_it(tmp_path: Path) -> None:
    """LibreOffice, where it is installed, makes a PDF of each file that says the same; python-docx opens all."""
    office = shutil.which("soffice")
    wanted = {}
    for name in FORMS:
        form, values = answered(name, "full")
        (tmp_path / f"{name}.docx").write_bytes(papers().docx(form, values))
        wanted[name] = squeezed("".join(written(form, values)))
        assert Document(str(tmp_path / f"{name}.docx")).paragraphs
    if office:
        home = f"-env:UserInstallation=file://{tmp_path}/profile"
        paths = sorted(map(str, tmp_path.glob("*.docx")))
        command = [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *paths]
        subprocess.run(command, check=True, capture_output=True, timeout=150)
        for name, text in wanted.items():
            assert pdf_text((tmp_path / f"{name}.pdf").read_bytes()) == text, name


# -- definitions ---------------------------------------------------------------------------------


def test_the_shipped_definitions_are_sound() -> None:
    """Every field is used, every provision is quoted in laws.yaml."""
    laws = yaml.safe_load((ROOT / "faq" / "laws.yaml").read_text(encoding="utf-8"))["laws"]
    quoted = {law: set(map(str, entry.get("articles") or ())) for law, entry in laws.items()}
    draft = loader.read(FOLDER)
    assert [str(p) for p in [*draft.problems, *loader.check(draft, quoted)]] == []
    assert set(FORMS) == set(DEMANDED)


@pytest.mark.parametrize("name", sorted(DEMANDED))
def test_what_the_law_demands_is_asked_for(name: str) -> None:
    """Each demanded item has its field, and what must be known cannot be skipped."""
    fields = {f.id: f for f in FORMS[name].fields}
    assert set(DEMANDED[name].split()) <= set(fields)
    assert not FORMS[name].missing(answers(FORMS[name], full=False))
    used = " ".join(b.text + " ".join(c.field for c in b.when) + b.each for b in FORMS[name].blocks)
    used += " ".join(c.field for f in fields.values() for c in f.when)
    assert [i for i, f in fields.items() if i not in used and not any(f.id == g.of for g in fields.values())] == []


def test_every_draft_says_that_it_must_be_read_and_signed() -> None:
    """The last line of each document tells what it is."""
    for form in FORMS.values():
        last = papers().composer.lines(form, answers(form, full=False))[-1]
        assert last == Line(Style.NOTE, last.text)
        assert "逐项核对" in last.text
        assert "签名" in last.text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: sum", "kind: money", "form.choice"),
        ("id: principal", "id: Principal", "form.id"),
        ("{{ principal }}", "{{ principle }}", "form.no_field"),
        ("when: [delay=yes]", "when: [delay=maybe]", "form.no_option"),
        ("known: original", "known: money", "form.fact"),
        ("sources: [执行规定 18]", "sources: [执行规定第18条]", "form.source"),
        ("sources: [民诉法 264", "sources: [民诉法 999", "form.no_article"),
        ("  - party: me\n", "  - party: us\n", "form.no_party"),
        ("side: creditor", "side: nobody", "form.choice"),
        ("paper:", "papers:", "file.unknown"),
        ("{% if effect %}", "{% if effect", "form.template"),
    ],
)
def test_a_mistake_in_a_definition_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """A clerk who changed the wording hears which file, which line and what."""
    text = (FOLDER / "application.yaml").read_text(encoding="utf-8")
    assert old in text
    shutil.copy(FOLDER / "parts.yaml", tmp_path)
    (tmp_path / "application.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    draft = loader.read(tmp_path)
    quoted = {"执行规定": {"16", "18"}, "民诉法": {"250", "264"}, "迟延利息解释": {"1", "2"}}
    problems = [*draft.problems, *loader.check(draft, quoted)]
    assert any(p.code == says for p in problems), [str(p) for p in problems]
    assert all(p.file == "forms/application.yaml" and p.line > 0 for p in problems)
    if says != "form.no_article":
        with pytest.raises(KnowledgeError):
            loader.forms(tmp_path)


def test_a_courts_own_template_is_used(tmp_path: Path) -> None:
    """faq/forms/NAME.docx, laid out in Word by a clerk, is filled in instead of the one from the definition."""
    shutil.copytree(FOLDER, tmp_path / "forms")
    template = Document(io.BytesIO(papers().template(FORMS["clues"])))
    template.paragraphs[0].runs[0].text = "本院自用：财产线索"
    template.save(str(tmp_path / "forms" / "clues.docx"))
    own = Papers.read(tmp_path, TEXTS)
    form = own.forms["clues"]
    found = word_paragraphs(own.docx(form, answers(form, full=True)))
    assert found[0] == "本院自用：财产线索"
    assert found[1:] == written(form, answers(form, full=True))[1:]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("帮我写个执行申请书", "application"), ("强制执行申请书模板", "application"), ("怎么写财产线索", "clues"),
        ("授权委托书", "authority"), ("执行和解协议范本", "settlement"), ("执行异议书怎么写", "objection"),
        ("分期履行申请书咋写", "delay"), ("想写恢复执行申请书", "resume"), ("写个履行情况说明", "performance"),
        ("强制执行申请书要交几份", ""), ("提供财产线索有什么用", ""), ("和解协议签了还能反悔吗", ""), ("写诗", ""),
        ("写回访记录", ""), ("执行异议要多久", ""),
    ],
)  # fmt: skip
def test_what_is_meant_by_a_documents_name(said: str, name: str) -> None:
    """A verb of writing before it, or a template after it; a question about it stays a question; staff's are not offered."""
    assert papers().asked_for(said) == name
