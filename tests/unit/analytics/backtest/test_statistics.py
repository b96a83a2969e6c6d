"""Figures against the answer files, which show how each is worked out."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liualgotrader.analytics.backtest.rows import (
    Adjustment,
    BacktestData,
    BacktestInfo,
    Candles,
    Curve,
)
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.rows import Fill, PriceSeries
from liualgotrader.common.orders import Side
from liualgotrader.common.timestamps import parse_time
from tests.unit.analytics.backtest.backtest_sample import sample

ANSWERS = Path(__file__).parents[1] / "answers"
SECOND = 1_000_000_000


def answers(name: str) -> dict[str, Any]:
    """Read an answer file."""
    return tomllib.loads((ANSWERS / name).read_text(encoding="utf-8"))


def named(cases: list[dict[str, Any]]) -> list[Any]:
    """Return cases as parameters with their names."""
    return [pytest.param(case, id=case["name"]) for case in cases]


def data_of(curve: Curve, asset: Any = "equity", **more: Any) -> BacktestData:
    """Return what a backtest with this curve left."""
    info = BacktestInfo(
        batch_id="b",
        first=dt.date(2022, 1, 3),
        last=dt.date(2022, 1, 6),
        scale="day",
        asset=asset,
        symbols=1,
        days=len(curve.ts) - 1,
        bars=1,
        duration_s=1.0,
        build="0",
        benchmark="SPY",
    )
    return BacktestData(info=info, cash_start=Decimal(100), curve=curve, **more)


def curve_of(ts: list[int], equity: list[float], **more: list[float]) -> Curve:
    """Return a curve; what is not given is zero, and the rest cash."""
    values = np.array(equity)
    long = np.array(more.get("long", [0.0] * len(ts)))
    short = np.array(more.get("short", [0.0] * len(ts)))
    return Curve(
        ts=np.array(ts, dtype=np.int64),
        equity=values,
        cash=values - long - short,
        long=long,
        short=short,
        fees=np.zeros(len(ts)),
    )


def field(value: Any, path: str) -> Any:
    """Follow a dotted path of fields and indices."""
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def agrees(found: Any, wanted: Any) -> bool:
    """Whether a figure is the one that an answer file has."""
    if wanted == "none":
        return found is None
    if isinstance(wanted, float):
        return found is not None and float(found) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    if isinstance(found, Decimal) and isinstance(wanted, str):
        return bool(found == Decimal(wanted))
    if isinstance(found, dt.date):
        return bool(found.isoformat() == wanted)
    if isinstance(found, int) and isinstance(wanted, str):
        return bool(found == parse_time(wanted))
    return bool(found == wanted)


def check(told: BacktestStatistics, expected: dict[str, Any]) -> None:
    """Compare every figure that is expected, and say all that differ."""
    differing = {
        path: (field(told, path), wanted)
        for path, wanted in expected.items()
        if not agrees(field(told, path), wanted)
    }
    assert not differing


@pytest.mark.parametrize("case", named(answers("curve.toml")["case"]))
def test_figures_of_a_curve(case: dict[str, Any]) -> None:
    ts = [parse_time(text) for text in case["times"]]
    sides = {name: case[name] for name in ("long", "short") if name in case}
    benchmark = case.get("benchmark")
    data = data_of(
        curve_of(ts, case["equity"], **sides),
        case["asset"],
        benchmark=PriceSeries("SPY", np.array(ts), np.array(benchmark)) if benchmark else None,
    )
    check(backtest_statistics(data), case["expected"])


def fills_of(rows: list[list[Any]]) -> tuple[Fill, ...]:
    """Return the fills of an answer file."""
    return tuple(
        Fill(
            strategy=strategy,
            symbol=symbol,
            side=Side.SELL if qty.startswith("-") else Side.BUY,
            qty=abs(Decimal(qty)),
            price=Decimal(price),
            ts=second * SECOND,
            fee=Decimal(fee),
            stop=Decimal(stop) if stop else None,
        )
        for second, strategy, symbol, qty, price, fee, stop in rows
    )


def last_prices(marks: dict[str, float]) -> tuple[Candles, ...]:
    """Return one candle a symbol, complete in second 9."""
    ts, volume = np.array([9 * SECOND]), np.array([1.0])
    made = []
    for symbol, price in marks.items():
        flat = np.array([price])
        made.append(
            Candles(symbol=symbol, ts=ts, open=flat, high=flat, low=flat, close=flat, volume=volume)
        )
    return tuple(made)


def traded(case: dict[str, Any], **more: Any) -> BacktestStatistics:
    """Return the figures of a case's fills, over two sessions of ten seconds."""
    curve = curve_of([0, 10 * SECOND, 20 * SECOND], [1000.0] * 3)
    return backtest_statistics(
        data_of(
            curve,
            fills=fills_of(case["fills"]),
            candles=last_prices(case.get("marks", {})),
            **more,
        )
    )


@pytest.mark.parametrize("case", named(answers("trades.toml")["case"]))
def test_trips_through_corporate_actions(case: dict[str, Any]) -> None:
    actions = tuple(
        Adjustment(
            symbol=symbol,
            ts=second * SECOND,
            ratio=Decimal(ratio),
            cash=Decimal(cash),
            new_symbol=new,
            fraction=Decimal(step),
        )
        for second, symbol, ratio, cash, new, step in case["adjustments"]
    )
    told = traded(case, adjustments=actions)
    assert len(told.trips) == len(case["trips"])
    for trip, wanted in zip(told.trips, case["trips"], strict=True):
        for name, value in wanted.items():
            found = getattr(trip, name)
            if name in ("start", "end"):
                value *= SECOND
            assert agrees(found, tuple(value) if isinstance(value, list) else value), name


def test_figures_of_trades_in_all_by_strategy_and_by_symbol() -> None:
    case = answers("groups.toml")
    check(traded(case, charges=Decimal(case["charges"])), case["expected"])


def test_a_symbol_cannot_become_one_that_is_held_too() -> None:
    rows = [[1, "s", "FB", "1", "10", "0", ""], [1, "s", "META", "1", "10", "0", ""]]
    action = Adjustment(symbol="FB", ts=2 * SECOND, new_symbol="META")
    with pytest.raises(ValueError, match="FB, which became META"):
        traded({"fills": rows}, adjustments=(action,))


def test_sessions_in_which_something_was_held() -> None:
    # held from second 12 to 19, in the second of two sessions: a moment in one counts as the whole
    rows = [[12, "s", "A", "1", "10", "0", ""], [19, "s", "A", "-1", "10", "0", ""]]
    assert traded({"fills": rows}).exposure_time == 0.5
    # at the close of the first and at the open of the second
    rows = [[10, "s", "A", "1", "10", "0", ""], [11, "s", "A", "-1", "10", "0", ""]]
    assert traded({"fills": rows}).exposure_time == 1.0


def test_a_benchmark_that_begins_later_is_compared_from_then_on() -> None:
    ts = [0, 10 * SECOND, 20 * SECOND, 30 * SECOND]
    benchmark = PriceSeries("SPY", np.array(ts[1:]), np.array([10.0, 11.0, 9.9]))
    data = data_of(curve_of(ts, [100.0, 200.0, 240.0, 192.0]), benchmark=benchmark)
    told = backtest_statistics(data).benchmark
    assert told is not None
    assert told.total_return == pytest.approx(-0.01)
    assert told.beta == pytest.approx(2.0)  # 0.2 and -0.2 against 0.1 and -0.1


def test_gains_of_trips_are_the_accounts_through_splits_and_dividends() -> None:
    data = sample(symbols=6)
    told = backtest_statistics(data)
    assert any(trip.dividends for trip in told.trips)
    gain = sum((trip.gain_value for trip in told.trips), Decimal(0)) - data.charges
    assert float(gain) == pytest.approx(told.pnl, abs=1e-6)
    by_symbol = sum((row.gain for row in told.symbols), Decimal(0))
    assert by_symbol == sum((row.gain for row in told.strategies), Decimal(0)) == gain


def test_months_compound_to_the_whole() -> None:
    told = backtest_statistics(sample(symbols=3))
    months = [each for year in told.years_table for each in year.months if each is not None]
    assert told.total_return is not None
    assert len(months) == 36
    assert np.prod(1 + np.array(months)) == pytest.approx(1 + told.total_return)
    totals = [year.total for year in told.years_table if year.total is not None]
    assert np.prod(1 + np.array(totals)) == pytest.approx(1 + told.total_return)
