"""The market of a recording: what all lives of all consumers heard, merged in time, each event once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, MarketEvent, Picked, Started, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Channel, Plan, plan_from_json
from liualgotrader.replaying.recording import Loss, Recording
from liualgotrader.what_if.clock_text import new_york_clock
from liualgotrader.what_if.hearing import Heard, Word, hear

PRINTS = 0
"""What `finest` says of a symbol whose prints are known."""


class Market(msgspec.Struct, kw_only=True):
    """One session's market. `stamps` are the moments at which `events` became known, ns UTC, never falling.

    `history`: the bars from before, by symbol, oldest first, days before minutes. `starts`: what each consumer knew
    when the session began, by slot, its time the moment of that. `words` are those to a slot about its feed. `last` is
    the last moment that was recorded. `notices` are what must not be misread.
    """

    events: list[MarketEvent]
    stamps: list[int]
    picks: list[Picked]
    words: list[tuple[str, Word]]
    history: dict[str, list[Bar]]
    instruments: dict[str, Instrument]
    starts: dict[str, Started]
    last: int
    notices: list[str] = []

    @property
    def symbols(self) -> list[str]:
        """The symbols of which there are events, in the order of their first."""
        return list(dict.fromkeys(event.symbol for event in self.events))

    @property
    def opening(self) -> Started:
        """What the consumer that began first knew."""
        return min(self.starts.values(), key=lambda started: started.time)


def plan_of(recording: Recording) -> Plan:
    """Return the plan that a recorded session ran."""
    return plan_from_json(recording.lives[0].header.plan)


def market_of(recording: Recording) -> Market:
    """Return the market of a recording. Raises ConfigError when no life of it came to its first input."""
    losses: list[Loss] = []
    lives = [hear(life, losses) for life in recording.lives]
    starts: dict[str, Started] = {}
    for heard in lives:
        if heard.started is not None:
            starts.setdefault(heard.slot, heard.started)
    if not starts:
        raise ConfigError(
            f"batch {recording.batch.batch_id}: no consumer came to its first input, so no market was recorded; "
            "`backtest --list` shows other batches"
        )
    plan = plan_of(recording)
    events, stamps = merged(lives, bars_first=plan.session.lockstep)
    return Market(
        events=events,
        stamps=stamps,
        picks=picked_once(pick for heard in lives for pick in heard.picks),
        words=[(heard.slot, word) for heard in lives for word in heard.words],
        history=_history(lives),
        instruments=_instruments(lives),
        starts=starts,
        last=max(heard.last for heard in lives),
        notices=[
            *(f"not recorded: {loss}" for loss in (*recording.losses, *losses)),
            *holes(lives),
            *_unheard(lives, starts, plan),
        ],
    )


def merged(lives: Sequence[Heard], *, bars_first: bool) -> tuple[list[MarketEvent], list[int]]:
    """Return the events of several lives in time, each once, and their moments, ns UTC.

    At one moment the order is that of the lives, or with `bars_first` the bars of all of them before the rest. What
    several were told is one event, known when the first of them was told; what one life heard twice happened twice.
    """
    tellings = Counter(symbol for heard in lives for symbol in {e.symbol for e in heard.events})
    known: dict[tuple[MarketEvent, int], int] = {}
    rows: list[tuple[int, MarketEvent]] = []
    for heard in lives:
        times: Counter[MarketEvent] = Counter()
        for event, ts in zip(heard.events, heard.stamps, strict=True):
            if tellings[event.symbol] > 1:
                key = (event, times[event])
                times[event] += 1
                if key in known:
                    place = known[key]
                    rows[place] = (min(ts, rows[place][0]), event)
                    continue
                known[key] = len(rows)
            rows.append((ts, event))
    if bars_first:
        rows.sort(key=lambda row: (row[0], type(row[1]) is not Bar))
    else:
        rows.sort(key=lambda row: row[0])
    return [event for _, event in rows], [ts for ts, _ in rows]


def finest(events: Iterable[MarketEvent]) -> dict[str, int]:
    """Return by symbol what a venue fills by: 0 for prints, else the seconds of the shortest bars."""
    found: dict[str, int] = {}
    for event in events:
        if type(event) is Bar:
            found[event.symbol] = min(event.seconds, found.get(event.symbol, event.seconds))
        elif type(event) is Trade:
            found[event.symbol] = PRINTS
    return found


def picked_once(picks: Iterable[Picked]) -> list[Picked]:
    """Return the picks by time, without those that say nothing new.

    A pick for all strategies reaches a portfolio strategy as one of its own, in its own consumer.
    """
    found: list[Picked] = []
    given: set[tuple[str, str | None]] = set()
    for pick in sorted(picks, key=lambda each: (each.time, each.strategy is not None)):
        if not given & {(pick.symbol, None), (pick.symbol, pick.strategy)}:
            given.add((pick.symbol, pick.strategy))
            found.append(pick)
    return found


def holes(lives: Sequence[Heard]) -> Iterator[str]:
    """Yield a sentence for each stretch between two lives of a consumer, in which nobody listened."""
    before: dict[str, Heard] = {}
    for heard in sorted(lives, key=lambda each: (each.slot, each.incarnation)):
        earlier = before.get(heard.slot)
        if earlier is not None and heard.first > earlier.last:
            yield (
                f"consumer {heard.slot} was not there from {new_york_clock(earlier.last)} to "
                f"{new_york_clock(heard.first)} New York: of its symbols that stretch has no market"
            )
        before[heard.slot] = heard


def _history(lives: Iterable[Heard]) -> dict[str, list[Bar]]:
    found: dict[str, dict[tuple[int, int], Bar]] = {}
    for heard in lives:
        for history in heard.histories:
            bars = found.setdefault(history.symbol, {})
            bars.update({(-bar.seconds, bar.start): bar for bar in history.bars})
    return {symbol: [bars[key] for key in sorted(bars)] for symbol, bars in found.items()}


def _instruments(lives: Iterable[Heard]) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for heard in lives:
        if heard.started is not None:
            found |= {each.symbol: each for each in heard.started.instruments}
        found |= {pick.symbol: pick.instrument for pick in heard.picks}
    return found


def _unheard(lives: Iterable[Heard], starts: Mapping[str, Started], plan: Plan) -> Iterator[str]:
    if Channel.QUOTES not in plan.session.events:
        shown = "prints" if Channel.TRADES in plan.session.events else "bars"
        yield f"quotes were not recorded: fills go by {shown}, and nobody pays the spread"
    commands = sorted(
        {(c.time, c.name, c.reason) for heard in lives for c in heard.commands},
    )
    for ts, name, reason in commands:
        yield f"the session was told to {name} at {new_york_clock(ts)} New York ({reason}); this run is not"
    if any(started.positions or started.orders for started in starts.values()):
        yield "what was held or ordered before the recording begins is not there"
