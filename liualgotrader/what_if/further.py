"""The market of a symbol that a session did not record: from the session's own tape, or else from the lake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, MarketEvent, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Channel, Mode, Plan
from liualgotrader.data.lake import Kind, Lake, LakeData, Rows
from liualgotrader.data.lake.days import calendar_of
from liualgotrader.engine.second_bars import SecondBars
from liualgotrader.exchange.bars import MinuteBars
from liualgotrader.exchange.file_tape import open_tape
from liualgotrader.exchange.tape import moment

DAY = 86_400_000_000_000
_MINUTES_BEFORE = 4 * DAY
_DAYS_BEFORE = 800 * DAY


class Further(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol's events with the moments at which they are known, and the bars from before, days before minutes."""

    instrument: Instrument
    rows: list[tuple[int, MarketEvent]]
    history: list[Bar]
    source: str


async def further_market(
    symbols: Collection[str], *, plan: Plan, day: date, session_open: int, home: Path
) -> list[Further]:
    """Return the market of these symbols on the day of a session that ran `plan`.

    Raises ConfigError for a symbol of which there is nothing on that day.
    """
    found, why = _on_tape(symbols, plan) if symbols else ({}, "")
    lake = Lake(home / "history")
    for symbol in symbols:
        if symbol not in found:
            further = await _in_lake(lake, symbol, plan, day, session_open)
            if further is None:
                raise ConfigError(
                    f"--symbol {symbol}: the session did not record it, {why}, and there is no history of it on "
                    f"{day}; `liu data import FILE` brings one in, `liu data list` shows what there is"
                )
            found[symbol] = further
    return [found[symbol] for symbol in symbols]


def as_heard(
    events: Iterable[MarketEvent], channels: Collection[Channel]
) -> Iterator[tuple[int, MarketEvent]]:
    """Yield a symbol's events as a session with these channels hears them, with the moments, ns UTC.

    Minute bars are made of prints where there are any, and bars of a second always, as the exchange and the producer
    make them.
    """
    minutes, seconds = MinuteBars(), SecondBars()
    printed = False
    for event in events:
        at = moment(event)
        if minutes.due is not None and at >= minutes.due:
            yield from _bars(minutes.close(), Channel.MINUTE in channels)
        if type(event) is Trade:
            printed = True
            minutes.add(event)
            yield from _bars(seconds.add(event), Channel.SECOND in channels)
            if Channel.TRADES in channels:
                yield at, event
        elif type(event) is Quote:
            if Channel.QUOTES in channels:
                yield at, event
        elif not printed and Channel.MINUTE in channels:
            yield at, event
    yield from _bars(minutes.close(), Channel.MINUTE in channels)
    yield from _bars(seconds.upto(1 << 62), Channel.SECOND in channels)  # type: ignore[arg-type]  # bars


def _bars(bars: Iterable[Bar], wanted: bool) -> Iterator[tuple[int, MarketEvent]]:
    return ((bar.ts_event, bar) for bar in bars if wanted)


def _on_tape(symbols: Collection[str], plan: Plan) -> tuple[dict[str, Further], str]:
    """Return what the session's tape has of these symbols, and what is to be said of the others."""
    session = plan.session
    if session.mode is not Mode.SIMULATED:
        return {}, "no tape was played in it"
    try:
        tape = open_tape(session.tape, seed=session.seed, date=session.date)
    except ConfigError as exc:
        return {}, f"its tape cannot be used ({exc})"
    wanted = [symbol for symbol in symbols if symbol in tape.instruments]
    events: dict[str, list[MarketEvent]] = {symbol: [] for symbol in wanted}
    for event in tape.events() if wanted else ():
        if event.symbol in events:
            events[event.symbol].append(event)
    return {
        symbol: Further(
            instrument=tape.instruments[symbol],
            rows=list(as_heard(events[symbol], session.events)),
            history=list(tape.daily_bars.get(symbol, ())),
            source="the session's tape",
        )
        for symbol in wanted
        if events[symbol]
    }, "its tape does not have it"


async def _in_lake(
    lake: Lake, symbol: str, plan: Plan, day: date, session_open: int
) -> Further | None:
    kinds = [
        kind for kind in (Kind.MINUTE, Kind.TRADES, Kind.QUOTES) if symbol in lake.symbols(kind)
    ]
    calendar = calendar_of(symbol)
    if not kinds or not calendar.is_session(day):
        return None
    session = calendar.session(day)
    parts = [
        (kind, lake.read(kind, symbol, session.pre_open, session.post_close)) for kind in kinds
    ]
    events = [event for kind, rows in parts for event in _events(kind, rows)]
    if not events:
        return None
    events.sort(key=lambda event: (moment(event), type(event) is not Bar))
    data = LakeData(lake, lambda: session_open)
    instruments = {each.symbol: each for each in data.all_instruments()}
    spans = ((86_400, _DAYS_BEFORE), (60, _MINUTES_BEFORE))
    history: list[Bar] = []
    for seconds, before in spans:
        bars = await data.bars(
            [symbol], start=session_open - before, end=session_open, seconds=seconds
        )
        history += bars[symbol]
    return Further(
        instrument=instruments[symbol],
        rows=list(as_heard(events, plan.session.events)),
        history=history,
        source="the history of that day",
    )


def _events(kind: Kind, rows: Rows) -> Iterator[MarketEvent]:
    columns = [column.tolist() for column in rows.values]
    for time, *values in zip(rows.start.tolist(), *columns, strict=True):
        if kind is Kind.TRADES:
            yield Trade(rows.symbol, time, *values)
        elif kind is Kind.QUOTES:
            yield Quote(rows.symbol, time, *values)
        else:
            yield Bar(rows.symbol, time, *values)
