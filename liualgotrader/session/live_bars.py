"""The minutes that a session heard, kept as provisional, and the vendor's final ones that replace them later."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from liualgotrader.common.calendar import Calendar
from liualgotrader.common.errors import ConfigError, FeedError, StoreError
from liualgotrader.common.events import Bar
from liualgotrader.data.finalising import Finalised, finalise, keep_live, live_source
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Kind
from liualgotrader.models.journal import BatchFrame, read_journal

log = logging.getLogger(__name__)

DAYS_BACK = 7
"""So many days back live bars are looked for that are not final yet."""


async def keep_live_bars(history: KeptHistory, day: dt.date, journals: Iterable[Path]) -> int:
    """Keep the minutes that journals hold of a day until the final ones come; return of how many symbols."""
    return await asyncio.to_thread(keep_live, history.lake, history.source, day, _minutes(journals))


def _minutes(journals: Iterable[Path]) -> Iterator[Bar]:
    """Yield the minute bars of journals, as far as these can be read."""
    for path in journals:
        try:
            for frame in read_journal(path):
                if isinstance(frame, BatchFrame):
                    yield from (event for event in frame.events if isinstance(event, Bar))
        except StoreError as exc:
            log.warning("the live bars of %s are not kept: %s", path, exc)


async def finalise_live_bars(
    history: KeptHistory,
    calendar: Calendar,
    today: dt.date,
    tell: Callable[[str], None],
    keep: Callable[[Finalised], Awaitable[None]],
) -> None:
    """Replace what sessions of earlier days kept by the vendor's final bars, and tell and keep how they differed."""
    first, last = today - dt.timedelta(days=DAYS_BACK), today - dt.timedelta(days=1)
    mark = live_source(history.source)
    for session in calendar.sessions(first, last):
        if await asyncio.to_thread(history.kept.symbols, Kind.MINUTE, mark, session.date):
            done = await _finalise(history, session.date, tell)
            if done is not None:
                await keep(done)


async def _finalise(
    history: KeptHistory, day: dt.date, tell: Callable[[str], None]
) -> Finalised | None:
    try:
        done = await finalise(history, day)
    except (ConfigError, FeedError) as exc:
        log.warning("the live bars of %s stay: %s", day, exc)
        return None
    log.info("%s", done.summary)
    for difference in done.differences:
        log.info("%s", difference)
    if done.differences:
        tell(f"{done.summary}; each is in the log")
    return done
