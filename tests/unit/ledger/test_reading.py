"""What people write: case numbers, identities, sums, days, plans."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger import casenumber, cells, identity
from bot.ledger.model import MOST, Broken, PartyKind, Planned, TitleKind


@pytest.mark.parametrize(
    "text",
    [
        "（2024）黔0402执123号",
        "(2024)黔0402执123号",
        "〔2024〕黔0402执123号",
        "【2024】黔0402执123号",
        "[2024] 黔 0402 执 123 号",
        "（2024)黔0402执00123号",
        "（２０２４）黔０４０２执１２３号",
        "\ufeff(2024)黔0402执123号\u200b",
        "{2024}黔0402执123号",
        "2024黔0402执123号",
        "2024年黔0402执123号",
        "（2024黔0402执123号",
    ],
)
def test_a_case_number_has_one_form(text: str) -> None:
    """Any bracket or none, width, space and leading zero comes out as （2024）黔0402执123号."""
    assert casenumber.normalise(text, 2026) == "（2024）黔0402执123号"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("(2024)黔0402执恢7号", "（2024）黔0402执恢7号"),
        ("(2024)黔04执复1号之一", "（2024）黔04执复1号之一"),
        ("(2024)最高法执监8号", "（2024）最高法执监8号"),
        ("(2014)安市民初字第00123号", "（2014）安市民初字第123号"),
        ("(2014)安市民初字第123-1号", "（2014）安市民初字第123-1号"),
    ],
)
def test_other_forms_of_court_numbers(text: str, form: str) -> None:
    """Restored, split, older and the Supreme Court's numbers are taken too."""
    assert casenumber.normalise(text, 2026) == form


def test_arbitration_and_notaries_have_forms_of_their_own() -> None:
    """They are taken with such a title only."""
    text = "安劳人仲案字[2026]第012号"
    assert casenumber.normalise(text, 2026, TitleKind.ARBITRATION) == "安劳人仲案字〔2026〕第12号"
    assert casenumber.normalise("(2026)黔安公证字第5号", 2026, TitleKind.NOTARY) == "（2026）黔安公证字第5号"
    with pytest.raises(Broken, match="case_number"):
        casenumber.normalise(text, 2026)


@pytest.mark.parametrize(
    "text", ["", "123", "20240402执123号", "(2024)黔0402执123", "(24)黔0402执1号", "=1+1", "(2024)0402执1号"]
)
def test_what_is_no_case_number_is_refused(text: str) -> None:
    """Missing court, 号 or kind."""
    with pytest.raises(Broken, match="case_number"):
        casenumber.normalise(text, 2026)


@pytest.mark.parametrize("text", ["(2027)黔0402执1号", "(1949)黔0402执1号", "(2020)安市民初字第1号"])
def test_a_year_that_cannot_be_is_refused(text: str) -> None:
    """A year to come, one before there were such cases, or the old form in new times."""
    with pytest.raises(Broken, match="case_year"):
        casenumber.normalise(text, 2026)


@given(st.text(max_size=40))
def test_normalising_never_breaks_and_is_stable(text: str) -> None:
    """Any text is refused or has a form that stays the same."""
    try:
        form = casenumber.normalise(text, 2026, TitleKind.ARBITRATION)
    except Broken:
        return
    assert casenumber.normalise(form, 2026, TitleKind.ARBITRATION) == form


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("11010519491231002x", PartyKind.PERSON, "11010519491231002X"),
        ("110105 19491231 002X", PartyKind.PERSON, "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", PartyKind.PERSON, "11010519491231002X"),
        ("110105491231002", PartyKind.PERSON, "110105491231002"),
        ("H12345678", PartyKind.PERSON, "H12345678"),
        ("91350100M000100Y43", PartyKind.ORGANISATION, "91350100M000100Y43"),
        ("12345678-9", PartyKind.ORGANISATION, "123456789"),
    ],
)
def test_numbers_have_one_form(text: str, kind: PartyKind, number: str) -> None:
    """IDs, old IDs, passports, credit codes and organisation codes, in any width."""
    assert identity.number(text, kind) == number


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("110105194912310021", PartyKind.PERSON, "id_check"),
        ("110105194913310029", PartyKind.PERSON, "id_number"),
        ("1101051949123100", PartyKind.PERSON, "id_number"),
        ("李四", PartyKind.PERSON, "id_number"),
        ("91350100M000100Y44", PartyKind.ORGANISATION, "credit_check"),
        ("91350100", PartyKind.ORGANISATION, "credit_code"),
    ],
)
def test_a_slip_in_a_number_is_found(text: str, kind: PartyKind, code: str) -> None:
    """The check digit finds a mistyped character, the date of birth a wrong one."""
    with pytest.raises(Broken, match=code):
        identity.number(text, kind)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" 李 四 ", "李四"),
        ("买买提•吐尔逊", "买买提·吐尔逊"),
        ("买买提.吐尔逊", "买买提·吐尔逊"),
        ("ＡＢＣ Ltd", "ABC Ltd"),
    ],
)
def test_names_have_one_form(text: str, name: str) -> None:
    """Spaces, widths and the dot of minority names are unified."""
    assert identity.name(text) == name


@pytest.mark.parametrize("text", ["", "  ", "123", "=+-", "李" * 121])
def test_what_is_no_name_is_refused(text: str) -> None:
    """Empty, without a letter, or endless."""
    with pytest.raises(Broken, match="name"):
        identity.name(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [("+86 138-1234-5678", "13812345678"), ("0851-33221100", "085133221100"), ("13812345678", "13812345678")],
)
def test_telephones_have_one_form(text: str, phone: str) -> None:
    """Digits only."""
    assert identity.phone(text) == phone


def test_what_is_no_telephone_is_refused() -> None:
    """Too short, or words."""
    for text in ("12345", "电话不详", "138123456789"):
        with pytest.raises(Broken, match="phone"):
            identity.phone(text)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("60,475.00", 6_047_500),
        ("60475", 6_047_500),
        ("6万", 6_000_000),
        ("1.5万元", 1_500_000),
        ("￥１２３．４５元", 12_345),
        ("人民币3千元整", 300_000),
        (60475, 6_047_500),
        (0.1 + 0.2, 30),
        (Decimal("0.01"), 1),
        (1234567.89, 123_456_789),
    ],
)
def test_sums_in_every_usual_form(cell: cells.Cell, fen: int) -> None:
    """Numbers and texts come out in 分."""
    assert cells.amount(cell) == fen


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.234", "amount_fen"),
        ("-5", "amount_positive"),
        ("六万", "amount"),
        ("100亿亿", "amount"),
        ("", "amount"),
        (10**12, "amount_large"),
        ("5000亿", "amount_large"),
        (0.001, "amount_fen"),
    ],
)
def test_what_is_no_sum_is_refused(cell: cells.Cell, code: str) -> None:
    """Fractions of a 分, negative sums, words, and what nobody owes."""
    with pytest.raises(Broken, match=f"^{code}"):
        cells.amount(cell)


@given(st.integers(0, MOST))
def test_a_sum_survives_being_written_and_read(fen: int) -> None:
    """What is shown as 元 is read as the same 分."""
    assert cells.amount(cells.yuan(fen)) == fen


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-31",
        "2026/12/31",
        "2026.12.31",
        "2026年12月31日",
        "20261231",
        "２０２６－１２－３１",
        "2026-12-31 00:00:00",
        "2026年12月31号",
        "2026 年 12 月 31 日",
        "2026—12—31 14:30",
        46387,
        "46387",
        46387.5,
        date(2026, 12, 31),
        datetime(2026, 12, 31, 9, 0),  # noqa: DTZ001 - a spreadsheet's cell has no zone
    ],
)
def test_days_in_every_usual_form(cell: cells.Cell) -> None:
    """Cells and texts come out as the same day."""
    assert cells.day(cell) == date(2026, 12, 31)


@pytest.mark.parametrize("cell", ["2026-02-30", "明天", "2026", 2026, 463870, "31.12.2026", "", "1026-12-31"])
def test_what_is_no_day_is_refused(cell: cells.Cell) -> None:
    """Days that do not exist, words, and bare numbers."""
    with pytest.raises(Broken, match="day"):
        cells.day(cell)


def test_a_plan_is_read_as_it_is_written() -> None:
    """One part for each instalment, in several ways of writing."""
    planned = (Planned(2_000_000, date(2026, 12, 31)), Planned(2_050_050, date(2027, 1, 31)))
    assert cells.plan("2026-12-31 20000；2027-01-31 20500.50") == planned
    assert cells.plan("2026年12月31日：2万元；\n2027年1月31日：20,500.50元；") == planned
    assert cells.plan(cells.written_plan(planned)) == planned
    assert cells.plan("2026年12月31日付2万元，2027年1月31日付20,500.50元") == planned
    assert cells.plan("第1期：2026-12-31 20000、第2期：2027-01-31 20500.50") == planned
    assert cells.plan("1、2026-12-31 20000\n2、2027-01-31 20500.50") == planned


@pytest.mark.parametrize("text", ["每月 2000", "2026-12-31", "2026-12-31 20000；下月再付", "2026-12-31前付500", "500 2026-12-31", "2026-12-31 50、2027-01-31"])
def test_a_plan_that_cannot_be_read_is_refused(text: str) -> None:
    """Without a day, without a sum, or with words."""
    with pytest.raises(Broken):
        cells.plan(text)


def test_an_identifier_that_a_spreadsheet_has_rounded_is_refused() -> None:
    """Fifteen digits are what a number in a cell keeps; the rest would be a lie."""
    for cell in (110105194912310021, 1.1010519491231e17, "1.10105E+17"):
        with pytest.raises(Broken, match="number_rounded"):
            cells.exact(cell)
    assert cells.exact(13812345678) == "13812345678"


def test_one_row_names_one_debtor_and_remarks_are_no_part_of_a_name() -> None:
    """Several names in the cell of one, and 张三（已故）, who could never prove to be called so."""
    for cell in ("张三、李四", "张三，李四", "张三；李四"):
        with pytest.raises(Broken, match="name_one"):
            cells.single(cell)
    assert cells.several("张三，李四；王五") == ["张三", "李四", "王五"]
    assert cells.single("ABC Co., Ltd") == "ABC Co., Ltd"
    with pytest.raises(Broken, match="name_remark"):
        identity.remarks(identity.name("张三（已故）"), PartyKind.PERSON)
    identity.remarks(identity.name("安顺（贵州）建筑公司"), PartyKind.ORGANISATION)
