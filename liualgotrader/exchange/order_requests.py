"""Clients' JSON to a venue's requests. What cannot be read is refused in the vendor's way.

422, code 40010001.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue.orders import OrderRequest, Rejection

MALFORMED = 40010001
Word = TypeVar("Word", bound=StrEnum)
Body = Mapping[str, Any]


def malformed(message: str) -> Rejection:
    """Return the refusal of a request that cannot be read."""
    return Rejection(422, MALFORMED, message)


def number(body: Body, field: str) -> Decimal | None:
    """Return a number given as text or as a number; None when absent."""
    value = body.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise malformed(f"invalid {field}: {value}")
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise malformed(f"invalid {field}: {value}") from None
    if not exact.is_finite():
        raise malformed(f"invalid {field}: {value}")
    return exact


def word(body: Body, field: str, words: type[Word], default: Word | None = None) -> Word:
    """Return one of the words that a field may hold."""
    value = body.get(field)
    if (value is None or value == "") and default is not None:
        return default
    try:
        return words(str(value))
    except ValueError:
        raise malformed(f"invalid {field}" if value else f"{field} is required") from None


def order_request(body: Body) -> OrderRequest:
    """Return what a POST /v2/orders asks for."""
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise malformed("symbol is required")
    return OrderRequest(
        symbol=symbol,
        side=word(body, "side", Side),
        type=word(body, "type", OrderType),
        tif=word(body, "time_in_force", TimeInForce),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit=number(body, "limit_price"),
        trigger=number(body, "stop_price"),
        trail_price=number(body, "trail_price"),
        trail_percent=number(body, "trail_percent"),
        extended_hours=bool(body.get("extended_hours") or False),
        order_class=word(body, "order_class", OrderClass, OrderClass.SIMPLE),
        take_profit=_take_profit(body.get("take_profit")),
        stop_loss=_stop_loss(body.get("stop_loss")),
        client_id=_client_id(body),
    )


def _client_id(body: Body) -> str | None:
    value = body.get("client_order_id")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 128:
        raise malformed("client_order_id must be no more than 128 characters")
    return value


def _take_profit(value: object) -> TakeProfit | None:
    if value is None:
        return None
    limit = number(value, "limit_price") if isinstance(value, Mapping) else None
    if limit is None:
        raise malformed("take_profit.limit_price is required")
    return TakeProfit(limit=limit)


def _stop_loss(value: object) -> StopLoss | None:
    if value is None:
        return None
    trigger = number(value, "stop_price") if isinstance(value, Mapping) else None
    if trigger is None or not isinstance(value, Mapping):
        raise malformed("stop_loss.stop_price is required")
    return StopLoss(trigger=trigger, limit=number(value, "limit_price"))
