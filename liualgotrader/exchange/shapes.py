"""Orders, positions, activities and assets as Alpaca's trading API words them.

Numbers as text, gaps as null.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from liualgotrader.common.events import OrderEventKind
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import Side
from liualgotrader.common.timestamps import format_time
from liualgotrader.venue.account import Charge, Position
from liualgotrader.venue.orders import Execution, VenueEvent, VenueOrder

Json = dict[str, Any]
_PLACES = Decimal("0.000000001")
# The stream's words where they are not our own.
EVENT_WORDS = {
    OrderEventKind.CANCEL_REJECTED: "order_cancel_rejected",
    OrderEventKind.REPLACE_REJECTED: "order_replace_rejected",
}


def text(value: Decimal) -> str:
    """Return a number without exponent or trailing zeros."""
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def maybe(value: Decimal | None) -> str | None:
    """Return a number as text, or null."""
    return None if value is None else text(value)


def money(value: Decimal, places: Decimal = Decimal("0.01")) -> str:
    """Return dollars rounded to cents, as the account shows them."""
    return text(value.quantize(places, rounding=ROUND_HALF_EVEN))


def ratio(part: Decimal, whole: Decimal) -> str:
    """Return part / whole with up to nine places; 0 over nothing."""
    return text((part / whole).quantize(_PLACES)) if whole else "0"


def when(ns: int | None) -> str | None:
    """Return a time as RFC 3339 text, or null."""
    return None if ns is None else format_time(ns)


def order_json(
    order: VenueOrder,
    *,
    asset_id: str,
    asset_class: AssetClass,
    created_at: int,
    legs: list[Json] | None,
) -> Json:
    """Return an order. `legs` only when asked for nested ones and there are any."""
    average = order.filled_avg_price
    return {
        "id": order.id,
        "client_order_id": order.client_id,
        "created_at": when(created_at),
        "updated_at": when(max(order.updated_at, created_at)),
        "submitted_at": when(created_at),
        "filled_at": when(order.filled_at),
        "expired_at": when(order.expired_at),
        "canceled_at": when(order.canceled_at),
        "failed_at": when(order.failed_at),
        "replaced_at": when(order.replaced_at),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": asset_id,
        "symbol": order.symbol,
        "asset_class": str(asset_class),
        "notional": maybe(order.notional),
        "qty": None if order.notional is not None else maybe(order.qty),
        "filled_qty": text(order.filled_qty),
        "filled_avg_price": None if average is None else text(average.quantize(_PLACES)),
        "order_class": str(order.order_class),
        "order_type": str(order.type),
        "type": str(order.type),
        "side": str(order.side),
        "position_intent": f"{order.side}_to_{'open' if order.opening else 'close'}",
        "time_in_force": str(order.tif),
        "limit_price": maybe(order.limit),
        "stop_price": maybe(order.trigger),
        "status": str(order.status),
        "extended_hours": order.extended_hours,
        "legs": legs,
        "trail_percent": maybe(order.trail_percent),
        "trail_price": maybe(order.trail_price),
        "hwm": maybe(order.hwm),
        "subtag": None,
        "source": None,
    }


def update_json(event: VenueEvent, order: Json) -> Json:
    """Return a trade update."""
    data: Json = {
        "event": EVENT_WORDS.get(event.kind, str(event.kind)),
        "timestamp": when(event.ts),
        "order": order,
    }
    if event.execution_id is not None:
        data["execution_id"] = event.execution_id
        data["price"] = maybe(event.price)
        data["qty"] = maybe(event.qty)
        if event.amends is not None:
            data["previous_execution_id"] = event.amends
        # The vendor charges nothing by the execution and has no such field; a broker that does must tell.
        if event.fee:
            data["fee"] = text(event.fee)
    if event.position_qty is not None:
        data["position_qty"] = text(event.position_qty)
    if event.reason is not None:
        data["reason"] = event.reason
    return data


def fee_json(charge: Charge, number: int, *, account_id: str) -> Json:
    """Return a fee of the day as an activity; it costs, so its amount is negative."""
    # Charged at 20:00 in New York, when in UTC it is the next day already.
    day = format_time(charge.ts - 6 * 3_600_000_000_000)[:10]
    return {
        "id": f"{day.replace('-', '')}000000000::{account_id[:8]}-fee-{number:06d}",
        "activity_type": "FEE",
        "date": day,
        "net_amount": text(-charge.amount),
        "description": f"{charge.kind} fee",
        "status": "executed",
    }


def fill_json(
    execution: Execution, *, account_id: str, order: VenueOrder, cumulative: Decimal
) -> Json:
    """Return a FILL activity; `cumulative` is what the order had filled after this execution."""
    leaves = (order.qty or cumulative) - cumulative
    short = execution.side is Side.SELL and order.opening
    digits = format_time(execution.ts)[:23]
    stamp = "".join(c for c in digits if c.isdigit()).ljust(17, "0")
    fee = {"fee": text(execution.fee)} if execution.fee else {}
    return {
        "id": f"{stamp}::{execution.execution_id}",
        "account_id": account_id,
        "activity_type": "FILL",
        "transaction_time": when(execution.ts),
        "type": "partial_fill" if leaves > 0 else "fill",
        "price": text(execution.price),
        "qty": text(execution.qty),
        "side": "sell_short" if short else str(execution.side),
        "symbol": execution.symbol,
        "leaves_qty": text(max(leaves, Decimal(0))),
        "order_id": execution.order_id,
        "cum_qty": text(cumulative),
        "order_status": "partially_filled" if leaves > 0 else "filled",
        **fee,
    }


def position_json(
    position: Position,
    instrument: Instrument,
    *,
    asset_id: str,
    mark: Decimal,
    last_day: Decimal,
    available: Decimal,
) -> Json:
    """Return a position at its mark. Short: quantity, value and cost are negative."""
    value = position.qty * mark
    gain = value - position.cost
    share = ratio(gain, abs(position.cost))
    return {
        "asset_id": asset_id,
        "symbol": without_slash(position.symbol),
        "exchange": exchange_of(instrument),
        "asset_class": str(instrument.asset_class),
        "asset_marginable": instrument.marginable,
        "avg_entry_price": text(position.avg_entry.quantize(_PLACES)),
        "qty": text(position.qty),
        "side": "long" if position.qty > 0 else "short",
        "market_value": text(value),
        "cost_basis": text(position.cost),
        "unrealized_pl": text(gain),
        "unrealized_plpc": share,
        "unrealized_intraday_pl": text(gain),
        "unrealized_intraday_plpc": share,
        "current_price": text(mark),
        "lastday_price": text(last_day),
        "change_today": ratio(mark - last_day, last_day),
        "qty_available": text(available),
    }


def without_slash(symbol: str) -> str:
    """Return a pair as the vendor's positions name it: BTCUSD for BTC/USD."""
    return symbol.replace("/", "")


def exchange_of(instrument: Instrument) -> str:
    """Return a listing venue.

    The tape does not say which, and the field must be one the vendor knows.
    """
    return "CRYPTO" if instrument.asset_class is AssetClass.CRYPTO else "NASDAQ"


def asset_json(instrument: Instrument, *, asset_id: str) -> Json:
    """Return an asset."""
    return {
        "id": asset_id,
        "class": str(instrument.asset_class),
        "exchange": exchange_of(instrument),
        "symbol": instrument.symbol,
        "name": instrument.name or instrument.symbol,
        "status": "active",
        "tradable": True,
        "marginable": instrument.marginable,
        "maintenance_margin_requirement": 30 if instrument.marginable else 100,
        "margin_requirement_long": "30" if instrument.marginable else "100",
        "margin_requirement_short": "30" if instrument.marginable else "100",
        "shortable": instrument.shortable,
        "easy_to_borrow": instrument.easy_to_borrow,
        "fractionable": instrument.fractionable,
        "attributes": [],
        **(_steps(instrument) if instrument.asset_class is AssetClass.CRYPTO else {}),
    }


def _steps(instrument: Instrument) -> Json:
    """Return what only pairs have: the smallest order and the smallest steps."""
    return {
        "min_order_size": text(instrument.lot),
        "min_trade_increment": text(instrument.fraction),
        "price_increment": maybe(instrument.tick),
    }
