"""What orders reserve, in which turn they fill, and what a venue does when their time comes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from liualgotrader.common.events import Quote
from liualgotrader.common.orders import (
    Side,
    StopLoss,
    TimeInForce,
)
from liualgotrader.venue.fees import UsRegulatoryFees
from liualgotrader.venue.orders import OrderRequest, Rejection
from liualgotrader.venue.sessions import Session
from liualgotrader.venue.slippage import FixedSlippage
from tests.unit.venue.a_venue import (
    DAYS,
    HOUR,
    MINUTE,
    OPEN,
    a_bar,
    ask_for,
    bracket,
    exact,
    fills,
    limit_order,
    make,
    quote,
    stop_order,
    trade,
)

# ---------------------------------------------------------------------------- reserves


def test_a_sale_by_amount_reserves_the_shares_it_is_worth() -> None:
    venue = make(qty=100)
    venue.submit(ask_for(Side.SELL, qty=None, notional=Decimal(2000)), OPEN)
    assert venue.held("A") == 40
    with pytest.raises(Rejection, match="insufficient qty"):
        venue.submit(limit_order("60", Side.SELL, "61"), OPEN)
    venue.submit(limit_order("60", Side.SELL, "60"), OPEN)
    assert venue.held("A") == 100


def test_a_fraction_reserves_a_fraction() -> None:
    venue = make(qty=1)
    venue.submit(ask_for(Side.SELL, "0.5"), OPEN)
    assert venue.held("A") == Decimal("0.5")


def test_a_purchase_by_amount_takes_that_much_of_the_buying_power() -> None:
    venue = make()
    before = venue.buying_power()
    venue.submit(ask_for(qty=None, notional=Decimal(1000)), OPEN)
    assert before - venue.buying_power() == 1000
    venue.submit(limit_order("49", qty="2"), OPEN)
    assert before - venue.buying_power() == 1098


def test_a_coin_that_is_held_leaves_no_margin_on_its_value() -> None:
    venue = make()
    before = venue.buying_power()
    quote(venue, OPEN, 49.0, 50.0)
    coin = OrderRequest(symbol="BTC/USD", side=Side.BUY, qty=Decimal(10), tif=TimeInForce.GTC)
    venue.on_quote(Quote("BTC/USD", OPEN, 100.0, 100.0, 50.0, 50.0), OPEN)
    venue.submit(coin, OPEN + 1)
    assert venue.account.position_qty("BTC/USD") == 10
    assert before - venue.buying_power() == 4 * 1000


def test_a_short_of_what_has_no_price_yet_is_valued_at_its_limit() -> None:
    venue = make()
    before = venue.buying_power()
    venue.submit(limit_order("60", Side.SELL, symbol="C"), OPEN)
    assert before - venue.buying_power() == 600


@pytest.mark.parametrize(
    ("ask", "limit", "value"), [(50.0, "51", 515), (50.0, "51.50", 515), (50.0, "60", 600)]
)
def test_a_short_is_valued_at_3_percent_above_the_ask_or_its_limit(
    ask: float,
    limit: str,
    value: int,
) -> None:
    venue = make()
    quote(venue, OPEN, ask - 1, ask)
    before = venue.buying_power()
    venue.submit(limit_order(limit, Side.SELL), OPEN + 1)
    assert before - venue.buying_power() == value


def test_more_than_the_short_cannot_be_bought_back() -> None:
    venue = make(qty=-20)
    venue.submit(limit_order("40", qty="5"), OPEN)
    with pytest.raises(Rejection, match="insufficient qty available") as caught:
        venue.submit(limit_order("41", qty="16"), OPEN)
    details = caught.value.details
    assert (details["existing_qty"], details["held_for_orders"]) == ("20", "5")
    assert details["available"] == "15"
    venue.submit(limit_order("41", qty="15"), OPEN)


def test_two_orders_to_open_opposite_ways_are_refused_as_forbidden() -> None:
    venue = make()
    first = venue.submit(limit_order("60", Side.SELL), OPEN)[0].order
    with pytest.raises(Rejection, match="long buy while a short sell") as caught:
        venue.submit(limit_order("40"), OPEN)
    no = caught.value
    assert (no.status, no.code) == (403, 40310000)
    assert no.details == {"existing_order_id": first.id}


# ---------------------------------------------------------------------------- turns


def test_in_a_bar_a_market_order_comes_before_an_older_stop() -> None:
    venue = make(qty=20, participation=Decimal("0.1"))
    venue.submit(stop_order("48", Side.SELL), OPEN)
    venue.submit(ask_for(Side.SELL), OPEN)
    venue.on_bar(a_bar(OPEN, "50 50 47 49", 100.0), OPEN + MINUTE)
    assert fills(venue) == [exact("10", "50")]


def test_orders_of_one_kind_fill_by_arrival() -> None:
    venue = make(participation=Decimal("0.1"))
    orders = [venue.submit(ask_for(qty="6"), OPEN + n)[0].order for n in range(2)]
    trade(venue, OPEN + 5, 50.0, 100.0)
    assert [(e.order_id, e.qty) for e in venue.executions] == [
        (orders[0].id, Decimal(6)),
        (orders[1].id, Decimal(4)),
    ]


def test_a_limit_that_a_quote_showed_to_rest_is_no_taker_whatever_printed_before() -> None:
    venue = make()
    trade(venue, OPEN, 49.5)
    quote(venue, OPEN + 1, 50.9, 51.0)
    venue.submit(limit_order("50"), OPEN + 2)
    quote(venue, OPEN + 3, 48.9, 49.0)
    assert fills(venue) == [exact("10", "50")]


def test_a_side_that_offers_nothing_elects_no_stop() -> None:
    venue = make()
    order = venue.submit(stop_order("52"), OPEN)[0].order
    venue.on_quote(Quote("A", OPEN + 1, 51.0, 53.0, 5.0, 0.0), OPEN + 1)
    known = venue.order(order.id)
    assert known is not None
    assert not known.triggered
    quote(venue, OPEN + 2, 51.0, 53.0)
    assert known.triggered


def test_an_order_by_amount_has_the_size_of_the_first_price_it_meets() -> None:
    venue = make()
    quote(venue, OPEN, 49.0, 50.0, 4.0)
    venue.submit(ask_for(qty=None, notional=Decimal(1000)), OPEN + 1)
    quote(venue, OPEN + 2, 39.0, 40.0, 100.0)
    assert fills(venue) == [exact("4", "50"), exact("16", "40")]


def test_a_limit_keeps_what_slips_within_it() -> None:
    venue = make(slippage=FixedSlippage(Decimal("0.10")))
    quote(venue, OPEN, 49.0, 50.0)
    venue.submit(limit_order("51"), OPEN + 1)
    quote(venue, OPEN + 2, 49.0, 50.0)
    venue.submit(limit_order("50.05"), OPEN + 3)
    assert fills(venue) == [exact("10", "50.10"), exact("10", "50.05")]


def test_exits_are_at_work_in_the_next_bar_however_late_bars_are_handed_in() -> None:
    venue = make()
    venue.submit(bracket("55", "45"), OPEN)
    late = MINUTE + MINUTE // 2
    venue.on_bar(a_bar(OPEN, "50 51 49 50"), OPEN + late)
    venue.on_bar(a_bar(OPEN + MINUTE, "50 56 49 50"), OPEN + MINUTE + late)
    assert fills(venue) == [exact("10", "50"), exact("10", "55")]


def test_a_stop_loss_with_a_limit_keeps_it() -> None:
    venue = make()
    cut = StopLoss(Decimal(45), Decimal("44.50"))
    venue.submit(bracket("55", "45", stop_loss=cut), OPEN)
    trade(venue, OPEN + 1, 50.0)
    trade(venue, OPEN + 2, 44.0)
    trade(venue, OPEN + 3, 44.0)
    assert fills(venue) == [exact("10", "50")]
    trade(venue, OPEN + 4, 44.75)
    assert fills(venue)[1:] == [exact("10", "44.50")]


# ---------------------------------------------------------------------------- times


def test_fees_of_the_day_are_taken_when_it_is_over_and_once() -> None:
    venue = make(qty=100, fees=UsRegulatoryFees())
    venue.submit(ask_for(Side.SELL, "100"), OPEN)
    trade(venue, OPEN + 1, 50.0, 1000.0)
    venue.on_clock(DAYS[0].post_close - 1)
    assert venue.account.charges == []
    venue.on_clock(DAYS[2].post_close)
    assert [c.kind for c in venue.account.charges] == ["SEC", "TAF", "CAT"]
    assert {c.ts for c in venue.account.charges} == {DAYS[0].post_close}


@pytest.mark.parametrize(("first", "sessions"), [(date(2024, 5, 22), 2), (date(2024, 5, 28), 1)])
def test_sales_settled_after_two_days_until_may_2024(
    first: date,
    sessions: int,
) -> None:
    days = [
        Session(first + timedelta(days=n), d.pre_open, d.open, d.close, d.post_close)
        for n, d in enumerate(DAYS)
    ]
    venue = make(qty=10, days=days)
    venue.submit(ask_for(Side.SELL), OPEN)
    trade(venue, OPEN + 1, 50.0)
    assert [u.settles_at for u in venue.account.unsettled] == [DAYS[sessions].pre_open]


def test_days_without_a_session_are_counted_on_from_the_nearest() -> None:
    sessions = make().books.sessions
    for days in (-2, -1, 3, 10):
        noon = OPEN + days * 24 * HOUR
        assert sessions.date_of(noon) == DAYS[0].date + timedelta(days=days)


# ---------------------------------------------------------------------------- changes


def test_an_exit_that_still_sleeps_cannot_be_changed_nor_its_quantity_later() -> None:
    venue = make()
    entry = venue.submit(bracket("55", "45"), OPEN)[0].order
    _, stop = venue.legs(entry)
    with pytest.raises(Rejection, match="order is held"):
        venue.replace(stop.id, OPEN, trigger=Decimal(46))
    trade(venue, OPEN + 1, 50.0)
    with pytest.raises(Rejection, match="follows its entry"):
        venue.replace(stop.id, OPEN + 2, qty=Decimal(5))


def test_a_fraction_cannot_be_changed_into_a_whole_number() -> None:
    venue = make()
    old = venue.submit(limit_order("49", qty="5.5"), OPEN)[0].order
    with pytest.raises(Rejection, match="qty must be whole"):
        venue.replace(old.id, OPEN + 1, qty=Decimal(6))


def test_a_change_is_held_to_what_a_new_order_is() -> None:
    venue = make()
    old = venue.submit(limit_order("49"), OPEN)[0].order
    with pytest.raises(Rejection, match="sub-penny"):
        venue.replace(old.id, OPEN + 1, limit=Decimal("48.001"))
    with pytest.raises(Rejection, match="insufficient buying power"):
        venue.replace(old.id, OPEN + 1, qty=Decimal(100_000))


def test_what_has_ended_cannot_be_changed_or_cancelled() -> None:
    venue = make()
    order = venue.submit(limit_order("49"), OPEN)[0].order
    venue.cancel(order.id, OPEN + 1)
    with pytest.raises(Rejection, match="not open"):
        venue.replace(order.id, OPEN + 2, limit=Decimal(48))
    with pytest.raises(Rejection, match="not cancelable") as caught:
        venue.cancel(order.id, OPEN + 2)
    assert (caught.value.status, caught.value.code) == (422, 42210000)
    with pytest.raises(Rejection, match="order not found") as caught:
        venue.cancel("nobody", OPEN + 2)
    assert (caught.value.status, caught.value.code) == (404, 40410000)
