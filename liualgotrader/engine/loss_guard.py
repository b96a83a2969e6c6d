"""The loss of the day over all consumers, by the producer's last trades and the fills that pass through it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from liualgotrader.common.events import Bar, Event, OrderEvent, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import AMENDMENTS

_BRING = (Kind.FILL, Kind.PARTIAL_FILL, Kind.TRADE_CORRECT)


class LossGuard:
    """Values what was traded today at the last prices.

    Positions from earlier days count from the first price seen today. Fees are not in it: brokers tell them when the
    day is over.
    """

    def __init__(self, limit: Decimal) -> None:
        self._limit = float(limit)
        self._cash = 0.0
        self._held: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._seen: dict[str, tuple[str, float, float]] = {}
        self._unvalued: dict[str, float] = {}
        self.reached = False

    def hold(self, symbol: str, qty: Decimal) -> None:
        """Begin with a position from an earlier day."""
        self._unvalued[symbol] = self._unvalued.get(symbol, 0.0) + float(qty)

    def market(self, events: Iterable[Event]) -> None:
        """Take the last prices of trades and bars."""
        for event in events:
            if isinstance(event, Trade):
                self._price(event.symbol, event.price)
            elif isinstance(event, Bar):
                self._price(event.symbol, event.close)

    def _price(self, symbol: str, price: float) -> None:
        self._last[symbol] = price
        carried = self._unvalued.pop(symbol, None) if self._unvalued else None
        if carried is not None:
            self._held[symbol] = self._held.get(symbol, 0.0) + carried
            self._cash -= carried * price

    def order(self, event: OrderEvent) -> None:
        """Take a fill, or take one back; what is told twice counts once."""
        if event.kind in AMENDMENTS:
            self._take_back(event.amended_id or "", renamed=event.amends is not None)
        if event.kind not in _BRING or event.qty is None or event.price is None:
            return
        self.restore(event.symbol, event.side, event.qty, event.price, event.execution_id or "")

    def restore(self, symbol: str, side: str, qty: Decimal, price: Decimal, name: str) -> None:
        """Take an execution by its name, once."""
        if name in self._seen:
            return
        signed = float(qty) * (1 if side == "buy" else -1)
        self._seen[name] = (symbol, signed, float(price))
        self._cash -= signed * float(price)
        self._held[symbol] = self._held.get(symbol, 0.0) + signed
        self._last.setdefault(symbol, float(price))

    def _take_back(self, name: str, *, renamed: bool) -> None:
        """Forget what an execution brought; its name stays known unless its correction has the same."""
        symbol, signed, price = self._seen.pop(name, ("", 0.0, 0.0))
        if renamed:
            self._seen[name] = ("", 0.0, 0.0)
        if symbol:
            self._cash += signed * price
            self._held[symbol] -= signed

    def gain(self) -> float:
        """Return what the day has brought so far, in dollars."""
        return self._cash + sum(qty * self._last[symbol] for symbol, qty in self._held.items())

    def breached(self) -> str | None:
        """Return the reason once, when the loss reaches the limit; afterwards None."""
        gain = self.gain()
        if self.reached or gain > -self._limit:
            return None
        self.reached = True
        return f"the loss of the day is {-gain:,.2f}, the plan allows {self._limit:,.2f}"
