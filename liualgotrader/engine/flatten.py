"""Bringing positions to zero: first cancel what is at work, then close the rest at the market.

A broker holds the shares that an open order would sell, so closing must wait until the cancels are
confirmed. Meanwhile the strategy's own orders in that symbol are refused, or it would never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus

if TYPE_CHECKING:
    from liualgotrader.engine.core import Engine
    from liualgotrader.engine.strategy_run import StrategyRun

# What stands in the way (another strategy's order that a close could trade with, shares still held
# for an order) is gone in a moment or in minutes: 1 s, 2 s, 4 s ... and then every minute.
_MAX_TRIES = 12
_FIRST_WAIT = SECOND
_LONGEST_WAIT = MINUTE
AGAIN = "close again"
_FAILED = (Kind.REFUSED, Kind.REJECTED, Kind.CANCELED, Kind.EXPIRED)
_FILLS = (Kind.PARTIAL_FILL, Kind.FILL)


class Flattener:
    """The positions on their way to zero, by strategy and symbol, with the reason."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wanted: dict[tuple[str, str], str] = {}
        self._tries: dict[tuple[str, str], int] = {}
        self._waiting: set[tuple[str, str]] = set()
        self._reasons: dict[str, str] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way to zero."""
        return not self._wanted

    @property
    def watches(self) -> bool:
        """Whether anything is on its way to zero, or would be brought there again."""
        return bool(self._wanted or self._reasons)

    def start(self, run: StrategyRun, reason: str) -> None:
        """Bring all that a strategy holds or has at work to zero, and keep it there."""
        self._reasons[run.name] = reason
        book = self._engine.book
        symbols = {p.symbol: None for p in book.positions() if p.strategy == run.name}
        symbols |= {order.symbol: None for order in book.open_orders(run.name)}
        for symbol in symbols:
            self._begin(run, symbol, reason)

    def relent(self) -> None:
        """Let strategies hold something again. What is on its way to zero goes on."""
        self._reasons.clear()

    def refusal(self, run: StrategyRun, symbol: str) -> str | None:
        """Return why a strategy's own orders in a symbol must wait, or None."""
        reason = self._wanted.get((run.name, symbol))
        return None if reason is None else f"{symbol} is being closed: {reason}"

    def on_order(self, run: StrategyRun, event: OrderEvent) -> None:
        """Go on when an order of a position on its way has ended."""
        key = (run.name, event.symbol)
        if key not in self._wanted:
            self._late(run, event)
            return
        if self._has_failed(event):
            self._tries[key] = self._tries.get(key, 0) + 1
            if self._tries[key] >= _MAX_TRIES:
                self._give_up(run, event)
            else:
                self._wait(key)
            return
        if key not in self._waiting:
            self._step(run, event.symbol)

    def _wait(self, key: tuple[str, str]) -> None:
        wait = min(_FIRST_WAIT << (self._tries[key] - 1), _LONGEST_WAIT)
        self._waiting.add(key)
        clock = self._engine.clock
        clock.call_at(clock.now() + wait, "", f"{AGAIN} {key[0]} {key[1]}")

    def again(self, timer: str) -> None:
        """Try once more, as a timer of ours says."""
        name, symbol = timer.removeprefix(AGAIN).split()
        self._waiting.discard((name, symbol))
        if (name, symbol) in self._wanted:
            self._step(self._engine.runs[name], symbol)

    def _begin(self, run: StrategyRun, symbol: str, reason: str) -> None:
        self._tries.pop((run.name, symbol), None)
        self._waiting.discard((run.name, symbol))
        self._wanted[run.name, symbol] = reason
        self._step(run, symbol)

    def _late(self, run: StrategyRun, event: OrderEvent) -> None:
        """Close what a fill opened that was on its way when its order was cancelled."""
        reason = self._reasons.get(run.name)
        if reason is None or event.kind not in _FILLS:
            return
        if event.order_id not in self._engine.closing:
            self._begin(run, event.symbol, reason)

    def _has_failed(self, event: OrderEvent) -> bool:
        """Whether a closing order ended short of its end, or a cancel did not come through."""
        if event.kind is Kind.CANCEL_REJECTED:
            return True
        return event.kind in _FAILED and event.order_id in self._engine.closing

    def _give_up(self, run: StrategyRun, event: OrderEvent) -> None:
        reason = self._wanted.pop((run.name, event.symbol))
        self._engine.warn(
            f"{run.name} {event.symbol}: could not be closed ({reason}) after {_MAX_TRIES} tries, "
            f"the last answer was: {event.reason or event.kind}; close it by hand",
        )

    def _step(self, run: StrategyRun, symbol: str) -> None:
        """Cancel what is at work, or close what is left, or be done."""
        key = (run.name, symbol)
        reason = self._wanted[key]
        orders = self._engine.book.open_orders(run.name, symbol)
        if any(order.order_id in self._engine.closing for order in orders):
            return
        if orders:
            for order in orders:
                if order.status is not OrderStatus.PENDING_CANCEL:
                    self._engine.propose_cancel(run, order.order_id, reason)
            return
        if self._engine.book.qty(run.name, symbol):
            self._engine.propose_close(run, symbol, reason)
        else:
            del self._wanted[key]
