"""Which faults there are, which are on, and how often each has struck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.timestamps import SECOND
from liualgotrader.exchange.faults.kinds import (
    OF_CONNECTIONS,
    AnyFault,
    Bust,
    Correct,
    Counted,
    Disconnect,
    Halt,
    LateFill,
    Mute,
    OfMessages,
    Replay,
    Slow,
    Split,
    Stream,
    UnknownField,
    UnknownValue,
    name_of,
    time_of_day,
)
from liualgotrader.exchange.faults.lines import Line
from liualgotrader.exchange.faults.market import Hearing, MarketFaults
from liualgotrader.exchange.faults.scenario import Scenario
from liualgotrader.venue.sessions import FAR

NEW_YORK = ZoneInfo("America/New_York")
# These follow from the tape and the orders: whoever lives through the order log again meets them again.
_RELIVED = (LateFill, Halt, Split, Bust, Correct, *OF_CONNECTIONS)

F = TypeVar("F")


class Faulted(msgspec.Struct, tag_field="line", tag="faulted"):
    """A line of the order log: a fault was added. `begins` in ns UTC, `seed` of its chance."""

    number: int
    fault: AnyFault
    begins: int
    seed: str


class Struck(msgspec.Struct, tag_field="line", tag="struck"):
    """A line of the order log: a fault that is not the venue's has met so many, and struck so often."""

    number: int
    met: int
    struck: int


class Cleared(msgspec.Struct, tag_field="line", tag="cleared"):
    """A line of the order log: a fault was taken away."""

    number: int


FaultLine = Faulted | Struck | Cleared


class Live:
    """One fault and how far it has come: how many it has met, how often it struck. Times in ns UTC."""

    def __init__(self, faulted: Faulted, note: Callable[[FaultLine], None]) -> None:
        self.number = faulted.number
        self.fault = faulted.fault
        self.begins = faulted.begins
        lasts = getattr(self.fault, "lasts", None)
        self.ends = FAR if lasts is None else self.begins + round(lasts * SECOND)
        self.begun = self.over = False
        self.met = self.struck = self._due = 0
        self.end: Callable[[], None] | None = None
        self._random = Random(faulted.seed)
        self._note = note

    def strikes(self) -> bool:
        """Meet one of what it is about; tell whether it strikes. Call `happened` once it did."""
        if not (self.begun and not self.over and isinstance(self.fault, Counted)):
            return False
        self.met += 1
        if self.met < self.fault.nth or self._due >= self.fault.times:
            return False
        if self.fault.chance < 1 and self._random.random() >= self.fault.chance:
            return False
        self._due += 1
        return True

    def missed(self) -> None:
        """Take back a strike that came to nothing: the next one is its turn."""
        self._due -= 1

    def happened(self) -> None:
        """Count what it did."""
        self.struck += 1
        if not isinstance(self.fault, _RELIVED):
            self._note(Struck(self.number, self.met, self.struck))

    def restore(self, told: Struck) -> None:
        """Know what it did in an earlier incarnation of the exchange."""
        self.met, self.struck, self._due = told.met, told.struck, told.struck


class Faults:
    """The faults of one exchange.

    `armed` once there was one: until then nothing costs anything. `due`: when something begins or ends next, ns UTC.
    `twisted`: the streams whose messages some fault is about now.
    """

    def __init__(
        self, market: MarketFaults, *, session_open: int, day: dt.date, start: int
    ) -> None:
        self.market = market
        self.lines = {Stream.DATA: Line(), Stream.UPDATES: Line()}
        self.note: Callable[[FaultLine], None] = lambda _: None
        self.armed = False
        self.due = FAR
        self.twisted: frozenset[Stream] = frozenset()
        self._live: list[Live] = []
        self._numbers = 0
        self._open = session_open
        self._day = day
        self._start = start

    # ------------------------------------------------------------------ adding and taking away

    def load(self, scenario: Scenario) -> None:
        """Take in all that a scenario has."""
        for index, fault in enumerate(scenario.faults):
            self.add(fault, now=self._start - 1, seed=f"{scenario.seed}-{index}")

    def add(self, fault: AnyFault, *, now: int, seed: str | None = None) -> Live:
        """Take in a fault at `now`. Raises ConfigError for one whose moment is over, or a symbol that is not there."""
        self._check_symbols(fault)
        begins = self._begins(fault, now)
        if begins < now and now >= self._start:
            raise ConfigError(f"the moment of this {name_of(fault)} is over")
        faulted = Faulted(
            self._numbers + 1, fault, max(begins, now), seed or f"api-{self._numbers}"
        )
        self.note(faulted)
        return self.take(faulted)

    def take(self, faulted: Faulted) -> Live:
        """Take in a fault as the log has it."""
        self._numbers = max(self._numbers, faulted.number)
        live = Live(faulted, lambda line: self.note(line))
        self._live.append(live)
        self.armed = True
        self._changed()
        return live

    def restore(self, line: Struck | Cleared) -> None:
        """Know what an earlier incarnation of the exchange has written."""
        for live in [each for each in self._live if each.number == line.number]:
            if isinstance(line, Struck):
                live.restore(line)
            else:
                self._end(live)
                self._live.remove(live)
        self._changed()

    def clear(self, number: int | None = None) -> int:
        """Take away one fault, or all; what lasts ends at once. Return how many there were."""
        gone = [live for live in self._live if number is None or live.number == number]
        for live in gone:
            self.note(Cleared(live.number))
            self.restore(Cleared(live.number))
        return len(gone)

    def _check_symbols(self, fault: AnyFault) -> None:
        named = (fault.symbol,) if isinstance(fault, Split) else getattr(fault, "symbols", ())
        known = self.market.venue.books.instruments
        if unknown := [symbol for symbol in named if symbol not in known]:
            raise ConfigError(f"{name_of(fault)}: the tape has no {', '.join(unknown)}")

    def _begins(self, fault: AnyFault, now: int) -> int:
        if isinstance(fault, Split):
            return self._start - 1
        if fault.after is not None:
            return self._open + round(fault.after * SECOND)
        if fault.at is not None:
            local = dt.datetime.combine(self._day, time_of_day(fault.at), NEW_YORK)
            return round(local.timestamp()) * SECOND
        return now

    # ------------------------------------------------------------------ time

    def _changed(self) -> None:
        moments = [self.market.due]
        for live in self._live:
            if not live.begun:
                moments.append(live.begins)
            elif not live.over:
                moments.append(live.ends)
        self.due = min(moments)
        on = [live.fault for live in self._live if live.begun and not live.over]
        self.twisted = frozenset(stream for stream in Stream if any(_is_of(f, stream) for f in on))

    def happen(self, ts: int, hearing: Hearing) -> None:
        """Let everything begin and end that is due at or before `ts`."""
        for live in self._live:
            if not live.begun and live.begins <= ts:
                self._begin(live, ts, hearing)
            if live.begun and not live.over and live.ends <= ts:
                self._end(live, ts, hearing)
        self.market.amend(ts, hearing)
        self._changed()

    def amended_later(self) -> None:
        """Learn that the venue has something new to come."""
        self.due = min(self.due, self.market.due)

    def _begin(self, live: Live, ts: int, hearing: Hearing) -> None:
        live.begun = True
        match live.fault:
            case Disconnect(stream=stream, limit=limit):
                live.end = self.lines[stream].cut(limit=limit)
            case Mute(stream=stream):
                live.end = self.lines[stream].mute()
            case Slow(stream=stream, delay=delay):
                live.end = self.lines[stream].slow(delay)
            case Halt() as halt:
                self.market.halt(halt, ts, hearing)
            case Split() as split:
                self.market.split(split, ts, hearing)
            case _:
                return
        live.happened()

    def _end(self, live: Live, ts: int = 0, hearing: Hearing | None = None) -> None:
        was_on = live.begun and not live.over
        live.over = True
        if was_on and isinstance(live.fault, Halt):
            self.market.resume(live.fault, ts, hearing)
        if live.end is not None:
            live.end()
            live.end = None

    # ------------------------------------------------------------------ what there is

    def on(self, kind: type[F]) -> Iterator[tuple[Live, F]]:
        """Iterate over the faults of a kind that are on."""
        for live in self._live:
            if live.begun and not live.over and isinstance(live.fault, kind):
                yield live, live.fault

    def __iter__(self) -> Iterator[Live]:
        """Iterate over all that were added and not taken away."""
        return iter(self._live)

    def replays(self, stream: Stream) -> list[Live]:
        """Return the replays of a stream whose moment has come."""
        return [live for live, fault in self.on(Replay) if fault.stream is stream]


def _is_of(fault: AnyFault, stream: Stream) -> bool:
    """Tell whether a fault is about the messages of a stream."""
    if isinstance(fault, UnknownField | UnknownValue):
        return fault.where == stream
    return isinstance(fault, OfMessages) and fault.stream is stream


def as_json(live: Live) -> dict[str, object]:
    """Return a fault as `GET /box/faults` lists it."""
    state = "waiting" if not live.begun else "over" if live.over else "on"
    told: dict[str, object] = msgspec.to_builtins(live.fault)
    return told | {
        "id": live.number,
        "state": state,
        "begins": live.begins,
        "met": live.met,
        "struck": live.struck,
    }
