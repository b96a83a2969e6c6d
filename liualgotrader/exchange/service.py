"""The exchange behind its doors: what REST and the streams ask for, whoever drives the tape."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus
from liualgotrader.exchange.broadcast import Broadcast
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.delayed import DelayedFeeds
from liualgotrader.exchange.desk import Desk, Request
from liualgotrader.exchange.faults.board import Cleared, Faulted, Faults, Struck
from liualgotrader.exchange.faults.market import MarketFaults
from liualgotrader.exchange.faults.scenario import NOTHING_WRONG, Scenario
from liualgotrader.exchange.feeds import Feeds
from liualgotrader.exchange.floor import Floor
from liualgotrader.exchange.ids import Ids
from liualgotrader.exchange.log import Decided, Joined, Line, OrderLog, Position
from liualgotrader.exchange.order_requests import malformed, number, order_request
from liualgotrader.exchange.precheck import check_form, check_now
from liualgotrader.exchange.shapes import Json, order_json, update_json, without_slash
from liualgotrader.exchange.splits import PastActions
from liualgotrader.exchange.tape import Tape
from liualgotrader.exchange.unborn import unborn
from liualgotrader.exchange.updates import Updates
from liualgotrader.venue.banded import BandedVenue
from liualgotrader.venue.orders import Rejection, VenueEvent, VenueOrder
from liualgotrader.venue.sessions import Session
from liualgotrader.venue.venue import Venue

log = logging.getLogger(__name__)

REPLACEABLE = ("qty", "time_in_force", "limit_price", "stop_price", "trail", "client_order_id")


class Driver(Protocol):
    """Who moves the tape: the paced clock or lockstep."""

    @property
    def state(self) -> str:
        """waiting, running or ended."""

    def now(self) -> int:
        """Return the tape's time, ns UTC."""

    def owner(self, client_id: str) -> str | None:
        """Return the participant whose order this is, in lockstep, or None."""

    def wake(self) -> None:
        """Learn that something new may be due."""

    def start(self) -> None:
        """Let the tape start."""

    async def run(self) -> None:
        """Drive the tape; ends only when it is cancelled."""


class Exchange:
    """One account at one venue over one tape."""

    def __init__(
        self,
        *,
        tape: Tape,
        venue: Venue,
        ids: Ids,
        session: Session,
        latency: int,
        log: OrderLog | None = None,
        not_before: int = 0,
        scenario: Scenario = NOTHING_WRONG,
    ) -> None:
        """`not_before`: the tape goes on no earlier (ns UTC); what comes before is told to nobody.

        `scenario`: what goes wrong; an exchange that comes back has it from its log.
        """
        self.tape = tape
        self.venue = venue
        self.ids = ids
        self.session = session
        self.latency = latency
        self.account_id = ids.named("account")
        self.opening_equity = venue.account.equity()
        self.desk = Desk(venue, ids)
        self.faults = Faults(
            MarketFaults(venue), session_open=session.open, day=tape.date, start=tape.start
        )
        self.faults.market.on = self.faults.on
        self.floor = Floor(
            tape, venue, self.desk, faults=self.faults, day_start=midnight(tape.date)
        )
        self.actions = PastActions(tape, self.floor.history)
        self.feeds = Feeds(self.faults, self.floor.make_seconds)
        self.delayed = DelayedFeeds(tape, faults=self.faults, day_start=midnight(tape.date))
        self.updates = Updates(self.update_json, self.faults)
        self.broadcast = Broadcast(self.feeds, self.updates)
        self.driver: Driver | None = None
        self._log = log
        self._sequence = 0
        self.joined: dict[str, Joined] = {}
        if log is not None:
            self._recover(log.lines)
        self.faults.note = self.write
        if log is None or not log.lines:
            self.faults.load(scenario)
        if not_before > self.floor.now:
            self.floor.advance(not_before)
        self.floor.audience = self.broadcast
        if isinstance(venue, BandedVenue):
            venue.bands.listener = self.broadcast.hear

    @property
    def clock(self) -> Driver:
        """The driver. Raises InvariantError before there is one."""
        if self.driver is None:
            raise InvariantError("the exchange has no driver yet")
        return self.driver

    # ------------------------------------------------------------------ requests

    def submit(self, body: Mapping[str, Any]) -> VenueOrder:
        """Accept a new order. Raises Rejection as the vendor refuses.

        A participant's order is only looked at for its form: what its account can carry is known
        when it arrives, for the tape may be ahead of the participant.
        """
        asked_for = self.instrument(str(body.get("symbol")))
        if asked_for is not None:
            body = {**body, "symbol": asked_for.symbol}
        asked = order_request(body)
        check_form(self.venue.books, asked, self.tape.date)
        client_id = asked.client_id or self._made_client_id()
        self._check_client_id(client_id)
        order_id, now = self.ids.named(client_id), self.clock.now()
        priced = None
        if self.clock.owner(client_id) is None:
            priced = unborn(asked, order_id, client_id, at=now)
            travelling = self.desk.on_the_way()
            check_now(self.venue.books, asked, priced, travelling, ts=now)
        order = self._accept("submit", client_id, order_id=order_id, body=body)
        if priced is not None:
            self.desk.value(priced)
        return order

    def cancel(self, order_id: str) -> VenueOrder:
        """Accept a cancel; the order stays as it is until the cancel has arrived."""
        order = self._changeable(order_id)
        if order.status is OrderStatus.PENDING_CANCEL and self._owner(order) is None:
            raise _in_state(order)
        return self._accept("cancel", order.client_id, order_id=order.id)

    def replace(self, order_id: str, body: Mapping[str, Any]) -> VenueOrder:
        """Accept a change and return the order that will take over."""
        order = self._changeable(order_id)
        changes = {key: body[key] for key in REPLACEABLE if body.get(key) is not None}
        if not changes:
            raise malformed("no changes were given")
        for field in ("qty", "limit_price", "stop_price", "trail"):
            value = number(changes, field)
            if value is not None and value <= 0:
                raise malformed(f"{field} must be > 0")
        client_id = changes.get("client_order_id") or self._made_client_id()
        if not isinstance(client_id, str):
            raise malformed("invalid client_order_id")
        self._check_client_id(client_id)
        new_id = self.ids.named(client_id)
        return self._accept("replace", client_id, order_id=new_id, target=order.id, body=changes)

    def _made_client_id(self) -> str:
        return self.ids.named(f"client-{self._sequence + 1}")

    def _check_client_id(self, client_id: str) -> None:
        if self.desk.find_client(client_id) is not None:
            raise malformed("client_order_id must be unique")

    def _changeable(self, order_id: str) -> VenueOrder:
        """Return an order to cancel or replace. Raises Rejection 404 or 422.

        A participant's order may have ended on a tape that is ahead of it: then its request is
        too late, and it hears so when the request arrives.
        """
        order = self.desk.find(order_id)
        if order is None:
            raise Rejection(404, 40410000, f"order not found for {order_id}")
        if not order.is_open and self._owner(order) is None:
            raise _in_state(order)
        return order

    def _owner(self, order: VenueOrder) -> str | None:
        """Return the participant whose order this is; a leg belongs to its parent's owner."""
        parent = self.desk.find(order.parent) if order.parent is not None else None
        return self.clock.owner((parent or order).client_id)

    def _accept(
        self,
        kind: str,
        client_id: str,
        *,
        order_id: str,
        target: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> VenueOrder:
        now = self.clock.now()
        changes = self.desk.find(target or order_id)
        owner = self.clock.owner(client_id) if changes is None else self._owner(changes)
        self._sequence += 1
        request = Request(
            seq=self._sequence,
            kind=kind,
            received=now,
            arrival=None if owner is not None else now + self.latency,
            owner=owner,
            client_id=client_id,
            order_id=order_id,
            target=target,
            body=dict(body or {}),
        )
        self.write(request)
        self.desk.take(request)
        self.clock.wake()
        order = self.desk.find(order_id)
        if order is None:
            raise InvariantError(f"an accepted order is not there: {request}")
        return order

    def decide(self, request: Request, *, at: int, arrival: int) -> None:
        """Let a participant's request set out."""
        self.write(Decided(request.seq, at, arrival))
        self.desk.decide(request.seq, at=at, arrival=arrival)

    # ------------------------------------------------------------------ the log

    def write(self, line: Line) -> None:
        """Log a line, when there is a log."""
        if self._log is not None:
            self._log.append(line)

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _recover(self, lines: list[Line]) -> None:
        """Live again through what an earlier incarnation had accepted, up to where it was known to
        be.
        """
        decided = {line.seq: line for line in lines if isinstance(line, Decided)}
        for line in lines:
            if isinstance(line, Request):
                # A participant hears again all it has not acknowledged, so its requests move
                # nothing.
                if line.owner is None or self._is_new_leg(line.target):
                    self.floor.advance(max(self.floor.now, line.received))
                self.desk.take(line)
                self._sequence = line.seq
                if line.seq in decided:
                    told = decided[line.seq]
                    self.desk.decide(line.seq, at=told.at, arrival=told.arrival)
            elif isinstance(line, Position):
                self.floor.advance(max(self.floor.now, line.at))
            elif isinstance(line, Joined):
                self.joined[line.slot] = line
            elif isinstance(line, Faulted):
                self.faults.take(line)
            elif isinstance(line, Struck | Cleared):
                self.faults.restore(line)
        if lines:
            log.info("recovered %d requests; the tape is at %d", self._sequence, self.floor.now)

    def _is_new_leg(self, target: str | None) -> bool:
        return target is not None and self.desk.find(target) is None

    # ------------------------------------------------------------------ shapes

    def asset_id(self, symbol: str) -> str:
        """Return the id of a symbol's asset."""
        return self.ids.named(f"asset-{symbol}")

    def instrument(self, symbol_or_id: str) -> Instrument | None:
        """Return an instrument by symbol or asset id; a pair's symbol may lack its slash."""
        found = self.tape.instruments.get(symbol_or_id)
        if found is not None:
            return found
        for instrument in self.tape.instruments.values():
            if symbol_or_id in (
                self.asset_id(instrument.symbol), without_slash(instrument.symbol)
            ):  # fmt: skip
                return instrument
        return None

    def order_json(self, order: VenueOrder, *, nested: bool = True) -> Json:
        """Return an order as clients see it."""
        legs = None
        if nested and order.legs:
            found = [self.desk.find(leg) for leg in order.legs]
            legs = [self.order_json(leg) for leg in found if leg is not None]
        return order_json(
            order,
            asset_id=self.asset_id(order.symbol),
            asset_class=self.tape.instruments[order.symbol].asset_class,
            created_at=self.desk.created(order),
            legs=legs,
        )

    def update_json(self, event: VenueEvent) -> Json:
        """Return a trade update as clients see it."""
        return update_json(event, self.order_json(event.order))


def _in_state(order: VenueOrder) -> Rejection:
    return Rejection(422, 42210000, f'order is already in "{order.status}" state')
