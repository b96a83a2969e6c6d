"""What the engine and the processes need from the outside, as protocols.

Adapters live at the rim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from liualgotrader.common.events import (
    AccountUpdate,
    Bar,
    CorporateAction,
    OpenOrder,
    OpenPosition,
    OrderEvent,
    Quote,
    Trade,
)
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Approved

if TYPE_CHECKING:  # loading calendars costs half a second
    from liualgotrader.common.calendar import Session


class Snapshot(msgspec.Struct, frozen=True):
    """A symbol at a glance, as scanners see it. Any part may be missing; times are ns UTC."""

    symbol: str
    trade: Trade | None = None
    quote: Quote | None = None
    minute: Bar | None = None
    day: Bar | None = None
    previous_day: Bar | None = None


class DataAPI(Protocol):
    """Market data on request.

    Ranges are [start, end) in ns UTC; rows are oldest first, bars are complete, and of a size that
    compares with now: divided by the splits since, dividends not taken off. Symbols that are not
    known have no rows. FeedRefused is raised for what will not be given, FeedLost when there is no
    answer now.
    """

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; unknown symbols are absent."""

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of `seconds` (60 or 86400) that were complete by `end`."""

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints."""

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks."""

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included, oldest first."""

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect on the days from `start` to `end`, both included, by time."""


class CompanyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor tells of a company; what it does not tell is empty. `similar`: symbols, the most alike first."""

    symbol: str
    name: str = ""
    description: str = ""
    industry: str = ""
    sector: str = ""
    exchange: str = ""
    similar: tuple[str, ...] = ()


class CompanyAPI(Protocol):
    """What companies do, from a vendor who tells it."""

    async def company(self, symbol: str) -> CompanyFacts | None:
        """Return what is known of a company, None for nothing. Raises as a DataAPI does."""

    def close(self) -> None:
        """Give back what is held."""


class ClosingData(DataAPI, Protocol):
    """A DataAPI that holds something to be given back."""

    def close(self) -> None:
        """Give it back."""


class StreamingAPI(Protocol):
    """Market data as it happens.

    A stream is made with a sink, which it calls with (moment the socket was read, monotonic ns; events) for every
    frame: nothing lies between the socket and the producer.
    """

    @property
    def counts(self) -> dict[str, int]:
        """How many messages were skipped, or noted and not acted on, by reason."""

    async def run(self) -> None:
        """Stay connected until closed. Raises FeedRefused when the vendor says no for good."""

    def subscribe(
        self, symbols: Iterable[str], confirmed: Callable[[], None] | None = None
    ) -> None:
        """Add symbols to what is wanted, which survives reconnects; `confirmed` is called by the vendor's word."""

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Take symbols out of what is wanted."""

    def reconnect(self, reason: str) -> None:
        """Give up the connection that there is, and make another: it is open and mute."""

    def close(self) -> None:
        """Disconnect for good."""


class BrokerPosition(msgspec.Struct, frozen=True):
    """A position as the broker keeps it; short is negative."""

    symbol: str
    qty: Decimal
    avg_price: Decimal


class BrokerAccount(msgspec.Struct, frozen=True):
    """The account as the broker keeps it, in dollars."""

    account_id: str
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    multiplier: Decimal
    shorting: bool


class BrokerOrder(msgspec.Struct, frozen=True):
    """An order as the broker keeps it. `status` is the broker's word."""

    broker_id: str
    order_id: str
    symbol: str
    side: str
    status: str
    qty: Decimal | None
    filled: Decimal
    filled_avg_price: Decimal | None
    updated_at: int


class BrokerFill(msgspec.Struct, frozen=True):
    """One execution in the broker's list of activities."""

    execution_id: str
    broker_id: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    time: int
    fee: Decimal = Decimal(0)


class BrokerActivity(msgspec.Struct, frozen=True):
    """Something other than an execution that moved the account: a fee, a dividend, a transfer, a split.

    `kind` is the broker's word (FEE, DIV, INT, CSD, SPLIT ...); `amount` in dollars, positive comes
    in; `qty` in signed shares of `symbol`, where shares moved; `date` is its day, ISO.
    """

    activity_id: str
    kind: str
    amount: Decimal
    date: str
    description: str = ""
    symbol: str = ""
    qty: Decimal = Decimal(0)


class Trader(Protocol):
    """A broker. Refusals raise BrokerRefused, silence raises BrokerUnavailable."""

    async def send(self, approved: Approved) -> str | None:
        """Send one order, cancel or replace; return the broker's id of a new order.

        Never sends twice.
        """

    async def find(self, order_id: str) -> BrokerOrder | None:
        """Return the order with our id, or None when the broker does not know it."""

    async def find_known(self, broker_id: str) -> BrokerOrder | None:
        """Return the order with the broker's id, or None when there is none."""

    async def account(self) -> BrokerAccount:
        """Return the account."""

    async def positions(self) -> list[BrokerPosition]:
        """Return all positions of the account."""

    async def open_orders(self) -> list[BrokerOrder]:
        """Return all orders at work, ours and others'."""

    async def fills(self, *, after: int) -> list[BrokerFill]:
        """Return the executions since `after` (ns UTC), oldest first."""

    async def activities(self, *, since: str) -> list[BrokerActivity]:
        """Return what else moved the account on or after a day (ISO date), oldest first."""


class Ledger(Protocol):
    """Where orders are admitted and fills are booked.

    PostgreSQL in a session, memory in a backtest.
    """

    async def admit(self, approved: Sequence[Approved]) -> tuple[list[Approved], list[OrderEvent]]:
        """Admit the intents of one input together; return those that may leave, and refusals."""

    async def book(self, event: OrderEvent) -> AccountUpdate | None:
        """Record what happened to an order, once; None when it was recorded before."""

    async def standing(self, time: int) -> AccountUpdate:
        """Return the account as it stands; `time` is when it was asked for, ns UTC."""

    async def open_state(
        self, slot: str
    ) -> tuple[Sequence[OpenPosition], Sequence[OpenOrder], int]:
        """Return what a new incarnation starts from.

        Positions, open orders, the next order number.
        """
