"""What each round trip brought, in dollars, percent and units of its risk, in the table `trade_analysis`."""

from __future__ import annotations

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
            if sorted(wanted, key=_order) != sorted(stored, key=_order):
                await ctx.batches.save_trades(batch.batch_id, wanted)
                differing = max(
                    sum(each not in stored for each in wanted),
                    sum(each not in wanted for each in stored),
                )
                ctx.log(f"batch {batch.batch_id}: {differing} rows of trade_analysis were not so")
                changed += differing
        return changed


def _order(row: rows.TradeAnalysis) -> tuple[object, ...]:
    return row.start, row.end, row.strategy, row.symbol, row.algo_run_id, row.gain_value
