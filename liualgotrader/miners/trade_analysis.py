"""What each round trip brought, in dollars, percent and units of its risk, in the table `trade_analysis`."""

from __future__ import annotations

from collections import Counter

from liualgotrader.analytics import gain_loss as rows
from liualgotrader.miners.base import Miner, MinerContext
from liualgotrader.miners.batch_trips import traded_batches


class TradeAnalysis(Miner):
    """Works out value, percent and R of each finished round trip of the batches of the last `days` trading days.

    A session does that when it ends; this makes up for one that was killed, and for executions that
    were taken back or came late.
    """

    days: int = 30

    async def run(self, ctx: MinerContext) -> int:
        """Write what is missing or other; return how many rows are new or gone."""
        changed = 0
        async for batch, trips in traded_batches(ctx, self.days):
            stored = await ctx.batches.trades(batch.batch_id)
            wanted = rows.trade_analysis(trips)
            ours, theirs = Counter(wanted), Counter(stored)
            if ours != theirs:
                await ctx.batches.save_trades(batch.batch_id, wanted)
                differing = max((ours - theirs).total(), (theirs - ours).total())
                ctx.log(f"batch {batch.batch_id}: {differing} rows of trade_analysis were not so")
                changed += differing
        return changed
