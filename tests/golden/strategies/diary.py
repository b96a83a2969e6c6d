"""Strategies that keep what they hear and see, for cases about when something is known."""

from datetime import datetime

from liualgotrader import Bar, Context, CorporateAction, OrderEvent, Strategy, TimerFired
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.strategies.base import StrategyType

_MINUTE = 60_000_000_000


def _note(ctx: Context, key: str, text: str) -> None:
    ctx.save(key, ", ".join(filter(None, [ctx.load(key), text])))


def _clock(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 10**9, NEW_YORK):%H:%M}"


class Mornings(Strategy):
    """Notes every morning what is held and at work; buys on the first day's first bar."""

    type = StrategyType.SWING
    extended_limit: float = 9.0

    def on_start(self, ctx: Context) -> None:
        """Note what is there."""
        orders = " ".join(order.order_id[-1] for order in ctx.orders())
        held = " ".join(f"{qty} {symbol}" for symbol, qty in ctx.positions().items())
        _note(ctx, "mornings", f"{held or 'nothing'} and orders {orders or 'none'}")

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Order once."""
        if ctx.load("ordered") is None:
            ctx.save("ordered", "yes")
            ctx.buy(bar.symbol, 100)
            ctx.buy(bar.symbol, 100, limit=self.extended_limit, extended_hours=True)


class Clock(Strategy):
    """Buys the first bar it sees and notes, of the second day on, each bar's end and what time it was then."""

    type = StrategyType.SWING

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Note the bar."""
        if not ctx.position(bar.symbol) and not ctx.pending(bar.symbol):
            ctx.buy(bar.symbol, 100)
        elif ctx.load("first day") != _date(ctx.session_open):
            _note(ctx, "bar ends, clock", f"{_clock(bar.ts_event)} {_clock(ctx.clock.now())}")
        if ctx.load("first day") is None:
            ctx.save("first day", _date(ctx.session_open))


def _date(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 10**9, NEW_YORK):%m-%d}"


class Timers(Strategy):
    """Asks for a moment between two bars, one with the end of a bar, and one that is over."""

    def on_start(self, ctx: Context) -> None:
        """Ask."""
        ctx.call_at(ctx.session_open + _MINUTE * 3 // 2, "between")
        ctx.call_at(ctx.session_open + 4 * _MINUTE, "with a bar")
        ctx.call_at(ctx.session_open - _MINUTE, "over")

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Note it, and trade."""
        moment = datetime.fromtimestamp(ctx.clock.now() // 10**9, NEW_YORK)
        _note(ctx, "heard", f"{timer.name} {moment:%H:%M:%S}")
        if timer.name == "between":
            ctx.buy("AAA", 100)
        elif timer.name == "with a bar":
            ctx.sell("AAA", 100)

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Note it."""
        _note(ctx, "heard", f"bar {_clock(bar.ts_event)}")

    def on_session_close(self, ctx: Context) -> None:
        """Note it."""
        _note(ctx, "heard", f"close {_clock(ctx.clock.now())}")

    def on_stop(self, ctx: Context) -> None:
        """Note it."""
        _note(ctx, "heard", "stop")


class Warm(Strategy):
    """Declares two minutes and two days of history, tries to trade on it, and buys above all of it."""

    warmup = 2
    warmup_days = 2

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Note the bar, and buy whatever it is."""
        _note(
            ctx, "bars", f"{_clock(bar.ts_event)} {bar.close:g}{' warm' if ctx.warming_up else ''}"
        )
        if ctx.warming_up:
            ctx.buy(bar.symbol, 1)
        elif not ctx.position(bar.symbol) and not ctx.pending(bar.symbol):
            days = ctx.data.daily[bar.symbol].close
            _note(ctx, "days", " ".join(f"{price:g}" for price in days.array()))
            if bar.close > max(ctx.data[bar.symbol].close.array()[:-1]):
                ctx.buy(bar.symbol, 100)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Note what is refused."""
        if event.kind == "refused":
            ctx.save("refused", event.reason or "")


class Count(Strategy):
    """Counts days in the keystore, and buys as many shares."""

    type = StrategyType.SWING

    def on_start(self, ctx: Context) -> None:
        """Count."""
        ctx.save("days", str(int(ctx.load("days") or 0) + 1))
        self.bought = False

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy once a day."""
        if not self.bought:
            self.bought = True
            ctx.buy(bar.symbol, int(ctx.load("days") or 0))


class Raises(Strategy):
    """Buys, places an exit and another entry, and raises at the fourth bar."""

    type = StrategyType.SWING

    def on_start(self, ctx: Context) -> None:
        """Begin to count."""
        self.seen = 0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Go by the count."""
        self.seen += 1
        if self.seen == 1:
            ctx.buy(bar.symbol, 100)
        elif self.seen == 4:
            ctx.sell(bar.symbol, 100, limit=12)
            ctx.buy(bar.symbol, 50, limit=9)
        elif self.seen == 6:
            raise RuntimeError("a mistake of the author's")


class Actions(Strategy):
    """Buys on the first bar and notes corporate actions with what it holds after them."""

    type = StrategyType.SWING
    limit: float = 0.0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy once."""
        if ctx.load("ordered") is None:
            ctx.save("ordered", "yes")
            ctx.buy(bar.symbol, 10)
        elif ctx.load("exit") is None and self.limit:
            ctx.save("exit", ctx.sell(bar.symbol, 10, limit=self.limit, tif="gtc"))

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Note it."""
        symbol = action.symbol
        closes = " ".join(f"{price:g}" for price in ctx.data[symbol].close.array())
        limits = " ".join(f"{order.qty} at {order.limit}" for order in ctx.orders(symbol))
        _note(ctx, "actions", f"{symbol} {ctx.position(symbol)} orders {limits} closes {closes}")


class Portfolio(Strategy):
    """Sees all symbols in one place: sells what fell most since its first bar, buys what rose most."""

    portfolio = True

    def on_start(self, ctx: Context) -> None:
        """Know nothing."""
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.done = False

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Rank once all were seen twice."""
        self.first.setdefault(bar.symbol, bar.close)
        self.last[bar.symbol] = bar.close
        if self.done or len(self.first) < 3 or any(len(ctx.data[s]) < 2 for s in self.first):
            return
        self.done = True
        ranked = sorted(self.first, key=lambda symbol: self.last[symbol] / self.first[symbol])
        _note(ctx, "ranked", " ".join(ranked))
        ctx.sell(ranked[0], 10)
        ctx.buy(ranked[-1], 10)


class Buyer(Strategy):
    """Buys ten of every symbol it is given, once, and notes when."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy."""
        if (
            not ctx.position(bar.symbol)
            and not ctx.pending(bar.symbol)
            and not ctx.load(bar.symbol)
        ):
            ctx.save(bar.symbol, f"first bar ends {_clock(bar.ts_event)}")
            ctx.buy(bar.symbol, 10)


class Quits(Strategy):
    """Answers every refusal with another order."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Ask for what is refused."""
        if ctx.load("asked") is None:
            ctx.save("asked", "yes")
            ctx.buy("ZZZ", 1)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Ask again."""
        if event.kind == "refused":
            ctx.save("refused", event.reason or "")
            ctx.buy("ZZZ", 1)


class Closes(Strategy):
    """Notes the closes it can see, bar after bar, and trades nothing."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Note them."""
        closes = " ".join(f"{price:g}" for price in ctx.data[bar.symbol].close.array())
        ctx.save(f"{len(ctx.data[bar.symbol])} bars", closes)


class WarmCloses(Closes):
    """The same, with two bars before the first."""

    warmup = 2


class Opening(Strategy):
    """Orders before any bar, a second after the open."""

    def on_start(self, ctx: Context) -> None:
        """Ask for the moment."""
        ctx.call_at(ctx.session_open + _MINUTE // 60, "open")

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Buy, with a limit: no price is known yet."""
        ctx.buy("AAA", 10)
        ctx.buy("AAA", 10, limit=10.50)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Note what is refused."""
        if event.kind == "refused":
            _note(ctx, "refused", f"{event.order_id[-1]} {event.reason}")


class Midnight(Strategy):
    """Asks, on its first day, for a moment two minutes after that day's end, and buys then."""

    type = StrategyType.SWING

    def on_start(self, ctx: Context) -> None:
        """Note what is at work, and ask."""
        _note(ctx, "orders at the start", str(len(ctx.orders())))
        if ctx.load("asked") is None:
            ctx.save("asked", "yes")
            ctx.call_at(ctx.session_close + 2 * _MINUTE, "two past")

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Buy."""
        ctx.buy("BTC/USD", 1, limit=21_000, tif="gtc")


class WarmSwing(Strategy):
    """Notes how many bars of history came before the first live one, and holds overnight."""

    type = StrategyType.SWING
    warmup = 2

    def on_start(self, ctx: Context) -> None:
        """Begin to count."""
        self.warm = 0
        self.live = False

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Count history, note the first live bar."""
        if ctx.warming_up:
            self.warm += 1
        elif not self.live:
            self.live = True
            _note(ctx, "first", f"{self.warm} warm then {_clock(bar.ts_event)}")
            if not ctx.position(bar.symbol):
                ctx.buy(bar.symbol, 100)
