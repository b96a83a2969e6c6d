"""What a session is to do: the contents of `tradeplan.toml`, checked, as immutable values.

`plan_file.parse_plan` makes one from text. A plan can be pickled to the processes of a session and
written as JSON into the header of a journal, from which a replay takes it; so it holds values only,
no classes and no paths that were opened.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import msgspec

from liualgotrader.common.instruments import AssetClass

MILLISECOND = 1_000_000
MINUTE = 60_000_000_000
REGULAR_MINUTES = 390
"""How long the regular session of the US equity market lasts, 9:30 to 16:00."""
QUARTER_HOUR = 15 * MINUTE


class Mode(StrEnum):
    """Where the orders go."""

    SIMULATED = "simulated"
    PAPER = "paper"
    LIVE = "live"


class Channel(StrEnum):
    """A kind of market data that strategies see."""

    TRADES = "trades"
    QUOTES = "quotes"
    MINUTE = "minute"
    SECOND = "second"


class Vendor(StrEnum):
    """Whose market data. Orders go to Alpaca."""

    ALPACA = "alpaca"
    MASSIVE = "massive"


class Reconcile(StrEnum):
    """What happens to a difference between the broker's books and ours that nothing explains."""

    REFUSE = "refuse"
    ADOPT = "adopt"


class LossAction(StrEnum):
    """What happens once the loss of the day is reached: no more entries, or out of everything."""

    STOP = "stop"
    FLATTEN = "flatten"


class ErrorPolicy(StrEnum):
    """What becomes of the positions of a strategy that raised."""

    HOLD = "hold"
    FLATTEN = "flatten"


FEEDS = {
    (Vendor.ALPACA, AssetClass.US_EQUITY): ("iex", "sip", "delayed_sip", "overnight", "boats"),
    (Vendor.ALPACA, AssetClass.CRYPTO): ("us",),
    (Vendor.MASSIVE, AssetClass.US_EQUITY): ("realtime", "delayed"),
    (Vendor.MASSIVE, AssetClass.CRYPTO): ("realtime", "delayed"),
}
"""The feeds of each vendor; the first is the one that a plan gets without asking."""

DELAYED_FEEDS = ("delayed_sip", "delayed")
"""Feeds that show what happened fifteen minutes ago."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the plan."""


class Retention(_Part, frozen=True, kw_only=True):
    """How long journals stay: those older than `days`, or beyond `size` bytes in all, go first."""

    days: int = 30
    size: int = 10_000_000_000


class SessionPlan(_Part, frozen=True, kw_only=True):
    """`[session]`.

    `tape`: the files of a simulated day; none means the day that comes with the package. `speed`:
    times real time, or "max" for lockstep. `latency`: ms from decision to exchange. `date`: which
    day of the tape, None for its own. `symbols`: traded without a scanner. `consumers`: how many
    processes, None for automatic. `min_free_disk`: bytes below which no entry is sent, because it
    could not be recorded. `feed`: which of the vendor's feeds, None for its free one;
    `stream_format`: what it comes in, where the vendor has both.
    `capture`: whether the raw frames of both streams are kept for a bug report. `reconcile`:
    what becomes of a difference to the broker's books that nothing explains. `scenario`: a file of
    what goes wrong at the exchange in a box.
    """

    mode: Mode = Mode.SIMULATED
    tape: tuple[str, ...] = ()
    speed: float | Literal["max"] = 1.0
    latency: int = 500
    date: dt.date | None = None
    symbols: tuple[str, ...] = ()
    max_symbols: int = 440
    consumers: int | None = None
    link: Literal["queue", "pipe"] = "queue"
    events: tuple[Channel, ...] = (Channel.TRADES, Channel.MINUTE)
    skip_existing: bool = False
    test_scanners: bool = False
    bypass_market_schedule: bool = False
    seed: int = 0
    keep_journals: Retention = Retention()
    min_free_disk: int = 1_000_000_000
    data: Vendor = Vendor.ALPACA
    feed: str | None = None
    stream_format: Literal["msgpack", "json"] = "msgpack"
    asset_class: AssetClass = AssetClass.US_EQUITY
    capture: bool = False
    reconcile: Reconcile = Reconcile.REFUSE
    scenario: str | None = None

    @property
    def lockstep(self) -> bool:
        """Whether the exchange waits for the consumers, so that every run gives the same result."""
        return self.speed == "max"

    @property
    def feed_name(self) -> str:
        """The vendor's name of the feed."""
        return self.feed or FEEDS[self.data, self.asset_class][0]

    @property
    def feed_delay(self) -> int:
        """How late the feed is by its own words, ns."""
        return QUARTER_HOUR if self.feed_name in DELAYED_FEEDS else 0

    @property
    def latency_ns(self) -> int:
        """The order latency in ns."""
        return self.latency * MILLISECOND


class ScannerPlan(_Part, frozen=True, kw_only=True):
    """`[scanners.NAME]`. `filename` is a path, or a dotted module name for a built-in one.

    `recurrence`: minutes between scans, None scans once. `target_strategy_name`: the one strategy
    that gets the picks, None for all.
    """

    name: str
    class_name: str
    filename: str
    recurrence: float | None = None
    target_strategy_name: str | None = None
    parameters: dict[str, Any] = {}


class Window(_Part, frozen=True, kw_only=True):
    """When a strategy may enter: `start` minutes after the open, for `duration` minutes."""

    start: float
    duration: float

    def span(self, session_open: int) -> tuple[int, int]:
        """Return [from, to) in ns UTC for a session that opens at `session_open`."""
        begin = session_open + round(self.start * MINUTE)
        return begin, begin + round(self.duration * MINUTE)


class StrategyPlan(_Part, frozen=True, kw_only=True):
    """`[strategies.NAME]`. `filename` is a path, or a dotted module name for a built-in one.

    No `schedule` means the whole session. `parameters` are as written in the file; dates are ISO
    text.
    """

    name: str
    class_name: str
    filename: str
    schedule: tuple[Window, ...] = ()
    portfolio_id: str | None = None
    parameters: dict[str, Any] = {}


class Limits(_Part, frozen=True, kw_only=True):
    """`[limits]`, over all consumers. Dollars, except `orders_per_minute`; None is no limit."""

    gross_exposure: Decimal | None = None
    net_exposure: Decimal | None = None
    loss_of_day: Decimal | None = None
    on_loss: LossAction = LossAction.STOP
    orders_per_minute: int | None = None
    max_position: Decimal | None = None
    max_order: Decimal | None = None


class Fees(_Part, frozen=True, kw_only=True):
    """`[fees]` of the simulated venue. `per_share` and `minimum` in dollars, `percent` of the
    traded value.
    """

    model: Literal["none", "per_share", "percent", "us_regulatory"] = "us_regulatory"
    per_share: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)


class SlippageCost(_Part, frozen=True, kw_only=True):
    """What taking a symbol was measured to cost, in basis points, from the session of a day on."""

    symbol: str
    since: dt.date
    bps: Decimal


class Slippage(_Part, frozen=True, kw_only=True):
    """`[slippage]` of the simulated venue: how much worse than the tape a market order fills, in
    basis points.

    With `measured` that is what the miner Cost measured of each symbol on days before the session,
    and `bps` of symbols that it has not measured. `costs` are read from the database when the run
    begins, and are no part of the file.
    """

    model: Literal["none", "bps", "measured"] = "none"
    bps: Decimal = Decimal(0)
    costs: tuple[SlippageCost, ...] = ()

    def of_day(self, day: dt.date) -> Slippage:
        """Return what holds in the session of a day, and nothing of other days."""
        steps = sorted(self.costs, key=lambda cost: (cost.symbol, cost.since))
        newest = {cost.symbol: cost for cost in steps if cost.since <= day}
        return msgspec.structs.replace(self, costs=tuple(newest.values()))


class Rules(_Part, frozen=True, kw_only=True):
    """`[rules]` of the simulated venue, which follow the day unless told otherwise.

    `day_trading`: those for day traders, of the pattern day trader or of intraday margin;
    `intraday_margin_since`: when the broker began with the latter, None for Alpaca's day.
    `cash_account`: only settled money buys, and nothing is borrowed. `short_sale_test`: Rule 201.
    `price_bands`: Limit Up-Limit Down; `tier_1`: symbols with the narrower bands; `leverage`: turns of
    leveraged funds, 2 or 3.
    """

    day_trading: bool = True
    intraday_margin_since: dt.date | None = None
    cash_account: bool = False
    short_sale_test: bool = True
    price_bands: bool = True
    tier_1: tuple[str, ...] = ()
    leverage: dict[str, int] = {}


class Plan(_Part, frozen=True, kw_only=True):
    """`tradeplan.toml`.

    `portfolio_value` in dollars; `risk` is the fraction of it to lose on one trade that goes wrong.
    `participation`: the fraction of the tape's volume that the simulated venue fills at most, 0 for
    no limit. `protective_stops`: whether the stops of positions rest at the broker.
    """

    filename: str = "tradeplan.toml"
    session: SessionPlan = SessionPlan()
    portfolio_value: Decimal = Decimal(100_000)
    risk: float = 0.001
    market_liquidation_end_time_minutes: int = 15
    on_strategy_error: ErrorPolicy = ErrorPolicy.HOLD
    participation: float = 0.1
    protective_stops: bool = False
    scanners: tuple[ScannerPlan, ...] = ()
    strategies: tuple[StrategyPlan, ...] = ()
    limits: Limits = Limits()
    fees: Fees = Fees()
    slippage: Slippage = Slippage()
    rules: Rules = Rules()

    def strategy(self, name: str) -> StrategyPlan:
        """Return the strategy with that name; KeyError without one."""
        for strategy in self.strategies:
            if strategy.name == name:
                return strategy
        raise KeyError(name)


_decoder = msgspec.json.Decoder(Plan)
_encoder = msgspec.json.Encoder()


def plan_to_json(plan: Plan) -> bytes:
    """Return a plan as JSON, for the header of a journal."""
    return _encoder.encode(plan)


def plan_from_json(data: bytes | str) -> Plan:
    """Return the plan that `plan_to_json` wrote. Raises msgspec.ValidationError otherwise."""
    return _decoder.decode(data)
