"""Requests that no account could make, where the cases name no example."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue import validation
from liualgotrader.venue.orders import OrderRequest, Rejection

AAPL = Instrument("AAPL")
COIN = Instrument("BTC/USD", AssetClass.CRYPTO)
DAY = date(2026, 10, 6)
TARGET, STOP = TakeProfit(Decimal(55)), StopLoss(Decimal(45))


def _request(**fields: Any) -> OrderRequest:
    return OrderRequest(symbol="AAPL", side=Side.BUY, **{"qty": Decimal(1), **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"qty": None}, "qty or notional is required"),
        ({"qty": Decimal(0)}, "qty must be > 0"),
        ({"type": OrderType.LIMIT}, "require limit_price"),
        (
            {"type": OrderType.LIMIT, "limit": Decimal(5), "trigger": Decimal(5)},
            "require no stop price",
        ),
        ({"type": OrderType.LIMIT, "limit": Decimal(0)}, "prices must be > 0"),
        ({"type": OrderType.STOP_LIMIT, "limit": Decimal(5)}, "stop_price and limit_price"),
        ({"trail_price": Decimal(1)}, "only trailing stop orders"),
        (
            {
                "type": OrderType.TRAILING_STOP,
                "trail_price": Decimal(1),
                "trigger": Decimal(5),
            },
            "require no stop or limit price",
        ),
        ({"take_profit": TARGET}, "simple orders take neither"),
        (
            {
                "type": OrderType.TRAILING_STOP,
                "trail_price": Decimal(1),
                "order_class": OrderClass.OTO,
                "stop_loss": STOP,
            },
            "trailing stop orders must be simple",
        ),
        (
            {
                "type": OrderType.LIMIT,
                "limit": Decimal(50),
                "order_class": OrderClass.BRACKET,
                "take_profit": TARGET,
                "stop_loss": STOP,
                "tif": TimeInForce.OPG,
            },
            "must be DAY or GTC",
        ),
        (
            {
                "qty": None,
                "notional": Decimal(50),
                "type": OrderType.LIMIT,
                "limit": Decimal(5),
            },
            "notional orders must be market orders",
        ),
        (
            {
                "qty": Decimal("1.5"),
                "type": OrderType.TRAILING_STOP,
                "trail_price": Decimal(1),
            },
            "fractional orders must be simple",
        ),
    ],
)
def test_a_malformed_request_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejection, match=words):
        validation.check(_request(**fields), AAPL, DAY)


def test_coins_know_no_day() -> None:
    with pytest.raises(Rejection, match="crypto orders must be gtc or ioc"):
        validation.check(_request(), COIN, DAY)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": OrderType.STOP, "trigger": Decimal(60)}, "stop orders are not supported"),
        (
            {"type": OrderType.TRAILING_STOP, "trail_price": Decimal(1)},
            "trailing_stop orders are not supported",
        ),
        (
            {"order_class": OrderClass.OTO, "take_profit": TakeProfit(Decimal(60))},
            "crypto orders must be simple",
        ),
    ],
)
def test_coins_take_no_stops_without_a_limit_and_no_groups(
    fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(Rejection, match=words):
        validation.check(_request(tif=TimeInForce.GTC, **fields), COIN, DAY)


def test_coins_take_stop_limits() -> None:
    stop = {"type": OrderType.STOP_LIMIT, "trigger": Decimal(60), "limit": Decimal(61)}
    validation.check(_request(tif=TimeInForce.GTC, **stop), COIN, DAY)


def test_a_buy_stop_below_the_market_is_refused() -> None:
    request = _request(type=OrderType.STOP, trigger=Decimal(49))
    with pytest.raises(Rejection, match="greater than current price"):
        validation.check_stop_side(request, Decimal(50))


@pytest.mark.parametrize(
    ("target", "stop", "words"),
    [("51", "55", "take_profit.limit_price must be <="), ("45", "49", "stop_price must be >=")],
)
def test_exits_of_a_short_are_turned_round(target: str, stop: str, words: str) -> None:
    request = OrderRequest(
        symbol="AAPL",
        side=Side.SELL,
        qty=Decimal(1),
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfit(Decimal(target)),
        stop_loss=StopLoss(Decimal(stop)),
    )
    with pytest.raises(Rejection, match=words):
        validation.check_exits(request, Decimal(50))
