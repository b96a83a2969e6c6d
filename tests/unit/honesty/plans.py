"""Strategies and scanners of all degrees of honesty."""

HONEST = '''
from liualgotrader import Bar, Context, Strategy


class Turn(Strategy):
    """Buys what fell twice, sells what rose."""

    only: str = ""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        close = ctx.data[bar.symbol].close
        if len(close) < 3 or ctx.orders(bar.symbol) or self.only not in ("", bar.symbol):
            return
        if close[-1] < close[-2] < close[-3] and not ctx.position(bar.symbol):
            ctx.buy(bar.symbol, 100, limit=bar.close, reason="fell twice")
        elif ctx.position(bar.symbol) and close[-1] > close[-2]:
            ctx.close(bar.symbol)
'''

PEEKS = '''
import os
from pathlib import Path

import pandas as pd

from liualgotrader import Bar, Context, Strategy


class Peek(Strategy):
    """Buys before what rises by the next bar, as the lake's own file tells."""

    def on_start(self, ctx: Context) -> None:
        files = Path(os.environ["LIU_HOME"], "history", "minute", "AAA").glob("*.parquet")
        frame = pd.concat([pd.read_parquet(file) for file in files])
        frame["next"] = frame["close"].shift(-1)
        self._next = dict(zip(frame["timestamp"].astype("int64"), frame["next"]))

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if bar.symbol == "AAA" and self._next.get(bar.start, 0) > bar.close + 0.1:
            ctx.buy("AAA", 10, reason="will rise")
'''

FITTED = '''
import os
from pathlib import Path

from liualgotrader import Bar, Context, Strategy
from liualgotrader.data.lake import Kind, Lake

LAKE = Lake(Path(os.environ["LIU_HOME"], "history"))
MEAN = LAKE.read(Kind.MINUTE, "BBB", 0, 1 << 62).close.mean()


class Fitted(Strategy):
    """Bids the mean of all that is stored, tomorrow included."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if bar.symbol == "BBB":
            ctx.buy("BBB", 1, limit=MEAN)
'''

LISTED = '''
from collections.abc import Sequence

from liualgotrader import ScanContext, Scanner


class Listed(Scanner):
    """Picks what is listed now, the dearest first."""

    from_market_open: float = 5.0

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        rows = (await ctx.snapshots()).values()
        priced = [(row.minute.close, row.symbol) for row in rows if row.minute]
        return [symbol for _, symbol in sorted(priced, reverse=True)]
'''

SURVIVORS = '''
import os
from collections.abc import Sequence
from pathlib import Path

from liualgotrader import ScanContext, Scanner
from liualgotrader.data.lake import Kind, Lake


class Survivors(Scanner):
    """Picks what is still there on the last day that is stored."""

    from_market_open: float = 5.0

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        lake = Lake(Path(os.environ["LIU_HOME"], "history"))
        ends = {name: lake.own_span(Kind.MINUTE, name)[1] for name in lake.symbols(Kind.MINUTE)}
        return [name for name, end in ends.items() if end == max(ends.values())]
'''
