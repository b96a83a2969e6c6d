"""The loss of the day, by hand-worked figures."""

from decimal import Decimal

import msgspec

from liualgotrader.common.events import OrderEvent, OrderEventKind, Trade
from liualgotrader.engine.loss_guard import LossGuard


def fill(name: str, side: str, qty: str, price: str) -> OrderEvent:
    return OrderEvent(
        "o", OrderEventKind.FILL, 1, "AAA", Decimal(qty), Decimal(price), name, side=side
    )


def test_a_long_position_loses_with_the_last_price() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "buy", "100", "50.00"))
    guard.market([Trade("AAA", 2, 49.01, 10)])
    assert guard.breached() is None
    guard.market([Trade("AAA", 3, 49.00, 10)])
    reason = guard.breached()
    assert reason == "the loss of the day is 100.00, the plan allows 100.00"


def test_a_short_position_loses_when_the_price_rises() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "sell", "100", "50.00"))
    guard.market([Trade("AAA", 2, 51.50, 10)])
    assert round(guard.gain(), 6) == -150.0
    assert guard.breached() is not None


def test_the_breach_is_told_once() -> None:
    guard = LossGuard(Decimal(1))
    guard.order(fill("e1", "buy", "10", "10"))
    guard.market([Trade("AAA", 2, 9.0, 1)])
    assert guard.breached() is not None
    assert guard.breached() is None


def test_a_fill_told_twice_counts_once() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "buy", "10", "10"))
    guard.order(fill("e1", "buy", "10", "10"))
    guard.market([Trade("AAA", 2, 9.0, 1)])
    assert guard.gain() == -10.0


def test_a_position_from_yesterday_counts_from_todays_first_price() -> None:
    guard = LossGuard(Decimal(100))
    guard.hold("AAA", Decimal(10))
    guard.market([Trade("AAA", 1, 40.0, 1), Trade("AAA", 2, 45.0, 1)])
    assert guard.gain() == 50.0


def test_what_was_closed_stays_lost() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "buy", "10", "10"))
    guard.order(fill("e2", "sell", "10", "8"))
    guard.market([Trade("AAA", 2, 100.0, 1)])
    assert guard.gain() == -20.0


def amended(kind: OrderEventKind, name: str, amends: str | None, price: str) -> OrderEvent:
    event = fill(name, "buy", "10", price)
    return msgspec.structs.replace(event, kind=kind, amends=amends)


def test_what_is_taken_back_or_corrected_counts_as_it_stands() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "buy", "10", "10"))
    guard.order(fill("e2", "buy", "10", "10"))
    guard.market([Trade("AAA", 2, 9.0, 1)])
    bust = amended(OrderEventKind.TRADE_BUST, "e1", None, "10")
    fixed = amended(OrderEventKind.TRADE_CORRECT, "e3", "e2", "9.50")
    for event in (bust, fixed, bust, fixed):
        guard.order(event)
    assert guard.gain() == -5.0


def test_a_correction_may_keep_its_executions_name() -> None:
    guard = LossGuard(Decimal(100))
    guard.order(fill("e1", "buy", "10", "10"))
    fixed = amended(OrderEventKind.TRADE_CORRECT, "e1", None, "9.50")
    for event in (fixed, fixed):
        guard.order(event)
    guard.market([Trade("AAA", 2, 9.0, 1)])
    assert guard.gain() == -5.0
