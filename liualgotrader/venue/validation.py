"""What a request must look like, whatever the account holds: fields, types, pairs, increments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import OrderClass, OrderType, Side, TimeInForce
from liualgotrader.venue.orders import STOPS, OrderRequest, Rejection
from liualgotrader.venue.time_in_force import AUCTION, IMMEDIATE

INVALID = 42210000
BAD_FIELD = 40010001
FORBIDDEN = 40310000
ONE_DOLLAR = Decimal(1)
CENT = Decimal("0.01")
_CRYPTO_TIFS = frozenset({TimeInForce.GTC, TimeInForce.IOC})
_CRYPTO_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT})
_MARKET, _SIMPLE, _US_EQUITY = OrderType.MARKET, OrderClass.SIMPLE, AssetClass.US_EQUITY
_DAY, _GTC = TimeInForce.DAY, TimeInForce.GTC
_LASTING = frozenset({TimeInForce.DAY, TimeInForce.GTC})
# The first day on which an order for extended hours may last. Source: the first dated text that says
# so, docs.alpaca.markets, 24/5 Trading; in January 2026 it was not so.
EXTENDED_GTC = date(2026, 7, 7)


def check(request: OrderRequest, instrument: Instrument, day: date) -> None:
    """Refuse a request that no account could make on a day. The first failure answers."""
    check_size(request)
    check_prices(request)
    check_pair(request, instrument)
    check_time_in_force(request, instrument)
    check_extended_hours(request, day)
    check_class(request)
    check_fraction(request, instrument)


def is_plain(request: OrderRequest, instrument: Instrument) -> bool:
    """Whether none of the checks of a request can fail: nearly all requests are as plain as that.

    A market order for whole lots of a share, for the day or until cancelled, and nothing more.
    """
    return (
        request.type is _MARKET
        and request.qty is not None
        and request.qty > 0
        and (request.tif is _DAY or request.tif is _GTC)
        and request.order_class is _SIMPLE
        and instrument.asset_class is _US_EQUITY
        and not (
            request.extended_hours
            or request.limit is not None
            or request.trigger is not None
            or request.trail_price is not None
            or request.trail_percent is not None
            or request.notional is not None
            or request.take_profit is not None
            or request.stop_loss is not None
            or request.qty % instrument.lot
        )
    )


def refuse(
    message: str,
    *,
    status: int = 422,
    code: int = INVALID,
    **details: str,
) -> Rejection:
    """Return a refusal of a malformed request."""
    return Rejection(status, code, message, **details)


def check_size(request: OrderRequest) -> None:
    """Refuse anything but one of quantity and amount, positive. What it is worth comes later."""
    if request.qty is not None and request.notional is not None:
        raise refuse("only one of qty or notional is accepted", code=BAD_FIELD)
    if request.qty is None and request.notional is None:
        raise refuse("qty or notional is required", code=BAD_FIELD)
    if request.qty is not None and request.qty <= 0:
        raise refuse("qty must be > 0", code=BAD_FIELD)
    if request.notional is not None and request.notional <= 0:
        raise refuse("notional must be > 0", code=BAD_FIELD)
    if request.notional is not None and request.notional % CENT:
        raise refuse("notional must have at most 2 decimals", code=BAD_FIELD)


def check_prices(request: OrderRequest) -> None:
    """Refuse prices that the type of order does not take, and missing ones that it needs."""
    limit, trigger = request.limit is not None, request.trigger is not None
    if request.type is OrderType.MARKET and (limit or trigger):
        raise refuse("market orders require no stop or limit price", code=BAD_FIELD)
    if request.type is OrderType.LIMIT and trigger:
        raise refuse("limit orders require no stop price", code=BAD_FIELD)
    if request.type is OrderType.LIMIT and not limit and request.order_class is not OrderClass.OCO:
        raise refuse("limit orders require limit_price", code=BAD_FIELD)
    if request.type is OrderType.STOP and (limit or not trigger):
        raise refuse("stop orders require stop_price and no limit_price", code=BAD_FIELD)
    if request.type is OrderType.STOP_LIMIT and not (limit and trigger):
        raise refuse("stop limit orders require stop_price and limit_price", code=BAD_FIELD)
    for price in prices(request):
        if price <= 0:
            raise refuse("prices must be > 0", code=BAD_FIELD)
    check_trail(request)


def check_trail(request: OrderRequest) -> None:
    """Refuse anything but exactly one trail on a trailing stop, and a trail on anything else."""
    trails = [t for t in (request.trail_price, request.trail_percent) if t is not None]
    if request.type is not OrderType.TRAILING_STOP:
        if trails:
            raise refuse("only trailing stop orders take a trail", code=BAD_FIELD)
        return
    if len(trails) != 1 or trails[0] <= 0:
        raise refuse(
            "trailing stop orders must specify one of trail_price or trail_percent",
            code=BAD_FIELD,
        )
    if request.limit is not None or request.trigger is not None:
        raise refuse("trailing stop orders require no stop or limit price", code=BAD_FIELD)


def check_time_in_force(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse pairs of type and time in force that the broker does not take."""
    tif = request.tif
    if instrument.asset_class is AssetClass.CRYPTO and tif not in _CRYPTO_TIFS:
        raise refuse("crypto orders must be gtc or ioc")
    if request.type in STOPS and tif not in _LASTING:
        raise refuse(f"{request.type} orders must be DAY or GTC orders, not {tif}")
    if tif in AUCTION | IMMEDIATE and request.order_class is not OrderClass.SIMPLE:
        raise refuse(f"{request.order_class} orders must be DAY or GTC orders")


def check_pair(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse what the broker does not take for crypto (Alpaca, "Crypto Orders")."""
    if instrument.asset_class is not AssetClass.CRYPTO:
        return
    if request.type not in _CRYPTO_TYPES:
        raise refuse(f"{request.type} orders are not supported for crypto")
    if request.order_class is not OrderClass.SIMPLE:
        raise refuse("crypto orders must be simple orders")


def check_extended_hours(request: OrderRequest, day: date) -> None:
    """Refuse extended hours for anything but simple limit orders, for the day or, later, lasting."""
    if not request.extended_hours:
        return
    lasting = day >= EXTENDED_GTC
    may_last = request.tif in _LASTING if lasting else request.tif is TimeInForce.DAY
    if request.type is not OrderType.LIMIT or not may_last:
        words = "DAY or GTC" if lasting else "DAY"
        raise refuse(f"extended hours order must be {words} limit orders")
    if request.order_class is not OrderClass.SIMPLE:
        raise refuse("extended hours order must be simple orders")


def check_class(request: OrderRequest) -> None:
    """Refuse a group without the exits that its class needs, or with exits it does not take."""
    has_tp, has_sl = request.take_profit is not None, request.stop_loss is not None
    kind = request.order_class
    if kind is OrderClass.SIMPLE and (has_tp or has_sl):
        raise refuse("simple orders take neither take_profit nor stop_loss", code=BAD_FIELD)
    if kind is OrderClass.BRACKET and not (has_tp and has_sl):
        raise refuse("bracket orders require take_profit and stop_loss", code=BAD_FIELD)
    if kind is OrderClass.OCO and not (has_tp and has_sl):
        raise refuse("oco orders require take_profit and stop_loss", code=BAD_FIELD)
    if kind is OrderClass.OTO and has_tp is has_sl:
        raise refuse("oto orders require one of take_profit and stop_loss", code=BAD_FIELD)
    if kind is OrderClass.OCO and request.type is not OrderType.LIMIT:
        raise refuse("oco orders must be limit orders")
    if kind is not OrderClass.SIMPLE and request.type is OrderType.TRAILING_STOP:
        raise refuse("trailing stop orders must be simple orders")


def check_fraction(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse fractions where the broker keeps whole shares: other than day, complex, too fine."""
    if not is_fractional(request, instrument):
        return
    if request.qty is None and request.type is not OrderType.MARKET:
        raise refuse("notional orders must be market orders")
    if request.qty is not None and request.qty % instrument.fraction:
        raise refuse(f"qty must be a multiple of {instrument.fraction:f}")
    if instrument.asset_class is AssetClass.CRYPTO:
        return
    if request.tif is not TimeInForce.DAY:
        raise refuse("fractional orders must be DAY orders")
    if request.order_class is not OrderClass.SIMPLE or request.type is OrderType.TRAILING_STOP:
        raise refuse("fractional orders must be simple orders")


def check_increments(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse prices between ticks (Regulation NMS, Rule 612). Trailing zeros do no harm."""
    for field, price in named_prices(request):
        if price % instrument.tick_at(price):
            raise refuse(
                f"invalid {field} {price:f}. "
                "sub-penny increment does not fulfill minimum pricing criteria",
            )


def check_asset(request: OrderRequest, instrument: Instrument) -> None:
    """Refuse fractions of what is not fractionable."""
    if is_fractional(request, instrument) and not instrument.fractionable:
        raise refuse(f'asset "{instrument.symbol}" is not fractionable', status=403, code=FORBIDDEN)


def check_exits(request: OrderRequest, current: Decimal | None) -> None:
    """Refuse exits on the wrong side of the entry, or of the current price where it has none."""
    is_oco = request.order_class is OrderClass.OCO
    entry = request.limit if request.limit is not None else request.trigger
    base = None if is_oco else (entry if entry is not None else current)
    # For a sale the target is below and the stop above; the exits of an OCO follow its own side.
    long = (request.side is Side.BUY) is not is_oco
    take, stop = request.take_profit, request.stop_loss
    sign = 1 if long else -1
    if take is not None and base is not None and sign * (take.limit - base) < CENT:
        word = ">= base_price + 0.01" if long else "<= base_price - 0.01"
        raise refuse(f"take_profit.limit_price must be {word}", base_price=f"{base:f}")
    if stop is not None and base is not None and sign * (base - stop.trigger) < CENT:
        word = "<= base_price - 0.01" if long else ">= base_price + 0.01"
        raise refuse(f"stop_loss.stop_price must be {word}", base_price=f"{base:f}")
    if take is not None and stop is not None and sign * (take.limit - stop.trigger) <= 0:
        raise refuse("take_profit.limit_price must be beyond stop_loss.stop_price")


def check_stop_side(request: OrderRequest, current: Decimal | None) -> None:
    """Refuse a stop that the current price has passed already, an OCO's within a cent of it."""
    if current is None:
        return
    if request.order_class is OrderClass.OCO and request.stop_loss is not None:
        _check_oco_stop(request.side, request.stop_loss.trigger, current)
    if request.type not in STOPS or request.trigger is None:
        return
    if request.side is Side.SELL and request.trigger >= current:
        raise refuse("stop price must be less than current price")
    if request.side is Side.BUY and request.trigger <= current:
        raise refuse("stop price must be greater than current price")


def _check_oco_stop(side: Side, stop: Decimal, current: Decimal) -> None:
    if side.sign * (stop - current) < CENT:
        word = "<= base_price - 0.01" if side is Side.SELL else ">= base_price + 0.01"
        raise refuse(f"stop_loss.stop_price must be {word}", base_price=f"{current:f}")


def is_fractional(request: OrderRequest, instrument: Instrument) -> bool:
    """Whether a request needs a fraction of a share: by amount it always may."""
    return request.qty is None or bool(request.qty % instrument.lot)


def prices(request: OrderRequest) -> list[Decimal]:
    """Return all prices of a request."""
    return [price for _, price in named_prices(request)]


def named_prices(request: OrderRequest) -> Iterator[tuple[str, Decimal]]:
    """Yield all prices of a request with the names of their fields at the broker."""
    take, stop = request.take_profit, request.stop_loss
    found = [("limit_price", request.limit), ("stop_price", request.trigger)]
    if take is not None:
        found.append(("take_profit.limit_price", take.limit))
    if stop is not None:
        found.append(("stop_loss.stop_price", stop.trigger))
        found.append(("stop_loss.limit_price", stop.limit))
    yield from ((field, price) for field, price in found if price is not None)
