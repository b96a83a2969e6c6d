"""What orders cost against the market that they met: implementation shortfall and its parts.

Perold, "The implementation shortfall: paper versus reality", Journal of Portfolio Management 14 (3), 1988: what a
trade cost is its price less the price at the decision, for a sale the other way round. With the quotes at the
decision, at the sending and at each fill it comes apart:

    delay  = side * (mid at the sending - mid at the decision)
    market = side * (mid at the fill - mid at the sending)
    spread = side * (price - mid at the fill), the effective half spread
    total  = delay + market + spread

all in basis points of the price at the decision, fills weighted by shares, orders by dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from liualgotrader.common.orders import Side

BASIS_POINTS = 10_000.0
_TAKERS = frozenset(("market", "stop", "trailing_stop"))


class Part(NamedTuple):
    """One execution of an order: when (ns UTC), how much, at what price."""

    time: int
    qty: Decimal
    price: Decimal


class BidAsk(NamedTuple):
    """The best bid and ask of a moment."""

    bid: float
    ask: float

    @property
    def mid(self) -> float:
        """The price in the middle."""
        return (self.bid + self.ask) / 2


class ExecutedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was filled, at least in part. Times in ns UTC.

    `decided`: the engine's time of the input that it answers; `sent`: when the venue took it, None
    where it did not say; `reference_price`: the last price that the strategy knew when it decided.
    """

    order_id: str
    symbol: str
    side: Side
    order_type: str
    decided: int
    sent: int | None
    reference_price: Decimal | None
    parts: tuple[Part, ...]

    @property
    def moments(self) -> tuple[int, ...]:
        """The times of which quotes are wanted: the decision, the sending, each fill."""
        sent = self.decided if self.sent is None else self.sent
        return (self.decided, sent, *(part.time for part in self.parts))

    @property
    def takes(self) -> bool:
        """Whether it took what was there at any price, as a market order does."""
        return self.order_type in _TAKERS


class OrderCost(NamedTuple):
    """What an order cost, in basis points of the price at its decision; parts are None where no quote is known.

    `value`: dollars at that price. `quoted`: whether that is the middle of a quote, not the last
    price that the strategy knew.
    """

    shares: Decimal
    value: float
    total: float
    delay: float | None
    market: float | None
    spread: float | None
    quoted: bool
    takes: bool


class SymbolCost(NamedTuple):
    """What the orders of a symbol cost, means by dollars. `quoted`: how many of them were measured from a quote.

    `bps`: what taking costs beyond the middle of the market, never negative: the effective half
    spread of orders that took, where a quote at the fill is known, else their whole shortfall. None
    without such orders.
    """

    orders: int
    quoted: int
    shares: Decimal
    total: float
    delay: float | None
    market: float | None
    spread: float | None
    bps: float | None


def order_cost(order: ExecutedOrder, quotes: Sequence[BidAsk | None]) -> OrderCost | None:
    """Return what an order cost, given the quotes at its `moments`; None where no price at the decision is known."""
    decided, sent, *fills = quotes
    base = _price_at_decision(order, decided)
    if not base:
        return None
    sent = None if order.sent is None else sent
    shares = float(sum(part.qty for part in order.parts))
    paid = sum(float(part.qty * part.price) for part in order.parts) / shares
    filled = _mid_at_fills(order, fills, shares)

    def points(before: float | None, after: float | None) -> float | None:
        if before is None or after is None:
            return None
        return order.side.sign * (after - before) / base * BASIS_POINTS

    at_decision = None if decided is None else decided.mid
    at_sending = None if sent is None else sent.mid
    return OrderCost(
        shares=sum((part.qty for part in order.parts), Decimal(0)),
        value=shares * base,
        total=order.side.sign * (paid - base) / base * BASIS_POINTS,
        delay=points(at_decision, at_sending),
        market=points(at_sending, filled),
        spread=points(filled, paid),
        quoted=decided is not None,
        takes=order.takes,
    )


def symbol_cost(costs: Sequence[OrderCost]) -> SymbolCost:
    """Return what orders, at least one, cost together."""
    takers = [
        (cost.value, cost.total if cost.spread is None else cost.spread)
        for cost in costs
        if cost.takes
    ]
    taken = _mean(takers)
    return SymbolCost(
        orders=len(costs),
        quoted=sum(cost.quoted for cost in costs),
        shares=sum((cost.shares for cost in costs), Decimal(0)),
        total=_mean((cost.value, cost.total) for cost in costs) or 0.0,
        delay=_mean((cost.value, cost.delay) for cost in costs),
        market=_mean((cost.value, cost.market) for cost in costs),
        spread=_mean((cost.value, cost.spread) for cost in costs),
        bps=None if taken is None else max(taken, 0.0),
    )


def _price_at_decision(order: ExecutedOrder, quote: BidAsk | None) -> float:
    if quote is not None:
        return quote.mid
    return float(order.reference_price or 0)


def _mid_at_fills(
    order: ExecutedOrder, quotes: Sequence[BidAsk | None], shares: float
) -> float | None:
    """Return the mean of the mids at the fills, by shares; None unless all are known."""
    total = 0.0
    for part, quote in zip(order.parts, quotes, strict=True):
        if quote is None:
            return None
        total += float(part.qty) * quote.mid
    return total / shares


def _mean(weighted: Iterable[tuple[float, float | None]]) -> float | None:
    """Return the weighted mean of what is known; None when nothing is."""
    known = [(weight, value) for weight, value in weighted if value is not None]
    weights = sum(weight for weight, _ in known)
    return sum(weight * value for weight, value in known) / weights if weights else None
