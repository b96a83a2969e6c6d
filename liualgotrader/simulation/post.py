"""Requests on their way to the venue: each arrives one order latency after it was decided."""

from __future__ import annotations

from heapq import heappop, heappush

from liualgotrader.common.clock import NEVER
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Cancel, OrderIntent, Replace, Submit
from liualgotrader.venue.orders import OrderRequest, Rejection, VenueEvent
from liualgotrader.venue.venue import Venue


class Post:
    """Carries intents to a venue and brings back what came of them."""

    def __init__(self, venue: Venue, latency: int) -> None:
        """`latency`: ns from decision to arrival."""
        self._venue = venue
        self._latency = latency
        self._travelling: list[tuple[int, str, int, OrderIntent]] = []
        self._sent = 0

    def send(self, intent: OrderIntent) -> None:
        """Let an admitted intent set out.

        Of several that arrive at one moment the order's id settles which comes first, as it does
        on the exchange in a box: who posted first is chance there.
        """
        self._sent += 1
        name = intent.new_id if type(intent) is Replace else intent.order_id
        arrival = intent.decided_at + self._latency
        heappush(self._travelling, (arrival, name, self._sent, intent))

    def next_arrival(self) -> int:
        """Return when the next request arrives, ns UTC; NEVER without one."""
        return self._travelling[0][0] if self._travelling else NEVER

    def arrive(self, ts: int) -> list[OrderEvent]:
        """Hand the venue all that is due by `ts`; return what came of it, as the broker tells it."""
        told: list[OrderEvent] = []
        while self._travelling and self._travelling[0][0] <= ts:
            intent = heappop(self._travelling)[3]
            if type(intent) is Submit:
                told += self._submit(intent, ts)
            elif type(intent) is Cancel:
                told += self._cancel(intent, ts)
            elif type(intent) is Replace:
                told += self._replace(intent, ts)
        return told

    def _submit(self, order: Submit, ts: int) -> list[OrderEvent]:
        try:
            return order_events(self._venue.submit(_request(order), ts))
        except Rejection as refusal:
            return [_rejected(order.order_id, order.symbol, refusal, ts)]

    def _cancel(self, cancel: Cancel, ts: int) -> list[OrderEvent]:
        order = self._venue.order_by_client_id(cancel.order_id)
        if order is None:
            return []  # refused on arrival, and its owner has heard of that
        try:
            return order_events(self._venue.cancel(order.id, ts))
        except Rejection as refusal:
            return [_too_late(cancel, Kind.CANCEL_REJECTED, refusal, ts)]

    def _replace(self, change: Replace, ts: int) -> list[OrderEvent]:
        order = self._venue.order_by_client_id(change.order_id)
        if order is None:
            reason = Rejection(404, 40410000, f"order not found for {change.order_id}")
            return [_rejected(change.new_id, change.symbol, reason, ts)]
        try:
            return order_events(
                self._venue.replace(
                    order.id,
                    ts,
                    qty=change.qty,
                    limit=change.limit,
                    trigger=change.trigger,
                    trail=change.trail,
                    client_id=change.new_id,
                )
            )
        except Rejection as refusal:
            return [
                _too_late(change, Kind.REPLACE_REJECTED, refusal, ts),
                _rejected(change.new_id, change.symbol, refusal, ts),
            ]


def _request(order: Submit) -> OrderRequest:
    o = order
    return OrderRequest(
        o.symbol, o.side, o.type, o.tif, o.qty, o.notional, o.limit, o.trigger, o.trail_price,
        o.trail_percent, o.extended_hours, o.order_class, o.take_profit, o.stop_loss, o.order_id,
    )  # fmt: skip


def _rejected(order_id: str, symbol: str, refusal: Rejection, ts: int) -> OrderEvent:
    return OrderEvent(order_id, Kind.REJECTED, ts, symbol, reason=refusal.message)


def _too_late(asked: Cancel | Replace, kind: Kind, refusal: Rejection, ts: int) -> OrderEvent:
    return OrderEvent(asked.order_id, kind, ts, asked.symbol, reason=refusal.message)


def order_events(events: list[VenueEvent]) -> list[OrderEvent]:
    """Return what happened at the venue as the broker's stream tells it."""
    return [
        OrderEvent(
            e.order.client_id,
            e.kind,
            e.ts,
            e.order.symbol,
            e.qty,
            e.price,
            e.execution_id,
            e.order.id,
            e.reason,
            e.order.replaced_by,
            e.fee,
            e.order.side,
        )
        for e in events
    ]
