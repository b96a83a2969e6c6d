"""What each symbol brought each strategy, in the table `gain_loss`."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.analytics.gain_loss import GainLoss, gain_loss
from liualgotrader.analytics.round_trips import RoundTrip
from liualgotrader.miners.base import Miner, MinerContext
from liualgotrader.miners.batch_trips import traded_batches


class Gainloss(Miner):
    """Works out dollars and percent per symbol and strategy of the batches of the last `days` trading days.

    A session does that when it ends; this makes up for one that was killed, and for executions that
    were taken back or came late. What is still held was valued by the session at prices that it
    knew: such a row stays as long as it has the same number of round trips.
    """

    days: int = 30

    async def run(self, ctx: MinerContext) -> int:
        """Write what is missing or other; return how many rows are new, changed or gone."""
        changed = 0
        async for batch, trips in traded_batches(ctx, self.days):
            stored = await ctx.batches.gains(batch.batch_id)
            wanted = _wanted(trips, stored)
            if differing := _count(wanted, stored):
                await ctx.batches.save_gains(batch.batch_id, wanted)
                ctx.log(f"batch {batch.batch_id}: {differing} rows of gain_loss were not so")
                changed += differing
        return changed


def _wanted(trips: Sequence[RoundTrip], stored: Sequence[GainLoss]) -> list[GainLoss]:
    """Return the rows that should be there."""
    known = {(row.symbol, row.algo_run_id): row for row in stored}
    held = {(trip.symbol, trip.algo_run_id) for trip in trips if trip.is_open}
    wanted = []
    for row in gain_loss(trips):
        key = row.symbol, row.algo_run_id
        old = known.get(key)
        is_same = key in held and old is not None and old.trips == row.trips
        wanted.append(old if is_same and old is not None else row)
    return wanted


def _count(wanted: Sequence[GainLoss], stored: Sequence[GainLoss]) -> int:
    """Return in how many symbols and runs the rows are not the same."""
    ours, theirs = (
        {(row.symbol, row.algo_run_id): row for row in rows} for rows in (wanted, stored)
    )
    return sum(ours.get(key) != theirs.get(key) for key in ours.keys() | theirs.keys())
