"""The broker's desk.

Requests that were accepted and are on their way to the venue, and every order ever seen.

An accepted request is answered at once and reaches the venue when its latency is over. Until then
its order stands as `accepted` (a new one), `pending_cancel` or `pending_replace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from heapq import heappop, heappush
from itertools import count
from typing import Any

import msgspec

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OrderEventKind
from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.exchange.ids import Ids
from liualgotrader.exchange.order_requests import number, order_request, word
from liualgotrader.exchange.unborn import changed, legs_of, unborn
from liualgotrader.venue.orders import Rejection, VenueEvent, VenueOrder
from liualgotrader.venue.venue import Venue

Kind = OrderEventKind


class Request(msgspec.Struct, tag_field="line", tag="request", kw_only=True):
    """An accepted request, as it is logged: living through these again gives the same session.

    `received` and `arrival` are tape times, ns UTC; `arrival` is None until a participant in
    lockstep has said when it decided. `order_id` is the new order's (the target's for a cancel),
    `target` the replaced order's.
    """

    seq: int
    kind: str
    received: int
    arrival: int | None
    owner: str | None
    client_id: str
    order_id: str
    target: str | None = None
    body: dict[str, Any] = {}


class Desk:
    """Requests on their way, and the orders as clients see them.

    `overtake` is asked when a cancel arrives: what it returns happened just before.
    """

    def __init__(self, venue: Venue, ids: Ids) -> None:
        self._venue = venue
        self._ids = ids
        self._travelling: list[tuple[int, str, int, Request]] = []
        self._undecided: dict[int, Request] = {}
        self._unborn: dict[str, VenueOrder] = {}
        self._refused: dict[str, VenueOrder] = {}
        self._pending: dict[str, tuple[int, OrderStatus]] = {}
        self._created: dict[str, int] = {}
        self._by_client: dict[str, str] = {}
        self.overtake: Callable[[VenueOrder, int], list[VenueEvent]] = lambda order, ts: []
        self._arrivals: dict[str, Callable[[Request, int], list[VenueEvent]]] = {
            "submit": self._submit,
            "cancel": self._cancel,
            "replace": self._replace,
        }

    # ------------------------------------------------------------------ requests

    def take(self, request: Request) -> None:
        """Let an accepted request set out; without an arrival it waits until `decide`."""
        if request.kind == "submit":
            self._take_submit(request)
        elif request.kind == "replace":
            self._take_replace(request)
        if request.kind != "submit":
            status = (
                OrderStatus.PENDING_CANCEL
                if request.kind == "cancel"
                else OrderStatus.PENDING_REPLACE
            )
            self._pending[request.target or request.order_id] = (request.seq, status)
        if request.arrival is None:
            self._undecided[request.seq] = request
        else:
            self._send(request, request.arrival)

    def _take_submit(self, request: Request) -> None:
        asked = order_request(request.body)
        order = unborn(asked, request.order_id, request.client_id, at=request.received)
        for member in (order, *legs_of(order, asked, self._leg_ids(request))):
            self._expect(member)

    def _leg_ids(self, request: Request) -> Iterator[tuple[str, str]]:
        """Iterate over ids and client's ids for the legs of an order, take-profit first."""
        for number_of in count(1):
            root = f"{request.client_id}/leg{number_of}"
            yield self._ids.named(root), self._ids.named(f"{root}/client")

    def _take_replace(self, request: Request) -> None:
        old = self.find(request.target or "")
        if old is None:
            raise InvariantError(f"a replace of an order nobody knows: {request}")
        self._expect(
            changed(old, request.body, request.order_id, request.client_id, at=request.received),
        )

    def _expect(self, order: VenueOrder) -> None:
        self._unborn[order.id] = order
        self._created[order.id] = order.submitted_at
        self._by_client[order.client_id] = order.id

    def _send(self, request: Request, arrival: int) -> None:
        # Of participants' requests that were decided at the same moment the client's id settles
        # which comes first: who posted first is chance. For others it is the order of posting.
        name = request.client_id if request.owner is not None else ""
        heappush(self._travelling, (arrival, name, request.seq, request))

    def decide(self, seq: int, *, at: int, arrival: int) -> None:
        """Let a request set out whose participant has said when it decided.

        That is its time from now on: when it happened to be posted is chance.
        """
        request = self._undecided.pop(seq)
        order = self._unborn.get(request.order_id)
        if order is not None:
            for member in (order.id, *(leg for leg in order.legs if leg in self._unborn)):
                self._created[member] = at
                self._unborn[member].submitted_at = self._unborn[member].updated_at = at
        self._send(request, arrival)

    def undecided(self, owner: str) -> list[Request]:
        """Return a participant's requests whose moment it has not told yet, in the order of
        posting.
        """
        return [request for request in self._undecided.values() if request.owner == owner]

    def next_arrival(self) -> int | None:
        """Return when the next request reaches the venue, or None."""
        return self._travelling[0][0] if self._travelling else None

    # ------------------------------------------------------------------ arrivals

    def arrive(self, ts: int) -> list[VenueEvent]:
        """Hand the venue every request that is due at or before `ts`; return what came of it."""
        events: list[VenueEvent] = []
        while self._travelling and self._travelling[0][0] <= ts:
            _, _, _, request = heappop(self._travelling)
            events += self._arrivals[request.kind](request, ts)
        return events

    def _submit(self, request: Request, ts: int) -> list[VenueEvent]:
        order = self._unborn.pop(request.order_id)
        legs = [self._unborn.pop(leg) for leg in order.legs]
        asked = msgspec.structs.replace(order_request(request.body), client_id=request.client_id)
        self._ids.lay_out([order.id, *(name for leg in legs for name in (leg.id, leg.client_id))])
        try:
            events = self._venue.submit(asked, ts)
        except Rejection as refusal:
            return [self._refuse(member, refusal, ts) for member in (order, *legs)]
        finally:
            self._ids.clear()
        self._adopt(request)
        return events

    def _adopt(self, request: Request) -> None:
        order = self._venue.order(request.order_id)
        if order is None or order.client_id != request.client_id:
            raise InvariantError(f"the venue gave another id to {request}")
        if any(leg not in self._created for leg in order.legs):
            raise InvariantError(f"the venue gave other ids to the legs of {request}")

    def _refuse(self, unborn: VenueOrder, refusal: Rejection, ts: int) -> VenueEvent:
        unborn.status = OrderStatus.REJECTED
        unborn.failed_at = unborn.updated_at = ts
        self._refused[unborn.id] = unborn
        return VenueEvent(
            kind=Kind.REJECTED, order=unborn.snapshot(), ts=ts, reason=refusal.message
        )

    def _cancel(self, request: Request, ts: int) -> list[VenueEvent]:
        self._settle(request.order_id, request.seq)
        order = self._venue.order(request.order_id)
        before = self.overtake(order, ts) if order is not None else []
        try:
            return [*before, *self._venue.cancel(request.order_id, ts)]
        except Rejection as refusal:
            return [*before, *self._too_late(request.order_id, Kind.CANCEL_REJECTED, refusal, ts)]

    def _replace(self, request: Request, ts: int) -> list[VenueEvent]:
        target = request.target or ""
        self._settle(target, request.seq)
        unborn = self._unborn.pop(request.order_id)
        self._ids.lay_out([request.order_id])
        body = request.body
        try:
            events = self._venue.replace(
                target,
                ts,
                qty=number(body, "qty"),
                limit=number(body, "limit_price"),
                trigger=number(body, "stop_price"),
                trail=number(body, "trail"),
                tif=word(body, "time_in_force", TimeInForce) if body.get("time_in_force") else None,
                client_id=request.client_id,
            )
        except Rejection as refusal:
            refused = self._refuse(unborn, refusal, ts)
            return [*self._too_late(target, Kind.REPLACE_REJECTED, refusal, ts), refused]
        finally:
            self._ids.clear()
        self._adopt(request)
        return events

    def _settle(self, order_id: str, seq: int) -> None:
        if self._pending.get(order_id, (None,))[0] == seq:
            del self._pending[order_id]

    def _too_late(
        self, order_id: str, kind: OrderEventKind, refusal: Rejection, ts: int
    ) -> list[VenueEvent]:
        order = self._venue.order(order_id)
        if order is None:
            return []  # it was refused on arrival, and its owner has heard of that
        return [VenueEvent(kind=kind, order=order.snapshot(), ts=ts, reason=refusal.message)]

    # ------------------------------------------------------------------ what clients see

    def find(self, order_id: str) -> VenueOrder | None:
        """Return an order as it stands for its client, requests on their way included."""
        order = (
            self._venue.order(order_id) or self._unborn.get(order_id) or self._refused.get(order_id)
        )
        return self._seen(order) if order is not None else None

    def find_client(self, client_id: str) -> VenueOrder | None:
        """Return an order by its client's id."""
        order_id = self._by_client.get(client_id)
        if order_id is not None:
            return self.find(order_id)
        order = self._venue.order_by_client_id(client_id)
        return self._seen(order) if order is not None else None

    def orders(self) -> list[VenueOrder]:
        """Return every order, oldest first."""
        orders = [*self._venue.orders(), *self._unborn.values(), *self._refused.values()]
        return sorted(
            map(self._seen, orders), key=lambda order: (self.created(order), order.client_id)
        )

    def created(self, order: VenueOrder) -> int:
        """Return when an order was received, ns UTC."""
        return self._created.get(order.id, order.submitted_at)

    def on_the_way(self) -> list[VenueOrder]:
        """Return new orders that have not reached the venue, without what replaces others."""
        return [order for order in self._unborn.values() if order.replaces is None]

    def value(self, priced: VenueOrder) -> None:
        """Note what an order on its way takes, as it was worked out when it was accepted."""
        order = self._unborn[priced.id]
        order.opening, order.value_price = priced.opening, priced.value_price

    def _seen(self, order: VenueOrder) -> VenueOrder:
        pending = self._pending.get(order.id)
        if pending is None or not order.is_open:
            return order
        seen = copy(order)
        seen.status = pending[1]
        return seen
