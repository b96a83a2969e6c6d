"""Crossings of days on twelve years of real bars: decided where TA-Lib sees them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
import talib

from liualgotrader.common.events import Bar
from liualgotrader.common.plan import Plan
from liualgotrader.common.plan_file import parse_plan
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.adjust import adjusted
from liualgotrader.engine.loading import source_of
from liualgotrader.strategies.daily_cross import DailyCross
from liualgotrader.strategies.macd_cross import MacdCross
from liualgotrader.strategies.sma_cross_trend import SmaCrossTrend
from tests.history_bench import bundled_lake, day_before, live_through
from tests.strategy_bench import Bench, flat

SYMBOLS = ("AAPL", "IBM", "MSFT")
FIRST, LAST = date(2000, 3, 1), date(2013, 2, 28)
FOREVER = 1 << 62
Floats = npt.NDArray[np.float64]
Above = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
"""For each day: whether the first line is above the second, whether an entry is confirmed."""


def averages(close: Floats) -> Above:
    """Compare the averages of 7 and 21 days, and the close with that of 50."""
    fast, slow, trend = (talib.SMA(close, days) for days in (7, 21, 50))
    return fast - slow > 1e-9, close > trend


def macd(close: Floats) -> Above:
    """Compare the MACD line with its signal; nothing else is asked for."""
    line, signal, _ = talib.MACD(close, 12, 26, 9)
    return line > signal, np.ones(len(close), np.bool_)


LINES: dict[str, tuple[Callable[[Floats], Above], int]] = {
    "sma_cross_trend": (averages, 20),
    "macd_cross": (macd, 33),
}
"""By strategy: the lines, and the first day on which both are known."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the bundled history."""
    return bundled_lake(tmp_path_factory.mktemp("history"))


def plan(strategy: str) -> Plan:
    """Return a plan over the symbols, without fees and with all the shares it wants to buy."""
    return parse_plan(
        "portfolio_value = 1_000_000\nparticipation = 0\nfees = { model = 'none' }\n"
        f"session = {{ symbols = {list(SYMBOLS)} }}\n[strategies.{strategy}]\n",
        environ={},
        sources=source_of,
    )


def expected(lake: Lake, strategy: str, symbol: str) -> tuple[list[date], list[date]]:
    """Return the days that end with a decision to buy, and to sell, in prices of the last day."""
    raw = lake.read(Kind.DAY, symbol, 0, FOREVER)
    rows = adjusted(raw, lake.actions(symbol), as_of=FOREVER, dividends=False)
    lines, known = LINES[strategy]
    above, confirmed = lines(rows.close)
    buys, sells, held = [], [], False
    for day in range(known + 1, len(rows) - 1):
        today = day_before(int(rows.start[day]) + 86_400_000_000_000)
        if held and not above[day]:
            sells.append(today)
            held = False
        elif not held and above[day] and not above[day - 1] and confirmed[day]:
            buys.append(today)
            held = True
    return buys, sells


@pytest.mark.parametrize("strategy", LINES)
def test_decides_on_the_days_on_which_talib_s_lines_cross(lake: Lake, strategy: str) -> None:
    lived = live_through(lake, plan(strategy), FIRST, LAST)
    for symbol in SYMBOLS:
        buys, sells = expected(lake, strategy, symbol)
        assert len(buys) > 40
        assert lived.days("buy", symbol) == buys
        assert lived.days("sell", symbol) == sells
    assert {order.status.value for order in lived.orders[:-1]} == {"filled"}


def test_without_a_trend_every_crossing_is_bought() -> None:
    averages_ = SmaCrossTrend()
    averages_.trend = 0
    lines = averages_.crossing()
    for close in (*[10.0] * 20, 9.0, 11.5):
        lines.learn(day(close))
    assert lines.is_above is True
    assert lines.confirms
    assert sorted(lines.figures()) == ["fast", "slow"]


def test_a_close_at_its_trend_is_not_above_it() -> None:
    lines = SmaCrossTrend().crossing()
    for _ in range(50):
        lines.learn(day(10.0))
    assert lines.is_above is False
    assert not lines.confirms
    assert lines.figures() == {"fast": 10.0, "slow": 10.0, "trend": 10.0}


@pytest.mark.parametrize(("make", "key"), [(SmaCrossTrend, "trend"), (MacdCross, "slow")])
def test_periods_beyond_the_days_that_are_loaded_are_refused(
    make: type[DailyCross], key: str
) -> None:
    strategy = make()
    setattr(strategy, key, 260)
    bench = Bench(lambda: strategy)
    bench.play(flat(10.0, 2))
    ((name, reason),) = bench.engine.failures
    assert (name, reason.partition(":")[0]) == ("s", "raised in on_start")
    assert "asks for 260: choose shorter periods" in reason


def day(close: float) -> Bar:
    """Return a day at one price."""
    return Bar("AAA", 0, close, close, close, close, 1.0, 86_400)
