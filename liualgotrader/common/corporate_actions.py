"""What a split or a dividend does to positions and open orders on its ex-date."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal

import msgspec

from liualgotrader.common.events import Bar, CorporateAction
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderType, Side

ZERO = Decimal(0)
ONE = Decimal(1)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order is adjusted."""

    qty: Decimal | None
    filled: Decimal
    limit: Decimal | None
    trigger: Decimal | None
    trail_price: Decimal | None = None


def split_qty(qty: Decimal, action: CorporateAction, instrument: Instrument) -> Decimal:
    """Return a signed quantity after a split, down to the smallest fraction that can be held."""
    step = instrument.fraction
    return ((qty * action.ratio / step).to_integral_value(ROUND_DOWN) * step).normalize() + 0


def split_bar(bar: Bar, begins: int, ratio: float) -> Bar:
    """Return a bar in shares of after a split, whose ex-date begins at a moment, ns UTC."""
    if bar.start >= begins:
        return bar
    return msgspec.structs.replace(
        bar,
        open=bar.open / ratio,
        high=bar.high / ratio,
        low=bar.low / ratio,
        close=bar.close / ratio,
        volume=bar.volume * ratio,
        vwap=bar.vwap / ratio if bar.vwap is not None else None,
    )


def ends_orders(action: CorporateAction) -> bool:
    """Whether open orders of the symbol end: in a reverse split, and when the symbol does.

    FINRA Rule 5330(f): all open orders are cancelled when a security has a reverse split.
    """
    return action.ratio < ONE or bool(action.new_symbol)


def adjusted(
    terms: Terms, action: CorporateAction, *, side: Side, kind: OrderType, instrument: Instrument
) -> Terms:
    """Return an open order's terms on the ex-date.

    FINRA Rule 5330: a cash dividend lowers the price of an order to buy and of a stop to sell by
    the dividend, down to the tick; a split divides prices and multiplies quantities, down to the
    lot. Stops to buy and limits to sell are not lowered for a dividend; the rule spares them from
    splits too, but brokers adjust them, and a limit to sell at twice the new price would be none.
    """
    limit, trigger = terms.limit, terms.trigger
    if action.ratio != ONE:
        return Terms(
            qty=_lots(terms.qty, action, instrument),
            filled=terms.filled * action.ratio,
            limit=_down(limit, instrument, ratio=action.ratio),
            trigger=_down(trigger, instrument, ratio=action.ratio),
            trail_price=_down(terms.trail_price, instrument, ratio=action.ratio),
        )
    is_stop = kind in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
    if (side is Side.BUY and is_stop) or (side is Side.SELL and not is_stop):
        return terms
    return Terms(
        qty=terms.qty,
        filled=terms.filled,
        limit=_down(limit, instrument, less=action.cash),
        trigger=_down(trigger, instrument, less=action.cash),
        trail_price=terms.trail_price,
    )


def _lots(qty: Decimal | None, action: CorporateAction, instrument: Instrument) -> Decimal | None:
    if qty is None:
        return None
    step = instrument.fraction if qty % instrument.lot else instrument.lot
    return ((qty * action.ratio / step).to_integral_value(ROUND_DOWN) * step).normalize() + 0


def _down(
    price: Decimal | None, instrument: Instrument, *, ratio: Decimal = ONE, less: Decimal = ZERO
) -> Decimal | None:
    if price is None:
        return None
    moved = price / ratio - less
    tick = instrument.tick_at(max(moved, ZERO))
    return max((moved / tick).to_integral_value(ROUND_FLOOR) * tick, tick).quantize(tick)
