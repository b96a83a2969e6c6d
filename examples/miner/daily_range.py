"""DailyRange: how far each company moves within a usual day, for scanners and strategies to read."""

from datetime import timedelta

from liualgotrader import Miner
from liualgotrader.miners.base import MinerContext

COLUMNS = ("miner", "symbol", "day", "name", "value")
DAY = 86_400


class DailyRange(Miner):
    # Annotated attributes are parameters: miner.toml may set them, [miners.daily_range] days = 60
    days: int = 20

    async def run(self, ctx: MinerContext) -> int:
        """Return how many rows are new or changed: none when it is run twice."""
        window = ctx.trading_days(ctx.day - timedelta(days=2 * self.days + 10), ctx.day)
        first = window[-self.days]
        rows = []
        for number, symbol in enumerate(ctx.symbols):
            ctx.progress(number, len(ctx.symbols))
            bars = ctx.history.bars(symbol, DAY, first, ctx.day)
            if len(bars) < self.days:
                ctx.skip(symbol, f"has {len(bars)} of {self.days} days")
                continue
            percent = 100 * (bars.high / bars.low - 1)
            rows.append((self.name, symbol, ctx.day, "range_percent", float(percent.mean())))
        return await ctx.tables.put("miner_values", COLUMNS, rows, key=COLUMNS[:4])
