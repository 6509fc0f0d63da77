"""`faq/reminders.yaml` is checked as strictly as the topics: each mistake is named with its line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from bot.consult.loader import Draft
from bot.consult.loader import read as read_knowledge
from bot.core.clock import SHANGHAI
from bot.reminders.wording import FILE, PROMISE, Guide, Subject, read

FAQ = Path(__file__).parents[3] / "faq"
NOW = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


@lru_cache(maxsize=1)
def draft() -> Draft:
    """The shipped knowledge."""
    return read_knowledge(FAQ)


def problems(tmp_path: Path, old: str, new: str) -> list[str]:
    """What is said about the shipped file with these words changed."""
    text = (FAQ / FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    return [f"{p.file}:{p.line}: {p.code} {p}" for p in read(tmp_path, draft().laws, draft().courts)[1]]


@pytest.fixture
def guide() -> Guide:
    """The shipped guide."""
    found, wrong = read(FAQ, draft().laws, draft().courts)
    assert found is not None, wrong
    return found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('hours: "09:00-20:00"', 'hours: "25:00-20:00"', "remind.hours"),
        ('"22:00-08:00"]', '"08:00-08:00"]', "remind.hours"),
        ("per_day: 1", "per_day: none", "remind.number"),
        ("wording: before}", "wording: nowhere}", "remind.no_wording"),
        ("steps: [T-7, T-1, T+1, person]", "steps: [T-9]", "remind.steps"),
        ("settlement: [negotiating]", "weather: [rain]", "file.unknown"),
        ('article: "9"', 'article: "999"', "remind.no_article"),
        ("第264条）", "）", "remind.article_unsaid"),
        ("{salutation}您好，请在", "您好，请在", "remind.must_name"),
        ("{salutation}您好，请在", "{salutation}{amount}您好，请在", "text.name"),
        ("一条来自{court}执行局的通知", "一笔欠款，{court}", "remind.neutral_never"),
        ("核实请打 12368。法院", "法院", "remind.must_say"),
        ("  paid: 已履行", "  paid: 已经履行完毕了请点这里提交凭证", "remind.button"),
        ("holdout: 0\n", "holdout: 0.9\n", "remind.holdout"),
        ("rest: []", "rest: [soon]", "value.day"),
        ("steps:\n", "steps: [T-7]\nstages:\n", "file.unknown"),
        ("  - when: {kind: [act]}\n", "  - act\n  - when: {kind: [act]}\n", "file.shape"),
        ("footer: （自动", "footnote: （自动", "file.unknown"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    """File, line and reason; and the file is refused as a whole."""
    found = problems(tmp_path, old, new)
    assert any(said in p for p in found), found
    assert all(p.startswith(f"{FILE}:") for p in found)


def test_a_file_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    """A slip of the keyboard is told where it stands."""
    (found,) = problems(tmp_path, "sending:\n", "sending: [\n")
    assert "yaml.bracket" in found


def subject(due: date, **facts: str) -> Subject:
    """What a reminder could speak of."""
    told = {"kind": "money", "stage": "before", "settlement": "none", **facts}
    return Subject("张三", "安顺市西秀区人民法院", "xixiu", "李法官", "买卖合同纠纷", 2, 3, due, told)


def test_distances_in_days_are_counted_when_it_is_sent(guide: Guide) -> None:
    """今天, 明天, 还有n天, 已经过了n天, with date and weekday each time."""
    for days, words in ((0, "今天"), (1, "明天"), (3, "还有3天"), (-2, "已经过了2天")):
        due = NOW.date() + timedelta(days=days)
        text = guide.reminder(subject(due), "T+1" if days < 0 else "T-3", None, NOW)
        assert words in text
        assert f"{due.month}月{due.day}日 周" in text


def test_the_consequence_fits_the_case(guide: Guide) -> None:
    """Money: double interest; an act: its own sentence; in enforcement: restrictions; an agreement: its article."""
    due = NOW.date()
    assert "债务利息" in guide.reminder(subject(due), "T", None, NOW)
    assert "迟延履行金" in guide.reminder(subject(due, kind="act"), "T", None, NOW)
    assert "限制消费" in guide.reminder(subject(due, stage="in"), "T", None, NOW)
    assert "恢复执行" in guide.reminder(subject(due, stage="in", settlement="agreed"), "T", None, NOW)


def test_an_arm_that_a_step_does_not_have_falls_back_to_the_first_wording(guide: Guide) -> None:
    """T has no wording `plan`; it takes `name`."""
    assert guide.reminder(subject(NOW.date()), "T", "plan", NOW) == guide.reminder(subject(NOW.date()), "T", None, NOW)


def test_where_never_invents_an_address(guide: Guide) -> None:
    """A court whose contact data is not filled in points to 12368."""
    assert "12368" in guide.where("xixiu")


def test_who_has_to_do_something_is_not_told_how_to_pay(guide: Guide) -> None:
    """No step about an act speaks of paying; a promise speaks of what was promised, which may be a part only."""
    for step in (*guide.steps.values(), PROMISE):
        if not step.task:
            act = guide.reminder(subject(NOW.date(), kind="act"), step.id, None, NOW)
            assert not any(word in act for word in ("怎么付", "付款", "付清"))
            money = guide.reminder(subject(NOW.date()), step.id, None, NOW)
            assert any(word in money for word in ("付款", "付清"))
    assert "付清" not in guide.reminder(subject(NOW.date()), "promise", None, NOW)


def test_nothing_is_said_of_the_debtor_that_the_ledger_does_not_know(guide: Guide) -> None:
    """Whoever has answered that they are in trouble is not told that nobody has heard from them."""
    text = guide.reminder(subject(NOW.date() - timedelta(days=15)), "T+15", None, NOW)
    assert "没有收到您的消息" not in text
    assert "没有记到已经履行" in text
