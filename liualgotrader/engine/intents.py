"""A strategy's words made exact.

Floats become prices on the tick and quantities in lots, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from math import isfinite
from operator import index
from typing import Any, SupportsFloat, SupportsIndex

import msgspec

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


class Wish(msgspec.Struct, frozen=True):
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
    reason: str = ""
    indicators: dict[str, Any] | None = None


def order_type(wish: Wish) -> OrderType:
    """Return the type asked for, or the one that the given prices imply."""
    if wish.type is not None:
        return OrderType(wish.type)
    if wish.trail_price is not None or wish.trail_percent is not None:
        return OrderType.TRAILING_STOP
    if wish.trigger is not None:
        return OrderType.STOP if wish.limit is None else OrderType.STOP_LIMIT
    return OrderType.MARKET if wish.limit is None else OrderType.LIMIT


def exact(
    wish: Wish,
    instrument: Instrument,
    *,
    order_id: str,
    strategy: str,
    now: int,
    last: float | None,
) -> Submit:
    """Turn a wish into an order. Raises BadNumber on what no venue could take.

    Limits round in the strategy's favour (buys down, sells up), triggers to the nearest tick.
    """
    buy = wish.side is Side.BUY
    return Submit(
        order_id=order_id,
        strategy=strategy,
        symbol=wish.symbol,
        side=wish.side,
        type=order_type(wish),
        tif=wish.tif if type(wish.tif) is TimeInForce else TimeInForce(wish.tif),
        decided_at=now,
        qty=None if wish.qty is None else instrument.qty(wish.qty),
        notional=None if wish.notional is None else _money(wish.notional),
        limit=None if wish.limit is None else instrument.limit(wish.limit, buy=buy),
        trigger=None if wish.trigger is None else instrument.price(wish.trigger),
        trail_price=None if wish.trail_price is None else instrument.price(wish.trail_price),
        trail_percent=None if wish.trail_percent is None else exact_number(wish.trail_percent),
        extended_hours=wish.extended_hours,
        order_class=(
            wish.order_class
            if type(wish.order_class) is OrderClass
            else OrderClass(wish.order_class)
        ),
        take_profit=(
            None if wish.take_profit is None else TakeProfit(instrument.price(wish.take_profit))
        ),
        stop_loss=_stop_loss(wish, instrument),
        reference_price=None if last is None else _reference(instrument, last),
        stop=None if wish.stop is None else instrument.price(wish.stop),
        target=None if wish.target is None else instrument.price(wish.target),
        reason=str(wish.reason),
        indicators=(
            {str(name): plain(value) for name, value in wish.indicators.items()}
            if wish.indicators
            else {}
        ),
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


def _stop_loss(wish: Wish, instrument: Instrument) -> StopLoss | None:
    if wish.stop_loss is None:
        return None
    limit = wish.stop_loss_limit
    return StopLoss(
        trigger=instrument.price(wish.stop_loss),
        limit=None if limit is None else instrument.price(limit),
    )
