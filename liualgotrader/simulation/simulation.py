"""Days lived one after the other: engines are new every morning, the account and what it holds stay."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.clock import NEVER
from liualgotrader.common.events import (
    Bar,
    Command,
    CorporateAction,
    HistoryLoaded,
    MarketEvent,
    OrderEvent,
    Picked,
    SessionBegan,
    Started,
    Trade,
)
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.plan import Channel, Limits, LossAction
from liualgotrader.common.portfolio_note import PORTFOLIO_KEY, PortfolioNote, note_text
from liualgotrader.engine.core import Engine
from liualgotrader.engine.loss_guard import LossGuard
from liualgotrader.engine.runner import Batch, JournalPort
from liualgotrader.engine.second_bars import SecondBars
from liualgotrader.engine.settings import EngineSettings
from liualgotrader.engine.viability import PassedOver, history_minutes
from liualgotrader.session.routing import directed
from liualgotrader.simulation.desk import DirectDesk
from liualgotrader.simulation.pit import Heard, Pit
from liualgotrader.simulation.post import Post, order_events
from liualgotrader.simulation.seat import Seat
from liualgotrader.simulation.stride import Stride
from liualgotrader.simulation.turns import AwaitedTurn, live_together
from liualgotrader.strategies.base import Strategy
from liualgotrader.trading.memory_ledger import MemoryLedger
from liualgotrader.venue.venue import Venue


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One session, ns UTC. Its events lie in (`start`, `end`]; by `over` the broker is done with it."""

    open: int
    close: int
    start: int
    end: int
    over: int


class Market(Protocol):
    """What a day's market tells beyond the events in the pit.

    `only_wanted`: whether the pit holds events of wanted symbols alone.
    """

    only_wanted: bool

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return the daily and minute bars before `now` that strategies declared, days first."""

    def wanted(self, symbols: Iterable[str], now: int) -> None:
        """Learn that symbols are traded from `now` on, so that the pit has their events."""

    def heard(self, events: Sequence[MarketEvent]) -> None:
        """Hear what has happened, of all symbols."""

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two day bars that were complete before the day of `now`, ns UTC."""

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest price from `since` on that is known before `upto`, ns UTC."""

    def next_scan(self) -> int:
        """Return when a scanner is due next, ns UTC; NEVER for none."""

    async def scan(self, upto: int) -> list[Picked]:
        """Run the scanners that are due by `upto`."""


class NoMarket:
    """Nothing is known and nobody scans."""

    only_wanted = False

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return nothing."""
        return ()

    def wanted(self, symbols: Iterable[str], now: int) -> None:
        """Do nothing: all events are in the pit."""

    def heard(self, events: Sequence[MarketEvent]) -> None:
        """Do nothing."""

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return nothing."""
        return ()

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return nothing."""
        return None

    def next_scan(self) -> int:
        """Return NEVER."""
        return NEVER

    async def scan(self, upto: int) -> list[Picked]:
        """Return nothing."""
        return []


def no_forecasts(session_open: int) -> dict[str, dict[str, float]]:
    """Return none."""
    return {}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same from day to day. `latency` in ns; `strategies` makes those of a slot.

    `forecasts` gives those for the session that opens at a moment, by name and symbol.

    `hears_pit`: whether what trades in the pit is what engines see; what a day bar is taken apart
    into for the venue is not.
    """

    settings: tuple[EngineSettings, ...]
    strategies: Callable[[EngineSettings], Sequence[Strategy]]
    portfolios: tuple[str, ...] = ()
    channels: frozenset[Channel] = frozenset({Channel.TRADES, Channel.MINUTE})
    limits: Limits = Limits()
    latency: int = 500_000_000
    max_symbols: int = 440
    hears_pit: bool = True
    forecasts: Callable[[int], dict[str, dict[str, float]]] = no_forecasts


class Simulation:
    """A venue, a ledger, and the engines of one day after the other."""

    def __init__(
        self, venue: Venue, setting: Setting, *, now: int, portfolios: Mapping[str, Decimal] = {}
    ) -> None:
        self._setting = setting
        self.venue = venue
        self.post = Post(venue, setting.latency)
        self.pit = Pit(venue, self.post, now=now)
        account = venue.account
        self.ledger = MemoryLedger(
            cash=account.cash,
            multiplier=account.multiplier,
            shorting=account.has_margin,
            limits=setting.limits,
        )
        self.keystore: dict[str, dict[str, dict[str, str]]] = {}
        self._sizes: dict[str, Decimal] = {}
        self.failures: list[tuple[str, str]] = []
        self.warnings: list[str] = []
        self.passed_over: list[PassedOver] = []
        self.skipped = 0
        self.decisions = 0
        self.seats: list[Seat] = []
        self._charged = 0
        self._lives = 0
        self._seconds: SecondBars | None = None
        self._guard: LossGuard | None = None
        self._routes: dict[str, tuple[Seat, ...]] = {}
        self._picks: deque[Picked] = deque()
        self._position = now
        self._market: Market = NoMarket()

    # -- a day -------------------------------------------------------------------------------------

    async def live(
        self,
        day: Day,
        market: Market,
        picks: Iterable[Picked],
        at_close: Callable[[], None] = lambda: None,
    ) -> None:
        """Live through a day whose events are in the pit, with these picks known before it.

        `at_close` is called when everything up to the close has happened.
        """
        await self.begin(day, market, picks)
        await self.run_until(day.close)
        at_close()
        await self.run_until(day.end)
        # What is left of the day is the broker's own: fees are taken after the last hour.
        self.pit.advance(max(day.end, day.over))
        self.pit.end_day()
        self.end()

    async def begin(self, day: Day, market: Market, picks: Iterable[Picked]) -> None:
        """Make new engines for a day, and tell them what is held and what was picked."""
        if market is not self._market:
            self._market = market
            self.venue.remember(market)
        self._position = day.start
        self.add_picks(picks)
        await self._begin(day)

    @property
    def routed(self) -> Collection[str]:
        """The symbols that the engines of the last day were given."""
        return self._routes.keys()

    def add_picks(self, picks: Iterable[Picked]) -> None:
        """Let symbols be picked at their times."""
        self._picks = deque(sorted((*self._picks, *picks), key=lambda picked: picked.time))

    async def run_until(self, moment: int) -> None:
        """Play what is in the pit up to a moment, window by window."""
        pit, position = self.pit, self._position
        while position < moment:
            if self._can_stride():
                seat = self.seats[0]
                Stride(pit, seat).until(min(self._hold(), moment + 1))
                position = max(position, pit.now)
                if not seat.is_idle:
                    await seat.live(pit.now)
                    continue
                if position >= moment:
                    break
            position = self._target(position, moment)
            pit.advance(position)
            await self._let_decide(position)
        self._position = position

    async def show(self, events: list[MarketEvent], moment: int) -> None:
        """Give the engines events that the pit does not have, all known at one moment, and time until then."""
        if len(self.seats) == 1:
            seat = self.seats[0]
            seat.events += events
            seat.stamps += [moment] * len(events)
        else:
            for event in events:
                for seat in self._routes.get(event.symbol, ()):
                    seat.hear(event, moment)
        await self._let_decide(moment)
        self._position = moment

    def begin_session(self, session: SessionBegan) -> None:
        """Let engines that live on hear that another day begins."""
        for seat in self.seats:
            seat.give(session)

    def owners_of(self, symbol: str) -> list[str]:
        """Return the strategies that hold a symbol or have orders in it."""
        view = self.ledger.view
        held = [strategy for strategy, name in view.holdings if name == symbol]
        at_work = [order.strategy for order in view.orders.values() if order.symbol == symbol]
        return list(dict.fromkeys((*held, *at_work)))

    def end(self) -> None:
        """End the day: strategies hear of it, the ledger books what the broker told and charged since."""
        for update in self.pit.take().updates:
            self.ledger.book_now(update)
        self.book_charges()
        for seat in self.seats:
            seat.engine.stop()
            self._keep(seat)
            self.decisions += seat.runner.decisions
            self.failures += seat.engine.failures
            self.warnings += seat.engine.warnings
            self.passed_over += seat.engine.viabilities.passed_over
            seat.engine.let_go()
        self._picks.clear()
        self.seats = []
        self._routes = dict.fromkeys(self._routes, ())

    def book_charges(self) -> None:
        """Take the fees that the broker took at the end of a day."""
        charges = self.venue.account.charges
        for charge in charges[self._charged :]:
            self.ledger.charge(charge.ts, charge.amount)
        self._charged = len(charges)

    async def take_effect(self, action: CorporateAction) -> None:
        """Let an ex-date come. Engines that are alive hear of it as of what happens to its orders."""
        told = order_events(self.venue.on_corporate_action(action, action.time))
        instrument = self.venue.books.instruments[action.symbol]
        if not self.seats:
            for event in told:
                await self.ledger.book(event)
            self.ledger.adjust(action, instrument)
            return
        self.ledger.adjust(action, instrument)
        account = await self.ledger.standing(action.time)
        for seat in self.seats:
            for event in told:
                if parse_order_id(event.order_id)[1] == seat.slot:
                    seat.give(event)
            seat.give(action)
            seat.give(account)

    async def _begin(self, day: Day) -> None:
        setting = self._setting
        seconds = Channel.SECOND in setting.channels
        self._seconds = SecondBars(trades=Channel.TRADES in setting.channels) if seconds else None
        self._guard = self._new_guard()
        self._routes = {}
        self._lives += 1
        self.ledger.view.multiplier = self.venue.books.day_trading.multiplier
        self.pit.begin_day()
        self.seats = [self._seat(each) for each in setting.settings]
        for seat in self.seats:
            started = await self._started(seat, day)
            for symbol, _ in started.routes:
                self._hear_of(symbol, seat)
            await seat.runner.admit(Batch(started.time, between=deque([started])))
            for symbol in dict.fromkeys(symbol for symbol, _ in started.routes):
                seat.give(self._history(seat, symbol, started.time))
        self._route(self.pit.now)

    def _seat(self, settings: EngineSettings) -> Seat:
        engine = Engine(self._setting.strategies(settings), settings)
        alone = len(self._setting.settings) == 1
        turn = None if alone else AwaitedTurn()
        desk = DirectDesk(engine, self.ledger, self.post, turn)
        return Seat(engine, desk, self._journal(settings.slot))

    def _journal(self, slot: str) -> JournalPort | None:
        """Return what writes down the decisions of a slot's engine; None where nobody does."""
        return None

    def _new_guard(self) -> LossGuard | None:
        limit = self._setting.limits.loss_of_day
        if limit is None or not self._setting.hears_pit:
            return None  # of a day bar the day is not seen, so its loss is known when it is over
        guard = LossGuard(limit)
        for (_, symbol), held in self.ledger.view.holdings.items():
            guard.hold(symbol, held.qty)
        return guard

    async def _started(self, seat: Seat, day: Day) -> Started:
        positions, orders, number = await self.ledger.open_state(seat.slot)
        account = self.venue.account
        routes: dict[tuple[str, str | None], None] = {
            (p.symbol, p.strategy): None for p in positions
        }
        routes |= {(o.symbol, o.strategy): None for o in orders}
        instruments = self.venue.books.instruments
        return Started(
            time=day.open,
            slot=seat.slot,
            incarnation=self._lives,
            next_order=number,
            session_open=day.open,
            session_close=day.close,
            cash=account.cash,
            buying_power=self.venue.buying_power(),
            instruments=tuple(instruments[s] for s in dict.fromkeys(s for s, _ in routes)),
            positions=tuple(positions),
            orders=tuple(orders),
            routes=tuple(routes),
            keystore=self._kept(seat),
            forecasts=self._setting.forecasts(day.open),
        )

    def _kept(self, seat: Seat) -> dict[str, dict[str, str]]:
        """Return what strategies kept, with what their portfolios hold now."""
        kept = {name: dict(texts) for name, texts in self.keystore.get(seat.slot, {}).items()}
        for name, purse in self.ledger.view.portfolios.items():
            if name in seat.engine.runs:
                size = self._sizes.setdefault(name, purse.balance)
                note = PortfolioNote(size, purse.balance, purse.credit_line)
                kept.setdefault(name, {})[PORTFOLIO_KEY] = note_text(note)
        return kept

    def _keep(self, seat: Seat) -> None:
        kept = self.keystore.setdefault(seat.slot, {})
        for strategy, key, value in seat.engine.kept:
            if not key.startswith("~"):  # what is rejected is rejected for a day
                kept.setdefault(strategy, {})[key] = value

    # -- windows -----------------------------------------------------------------------------------

    def _target(self, position: int, end: int) -> int:
        """Return how far the tape may go: nothing decided after `position` arrives before it + latency."""
        hold = self._hold()
        due = min(self.pit.due(), hold, *(seat.next_due() for seat in self.seats))
        target = max(position + self._setting.latency, due)
        return max(min(target, hold, end), position + 1)

    def _hold(self) -> int:
        picked = self._picks[0].time if self._picks else NEVER
        return min(picked, self._market.next_scan())

    @property
    def _is_direct(self) -> bool:
        """Whether all there is in the pit is minute bars that the one engine wants."""
        return (
            len(self.seats) == 1
            and self._setting.hears_pit
            and self._market.only_wanted
            and self.pit.only_bars
            and self._seconds is None
            and Channel.MINUTE in self._setting.channels
        )

    def _can_stride(self) -> bool:
        """Whether nobody has to look at what the one engine is given."""
        return self._is_direct and self._guard is None and self.seats[0].is_idle

    async def _let_decide(self, upto: int) -> None:
        """Let every engine live up to `upto`; what they decide sets out."""
        self._give(self.pit.take(), upto)
        self._route(upto)
        if len(self.seats) == 1:
            await self.seats[0].live(upto)
        else:
            live_together([seat.live(upto) for seat in self.seats])
        if self._market.next_scan() <= upto:
            self.add_picks(await self._market.scan(upto))

    def _give(self, heard: Heard, upto: int) -> None:
        """Hand out what was heard: market data to those that trade a symbol, order events to the owner."""
        if self._setting.hears_pit:
            self._market.heard(heard.events)
            if self._is_direct:
                self.seats[0].events += heard.events
                self.seats[0].stamps += heard.stamps
            else:
                self._hand_out(heard)
        if self._seconds is not None:
            for bar in self._seconds.upto(upto):
                self._tell_bar(bar)  # type: ignore[arg-type]  # bars of a second
        for update in heard.updates:
            self._owner(update).give(update)
        self._watch_loss(heard, upto)

    def _owner(self, update: OrderEvent) -> Seat:
        if len(self.seats) == 1:
            return self.seats[0]
        slot = parse_order_id(update.order_id)[1]
        return next(seat for seat in self.seats if seat.slot == slot)

    def _hand_out(self, heard: Heard) -> None:
        for event, ts in zip(heard.events, heard.stamps, strict=True):
            seats = self._routes.get(event.symbol)
            if seats is not None:
                self._tell(event, ts, seats)

    def _tell(self, event: MarketEvent, ts: int, seats: tuple[Seat, ...]) -> None:
        channels = self._setting.channels
        if type(event) is Trade:
            if self._seconds is not None:
                for bar in self._seconds.add(event):
                    self._tell_bar(bar)
            if Channel.TRADES not in channels:
                return
        elif (Channel.MINUTE if type(event) is Bar else Channel.QUOTES) not in channels:
            return
        for seat in seats:
            seat.hear(event, ts)

    def _tell_bar(self, bar: Bar) -> None:
        for seat in self._routes.get(bar.symbol, ()):
            seat.hear(bar, bar.ts_event)

    def _watch_loss(self, heard: Heard, upto: int) -> None:
        """Stop entries, or flatten, when the loss of the day is reached, as the producer does."""
        guard = self._guard
        if guard is None:
            return
        guard.market(event for event in heard.events if event.symbol in self._routes)
        for update in heard.updates:
            guard.order(update)
        reason = guard.breached()
        if reason is not None:
            flatten = self._setting.limits.on_loss is LossAction.FLATTEN
            self.warnings.append(reason)
            for seat in self.seats:
                seat.give(Command("flatten" if flatten else "halt", upto + 1, reason))

    # -- picks -------------------------------------------------------------------------------------

    def _route(self, upto: int) -> None:
        """Let the picks made by `upto` take effect: from here on their events are heard."""
        fresh: list[str] = []
        while self._picks and self._picks[0].time <= upto:
            picked = self._picks.popleft()
            if picked.symbol not in self._routes:
                if len(self._routes) >= self._setting.max_symbols:
                    self.skipped += 1
                    continue
                fresh.append(picked.symbol)
            self._pick(picked)
        if fresh:
            self._market.wanted(fresh, upto)

    def _pick(self, picked: Picked) -> None:
        slots = [seat.slot for seat in self.seats]
        for slot, part in directed(picked, slots, self._setting.portfolios):
            seat = self.seats[slots.index(slot)]
            if not _is_news(part, seat):
                continue
            self._hear_of(picked.symbol, seat)
            part = msgspec.structs.replace(part, time=max(part.time, seat.engine.clock.now()))
            seat.give(part)
            seat.give(self._history(seat, part.symbol, part.time))

    def _hear_of(self, symbol: str, seat: Seat) -> None:
        known = self._routes.get(symbol, ())
        if seat not in known:
            self._routes[symbol] = (*known, seat)

    def _history(self, seat: Seat, symbol: str, now: int) -> HistoryLoaded:
        strategies = [run.strategy for run in seat.engine.runs.values()]
        bars = self._market.history(
            symbol,
            now=now,
            minutes=max(map(history_minutes, strategies), default=0),
            days=max((strategy.warmup_days for strategy in strategies), default=0),
        )
        return HistoryLoaded(symbol, now, bars)


def _is_news(picked: Picked, seat: Seat) -> bool:
    """Whether a pick gives a strategy a symbol that it has not: engines that live on are picked for anew."""
    return any(
        picked.strategy in (None, run.name) and picked.symbol not in run.symbols
        for run in seat.engine.runs.values()
    )
