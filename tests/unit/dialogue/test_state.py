"""What the next turn knows of the turns before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.consult.model import Viewpoint
from bot.dialogue.state import ECHO_SECONDS, State

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEAN = timedelta(minutes=30)


def test_a_fresh_state_takes_no_room() -> None:
    """Only what differs is stored, and it comes back."""
    assert State().data() == {}
    state = State(topic="apply.fee", topic_at=1.0, offered=["a", "b"], clarifies=True)
    assert State.of(state.data()) == state


def test_a_state_of_another_version_is_read() -> None:
    """Keys that this version does not know are left aside."""
    assert State.of({"topic": "apply.fee", "from_the_future": 1}) == State(topic="apply.fee")


def test_a_side_that_nobody_has_does_not_stop_the_dialogue() -> None:
    """A stored or forged viewpoint that is none counts as unknown."""
    assert State(viewpoint="nobody").context(NOW, LEAN).viewpoint is None
    assert State(viewpoint="debtor").context(NOW, LEAN).viewpoint is Viewpoint.DEBTOR


def test_the_last_topic_counts_for_a_while() -> None:
    """Then a follow-up leans on nothing."""
    state = State()
    state.answered("apply.fee", NOW)
    assert state.context(NOW + LEAN, LEAN).last_topic == "apply.fee"
    assert state.context(NOW + LEAN + timedelta(seconds=1), LEAN).last_topic is None


def test_an_allowance_of_a_minute_fills_up_again() -> None:
    """Twenty at once, then one every three seconds, never more than twenty."""
    state = State()
    assert [state.allow(20, NOW) for _ in range(21)] == [True] * 20 + [False]
    assert not state.allow(20, NOW + timedelta(seconds=2))
    assert state.allow(20, NOW + timedelta(seconds=3))
    later = NOW + timedelta(hours=1)
    assert sum(state.allow(20, later) for _ in range(30)) == 20


def test_a_second_press_within_a_moment_is_an_echo() -> None:
    """The same button of the same message; another one is another press."""
    state = State()
    assert not state.is_echo("1 topic:a", NOW)
    assert state.is_echo("1 topic:a", NOW + timedelta(seconds=1))
    assert not state.is_echo("2 topic:a", NOW + timedelta(seconds=1))
    assert not state.is_echo("2 topic:a", NOW + timedelta(seconds=2 + ECHO_SECONDS))


def test_in_a_group_the_next_speaker_starts_afresh() -> None:
    """What was asked and offered belongs to one person; the allowance to the chat."""
    state = State(greeted=True, tokens=3.0, tokens_at=5.0)
    state.heard_from("alice")
    state.asks_back(["a", "b"])
    state.topic = "apply.fee"
    state.heard_from("alice")
    assert state.clarifies
    state.heard_from("bob")
    assert not state.clarifies
    assert state.topic is None
    assert (state.greeted, state.tokens) == (True, 3.0)


def test_nobodys_words_are_kept_in_the_state() -> None:
    """It is not sealed: numbers, topics and codes only."""
    words = {"question", "text", "said", "name"}
    assert not words & set(State.__dataclass_fields__)
