"""Faults at the venue: halts, an ex-date, fills that overtake a cancel, executions taken back and corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, Protocol, TypeVar

import msgspec

from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus
from liualgotrader.common.timestamps import SECOND
from liualgotrader.exchange.faults.kinds import Bust, Correct, Halt, LateFill, Split
from liualgotrader.exchange.notices import bands, resumed, status
from liualgotrader.exchange.tape import TapeEvent
from liualgotrader.venue.orders import VenueEvent, VenueOrder
from liualgotrader.venue.routing import first_mark
from liualgotrader.venue.sessions import FAR
from liualgotrader.venue.venue import Venue

# LULD: 5 % around the reference price for tier 1 (limit up-limit down plan, section V, appendix A).
BAND = Decimal("0.05")

F = TypeVar("F")


class Strike(Protocol):
    """A fault that may strike."""

    def strikes(self) -> bool:
        """Meet one of what it is about; tell whether it strikes."""

    def missed(self) -> None:
        """Take back a strike that came to nothing."""

    def happened(self) -> None:
        """Count what it did."""


On = Callable[[type[F]], Iterator[tuple[Strike, F]]]


class Hearing(Protocol):
    """Who hears of what happens at the venue."""

    def update(self, event: VenueEvent) -> None:
        """Hear of something that happened to an order."""

    def notice(self, channel: str, symbol: str, ts: int, message: Mapping[str, Any]) -> None:
        """Hear of a status or of price bands; `ts` in ns UTC."""


class MarketFaults:
    """What the venue does by fault. `due`: when it next amends something, ns UTC. `on` finds the faults."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.on: On[Any] = lambda _: iter(())
        self.changes_tape = False
        self._halted: dict[str, int] = {}
        self._ratios: dict[str, float] = {}
        self._amendments: list[tuple[int, int, Strike, Bust | Correct, str]] = []
        self._count = 0

    @property
    def due(self) -> int:
        """When the next execution is taken back or corrected, ns UTC."""
        return self._amendments[0][0] if self._amendments else FAR

    # ------------------------------------------------------------------ the tape

    def seen(self, event: TapeEvent) -> TapeEvent | None:
        """Return an event of the tape as the market shows it; None when there is no market."""
        if event.symbol in self._halted:
            return None
        ratio = self._ratios.get(event.symbol)
        return event if ratio is None else _after_split(event, ratio)

    def halt(self, halt: Halt, ts: int, hearing: Hearing) -> None:
        """Stop trading in symbols."""
        for symbol in halt.symbols:
            self._halted[symbol] = self._halted.get(symbol, 0) + 1
            if halt.luld and (last := first_mark(self.venue.books, symbol)) is not None:
                upper, lower = (round(float(last * (1 + part)), 2) for part in (BAND, -BAND))
                hearing.notice("lulds", symbol, ts, bands(upper, lower))
            reason = (
                ("LUDP", "Volatility Trading Pause") if halt.luld else ("T1", "Halt News Pending")
            )
            hearing.notice("statuses", symbol, ts, status("H", "Trading Halt", *reason))
        self._stand()

    def resume(self, halt: Halt, ts: int, hearing: Hearing | None) -> None:
        """Let trading go on."""
        for symbol in halt.symbols:
            self._halted[symbol] -= 1
            if not self._halted[symbol]:
                del self._halted[symbol]
                if hearing is not None:
                    hearing.notice("statuses", symbol, ts, resumed())
        self._stand()

    def _stand(self) -> None:
        self.venue.halted = frozenset(self._halted)
        self.changes_tape = bool(self._halted or self._ratios)

    def split(self, split: Split, ts: int, hearing: Hearing) -> None:
        """Let an ex-date come."""
        self._ratios[split.symbol] = self._ratios.get(split.symbol, 1.0) * float(split.ratio)
        self._stand()
        action = CorporateAction(split.symbol, ts, ratio=split.ratio)
        for event in self.venue.on_corporate_action(action, ts):
            hearing.update(event)

    # ------------------------------------------------------------------ orders

    def overtake(self, order: VenueOrder, ts: int) -> list[VenueEvent]:
        """Fill an order whose cancel has just arrived, when a fault wants that; return what is told."""
        for live, fault in self.on(LateFill):
            if fault.symbols and order.symbol not in fault.symbols:
                continue
            if not self.venue.can_fill(order.id, ts) or not live.strikes():
                continue
            pending = order.snapshot()
            pending.status = OrderStatus.PENDING_CANCEL
            told = VenueEvent(kind=Kind.PENDING_CANCEL, order=pending, ts=ts)
            live.happened()
            return [told, *self.venue.fill_late(order.id, Decimal(repr(fault.part)), ts)]
        return []

    def executed(self, event: VenueEvent) -> None:
        """Meet an execution: it may be taken back or corrected later."""
        if event.kind not in (Kind.FILL, Kind.PARTIAL_FILL) or event.execution_id is None:
            return
        if not self.venue.can_amend(event.execution_id):
            return
        for live, fault in [*self.on(Bust), *self.on(Correct)]:
            if fault.symbols and event.order.symbol not in fault.symbols:
                continue
            if live.strikes():
                self._count += 1
                at = event.ts + max(round(fault.delay * SECOND), 1)
                item = (at, self._count, live, fault, event.execution_id)
                heappush(self._amendments, item)
                return

    def amend(self, ts: int, hearing: Hearing) -> None:
        """Take back and correct what is due."""
        while self._amendments and self._amendments[0][0] <= ts:
            _, _, live, fault, execution_id = heappop(self._amendments)
            if isinstance(fault, Bust):
                told = self.venue.bust(execution_id, ts)
            else:
                told = self.venue.correct(execution_id, fault.by, ts)
            live.happened()
            for event in told:
                hearing.update(event)


def _after_split(event: TapeEvent, ratio: float) -> TapeEvent:
    """Return an event with its prices divided, to the cent, and its sizes multiplied."""

    def price(value: float) -> float:
        return max(round(value / ratio, 2), 0.01)

    match event:
        case Trade(price=at, size=size):
            return msgspec.structs.replace(event, price=price(at), size=size * ratio)
        case Quote():
            return msgspec.structs.replace(
                event,
                bid=price(event.bid),
                ask=price(event.ask),
                bid_size=event.bid_size * ratio,
                ask_size=event.ask_size * ratio,
            )
        case Bar():
            return msgspec.structs.replace(
                event,
                open=price(event.open),
                high=price(event.high),
                low=price(event.low),
                close=price(event.close),
                volume=event.volume * ratio,
                vwap=None if event.vwap is None else event.vwap / ratio,
            )
