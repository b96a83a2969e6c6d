"""The loss of the day, by hand-worked figures."""

from decimal import Decimal

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
