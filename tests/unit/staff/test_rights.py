"""Who may do what: the table of rights, and the courts it holds for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.texts import Texts
from bot.staff.model import NOBODY, OPERATOR, RIGHTS, TABLE, Forbidden, Right, Role, Who, read_table

TEXTS = Texts.load()
DOC = (Path(__file__).parents[3] / "docs" / "desk.md").read_text(encoding="utf-8")


def somebody(*roles: Role, court: str = "xixiu", everywhere: bool = False) -> Who:
    """One of the staff."""
    return Who(7, "王", frozenset(roles), court, None if everywhere else frozenset({court}))


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says_in_its_own_court_only(role: Role, right: Right) -> None:
    """What is not marked is forbidden with the right's name; another court is forbidden even where it is marked."""
    who = somebody(role)
    if role in RIGHTS[right]:
        who.require(right, "xixiu")
        who.require(right)
        with pytest.raises(Forbidden) as error:
            who.require(right, "pingba")
        assert error.value.code == "court"
    else:
        with pytest.raises(Forbidden) as error:
            who.require(right, "xixiu")
        assert (error.value.code, error.value.params) == ("right", {"right": right.value})


def test_whoever_sees_all_courts_may_everywhere() -> None:
    """The intermediate court, and the operator at the machine."""
    assert somebody(Role.CLERK, everywhere=True).may(Right.VERIFY, "pingba")
    assert all(OPERATOR.may(right, "ziyun") for right in Right)


def test_nobody_may_nothing() -> None:
    """The value that stands where nobody is."""
    assert not any(NOBODY.may(right) for right in Right)


def test_a_chat_without_a_court_is_everybodys_until_somebody_holds_it() -> None:
    """Then it is theirs, and that of whoever sees all courts."""
    clerk, above = somebody(Role.CLERK), somebody(Role.CLERK, everywhere=True)
    assert clerk.sees_chat(None, None)
    assert clerk.sees_chat(None, 7)
    assert not clerk.sees_chat(None, 8)
    assert above.sees_chat(None, 8)
    assert not clerk.sees_chat("pingba", None)


def test_only_an_administrator_manages_staff_and_only_two_roles_see_the_audit() -> None:
    """The two rights by which somebody could give themselves others, or look over everybody's shoulder."""
    assert RIGHTS[Right.MANAGE_STAFF] == {Role.ADMIN}
    assert RIGHTS[Right.SEE_AUDIT] == {Role.SUPERVISOR, Role.ADMIN}


def test_a_table_that_forgets_somebody_is_refused() -> None:
    """A new right or role cannot be forgotten silently."""
    with pytest.raises(ValueError, match="every role and every right"):
        read_table(re.sub(r"export .*\n", "", TABLE))


def test_the_document_shows_the_same_table() -> None:
    """docs/desk.md repeats it, with each right's name for people."""
    rows = {r[0]: r[1:] for line in DOC.splitlines() if (r := [c.strip(" `") for c in line.split("|")[1:-1]])}
    for right in Right:
        assert right.value in rows, right
        marks = rows[right.value][1:]
        assert {role for role, mark in zip(Role, marks, strict=True) if mark == "x"} == RIGHTS[right]
        assert rows[right.value][0] == TEXTS(f"staff.right.{right}")
