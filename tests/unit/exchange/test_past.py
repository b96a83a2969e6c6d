"""What a venue may know of the past: the same from a tape being played and from one known as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from liualgotrader.common.events import Bar, Trade
from liualgotrader.exchange.history import History
from liualgotrader.exchange.past import PlayedPast
from liualgotrader.exchange.tape import TapeEvent
from liualgotrader.simulation.lows import Lows

MINUTE = 60_000_000_000
Low = Callable[[str, int, int], float | None]


def _played(events: Sequence[TapeEvent]) -> Low:
    history = History({}, 0)
    for event in events:
        if isinstance(event, Trade):
            history.add_trade(event)
        elif isinstance(event, Bar):
            history.add_bar(event)
    return PlayedPast(history).low


def _known(events: Sequence[TapeEvent]) -> Low:
    return Lows(lambda: events).between


PRINTS = [Trade("A", ts, price, 1.0) for ts, price in ((1, 5.0), (2, 3.0), (3, 4.0), (4, 2.0))]
BARS = [Bar("A", n * MINUTE, 5.0, 6.0, low, 5.0, 1.0) for n, low in enumerate((4.0, 3.0, 1.0))]


@pytest.mark.parametrize("low_of", [_played, _known])
@pytest.mark.parametrize(
    ("since", "upto", "low"),
    [(1, 2, 5.0), (1, 3, 3.0), (3, 4, 4.0), (1, 9, 2.0), (5, 9, None), (2, 2, None)],
)
def test_a_print_counts_from_its_moment_on_but_not_at_it(
    low_of: Callable[[Sequence[TapeEvent]], Low], since: int, upto: int, low: float | None
) -> None:
    assert low_of(PRINTS)("A", since, upto) == low
    assert low_of(PRINTS)("B", since, upto) is None


@pytest.mark.parametrize("low_of", [_played, _known])
@pytest.mark.parametrize(
    ("since", "upto", "low"),
    [(0, MINUTE, 4.0), (0, 2 * MINUTE, 3.0), (1, 2 * MINUTE, 3.0), (0, 3 * MINUTE - 1, 3.0)],
)
def test_a_bar_counts_when_it_is_complete(
    low_of: Callable[[Sequence[TapeEvent]], Low], since: int, upto: int, low: float
) -> None:
    assert low_of(BARS)("A", since, upto) == low


@pytest.mark.parametrize("low_of", [_played, _known])
def test_where_there_are_prints_bars_do_not_count(
    low_of: Callable[[Sequence[TapeEvent]], Low],
) -> None:
    assert low_of([*PRINTS, *BARS])("A", 0, 9 * MINUTE) == 2.0


def test_the_last_two_days_are_known() -> None:
    days = [Bar("A", n, 1.0, 1.0, 1.0, 1.0, 1.0, 86_400) for n in range(3)]
    past = PlayedPast(History({"A": days}, 3))
    assert past.days("A", 3) == days[-2:]
    assert past.days("B", 3) == []
