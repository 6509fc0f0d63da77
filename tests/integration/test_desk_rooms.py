"""Tables, broadcasts, knowledge and reports behind rights and courts: every method is tried, on both databases."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bot.ledger.model import Actor, Broken, NewCase, NewObligation, NewParty, NewPayment, ObligationKind, Planned, Stage
from bot.reception.broadcasts import Broadcasts
from bot.reception.learning import Learning
from bot.reception.tables import Tables
from bot.reminders.campaigns import NewCampaign
from bot.reminders.model import CampaignError
from bot.reminders.wording import DEFAULT_ARM
from bot.reports.service import Reports
from bot.service import Services
from bot.staff.audit import Search
from bot.staff.model import Deed, Forbidden, Role, Who
from bot.store.reports import Fact
from tests.ledger_tables import id_number
from tests.office import HERE, THERE, furnish, hire, staffed
from tests.world import World

MakeWorld = Callable[..., Any]
FIRST = date(2026, 11, 1)
TEXT = "{{name}}：请尽快履行。"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A running bot, on each database in turn."""
    made: World = await make_world()
    await made.start_bot()
    return made


def draft(courts: list[str]) -> NewCampaign:
    """A broadcast to debtors of these courts."""
    return NewCampaign("测试", {DEFAULT_ARM: TEXT}, {"court": courts}, "")


def calls(s: Services, folder: Path, number: int) -> dict[str, Callable[[Who], Any]]:
    """Every method that takes a person, for the campaign `number` and the court HERE."""
    table, errors = folder / "table.xlsx", folder / "errors.xlsx"
    return {
        "tables.preview": lambda w: s.tables.preview(w, table, errors),
        "tables.run": lambda w: s.tables.run(w, table, errors, only_good=False),
        "tables.export": lambda w: s.tables.export(w, folder / "out.xlsx", court=HERE),
        "broadcasts.all": lambda w: s.broadcasts.all(w),
        "broadcasts.new": lambda w: s.broadcasts.new(w, draft([HERE])),
        "broadcasts.progress": lambda w: s.broadcasts.progress(w, number),
        "broadcasts.preview": lambda w: s.broadcasts.preview(w, number),
        "broadcasts.recipients": lambda w: s.broadcasts.recipients(w, number),
        "broadcasts.results": lambda w: s.broadcasts.results(w, number),
        "broadcasts.approve": lambda w: s.broadcasts.approve(w, number),
        "broadcasts.start": lambda w: s.broadcasts.start(w, number),
        "broadcasts.pause": lambda w: s.broadcasts.pause(w, number),
        "broadcasts.resume": lambda w: s.broadcasts.resume(w, number),
        "broadcasts.cancel": lambda w: s.broadcasts.cancel(w, number),
        "broadcasts.retry": lambda w: s.broadcasts.retry(w, number),
        "broadcasts.correct": lambda w: s.broadcasts.correct(w, number, TEXT),
        "broadcasts.unknown": lambda w: s.broadcasts.unknown(w),
        "broadcasts.resolve": lambda w: s.broadcasts.resolve(w, 1, arrived=True),
        "learning.explain": lambda w: s.learning.explain(w, "执行费怎么算"),
        "learning.record": lambda w: s.learning.record(w, "apply.fee"),
        "learning.gaps": lambda w: s.learning.gaps(w),
        "learning.outside": lambda w: s.learning.outside(w, 1),
        "learning.propose": lambda w: s.learning.propose(w, 1, "apply.fee", "执行费咋算"),
        "learning.accept": lambda w: s.learning.accept(w, 1, None),  # type: ignore[arg-type]
        "reports.month": lambda w: s.reports.month(w, FIRST, HERE),
        "reports.year": lambda w: s.reports.year(w, "performed", FIRST, HERE),
        "reports.rows": lambda w: s.reports.rows(w, "performed", FIRST, HERE),
        "reports.exported": lambda w: s.reports.exported(w, FIRST, HERE),
    }


def test_every_method_that_takes_a_person_is_tried() -> None:
    """A new method cannot be forgotten."""
    rooms = {"tables": Tables, "broadcasts": Broadcasts, "learning": Learning, "reports": Reports}
    found = {
        f"{room}.{name}"
        for room, kind in rooms.items()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and "who" in inspect.signature(method).parameters
    }
    assert found == set(calls(None, Path(), 0))  # type: ignore[arg-type]


async def refusal(call: Any) -> str:
    """Why a call was refused; empty when it was not."""
    try:
        await call
    except Forbidden as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is no refusal
        return f"{type(error).__name__}: {error}"
    return ""


async def test_nobody_does_anything_without_the_right_or_in_another_court(world: World, tmp_path: Path) -> None:
    """Every call of somebody without a role is refused; another court's campaign and figures stay closed."""
    crew = await staffed(world)
    await furnish(world, crew)
    s = world.bot.services
    number = await s.broadcasts.new(crew.admin, draft([HERE]))
    idle = Who(77, "没有身份的人", frozenset(), HERE, frozenset({HERE}))
    found = {n: await refusal(call(idle)) for n, call in calls(s, tmp_path, number).items()}
    assert {n: why for n, why in found.items() if why != "right"} == {}
    own = {n for n in found if n.startswith(("broadcasts", "reports"))}
    own -= {"broadcasts.all", "broadcasts.new", "broadcasts.unknown", "broadcasts.resolve"}
    stranger = {n: await refusal(call(crew.stranger)) for n, call in calls(s, tmp_path, number).items() if n in own}
    assert {n: why for n, why in stranger.items() if why != "court"} == {}
    assert await s.broadcasts.all(crew.stranger) == []
    assert await s.broadcasts.unknown(crew.stranger) == []
    with pytest.raises(CampaignError, match="scope"):
        await s.broadcasts.new(crew.stranger, draft([HERE]))


async def test_who_wrote_a_broadcast_does_not_approve_it(world: World) -> None:
    """Four eyes; each step of it is in the audit log."""
    crew = await staffed(world)
    s = world.bot.services
    number = await s.broadcasts.new(crew.admin, draft([HERE]))
    with pytest.raises(CampaignError, match="four_eyes"):
        await s.broadcasts.approve(crew.admin, number)
    await s.broadcasts.approve(crew.above, number)
    await s.broadcasts.start(crew.above, number)
    found = await s.audit.search(crew.above, Search(object="campaign", object_id=str(number)))
    assert [a.row.deed for a in found] == [Deed.SENT, Deed.CHANGED, Deed.CHANGED]


async def test_a_correction_stays_within_the_court_of_what_it_corrects(world: World) -> None:
    """Whoever wrote the wrong words sees the draft, a second person of that court approves it, another court sees nothing."""
    crew = await staffed(world)
    s = world.bot.services
    number = await s.broadcasts.new(crew.admin, draft([HERE]))
    fix = await s.broadcasts.correct(crew.admin, number, TEXT)
    assert (await s.broadcasts.progress(crew.admin, fix)).row.corrects == number
    assert fix in {c.number for c in await s.broadcasts.all(crew.admin)}
    assert await s.broadcasts.all(crew.stranger) == []
    await s.broadcasts.approve(crew.above, fix)


async def test_a_table_touches_only_the_courts_of_whoever_imports_it(world: World, tmp_path: Path) -> None:
    """A row of another court is bad, with the reason beside it; the export holds one's own court only."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    full = tmp_path / "all.xlsx"
    rows = await s.tables.export(crew.admin, full)
    assert rows > 0
    errors = tmp_path / "errors.xlsx"
    seen = await s.tables.preview(crew.stranger, full, errors)
    assert (seen.wrong, seen.new, seen.changed) == (rows, 0, 0)
    assert any("别的法院" in str(c.value) for row in load_workbook(errors).worksheets[0].iter_rows() for c in row)
    again = await s.tables.preview(crew.admin, full, errors)
    assert (again.wrong, again.same) == (0, rows)
    other = tmp_path / "other.xlsx"
    boss = await hire(s, THERE, Role.ADMIN, "那边", 4712)
    assert await s.tables.export(boss, other) == 0
    assert (await s.cases.view(crew.admin, at.obligation)).case.court == HERE


async def test_an_empty_workbook_is_refused_in_words(world: World, tmp_path: Path) -> None:
    """Not an error of the program."""
    crew = await staffed(world)
    Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(Exception, match=r"列|表") as refused:
        await world.bot.services.tables.preview(crew.admin, tmp_path / "empty.xlsx", tmp_path / "e.xlsx")
    assert not isinstance(refused.value, AttributeError)


async def test_figures_are_of_the_courts_that_one_sees(world: World) -> None:
    """A basic court has its own column and no other; the intermediate court has all and the total."""
    crew = await staffed(world)
    await furnish(world, crew)
    s = world.bot.services
    own = await s.reports.month(crew.admin, FIRST)
    every = await s.reports.month(crew.above, FIRST)
    assert own.courts == (HERE,)
    assert {HERE, THERE} < set(every.courts)
    assert own.values["performed"][HERE] == every.values["performed"][HERE]
    listed = await s.reports.rows(crew.admin, "performed", FIRST)
    assert listed.count == len(listed.rows) == own.values["performed"][HERE].value
    assert {r.court for r in listed.rows} <= {HERE}


async def test_a_case_counts_in_the_month_in_which_it_was_filed(world: World) -> None:
    """Not in that of the import; without its day only if its number is of this year; last year's stand beside."""
    crew, s = await staffed(world), world.bot.services
    filed = {1: date(2026, 11, 3), 2: date(2026, 10, 30), 3: date(2025, 11, 5), 4: None, 5: None}
    numbers = {n: f"（{2024 if n == 5 else day.year if day else 2026}）黔0402执{n}号" for n, day in filed.items()}
    async with s.ledger.change(Actor("operator")) as book:
        for n, day in filed.items():
            await book.open_case(NewCase(HERE, numbers[n], stage=Stage.IN, filed_on=day))
        with pytest.raises(Broken, match="day_to_come"):
            await book.open_case(NewCase(HERE, "（2026）黔0402执9号", filed_on=date(2026, 12, 24)))
    value = (await s.reports.month(crew.clerk, FIRST)).values["first_enforcement"][HERE]
    assert (value.value, value.before) == (2, 1)
    rows = (await s.reports.rows(crew.clerk, "first_enforcement", FIRST)).rows
    assert {(r.label, str(r.on)) for r in rows} == {(numbers[1], "2026-11-03"), (numbers[4], "None")}
    await s.cases.change_case(crew.clerk, numbers[5], "补填", filed_on=date(2026, 11, 9))
    assert (await s.reports.month(crew.clerk, FIRST)).values["first_enforcement"][HERE].value == 3


async def test_a_month_that_was_reported_stays_as_it_was(world: World) -> None:
    """What was performed before enforcement counts so when its case is closed, or filed for another sum, later on."""
    crew, s = await staffed(world), world.bot.services
    async with s.ledger.change(Actor("operator")) as book:
        for n in range(1, 5):
            case = await book.open_case(NewCase(HERE, f"（2026）黔0402{'执' if n == 4 else '民初'}{n}号"))
            debtor = await book.party(NewParty(f"李{n}", number=id_number(n)), case)
            plan = (Planned(10_000, date(2026, 11, 20)),)
            owed = await book.owe(case, debtor, NewObligation("本金", ObligationKind.MONEY, plan), "")
            await book.pay(owed, NewPayment(10_000, date(2026, 11, 10)))
    numbers = [f"（2026）黔0402民初{n}号" for n in (1, 2, 3)] + ["（2026）黔0402执4号"]

    async def value(name: str) -> object:
        return (await s.reports.month(crew.clerk, FIRST)).values[name][HERE].value

    assert await value("performed_before") == 4
    await s.cases.change_case(crew.clerk, numbers[0], "办结", stage=Stage.CLOSED)
    await s.cases.change_case(crew.clerk, numbers[1], "另一笔立案", stage=Stage.IN, filed_on=date(2026, 11, 20))
    await s.cases.change_case(crew.clerk, numbers[2], "先立案", stage=Stage.IN, filed_on=date(2026, 11, 2))
    await s.cases.change_case(crew.clerk, numbers[3], "执行结案", stage=Stage.CLOSED)
    assert await value("performed_before") == 2, "the one that was filed first, and the one of enforcement, do not count"
    assert await value("first_enforcement") == 3, "filed under the number of the judgment, or entered under its own"
    before = (await s.reports.month(crew.clerk, FIRST)).values["first_enforcement"][HERE].before
    assert before is None, "of last November this ledger knows nothing, which is not the same as no case"


async def test_every_row_behind_a_figure_says_what_it_is_and_leads_somewhere(world: World) -> None:
    """A payment leads to its obligation, a visit has its number in the queue, a node its name."""
    crew, s = await staffed(world), world.bot.services
    at = await furnish(world, crew)

    async def one(name: str) -> Fact:
        return (await s.reports.rows(crew.clerk, name, FIRST)).rows[0]

    assert ((await one("paid_amount")).page, (await one("paid_amount")).about) == (at.performed, "借款本金")
    assert ((await one("visits")).page, (await one("visits")).about) == (at.intake, "1")
    assert (await one("handed_over")).page == at.chat
    assert ((await one("follow_ups")).page, (await one("follow_ups")).about) == (at.performed, "performed")
    assert (await one("petitions")).about == "petition"
    await s.nodes.finish(crew.clerk, at.node)
    assert (await one("node_days")).about == "assign"
