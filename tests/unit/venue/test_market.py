"""What the market has shown, what of it still counts, and the small rules that read it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import OrderStatus, OrderType, Side, TimeInForce
from liualgotrader.venue import triggers
from liualgotrader.venue.admission import check_window
from liualgotrader.venue.market import Market
from liualgotrader.venue.orders import Rejection, VenueOrder
from liualgotrader.venue.participation import Budget, allot, share_of
from liualgotrader.venue.sessions import Moment, Phase, Session
from liualgotrader.venue.slippage import FixedBpsSlippage, FixedSlippage, SpreadSlippage
from liualgotrader.venue.time_in_force import expires_at, is_aged, may_trade, routed_at

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
DAY = Session(
    date=date(2026, 6, 15),
    pre_open=4 * HOUR,
    open=9 * HOUR + 30 * MINUTE,
    close=16 * HOUR,
    post_close=20 * HOUR,
)
COIN = Instrument("BTC/USD", AssetClass.CRYPTO, lot=Decimal("0.5"))
AAPL = Instrument("AAPL")


def _market(bid: float = 49.0, ask: float = 51.0, *sizes: float) -> Market:
    market = Market()
    market.quotes["A"] = Quote("A", 0, bid, ask, *(sizes or (7.0, 8.0)))
    return market


def _order(qty: str = "10", **fields: object) -> VenueOrder:
    known = {"type": OrderType.MARKET, "tif": TimeInForce.DAY, "status": OrderStatus.NEW, **fields}
    return VenueOrder(
        id="o",
        client_id="c",
        symbol="A",
        side=Side.BUY,
        qty=Decimal(qty),
        submitted_at=0,
        updated_at=0,
        **known,  # type: ignore[arg-type]
    )


# ---------------------------------------------------------------------------- quotes and prints


def test_a_buyer_meets_the_ask_and_a_seller_the_bid() -> None:
    market = _market()
    assert market.far_side("A", Side.BUY) == 51
    assert market.far_side("A", Side.SELL) == 49
    assert [market.midpoint("A"), market.spread("A")] == [50, 2]
    assert market.far_side("B", Side.BUY) is None


@pytest.mark.parametrize(
    ("quote", "side"),
    [
        ((0.0, 51.0, 7.0, 8.0), Side.SELL),
        ((49.0, 51.0, 0.0, 8.0), Side.SELL),
        ((49.0, 0.0, 7.0, 8.0), Side.BUY),
        ((49.0, 51.0, 7.0, 0.0), Side.BUY),
    ],
)
def test_a_side_without_price_or_size_offers_nothing(
    quote: tuple[float, float, float, float],
    side: Side,
) -> None:
    market = _market(*quote)
    other = Side.BUY if side is Side.SELL else Side.SELL
    assert market.far_side("A", side) is None
    assert market.far_side("A", other) is not None
    assert market.midpoint("A") is None
    assert market.spread("A") is None


def test_a_crossed_quote_has_no_spread_rather_than_a_negative_one() -> None:
    assert _market(51.0, 49.0).spread("A") == 0


def test_what_was_shown_before_a_part_of_the_day_prices_nothing_in_it() -> None:
    market = Market()
    market.quotes["A"] = Quote("A", 5, 49.0, 51.0, 7.0, 8.0)
    market.trades["A"] = Trade("A", 5, 50.0, 1.0)
    for side in Side:
        assert market.far_side("A", side, 5) is not None
        assert market.far_side("A", side, 6) is None
    assert [market.midpoint("A", 5), market.midpoint("A", 6)] == [50, None]
    assert [market.printed("A", 5), market.printed("A", 6)] == [50, None]
    assert [market.last_seen("A", 5), market.last_seen("A", 6)] == [50, None]


def test_the_last_price_is_the_newer_of_print_and_bar() -> None:
    market = Market()
    assert market.last("A") is None
    market.marks["A"] = Decimal(40)
    assert market.last("A") == 40
    market.trades["A"] = Trade("A", 5, 50.0, 1.0)
    assert market.last("A") == 50
    for start, last in ((4, 50), (5, 60), (6, 60)):
        market.bars["A"] = Bar("A", start, 1.0, 99.0, 1.0, 60.0, 1.0)
        assert market.last("A") == last
    assert market.last_seen("A", 6) == 60
    assert market.last_seen("A", 7) is None


@pytest.mark.parametrize(("side", "size"), [(Side.BUY, 8), (Side.SELL, 7)])
def test_what_was_taken_from_a_quote_is_gone_until_the_next(side: Side, size: int) -> None:
    market = _market()
    assert market.shown("A", side) == size
    market.take("A", side, Decimal(3))
    assert market.shown("A", side) == size - 3
    market.take("A", side, Decimal(100))
    assert market.shown("A", side) == 0
    other = Side.BUY if side is Side.SELL else Side.SELL
    assert market.shown("A", other) == 15 - size
    market.quotes["A"] = Quote("A", 1, 49.0, 51.0, 7.0, 8.0)
    assert market.shown("A", side) == size


# ---------------------------------------------------------------------------- stops


@pytest.mark.parametrize(
    ("stop", "limit"),
    [("10", "10.40"), ("49.99", "51.98"), ("50", "51.25"), ("100", "102.50"), ("50.01", "51.26")],
)
def test_a_buy_stop_is_kept_4_percent_above_or_from_fifty_dollars_on_2_5(
    stop: str,
    limit: str,
) -> None:
    assert triggers.collar(AAPL, Decimal(stop)) == Decimal(limit)


@pytest.mark.parametrize(
    ("side", "by_price", "by_percent", "stop"),
    [
        (Side.SELL, "1.005", None, "98.99"),
        (Side.BUY, "1.005", None, "101.01"),
        (Side.SELL, None, "2", "98.00"),
        (Side.BUY, None, "2", "102.00"),
    ],
)
def test_a_trailing_stop_is_rounded_away_from_an_early_election(
    side: Side,
    by_price: str | None,
    by_percent: str | None,
    stop: str,
) -> None:
    found = triggers.trailing_stop(
        AAPL,
        side,
        mark=Decimal(100),
        by_price=None if by_price is None else Decimal(by_price),
        by_percent=None if by_percent is None else Decimal(by_percent),
    )
    assert found == Decimal(stop)


@pytest.mark.parametrize(
    ("price", "bid", "ask", "counts"),
    [
        ("50", None, None, True),
        ("49", "49", "51", True),
        ("51", "49", "51", True),
        ("48.99", "49", "51", False),
        ("51.01", "49", "51", False),
        ("48.99", None, "51", True),
        ("51.01", "49", None, True),
    ],
)
def test_a_print_outside_bid_and_offer_elects_nothing(
    price: str,
    bid: str | None,
    ask: str | None,
    counts: bool,
) -> None:
    sides = {
        "bid": None if bid is None else Decimal(bid),
        "ask": None if ask is None else Decimal(ask),
    }
    assert triggers.print_counts(Decimal(price), **sides) is counts


# ---------------------------------------------------------------------------- amounts


def test_a_share_of_a_volume_is_cut_down_to_whole_lots() -> None:
    assert share_of(Decimal(1099), Decimal("0.1"), AAPL).left == 109
    assert share_of(Decimal(17), Decimal("0.1"), COIN).left == Decimal("1.5")


@pytest.mark.parametrize(
    ("wanted", "left", "got"),
    [
        ("10", None, "10"),
        ("10", "10", "10"),
        ("10", "9", "9"),
        ("10", "9.5", "9.5"),  # a whole order is not completed by the broker
        ("10.5", "10", "10.5"),  # less than a share would stay open: the broker completes it
        ("10.5", "9.5", "9.5"),  # a whole share would stay open
        ("10.5", "9.75", "10.5"),
    ],
)
def test_an_order_gets_what_is_left_and_less_than_one_share_more(
    wanted: str,
    left: str | None,
    got: str,
) -> None:
    rest = None if left is None else Decimal(left)
    assert allot(_order(wanted), rest, AAPL) == Decimal(got)


def test_a_budget_runs_out_but_not_below_nothing() -> None:
    budget = Budget(Decimal(10))
    budget.take(Decimal(4))
    assert budget.left == 6
    budget.take(Decimal(7))
    assert budget.left == 0
    endless = Budget(None)
    endless.take(Decimal(4))
    assert endless.left is None


def test_slippage_is_in_dollars_in_basis_points_or_of_the_spread() -> None:
    price, spread = Decimal(10_000), Decimal("0.04")
    assert FixedSlippage(Decimal("0.05")).per_unit(price, spread) == Decimal("0.05")
    assert FixedBpsSlippage(Decimal(3)).per_unit(price, spread) == 3
    assert SpreadSlippage(Decimal("0.25")).per_unit(price, spread) == Decimal("0.01")
    assert SpreadSlippage().per_unit(price, None) == 1


# ---------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("tif", "begin", "end"),
    [
        (TimeInForce.OPG, 9 * HOUR + 28 * MINUTE, 19 * HOUR),
        (TimeInForce.CLS, 15 * HOUR + 50 * MINUTE, 19 * HOUR),
    ],
)
def test_orders_for_an_auction_are_refused_from_shortly_before_it_until_seven(
    tif: TimeInForce,
    begin: int,
    end: int,
) -> None:
    for ts in (begin - 1, end):
        check_window(tif, DAY, ts)
    for ts in (begin, end - 1):
        with pytest.raises(Rejection, match=f"{tif} orders must be submitted after") as caught:
            check_window(tif, DAY, ts)
        assert (caught.value.status, caught.value.code) == (403, 40310000)
        check_window(TimeInForce.DAY, DAY, ts)


@pytest.mark.parametrize(
    ("fields", "phases"),
    [
        ({}, {Phase.REGULAR}),
        ({"extended_hours": True}, {Phase.PRE, Phase.REGULAR, Phase.POST}),
        ({"tif": TimeInForce.OPG}, set()),
        ({"tif": TimeInForce.CLS}, set()),
        ({"status": OrderStatus.HELD}, set()),
        ({"status": OrderStatus.ACCEPTED}, set()),
        ({"status": OrderStatus.PARTIALLY_FILLED}, {Phase.REGULAR}),
        ({"status": OrderStatus.PENDING_CANCEL}, {Phase.REGULAR}),
    ],
)
def test_an_order_trades_in_its_hours_once_it_is_routed(
    fields: dict[str, object],
    phases: set[Phase],
) -> None:
    assert {phase for phase in Phase if may_trade(_order(**fields), phase)} == phases  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tif", "extended", "routed", "expired"),
    [
        (TimeInForce.DAY, False, Moment.OPEN, Moment.CLOSE),
        (TimeInForce.DAY, True, Moment.PRE_OPEN, Moment.POST_CLOSE),
        (TimeInForce.GTC, False, Moment.OPEN, None),
        (TimeInForce.GTC, True, Moment.PRE_OPEN, None),
        (TimeInForce.OPG, False, Moment.OPEN, Moment.CLOSE),
        (TimeInForce.CLS, False, Moment.OPEN, None),
    ],
)
def test_an_order_is_routed_when_its_hours_begin_and_ends_with_them(
    tif: TimeInForce,
    extended: bool,
    routed: Moment,
    expired: Moment | None,
) -> None:
    order = _order(tif=tif, extended_hours=extended)
    assert [moment for moment in Moment if routed_at(order, moment)] == [routed]
    assert [m for m in Moment if expires_at(order, m)] == ([] if expired is None else [expired])


def test_an_order_till_cancelled_is_kept_for_so_many_days() -> None:
    created, last = date(2026, 6, 15), date(2026, 9, 13)
    for tif, day, aged in (
        (TimeInForce.GTC, last, True),
        (TimeInForce.GTC, date(2026, 9, 12), False),
        (TimeInForce.DAY, last, False),
    ):
        assert is_aged(_order(tif=tif), created, today=day, days=90) is aged
