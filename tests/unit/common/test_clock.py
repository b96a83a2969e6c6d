"""Engine time and its timers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.clock import EngineClock
from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import TimerFired


def test_time_does_not_go_back() -> None:
    clock = EngineClock(5)
    clock.advance(5)
    clock.advance(7)
    with pytest.raises(InvariantError, match="6 after 7"):
        clock.advance(6)
    assert clock.now() == 7


def test_now_is_shown_truncated_to_microseconds() -> None:
    clock = EngineClock(1_700_000_000_123_456_999)
    assert clock.datetime() == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 9))
def test_timers_come_by_due_time_then_in_asked_for_order(dues: list[int], upto: int) -> None:
    clock = EngineClock()
    for number, due in enumerate(dues):
        clock.call_at(due, "s", str(number))
    fired = [(timer.due, int(timer.name)) for timer in clock.pop_due(upto)]
    assert fired == sorted((due, n) for n, due in enumerate(dues) if due <= upto)
    assert clock.next_due() == min((due for due in dues if due > upto), default=None)


def test_a_timer_set_while_timers_fire_fires_too() -> None:
    clock = EngineClock(3)
    clock.call_at(1, "s", "first")
    names = []
    for timer in clock.pop_due(3):
        names.append(timer.name)
        if timer.name == "first":
            clock.call_at(2, "s", "second")
    assert names == ["first", "second"]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.data())
def test_a_forgotten_timer_does_not_fire(dues: list[int], data: st.DataObject) -> None:
    clock = EngineClock()
    for number, due in enumerate(dues):
        clock.call_at(due, "s", str(number))
    index = data.draw(st.integers(0, len(dues) - 1))
    clock.forget(TimerFired(dues[index], "s", str(index)))
    left = sorted((due, n) for n, due in enumerate(dues) if n != index)
    assert [(t.due, int(t.name)) for t in clock.pop_due(9)] == left


def test_a_timer_that_was_never_set_cannot_be_forgotten() -> None:
    with pytest.raises(InvariantError):
        EngineClock().forget(TimerFired(1, "s", "x"))
