"""What one life of a consumer heard of the world, as its journal has it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from liualgotrader.common.events import (
    Bar,
    Command,
    FeedStatus,
    HistoryLoaded,
    Input,
    MarketEvent,
    Picked,
    Quote,
    Started,
    Trade,
)
from liualgotrader.common.plan import plan_from_json
from liualgotrader.engine.runner import OWN_STAMPS
from liualgotrader.models.journal import BatchFrame, InputFrame
from liualgotrader.replaying.recording import Life, Loss, read_life

MARKET = (Trade, Quote, Bar)
Word = FeedStatus | HistoryLoaded


class Heard(msgspec.Struct, kw_only=True):
    """What a life was told, in its order; `stamps` are the moments of `events`, ns UTC.

    In lockstep a moment is the event's own: the exchange waited. In any other session it is that of admission, which
    decided what was known when. `words` are those about the feed, and bars that closed a gap. `first` and `last` bound
    all that was admitted, 0 for nothing.
    """

    slot: str
    incarnation: int
    events: list[MarketEvent] = []
    stamps: list[int] = []
    picks: list[Picked] = []
    histories: list[HistoryLoaded] = []
    words: list[Word] = []
    commands: list[Command] = []
    started: Started | None = None
    first: int = 0
    last: int = 0


def hear(life: Life, losses: list[Loss]) -> Heard:
    """Read what a life heard, and add to `losses` what its files do not have any more."""
    lockstep = plan_from_json(life.header.plan).session.lockstep
    reading = _Reading(Heard(slot=life.slot, incarnation=life.incarnation), lockstep)
    for frame in read_life(life, losses):
        if isinstance(frame, BatchFrame):
            reading.batch(frame)
        elif isinstance(frame, InputFrame):
            reading.input(frame)
    return reading.heard


class _Reading:
    def __init__(self, heard: Heard, lockstep: bool) -> None:
        self.heard = heard
        self._lockstep = lockstep

    def batch(self, frame: BatchFrame) -> None:
        for index, event in enumerate(frame.events):
            if index in frame.dropped:
                continue
            ts = event.ts_event if frame.ts <= OWN_STAMPS else frame.ts
            self._passed(ts)
            if isinstance(event, MARKET):
                self.heard.events.append(event)
                self.heard.stamps.append(ts)
            else:
                self._other(event, ts)

    def input(self, frame: InputFrame) -> None:
        self._passed(frame.ts)
        self._other(frame.event, frame.ts)

    def _passed(self, ts: int) -> None:
        heard = self.heard
        heard.first = heard.first or ts
        heard.last = max(heard.last, ts)

    def _other(self, event: Input, ts: int) -> None:
        heard = self.heard
        match event:
            case Started():
                heard.started = replace(event, time=ts)
            case Picked():
                heard.picks.append(event if self._lockstep else replace(event, time=ts))
            case HistoryLoaded(gap=True):
                heard.words.append(replace(event, time=ts))
            case HistoryLoaded():
                heard.histories.append(event)
            case FeedStatus():
                heard.words.append(replace(event, time=ts))
            case Command():
                heard.commands.append(event)
            case _:
                pass  # what came of the life's own orders, and its timers
