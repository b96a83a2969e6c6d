"""Orders through the engine: entries, exits, refusals, changes, and what strategies hear of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import FeedState, OpenOrder, OpenPosition, Picked
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus, OrderType, Side
from liualgotrader.engine.settings import Window
from liualgotrader.strategies.base import Context
from tests.engine_bench import (
    OPEN,
    Bench,
    Told,
    command,
    feed_is,
    refused,
    replaces,
    started,
    submits,
)


def buys(qty: float = 10, **more: Any) -> Told:
    return Told(trade=lambda ctx, t: ctx.buy(t.symbol, qty, **more))


def held(qty: int = 10, *strategies: Told, symbol: str = "A", **more: Any) -> Bench:
    names = [s.name for s in strategies] or ["told"]
    positions = tuple(OpenPosition(n, symbol, Decimal(qty), Decimal(9)) for n in names)
    bench = Bench(*(strategies or (Told(),)), start=started(positions=positions), **more)
    bench.trade()
    return bench


def test_an_entry_is_approved_numbered_and_pending() -> None:
    bench = Bench(buys(10, limit=9.999))
    (order,) = submits(bench.trade())
    assert order.order_id == "batch123-A-0000001"
    assert (order.side, order.type) == (Side.BUY, OrderType.LIMIT)
    assert [order.qty, order.limit, order.reference_price] == [10, Decimal("9.99"), 10]
    assert order.decided_at == OPEN
    assert not order.exit
    assert bench.engine.book.pending("told", "A") == 10
    assert bench.engine.next_order == 2


def test_a_refusal_is_told_through_on_order() -> None:
    strategy = buys(0.1)
    bench = Bench(strategy, symbols=())
    bench.feed(Picked("A", "s", OPEN, Instrument("A", fractionable=False)))
    assert refused(bench.trade()) == ["the quantity rounds down to nothing"]
    assert strategy.kinds() == [Kind.REFUSED]
    assert strategy.reasons() == ["the quantity rounds down to nothing"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1, "ten", Decimal("NaN"), 1e300])
def test_what_is_no_quantity_is_refused_not_raised(number: Any) -> None:
    strategy = buys(number)
    bench = Bench(strategy)
    (reason,) = refused(bench.trade())
    assert repr(number) in reason
    assert strategy.kinds() == [Kind.REFUSED]
    assert not bench.engine.failures


@pytest.mark.parametrize(
    ("more", "qty"),
    [({"notional": float("nan")}, None), ({"trail_percent": float("nan")}, 1), ({}, None)],
)
def test_what_is_no_amount_is_refused_not_raised(more: dict[str, Any], qty: Any) -> None:
    bench = Bench(buys(qty, **more))
    assert len(refused(bench.trade())) == 1
    assert not bench.engine.failures


def test_an_exit_is_not_kept_back_by_an_odd_last_price() -> None:
    bench = held(10, Told(trade=lambda ctx, t: ctx.close("A") if t.price == 0 else None))
    (order,) = submits(bench.trade(0.0))
    assert (order.exit, order.reference_price) == (True, None)


@pytest.mark.parametrize(
    ("minute", "passes"), [(4.99, False), (5, True), (14.99, True), (15, False)]
)
def test_entries_keep_to_the_schedule(minute: float, passes: bool) -> None:
    bench = Bench(buys(), windows=(Window(5, 10),))
    bench.at(minute)
    verdicts = bench.trade()
    assert bool(submits(verdicts)) is passes
    assert refused(verdicts) == ([] if passes else ["outside the schedule of the plan"])


def test_exits_do_not_keep_to_the_schedule_nor_to_a_halt_nor_to_the_feed() -> None:
    bench = held(10, Told(trade=lambda ctx, t: ctx.sell("A", 1)), windows=(Window(300, 1),))
    bench.feed(command("halt"), feed_is(FeedState.GAPPED))
    (order,) = submits(bench.trade())
    assert order.exit


def test_a_halt_stops_entries_until_it_is_lifted() -> None:
    bench = Bench(buys())
    bench.feed(command("halt", reason="lunch"))
    assert refused(bench.trade()) == ["entries are halted: lunch"]
    bench.feed(command("resume"))
    assert submits(bench.trade())


@pytest.mark.parametrize("state", [s for s in FeedState if s is not FeedState.LIVE])
def test_entries_need_a_live_feed(state: FeedState) -> None:
    bench = Bench(Told(trade=lambda ctx, t: [ctx.buy("A", 1), ctx.buy("B", 1)]), symbols=("A", "B"))
    bench.feed(feed_is(state, "A"))
    verdicts = bench.trade()
    assert refused(verdicts) == [f"the feed of A is {state}"]
    assert [order.symbol for order in submits(verdicts)] == ["B"]
    bench.feed(feed_is(state))
    assert len(refused(bench.trade())) == 2
    bench.feed(feed_is(FeedState.LIVE))
    assert not refused(bench.trade())


def test_a_strategy_sees_the_state_of_a_feed() -> None:
    seen: list[FeedState] = []
    bench = Bench(
        Told(trade=lambda ctx, t: seen.extend(ctx.feed(s) for s in "AB")), symbols=("A", "B")
    )
    bench.feed(feed_is(FeedState.HALTED, "A"))
    bench.trade()
    assert seen == [FeedState.HALTED, FeedState.LIVE]


def test_nothing_leaves_after_the_close() -> None:
    bench = Bench(buys(), liquidation_minutes=0)
    bench.engine.clock.advance(OPEN + 390 * 60 * 10**9)
    assert refused(bench.trade()) == ["the session is over"]


def test_orders_on_symbols_that_nobody_picked_are_refused() -> None:
    bench = Bench(Told(trade=lambda ctx, t: ctx.buy("ZZZ", 1)))
    assert refused(bench.trade()) == ["ZZZ is not among the symbols of this session"]


def test_limits_in_dollars_hold_for_entries_only() -> None:
    bench = held(
        10,
        Told(trade=lambda ctx, t: [ctx.buy("A", 6), ctx.buy("A", 5), ctx.sell("A", 10)]),
        max_order=Decimal(55),
        max_position=Decimal(149),
    )
    reasons = refused(bench.verdicts)
    assert "max_order" in reasons[0]
    assert "max_position" in reasons[1]
    assert [order.qty for order in submits(bench.verdicts)] == [10]


# -- exits -----------------------------------------------------------------------------------------


def test_exits_at_work_never_exceed_what_is_held() -> None:
    sells = Told(trade=lambda ctx, t: [ctx.sell("A", 6), ctx.sell("A", 4), ctx.sell("A", 1)])
    bench = held(10, sells)
    assert [order.exit for order in submits(bench.verdicts)] == [True, True, False]


def test_part_of_an_exit_that_filled_counts_once() -> None:
    sells = Told(trade=lambda ctx, t: ctx.sell("A", 6))
    bench = held(10, sells)
    (first,) = submits(bench.verdicts)
    bench.fill(first.order_id, 2, part=True)
    assert bench.held() == 8
    verdicts = bench.trade()
    assert [order.exit for order in submits(verdicts)] == [False], "4 are leaving, 6 more is 10"


def test_a_sale_for_an_amount_leaves_no_room_for_exits() -> None:
    def sells(ctx: Context, trade: object) -> None:
        ctx.sell("A", notional=50)
        ctx.sell("A", 10)

    bench = held(10, Told(trade=sells))
    assert [order.exit for order in submits(bench.verdicts)] == [False, False]


@pytest.mark.parametrize("at_work", ["nothing", "an entry"])
def test_selling_below_zero_needs_what_can_be_borrowed(at_work: str) -> None:
    def sells(ctx: Context, trade: object) -> None:
        if at_work == "an entry":
            ctx.buy("A", 100)
        ctx.sell("A", 10)

    bench = Bench(Told(trade=sells), symbols=())
    bench.feed(Picked("A", "s", OPEN, Instrument("A", shortable=False)))
    assert refused(bench.trade()) == ["A cannot be sold short"]


def test_a_sale_beyond_the_position_is_a_short_sale() -> None:
    bench = held(10, Told(trade=lambda ctx, t: ctx.sell("A", 10.5)))
    assert refused(bench.verdicts) == ["short sales of A need whole lots of 1"]


def test_close_sells_what_is_held_less_what_leaves_already() -> None:
    def closes(ctx: Context, trade: object) -> None:
        ctx.buy("A", 50, limit=5)
        ctx.sell("A", 4, limit=20)
        ctx.close("A")
        assert ctx.close("A") is None

    bench = held(10, Told(trade=closes))
    assert [(o.side, o.qty) for o in submits(bench.verdicts)] == [
        (Side.BUY, Decimal(50)),
        (Side.SELL, Decimal(4)),
        (Side.SELL, Decimal(6)),
    ]


def test_close_buys_back_what_is_short() -> None:
    bench = held(-10, Told(trade=lambda ctx, t: ctx.close("A")))
    (order,) = submits(bench.verdicts)
    assert (order.side, order.qty, order.exit) == (Side.BUY, Decimal(10), True)


# -- cancels and changes ---------------------------------------------------------------------------


def test_a_cancel_is_asked_for_once() -> None:
    def asks(ctx: Context, trade: object) -> None:
        for order in ctx.orders():
            ctx.cancel(order.order_id)
            ctx.cancel(order.order_id)
        if not ctx.orders():
            ctx.buy("A", 1)

    bench = Bench(Told(trade=asks))
    bench.trade()
    assert len(bench.trade()) == 1
    assert bench.trade() == []


def _changes(**change: Any) -> Told:
    def trade(ctx: Context, event: object) -> None:
        if orders := ctx.orders("A"):
            ctx.replace(orders[0].order_id, **change)
        else:
            ctx.buy("A", 10, limit=9)

    return Told(trade=trade)


def test_a_changed_order_takes_over_with_what_was_filled() -> None:
    strategy = _changes(qty=20, limit=9.5)
    bench = Bench(strategy)
    (old,) = submits(bench.trade())
    bench.order(old.order_id, Kind.NEW)
    (change,) = replaces(bench.trade())
    assert (change.qty, change.limit) == (Decimal(20), Decimal("9.5"))
    bench.fill(old.order_id, 4, part=True)
    bench.order(old.order_id, Kind.REPLACED, replaced_by="broker")
    (order,) = bench.engine.book.open_orders("told", "A")
    assert (order.order_id, order.remaining) == (change.new_id, Decimal(16))
    bench.fill(change.new_id)
    assert bench.held() == 20
    assert strategy.kinds() == [Kind.NEW, Kind.PARTIAL_FILL, Kind.REPLACED, Kind.FILL]


def test_a_change_is_judged_like_a_new_order() -> None:
    strategy = _changes(qty=20)
    bench = Bench(strategy, max_order=Decimal(100))
    (old,) = submits(bench.trade())
    assert "max_order" in refused(bench.trade())[0]
    assert strategy.kinds() == [Kind.REPLACE_REJECTED]
    order = bench.engine.book.order(old.order_id)
    assert order is not None
    assert order.status is OrderStatus.ADMITTED


def test_an_entry_is_not_changed_during_a_halt_but_it_may_shrink() -> None:
    change: dict[str, Any] = {"limit": 9.5}
    bench = Bench(_changes(**change))
    bench.trade()
    bench.feed(command("halt"))
    assert refused(bench.trade()) == ["entries are halted: by command"]
    bench = Bench(_changes(qty=5))
    bench.trade()
    bench.feed(command("halt"))
    assert len(replaces(bench.trade())) == 1


def test_an_exit_cannot_be_changed_into_more_than_is_held() -> None:
    def trade(ctx: Context, event: object) -> None:
        if orders := ctx.orders("A"):
            ctx.replace(orders[0].order_id, qty=15)
        else:
            ctx.sell("A", 5, limit=20)

    bench = held(10, Told(trade=trade))
    bench.feed(command("halt"))
    assert refused(bench.trade()) == ["entries are halted: by command"]


def test_exits_leave_room_for_a_change_that_is_on_its_way() -> None:
    def trade(ctx: Context, event: object) -> None:
        first = ctx.sell("A", 2, limit=20)
        ctx.replace(first, qty=8)
        ctx.sell("A", 5)

    bench = held(10, Told(trade=trade))
    assert [order.exit for order in submits(bench.verdicts)] == [True, False]


@pytest.mark.parametrize("change", [{"qty": float("nan")}, {"limit": -1}, {"qty": 0}])
def test_an_impossible_change_is_refused_and_told(change: dict[str, Any]) -> None:
    strategy = _changes(**change)
    bench = Bench(strategy)
    bench.trade()
    assert len(refused(bench.trade())) == 1
    assert strategy.kinds() == [Kind.REPLACE_REJECTED]
    assert not bench.engine.failures


def test_an_order_that_was_filled_on_the_way_cannot_be_shrunk_below_that() -> None:
    bench = Bench(_changes(qty=4))
    (order,) = submits(bench.trade())
    bench.fill(order.order_id, 4, part=True)
    assert refused(bench.trade()) == ["nothing would be left of it"]


def test_a_change_the_broker_refuses_leaves_the_order_at_work() -> None:
    bench = Bench(_changes(qty=20))
    (old,) = submits(bench.trade())
    bench.trade()
    bench.order(old.order_id, Kind.REPLACE_REJECTED, reason="too late")
    (order,) = bench.engine.book.open_orders("told", "A")
    assert (order.order_id, order.remaining) == (old.order_id, Decimal(10))


# -- reject and give back --------------------------------------------------------------------------


def test_a_rejected_symbol_is_given_back_at_once_when_flat() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.reject("A"))
    bench = Bench(strategy)
    bench.trade()
    bench.trade()
    assert bench.engine.given_back == ["A"]
    assert len(strategy.heard) == 2
    bench.feed(Picked("A", "s", OPEN, Instrument("A")))
    bench.trade()
    assert len(strategy.heard) == 2


def test_a_rejected_symbol_is_given_back_once_it_is_flat() -> None:
    def trade(ctx: Context, event: object) -> None:
        ctx.reject("A")
        ctx.buy("A", 1)
        ctx.close("A")

    bench = held(10, Told(trade=trade))
    (exit_,) = submits(bench.verdicts)
    assert refused(bench.verdicts) == ["A was rejected by this strategy"]
    assert bench.engine.given_back == []
    bench.fill(exit_.order_id)
    assert bench.engine.given_back == ["A"]


def test_a_symbol_that_another_strategy_wants_is_not_given_back() -> None:
    other = Told("other")
    bench = Bench(Told(trade=lambda ctx, t: ctx.reject("A")), other)
    bench.trade()
    bench.trade()
    assert bench.engine.given_back == []
    assert len([what for what, _, _ in other.heard if what == "trade"]) == 2


def test_rejecting_what_one_never_had_gives_nothing_back() -> None:
    bench = Bench(Told(trade=lambda ctx, t: ctx.reject("ZZZ")))
    bench.trade()
    assert bench.engine.given_back == []


# -- strategies that misbehave ---------------------------------------------------------------------


def test_a_strategy_that_answers_each_refusal_with_an_order_is_disabled() -> None:
    spinner = Told(trade=lambda ctx, t: ctx.buy("ZZZ", 1), order=lambda ctx, e: ctx.buy("ZZZ", 1))
    other = Told("other", trade=lambda ctx, t: ctx.buy("ZZZ", 2))
    bench = Bench(spinner, other)
    verdicts = bench.trade()
    assert [name for name, _ in bench.engine.failures] == ["told"]
    assert other.kinds() == [Kind.REFUSED]
    assert len(verdicts) < 200
    assert bench.trade(), "the engine goes on, with the other strategy"


def test_a_strategy_that_answers_each_refusal_with_two_orders_is_disabled() -> None:
    spinner = Told(
        trade=lambda ctx, t: ctx.buy("ZZZ", 1),
        order=lambda ctx, e: [ctx.buy("ZZZ", 1), ctx.buy("ZZZ", 1)],
    )
    bench = Bench(spinner)
    assert len(bench.trade()) < 400
    assert [name for name, _ in bench.engine.failures] == ["told"]


def test_a_strategy_that_answers_each_refused_change_with_a_change_is_disabled() -> None:
    def trade(ctx: Context, event: object) -> None:
        ctx.replace(ctx.buy("A", 1, limit=5), qty=-1)

    def order(ctx: Context, event: Any) -> None:
        ctx.replace(event.order_id, qty=-1)

    bench = Bench(Told(trade=trade, order=order))
    assert len(bench.trade()) < 300
    assert [name for name, _ in bench.engine.failures] == ["told"]


def test_a_strategy_that_answers_the_ledgers_refusals_for_ever_is_disabled() -> None:
    spinner = Told(
        trade=lambda ctx, t: ctx.buy("A", 1),
        order=lambda ctx, e: ctx.buy("A", 1) if e.kind is Kind.REFUSED else None,
    )
    bench = Bench(spinner)
    orders = submits(bench.trade())
    for _ in range(300):
        if not orders:
            break
        orders = submits(bench.order(orders[0].order_id, Kind.REFUSED, reason="no cash"))
    assert not orders
    assert [name for name, _ in bench.engine.failures] == ["told"]


def test_many_refusals_of_what_was_asked_once_are_no_misbehaviour() -> None:
    strategy = Told(trade=lambda ctx, t: [ctx.buy("ZZZ", 1) for _ in range(500)])
    bench = Bench(strategy)
    assert len(bench.trade()) == 500
    assert strategy.kinds() == [Kind.REFUSED] * 500
    assert not bench.engine.failures


def _raises(*_: object) -> None:
    raise ZeroDivisionError("oops")


@pytest.mark.parametrize("policy", ["hold", "flatten"])
def test_a_handler_that_raises_disables_its_strategy_only(policy: str) -> None:
    bad, good = Told("bad", trade=_raises), Told("good")
    positions = (OpenPosition("bad", "A", Decimal(10), Decimal(9)),)
    orders = (
        OpenOrder("batch123-A-0000001", "bad", "A", "buy", Decimal(5), Decimal(0), "new"),
        OpenOrder("batch123-A-0000002", "bad", "A", "sell", Decimal(5), Decimal(0), "new"),
    )
    bench = Bench(
        bad,
        good,
        start=started(positions=positions, orders=orders, next_order=3),
        on_strategy_error=policy,
    )
    verdicts = bench.trade()
    assert bench.engine.failures == [("bad", "raised in on_trade: ZeroDivisionError: oops")]
    cancelled = [v.intent.order_id[-1] for v in verdicts]
    assert cancelled == (["1"] if policy == "hold" else ["1", "2"]), "exits stay when holding"
    for order in orders:
        bench.order(order.order_id, Kind.CANCELED)
    assert [o.qty for o in submits(bench.verdicts)] == ([] if policy == "hold" else [Decimal(10)])
    bench.trade()
    assert len(bad.heard) == 2
    assert len([w for w, _, _ in good.heard if w == "trade"]) == 2


def test_a_bug_of_ours_is_not_taken_for_the_strategys() -> None:
    def breaks(ctx: Context, event: object) -> None:
        raise InvariantError("a wrong book")

    bench = Bench(Told(trade=breaks))
    with pytest.raises(InvariantError):
        bench.trade()


def test_indicators_of_any_kind_travel() -> None:
    remarks = {"a": np.float64(1.5), "b": np.int64(3), "c": float("nan"), "d": (1, {2: "x"})}
    bench = Bench(buys(1, indicators=remarks, reason=5))
    (order,) = submits(bench.trade())
    assert order.indicators == {"a": 1.5, "b": 3, "c": None, "d": [1, {"2": "x"}]}
    assert [type(value) for value in order.indicators.values()] == [float, int, type(None), list]
    assert order.reason == "5"
