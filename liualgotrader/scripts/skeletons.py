"""What `liu new` writes: small programs that work as they are. `NAME` and `FILE` are replaced."""

from __future__ import annotations

STRATEGY = '''\
"""NAME: buys a dip within the day, sells into the recovery or at a stop."""

from liualgotrader.common.events import Bar, OrderEvent
from liualgotrader.strategies.base import Context, Strategy


class NAME(Strategy):
    # Annotated attributes are parameters: the plan may set them, [strategies.NAME] dip = 0.02
    dip: float = 0.01  # how far below the open to buy
    reward: float = 2.0  # the target, as a multiple of what the stop may lose

    # How many minute bars of history on_bar is shown before the first live one.
    warmup = 20

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """See each minute once it is complete. Nothing after ctx.clock.now() is known here."""
        if ctx.warming_up or ctx.pending(bar.symbol):
            return
        if ctx.position(bar.symbol):
            self.leave(ctx, bar)
        else:
            self.enter(ctx, bar)

    def enter(self, ctx: Context, bar: Bar) -> None:
        day_open = ctx.data[bar.symbol].open[0]
        if bar.close > day_open * (1 - self.dip):
            return
        # Lose `risk` of the portfolio when the stop is hit, whatever the price of the share.
        stop = bar.close * (1 - self.dip)
        money = float(ctx.portfolio_value) * ctx.risk
        shares = int(money / (bar.close - stop))
        if shares:
            target = bar.close + self.reward * (bar.close - stop)
            # stop, target and reason are kept with the trade; they do not place orders.
            ctx.buy(bar.symbol, shares, stop=stop, target=target, reason="dip")

    def leave(self, ctx: Context, bar: Bar) -> None:
        paid = float(ctx.entry_price(bar.symbol) or bar.close)
        if bar.close >= paid * (1 + self.reward * self.dip):
            ctx.close(bar.symbol, reason="target")
        elif bar.close <= paid * (1 - self.dip):
            ctx.close(bar.symbol, reason="stop")

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Hear of fills, refusals and cancels. A refusal says why."""
        if event.reason:
            ctx.log(f"{event.symbol} {event.kind}: {event.reason}")
'''

SCANNER = '''\
"""NAME: proposes the symbols that moved most since yesterday."""

from collections.abc import Sequence

from liualgotrader.scanners.base import ScanContext, Scanner


class NAME(Scanner):
    # Annotated attributes are parameters: the plan may set them, [scanners.NAME] percent = 2.0
    percent: float = 3.0
    min_price: float = 5.0
    most: int = 20

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return symbols, best first. What the snapshots say is as of ctx.now."""
        moves = []
        for snapshot in (await ctx.snapshots()).values():
            # Any part of a snapshot may be missing, for symbols that did not trade.
            if snapshot.trade is None or snapshot.previous_day is None:
                continue
            price, before = snapshot.trade.price, snapshot.previous_day.close
            move = abs(price / before - 1) * 100
            if price >= self.min_price and move >= self.percent:
                moves.append((move, snapshot.symbol))
        return [symbol for _, symbol in sorted(moves, reverse=True)[: self.most]]
'''

MINER = '''\
"""NAME: notes what can be sold short, for scanners and strategies to read."""

from liualgotrader.miners.base import Miner, MinerContext

COLUMNS = ("miner", "symbol", "day", "name", "value")


class NAME(Miner):
    # Annotated attributes are parameters: miner.toml may set them, [miners.NAME] only_easy = false
    only_easy: bool = True

    async def run(self, ctx: MinerContext) -> int:
        """Work as long as it takes: the market is closed. Return how many rows are new or changed."""
        assets = await ctx.assets()
        short = [a for a in assets if a.shortable and (a.easy_to_borrow or not self.only_easy)]
        ctx.log(f"{len(assets)} assets, {len(short)} of them can be sold short")
        rows = [("NAME", asset.symbol, ctx.day, "can_be_short", 1.0) for asset in short]
        return await ctx.tables.put("miner_values", COLUMNS, rows, key=COLUMNS[:4])
'''

FORECAST = '''\
"""NAME: expects the return of the session's last hour, learnt from the days before."""

from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.sampled import Missing, SampledForecast

MINUTE = 60_000_000_000


class NAME(SampledForecast):
    # Annotated attributes are parameters: miner.toml may set them, [forecasts.NAME] minutes = 30
    minutes: int = 60

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Return what came of a day that is over. What was known before it is looked after."""
        if symbol not in day.minutes:
            return Missing("no minute bars")
        bars = day.minutes[symbol].between(day.close - self.minutes * MINUTE, day.close)
        return float(bars.close[-1] / bars.open[0] - 1) if len(bars) else Missing("no trades in it")
'''

PLAN_LINES = {
    "strategy": '[strategies.NAME]\nfilename = "FILE"\n',
    "scanner": '[scanners.NAME]\nfilename = "FILE"\nrecurrence = 5  # minutes\n',
    "miner": '[miners.NAME]\nfilename = "FILE"\n',
    "forecast": '[forecasts.NAME]\nfilename = "FILE"\n',
}
"""What to add to the plan so that it runs."""

SKELETONS = {"strategy": STRATEGY, "scanner": SCANNER, "miner": MINER, "forecast": FORECAST}
