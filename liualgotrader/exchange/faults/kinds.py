"""The kinds of faults, and what each may be told. Values only."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from liualgotrader.common.errors import ConfigError

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Chance = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Stream(StrEnum):
    """A kind of stream: market data, or what happens to orders."""

    DATA = "data"
    UPDATES = "updates"


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True
):
    """From when it is on: `at`, a time of day in New York, or `after`, seconds after the open.

    With neither, from the beginning of the tape, or from now when the tape runs.
    """

    at: str | None = None
    after: Annotated[float, msgspec.Meta(ge=-86_400, le=86_400)] | None = None


class Counted(Fault, frozen=True, kw_only=True):
    """Strikes what it is about from the `nth` on, `times` times, each with a `chance`.

    `chance` is drawn from the scenario's seed.
    """

    nth: Count = 1
    times: Count = 1
    chance: Chance = 1.0


# ---------------------------------------------------------------------------- connections


class Disconnect(Fault, frozen=True, kw_only=True, tag="disconnect"):
    """The connections of a stream are cut, and new ones refused for so long.

    `limit`: how many of those that come afterwards are told 406, connection limit exceeded, as when a vendor has
    not noticed yet that the old one is gone. Market data only.
    """

    stream: Stream
    lasts: Seconds = msgspec.field(name="for", default=0.0)
    limit: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class Mute(Fault, frozen=True, kw_only=True, tag="mute"):
    """The connections of a stream stay open, pings are answered, and nothing is sent. What would have been is lost."""

    stream: Stream
    lasts: Seconds = msgspec.field(name="for")


class Slow(Fault, frozen=True, kw_only=True, tag="slow"):
    """Each frame of a stream leaves `delay` seconds late, by the machine's clock; the order stays."""

    stream: Stream
    lasts: Seconds = msgspec.field(name="for")
    delay: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0


# ---------------------------------------------------------------------------- messages


class OfMessages(Counted, frozen=True, kw_only=True):
    """Strikes messages of a stream: those of `events` (`event` of an update, `T` of market data) and of `symbols`."""

    stream: Stream
    events: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


class Duplicate(OfMessages, frozen=True, kw_only=True, tag="duplicate"):
    """A message is sent twice."""


class Reorder(OfMessages, frozen=True, kw_only=True, tag="reorder"):
    """A message is held back until `behind` others have passed it, or for `within` seconds of the tape."""

    behind: Count = 1
    within: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 5.0


class Replay(Fault, frozen=True, kw_only=True, tag="replay"):
    """The `last` messages of a stream are sent again as they were."""

    stream: Stream
    last: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 10


class UnknownField(Counted, frozen=True, kw_only=True, tag="unknown_field"):
    """A message, or an order in an answer over REST, has a field that nobody has heard of."""

    where: Literal["data", "updates", "orders"]


class UnknownValue(Counted, frozen=True, kw_only=True, tag="unknown_value"):
    """A word that nobody has heard of, in one field of an order or of a message.

    A new `event` or `T` comes as a message of its own, before the known one: what is known is not lost.
    """

    where: Literal["data", "updates", "orders"]
    field: Literal["event", "T", "status", "type", "order_class", "time_in_force"]


# ---------------------------------------------------------------------------- requests


class OfRequests(Counted, frozen=True, kw_only=True):
    """Strikes requests: `request` is a method and a path, `*` standing for anything; only for so long if said."""

    request: str = "POST /v2/orders"
    lasts: Seconds | None = msgspec.field(name="for", default=None)


class AnswerLost(OfRequests, frozen=True, kw_only=True, tag="answer_lost"):
    """A request takes effect, and its answer is an error of the server, a closed connection, or none at all."""

    answer: Literal[500, 502, 503, 504, "close", "timeout"] = 504


class ServerError(OfRequests, frozen=True, kw_only=True, tag="server_error"):
    """A request is answered with an error of the server and takes no effect."""

    status: Literal[500, 502, 503, 504] = 500


class RateLimit(OfRequests, frozen=True, kw_only=True, tag="rate_limit"):
    """A request is answered with 429 and takes no effect; the client is to wait `retry_after` seconds."""

    retry_after: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 1


# ---------------------------------------------------------------------------- the market


class LateFill(Counted, frozen=True, kw_only=True, tag="late_fill"):
    """A cancel is accepted, and before it takes effect a `part` of what was left of the order is filled."""

    symbols: tuple[str, ...] = ()
    part: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class Halt(Fault, frozen=True, kw_only=True, tag="halt"):
    """Trading in symbols stands still: no prints, quotes or fills; statuses are told, and price bands with `luld`."""

    symbols: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    lasts: Seconds = msgspec.field(name="for")
    luld: bool = False


class Split(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="split",
    forbid_unknown_fields=True,
):
    """The day is a symbol's ex-date: `ratio` new shares for an old one, and the tape's prices divided by it.

    It takes effect before the first print. Older daily bars stay as they were traded.
    """

    symbol: str
    ratio: Decimal


class Bust(Counted, frozen=True, kw_only=True, tag="bust"):
    """An execution is taken back, `delay` seconds after it."""

    symbols: tuple[str, ...] = ()
    delay: Seconds = 1.0


class Correct(Counted, frozen=True, kw_only=True, tag="correct"):
    """An execution is corrected, `delay` seconds after it: to a price that is `by` dollars higher."""

    symbols: tuple[str, ...] = ()
    delay: Seconds = 1.0
    by: Decimal = Decimal("0.01")


AnyFault = (
    Disconnect
    | Mute
    | Slow
    | Duplicate
    | Reorder
    | Replay
    | UnknownField
    | UnknownValue
    | AnswerLost
    | ServerError
    | RateLimit
    | LateFill
    | Halt
    | Split
    | Bust
    | Correct
)
OF_CONNECTIONS = (Disconnect, Mute, Slow)


def name_of(fault: AnyFault) -> str:
    """Return a fault's kind as scenarios write it."""
    return str(type(fault).__struct_config__.tag)


def check(fault: AnyFault, *, lockstep: bool) -> None:
    """Raise ConfigError for what a type cannot say: what contradicts itself, or cannot be in lockstep."""
    if lockstep and isinstance(fault, OF_CONNECTIONS):
        raise ConfigError(
            f"{name_of(fault)} needs a speed: in lockstep the tape waits for whoever is not heard"
        )
    if isinstance(fault, Split):
        if not fault.ratio.is_finite() or fault.ratio <= 0:
            raise ConfigError(f"ratio must be more than 0, not {fault.ratio}")
        return
    if isinstance(fault, Correct) and not fault.by.is_finite():
        raise ConfigError("by must be an amount in dollars")
    if fault.at is not None and fault.after is not None:
        raise ConfigError("at and after are two words for one thing: give one of them")
    if fault.at is not None:
        time_of_day(fault.at)
    if isinstance(fault, Disconnect) and fault.limit and fault.stream is not Stream.DATA:
        raise ConfigError("limit is for the data stream: that of updates has no such limit")
    if isinstance(fault, UnknownValue):
        _check_field(fault)


def _check_field(fault: UnknownValue) -> None:
    new_message = {"data": ("T",), "updates": ("event",), "orders": ()}[fault.where]
    of_order = () if fault.where == "data" else ("status", "type", "order_class", "time_in_force")
    if fault.field not in (*new_message, *of_order):
        raise ConfigError(
            f"{fault.where} have no field {fault.field}: {', '.join((*new_message, *of_order))}"
        )


def time_of_day(text: str) -> dt.time:
    """Return a time of day. Raises ConfigError."""
    try:
        found = dt.time.fromisoformat(text)
        if found.tzinfo is not None:
            raise ValueError(text)
        return found
    except ValueError:
        raise ConfigError(
            f'at must be a time of day in New York like "10:15:30", not {text}'
        ) from None
