"""Everything that may change a decision: the inputs of an engine, as immutable values.

An input carries when it happened at its source (`ts_event`, ns UTC). When it was admitted is not in
it: that stamp belongs to the batch it came in, because one stamp serves the whole batch, in memory
and in the journal.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.timestamps import parse_time

SECOND = 1_000_000_000

Time = int | str
"""ns UTC, or the vendor's RFC 3339 text, which is parsed only when somebody asks for `ts_event`."""


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of all inputs."""


class Trade(Event, frozen=True, array_like=True, gc=False, tag="t"):
    """A print. `price` in the quote currency, `size` in shares or coins."""

    symbol: str
    time: Time
    price: float
    size: float

    @property
    def ts_event(self) -> int:
        """When it happened, ns UTC."""
        time = self.time
        return time if type(time) is int else parse_time(time)  # type: ignore[arg-type]


class Quote(Event, frozen=True, array_like=True, gc=False, tag="q"):
    """The best bid and ask. Sizes in shares or coins."""

    symbol: str
    time: Time
    bid: float
    ask: float
    bid_size: float
    ask_size: float

    @property
    def ts_event(self) -> int:
        """When it happened, ns UTC."""
        time = self.time
        return time if type(time) is int else parse_time(time)  # type: ignore[arg-type]


class Bar(Event, frozen=True, array_like=True, gc=False, tag="b"):
    """Open, high, low, close and volume of `seconds` seconds that began at `time`.

    A bar is known at its end, so `ts_event` is the end. `correction` marks a bar that the vendor
    sent again because trades came in late.
    """

    symbol: str
    time: Time
    open: float
    high: float
    low: float
    close: float
    volume: float
    seconds: int = 60
    vwap: float | None = None
    count: int | None = None
    correction: bool = False

    @property
    def start(self) -> int:
        """When it began, ns UTC."""
        time = self.time
        return time if type(time) is int else parse_time(time)  # type: ignore[arg-type]

    @property
    def ts_event(self) -> int:
        """When it was complete, ns UTC."""
        return self.start + self.seconds * SECOND


class TimerFired(Event, frozen=True, array_like=True, gc=False, tag="timer"):
    """A moment that somebody asked for.

    `owner` is a strategy's name, or "" for the engine itself.
    """

    due: int
    owner: str
    name: str

    @property
    def ts_event(self) -> int:
        """When it was due, ns UTC."""
        return self.due


class OrderEventKind(StrEnum):
    """What can happen to an order. The broker's words, plus our own `refused` and `never_sent`."""

    ACCEPTED = "accepted"
    NEW = "new"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    PENDING_NEW = "pending_new"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    CANCEL_REJECTED = "cancel_rejected"
    REPLACE_REJECTED = "replace_rejected"
    DONE_FOR_DAY = "done_for_day"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    CALCULATED = "calculated"
    HELD = "held"
    RESTATED = "restated"
    TRADE_BUST = "trade_bust"
    TRADE_CORRECT = "trade_correct"
    REFUSED = "refused"
    NEVER_SENT = "never_sent"


class OrderEvent(Event, frozen=True, array_like=True, gc=False, tag="order"):
    """Something happened to one order.

    `qty` and `price` are those of this execution, not running totals; `execution_id` names the
    execution and is what makes a fill that arrives twice count once. `reason` says why, for
    refusals and rejects. `amends`: the execution that is taken back, or that `execution_id` takes
    the place of; None where `execution_id` is its name, too.
    """

    order_id: str
    kind: OrderEventKind
    time: int
    symbol: str
    qty: Decimal | None = None
    price: Decimal | None = None
    execution_id: str | None = None
    broker_id: str | None = None
    reason: str | None = None
    replaced_by: str | None = None
    fee: Decimal = Decimal(0)
    side: str = ""
    amends: str | None = None

    @property
    def ts_event(self) -> int:
        """When the venue says it happened, ns UTC."""
        return self.time

    @property
    def amended_id(self) -> str | None:
        """The execution that a bust or a correction is about."""
        return self.amends or self.execution_id


class FeedState(StrEnum):
    """What is known of the stream of market data. Entries are allowed only while it is LIVE.

    STALE: connected, and mute against all expectation. GAPPED: something is missing that is not filled in yet.
    HALTED: the symbol does not trade. RECONNECTING: there is no stream. Journals hold the values, so they stay.
    """

    LIVE = "live"
    STALE = "stale"
    GAPPED = "gap"
    HALTED = "halted"
    RECONNECTING = "reconnecting"


class FeedSource(StrEnum):
    """Who speaks of the feed. A LIVE takes back what the same source said before, and nothing else."""

    ANY = ""
    """Journals from before sources were told."""
    STREAM = "stream"
    """The connection to market data, and what is heard on it."""
    ORDERS = "orders"
    """The connection to the broker's order events."""
    VENUE = "venue"
    """The exchange: halts, pauses, resumptions."""
    LINK = "link"
    """The way to a consumer, and what it has not got yet."""


class FeedStatus(Event, frozen=True, array_like=True, tag="feed"):
    """The state of the feed changed, for `symbols` or, when empty, for all of them."""

    state: FeedState
    time: int
    symbols: tuple[str, ...] = ()
    reason: str = ""
    source: FeedSource = FeedSource.ANY

    @property
    def ts_event(self) -> int:
        """When it was noticed, ns UTC."""
        return self.time


class Command(Event, frozen=True, array_like=True, tag="command"):
    """An operator or a limit speaks: halt (no entries), resume, flatten, stop."""

    name: str
    time: int
    reason: str = ""
    strategy: str | None = None

    @property
    def ts_event(self) -> int:
        """When it was given, ns UTC."""
        return self.time


class Picked(Event, frozen=True, array_like=True, tag="picked"):
    """A scanner proposed a symbol, for one strategy or, when `strategy` is None, for all."""

    symbol: str
    scanner: str
    time: int
    instrument: Instrument
    strategy: str | None = None

    @property
    def ts_event(self) -> int:
        """When the scan was run, ns UTC."""
        return self.time


class AccountUpdate(Event, frozen=True, array_like=True, tag="account"):
    """The account as of the last booking: cash and buying power over all consumers, in dollars."""

    time: int
    cash: Decimal
    buying_power: Decimal

    @property
    def ts_event(self) -> int:
        """When it was so, ns UTC."""
        return self.time


class HistoryLoaded(Event, frozen=True, array_like=True, tag="history"):
    """Bars from before now, complete, oldest first: for warm-up and for what a gap left out.

    Never traded on.
    """

    symbol: str
    time: int
    bars: tuple[Bar, ...]
    gap: bool = False

    @property
    def ts_event(self) -> int:
        """As of when it was asked for, ns UTC."""
        return self.time


class OpenPosition(msgspec.Struct, frozen=True, array_like=True):
    """What a strategy holds: signed quantity (short is negative) and its average entry price."""

    strategy: str
    symbol: str
    qty: Decimal
    avg_price: Decimal


class OpenOrder(msgspec.Struct, frozen=True, array_like=True):
    """An order that is still at work, as the ledger knows it.

    `replaces` names the order that it will take over from, once the broker agrees.
    """

    order_id: str
    strategy: str
    symbol: str
    side: str
    qty: Decimal
    filled: Decimal
    status: str
    limit: Decimal | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    replaces: str | None = None
    reason: str = ""


class Started(Event, frozen=True, array_like=True, tag="started"):
    """The first input of an incarnation: what the ledger knew when it began.

    A first start has nothing in it. `forecasts`: those for the day that the strategies declare, by
    name and symbol.
    """

    time: int
    slot: str
    incarnation: int
    next_order: int
    session_open: int
    session_close: int
    cash: Decimal
    buying_power: Decimal
    instruments: tuple[Instrument, ...] = ()
    positions: tuple[OpenPosition, ...] = ()
    orders: tuple[OpenOrder, ...] = ()
    rejects: tuple[tuple[str, str], ...] = ()
    halted: str = ""
    disabled: tuple[str, ...] = ()
    routes: tuple[tuple[str, str | None], ...] = ()
    keystore: dict[str, dict[str, str]] = {}
    settings: dict[str, Any] = {}
    forecasts: dict[str, dict[str, float]] = {}

    @property
    def ts_event(self) -> int:
        """When the incarnation began, ns UTC."""
        return self.time


class SessionBegan(Event, frozen=True, array_like=True, tag="session"):
    """Another trading day begins for engines that live on: day bars, and markets that never close.

    `forecasts`: those for the day, as in Started.
    """

    time: int
    session_open: int
    session_close: int
    forecasts: dict[str, dict[str, float]] = {}

    @property
    def ts_event(self) -> int:
        """When the engine hears of it, ns UTC."""
        return self.time


class CorporateAction(Event, frozen=True, array_like=True, tag="corporate_action"):
    """A split, a dividend, a new name or the end of a symbol takes effect: its ex-date has come.

    `ratio`: new shares for an old one; 0 when the shares are gone, `cash` dollars having been paid
    for each. `cash`: dollars a share as held before. `new_symbol`: under which the shares go on.
    """

    symbol: str
    time: int
    ratio: Decimal = Decimal(1)
    cash: Decimal = Decimal(0)
    new_symbol: str = ""

    @property
    def ts_event(self) -> int:
        """When it takes effect, ns UTC: before the first trade of the ex-date."""
        return self.time


class Adjusted(Event, frozen=True, array_like=True, tag="adjusted"):
    """A strategy's position gained `qty` at `price` dollars by nobody's order of ours.

    The account's owner traded its shares, say; the ledger has adopted what the broker's books show.
    """

    strategy: str
    symbol: str
    time: int
    qty: Decimal
    price: Decimal
    reason: str = ""

    @property
    def ts_event(self) -> int:
        """When it was adopted, ns UTC."""
        return self.time


MarketEvent = Trade | Quote | Bar
Input = (
    Trade
    | Quote
    | Bar
    | OrderEvent
    | TimerFired
    | FeedStatus
    | Command
    | Picked
    | AccountUpdate
    | HistoryLoaded
    | Started
    | SessionBegan
    | CorporateAction
    | Adjusted
)
