"""Second bars, by hand."""

from liualgotrader.common.events import SECOND, Bar, Trade
from liualgotrader.engine.second_bars import SecondBars


def test_a_bar_is_complete_with_the_first_trade_of_a_later_second() -> None:
    bars = SecondBars()
    assert bars.add(Trade("A", 10 * SECOND, 5.0, 100)) == []
    assert bars.add(Trade("A", 10 * SECOND + 1, 7.0, 100)) == []
    assert bars.add(Trade("A", 10 * SECOND + 2, 4.0, 200)) == []
    assert bars.add(Trade("A", 11 * SECOND, 6.0, 1)) == [
        Bar("A", 10 * SECOND, 5.0, 7.0, 4.0, 4.0, 400.0, 1, 5.0, 3)
    ]


def test_one_symbols_trade_completes_all_symbols() -> None:
    bars = SecondBars()
    bars.add(Trade("A", 1 * SECOND, 5.0, 1))
    bars.add(Trade("B", 1 * SECOND, 6.0, 1))
    assert [bar.symbol for bar in bars.add(Trade("C", 3 * SECOND, 7.0, 1))] == ["A", "B"]


def test_a_second_without_trades_has_no_bar() -> None:
    bars = SecondBars()
    bars.add(Trade("A", 1 * SECOND, 5.0, 1))
    assert len(bars.add(Trade("A", 9 * SECOND, 5.0, 1))) == 1
    assert [bar.start for bar in bars.complete(20)] == [9 * SECOND]


def test_a_late_trade_counts_in_the_open_second() -> None:
    bars = SecondBars()
    bars.add(Trade("A", 5 * SECOND, 5.0, 1))
    assert bars.add(Trade("A", 4 * SECOND, 9.0, 2)) == []
    (bar,) = bars.complete(6)
    assert (bar.start, bar.high, bar.volume) == (5 * SECOND, 9.0, 3.0)


def test_trades_without_size_have_no_average() -> None:
    bars = SecondBars()
    bars.add(Trade("A", SECOND, 5.0, 0))
    assert bars.complete(2)[0].vwap is None
