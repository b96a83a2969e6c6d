"""What executed orders cost, per symbol, in the table `slippage_costs`: a simulated venue takes it from there."""

from __future__ import annotations

from collections import defaultdict

from liualgotrader.analytics.execution_costs import OrderCost, order_cost, symbol_cost
from liualgotrader.miners.bar_days import sessions_back
from liualgotrader.miners.base import Miner, MinerContext, Row

COLUMNS = (
    "symbol",
    "day",
    "orders",
    "quoted",
    "shares",
    "shortfall_bps",
    "delay_bps",
    "market_bps",
    "spread_bps",
    "bps",
)


# A millionth of a basis point: below that is the noise of sums.
_PLACES = 6


class Cost(Miner):
    """Measures implementation shortfall and effective half spread of what was traded in the last `days` trading days.

    Quotes at decision, sending and fill are those of the history on disk, else those that the batch
    itself heard and recorded. Where there is none at the decision, the last price that the strategy
    knew stands for it: `quoted` says how many orders have one. `environments`: of whose batches,
    PROD, PAPER, SIMULATED or BACKTEST. A simulated venue charges what it is told, so add BACKTEST
    and this measures its own assumptions. Symbols with fewer than `least` orders have no row.
    """

    days: int = 90
    least: int = 1
    environments: list[str] = ["PROD", "PAPER", "SIMULATED"]  # noqa: RUF012 - a parameter

    async def run(self, ctx: MinerContext) -> int:
        """Measure; return how many rows are new or changed."""
        costs = await self._costs(ctx)
        rows: list[Row] = []
        for symbol, each in sorted(costs.items()):
            if len(each) < self.least:
                ctx.skip(symbol, f"{len(each)} orders are too few to be measured by")
                continue
            rows.append((symbol, ctx.day, *map(_rounded, symbol_cost(each))))
        ctx.log(f"{sum(map(len, costs.values()))} orders of {len(costs)} symbols measured")
        return await ctx.tables.put("slippage_costs", COLUMNS, rows, key=COLUMNS[:2])

    async def _costs(self, ctx: MinerContext) -> dict[str, list[OrderCost]]:
        """Return the costs of all orders by symbol."""
        found: dict[str, list[OrderCost]] = defaultdict(list)
        sessions = sessions_back(ctx, self.days)
        batches = await ctx.batches.of_days(sessions[0], ctx.day) if sessions else []
        unknown = 0
        for done, batch in enumerate(batches, 1):
            if batch.environment not in self.environments:
                continue
            for order in await ctx.batches.executed_orders(batch.batch_id):
                quotes = await ctx.batches.quotes(batch.batch_id, order.symbol, order.moments)
                cost = order_cost(order, quotes)
                if cost is None:
                    unknown += 1
                else:
                    found[order.symbol].append(cost)
            ctx.progress(done, len(batches))
        if unknown:
            ctx.log(f"{unknown} orders are not measured: no price at their decision is known")
        return found


def _rounded(value: object) -> object:
    return round(value, _PLACES) if isinstance(value, float) else value
