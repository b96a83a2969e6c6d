"""Protective stops: one at the broker for all that is held, out of the way of exits, and the engine's own."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Any

from liualgotrader.common.events import Adjusted, OpenOrder, OpenPosition
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import PROTECTIVE, OrderType, Side, Submit, TimeInForce
from liualgotrader.strategies.base import Context
from tests.engine_bench import (
    Bench,
    Swinger,
    Told,
    bar,
    cancels,
    command,
    refused,
    started,
    submits,
)


def entering(stop: float | None = 9.5, qty: int = 10, **more: Any) -> Told:
    """Return a strategy that buys on its first print, with a stop, and closes on the price 12."""

    def on_trade(ctx: Context, trade: Any) -> None:
        if trade.price == 12:
            ctx.close("A", reason="out")
        elif not ctx.position("A") and not ctx.orders("A"):
            ctx.buy("A", qty, stop=stop)

    return Told(trade=on_trade, **more)


def guarded(strategy: Told | None = None, **more: Any) -> tuple[Bench, Submit]:
    """Return a bench that holds ten, and the stop that guards them, at work."""
    bench = Bench(strategy or entering(), protective_stops=True, **more)
    (entry,) = submits(bench.trade())
    (stop,) = submits(bench.fill(entry.order_id))
    bench.order(stop.order_id, Kind.NEW)
    return bench, stop


def test_an_entry_s_stop_rests_at_the_broker() -> None:
    """For what has filled, from the first part on; it follows the position."""
    bench = Bench(entering(), protective_stops=True)
    (entry,) = submits(bench.trade())
    (stop,) = submits(bench.fill(entry.order_id, 4, part=True))
    assert (stop.side, stop.type, stop.qty, stop.trigger) == (
        Side.SELL,
        OrderType.STOP,
        Decimal(4),
        Decimal("9.5"),
    )
    assert (stop.tif, stop.reason, stop.exit) == (TimeInForce.DAY, PROTECTIVE, True)
    assert cancels(bench.fill(entry.order_id, 6)) == [stop.order_id]
    (whole,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert whole.qty == 10


def test_without_the_plan_s_word_there_is_none() -> None:
    """A stop in an entry is a remark, as before."""
    bench = Bench(entering())
    (entry,) = submits(bench.trade())
    assert submits(bench.fill(entry.order_id)) == []


def test_strategies_do_not_see_it() -> None:
    """Neither among their orders nor among what is pending; of its fill they hear."""
    seen: list[tuple[int, Decimal]] = []
    told = entering()
    bench, stop = guarded(told)
    told.does["bar"] = lambda ctx, bar: seen.append((len(ctx.orders("A")), ctx.pending("A")))
    bench.feed(bar(0))
    assert seen == [(0, Decimal(0))]
    heard = len(told.kinds())
    bench.order(stop.order_id, Kind.PENDING_CANCEL)
    assert len(told.kinds()) == heard
    bench.fill(stop.order_id, price="9.4")
    assert told.kinds()[-1] is Kind.FILL
    assert bench.held() == 0


def test_an_exit_waits_until_the_stop_is_gone() -> None:
    """The broker holds the shares for it."""
    bench, stop = guarded()
    verdicts = bench.trade(12)
    assert cancels(verdicts) == [stop.order_id]
    assert submits(verdicts) == []
    (leave,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert (leave.side, leave.qty, leave.reason) == (Side.SELL, Decimal(10), "out")
    assert submits(bench.fill(leave.order_id)) == []
    assert bench.held() == 0


def test_a_stop_that_fills_first_leaves_nothing_to_sell() -> None:
    """The exit that waited is refused, and never sent."""
    told = entering()
    bench, stop = guarded(told)
    bench.trade(12)
    verdicts = bench.fill(stop.order_id, price="9.4")
    assert submits(verdicts) == []
    assert refused(verdicts) == ["the protective stop was filled first"]
    assert told.kinds()[-2:] == [Kind.FILL, Kind.REFUSED]


def test_an_exit_that_waits_can_be_taken_back() -> None:
    """It was never sent, so no cancel leaves; the position is guarded again."""
    told = entering()
    bench, stop = guarded(told)
    bench.trade(12)
    told.does["bar"] = lambda ctx, bar: [ctx.cancel(o.order_id) for o in ctx.orders("A")]
    verdicts = bench.feed(bar(0))
    assert cancels(verdicts) == []
    assert told.reasons()[-1] == "taken back before it was sent"
    (again,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert again.reason == PROTECTIVE


def test_a_strategy_moves_its_stop() -> None:
    """Each level is one order; the same level again is none."""
    told = entering()
    bench, stop = guarded(told)
    told.does["bar"] = lambda ctx, bar: ctx.protect("A", bar.close)
    assert cancels(bench.feed(bar(0, 9.8))) == [stop.order_id]
    (moved,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert moved.trigger == Decimal("9.8")
    assert bench.feed(bar(1, 9.8)) == []
    told.does["bar"] = lambda ctx, bar: ctx.protect("A", None)
    assert cancels(bench.feed(bar(2))) == [moved.order_id]
    assert submits(bench.order(moved.order_id, Kind.CANCELED)) == []


def test_flattening_takes_it_away_first() -> None:
    """And sets none again while it closes."""
    bench, stop = guarded()
    assert cancels(bench.feed(command("flatten"))) == [stop.order_id]
    (close,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert (close.side, close.type) == (Side.SELL, OrderType.MARKET)
    assert submits(bench.fill(close.order_id)) == []
    assert bench.engine.is_flat


def test_a_stop_that_the_broker_refuses_is_told_once() -> None:
    """Through its level already, say; nothing is tried for ever."""
    bench, stop = guarded()
    assert submits(bench.order(stop.order_id, Kind.REJECTED, reason="price is beyond")) == []
    assert bench.engine.warnings == [
        "told A: no stop at the broker, it was refused: price is beyond"
    ]


def test_a_later_life_knows_the_stop_that_rests() -> None:
    """By its reason, and the level by what was kept; another one is not set."""
    resting = OpenOrder(
        "batch123-A-0000007", "told", "A", "sell", Decimal(10), Decimal(0), "new",
        stop=Decimal("9.5"), reason=PROTECTIVE,
    )  # fmt: skip
    held = OpenPosition("told", "A", Decimal(10), Decimal(10))
    kept = {"told": {"~protect A": "9.5"}}
    first = started(positions=(held,), orders=(resting,), keystore=kept, next_order=8)
    bench = Bench(entering(), protective_stops=True, start=first)
    assert bench.verdicts == []
    assert cancels(bench.trade(12)) == [resting.order_id]


def test_a_later_life_sets_the_stop_that_is_missing() -> None:
    """A session that begins with what the last one held."""
    held = OpenPosition("told", "A", Decimal(-10), Decimal(10))
    first = started(positions=(held,), keystore={"told": {"~protect A": "10.5"}})
    bench = Bench(Swinger(), protective_stops=True, start=first)
    (stop,) = submits(bench.verdicts)
    assert (stop.side, stop.tif) == (Side.BUY, TimeInForce.GTC)


def test_it_follows_what_the_owner_sells() -> None:
    """A position that changed without an order of ours."""
    bench, stop = guarded()
    bench.feed(Adjusted("told", "A", bench.now, Decimal(-4), Decimal(10), "by hand"))
    assert cancels(bench.verdicts) == [stop.order_id]
    (smaller,) = submits(bench.order(stop.order_id, Kind.CANCELED))
    assert smaller.qty == 6


def test_coins_have_a_limit_beside_the_trigger() -> None:
    """There are no stop orders for them; three percent of room lets most falls fill."""
    bench = Bench(entering(), protective_stops=True)
    bench.engine.instruments["A"] = Instrument("A", AssetClass.CRYPTO, tick=Decimal("0.01"))
    (entry,) = submits(bench.trade())
    (stop,) = submits(bench.fill(entry.order_id))
    assert (stop.type, stop.trigger, stop.tif) == (
        OrderType.STOP_LIMIT,
        Decimal("9.5"),
        TimeInForce.GTC,
    )
    assert stop.limit is not None
    assert stop.limit == (Decimal("9.5") * Decimal("0.97")).quantize(
        Decimal("0.01"), rounding=ROUND_UP
    )


def test_an_entry_without_a_stop_is_not_guarded() -> None:
    """Nobody guesses one."""
    bench = Bench(entering(stop=None), protective_stops=True)
    (entry,) = submits(bench.trade())
    assert submits(bench.fill(entry.order_id)) == []


def test_what_was_kept_is_forgotten_with_the_position() -> None:
    """A later position has a level of its own."""
    bench, stop = guarded()
    bench.fill(stop.order_id, price="9.4")
    assert bench.engine.kept[-1] == ("told", "~protect A", "")
