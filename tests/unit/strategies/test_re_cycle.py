"""ReCycleStrategy against a venue: dips, offers, stops, and never two orders that could sell the same shares."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from liualgotrader.common.events import Command, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderType, Side
from liualgotrader.strategies.offers import Offers
from liualgotrader.strategies.re_cycle import ReCycleStrategy
from tests.strategy_bench import CLOSE, MINUTE, OPEN, Bench, flat

DIP = (100.0, 100.0, 99.7, 99.8)
"""Closes two thirds of the way down to the limit of 99.69, or so, and does not reach it."""


def bench_for(**parameters: object) -> Bench:
    """Return a bench an hour after the open, in a flat market."""

    def make() -> ReCycleStrategy:
        strategy = ReCycleStrategy()
        for key, value in parameters.items():
            setattr(strategy, key, value)
        return strategy

    participation = parameters.pop("participation", None)
    assert participation is None or isinstance(participation, Decimal)
    bench = Bench(make, history=flat(100.0, 60), participation=participation)
    bench.play(flat(100.0, 59))
    return bench


def entering(**parameters: object) -> Bench:
    """Return a bench whose entry is at work."""
    bench = bench_for(**parameters)
    bench.minute(DIP)
    (order,) = bench.open_orders()
    assert (order.side, order.type) == (Side.BUY, OrderType.LIMIT)
    return bench


def holding(**parameters: object) -> Bench:
    """Return a bench that has bought the dip, and whose first offer is at work."""
    bench = entering(**parameters)
    bench.minute((99.8, 99.8, 99.6, 99.7))
    assert bench.held() > 0
    (offer,) = bench.open_orders()
    assert offer.limit is not None and offer.limit > 100
    return bench


def at_work(bench: Bench) -> list[tuple[OrderType, Decimal | None]]:
    """Return the kinds and limits of the orders at work."""
    return [(order.type, order.limit) for order in bench.open_orders()]


def test_a_dip_is_bought_three_thousandths_below_the_average_of_thirty_minutes() -> None:
    bench = entering()
    (order,) = bench.sent
    baseline = (29 * 100 + 99.8) / 30
    assert order.indicators == {"baseline": pytest.approx(baseline)}
    assert order.limit == Decimal("99.69") == round(Decimal(baseline * 0.997), 2)
    assert order.qty == int(10_000 / (baseline * 0.997))


@pytest.mark.parametrize("minutes", [57, 331])
def test_nothing_is_bought_in_the_first_hour_and_the_last(minutes: int) -> None:
    bench = Bench(ReCycleStrategy, history=flat(100.0, 60))
    bench.play(flat(100.0, minutes))
    bench.minute(DIP)
    assert bench.intents == []


def test_a_fall_is_no_dip() -> None:
    bench = bench_for()
    bench.minute((100.0, 100.0, 98.5, 98.6))
    assert bench.intents == []


def test_an_entry_is_taken_back_when_the_dip_is_over() -> None:
    bench = entering()
    bench.minute((99.8, 99.95, 99.71, 99.95))
    assert len(bench.open_orders()) == 1
    bench.minute((99.95, 100.1, 99.9, 100.1))
    assert bench.open_orders() == []
    assert [cancel.reason for cancel in bench.cancels] == ["the dip is over"]


def test_an_entry_that_waits_too_long_into_the_day_is_taken_back() -> None:
    bench = Bench(ReCycleStrategy, history=flat(100.0, 60))
    bench.play(flat(100.0, 328))
    bench.minute(DIP)
    assert len(bench.open_orders()) == 1
    bench.minute((99.8, 99.8, 99.8, 99.8))
    assert [cancel.reason for cancel in bench.cancels] == ["too late"]


def test_the_stop_is_placed_first_and_makes_room_for_an_offer_near_the_purchase() -> None:
    bench = holding()
    kinds = [(order.type, order.reason) for order in bench.sent]
    assert kinds == [
        (OrderType.LIMIT, "dip"),
        (OrderType.STOP, "stop"),
        (OrderType.LIMIT, "offer 1"),
    ]
    assert bench.sent[1].trigger == Decimal("99.19")
    assert at_work(bench) == [(OrderType.LIMIT, Decimal("100.19"))]
    assert bench.sent[2].qty == bench.held()


def test_offers_follow_each_other_ever_safer_and_ever_longer() -> None:
    bench = holding()
    seen: list[tuple[Decimal | None, int]] = []
    for _ in range(32):
        limit = bench.open_orders()[0].limit
        minutes = seen.pop()[1] if seen and seen[-1][0] == limit else 0
        seen.append((limit, minutes + 1))
        bench.minute((99.7, 99.7, 99.65, 99.7))
    assert [Decimal(limit or 0) for limit, _ in seen] == [
        Decimal(text) for text in ("100.19", "100.09", "99.99", "99.89", "99.79", "100.19")
    ]
    assert [minutes for _, minutes in seen[:-1]] == [2, 3, 5, 8, 13]
    assert len(bench.sent) == 3 and len(bench.replaces) == 5


def test_an_offer_that_is_taken_frees_the_strategy_for_the_next_dip() -> None:
    bench = holding()
    bench.minute((99.8, 100.3, 99.8, 100.2))
    assert bench.held() == 0
    bench.play(flat(100.0, 5))
    bench.minute((100.0, 100.0, 99.75, 99.8))
    (entry,) = bench.open_orders()
    assert entry.side is Side.BUY


def test_away_from_the_purchase_the_stop_takes_the_place_of_the_offer() -> None:
    bench = holding()
    bench.minute((99.7, 99.7, 99.3, 99.4))
    assert at_work(bench) == [(OrderType.STOP, None)]
    bench.minute((99.4, 99.5, 99.4, 99.5))  # not half way back
    assert at_work(bench) == [(OrderType.STOP, None)]
    bench.minute((99.5, 99.7, 99.5, 99.65))
    assert [kind for kind, _ in at_work(bench)] == [OrderType.LIMIT]


def test_a_stop_that_is_hit_is_followed_by_a_pause() -> None:
    bench = holding()
    bench.minute((99.7, 99.7, 99.3, 99.4))
    bench.minute((99.4, 99.4, 99.0, 99.1))
    assert bench.held() == 0
    assert bench.sent[-1].type is OrderType.STOP
    sent = len(bench.sent)
    bench.play(flat(100.0, 10))
    bench.minute(DIP)
    assert len(bench.sent) == sent
    bench.play(flat(100.0, 20))
    bench.minute(DIP)
    assert len(bench.sent) == sent + 1


def test_below_the_stop_it_leaves_at_the_market() -> None:
    bench = holding()
    bench.minute((99.7, 99.7, 98.9, 99.0))
    assert bench.sent[-1].reason == "below the stop"
    bench.minute((99.0, 99.0, 99.0, 99.0))
    assert bench.held() == 0


def test_a_stop_that_the_broker_refuses_is_followed_by_a_sale_at_the_market() -> None:
    bench = entering()
    bench.minute((99.8, 99.8, 99.5, 99.45))
    stop = bench.open_orders()[0]
    assert stop.type is OrderType.STOP
    known = bench.venue.order_by_client_id(stop.order_id)
    assert known is not None
    bench.venue.cancel(known.id, bench.now)
    bench.process(
        OrderEvent(stop.order_id, Kind.REJECTED, bench.now, "AAA", reason="above the market")
    )
    bench.minute((99.45, 99.45, 99.45, 99.45))
    assert bench.sent[-1].reason == "the stop was refused"
    assert bench.held() == 0


def test_a_sale_at_the_market_that_is_refused_is_tried_again_by_the_next_minute() -> None:
    bench = holding()
    bench.minute((99.7, 99.7, 98.9, 99.0))
    for _ in range(2):
        (sale,) = bench.open_orders()
        assert sale.type is OrderType.MARKET
        known = bench.venue.order_by_client_id(sale.order_id)
        assert known is not None
        bench.venue.cancel(known.id, bench.now)
        sent = len(bench.sent)
        bench.process(OrderEvent(sale.order_id, Kind.REJECTED, bench.now, "AAA", reason="halted"))
        assert len(bench.sent) == sent
        bench.minute((99.0, 99.0, 99.0, 99.0))
        assert len(bench.sent) == sent + 1
    bench.minute((99.0, 99.0, 99.0, 99.0))
    assert bench.held() == 0


def test_the_rest_of_an_entry_is_given_up_at_once_when_the_price_falls_away() -> None:
    bench = entering(participation=Decimal("0.1"), patience=600.0)
    bench.minute((99.8, 99.8, 99.6, 99.7), volume=400)
    assert bench.open_orders()[0].side is Side.BUY
    bench.minute((99.6, 99.6, 99.3, 99.4), volume=40)
    assert bench.cancels[0].reason == "not filled in time"
    assert [(order.side, order.type) for order in bench.open_orders()] == [
        (Side.SELL, OrderType.STOP)
    ]


def test_the_rest_of_an_entry_is_given_up_before_anything_is_sold() -> None:
    bench = entering(participation=Decimal("0.1"))
    bench.minute((99.8, 99.8, 99.6, 99.7), volume=400)
    held = bench.held()
    assert 0 < held < 100
    bench.minute((99.75, 99.75, 99.75, 99.75))
    bench.minute((99.75, 99.75, 99.75, 99.75))
    assert bench.cancels[0].reason == "not filled in time"
    (offer,) = bench.open_orders()
    assert (offer.side, offer.qty) == (Side.SELL, held)


def test_a_refused_entry_is_followed_by_a_pause() -> None:
    bench = bench_for()
    bench.process(Command("halt", bench.now))
    bench.minute(DIP)
    bench.process(Command("resume", bench.now))
    bench.play(flat(99.8, 3))
    assert len(bench.refusals) == 1
    assert bench.sent == []
    ((_, key, until),) = bench.engine.kept
    assert key == "quiet_until/AAA"
    assert int(until) == OPEN + 75 * MINUTE


def test_a_restart_takes_all_orders_back_and_begins_the_round_again() -> None:
    bench = holding()
    bench.play(flat(99.7, 3))
    bench.restart()
    assert bench.open_orders() == []
    bench.play(flat(99.7, 2))
    assert at_work(bench) == [(OrderType.LIMIT, Decimal("100.19"))]
    assert bench.open_orders()[0].qty == bench.held()


def test_a_position_from_before_is_guarded_and_offered() -> None:
    bench = Bench(ReCycleStrategy)
    bench.begin_with("AAA", Decimal(50), Decimal("100.00"))
    bench.minute((99.6, 99.6, 99.6, 99.6))
    assert at_work(bench) == [(OrderType.STOP, None)]
    bench.minute((99.6, 100.0, 99.6, 100.0))
    assert at_work(bench) == [(OrderType.LIMIT, Decimal("100.50"))]


def test_liquidation_before_the_close_is_not_answered() -> None:
    bench = holding()
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    bench.play(flat(99.7, 3))
    assert bench.held() == 0
    assert bench.engine.is_flat
    assert bench.open_orders() == []


@pytest.mark.parametrize("price", [99.7, 99.4])
def test_what_the_engine_sells_in_parts_before_the_close_is_let_be(price: float) -> None:
    bench = holding(participation=Decimal("0.1"))
    assert bench.held() == 100
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    cancels = len(bench.cancels)
    bench.play(flat(price, 5), volume=80)
    (sale,) = bench.open_orders()
    assert (sale.type, 0 < sale.filled < 100) == (OrderType.MARKET, True)
    bench.play(flat(price, 4), volume=400)
    assert bench.held() == 0
    assert len(bench.cancels) == cancels
    assert bench.engine.warnings == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"gains": (0.01, 0.02), "minutes": (1.0, 2.0)}, "each must be lower"),
        ({"gains": (0.02, 0.01), "minutes": (2.0, 1.0)}, "none may be shorter"),
        ({"gains": (0.02, 0.01)}, "2 gains and 5 minutes"),
        ({"near": 0.005}, "must be less than stop"),
    ],
)
def test_parameters_that_contradict_each_other_are_named(
    parameters: dict[str, object], message: str
) -> None:
    bench = Bench(_made(parameters))
    ((_, reason),) = bench.engine.failures
    assert message in reason


def _made(parameters: dict[str, object]) -> Callable[[], ReCycleStrategy]:
    def make() -> ReCycleStrategy:
        strategy = ReCycleStrategy()
        for key, value in parameters.items():
            setattr(strategy, key, value)
        return strategy

    return make


def test_the_offer_after_the_last_is_the_first() -> None:
    offers = Offers((0.02, 0.01), (1.0, 1.5))
    assert [offers.after(stage) for stage in (0, 1)] == [1, 0]
    assert offers.price(100.0, 1) == pytest.approx(101.0)
    assert offers.lasts(1) == 3 * MINUTE // 2
