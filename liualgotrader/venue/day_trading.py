"""The rules for accounts that trade within the day, as they are on the account's day.

To 2026-06-03, or as long as the broker phases in, the pattern day trader's: under 25,000 dollars at
the last close the order that could make a fourth day trade in five business days is refused; with
more, an account of multiplier 4 opens with four times what its equity was over its maintenance then.
From then on intraday margin: no count and no minimum but the 2,000 of all margin. Sources in
tests/venue_cases/by_date/margin.toml.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from liualgotrader.venue.account import Account
from liualgotrader.venue.day_trades import DayTrades
from liualgotrader.venue.margin import Holding, maintenance, table_of
from liualgotrader.venue.margin_tables import (
    INTRADAY,
    OVERNIGHT,
    PATTERN_MINIMUM,
    WINDOW_DAYS,
)
from liualgotrader.venue.orders import ZERO, Execution
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session


class DayTrading:
    """An account's day: which rules hold, and what it began with.

    `counts`: whether day trades are counted against it. `by_last_close`: whether it opens with the
    day-trading buying power. `intraday`: whether intraday margin holds. `multiplier`: dollars of
    positions per dollar of equity, of the day. `cash_suffices`: whether what the cash pays for is within
    the day-trading buying power too; it is when that is twice the equity, unless the account doubles
    within the day.
    """

    def __init__(self, account: Account, rules: VenueRules) -> None:
        if rules.settled_cash_only:
            account.multiplier = Decimal(1)
        self._account = account
        self._rules = rules
        self.multiplier = account.multiplier
        self.counts = self.by_last_close = self.intraday = False
        self.cash_suffices = True
        self.last_equity: Decimal | None = None
        self.last_maintenance = ZERO
        self._window: deque[int] = deque(maxlen=WINDOW_DAYS - 1)
        self._unread: deque[DayTrades] = deque(maxlen=WINDOW_DAYS - 1)
        self.today = DayTrades()
        self.date = date.min

    def begin(self, session: Session) -> None:
        """Begin a day, in the evening before it. Its first equity is what there is now."""
        account, rules = self._account, self._rules
        self.date = session.date
        self.today = DayTrades()
        if self.last_equity is None:
            self.close()
        self.intraday = rules.day_trading and session.date >= rules.intraday_margin_since
        pattern = rules.day_trading and not self.intraday
        small = self._equity < PATTERN_MINIMUM
        self.counts = pattern and small and not rules.settled_cash_only
        self.by_last_close = pattern and not small and account.multiplier >= INTRADAY
        self.cash_suffices = not self.by_last_close or 2 * self.last_maintenance <= self._equity
        self.multiplier = min(account.multiplier, OVERNIGHT) if self.counts else account.multiplier

    def close(self) -> None:
        """Note equity and maintenance at the close: the next day is judged by them."""
        values = self._values()
        self.last_equity = self._account.cash + sum(values, ZERO)
        self.last_maintenance = maintenance(table_of(self.date), self._held(values), self._debit)

    def end(self, fills: Sequence[Execution]) -> None:
        """Put the day's trades into the window."""
        self.today.end(fills, self._account.position_qty)
        self._unread.append(self.today)

    def read(self, fills: Sequence[Execution]) -> None:
        """Read the day's fills so far."""
        self.today.read(fills, self._account.position_qty)

    @property
    def window(self) -> deque[int]:
        """The day trades of the business days before, newest last. Counted when somebody asks, of most days never."""
        while self._unread:
            self._window.append(self._unread.popleft().count)
        return self._window

    @property
    def _equity(self) -> Decimal:
        return self.last_equity if self.last_equity is not None else self._account.equity()

    @property
    def count(self) -> int:
        """The day trades of five business days, today's among them, of the fills read so far."""
        return sum(self.window) + self.today.count

    def power(self) -> Decimal:
        """Return the day-trading buying power: the day's own, less what today's open entries cost."""
        start = INTRADAY * (self._equity - self.last_maintenance)
        return max(start, ZERO) - self.today.cost

    def holding(self, symbol: str, qty: Decimal, price: Decimal) -> Holding:
        """Return a signed quantity at a price as what needs maintenance margin."""
        return Holding(qty, price, self._rules.leverage.get(symbol, 1))

    def maintenance(self, more: Sequence[Holding] = (), cost: Decimal = ZERO) -> Decimal:
        """Return the maintenance margin of all positions, and of `more` that would cost so much."""
        held = self._held(self._values())
        return maintenance(table_of(self.date), [*held, *more], cost + self._debit)

    @property
    def _debit(self) -> Decimal:
        return -self._account.cash

    def _values(self) -> list[Decimal]:
        """Return the signed value of each position, in dollars."""
        account = self._account
        return [account.market_value(position) for position in account.positions.values()]

    def _held(self, values: Sequence[Decimal]) -> list[Holding]:
        """Return the positions of these values as what needs maintenance margin."""
        leverage = self._rules.leverage
        return [
            Holding(p.qty, value / p.qty, leverage.get(p.symbol, 1))
            for p, value in zip(self._account.positions.values(), values, strict=True)
        ]
