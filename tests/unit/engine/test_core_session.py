"""A session through the engine: start and restart, warm-up, timers, liquidation, commands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import (
    AccountUpdate,
    Bar,
    HistoryLoaded,
    OpenOrder,
    OpenPosition,
    Picked,
    TimerFired,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side, Verdict
from liualgotrader.strategies.base import Context
from tests.engine_bench import (
    CLOSE,
    OPEN,
    Bench,
    Swinger,
    Told,
    Warm,
    bar,
    cancels,
    command,
    history,
    refused,
    started,
    submits,
)


def position(qty: int = 10, name: str = "told", symbol: str = "A") -> OpenPosition:
    return OpenPosition(name, symbol, Decimal(qty), Decimal(9))


def working(number: int, side: str, qty: int, name: str = "told", symbol: str = "A") -> OpenOrder:
    order_id = f"batch123-A-{number:07d}"
    return OpenOrder(order_id, name, symbol, side, Decimal(qty), Decimal(0), "new")


# -- start and restart -----------------------------------------------------------------------------


def test_a_restart_knows_positions_orders_rejects_and_keystore() -> None:
    seen: dict[str, Any] = {}

    def start(ctx: Context) -> None:
        seen["position"] = ctx.position("A")
        seen["price"] = ctx.entry_price("A")
        seen["orders"] = [order.order_id for order in ctx.orders("A")]
        seen["pending"] = ctx.pending("A")
        seen["level"] = ctx.load("level")
        seen["symbols"] = ctx.symbols
        seen["money"] = (ctx.cash, ctx.buying_power)

    strategy = Told(start=start)
    Bench(
        strategy,
        symbols=(),
        start=started(
            positions=(position(),),
            orders=(working(7, "sell", 4),),
            instruments=(Instrument("A"), Instrument("B")),
            rejects=(("told", "B"),),
            routes=(("A", None), ("B", None)),
            keystore={"told": {"level": "3"}, "gone": {"x": "y"}},
            next_order=8,
        ),
    )
    assert seen == {
        "position": 10,
        "price": 9,
        "orders": ["batch123-A-0000007"],
        "pending": -4,
        "level": "3",
        "symbols": ("A",),
        "money": (1000, 2000),
    }


def test_orders_of_a_restart_go_on_with_the_next_number() -> None:
    bench = Bench(Told(trade=lambda ctx, t: ctx.buy("A", 1)), start=started(next_order=41))
    assert submits(bench.trade())[0].order_id == "batch123-A-0000041"


def test_a_strategy_that_was_disabled_stays_so() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1))
    bench = Bench(strategy, start=started(disabled=("told",), positions=(position(),)))
    assert bench.trade() == []
    assert strategy.heard == []
    assert bench.held() == 10


def test_what_a_disabled_strategy_was_losing_goes_on_after_a_restart() -> None:
    bench = Bench(
        Told(),
        start=started(disabled=("told",), positions=(position(),)),
        on_strategy_error="flatten",
    )
    assert [order.qty for order in submits(bench.verdicts)] == [10]


def test_what_is_saved_is_kept_and_read_back() -> None:
    def trade(ctx: Context, event: object) -> None:
        ctx.save("k", "v")
        assert ctx.load("k") == "v"

    bench = Bench(Told(trade=trade))
    bench.trade()
    assert bench.engine.kept == [("told", "k", "v")]


def test_the_account_is_as_of_the_last_update() -> None:
    bench = Bench(Told())
    bench.feed(AccountUpdate(OPEN, Decimal(5), Decimal(6)))
    assert [bench.engine.cash, bench.engine.buying_power] == [5, 6]


def test_a_pick_for_one_strategy_is_that_ones_alone() -> None:
    one, two = Told("one"), Told("two")
    bench = Bench(one, two, symbols=())
    bench.feed(Picked("A", "s", OPEN, Instrument("A"), "two"))
    bench.trade()
    assert [len(one.heard), len(two.heard)] == [1, 2]


# -- warm-up ---------------------------------------------------------------------------------------


def test_a_strategy_sees_nothing_live_before_its_history() -> None:
    strategy = Warm()
    bench = Bench(strategy)
    bench.trade()
    bench.feed(bar(5))
    assert strategy.heard == [("start", None, OPEN)]
    bench.feed(history(1, 2, 3, 4))
    assert strategy.bars() == [3, 4, 5], "the newest three, with the one that came live meanwhile"
    bench.feed(bar(6))
    assert strategy.bars() == [3, 4, 5, 6]
    assert len(bench.engine.data["A"].close) == 6


def test_orders_during_warm_up_are_refused_and_do_no_harm() -> None:
    class Long(Told):
        warmup = 300

    strategy = Long(bar=lambda ctx, b: ctx.buy("A", 1))
    bench = Bench(strategy)
    verdicts = bench.feed(history(*range(-300, 0)))
    assert refused(verdicts) == ["history is for warming up, not for trading"] * 300
    assert strategy.kinds() == [Kind.REFUSED] * 300
    assert not bench.engine.failures
    assert submits(bench.feed(bar(0)))


def test_a_strategy_that_fails_in_warm_up_is_flattened() -> None:
    def fails(ctx: Context, b: Bar) -> None:
        raise RuntimeError("bad bar")

    bench = Bench(
        Warm(bar=fails), start=started(positions=(position(),)), on_strategy_error="flatten"
    )
    verdicts = bench.feed(history(1, 2))
    assert [order.qty for order in submits(verdicts)] == [10]
    assert refused(verdicts) == []


def test_history_for_one_strategy_does_not_silence_nor_repeat_for_another() -> None:
    first, second = Warm("first"), Warm("second")
    bench = Bench(first, second, symbols=())
    bench.feed(Picked("A", "s", OPEN, Instrument("A"), "first"), history(0, 1, 2))
    bench.feed(bar(3))
    bench.feed(Picked("A", "s", OPEN, Instrument("A"), "second"))
    bench.feed(bar(4))
    assert (first.bars(), second.bars()) == ([0, 1, 2, 3, 4], [])
    bench.feed(history(0, 1, 2, 3))
    assert (first.bars(), second.bars()) == ([0, 1, 2, 3, 4], [2, 3, 4])


def test_a_symbol_that_is_picked_again_is_not_silenced() -> None:
    strategy = Warm()
    bench = Bench(strategy)
    bench.feed(history(0, 1, 2), Picked("A", "other", OPEN, Instrument("A")), bar(3))
    assert strategy.bars() == [0, 1, 2, 3]
    bench.feed(history(0, 1, 2, 3))
    assert strategy.bars() == [0, 1, 2, 3]


def test_a_strategy_without_warm_up_is_shown_no_history_but_has_it() -> None:
    strategy = Told()
    bench = Bench(strategy)
    bench.feed(history(0, 1))
    assert strategy.bars() == []
    assert len(bench.engine.data["A"]) == 2


def test_an_empty_history_ends_the_wait() -> None:
    strategy = Warm()
    bench = Bench(strategy)
    bench.feed(history(), bar(0))
    assert strategy.bars() == [0]


def test_daily_bars_are_there_before_the_first_event() -> None:
    class Daily(Told):
        warmup_days = 2

    seen: list[float] = []
    strategy = Daily(trade=lambda ctx, t: seen.append(ctx.data.daily["A"].close[-1]))
    bench = Bench(strategy)
    bench.trade()
    day = Bar("A", OPEN - 86_400 * 10**9, 1, 1, 1, 7, 1, seconds=86_400)
    bench.feed(HistoryLoaded("A", OPEN, (day,)))
    bench.trade()
    assert seen == [7]
    assert not bench.engine.failures
    assert "A" not in bench.engine.data


def test_a_gap_is_shown_as_history_and_not_traded_on() -> None:
    strategy = Told(bar=lambda ctx, b: ctx.buy("A", 1) if ctx.warming_up else None)
    bench = Bench(strategy)
    bench.feed(bar(0))
    verdicts = bench.feed(history(1, 2, gap=True))
    assert strategy.bars() == [0, 1, 2]
    assert len(refused(verdicts)) == 2
    assert not submits(verdicts)


def test_a_gap_that_is_filled_after_the_first_live_bar_completes_the_data() -> None:
    strategy = Told()
    bench = Bench(strategy)
    bench.feed(bar(0, 1), bar(3, 4))
    bench.feed(history(0, 1, 2, gap=True))
    assert bench.engine.data["A"].close[:].tolist() == [1, 10, 10, 4]
    assert strategy.bars() == [0, 3], "nothing is shown out of order"


def test_a_gap_does_not_end_the_wait_for_history() -> None:
    strategy = Warm()
    bench = Bench(strategy)
    bench.feed(bar(3), history(2, gap=True))
    assert strategy.bars() == []
    bench.feed(history(0, 1, 2))
    assert strategy.bars() == [1, 2, 3]


def test_a_corrected_bar_changes_the_data_and_is_not_shown_again() -> None:
    strategy = Told()
    bench = Bench(strategy)
    bench.feed(bar(0, 10), bar(1, 11), bar(0, 12, correction=True))
    assert bench.engine.data["A"].close[:].tolist() == [12, 11]
    assert bench.engine.last["A"] == 11
    assert strategy.bars() == [0, 1]


# -- timers ----------------------------------------------------------------------------------------


def test_a_timer_comes_back_by_its_name() -> None:
    strategy = Told(start=lambda ctx: ctx.call_at(OPEN + 2 * MINUTE, "look"))
    bench = Bench(strategy)
    bench.at(1)
    assert len(strategy.heard) == 1
    bench.at(2)
    timer = TimerFired(OPEN + 2 * MINUTE, "told", "look")
    assert strategy.heard[1:] == [("timer", timer, OPEN + 2 * MINUTE)]


def test_moments_and_names_of_any_kind_are_taken() -> None:
    strategy = Told(start=lambda ctx: ctx.call_at(np.int64(OPEN + MINUTE), 7))
    bench = Bench(strategy)
    bench.at(1)
    assert strategy.heard[1:] == [("timer", TimerFired(OPEN + MINUTE, "told", "7"), OPEN + MINUTE)]
    assert type(strategy.heard[1][1].due) is int


def test_a_strategy_that_asks_for_now_for_ever_is_disabled() -> None:
    def again(ctx: Context, timer: object = None) -> None:
        ctx.call_at(ctx.clock.now(), "now")

    strategy = Told(start=again, timer=again)
    bench = Bench(strategy)
    bench.at(0)
    assert [name for name, _ in bench.engine.failures] == ["told"]
    assert bench.engine.clock.next_due() == CLOSE - 15 * MINUTE


# -- liquidation -----------------------------------------------------------------------------------


def test_before_the_close_day_traders_cancel_first_and_then_close() -> None:
    day, swing = Told(), Swinger("swing")
    bench = Bench(
        day,
        swing,
        start=started(
            positions=(position(), position(name="swing")),
            orders=(working(1, "sell", 10), working(2, "buy", 5), working(3, "buy", 5, "swing")),
            next_order=4,
        ),
    )
    bench.at(375)
    assert cancels(bench.verdicts) == ["batch123-A-0000001", "batch123-A-0000002"]
    assert not submits(bench.verdicts)
    bench.fill("batch123-A-0000002", 2, part=True)
    bench.order("batch123-A-0000001", Kind.CANCELED)
    assert not submits(bench.verdicts), "the second cancel is not confirmed yet"
    (close,) = submits(bench.order("batch123-A-0000002", Kind.CANCELED))
    assert (close.side, close.qty, close.exit) == (Side.SELL, Decimal(12), True)
    assert len(cancels(bench.verdicts)) == 2
    bench.fill(close.order_id, 5, part=True)
    bench.fill(close.order_id)
    assert bench.held() == 0
    assert bench.held(name="swing") == 10
    assert not bench.engine.is_flat
    assert refused(bench.feed()) == []


def later(bench: Bench, minutes: float) -> list[Verdict]:
    """Return what came of the timers up to then."""
    known = len(bench.verdicts)
    bench.at(minutes)
    return bench.verdicts[known:]


@pytest.mark.parametrize("kind", [Kind.REJECTED, Kind.REFUSED, Kind.CANCELED, Kind.EXPIRED])
def test_a_close_that_fails_is_tried_again_a_few_times(kind: Kind) -> None:
    bench = Bench(Told(), start=started(positions=(position(),)))
    bench.at(375)
    tries = 0
    orders = submits(bench.verdicts)
    while orders:
        tries += 1
        assert tries < 20
        assert submits(bench.order(orders[0].order_id, kind, reason="no")) == []
        orders = submits(later(bench, 375 + 1.1 * tries))
    assert tries == 12
    (warning,) = bench.engine.warnings
    assert "told A: could not be closed" in warning
    assert "by hand" in warning
    bench.feed(command("flatten"))
    assert submits(bench.verdicts[-1:]), "asked again, it is tried again"


def test_a_close_waits_longer_and_longer_for_what_stands_in_its_way() -> None:
    bench = Bench(Told(), start=started(positions=(position(),)))
    (first,) = submits(bench.feed(command("flatten")))
    bench.order(first.order_id, Kind.REFUSED, reason="could trade with another")
    due = bench.engine.clock.next_due()
    assert due is not None
    assert due - bench.engine.clock.now() == SECOND
    assert submits(bench.trade()) == [], "nothing is tried before its time"
    (second,) = submits(later(bench, 1))
    assert (second.side, second.qty) == (first.side, first.qty)


def test_a_position_that_nobody_picked_any_more_is_closed_all_the_same() -> None:
    bench = Bench(Told(), symbols=(), start=started(positions=(position(symbol="GONE"),)))
    bench.at(375)
    assert [order.symbol for order in submits(bench.verdicts)] == ["GONE"]


def test_a_position_that_cannot_be_ordered_away_is_reported_not_tried_for_ever() -> None:
    half = OpenPosition("told", "A", Decimal("0.5"), Decimal(9))
    bench = Bench(Told(), symbols=(), start=started(positions=(half,)))
    bench.feed(Picked("A", "s", OPEN, Instrument("A", fractionable=False)))
    for minute in range(15):
        bench.at(375 + minute)
    assert len(refused(bench.verdicts)) == 12
    assert len(bench.engine.warnings) == 1


def test_a_cancel_that_is_refused_is_tried_again_a_few_times() -> None:
    bench = Bench(Told(), start=started(orders=(working(1, "buy", 5),), next_order=2))
    bench.at(375)
    tries = 0
    asked = cancels(bench.verdicts)
    while asked:
        tries += 1
        assert tries < 20
        assert cancels(bench.order(asked[0], Kind.CANCEL_REJECTED)) == []
        asked = cancels(later(bench, 375 + 1.1 * tries))
    assert tries == 12
    assert len(bench.engine.warnings) == 1


def test_what_a_strategy_orders_while_it_is_closed_is_refused_and_does_not_count_as_a_try() -> None:
    strategy = Told(
        trade=lambda ctx, t: ctx.sell("A", 1), order=lambda ctx, e: ctx.sell("A", 10, limit=20)
    )
    bench = Bench(
        strategy,
        start=started(positions=(position(),), orders=(working(1, "buy", 5),), next_order=2),
    )
    bench.at(375)
    strategy.does.pop("order")
    for _ in range(10):
        assert refused(bench.trade()) == ["A is being closed: liquidation before the close"]
    assert not bench.engine.warnings
    (close,) = submits(bench.order("batch123-A-0000001", Kind.CANCELED))
    bench.fill(close.order_id)
    assert bench.held() == 0


def test_a_fill_that_was_on_its_way_when_all_was_closed_is_closed_too() -> None:
    bench = Bench(Told(), start=started(orders=(working(1, "buy", 5),), next_order=2))
    bench.at(375)
    bench.order("batch123-A-0000001", Kind.CANCELED)
    assert bench.engine.is_flat
    (close,) = submits(bench.fill("batch123-A-0000001", 5))
    assert (close.side, close.qty) == (Side.SELL, Decimal(5))
    bench.fill(close.order_id)
    assert bench.engine.is_flat


def test_entries_stop_with_the_liquidation_and_strategies_hear_of_the_close() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1))
    bench = Bench(strategy)
    bench.at(375)
    for _ in range(2):
        assert refused(bench.trade()) == ["entries are halted: liquidation before the close"]
        bench.feed(command("resume"))
    bench.at(390)
    assert strategy.heard[-1][0] == "close"


def test_a_market_without_schedule_is_never_liquidated() -> None:
    bench = Bench(Told(), start=started(positions=(position(),)), bypass_market_schedule=True)
    assert bench.engine.clock.next_due() is None


# -- commands --------------------------------------------------------------------------------------


def test_flatten_closes_all_and_enters_nothing_any_more() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1))
    bench = Bench(strategy, start=started(positions=(position(-10),)))
    (close,) = submits(bench.feed(command("flatten")))
    assert (close.side, close.qty) == (Side.BUY, Decimal(10))
    bench.fill(close.order_id)
    assert refused(bench.trade()) == ["entries are halted: flattened by command"]
    bench.feed(command("resume"))
    (entry,) = submits(bench.trade())
    bench.fill(entry.order_id)
    assert bench.held() == 1, "after a resume, what is bought may stay"


def test_flatten_of_one_strategy_leaves_the_others_alone() -> None:
    one, two = Told("one"), Told("two", trade=lambda ctx, t: ctx.buy("A", 1))
    positions = (position(name="one"), position(name="two"))
    bench = Bench(one, two, start=started(positions=positions))
    assert [o.strategy for o in submits(bench.feed(command("flatten", "one")))] == ["one"]
    assert submits(bench.trade())


def test_disable_by_command_and_of_a_strategy_of_another_consumer() -> None:
    bench = Bench(Told())
    bench.feed(command("disable", "elsewhere"))
    assert not bench.engine.failures
    bench.feed(command("disable", "told", "enough"))
    assert bench.engine.failures == [("told", "enough")]


def test_an_unknown_command_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="dance"):
        Bench(Told()).feed(command("dance"))


def test_nothing_leaves_when_the_incarnation_ends() -> None:
    strategy = Told(stop=lambda ctx: [ctx.buy("A", 1), ctx.close("A")])
    bench = Bench(strategy, start=started(positions=(position(),)))
    bench.engine.stop()
    assert strategy.heard[-1][0] == "stop"
    assert bench.feed(command("reconcile")) == []
    assert strategy.kinds() == []
