"""The round trips of past batches, worked out again from their executions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from decimal import Decimal

from liualgotrader.analytics.past import PastBatch, Traded
from liualgotrader.analytics.round_trips import RoundTrip, last_prices, round_trips
from liualgotrader.analytics.rows import PriceSeries
from liualgotrader.common.calendar import NEW_YORK, SECOND, us_equities
from liualgotrader.miners.bar_days import DAY, MINUTE, midnight, sessions_back
from liualgotrader.miners.base import MinerContext


async def traded_batches(
    ctx: MinerContext, days: int
) -> AsyncIterator[tuple[PastBatch, list[RoundTrip]]]:
    """Iterate over the batches of the last trading days that traded, with their round trips."""
    sessions = sessions_back(ctx, days)
    batches = await ctx.batches.of_days(sessions[0], ctx.day) if sessions else []
    for done, batch in enumerate(batches, 1):
        traded = await ctx.batches.traded(batch.batch_id)
        if traded.gap:
            ctx.log(f"batch {batch.batch_id} is left as it is: {traded.gap}")
        elif traded.fills:
            yield batch, _trips(ctx, batch, traded)
        ctx.progress(done, len(batches))


def _trips(ctx: MinerContext, batch: PastBatch, traded: Traded) -> list[RoundTrip]:
    """Return a batch's round trips. What is still held is marked at the close, as at a session's end."""
    start, now = _hours(batch.day)
    times = [fill.ts for fill in traded.fills]
    start, now = min(start, *times), max(now, *times)
    prices = list(_prices(ctx, sorted(_held(traded)), now))
    fills, openings, actions = traded.fills, traded.openings, traded.adjustments
    marks = last_prices(fills, prices, now=now, openings=openings, adjustments=actions)
    return round_trips(fills, marks, start=start, now=now, openings=openings, adjustments=actions)


def _held(traded: Traded) -> set[str]:
    """Return what may be held in the end, and is to be valued: what does not add up to nothing."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for held in traded.openings:
        sums[held.strategy, held.symbol] += held.qty
    for fill in traded.fills:
        sums[fill.strategy, fill.symbol] += fill.signed
    changed = {action.symbol for action in traded.adjustments}
    return {symbol for (_, symbol), qty in sums.items() if qty or symbol in changed}


def _hours(day: date) -> tuple[int, int]:
    """Return open and close of a day, ns UTC; its midnights where shares do not trade."""
    calendar = us_equities()
    if calendar.is_session(day):
        session = calendar.session(day)
        return session.open, session.close
    return midnight("", day), midnight("", day, after=1)


def _prices(ctx: MinerContext, symbols: list[str], now: int) -> Iterator[PriceSeries]:
    """Yield the closes of the day of a moment, of minutes or else of the day."""
    day = datetime.fromtimestamp(now // SECOND, NEW_YORK).date()
    for symbol in symbols:
        for seconds in (MINUTE, DAY):
            bars = ctx.history.bars(symbol, seconds, day, day, raw=True)
            if len(bars):
                known = bars.start + seconds * SECOND if seconds == MINUTE else bars.start
                yield PriceSeries(symbol, known, bars.close)
                break
