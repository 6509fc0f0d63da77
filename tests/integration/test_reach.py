"""Reach against both databases: one link and two people, files that come late, the operator's commands."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.core.clock import ManualClock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.ledger.courts import Courts
from bot.ledger.model import NewCase, NewObligation, NewParty, NewPayment, ObligationKind, PartyKind, Planned
from bot.ledger.service import Ledger
from bot.reach.files import LIMIT, MAX_TRIES, Files, GoneError, ProofStore
from bot.reach.service import Reach
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.reach_rows import FlowState, IncomingFileRow
from bot.store.work import Store
from tests.cases import STAFF, id_number
from tests.world import ROOT

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
CASE = "（2026）黔0402执123号"


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """An empty, migrated database of each kind."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    made = Store(engine, Vault(b"k" * 32))
    yield made
    await made.close()


async def run_cli(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """`python main.py …` as an operator calls it: status, output, complaint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "main.py"), *arguments, env={**os.environ, **env}, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


class Source:
    """A channel whose files can be away, gone, or too large."""

    def __init__(self, answers: dict[str, bytes | Exception]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch(self, remote: str, limit: int) -> bytes:
        """What was laid down for that handle."""
        self.asked.append(remote)
        found = self.answers[remote]
        if isinstance(found, Exception):
            raise found
        return found


async def entered(store: Store) -> tuple[Ledger, Reach, int, int]:
    """A case with one obligation: (ledger, reach, obligation, debtor)."""
    clock, ids = ManualClock(NOW), Ids()
    ledger = Ledger(store, clock, ids, Courts.read(ROOT / "faq"))
    async with ledger.change(STAFF) as book:
        case = await book.open_case(NewCase("xixiu", CASE))
        debtor = await book.party(NewParty("李大山", PartyKind.PERSON, id_number(1), "13800000001"), case)
        plan = (Planned(100_000, date(2026, 11, 30)),)
        obligation = await book.owe(case, debtor, NewObligation("货款", ObligationKind.MONEY, plan))
    return ledger, Reach(store, clock, ids, ledger, 90, "zhiyuan_bot"), obligation, debtor


async def test_of_many_who_open_a_link_at_once_one_gets_it(store: Store) -> None:
    """First use wins, also between two replicas: the row decides, not a look before."""
    _, reach, _, debtor = await entered(store)
    start = await reach.make_link(debtor, STAFF)

    async def opens(conversation: int) -> bool:
        async with store.work() as work:
            opened = await reach.within(work, STAFF).open_link(start, conversation)
            await work.commit()
        return opened is not None

    assert sum(await asyncio.gather(*(opens(n) for n in range(1, 9)))) == 1


async def test_the_token_is_kept_nowhere(store: Store) -> None:
    """Only its keyed hash is: whoever reads the database cannot open a link."""
    _, reach, _, debtor = await entered(store)
    token = (await reach.make_link(debtor, STAFF)).removeprefix("L")
    async with store.work() as work:
        [link] = await work.reach.links_of([debtor])
        assert token not in repr(link)
        assert await work.reach.link(token) == link


def pending(number: int, remote: str, flow: int) -> IncomingFileRow:
    """A file that a turn has noted."""
    return IncomingFileRow(number, 1, number, flow, "telegram", remote, "", "image/jpeg", None, 3, "pending", NOW)


async def test_files_that_come_late_join_the_proof_of_the_report(store: Store, tmp_path: Path) -> None:
    """Reported first, fetched after: still one proof; a channel that was away is asked again, one that refuses is not."""
    ledger, _, obligation, debtor = await entered(store)
    clock, ids = ManualClock(NOW), Ids()
    async with ledger.change(STAFF) as book:
        payment = await book.report_payment(obligation, NewPayment(5_000, date(2026, 11, 23)))
        flow = FlowState(77, 1, "paid", "done", NOW, NOW, "done", {}, debtor, obligation, None, payment)
        files = [pending(1, "a", 77), pending(2, "b", 77), pending(3, "gone", 77)]
        await book.work.reach.add([flow, *files])
    source = Source({"a": b"one", "b": TimeoutError(), "gone": GoneError("file is too big")})
    fetcher = Files(store, {"telegram": source}, ProofStore(tmp_path / "p", store.vault), clock, ids)
    await fetcher.fetch_all()
    source.answers["b"] = b"two"
    clock.advance(minutes=3)
    await fetcher.fetch_all()
    view = await ledger.obligation(obligation)
    assert view
    [proof] = view.proofs
    assert (proof.payment_id, len(proof.files)) == (payment, 2)
    assert source.asked.count("gone") == 1
    async with store.work() as work:
        assert [(f.status, f.remote) for f in await work.reach.files_of_flow(77)] == [
            ("stored", None),
            ("stored", None),
            ("refused", None),
        ]


async def test_a_file_is_given_up_after_some_tries(store: Store, tmp_path: Path) -> None:
    """A handle that never works is not asked for ever."""
    ledger, *_ = await entered(store)
    clock = ManualClock(NOW)
    async with ledger.change(STAFF) as book:
        await book.work.reach.add([pending(1, "a", 5)])
    source = Source({"a": ConnectionError()})
    fetcher = Files(store, {"telegram": source}, ProofStore(tmp_path / "p", store.vault), clock, Ids())
    for _ in range(MAX_TRIES + 3):
        await fetcher.fetch_all()
        clock.advance(minutes=3)
    assert len(source.asked) == MAX_TRIES
    assert LIMIT == 20 * 1024 * 1024


async def test_many_unreached_debtors_are_listed_in_a_moment(store: Store) -> None:
    """The list is made in batches, not by a query for each."""
    ledger, reach, *_ = await entered(store)
    async with ledger.change(STAFF) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402执124号"))
        for n in range(200):
            debtor = await book.party(NewParty(f"被告{n}", PartyKind.PERSON), case)
            plan = (Planned(100, date(2026, 12, 1)),)
            await book.owe(case, debtor, NewObligation(f"货款{n}", ObligationKind.MONEY, plan))
    assert len(await reach.unreached(["xixiu"])) == 201
    assert await reach.unreached(["puding"]) == []


async def test_the_operators_commands(sqlite: str, tmp_path: Path) -> None:
    """link, sheet, unreached, outcome, export, transcript: written, and wrong input is told with status 1."""
    env = {
        "ZHIYUAN_DATABASE__URL": sqlite,
        "ZHIYUAN_PRIVACY__KEY": (b"k" * 32).hex(),
        "ZHIYUAN_REACH__BOT": "zhiyuan_bot",
        "ZHIYUAN_FAQ__PATH": str(ROOT / "faq"),
    }
    engine = open_engine(sqlite)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(b"k" * 32))
    *_, debtor = await entered(store)
    await store.close()
    status, out, _ = await run_cli(env, "reach", "link", "(2026)黔0402执00123号")
    assert status == 0
    assert "https://t.me/zhiyuan_bot?start=L" in out
    status, out, _ = await run_cli(env, "reach", "sheet", CASE, "--output", str(tmp_path / "s.pdf"))
    assert status == 0
    assert (tmp_path / "s.pdf").read_bytes()[:5] == b"%PDF-"
    status, out, _ = await run_cli(env, "reach", "outcome", str(debtor), "phone", "no_answer", "--note", "=关机")
    assert status == 0
    status, out, _ = await run_cli(env, "reach", "export", "--output", str(tmp_path / "u.xlsx"))
    assert status == 0
    row = [c.value for c in load_workbook(tmp_path / "u.xlsx").worksheets[0][2]]
    assert row[:3] == [CASE, "李大山", "13800000001"]
    assert "没人接" in str(row[4])
    for form, head in (("text", "履行沟通记录".encode()), ("xlsx", b"PK"), ("pdf", b"%PDF-")):
        target = tmp_path / f"t.{form}"
        status, _, _ = await run_cli(env, "reach", "transcript", CASE, "--format", form, "--output", str(target))
        assert status == 0
        assert target.read_bytes().startswith(head)
    status, _, err = await run_cli(env, "reach", "link", "（2026）黔0402执999号")
    assert status == 1
    assert "没有" in err
