"""What an engine decided on some symbols, as lines that a person reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.events import Event, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Approved, Cancel, OrderIntent, Replace, Submit, Verdict
from liualgotrader.models.journal import InputFrame, VerdictFrame
from liualgotrader.replaying.recording import Life, read_life
from liualgotrader.what_if.clock_text import new_york_clock


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: what a strategy asked for and why, and what was said to it. `ts` in ns UTC."""

    ts: int
    order: str
    symbol: str
    what: str
    verdict: str
    reason: str = ""
    indicators: dict[str, Any] = {}

    def __str__(self) -> str:
        parts = [f"{new_york_clock(self.ts)} New York", self.order, self.symbol, self.what]
        parts.append(self.verdict)
        if self.reason:
            parts.append(f"reason: {self.reason}")
        if self.indicators:
            parts.append(" ".join(f"{name}={value}" for name, value in self.indicators.items()))
        return "  ".join(parts)


class DecisionLog:
    """Takes the place of a journal (`runner.JournalPort`), and keeps the decisions on some symbols."""

    def __init__(self, symbols: Collection[str]) -> None:
        self._symbols = frozenset(symbols)
        self.decisions: list[Decision] = []

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        """Keep nothing: the market is known."""

    def input(self, ts: int, after: int, event: Event) -> None:
        """Keep what was refused at admission, after risk had agreed."""
        if isinstance(event, OrderEvent) and event.kind is Kind.REFUSED:
            if event.symbol in self._symbols:
                self.decisions.append(_refused_at_admission(event))

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        """Keep what risk said."""
        if self._symbols:
            self.decisions += [decision(v) for v in verdicts if v.intent.symbol in self._symbols]

    def write_through(self) -> None:
        """Do nothing."""


def decision(verdict: Verdict) -> Decision:
    """Return what a strategy asked for, with what risk said."""
    intent = verdict.intent
    return Decision(
        ts=intent.decided_at,
        order=f"{intent.strategy} {_name(intent.order_id)}",
        symbol=intent.symbol,
        what=_asked(intent),
        verdict="approved" if isinstance(verdict, Approved) else f"refused: {verdict.reason}",
        reason="" if isinstance(intent, Replace) else intent.reason,
        indicators=intent.indicators if isinstance(intent, Submit) else {},
    )


def recorded_decisions(life: Life, symbols: Collection[str], *, before: int) -> Iterator[Decision]:
    """Yield the decisions on these symbols that a life took before a moment, ns UTC, by its journal."""
    log = DecisionLog(symbols)
    for frame in read_life(life, []):
        if isinstance(frame, VerdictFrame):
            log.verdicts(frame.after, frame.verdicts)
        elif isinstance(frame, InputFrame):
            log.input(frame.ts, frame.after, frame.event)
    yield from (each for each in log.decisions if each.ts < before)


def _refused_at_admission(event: OrderEvent) -> Decision:
    return Decision(
        ts=event.time,
        order=_name(event.order_id),
        symbol=event.symbol,
        what="admission",
        verdict=f"refused: {event.reason}",
    )


def _name(order_id: str) -> str:
    """Return an order's id without its batch."""
    return order_id.partition("-")[2]


def _asked(intent: OrderIntent) -> str:
    match intent:
        case Submit():
            size = f"{intent.qty}" if intent.qty is not None else f"{intent.notional} $"
            words = [intent.side.value, size, f"at {intent.type.value}", *_prices(intent)]
            return " ".join(words) + (", exit" if intent.exit else "")
        case Cancel():
            return "cancel"
    changes = {"qty": intent.qty, **_levels(intent), "trail": intent.trail}
    told = (f"{name} {value}" for name, value in changes.items() if value is not None)
    return f"replace by {_name(intent.new_id)}: {', '.join(told)}"


def _prices(order: Submit) -> Iterator[str]:
    levels = {**_levels(order), "stop": order.stop, "target": order.target}
    for name, value in levels.items():
        if value is not None:
            yield f"{value}" if name == order.type else f"{name} {value}"


def _levels(intent: Submit | Replace) -> dict[str, Decimal | None]:
    return {"limit": intent.limit, "trigger": intent.trigger}
