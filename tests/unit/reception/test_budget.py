"""The minute of a group: never more than it takes, and never all of it for one person."""

from __future__ import annotations

from bot.reception.budget import GAP, SPAN, Budget


def spend(budget: Budget, who: int, now: float, count: int, *, new: bool = False) -> int:
    """Serve somebody as often as the budget allows; how often that was."""
    served = 0
    for _ in range(count):
        if budget.ready_at() > now or not budget.may(who, now, new=new):
            break
        budget.take(now)
        budget.serve(who, now)
        served += 1
    return served


def test_a_minute_holds_no_more_than_the_group_takes() -> None:
    """Whoever asks: eighteen in any minute, and the next only when the first is a minute old."""
    budget = Budget(18)
    assert sum(spend(budget, who, 0.0, 3, new=True) for who in range(10)) == 18
    assert budget.ready_at() == SPAN
    assert spend(budget, 11, SPAN - 0.1, 1, new=True) == 0
    assert spend(budget, 11, SPAN, 1, new=True) == 1


def test_one_person_leaves_a_third_for_the_others() -> None:
    """Line after line of one topic: at once at first, then spaced, and never into what is kept."""
    budget = Budget(18)
    assert spend(budget, 1, 0.0, 100) == 6
    assert spend(budget, 1, GAP - 0.1, 1) == 0
    served = 6 + sum(spend(budget, 1, GAP * n, 1) for n in range(1, 12))
    assert served == 12
    assert spend(budget, 2, 55.0, 3, new=True) == 3
    assert spend(budget, 3, 55.0, 1) == 1


def test_who_was_served_long_ago_counts_as_new() -> None:
    """After a minute of silence nobody waits for the talkative."""
    budget = Budget(6)
    assert spend(budget, 1, 0.0, 10) == 2
    assert spend(budget, 1, SPAN + 1, 1) == 1
    assert budget.may(9, SPAN + 1, new=False)


def test_the_smallest_group_still_gets_something() -> None:
    """A rate below one a minute is taken for one."""
    budget = Budget(0)
    assert spend(budget, 1, 0.0, 5, new=True) == 1
