"""Orders as the answer files write them, and a venue that has the open ones at work."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue.orders import OrderRequest, Rejection
from liualgotrader.venue.venue import Venue
from tests.unit.venue.rules_of_the_day import a_venue, moment

TUESDAY = date(2026, 10, 6)
NOON = moment(TUESDAY)
PRICE = "100"


def request(fields: dict[str, Any]) -> OrderRequest:
    """Return the request that a case describes; a market order for AAA unless it says otherwise."""
    take, stop = fields.get("take_profit"), fields.get("stop_loss")
    return OrderRequest(
        symbol=fields.get("symbol", "AAA"),
        side=Side.BUY if fields.get("side", "buy") == "buy" else Side.SELL,
        type=OrderType(fields.get("type", "market")),
        tif=TimeInForce(fields.get("time_in_force", "day")),
        qty=_number(fields, "qty"),
        notional=_number(fields, "notional"),
        limit=_number(fields, "limit_price"),
        trigger=_number(fields, "stop_price"),
        trail_percent=_number(fields, "trail_percent"),
        extended_hours=fields.get("extended_hours", False),
        order_class=OrderClass(fields.get("order_class", "simple")),
        take_profit=None if take is None else TakeProfit(Decimal(take["limit_price"])),
        stop_loss=None if stop is None else StopLoss(Decimal(stop["stop_price"])),
        client_id=fields.get("id"),
    )


def _number(fields: dict[str, Any], key: str) -> Decimal | None:
    return Decimal(fields[key]) if key in fields else None


def at_work(given: dict[str, Any], ts: int = NOON, price: str = PRICE, **account: Any) -> Venue:
    """Return a venue with the position and the open orders of a case.

    `price` is the last known; nothing is quoted, so that market orders stay open.
    """
    venue = a_venue(**{"day": TUESDAY, "cash": "1000000", "multiplier": "4", **account})
    venue.account.market.marks.update({"AAA": Decimal(price), "BBB": Decimal(price)})
    position = given.get("position", {"qty": given.get("position_qty", "0")})
    if Decimal(position["qty"]):
        venue.account.hold("AAA", Decimal(position["qty"]), Decimal(price))
    for fields in given.get("open", []):
        venue.submit(request(_completed(fields)), ts)
    return venue


def _completed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an open order with the prices that its case leaves out."""
    rest = {"stop": {"stop_price": "80.00"}, "limit": {"limit_price": "55.00"}}
    found = {**rest.get(fields.get("type", "market"), {}), **fields}
    if "filled_qty" in found:
        left = Decimal(found["qty"]) - Decimal(found.pop("filled_qty"))
        found["qty"] = str(left)
    return found


def answer(venue: Venue, fields: dict[str, Any], ts: int = NOON) -> Rejection | None:
    """Ask for an order; return the refusal, None when it is taken."""
    try:
        venue.submit(request(fields), ts)
    except Rejection as no:
        return no
    return None


def says(refusal: Rejection | None, expect: dict[str, Any]) -> bool:
    """Whether an answer is the one that a case expects."""
    if refusal is None:
        return expect.get("accepted") is True or "http" not in expect
    body = {"code": refusal.code, "message": refusal.message, **refusal.details}
    wanted = dict(expect.get("body", {}))
    for key in ("code", "message", "existing_order_id", "reject_reason", "cost_basis"):
        if key in expect:
            wanted[key] = expect[key]
    begins = str(body.get("reject_reason", "")).startswith(expect.get("reject_reason_begins", ""))
    exact = "body" not in expect or body.keys() == expect["body"].keys()
    status = expect.get("http", refusal.status) == refusal.status
    return begins and exact and status and all(body.get(k) == v for k, v in wanted.items())
