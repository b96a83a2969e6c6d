"""Symbols ranked by momentum that fits, with sizes that risk the same (Clenow, Stocks on the Move, 2015)."""

from __future__ import annotations

from functools import partial

from liualgotrader.common.bar_table import BarTable, no_bars
from liualgotrader.fincalcs.ranking import (
    DAYS_A_YEAR,
    RANGE_MEMORY,
    average_range,
    momentum,
    shares_at_risk,
)
from liualgotrader.miners.bar_days import dates, last_bars, read_or_skip, sessions_back
from liualgotrader.miners.base import Miner, MinerContext, Row

COLUMNS = ("name", "day", "symbol", "rank", "score", "slope", "r_squared", "atr", "shares")
_Scored = tuple[float, str, Row]


class Portfolio(Miner):
    """Ranks the universe by yearly exponential growth of the last `rank_days` closes times R squared.

    `shares` is what loses `risk_factor` of `portfolio_size` dollars when the price moves by its average true range
    of `atr_days`. Of equal scores the first by symbol leads. What did not trade on the day is left
    out, and so is what has too few bars. `days_a_year`: 250 as in the book.
    """

    after = ("DailyOHLC",)
    rank_days: int = 90
    atr_days: int = 20
    risk_factor: float = 0.001
    portfolio_size: float = 100_000.0
    days_a_year: int = DAYS_A_YEAR

    async def run(self, ctx: MinerContext) -> int:
        """Rank; return how many rows are new or changed."""
        needed = max(self.rank_days, RANGE_MEMORY * self.atr_days)
        stretch = sessions_back(ctx, needed)[0]
        scored: list[_Scored] = []
        for done, symbol in enumerate(ctx.symbols, 1):
            read = partial(last_bars, ctx, symbol, needed, stretch)
            found = self._scored(ctx, read_or_skip(ctx, symbol, read, no_bars(symbol)))
            if found is not None:
                scored.append(found)
            if done % 50 == 0:
                ctx.progress(done, len(ctx.symbols))
        scored.sort(key=lambda each: (-each[0], each[1]))
        rows = [
            (self.name, ctx.day, symbol, rank, *values)
            for rank, (_, symbol, values) in enumerate(scored, 1)
        ]
        return await self._keep(ctx, rows)

    def _scored(self, ctx: MinerContext, bars: BarTable) -> _Scored | None:
        """Return a symbol's score and its values; None, and the reason told, where it has none."""
        reason = _left_out(ctx, bars)
        fit = momentum(bars.close, days=self.rank_days, days_a_year=self.days_a_year)
        atr = average_range(bars.high, bars.low, bars.close, days=self.atr_days)
        if not reason and (fit is None or atr is None):
            reason = f"{len(bars)} day bars are too few to be ranked"
        if reason or fit is None or atr is None:
            ctx.skip(bars.symbol, reason)
            return None
        shares = shares_at_risk(self.portfolio_size, self.risk_factor, atr)
        return fit.score, bars.symbol, (fit.score, fit.slope, fit.r_squared, atr, shares)

    async def _keep(self, ctx: MinerContext, rows: list[Row]) -> int:
        """Put the rows in the place of the day's; return how many are new or changed."""
        where = {"name": self.name, "day": ctx.day}
        stored = await ctx.tables.get("portfolio_ranking", COLUMNS, where=where)
        if {row[2] for row in stored} <= {row[2] for row in rows}:
            return await ctx.tables.put("portfolio_ranking", COLUMNS, rows, key=COLUMNS[:3])
        await ctx.tables.replace("portfolio_ranking", COLUMNS, rows, where=where)
        return len(set(rows) ^ set(stored))


def _left_out(ctx: MinerContext, bars: BarTable) -> str:
    """Return why a symbol is not ranked, "" for one that traded on the day."""
    if not len(bars):
        return "no day bars"
    last = dates(bars.start[-1:])[0]
    return "" if last == ctx.day else f"no bar of {ctx.day}; the last is of {last}"
