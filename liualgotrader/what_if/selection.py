"""Which part of a recorded market is played, and what is added to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, HistoryLoaded, MarketEvent, Picked
from liualgotrader.common.plan import Plan
from liualgotrader.replaying.recording import Recording
from liualgotrader.what_if.further import Further, further_market
from liualgotrader.what_if.hearing import Word
from liualgotrader.what_if.market import PRINTS, Market, finest, market_of, plan_of

_MINUTE = 60_000_000_000
_SECOND = 1_000_000_000
_SETTLING = 300 * _SECOND
"""How long after the close the venue waits for the closing auction's print."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What is played. `only`: these recorded symbols, None for all of them; `more`: these as well, picked or not;
    `minutes`: only so many from the open, None for the whole session.
    """

    only: tuple[str, ...] | None = None
    more: tuple[str, ...] = ()
    minutes: float | None = None


def day_of(recording: Recording, market: Market) -> date:
    """Return the date of a recorded session."""
    if recording.batch.session_date is not None:
        return recording.batch.session_date
    return datetime.fromtimestamp(market.opening.session_open // _SECOND, UTC).date()


async def selected_market(recording: Recording, selection: Selection, *, home: Path) -> Market:
    """Return the market that is played: of a recording, with what is added, cut to what is wanted.

    Raises ConfigError for a symbol of which there is no market anywhere, and when nothing is left.
    """
    plan, market = plan_of(recording), market_of(recording)
    missing = [symbol for symbol in dict.fromkeys(selection.more) if symbol not in market.symbols]
    if selection.only is not None:
        market = cut_to(market, {*selection.only, *selection.more})
    further = await further_market(
        missing,
        plan=plan,
        day=day_of(recording, market),
        session_open=market.opening.session_open,
        home=home,
    )
    market = with_further(market, further, plan)
    until = end_of(market)
    if selection.minutes is not None:
        until = min(until, market.opening.session_open + round(selection.minutes * _MINUTE))
    market = cut_short(market, until)
    if not market.events:
        raise ConfigError(
            f"batch {recording.batch.batch_id}: nothing of its market is left to play; it has events of "
            f"{', '.join(market_of(recording).symbols) or 'no symbol'}: take others, or a longer --duration"
        )
    return market


def end_of(market: Market) -> int:
    """Return when play ends, ns UTC: a session that was stopped before its close ends where it was."""
    close = market.opening.session_close
    return max(market.last, close + _SETTLING) if market.last >= close else market.last


def cut_to(market: Market, symbols: set[str]) -> Market:
    """Return the market of these symbols alone."""
    rows = [
        (event, ts)
        for event, ts in zip(market.events, market.stamps, strict=True)
        if event.symbol in symbols
    ]
    starts = {
        slot: replace(
            each,
            routes=tuple(route for route in each.routes if route[0] in symbols),
            instruments=tuple(i for i in each.instruments if i.symbol in symbols),
        )
        for slot, each in market.starts.items()
    }
    return replace(
        market,
        events=[event for event, _ in rows],
        stamps=[ts for _, ts in rows],
        picks=[pick for pick in market.picks if pick.symbol in symbols],
        words=[(slot, word) for slot, word in market.words if _concerns(word, symbols)],
        starts=starts,
    )


def cut_short(market: Market, until: int) -> Market:
    """Return the market up to a moment, ns UTC, at which the session is stopped."""
    count = sum(ts <= until for ts in market.stamps)
    return replace(
        market,
        events=market.events[:count],
        stamps=market.stamps[:count],
        last=min(market.last, until),
    )


def with_further(market: Market, further: list[Further], plan: Plan) -> Market:
    """Return the market with more symbols, picked for all strategies before their first event."""
    if not further:
        return market
    rows = list(zip(market.stamps, market.events, strict=True))
    picks, instruments = list(market.picks), dict(market.instruments)
    history, notices = dict(market.history), list(market.notices)
    for each in further:
        symbol = each.instrument.symbol
        rows += each.rows
        instruments[symbol], history[symbol] = each.instrument, each.history
        if each.rows:
            picks.append(Picked(symbol, "--symbol", each.rows[0][0] - 1, each.instrument))
        notices.append(f"{symbol} was not recorded: its market is from {each.source}")
    if plan.session.lockstep:
        shown = finest(event for _, event in rows)
        rows.sort(key=lambda row: _place(row[0], row[1], shown))
    else:
        rows.sort(key=lambda row: row[0])
    return replace(
        market,
        events=[event for _, event in rows],
        stamps=[ts for ts, _ in rows],
        picks=picks,
        instruments=instruments,
        history=history,
        notices=notices,
    )


def _place(ts: int, event: MarketEvent, shown: Mapping[str, int]) -> tuple[int, bool, str]:
    """Return where an event stands: bars first, those made of prints by symbol, as the exchange tells them."""
    if type(event) is not Bar:
        return ts, True, ""
    return ts, False, event.symbol if shown[event.symbol] == PRINTS else ""


def _concerns(word: Word, symbols: set[str]) -> bool:
    if isinstance(word, HistoryLoaded):
        return word.symbol in symbols
    return not word.symbols or bool(symbols.intersection(word.symbols))
