"""Hold what is above its slow moving average: a whole strategy in thirteen lines of code."""

from liualgotrader import Bar, Context, Strategy


class SmaCross(Strategy):
    fast: int = 10
    slow: int = 30
    weight: float = 0.1

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        close = ctx.data[bar.symbol].close
        fast, slow = close[-self.fast :].mean(), close[-self.slow :].mean()
        idle = not (ctx.orders(bar.symbol) or ctx.warming_up)
        if fast > slow and idle and not ctx.position(bar.symbol):
            ctx.buy(bar.symbol, float(ctx.portfolio_value) * self.weight // bar.close)
        elif fast < slow and idle:
            ctx.close(bar.symbol)
