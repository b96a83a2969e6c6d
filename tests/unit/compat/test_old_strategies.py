"""Strategies written for 0.4, driven by an engine: what they are shown, and what becomes of what they return."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pandas as pd
import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import Bar, OpenPosition, SessionBegan
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderType, Side
from liualgotrader.common.plan import Window
from liualgotrader.strategies.base import StrategyType
from tests.engine_bench import (
    OPEN,
    Bench,
    bar,
    cancels,
    command,
    history,
    started,
    submits,
)
from tests.old_bench import bench, old, show

HOUR = 60 * MINUTE
NEW_YORK = "America/New_York"


def lines(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


# -- run -------------------------------------------------------------------------------------------


def test_momentum_buys_with_its_remarks_and_sells_by_its_own_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    strategy = old("momentum_long.py", "MomentumLong", schedule=(Window(start=0, duration=60),))
    assert strategy.type is StrategyType.DAY_TRADE and not strategy.portfolio
    at = bench(strategy)
    for minute, close in enumerate([100, 99.5, 99, 99.2, 99.4]):
        assert show(at, minute, close) == []
    (order,) = show(at, 5, 101)
    assert (order.side, order.type, order.exit) == (Side.BUY, OrderType.MARKET, False)
    assert order.qty == Decimal(int(100_000 * 0.002 / (101 - 101 * 0.95)))
    assert order.stop == Decimal("95.95") and order.target == Decimal("116.15")
    assert order.indicators["top"] == pytest.approx(99.4) and len(order.indicators["macd"]) == 5
    data = strategy._world.trading_data
    assert list(data.open_orders) == ["A"] and data.last_used_strategy["A"] is strategy.old
    assert show(at, 6, 102) == []  # its order is at work
    at.fill(order.order_id, price=101)
    assert data.open_orders == {} and data.positions == {"A": int(order.qty)}
    assert data.latest_cost_basis == {"A": 101.0}
    (sale,) = show(at, 7, 90)
    assert (sale.side, sale.qty, sale.exit) == (Side.SELL, order.qty, True)
    assert sale.stop is None and sale.indicators == {"held": 120.0, "reasons": "out"}
    at.fill(sale.order_id, price=90)
    assert at.held() == 0 and data.positions == {"A": 0}
    assert f"bought {order.qty} of A at 101.0" in lines(caplog)
    assert "MomentumLong: strategy momentum_long created" in lines(caplog)


def test_run_sees_eight_columns_in_new_york_up_to_the_bar_that_is_over() -> None:
    strategy = old("callbacks.py", "WithoutFee", past_seconds=60)
    seen: dict[str, Any] = {}

    async def run(symbol: str, shortable: bool, position: float, **named: Any) -> Any:
        seen.update(named, symbol=symbol, shortable=shortable, position=position)
        return False, {}

    strategy.old.run = run  # type: ignore[method-assign]
    at = bench(strategy)
    show(at, 0, 10)
    at.at(2)
    at.feed(Bar("A", OPEN + MINUTE, 10, 12, 9, 11, 100, 60, 10.7, 12))
    frame = seen["minute_history"]
    assert list(frame.columns) == [
        "open", "high", "low", "close", "volume", "vwap", "average", "count",
    ]  # fmt: skip
    assert frame.index[-1] == pd.Timestamp(OPEN + MINUTE, tz="UTC").tz_convert(NEW_YORK)
    assert str(frame.index.tz) == NEW_YORK
    assert seen["now"] == pd.Timestamp(OPEN + 2 * MINUTE, tz="UTC")
    assert (frame.close[-1], frame.average[-1], seen["position"]) == (11, pytest.approx(32 / 3), 0)
    assert seen["portfolio_value"] == 100_000.0 and seen["backtesting"] is True
    assert (seen["symbol"], seen["shortable"], seen["debug"]) == ("A", True, False)


def test_history_warms_up_and_is_not_traded_on() -> None:
    strategy = old("callbacks.py", "WithFee", warmup=5)
    at = Bench(*cast("Any", (strategy,)))
    assert show(at, 0, 10) == []
    assert at.feed(history(-3, -2, -1)) == []
    (order,) = show(at, 1, 10)
    assert order.qty == 100 and strategy.warmup == 5
    assert len(at.engine.data["A"]) == 5


def test_bars_outside_the_session_and_the_last_one_are_passed_over() -> None:
    at = bench(old("callbacks.py", "WithFee"))
    assert show(at, -1, 10) == []
    assert show(at, 389, 10) == []
    assert len(show(bench(old("callbacks.py", "WithFee")), 370, 10)) == 1


def test_limits_given_as_text_are_exact_and_are_taken_back_after_a_minute() -> None:
    strategy = old("limit_text.py", "LimitText", lot=7)
    at = bench(strategy)
    (order,) = show(at, 0, 20.01)
    assert (order.type, order.limit, order.qty) == (OrderType.LIMIT, Decimal("20.00"), Decimal(7))
    at.order(order.order_id, Kind.NEW)
    at.fill(order.order_id, 3, price="19.99", part=True)
    assert strategy._world.trading_data.positions == {"A": 3}
    at.engine.clock.advance(OPEN + 2 * MINUTE)
    (timer,) = at.engine.clock.pop_due(OPEN + 2 * MINUTE)
    assert cancels(at.feed(timer)) == [order.order_id]
    assert strategy.old.filled == []  # type: ignore[attr-defined]
    at.order(order.order_id, Kind.CANCELED)
    assert strategy.old.filled == [("buy", "A", 19.99, 3)]  # type: ignore[attr-defined]
    (sale,) = show(at, 2, 20.02)
    assert (sale.side, sale.limit, sale.qty) == (Side.SELL, Decimal("20.03"), Decimal(3))


def test_a_rejected_symbol_is_given_back() -> None:
    at = bench(old("momentum_long.py", "MomentumLong", max_price=50.0))
    for minute in range(5):
        show(at, minute, 60 + minute)
    assert at.engine.given_back == ["A"]
    assert at.engine.runs["MomentumLong"].rejected == {"A"}


def test_a_symbol_given_back_while_it_is_held_is_not_decided_on_again() -> None:
    strategy = old("callbacks.py", "WithFee")
    calls: list[float] = []

    async def run(symbol: str, shortable: bool, position: float, **named: Any) -> Any:
        calls.append(position)
        return False, {"reject": True}

    strategy.old.run = run  # type: ignore[method-assign]
    start = started(
        positions=(OpenPosition("WithFee", "A", Decimal(10), Decimal(9)),),
        instruments=(Instrument("A"),),
        routes=(("A", None),),
    )
    at = bench(strategy, start=start, symbols=())
    show(at, 0, 10)
    show(at, 1, 10)
    assert calls == [10]


def test_a_callback_hears_of_a_whole_order_with_its_average_price_and_fees() -> None:
    strategy = old("callbacks.py", "WithFee")
    at = bench(strategy)
    heard: list[Any] = strategy.old.heard  # type: ignore[attr-defined]
    (order,) = show(at, 0, 10)
    at.fill(order.order_id, 40, price=10, part=True)
    assert heard == []
    last = {"qty": Decimal(60), "price": Decimal(11), "fee": Decimal("0.5")}
    at.order(order.order_id, Kind.FILL, execution_id="last", **last)
    ((side, symbol, price, qty, now, fee, before, after),) = heard
    assert (side, symbol, price, qty, fee) == ("buy", "A", 10.6, 100, 0.5)
    assert now == pd.Timestamp(OPEN + MINUTE, tz="UTC")
    # The account's figure has the first part in it by then; the test's has not moved.
    assert after == pytest.approx(before - 1060.5)
    assert before == pytest.approx(1000 - 60 * 11 - 0.5 + 1060.5)


def test_a_callback_without_a_fee_is_not_given_one() -> None:
    strategy = old("callbacks.py", "WithoutFee")
    at = bench(strategy)
    (order,) = show(at, 0, 10)
    at.fill(order.order_id)
    (sale,) = show(at, 1, 11)
    at.fill(sale.order_id, price=11)
    heard: list[Any] = strategy.old.heard  # type: ignore[attr-defined]
    assert [each[:4] for each in heard] == [("buy", "A", 10.0, 100), ("sell", "A", 11.0, 100)]


def test_a_callback_that_raises_disables_its_strategy() -> None:
    at = bench(old("callbacks.py", "Fails"))
    (order,) = show(at, 0, 10)
    at.fill(order.order_id)
    assert at.engine.failures == [("Fails", "raised in on_order: Exception: no money")]


def test_a_liquidation_is_told_as_a_sale() -> None:
    strategy = old("callbacks.py", "WithFee")
    strategy.old.type = StrategyType.DAY_TRADE
    at = bench(strategy)
    (order,) = show(at, 0, 10)
    at.fill(order.order_id)
    (closing,) = submits(at.feed(command("flatten")))
    at.fill(closing.order_id, price=9)
    heard: list[Any] = strategy.old.heard  # type: ignore[attr-defined]
    assert heard[-1][:4] == ("sell", "A", 9.0, 100)


# -- run_all ---------------------------------------------------------------------------------------


def test_run_all_sees_a_minute_once_all_its_bars_are_in_and_sells_first() -> None:
    strategy = old("long_short_pair.py", "LongShortPair", long="A", short="B", qty=5)
    assert strategy.portfolio
    at = bench(strategy, symbols=("A", "B"))
    closes = {"A": [10, 10, 10, 10, 9.9], "B": [10, 10, 10, 10, 10.1]}
    for minute in range(5):
        at.at(minute + 1)
        for symbol in "AB":
            assert at.feed(bar(minute, closes[symbol][minute], symbol=symbol)) == []
    said = len(at.verdicts)
    at.engine.clock.advance(OPEN + 5 * MINUTE + 2 * SECOND)
    for timer in at.engine.clock.pop_due(at.engine.clock.now()):
        at.feed(timer)
    orders = submits(at.verdicts[said:])
    assert [(o.symbol, o.side, o.qty) for o in orders] == [
        ("B", Side.SELL, Decimal(5)),
        ("A", Side.BUY, Decimal(5)),
    ]
    assert strategy.old.turns == 1  # type: ignore[attr-defined]


def test_run_all_is_called_once_a_day_on_day_bars() -> None:
    strategy = old("long_short_pair.py", "LongShortPair", long="A", short="B")
    calls: list[Any] = []

    async def run_all(symbols_position: Any, data_loader: Any, now: Any) -> Any:
        close = data_loader["A"].close
        calls.append((symbols_position, now, close[now], close[now.date()]))
        return {"A": {"side": "buy", "qty": 1, "type": "limit", "limit_price": "9.5"}}

    strategy.old.run_all = run_all  # type: ignore[method-assign]
    at = bench(strategy, symbols=("A", "B"), bar_seconds=86_400)
    for day in (1, 2):
        midnight = OPEN + day * 86_400 * SECOND
        at.at(day * 24 * 60)
        at.feed(SessionBegan(midnight, midnight + 9 * HOUR, midnight + 16 * HOUR))
        for symbol in "AB":
            at.feed(Bar(symbol, midnight - 86_400 * SECOND, 10, 11, 9, 10 + day, 100, 86_400))
        at.engine.clock.advance(midnight + 1)
        for timer in at.engine.clock.pop_due(midnight + 1):
            at.feed(timer)
    assert [(now.value, at_now, on_day) for _, now, at_now, on_day in calls] == [
        (OPEN + day * 86_400 * SECOND, 10 + day, 10 + day) for day in (1, 2)
    ]
    assert calls[0][0] == {"A": 0, "B": 0}
    assert len(submits(at.verdicts)) == 1  # the first is at work still, and is not taken back
