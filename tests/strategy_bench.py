"""Strategies driven without processes: one engine, the venue itself to fill orders, no latency.

A minute is shown as the exchange would show it: prints at the venue and the engine, then the bar.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import count

from liualgotrader.common.events import (
    AccountUpdate,
    Bar,
    HistoryLoaded,
    Input,
    OpenOrder,
    OpenPosition,
    OrderEvent,
    Picked,
    Started,
    Trade,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import (
    Approved,
    Cancel,
    Order,
    OrderIntent,
    Refused,
    Replace,
    Submit,
    Verdict,
)
from liualgotrader.engine.core import Engine
from liualgotrader.engine.settings import EngineSettings, StrategySettings
from liualgotrader.strategies.base import Strategy
from liualgotrader.venue.account import Account
from liualgotrader.venue.orders import OrderRequest, Rejection, VenueEvent
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.venue import Venue

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
OPEN = 1_772_461_800 * SECOND
"""2026-03-02, 9:30 in New York."""
CLOSE = OPEN + 390 * MINUTE
CASH = Decimal(100_000)
# When the four prints of a minute come, in seconds from its start.
_PRINTS = (1, 20, 40, 59)

Prices = tuple[float, float, float, float]
"""Open, high, low, close."""


def flat(price: float, minutes: int) -> list[Prices]:
    """Return minutes in which nothing happens."""
    return [(price, price, price, price)] * minutes


def ramp(start: float, end: float, minutes: int, *, wick: float = 0.0) -> list[Prices]:
    """Return minutes that lead in even steps from one price to another."""
    step = (end - start) / minutes
    rows = []
    for index in range(minutes):
        begin = start + step * index
        stop = begin + step
        rows.append((begin, max(begin, stop) + wick, min(begin, stop) - wick, stop))
    return rows


class Bench:
    """One strategy, one engine, one venue. `make` builds a fresh strategy for each incarnation."""

    def __init__(
        self,
        make: Callable[[], Strategy],
        *,
        symbols: Iterable[str] = ("AAA",),
        instruments: Sequence[Instrument] = (),
        history: Sequence[Prices] = (),
        participation: Decimal | None = None,
        risk: float = 0.001,
    ) -> None:
        self._make = make
        self._ids = count(1)
        self.symbols = tuple(symbols)
        known = {symbol: Instrument(symbol) for symbol in self.symbols}
        known |= {each.symbol: each for each in instruments}
        self.instruments = known
        self.settings = EngineSettings(
            batch_id="bench",
            slot="a",
            strategies=(StrategySettings("s"),),
            risk=risk,
        )
        self.venue = Venue(
            account=Account(CASH),
            instruments=known,
            sessions=SessionTimes(
                [Session(date(2026, 3, 2), OPEN - 5 * HOUR, OPEN, CLOSE, CLOSE + 4 * HOUR)]
            ),
            rules=VenueRules(participation=participation),
            ids=lambda: f"id-{next(self._ids)}",
        )
        self.now = OPEN
        self.intents: list[OrderIntent] = []
        self.refusals: list[Refused] = []
        self.order_events: list[OrderEvent] = []
        self.keystore: dict[str, str] = {}
        self.bars: dict[str, list[Bar]] = {
            symbol: _bars(symbol, history, OPEN - len(history) * MINUTE) for symbol in self.symbols
        }
        self._queue: deque[Input] = deque()
        self._begin(Started(OPEN, "a", 1, 1, OPEN, CLOSE, CASH, CASH * 4), warm=bool(history))

    # -- what one looks at -------------------------------------------------------------------------

    @property
    def sent(self) -> list[Submit]:
        """The orders that risk approved, oldest first."""
        return [intent for intent in self.intents if isinstance(intent, Submit)]

    @property
    def cancels(self) -> list[Cancel]:
        """The cancels, oldest first."""
        return [intent for intent in self.intents if isinstance(intent, Cancel)]

    @property
    def replaces(self) -> list[Replace]:
        """The replacements, oldest first."""
        return [intent for intent in self.intents if isinstance(intent, Replace)]

    def held(self, symbol: str = "AAA") -> Decimal:
        """Return what the strategy holds."""
        return self.engine.book.qty("s", symbol)

    def open_orders(self, symbol: str = "AAA") -> list[Order]:
        """Return the strategy's orders at work."""
        return self.engine.book.open_orders("s", symbol)

    # -- what one lets happen ----------------------------------------------------------------------

    def minute(self, prices: Prices, *, symbol: str = "AAA", volume: float = 100_000) -> None:
        """Live through a minute of one symbol."""
        self.minutes({symbol: prices}, volume=volume)

    def play(self, rows: Iterable[Prices], *, symbol: str = "AAA", volume: float = 100_000) -> None:
        """Live through minutes of one symbol."""
        for prices in rows:
            self.minute(prices, symbol=symbol, volume=volume)

    def minutes(self, rows: dict[str, Prices], *, volume: float = 100_000) -> None:
        """Live through one minute of several symbols; one that is left out does not trade."""
        start = self.now
        for place, seconds in enumerate(_PRINTS):
            for symbol, prices in rows.items():
                price = _path(prices)[place]
                self._print(Trade(symbol, start + seconds * SECOND, price, volume / len(_PRINTS)))
        self._advance(start + MINUTE)
        for symbol, prices in rows.items():
            bar = Bar(symbol, start, *prices, volume)
            self.bars[symbol].append(bar)
            self.venue.on_bar(bar, self.now)
            self.process(bar)

    def rest(self, minutes: int = 1) -> None:
        """Let time pass without any trade."""
        self._advance(self.now + minutes * MINUTE)

    def process(self, event: Input) -> None:
        """Hand the engine one input, and everything that follows from it at once."""
        self._queue.append(event)
        while self._queue:
            self._act(self.engine.process(self._queue.popleft()))

    def restart(self, *, forget: bool = False) -> None:
        """End this incarnation and begin the next from what the ledger and the keystore know.

        `forget`: the keystore was not written in time.
        """
        engine = self.engine
        self.keystore.update((key, value) for _, key, value in engine.kept)
        orders = [
            OpenOrder(
                order.order_id,
                order.strategy,
                order.symbol,
                order.side.value,
                order.qty or Decimal(0),
                order.filled,
                order.status.value,
                order.limit,
            )
            for order in engine.book.open_orders("s")
        ]
        started = Started(
            self.now,
            "a",
            2,
            engine.next_order,
            OPEN,
            CLOSE,
            engine.cash,
            engine.buying_power,
            instruments=tuple(self.instruments.values()),
            positions=tuple(engine.book.positions()),
            orders=tuple(orders),
            keystore={} if forget else {"s": dict(self.keystore)},
        )
        self._begin(started, warm=True)

    def begin_with(
        self, symbol: str, qty: Decimal, price: Decimal, *, kept: dict[str, str] | None = None
    ) -> None:
        """Begin again, holding something; `kept` is what the keystore has of it."""
        self.venue.account.hold(symbol, qty, price)
        self._begin(
            Started(
                self.now,
                "a",
                2,
                1_000,
                OPEN,
                CLOSE,
                CASH,
                CASH * 4,
                instruments=tuple(self.instruments.values()),
                positions=(OpenPosition("s", symbol, qty, price),),
                keystore={"s": kept or {}},
            ),
            warm=True,
        )

    # -- inside ------------------------------------------------------------------------------------

    def _begin(self, started: Started, *, warm: bool) -> None:
        self.strategy = self._make()
        self.strategy.name = "s"
        self.engine = Engine([self.strategy], self.settings)
        self.engine.clock.advance(self.now)
        self.process(started)
        for symbol in self.symbols:
            self.process(Picked(symbol, "bench", self.now, self.instruments[symbol]))
            if warm or self.strategy.warmup:
                bars = tuple(self.bars[symbol])
                self.process(HistoryLoaded(symbol, self.now, bars))

    def _print(self, trade: Trade) -> None:
        self._advance(trade.ts_event)
        self._tell(self.venue.on_trade(trade, self.now))
        self.process(trade)

    def _advance(self, until: int) -> None:
        clock = self.engine.clock
        while (due := clock.next_due()) is not None and due <= until:
            self._live_to(max(due, self.now))
            for timer in clock.pop_due(due):
                self.process(timer)
        self._live_to(until)

    def _live_to(self, ts: int) -> None:
        self.now = ts
        self.engine.clock.advance(ts)
        self._tell(self.venue.on_clock(ts))

    def _act(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            if isinstance(verdict, Approved):
                self.intents.append(verdict.intent)
                self._send(verdict.intent)
            else:
                self.refusals.append(verdict)

    def _send(self, intent: OrderIntent) -> None:
        try:
            events = self._ask(intent)
        except Rejection as refused:
            kind = {
                Submit: Kind.REJECTED,
                Cancel: Kind.CANCEL_REJECTED,
                Replace: Kind.REPLACE_REJECTED,
            }[type(intent)]
            answer = OrderEvent(
                intent.order_id, kind, self.now, intent.symbol, reason=refused.message
            )
            self._hear(answer)
            return
        self._tell(events, at_once=False)

    def _ask(self, intent: OrderIntent) -> list[VenueEvent]:
        if isinstance(intent, Submit):
            return self.venue.submit(_request(intent), self.now)
        known = self.venue.order_by_client_id(intent.order_id)
        broker_id = known.id if known else intent.order_id
        if isinstance(intent, Cancel):
            return self.venue.cancel(broker_id, self.now)
        return self.venue.replace(
            broker_id, self.now, qty=intent.qty, limit=intent.limit, client_id=intent.new_id
        )

    def _tell(self, events: Sequence[VenueEvent], *, at_once: bool = True) -> None:
        for event in events:
            self._hear(_order_event(event))
            if event.qty is not None:
                account = self.venue.account
                power = self.venue.buying_power()
                self._queue.append(AccountUpdate(event.ts, account.cash, power))
        if at_once and self._queue:
            self.process(self._queue.popleft())

    def _hear(self, event: OrderEvent) -> None:
        self.order_events.append(event)
        self._queue.append(event)


def _bars(symbol: str, rows: Sequence[Prices], start: int) -> list[Bar]:
    return [
        Bar(symbol, start + index * MINUTE, *prices, 100_000) for index, prices in enumerate(rows)
    ]


def _path(prices: Prices) -> Prices:
    """Return the prints of a minute: a rising one goes by its low first, a falling by its high."""
    opened, high, low, close = prices
    return (opened, low, high, close) if close >= opened else (opened, high, low, close)


def _request(intent: Submit) -> OrderRequest:
    return OrderRequest(
        symbol=intent.symbol,
        side=intent.side,
        type=intent.type,
        tif=intent.tif,
        qty=intent.qty,
        notional=intent.notional,
        limit=intent.limit,
        trigger=intent.trigger,
        client_id=intent.order_id,
    )


def _order_event(event: VenueEvent) -> OrderEvent:
    return OrderEvent(
        event.order.client_id,
        event.kind,
        event.ts,
        event.order.symbol,
        qty=event.qty,
        price=event.price,
        execution_id=event.execution_id,
        broker_id=event.order.id,
        reason=event.reason,
        fee=event.fee,
    )
