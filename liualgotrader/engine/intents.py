"""A strategy's words made exact.

Floats become prices on the tick and quantities in lots, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from math import isfinite
from operator import index
from typing import Any, SupportsFloat, SupportsIndex

from liualgotrader.common.frozen import Frozen
from liualgotrader.common.instruments import BadNumber, Instrument, Number, exact_number
from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    Submit,
    TakeProfit,
    TimeInForce,
)

_LARGEST_INT = 1 << 63
_BUY = Side.BUY
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT


class Wish(Frozen, frozen=True):
    """What a strategy passed to `buy` or `sell`, untouched."""

    symbol: str
    side: Side
    qty: Number | None
    notional: Number | None = None
    type: OrderType | str | None = None
    limit: Number | None = None
    trigger: Number | None = None
    trail_price: Number | None = None
    trail_percent: Number | None = None
    tif: TimeInForce | str = TimeInForce.DAY
    extended_hours: bool = False
    order_class: OrderClass | str = OrderClass.SIMPLE
    take_profit: Number | None = None
    stop_loss: Number | None = None
    stop_loss_limit: Number | None = None
    stop: Number | None = None
    target: Number | None = None
    reason: Any = ""
    indicators: dict[str, Any] | None = None


def order_type(wish: Wish) -> OrderType:
    """Return the type asked for, or the one that the given prices imply."""
    if wish.type is not None:
        return OrderType(wish.type)
    if wish.trail_price is not None or wish.trail_percent is not None:
        return OrderType.TRAILING_STOP
    if wish.trigger is not None:
        return OrderType.STOP if wish.limit is None else OrderType.STOP_LIMIT
    return _MARKET if wish.limit is None else _LIMIT


def exact(
    wish: Wish, instrument: Instrument, order_id: str, strategy: str, now: int, last: float | None
) -> Submit:
    """Turn a wish into an order. Raises BadNumber on what no venue could take.

    Limits round in the strategy's favour (buys down, sells up), triggers to the nearest tick.
    """
    w, kind, order_class = wish, wish.tif, wish.order_class
    return Submit(  # by place: by name, so many fields take eight times as long
        order_id,
        strategy,
        w.symbol,
        w.side,
        order_type(w),
        kind if type(kind) is TimeInForce else TimeInForce(kind),
        now,
        None if w.qty is None else instrument.qty(w.qty),
        None if w.notional is None else _money(w.notional),
        None if w.limit is None else instrument.limit(w.limit, buy=w.side is _BUY),
        None if w.trigger is None else instrument.price(w.trigger),
        None if w.trail_price is None else instrument.price(w.trail_price),
        None if w.trail_percent is None else exact_number(w.trail_percent),
        w.extended_hours,
        order_class if type(order_class) is OrderClass else OrderClass(order_class),
        None if w.take_profit is None else TakeProfit(instrument.price(w.take_profit)),
        None if w.stop_loss is None else _stop_loss(w, w.stop_loss, instrument),
        None if last is None else _reference(instrument, last),
        None if w.stop is None else instrument.price(w.stop),
        None if w.target is None else instrument.price(w.target),
        str(w.reason),
        {str(name): plain(value) for name, value in w.indicators.items()} if w.indicators else {},
    )


def _reference(instrument: Instrument, last: float) -> Decimal | None:
    """The last price is a remark; an odd one must not keep an exit from leaving."""
    try:
        return instrument.price(last)
    except BadNumber:
        return None


def _money(value: Number) -> Decimal:
    return exact_number(value).quantize(Decimal("0.01"), rounding=ROUND_DOWN)


def plain(value: Any) -> Any:
    """Return an author's remark as what travels and reads back the same.

    Numbers become int or float (not a number: None), sequences become lists, and what is nothing
    of the kind its text.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, SupportsIndex):
        whole = index(value)
        return whole if abs(whole) < _LARGEST_INT else float(whole)
    if isinstance(value, SupportsFloat):
        number = float(value)
        return number if isfinite(number) else None
    return str(value)


def _stop_loss(wish: Wish, level: Number, instrument: Instrument) -> StopLoss:
    limit = wish.stop_loss_limit
    return StopLoss(
        trigger=instrument.price(level),
        limit=None if limit is None else instrument.price(limit),
    )
