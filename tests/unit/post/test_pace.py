"""Pace: when the next message may leave, reckoned with a clock of the test's own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.post.pace import Pace, PaceLimits, Rate

LIMITS = PaceLimits(chat_per_second=1, chat_burst=3, group_per_second=0.3, replies_per_second=100, bulk_per_second=25)


def leave(pace: Pace, lane: str, now: float, *, group: bool = False, bulk: bool = False) -> float:
    """Let one message of that chat leave as soon as it may; the moment."""
    at = max(now, pace.chat_ready_at(lane), pace.open_at(bulk=bulk))
    pace.take(lane, at, group=group, bulk=bulk)
    if bulk:
        pace.leaves(at)
    return at


def test_a_rate_lets_a_burst_through_and_then_one_per_interval() -> None:
    """Three at once, then one a second; after a rest the burst is there again."""
    rate = Rate(1.0, 3)
    moments = []
    now = 0.0
    for _ in range(6):
        now = max(now, rate.ready_at())
        rate.take(now)
        moments.append(now)
    assert moments == [0, 0, 0, 1, 2, 3]
    assert not rate.idle(5.9)
    assert rate.idle(6.0)


def test_one_person_gets_a_message_a_second_after_a_short_burst() -> None:
    """In no minute does a chat get more than its burst and one a second."""
    pace = Pace(LIMITS)
    moments = [leave(pace, "a", 0.0) for _ in range(20)]
    assert moments[:3] == [0, 0, 0]
    assert moments[3:] == [float(n) for n in range(1, 18)]


def test_a_group_gets_its_minute_and_no_more() -> None:
    """Telegram allows twenty a minute to a group; ours stays below in every window of a minute."""
    pace = Pace(LIMITS)
    moments = [leave(pace, "g", 0.0, group=True) for _ in range(60)]
    for start in moments:
        assert sum(start <= m < start + 60 for m in moments) <= 20


def test_chats_do_not_wait_for_each_other() -> None:
    """The limit of one chat is not the limit of the next."""
    pace = Pace(LIMITS)
    for _ in range(3):
        leave(pace, "a", 0.0)
    assert pace.chat_ready_at("a") == 1.0
    assert leave(pace, "b", 0.0) < 0.2


def test_all_answers_together_keep_the_overall_rate() -> None:
    """A burst of a tenth of a second's worth, then the rate."""
    pace = Pace(LIMITS)
    moments = [leave(pace, f"chat{n}", 0.0) for n in range(210)]
    assert moments[9] == 0.0
    assert 1.9 <= moments[-1] <= 2.1


def test_broadcasts_have_a_rate_of_their_own() -> None:
    """Twenty-five a second but for a few at the start, and answers do not stand in their queue."""
    pace = Pace(LIMITS)
    moments = [leave(pace, f"chat{n}", 0.0, bulk=True) for n in range(101)]
    assert 3.7 <= moments[-1] <= 4.0
    assert all(sum(start <= m < start + 1 for m in moments) <= 30 for start in moments)
    assert leave(pace, "asks", moments[-1]) <= moments[-1] + 0.25


def test_a_short_429_stops_everything_until_it_has_passed() -> None:
    """retry_after is kept for all chats, and never cut short by a later, shorter one."""
    pace = Pace(LIMITS)
    pace.park("a", 10.0, 5)
    pace.park("a", 11.0, 1)
    assert pace.open_at(bulk=False) >= 15.0
    assert pace.open_at(bulk=True) >= 15.0
    assert pace.chat_ready_at("a") >= 15.0
    assert pace.parked_for(12.0) >= 3.0


def test_a_long_429_stops_its_chat_and_the_broadcasts_only() -> None:
    """Ten minutes for one chat are no reason to leave everybody else without an answer."""
    pace = Pace(LIMITS)
    pace.park("a", 0.0, 600)
    assert pace.chat_ready_at("a") >= 600
    assert pace.open_at(bulk=True) >= 600
    assert pace.open_at(bulk=False) <= 0
    assert pace.chat_ready_at("b") <= 0


def test_refusals_of_two_chats_slow_all_answers_for_a_minute() -> None:
    """Then the limit is not that of a chat: answers leave more slowly for a while."""
    pace = Pace(LIMITS)
    pace.park("a", 0.0, 1)
    pace.park("b", 0.5, 1)
    moments = [leave(pace, f"c{n}", 2.0) for n in range(26)]
    assert moments[-1] - moments[0] >= 0.99
    later = [leave(pace, f"d{n}", 120.0) for n in range(9)]
    assert later[-1] == later[0] == 120.0


def test_one_chat_that_is_refused_again_and_again_slows_nobody() -> None:
    """Refusals of one and the same chat say nothing about the others."""
    pace = Pace(LIMITS)
    pace.park("a", 0.0, 1)
    pace.park("a", 2.0, 1)
    moments = [leave(pace, f"c{n}", 4.0) for n in range(9)]
    assert moments[-1] == moments[0]


def test_memory_of_quiet_chats_is_given_back() -> None:
    """Fifty thousand chats over a day do not stay in memory."""
    pace = Pace(PaceLimits(replies_per_second=1e9))
    for number in range(50_000):
        pace.take(f"chat{number}", float(number), group=False, bulk=False)
    assert len(pace._chats) <= 10_000


def test_a_rate_says_how_many_may_go_at_once() -> None:
    """The burst when nothing has gone for long, none when it is spent, one more each interval."""
    rate = Rate(2.0, 3)
    assert rate.room(10.0) == 3
    for left in (2, 1, 0):
        rate.take(10.0)
        assert rate.room(10.0) == left
    assert [rate.room(t) for t in (10.4, 10.5, 11.0, 99.0)] == [0, 1, 2, 3]
    rate.spend(99.0)
    assert [rate.room(t) for t in (99.0, 99.4, 99.5, 100.0)] == [0, 0, 1, 2]


@pytest.mark.parametrize(("before", "after", "kept"), [(0.01, 0.15, 0.97), (0.15, 0.01, 0.94)])
def test_what_a_stall_cost_is_caught_up_and_no_second_holds_more_than_thirty(
    before: float, after: float, kept: float
) -> None:
    """A busy machine stands still now and then, before a message leaves or after: the limit holds, the rate nearly."""
    pace, now, left = Pace(PaceLimits()), 0.0, list[float]()
    while now < 60:
        at = pace.open_at(bulk=True)
        if at > now:
            now = at
            continue
        stalls = len(left) % 40 == 0
        pace.take(f"chat{len(left)}", now, group=False, bulk=True)
        now += before if stalls else 0.001
        pace.leaves(now)
        left.append(now)
        now += after if stalls else 0.01
    assert len(left) / 60 >= kept * 30
    assert max(sum(begin <= m < begin + 1 for m in left) for begin in left) <= 30


def test_an_answer_has_its_place_within_the_second_beside_a_broadcast() -> None:
    """Thirty in any second, answers counted in: an answer waits for that as good as not, and a flood of them not at all."""
    pace, now, moments = Pace(PaceLimits()), 0.0, list[float]()
    asked = [*(3 + 1.7 * n for n in range(10)), *(25 + n / 100 for n in range(500))]
    bulk, waits = list[float](), list[float]()
    while now < 35:
        kind = bool(asked and asked[0] <= now)
        at = pace.open_at(bulk=not kind)
        if at > now:
            now = min(at, asked[0]) if asked and not kind else at
            continue
        pace.take(f"chat{len(moments)}", now, group=False, bulk=not kind)
        if kind:
            waits.append(now - asked.pop(0))
        else:
            pace.leaves(now)
            bulk.append(now)
        moments.append(now)
        now += 0.001
    assert max(sum(begin <= m < begin + 1 for m in moments) for begin in moments if begin < 23) <= 30
    assert 0 < max(waits) < 0.25
    assert max(later - earlier for earlier, later in pairwise(bulk)) <= 1.2
    assert sum(m < 25 for m in bulk) / 25 >= 0.97 * 30


def test_a_broadcast_message_that_does_not_leave_costs_the_next_one_nothing() -> None:
    """Ninety of a hundred are paid meanwhile: the ten that leave need not wait for the turns of the others."""
    pace, now, left = Pace(PaceLimits()), 0.0, 0
    for number in range(100):
        now = max(now, pace.open_at(bulk=True))
        pace.take(f"chat{number}", now, group=False, bulk=True)
        if number % 10:
            pace.stayed()
        else:
            pace.leaves(now)
            left += 1
        now += 0.002
    assert (left, now < 0.5) == (10, True)


def test_many_under_way_at_once_keep_the_rate_from_the_first_on() -> None:
    """A slow line with sixty-four in flight: turns are given at the rate, though none has left yet."""
    pace, now, turns = Pace(PaceLimits(bulk_in_flight=64)), 0.0, list[float]()
    while now < 0.9:
        now = max(now, pace.open_at(bulk=True))
        pace.take(f"chat{len(turns)}", now, group=False, bulk=True)
        turns.append(now)
    assert 28 <= sum(t < 0.9 for t in turns) <= 30


def test_a_broadcast_does_not_use_up_the_careful_rate_of_answers() -> None:
    """After refusals of two chats everything leaves at a careful rate for a minute, and answers go on at once."""
    pace, now, waits, bulk = Pace(PaceLimits()), 5.0, list[float](), 0
    pace.park("a", 1.0, 1)
    pace.park("b", 2.0, 1)
    asked = [10.0 + n for n in range(50)]
    while now < 60:
        kind = bool(asked and asked[0] <= now)
        at = pace.open_at(bulk=not kind)
        if at > now:
            now = min(at, asked[0]) if asked and not kind else at
            continue
        pace.take(f"chat{now}", now, group=False, bulk=not kind)
        if kind:
            waits.append(now - asked.pop(0))
        else:
            pace.leaves(now)
            bulk += 1
        now += 0.001
    assert max(waits) <= 0.25
    assert 20 < bulk / 55 <= 25
