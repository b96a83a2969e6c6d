"""Orders by the clock: what is sent when is written in the plan, so that a case is read in one place."""

from datetime import UTC, datetime
from typing import Any

from liualgotrader import Bar, Context, OrderEvent, Strategy
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.strategies.base import StrategyType


class Script(Strategy):
    """Steps are `DAY HH:MM SYMBOL VERB ...`, done when that symbol's bar is complete.

    HH:MM is when the bar ends: New York's time, UTC of a pair; day bars have none. Verbs: `buy [QTY]`,
    `sell [QTY]`, `close`, `cancel NAME`, `replace NAME`, `reject`; then arguments as KEY=VALUE, `as=NAME`
    to call the order something in later steps, those of other days too.
    """

    steps: tuple[str, ...] = ()
    tells: bool = False  # keep what is told of orders

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Do what is due."""
        zone = UTC if "/" in bar.symbol else NEW_YORK
        at = bar.start if bar.seconds == 86_400 else bar.ts_event
        moment = datetime.fromtimestamp(at // 10**9, zone)
        when = f"{moment:%d}" if bar.seconds == 86_400 else f"{moment:%d %H:%M}"
        for step in self.steps:
            start = f"{when} {bar.symbol} "
            if step.startswith(start):
                self._do(ctx, bar.symbol, step.removeprefix(start))

    def _do(self, ctx: Context, symbol: str, step: str) -> None:
        verb, *words = step.split()
        given: dict[str, Any] = dict(word.split("=") for word in words if "=" in word)
        plain = [word for word in words if "=" not in word]
        name = given.pop("as", None)
        if "extended_hours" in given:
            given["extended_hours"] = given["extended_hours"] == "true"
        order_id = None
        match verb:
            case "buy":
                order_id = ctx.buy(symbol, *plain, **given)
            case "sell":
                order_id = ctx.sell(symbol, *plain, **given)
            case "close":
                order_id = ctx.close(symbol)
            case "cancel":
                ctx.cancel(ctx.load(plain[0]) or "")
            case "replace":
                order_id = ctx.replace(ctx.load(plain[0]) or "", **given)
            case "reject":
                ctx.reject(symbol)
        if name and order_id:
            ctx.save(name, order_id)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Keep why orders were refused, and what else is told if wanted."""
        if event.kind in ("refused", "replace_rejected"):
            ctx.save(f"{event.kind} {event.order_id[-1]}", event.reason or "")
        if self.tells:
            told = f"{event.order_id[-1]} {event.kind}"
            ctx.save("told", ", ".join(filter(None, [ctx.load("told"), told])))


class Swing(Script):
    """The same, and what is held stays overnight."""

    type = StrategyType.SWING
