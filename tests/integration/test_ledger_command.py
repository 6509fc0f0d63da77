"""`ledger …` at the operator's terminal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from bot.core.texts import Texts
from bot.settings import Database, Faq, Privacy, Settings
from commands.ledger import group
from commands.program import Current
from main import open_store
from tests.ledger_tables import row, rows, table

ROOT = Path(__file__).parents[2]
TEXTS = Texts.load()


class Operator:
    """Somebody at the terminal."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        settings = Settings(
            database=Database(url=database), privacy=Privacy(key=SecretStr("11" * 32)), faq=Faq(path=ROOT / "faq")
        )
        program: Any = SimpleNamespace(open_store=open_store)
        self._here = Current(program, settings)

    def __call__(self, *arguments: object, status: int = 0) -> str:
        """Run `ledger …`; what it said. The exit status must be the one expected."""
        done: Result = CliRunner().invoke(group, [str(a) for a in arguments], obj=self._here)
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    def file(self, *lines: dict[str, Any], name: str = "t.xlsx") -> Path:
        """A table of these rows."""
        return table(self.folder / name, list(lines))


@pytest.fixture
def operator(tmp_path: Path, sqlite: str) -> Operator:
    """An operator with an empty ledger."""
    return Operator(tmp_path, sqlite)


def test_from_the_template_to_the_export(operator: Operator) -> None:
    """Template, preview, import, the same again, export: status 0 and figures in words."""
    assert "template.xlsx" in operator("template", operator.folder / "template.xlsx")
    operator("template", operator.folder / "template.xlsx", status=1)
    source = operator.file(*rows(3))
    counts = {"new": 3, "changed": 0, "same": 0, "wrong": 0}
    assert TEXTS("ledger.report.preview", rows=3, **counts) in operator("import", source, "--preview")
    assert TEXTS("ledger.report.applied", **counts) in operator("import", source)
    again = TEXTS("ledger.report.applied", new=0, changed=0, same=3, wrong=0)
    assert again in operator("import", source)
    target = operator.folder / "out.xlsx"
    assert TEXTS("ledger.report.exported", rows=3, path=target) in operator("export", target)
    assert target.exists()


def test_a_bad_row_is_named_and_the_status_is_one(operator: Operator) -> None:
    """The message names row and reason, the workbook holds the row; --only-good is a success."""
    source = operator.file(row(1), row(2, amount="很多"))
    said = operator("import", source, status=1)
    assert TEXTS("ledger.wrong.amount", text="很多") in said
    assert "3" in said
    assert source.with_name("t.errors.xlsx").exists()
    assert TEXTS("ledger.wrong.no_case") in operator("show", row(1)["number"], status=1)
    operator("import", source, "--only-good")
    assert "义务人1" in operator("show", row(1)["number"])


def test_a_payment_is_entered_reported_verified_and_revoked(operator: Operator) -> None:
    """Only what is verified lowers the balance; every step is in the history with the operator's name."""
    number = row(1)["number"]
    operator("import", operator.file(row(1)))
    assert "30,476.00" in operator("pay", "(2026)黔0402执1号", "3万", "--by", "王五", "--reference", "A1")
    assert TEXTS("ledger.wrong.reference_known", reference="A1") in operator(
        "pay", number, "5", "--reference", "A1", status=1
    )
    said = operator("pay", number, "476", "--reported")
    assert TEXTS("ledger.kind_of.payment.reported") in said
    payment = operator("waiting").split()[-1]
    assert "30,000.00" in operator("verify", payment)
    assert "30,476.00" in operator("revoke", payment, "--why", "看错了")
    assert TEXTS("ledger.wrong.reason") in operator("reject", payment, status=1)
    history = operator("show", number, "--history")
    assert "payment.revoked" in history
    assert "operator:" in history
    assert TEXTS("ledger.report.consistent") in operator("check")


def test_grace_promise_dispute_settlement_and_end(operator: Operator) -> None:
    """Each change shows at once how the obligation stands."""
    number = row(1)["number"]
    operator("import", operator.file(row(1)))
    assert "2099-01-31" in operator("grace", number, "2099-01-31", "--why", "住院")
    assert TEXTS("ledger.wrong.reason") in operator("grace", number, "2099-02-28", status=1)
    assert TEXTS("ledger.kind_of.promise.open") in operator("promise", number, "2099-01-01", "500")
    assert TEXTS("ledger.kind_of.status.disputed") in operator("dispute", number, "数额不对", "--kind", "amount")
    assert TEXTS("ledger.kind_of.status.disputed") not in operator("resolve", number, "已核对")
    assert TEXTS("ledger.kind_of.settlement.agreed") in operator("settle", number, "agreed", "--why", "书面协议")
    said = operator("replan", number, "2099-01-31 30000；2099-02-28 30476", "--why", "和解")
    assert "30,476.00" in said
    assert "2099-03-31" in operator("move", number, "2", "2099-03-31", "--why", "同意")
    operator("assign", number, "李法官")
    assert TEXTS("ledger.kind_of.status.ended") in operator("end", number, "--why", "撤回")
    assert TEXTS("ledger.wrong.ended_already") in operator("end", number, "--why", "撤回", status=1)
    operator("reopen", number, "--why", "误操作")


def test_which_obligation_is_meant_must_be_clear(operator: Operator) -> None:
    """With several, the operator is asked to name debtor or label."""
    number = row(1)["number"]
    operator("import", operator.file(row(1), row(1, label="违约金", series="甲系列")))
    assert "违约金" in operator("pay", number, "5", status=1)
    assert "违约金" in operator("pay", number, "5", "--label", "违约金")
    figures = operator("figures", "--series", "甲系列")
    assert TEXTS("ledger.show.figures", cases=1, obligations=2, debtors=1, creditors=1) in figures
