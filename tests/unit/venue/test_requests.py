"""Which requests are taken and which are not, on both sides of each line that the rules draw."""

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
COIN = Instrument("BTC/USD", AssetClass.CRYPTO, lot=Decimal("0.0001"), fraction=Decimal("0.0001"))
FIELD, INVALID = 40010001, 42210000
DAY = date(2026, 10, 6)

MARKET: dict[str, Any] = {}
LIMIT = {"type": OrderType.LIMIT, "limit": Decimal(50)}
STOP = {"type": OrderType.STOP, "trigger": Decimal(50)}
STOP_LIMIT = {"type": OrderType.STOP_LIMIT, "trigger": Decimal(50), "limit": Decimal(51)}
TRAILING = {"type": OrderType.TRAILING_STOP, "trail_percent": Decimal(1)}
AMOUNT = {"qty": None, "notional": Decimal(1)}
TARGET = {"take_profit": TakeProfit(Decimal(55))}
CUT = {"stop_loss": StopLoss(Decimal(45))}
BRACKET = {**LIMIT, **TARGET, **CUT, "order_class": OrderClass.BRACKET}
OCO = {"type": OrderType.LIMIT, **TARGET, **CUT, "order_class": OrderClass.OCO}
OTO = {**LIMIT, **CUT, "order_class": OrderClass.OTO}
NOT_LASTING = (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS)


def _request(fields: dict[str, Any]) -> OrderRequest:
    return OrderRequest(**{"symbol": "AAPL", "side": Side.BUY, "qty": Decimal(1), **fields})


def _code(fields: dict[str, Any], instrument: Instrument = AAPL) -> tuple[int, int]:
    with pytest.raises(Rejection) as caught:
        validation.check(_request(fields), instrument, DAY)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("kind", [MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING, BRACKET, OCO, OTO])
@pytest.mark.parametrize("tif", [TimeInForce.DAY, TimeInForce.GTC])
def test_every_kind_of_order_may_last(kind: dict[str, Any], tif: TimeInForce) -> None:
    validation.check(_request({**kind, "tif": tif}), AAPL, DAY)


@pytest.mark.parametrize("tif", NOT_LASTING)
@pytest.mark.parametrize("kind", [MARKET, LIMIT])
def test_market_and_limit_orders_take_every_time_in_force(
    kind: dict[str, Any],
    tif: TimeInForce,
) -> None:
    validation.check(_request({**kind, "tif": tif}), AAPL, DAY)


@pytest.mark.parametrize("tif", NOT_LASTING)
@pytest.mark.parametrize("kind", [STOP, STOP_LIMIT, TRAILING, BRACKET, OCO, OTO])
def test_stops_and_groups_last(kind: dict[str, Any], tif: TimeInForce) -> None:
    assert _code({**kind, "tif": tif}) == (422, INVALID)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"qty": Decimal(1), "notional": Decimal(1)}, 422),
        ({"qty": None}, 422),
        ({"qty": Decimal(0)}, 422),
        ({"qty": Decimal(-1)}, 422),
        ({**AMOUNT, "notional": Decimal("1.001")}, 422),
        ({"limit": Decimal(5)}, 422),
        ({"trigger": Decimal(5)}, 422),
        ({"type": OrderType.LIMIT}, 422),
        ({**LIMIT, "trigger": Decimal(5)}, 422),
        ({**LIMIT, "limit": Decimal(0)}, 422),
        ({**STOP, "trigger": Decimal(0)}, 422),
        ({**STOP, "trigger": None}, 422),
        ({**STOP, "limit": Decimal(5)}, 422),
        ({**STOP_LIMIT, "trigger": None}, 422),
        ({**STOP_LIMIT, "limit": None}, 422),
        ({**BRACKET, "take_profit": TakeProfit(Decimal(0))}, 422),
        ({**BRACKET, "stop_loss": StopLoss(Decimal(0))}, 422),
        ({**BRACKET, "stop_loss": StopLoss(Decimal(45), Decimal(-1))}, 422),
        ({"trail_price": Decimal(1)}, 422),
        ({**LIMIT, "trail_percent": Decimal(1)}, 422),
        ({**TRAILING, "trail_percent": None}, 422),
        ({**TRAILING, "trail_percent": Decimal(0)}, 422),
        ({**TRAILING, "trail_price": Decimal(1)}, 422),
        ({**TRAILING, "limit": Decimal(1)}, 422),
        ({**TRAILING, "trigger": Decimal(1)}, 422),
        (TARGET, 422),
        (CUT, 422),
        ({**BRACKET, "take_profit": None}, 422),
        ({**BRACKET, "stop_loss": None}, 422),
        ({**OCO, "take_profit": None}, 422),
        ({**OCO, "stop_loss": None}, 422),
        ({**OTO, **TARGET}, 422),
        ({**OTO, "stop_loss": None}, 422),
    ],
)
def test_a_field_that_is_missing_wrong_or_too_many_is_named_as_such(
    fields: dict[str, Any],
    status: int,
) -> None:
    assert _code(fields) == (status, FIELD)


@pytest.mark.parametrize(
    "fields",
    [
        {**OCO, **STOP, "limit": None},
        {**TRAILING, **CUT, "order_class": OrderClass.OTO},
        {**LIMIT, **AMOUNT},
        {"qty": Decimal("0.5"), "tif": TimeInForce.GTC},
        {**AMOUNT, "tif": TimeInForce.IOC},
        {**BRACKET, "qty": Decimal("0.5")},
        {**TRAILING, "qty": Decimal("0.5")},
        {"qty": Decimal("0.0000000005")},
        {"extended_hours": True},
        {**STOP_LIMIT, "extended_hours": True},
        {**LIMIT, "extended_hours": True, "tif": TimeInForce.IOC},
        {**BRACKET, "extended_hours": True},
    ],
)
def test_a_combination_that_is_not_offered_is_invalid(fields: dict[str, Any]) -> None:
    assert _code(fields) == (422, INVALID)


@pytest.mark.parametrize(
    "fields",
    [
        AMOUNT,
        {"qty": Decimal("0.000000001")},
        {**LIMIT, "qty": Decimal("0.5")},
        {**STOP, "qty": Decimal("0.5")},
        {**LIMIT, "limit": Decimal("0.01")},
        {**TRAILING, "trail_percent": None, "trail_price": Decimal("0.01")},
        {**OTO, "stop_loss": None, **TARGET},
        {**LIMIT, "extended_hours": True},
        {**LIMIT, "extended_hours": True, "tif": TimeInForce.GTC},
        {**OCO, "limit": Decimal(55)},
    ],
)
def test_the_least_that_is_offered_is_taken(fields: dict[str, Any]) -> None:
    validation.check(_request(fields), AAPL, DAY)


@pytest.mark.parametrize("tif", [TimeInForce.GTC, TimeInForce.IOC])
def test_coins_are_taken_in_fractions_till_cancelled_or_at_once(tif: TimeInForce) -> None:
    validation.check(_request({"qty": Decimal("0.5001"), "tif": tif}), COIN, DAY)
    assert _code({"qty": Decimal("0.50001"), "tif": tif}, COIN) == (422, INVALID)


@pytest.mark.parametrize("tif", [TimeInForce.DAY, TimeInForce.FOK, TimeInForce.OPG])
def test_coins_are_taken_no_other_way(tif: TimeInForce) -> None:
    assert _code({"tif": tif}, COIN) == (422, INVALID)


# ---------------------------------------------------------------------------- prices


@pytest.mark.parametrize("price", ["50.01", "50.010", "1.00", "0.9999", "0.0001"])
def test_prices_on_a_tick_are_taken(price: str) -> None:
    validation.check_increments(_request({**LIMIT, "limit": Decimal(price)}), AAPL)


@pytest.mark.parametrize("price", ["50.001", "1.0001", "0.99999"])
@pytest.mark.parametrize("field", ["limit", "trigger", "target", "stop", "stop limit"])
def test_a_price_between_ticks_is_refused_wherever_it_stands(field: str, price: str) -> None:
    between, tick = Decimal(price), Decimal(45)
    name = {
        "limit": "limit_price",
        "trigger": "stop_price",
        "target": "take_profit.limit_price",
        "stop": "stop_loss.stop_price",
        "stop limit": "stop_loss.limit_price",
    }
    places: dict[str, dict[str, Any]] = {
        "limit": {"limit": between},
        "trigger": {"trigger": between},
        "target": {"take_profit": TakeProfit(between)},
        "stop": {"stop_loss": StopLoss(between)},
        "stop limit": {"stop_loss": StopLoss(tick, between)},
    }
    with pytest.raises(Rejection, match=f"invalid {name[field]} {price}") as caught:
        validation.check_increments(_request(places[field]), AAPL)
    assert (caught.value.status, caught.value.code) == (422, INVALID)


@pytest.mark.parametrize(
    ("side", "trigger", "is_taken"),
    [
        (Side.BUY, "50.01", True),
        (Side.BUY, "50.00", False),
        (Side.BUY, "49.99", False),
        (Side.SELL, "49.99", True),
        (Side.SELL, "50.00", False),
        (Side.SELL, "50.01", False),
    ],
)
@pytest.mark.parametrize("kind", [STOP, STOP_LIMIT])
def test_a_stop_lies_beyond_the_current_price(
    kind: dict[str, Any],
    side: Side,
    trigger: str,
    is_taken: bool,
) -> None:
    request = _request({**kind, "side": side, "trigger": Decimal(trigger)})
    validation.check_stop_side(request, None)
    if is_taken:
        validation.check_stop_side(request, Decimal(50))
    else:
        with pytest.raises(Rejection, match="current price"):
            validation.check_stop_side(request, Decimal(50))


@pytest.mark.parametrize("kind", [MARKET, LIMIT, TRAILING])
def test_the_current_price_means_nothing_to_what_has_no_stop(kind: dict[str, Any]) -> None:
    request = _request(kind)
    validation.check_stop_side(request, Decimal(50))
    assert request.trigger is None


# ---------------------------------------------------------------------------- exits


def _exits(side: Side, target: str, stop: str, **fields: Any) -> OrderRequest:
    exits = {"take_profit": TakeProfit(Decimal(target)), "stop_loss": StopLoss(Decimal(stop))}
    return _request({"order_class": OrderClass.BRACKET, "side": side, **exits, **fields})


@pytest.mark.parametrize(
    ("side", "target", "stop"), [(Side.BUY, "50.01", "49.99"), (Side.SELL, "49.99", "50.01")]
)
def test_exits_a_cent_from_the_entry_are_taken(side: Side, target: str, stop: str) -> None:
    current = Decimal(70)
    for entry in ({**LIMIT}, {**STOP}, {**STOP_LIMIT, "limit": Decimal(50)}):
        request = _exits(side, target, stop, **entry)
        validation.check_exits(request, current)
        assert request.order_class is OrderClass.BRACKET
    validation.check_exits(_exits(side, target, stop), Decimal(50))


@pytest.mark.parametrize(
    ("side", "target", "stop", "words"),
    [
        (Side.BUY, "50.00", "49.99", "take_profit.limit_price must be >="),
        (Side.BUY, "50.01", "50.00", "stop_loss.stop_price must be <="),
        (Side.SELL, "50.00", "50.01", "take_profit.limit_price must be <="),
        (Side.SELL, "49.99", "50.00", "stop_loss.stop_price must be >="),
    ],
)
def test_exits_at_the_entry_are_refused_and_its_price_is_told(
    side: Side,
    target: str,
    stop: str,
    words: str,
) -> None:
    with pytest.raises(Rejection, match=words) as caught:
        validation.check_exits(_exits(side, target, stop), Decimal("50.00"))
    assert caught.value.details == {"base_price": "50.00"}
    with pytest.raises(Rejection, match=words):
        validation.check_exits(_exits(side, target, stop, **LIMIT), Decimal(70))
    with pytest.raises(Rejection, match=words):
        validation.check_exits(_exits(side, target, stop, **STOP), None)


@pytest.mark.parametrize(
    ("side", "target", "stop", "is_taken"),
    [
        (Side.SELL, "50.01", "50.00", True),
        (Side.SELL, "50.00", "50.00", False),
        (Side.SELL, "49.00", "50.00", False),
        (Side.BUY, "49.99", "50.00", True),
        (Side.BUY, "50.00", "50.00", False),
        (Side.BUY, "51.00", "50.00", False),
    ],
)
def test_the_exits_of_a_position_lie_on_their_sides_of_each_other(
    side: Side,
    target: str,
    stop: str,
    is_taken: bool,
) -> None:
    request = _exits(side, target, stop, type=OrderType.LIMIT, order_class=OrderClass.OCO)
    if is_taken:
        validation.check_exits(request, Decimal(70))
    else:
        with pytest.raises(Rejection, match="beyond stop_loss"):
            validation.check_exits(request, None)


def test_without_any_price_the_exits_are_held_to_each_other_alone() -> None:
    validation.check_exits(_exits(Side.BUY, "55", "45"), None)
    with pytest.raises(Rejection, match="beyond stop_loss"):
        validation.check_exits(_exits(Side.BUY, "45", "45"), None)


@pytest.mark.parametrize("fields", [{"qty": Decimal("0.5")}, AMOUNT])
def test_what_is_not_fractionable_is_taken_whole_only(fields: dict[str, Any]) -> None:
    whole_only = Instrument("AAPL", fractionable=False)
    validation.check_asset(_request(fields), AAPL)
    validation.check_asset(_request({"qty": Decimal(2)}), whole_only)
    with pytest.raises(Rejection, match="not fractionable"):
        validation.check_asset(_request(fields), whole_only)


@pytest.mark.parametrize("tif", [TimeInForce.GTC, TimeInForce.IOC])
def test_a_coin_below_its_lot_is_no_fraction_of_a_share(tif: TimeInForce) -> None:
    coin = Instrument("BTC/USD", AssetClass.CRYPTO)
    validation.check(_request({"qty": Decimal("0.5"), "tif": tif}), coin, DAY)
    assert _code({"qty": Decimal("0.0000000005"), "tif": tif}, coin) == (422, INVALID)
