"""A class of today, beside old ones: it sees the real modules."""

import sys

import liualgotrader.common.data_loader as loaders
from liualgotrader import Bar, Context, Strategy
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.strategies import base


class Today(Strategy):
    lot: int = 3

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        assert base.Strategy is Strategy
        assert loaders.DataLoader is DataLoader
        assert isinstance(ctx.data, DataLoader)
        assert "liualgotrader.common.tlog" not in sys.modules
        if not ctx.position(bar.symbol) and not ctx.orders(bar.symbol):
            ctx.buy(bar.symbol, self.lot)
