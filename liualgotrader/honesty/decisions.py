"""What a plan decided, in a form that can be compared between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from liualgotrader.common.events import Event, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Cancel, OrderIntent, Refused, Replace, Verdict

_APART = frozenset({"order_id", "new_id", "strategy", "symbol", "decided_at", "indicators"})


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One order, cancel, replacement or refusal, without the ids that depend on how many came before it.

    `ts`: engine time, ns UTC. `what`: submit, cancel, replace or refused. `of`: when the order that
    it is about was decided, ns UTC, 0 for a new one. `terms`: what was said of it beyond its defaults.
    """

    ts: int
    slot: str
    strategy: str
    symbol: str
    what: str
    of: int = 0
    terms: dict[str, str] = {}

    @property
    def place(self) -> tuple[int, str, str, str]:
        """Where two runs are compared."""
        return self.ts, self.slot, self.strategy, self.symbol

    def __str__(self) -> str:
        said = " ".join(
            value if name in ("side", "qty", "type") else f"{name} {value}"
            for name, value in self.terms.items()
        )
        return f"{self.what} {said}".rstrip()


class Notes:
    """A journal (see `runner.JournalPort`) of decisions: one consumer's, who adds to a list that several may share."""

    def __init__(self, slot: str, decisions: list[Decision], decided: dict[str, Decision]) -> None:
        """`decided`: the orders of all consumers by id, in this life and those before."""
        self._slot = slot
        self._decisions = decisions
        self._decided = decided

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        """Note nothing: the market has nothing of decisions."""

    def write_through(self) -> None:
        """Do nothing: notes stay in memory."""

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        """Note what risk said."""
        for verdict in verdicts:
            refusal = verdict.reason if isinstance(verdict, Refused) else ""
            self._note(verdict.intent, refusal)

    def input(self, ts: int, after: int, event: Event) -> None:
        """Note what was refused at admission."""
        if isinstance(event, OrderEvent) and event.kind is Kind.REFUSED:
            order = self._decided[event.order_id]
            self._decisions.append(
                Decision(
                    ts=event.time,
                    slot=self._slot,
                    strategy=order.strategy,
                    symbol=order.symbol,
                    what="refused",
                    of=order.ts,
                    terms={"because": event.reason or "no reason"},
                )
            )

    def _note(self, intent: OrderIntent, refusal: str) -> None:
        about = self._decided.get(intent.order_id)
        terms = _terms(intent) | ({"refused": refusal} if refusal else {})
        decision = Decision(
            ts=intent.decided_at,
            slot=self._slot,
            strategy=intent.strategy,
            symbol=intent.symbol,
            what=_what(intent),
            of=about.ts if about is not None else 0,
            terms=terms,
        )
        self._decisions.append(decision)
        if not isinstance(intent, Cancel):
            name = intent.new_id if isinstance(intent, Replace) else intent.order_id
            self._decided[name] = decision


def _what(intent: OrderIntent) -> str:
    return type(intent).__name__.lower()


def _terms(intent: OrderIntent) -> dict[str, str]:
    fields = msgspec.structs.fields(intent)
    values = ((field, getattr(intent, field.name)) for field in fields)
    return {f.name: _text(v) for f, v in values if f.name not in _APART and v != f.default}


def _text(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        pairs = zip(value.__struct_fields__, msgspec.structs.astuple(value), strict=True)
        return " ".join(f"{name} {each}" for name, each in pairs if each is not None)
    return str(value)
