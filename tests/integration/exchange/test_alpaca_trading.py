"""The official client, unmodified but for its base URL, trades at the exchange in a box."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alpaca.common.enums import Sort
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    OrderClass,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionIntent,
    PositionSide,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.models import ClosePositionResponse, Order, Position, TradeAccount
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    OrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)

from tests.integration.exchange.box import (
    CLOSE,
    KEYS,
    OPEN,
    SECOND,
    Box,
    quote,
    running,
    tape_of,
    trade,
)

TAPE = tape_of(
    quote("AAPL", 0, 99.98, 100.0),
    quote("MSFT", 0, 199.9, 200.0),
    trade("AAPL", SECOND, 100.0),
    trade("MSFT", SECOND, 200.0),
    quote("AAPL", 10 * SECOND, 100.98, 101.0),
    trade("AAPL", 11 * SECOND, 101.0),
    quote("AAPL", 600 * SECOND, 89.98, 90.0),
)


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(2 * SECOND)
        yield running_box


@pytest.fixture
def client(box: Box) -> TradingClient:
    return TradingClient(KEYS.key, KEYS.secret, url_override=box.address.trading_url)


def market(symbol: str, qty: float, side: OrderSide = OrderSide.BUY) -> MarketOrderRequest:
    return MarketOrderRequest(symbol=symbol, qty=qty, side=side, time_in_force=TimeInForce.DAY)


def limit(symbol: str, qty: float, price: float, client_id: str | None = None) -> LimitOrderRequest:
    return LimitOrderRequest(
        symbol=symbol,
        qty=qty,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.DAY,
        limit_price=price,
        client_order_id=client_id,
    )


def submit(client: TradingClient, request: OrderRequest) -> Order:
    order = client.submit_order(request)
    assert isinstance(order, Order)
    return order


def look(client: TradingClient, order: Order) -> Order:
    found = client.get_order_by_id(order.id)
    assert isinstance(found, Order)
    return found


def account(client: TradingClient) -> TradeAccount:
    found = client.get_account()
    assert isinstance(found, TradeAccount)
    return found


def test_account_shows_cash_and_four_times_as_much_buying_power(client: TradingClient) -> None:
    found = account(client)
    assert (found.cash, found.equity, found.buying_power) == ("100000", "100000", "400000")


def test_market_order_is_accepted_at_once_and_fills_after_its_latency(
    box: Box, client: TradingClient
) -> None:
    order = submit(client, market("AAPL", 10))
    assert order.status is OrderStatus.ACCEPTED
    box.move(3 * SECOND)
    filled = look(client, order)
    assert (filled.status, filled.filled_avg_price) == (OrderStatus.FILLED, "100")
    assert filled.filled_at is not None and filled.filled_at.timestamp() * 1e9 == pytest.approx(
        OPEN + 2.5 * SECOND, abs=1_000
    )
    assert account(client).cash == "99000"


def test_limit_order_waits_for_its_price_and_can_be_found_by_client_id(
    box: Box, client: TradingClient
) -> None:
    submit(client, limit("AAPL", 5, 90.0, "mine-1"))
    box.move(20 * SECOND)
    found = client.get_order_by_client_id("mine-1")
    assert isinstance(found, Order) and found.status is OrderStatus.NEW
    box.move(601 * SECOND)
    assert look(client, found).status is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("request_", "order_type"),
    [
        (
            StopOrderRequest(
                symbol="AAPL",
                qty=1,
                side=OrderSide.BUY,
                time_in_force=TimeInForce.DAY,
                stop_price=120.0,
            ),
            OrderType.STOP,
        ),
        (
            StopLimitOrderRequest(
                symbol="AAPL",
                qty=1,
                side=OrderSide.BUY,
                time_in_force=TimeInForce.GTC,
                stop_price=120.0,
                limit_price=121.0,
            ),
            OrderType.STOP_LIMIT,
        ),
        (
            TrailingStopOrderRequest(
                symbol="AAPL",
                qty=1,
                side=OrderSide.BUY,
                time_in_force=TimeInForce.DAY,
                trail_percent=5.0,
            ),
            OrderType.TRAILING_STOP,
        ),
    ],
)
def test_stop_orders_of_every_kind_come_to_rest(
    box: Box, client: TradingClient, request_: OrderRequest, order_type: OrderType
) -> None:
    order = submit(client, request_)
    box.move(4 * SECOND)
    found = look(client, order)
    assert (found.type, found.status) == (order_type, OrderStatus.NEW)


def test_bracket_brings_two_legs_that_keep_their_ids_and_wake_with_the_fill(
    box: Box, client: TradingClient
) -> None:
    order = submit(
        client,
        MarketOrderRequest(
            symbol="AAPL",
            qty=3,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.DAY,
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=150.0),
            stop_loss=StopLossRequest(stop_price=50.0),
        ),
    )
    assert order.legs is not None
    assert [leg.status for leg in order.legs] == [OrderStatus.HELD, OrderStatus.HELD]
    box.move(3 * SECOND)
    found = look(client, order)
    assert found.legs is not None
    assert [leg.id for leg in found.legs] == [leg.id for leg in order.legs]
    assert [leg.status for leg in found.legs] == [OrderStatus.NEW, OrderStatus.NEW]


def test_cancel_travels_like_an_order(box: Box, client: TradingClient) -> None:
    order = submit(client, limit("AAPL", 5, 50.0))
    box.move(3 * SECOND)
    client.cancel_order_by_id(order.id)
    assert look(client, order).status is OrderStatus.PENDING_CANCEL
    with pytest.raises(APIError, match="pending_cancel"):
        client.cancel_order_by_id(order.id)
    box.move(4 * SECOND)
    assert look(client, order).status is OrderStatus.CANCELED


def test_cancel_of_a_filled_order_is_refused_with_the_vendor_code(
    box: Box, client: TradingClient
) -> None:
    order = submit(client, market("AAPL", 1))
    box.move(3 * SECOND)
    with pytest.raises(APIError) as refusal:
        client.cancel_order_by_id(order.id)
    assert (refusal.value.status_code, refusal.value.code) == (422, 42210000)


def test_replace_gives_a_new_order_in_the_place_of_the_old(box: Box, client: TradingClient) -> None:
    order = submit(client, limit("AAPL", 5, 50.0))
    box.move(3 * SECOND)
    new = client.replace_order_by_id(order.id, ReplaceOrderRequest(limit_price=51.0, qty=6))
    assert isinstance(new, Order)
    assert new.replaces == order.id
    assert look(client, order).status is OrderStatus.PENDING_REPLACE
    box.move(4 * SECOND)
    assert look(client, order).status is OrderStatus.REPLACED
    assert look(client, order).replaced_by == new.id
    found = look(client, new)
    assert (found.limit_price, found.qty, found.status) == ("51", "6", OrderStatus.NEW)


def test_orders_are_listed_by_status_symbol_and_direction(box: Box, client: TradingClient) -> None:
    first = submit(client, limit("AAPL", 5, 50.0))
    box.move(3 * SECOND)
    second = submit(client, limit("MSFT", 5, 60.0))
    third = submit(client, market("MSFT", 1))
    box.move(4 * SECOND)

    def ids(wanted: GetOrdersRequest) -> list[str]:
        return [str(o.id) for o in client.get_orders(wanted) if isinstance(o, Order)]

    everything = QueryOrderStatus.ALL
    assert ids(GetOrdersRequest()) == [str(second.id), str(first.id)]
    assert ids(GetOrdersRequest(status=QueryOrderStatus.CLOSED)) == [str(third.id)]
    assert ids(GetOrdersRequest(status=everything, symbols=["AAPL"])) == [str(first.id)]
    oldest = GetOrdersRequest(status=everything, limit=1, direction=Sort.ASC)
    assert ids(oldest) == [str(first.id)]


def test_cancel_all_ends_every_open_order(box: Box, client: TradingClient) -> None:
    submit(client, limit("AAPL", 5, 50.0))
    submit(client, limit("MSFT", 5, 50.0))
    box.move(3 * SECOND)
    assert len(client.cancel_orders()) == 2
    box.move(4 * SECOND)
    assert client.get_orders() == []


def test_position_has_cost_and_value_and_can_be_closed_in_part(
    box: Box, client: TradingClient
) -> None:
    submit(client, market("AAPL", 10))
    box.move(12 * SECOND)
    held = client.get_open_position("AAPL")
    assert isinstance(held, Position)
    assert (held.qty, held.cost_basis, held.market_value) == ("10", "1000", "1010")
    client.close_position("AAPL", ClosePositionRequest(percentage="50"))
    box.move(13 * SECOND)
    left = client.get_open_position("AAPL")
    assert isinstance(left, Position) and left.qty == "5"


def test_close_all_sells_everything_and_leaves_no_position(box: Box, client: TradingClient) -> None:
    submit(client, market("AAPL", 10))
    submit(client, market("MSFT", 1))
    box.move(3 * SECOND)
    closed = client.close_all_positions(cancel_orders=True)
    assert [c.symbol for c in closed if isinstance(c, ClosePositionResponse)] == ["AAPL", "MSFT"]
    box.move(4 * SECOND)
    assert client.get_all_positions() == []
    with pytest.raises(APIError) as refusal:
        client.get_open_position("AAPL")
    assert (refusal.value.status_code, refusal.value.code) == (404, 40410000)


def test_short_sale_owes_shares_and_says_so(box: Box, client: TradingClient) -> None:
    order = submit(client, market("AAPL", 4, OrderSide.SELL))
    box.move(3 * SECOND)
    assert look(client, order).position_intent is PositionIntent.SELL_TO_OPEN
    held = client.get_open_position("AAPL")
    assert isinstance(held, Position)
    assert (held.qty, held.side, held.market_value) == ("-4", PositionSide.SHORT, "-400")
    (fill,) = client.get("/account/activities/FILL")
    assert (fill["side"], fill["price"]) == ("sell_short", "99.98")


def test_what_travels_counts_against_buying_power(client: TradingClient) -> None:
    submit(client, limit("AAPL", 3_000, 100.0))
    with pytest.raises(APIError) as refusal:
        submit(client, limit("AAPL", 3_000, 100.0))
    assert (refusal.value.status_code, refusal.value.code) == (403, 40310000)
    assert "insufficient buying power" in refusal.value.message


def test_client_order_id_is_taken_once(client: TradingClient) -> None:
    submit(client, limit("AAPL", 1, 50.0, "once"))
    with pytest.raises(APIError) as refusal:
        submit(client, limit("AAPL", 1, 50.0, "once"))
    assert (refusal.value.status_code, refusal.value.message) == (
        422,
        "client_order_id must be unique",
    )


def test_wrong_key_is_not_let_in(box: Box) -> None:
    stranger = TradingClient("PKOTHER", "secret", url_override=box.address.trading_url)
    with pytest.raises(APIError) as refusal:
        stranger.get_account()
    assert refusal.value.status_code == 401


def test_fills_are_paged_by_the_last_id(box: Box, client: TradingClient) -> None:
    for symbol in ("AAPL", "MSFT", "AAPL"):
        submit(client, market(symbol, 1))
    box.move(3 * SECOND)
    first = client.get("/account/activities/FILL", {"page_size": 2, "direction": "asc"})
    rest = client.get(
        "/account/activities/FILL", {"page_token": first[-1]["id"], "direction": "asc"}
    )
    assert [a["symbol"] for a in [*first, *rest]] == ["AAPL", "MSFT", "AAPL"]
    assert {a["activity_type"] for a in first} == {"FILL"}


def test_clock_calendar_and_assets_are_those_of_the_tape(box: Box, client: TradingClient) -> None:
    clock = client.get_clock()
    assert not isinstance(clock, dict)
    assert clock.is_open
    assert clock.next_close.timestamp() * 1e9 == CLOSE
    days = client.get_calendar()
    assert any(not isinstance(d, str) and d.date.isoformat() == "2026-01-15" for d in days)
    assets = client.get_all_assets()
    assert [a.symbol for a in assets if not isinstance(a, str)] == ["AAPL", "MSFT"]
    asset = client.get_asset("MSFT")
    assert not isinstance(asset, dict) and asset.tradable
