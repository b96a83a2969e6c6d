"""Fills to round trips: from flat to flat, at average cost, per strategy and symbol.

Average cost because the ledger keeps positions so (`common.ledger_orders.Holding`). What crosses
zero ends one trip and begins the next; its fee is shared by quantity. Splits and dividends change
a trip that is open on their ex-date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import msgspec

from liualgotrader.analytics.rows import ZERO, Fill, PriceSeries
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.orders import Side

PERCENT = Decimal(100)
MILLIONTH = Decimal("0.000001")
BILLIONTH = Decimal("0.000000001")
ONE = Decimal(1)
ENDED = "the symbol ended"


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A corporate action in something that was held, effective at `ts` (ns UTC), before any fill of then.

    `ratio` is new shares for an old one, 0 when the shares are gone; `cash` is dollars for each
    share as held before; `new_symbol` is under what name the shares go on. After a split quantities are
    cut to `fraction`, the smallest step in which the symbol can be held: the ledger holds no less.
    """

    symbol: str
    ts: int
    ratio: Decimal = ONE
    cash: Decimal = ZERO
    new_symbol: str = ""
    fraction: Decimal = BILLIONTH

    def split(self, qty: Decimal) -> Decimal:
        """Return what a positive quantity has become."""
        steps = (qty * self.ratio / self.fraction).to_integral_value(ROUND_DOWN)
        return steps * self.fraction


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """A position from its first share to its last. Prices are averages over its fills.

    `sign` is +1 long, -1 short; `qty` all that was entered, `open_qty` what is still held (both
    positive) and `mark` the price that it is valued at. `gross` is before, `fees` the fees: those of
    an open trip count what is held at `mark`. `end` is None while it is open. `carried`: held since
    before the first fill, so that `start` is the session's. `stop` and `target`: of its first fill
    that has one, as what was risked is what was planned at the entry. `dividends` are part of
    `gross`, negative where a short owed them. After a split all prices and quantities are in new shares.
    """

    strategy: str
    symbol: str
    algo_run_id: int
    sign: int
    qty: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    open_qty: Decimal
    mark: Decimal
    gross: Decimal
    fees: Decimal
    start: int
    end: int | None
    last: int
    stop: Decimal | None = None
    target: Decimal | None = None
    entry_reason: str = ""
    exit_reasons: tuple[str, ...] = ()
    entry_indicators: dict[str, Any] = {}
    exit_indicators: dict[str, Any] = {}
    fills: int = 0
    carried: bool = False
    dividends: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        """Whether some of it is still held."""
        return self.end is None

    @property
    def gain_value(self) -> Decimal:
        """Dollars gained after fees."""
        return self.gross - self.fees

    @property
    def cost(self) -> Decimal:
        """Dollars that were entered with, positive for shorts too."""
        return self.entry_price * self.qty

    @property
    def gain_percentage(self) -> Decimal | None:
        """Gain after fees in percent of what was entered with; None where that was nothing."""
        return self.gain_value / self.cost * PERCENT if self.cost else None

    @property
    def r_units(self) -> Decimal | None:
        """Gain a share, before fees, over the risk a share: (exit - entry) / (entry - stop).

        After Van Tharp, "Trade Your Way to Financial Freedom" (R multiples). None without a
        planned stop, or with one on the wrong side of the entry, where nothing was at risk.
        """
        if self.stop is None:
            return None
        risk = (self.entry_price - self.stop) * self.sign
        return self.gross / self.qty / risk if risk > 0 else None

    @property
    def holding_ns(self) -> int:
        """How long it was held, or has been held so far."""
        return self.last - self.start


class _Trip:
    """A trip that is being followed. `entered`, `left` and `flow` are exact sums, never averages."""

    def __init__(self, key: tuple[str, str], run: int, sign: int, start: int) -> None:
        self.key = key
        self.run = run
        self.sign = sign
        self.start = start
        self.last = start
        self.entered = ZERO
        self.left = ZERO
        self.held = ZERO
        self.paid = ZERO
        self.got = ZERO
        self.fees = ZERO
        self.dividends = ZERO
        self.stop: Decimal | None = None
        self.target: Decimal | None = None
        self.reasons: dict[str, None] = {}
        self.carried = False
        self.entries: list[Fill] = []
        self.exits: list[Fill] = []

    def enter(self, qty: Decimal, price: Decimal) -> None:
        self.entered += qty
        self.held += qty
        self.paid += qty * price

    def leave(self, qty: Decimal, price: Decimal) -> None:
        self.left += qty
        self.held -= qty
        self.got += qty * price

    def take(self, fill: Fill, qty: Decimal, fee: Decimal) -> None:
        """Take a fill, or the part of one that belongs to this trip."""
        self.fees += fee
        self.last = fill.ts
        if fill.side.sign == self.sign:
            self.enter(qty, fill.price)
            self.entries.append(fill)
            self._plan(fill)
        else:
            self.leave(qty, fill.price)
            self.exits.append(fill)
            if fill.reason:
                self.reasons[fill.reason] = None

    def _plan(self, fill: Fill) -> None:
        """Keep the first stop and target, as of the shares at the entry."""
        if self.stop is None and fill.stop is not None:
            self.stop = fill.stop
        if self.target is None and fill.target is not None:
            self.target = fill.target

    def adjust(self, action: Adjustment) -> None:
        """Let a corporate action change what is held; a split changes what has been sold as well."""
        if not action.ratio:
            self.leave(self.held, action.cash)
            self.last = action.ts
            self.reasons[ENDED] = None
            return
        self.dividends += self.held * action.cash * self.sign
        if action.ratio == ONE:
            return
        self.held = action.split(self.held)
        self.entered *= action.ratio
        self.left = self.entered - self.held  # a fraction that cannot be held is gone for nothing
        self.stop = None if self.stop is None else self.stop / action.ratio
        self.target = None if self.target is None else self.target / action.ratio
        if not self.held:
            self.last = action.ts

    def close(self, mark: Decimal, now: int) -> RoundTrip:
        """Return it as a value. What is still held is worth `mark` at `now`."""
        held = self.held
        first = self.entries[0] if self.entries else None
        return RoundTrip(
            strategy=self.key[0],
            symbol=self.key[1],
            algo_run_id=self.run,
            sign=self.sign,
            qty=self.entered,
            entry_price=self.paid / self.entered,
            exit_price=self.got / self.left if self.left else None,
            open_qty=held,
            mark=mark,
            gross=(self.got + held * mark - self.paid) * self.sign + self.dividends,
            fees=self.fees,
            start=self.start,
            end=None if held else self.last,
            last=max(now, self.last) if held else self.last,
            stop=self.stop,
            target=self.target,
            entry_reason=first.reason if first else "",
            exit_reasons=tuple(self.reasons),
            entry_indicators=first.indicators if first else {},
            exit_indicators=self.exits[-1].indicators if self.exits else {},
            fills=len(self.entries) + len(self.exits),
            carried=self.carried,
            dividends=self.dividends,
        )


class _Walk:
    """All trips of one strategy and symbol, in order."""

    def __init__(self, key: tuple[str, str]) -> None:
        self.key = key
        self.done: list[RoundTrip] = []
        self.trip: _Trip | None = None

    def carry(self, qty: Decimal, price: Decimal, start: int) -> None:
        trip = _Trip(self.key, 0, 1 if qty > 0 else -1, start)
        trip.carried = True
        trip.enter(abs(qty), price)
        self.trip = trip

    def take(self, fill: Fill) -> None:
        trip = self.trip or self._begin(fill)
        trip.run = trip.run or fill.algo_run_id
        rest = ZERO
        if fill.side.sign != trip.sign:
            rest = max(fill.qty - trip.held, ZERO)
        # The remainder goes to the new trip, not a second division, so that fees stay whole.
        # To a millionth of a dollar: all 28 digits of a quotient would not add up again.
        rest_fee = (fill.fee * rest / fill.qty).quantize(MILLIONTH)
        trip.take(fill, fill.qty - rest, fill.fee - rest_fee)
        if not trip.held:
            self.done.append(trip.close(fill.price, fill.ts))
            self.trip = None
        if rest:
            self._begin(fill).take(fill, rest, rest_fee)

    def adjust(self, action: Adjustment) -> None:
        """Let a corporate action change the open trip, and end it where nothing is left."""
        if self.trip is None:
            return
        self.trip.adjust(action)
        if not self.trip.held:
            self.done.append(self.trip.close(action.cash, action.ts))
            self.trip = None

    def _begin(self, fill: Fill) -> _Trip:
        self.trip = _Trip(self.key, fill.algo_run_id, fill.side.sign, fill.ts)
        return self.trip

    def finish(self, mark: Decimal, now: int) -> Iterator[RoundTrip]:
        yield from self.done
        if self.trip is not None:
            yield self.trip.close(mark, now)


def round_trips(
    fills: Iterable[Fill],
    marks: Mapping[str, Decimal],
    *,
    start: int,
    now: int,
    openings: Iterable[OpenPosition] = (),
    adjustments: Iterable[Adjustment] = (),
) -> list[RoundTrip]:
    """Return all round trips by when they began, those still open included.

    `marks` gives the price of each symbol at `now` and must hold every symbol that is still held
    (`last_prices` does). `openings` were held at `start`, at the ledger's average price. Raises
    ValueError where a symbol takes the name of another that its strategy holds too.
    """
    walks: dict[tuple[str, str], _Walk] = {}
    for held in openings:
        if held.qty:
            walk = walks.setdefault(
                (held.strategy, held.symbol), _Walk((held.strategy, held.symbol))
            )
            walk.carry(held.qty, held.avg_price, start)
    for each in _merged(fills, adjustments):
        if isinstance(each, Fill):
            key = (each.strategy, each.symbol)
            walks.setdefault(key, _Walk(key)).take(each)
        else:
            _adjust(walks, each)
    trips = [
        trip for key, walk in walks.items() for trip in walk.finish(marks.get(key[1], ZERO), now)
    ]
    return sorted(trips, key=lambda trip: (trip.start, trip.strategy, trip.symbol, trip.last))


def _merged(
    fills: Iterable[Fill], adjustments: Iterable[Adjustment]
) -> Iterable[Fill | Adjustment]:
    """Return both by time; of one moment adjustments come first."""
    return sorted([*adjustments, *fills], key=lambda each: each.ts)


def _adjust(walks: dict[tuple[str, str], _Walk], action: Adjustment) -> None:
    for (strategy, symbol), walk in list(walks.items()):
        if symbol != action.symbol:
            continue
        walk.adjust(action)
        if action.new_symbol and walk.trip is not None:
            key = (strategy, action.new_symbol)
            target = walks.setdefault(key, _Walk(key))
            if target.trip is not None:
                raise ValueError(
                    f"{strategy} holds {symbol}, which became {action.new_symbol} at {action.ts}, and"
                    " that as well: correct the dates of the new name in the history"
                )
            walk.trip.key = key
            target.trip, walk.trip = walk.trip, None


def in_order(fills: Iterable[Fill]) -> list[Fill]:
    """Return fills by time; those of one moment stay in the order in which they were booked."""
    return sorted(fills, key=lambda fill: fill.ts)


def last_prices(
    fills: Iterable[Fill],
    prices: Iterable[PriceSeries],
    *,
    now: int,
    openings: Iterable[OpenPosition] = (),
    adjustments: Iterable[Adjustment] = (),
) -> dict[str, Decimal]:
    """Return what each symbol is worth at `now`: the last close known by then.

    Before a symbol's first bar that is its last fill, in shares of `now`, and before that what was
    paid for it. `equity_curve` marks by the same rule.
    """
    marks = {held.symbol: held.avg_price for held in openings}
    for each in _merged(fills, adjustments):
        if each.ts > now:
            break
        if isinstance(each, Fill):
            marks[each.symbol] = each.price
        elif each.symbol in marks:
            paid = marks[each.symbol]
            marks[each.new_symbol or each.symbol] = paid / each.ratio if each.ratio else each.cash
    for series in prices:
        close = series.until(now)
        if close is not None:
            marks[series.symbol] = Decimal(str(close))
    return marks


def side_word(sign: int) -> str:
    """Return "long" or "short"."""
    return "long" if sign == Side.BUY.sign else "short"
