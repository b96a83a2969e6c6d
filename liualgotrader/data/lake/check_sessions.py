"""Rows held against the calendar: what is missing, and what was never traded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np

from liualgotrader.common.calendar import Session
from liualgotrader.data.lake.days import MINUTE, calendar_of, day_numbers, day_of
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Mask, Rows

_ONE_DAY = timedelta(days=1)


def outside_sessions(kind: Kind, rows: Rows) -> Mask:
    """Return which rows are of no session: its night and extended hours count as in it.

    Raises OutOfCalendar.
    """
    symbol = rows.symbol
    first, last = day_of(symbol, rows.start.item(0)), day_of(symbol, rows.start.item(-1))
    if kind is Kind.DAY:
        sessions = calendar_of(symbol).sessions(first, last)
        days = [each.date.toordinal() for each in sessions]
        return ~np.isin(day_numbers(symbol, rows.start), days)
    # A night belongs to the day after it, and one that begins before the last day is still on.
    sessions = calendar_of(symbol).sessions(first, last + _ONE_DAY)
    begins = np.array([each.overnight_open for each in sessions], np.int64)
    ends = np.array([each.post_close for each in sessions], np.int64)
    within = begins.searchsorted(rows.start, "right") - 1
    inside: Mask = (within >= 0) & (rows.start < ends[np.maximum(within, 0)])
    return ~inside


def session_gaps(kind: Kind, rows: Rows, missing: float) -> Iterator[str]:
    """Say which sessions between the first and the last are not there, or lack too many minutes.

    Raises OutOfCalendar.
    """
    symbol = rows.symbol
    first, last = day_of(symbol, rows.start.item(0)), day_of(symbol, rows.start.item(-1))
    sessions = calendar_of(symbol).sessions(first, last)
    if kind is Kind.DAY:
        there = set(day_numbers(symbol, rows.start).tolist())
        has = [each.date.toordinal() in there for each in sessions]
    else:
        counts = _minutes(rows, sessions)
        has = [count > 0 for count in counts]
    yield from _absent(sessions, has)
    if kind is Kind.MINUTE:
        yield from _thin(rows, sessions, counts, missing)


def _minutes(rows: Rows, sessions: Sequence[Session]) -> list[int]:
    """Return how many minutes of regular hours there are, by session."""
    begin = rows.start.searchsorted([each.open for each in sessions])
    stop = rows.start.searchsorted([each.close for each in sessions])
    counts: list[int] = (stop - begin).tolist()
    return counts


def _absent(sessions: Sequence[Session], has: Sequence[bool]) -> Iterator[str]:
    """Say which sessions in a row are not there."""
    run: list[Session] = []
    for session, there in zip(sessions, has, strict=True):
        if not there:
            run.append(session)
            continue
        if run:
            yield _run(run)
        run = []
    if run:
        yield _run(run)


def _run(sessions: Sequence[Session]) -> str:
    if len(sessions) == 1:
        return f"no rows on {sessions[0].date}"
    return f"no rows on {len(sessions)} sessions, {sessions[0].date} to {sessions[-1].date}"


def _thin(
    rows: Rows, sessions: Sequence[Session], counts: Sequence[int], missing: float
) -> Iterator[str]:
    """Say which sessions lack more than a part of their minutes; rows begin and end amid a session."""
    for session, count in zip(sessions, counts, strict=True):
        begin = max(session.open, rows.start.item(0))
        end = min(session.close, rows.start.item(-1) + MINUTE)
        due = max((end - begin) // MINUTE, 0)
        if count and due - count > missing * due:
            yield f"{due - count} of {due} minutes missing on {session.date}"
