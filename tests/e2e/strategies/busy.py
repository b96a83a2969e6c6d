"""Two strategies that order a lot, in every way, and always the same: what parity, replay and kills are tried on."""

from __future__ import annotations

import zlib

from liualgotrader.common.events import Bar, OrderEvent, TimerFired, Trade
from liualgotrader.strategies.base import Context, Strategy, StrategyType

_MINUTE = 60_000_000_000


def _turn(symbol: str, start: int, *, of: int) -> int:
    return (start // _MINUTE + zlib.crc32(symbol.encode())) % of


class Busy(Strategy):
    """Something else every minute of a symbol, by the clock and the symbol alone."""

    type = StrategyType.SWING
    size: int = 24

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Order by the minute's turn."""
        symbol, close = bar.symbol, bar.close
        match _turn(symbol, bar.start, of=10):
            case 0:
                ctx.buy(symbol, self.size, reason="market", indicators={"close": close})
            case 1:
                self._working(ctx, ctx.buy(symbol, self.size, limit=close * 0.9995), "cancel")
            case 2:
                ctx.sell(symbol, self.size, reason="market", stop=close * 1.01)
            case 3:
                self._working(ctx, ctx.sell(symbol, self.size, limit=close * 1.004), "replace")
            case 4:
                ctx.buy(symbol, 5_000, reason="larger than max_order")
            case 5:
                ctx.sell(symbol, self.size + 9, reason="more than is held, so short")
            case 6:
                self._working(ctx, ctx.buy(symbol, self.size, limit=close * 0.97), "cancel")
            case 7:
                ctx.buy(symbol, self.size, tif="opg", reason="the opening is over")
            case 8:
                ctx.close(symbol, reason="flat again")
            case _:
                ctx.buy(symbol, 7, limit=close * 1.002)
                ctx.sell(symbol, 3, limit=close * 1.003)

    def _working(self, ctx: Context, order_id: str, what: str) -> None:
        ctx.call_at(ctx.clock.now() + 35_000_000_000, f"{what} {order_id}")

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Take back or change what has been working long enough."""
        what, order_id = timer.name.split()
        order = next((each for each in ctx.orders() if each.order_id == order_id), None)
        if order is None or order.limit is None:
            return
        if what == "cancel":
            ctx.cancel(order_id)
        else:
            changed = ctx.replace(order_id, limit=float(order.limit) * 0.997)
            self._working(ctx, changed, "cancel")


class Contrary(Strategy):
    """Goes against the other one, so that orders would cross; counts its fills in the keystore."""

    type = StrategyType.SWING
    every: int = 7

    def on_start(self, ctx: Context) -> None:
        """Take up the count."""
        self._fills = int(ctx.load("fills") or 0)
        self._prints = 0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Stand on the other side, one minute in some."""
        turn = _turn(bar.symbol, bar.start, of=self.every)
        if turn == 0:
            ctx.sell(bar.symbol, 12, limit=bar.close * 0.999)
        elif turn == 2:
            order_id = ctx.buy(bar.symbol, 11, limit=bar.close * 0.9992)
            ctx.call_at(ctx.clock.now() + 20_000_000_000, order_id)
        elif turn == 4 and ctx.position(bar.symbol):
            ctx.close(bar.symbol)

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """Now and then buy on a print, in the middle of a batch."""
        self._prints += 1
        if int(trade.size) % 37 == 0:
            ctx.buy(trade.symbol, 4, limit=trade.price)

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Take back what was not filled."""
        ctx.cancel(timer.name)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Count."""
        if event.qty is not None:
            self._fills += 1
            ctx.save("fills", str(self._fills))
