"""The days of a stretch of history, lived one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

import msgspec

from liualgotrader.backtest.collector import collect_if_due, seldom_collected
from liualgotrader.backtest.curve import CurveRows
from liualgotrader.backtest.day_market import DAY, DayMarket
from liualgotrader.backtest.history import History
from liualgotrader.backtest.minute_market import MinuteMarket
from liualgotrader.backtest.request import Asset, Request, Scale
from liualgotrader.backtest.scanning import PastScans
from liualgotrader.bootstrap import (
    SessionConfig,
    engine_settings,
    make_scanners,
    make_strategies,
)
from liualgotrader.common.account_view import PortfolioView
from liualgotrader.common.calendar import Session, new_york
from liualgotrader.common.clock import MINUTE
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Picked, SessionBegan
from liualgotrader.common.plan import Channel
from liualgotrader.common.recommendations import NONE_KNOWN, Recommendations
from liualgotrader.credentials.redaction import redact
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, LakeData
from liualgotrader.data.lake.actions import corporate_action
from liualgotrader.engine.core import BEFORE_AUCTION
from liualgotrader.engine.settings import EngineSettings
from liualgotrader.simulation.simulation import Day, Setting, Simulation
from liualgotrader.simulation.venue_of_plan import make_venue
from liualgotrader.strategies.base import Strategy, StrategyType
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.venue.sessions import Session as VenueSession

SECOND = 1_000_000_000
_SETTLING = 300 * SECOND
"""How long after the close the venue waits for the closing auction's print."""
_AROUND = 15


class Sink(Protocol):
    """Where what is over goes, so that memory does not grow with the days."""

    def keep(self, finished: Finished) -> None:
        """Keep orders that ended, with all that happened to them, and flows of cash."""


class Adjustment(msgspec.Struct, frozen=True):
    """A corporate action in something that was held, for the report and the tables."""

    symbol: str
    kind: str
    ts: int
    ratio: Decimal
    cash: Decimal
    held: Decimal
    new_symbol: str = ""


Forecasts = dict[str, dict[str, float]]
"""By name and symbol."""
Made = Callable[[EngineSettings], Sequence[Strategy]]


class Backtest:
    """One run."""

    def __init__(
        self,
        request: Request,
        config: SessionConfig,
        lake: Lake,
        sink: Sink,
        *,
        portfolios: Mapping[str, PortfolioView] = {},
        make: Made | None = None,
        forecasts: Mapping[date, Forecasts] = {},
        recommendations: Recommendations = NONE_KNOWN,
    ) -> None:
        """`forecasts`: those that the strategies declare, by the day that they are for.

        `recommendations`: what scanners may ask for.
        """
        self._request = request
        self._config = config
        self._lake = lake
        self._sink = sink
        self.sessions = request.sessions()
        self._forecasts = {s.open: forecasts.get(s.date, {}) for s in self.sessions}
        self._now = 0
        self._data = LakeData(lake, lambda: self._now, request.scale.seconds)
        self._instruments = {i.symbol: i for i in self._data.all_instruments()}
        self._check_symbols()
        plan = request.plan
        setting = self._setting(make or (lambda settings: make_strategies(config, settings.slot)))
        venue = make_venue(
            plan,
            instruments=self._instruments,
            sessions=self._venue_sessions(),
            cash=request.opening_cash,
            multiplier=request.multiplier,
            finely=self._has_ticks(),
            changes=request.rules,
        )
        self.simulation = Simulation(venue, setting, now=self.sessions[0].pre_open - 1)
        self.simulation.ledger.view.portfolios.update(portfolios)
        self._history = History(
            lake,
            request.asset.calendar,
            symbols=len(plan.session.symbols)
            or min(plan.session.max_symbols, len(self._instruments)),
            lookback=4 * DAY,
        )
        self._ends = {symbol: self._end_of(symbol) for symbol in plan.session.symbols}
        self._scans = PastScans(
            plan.scanners,
            lambda: make_scanners(config),
            self._data,
            self._move,
            recommendations,
        )
        self.curve = CurveRows()
        self.adjustments: list[Adjustment] = []
        self.fees = Decimal(0)
        self.bars = 0
        self._given: dict[str, None] = {}
        self.days: list[Session] = []

    def _move(self, now: int) -> None:
        self._now = now

    def _setting(self, make: Made) -> Setting:
        request, plan = self._request, self._request.plan
        return Setting(
            settings=tuple(
                msgspec.structs.replace(
                    engine_settings(self._config, slot), bar_seconds=request.scale.seconds
                )
                for slot in self._config.slots
            ),
            strategies=make,
            portfolios=self._config.portfolios,
            channels=frozenset(plan.session.events),
            limits=plan.limits,
            latency=plan.session.latency_ns,
            max_symbols=plan.session.max_symbols,
            hears_pit=request.scale is Scale.MINUTE,
            forecasts=self._expected,
        )

    def _expected(self, session_open: int) -> Forecasts:
        """Return the forecasts for the session that opens at a moment."""
        return self._forecasts[session_open]

    def _venue_sessions(self) -> Sequence[VenueSession]:
        """Return the days with some around them: orders outlive the last one, money settles."""
        calendar = self._request.asset.calendar
        days = list(self.sessions)
        for _ in range(_AROUND):
            days.append(calendar.next_session(days[-1].date))
        return [VenueSession(d.date, d.pre_open, d.open, d.close, d.post_close) for d in days]

    def _has_ticks(self) -> bool:
        """Whether prints or quotes are played: minute bars with them, and stocks."""
        request = self._request
        if request.scale is Scale.DAY or request.asset is Asset.CRYPTO:
            return False
        channels = set(request.plan.session.events)
        trades = channels & {Channel.TRADES, Channel.SECOND} and self._lake.symbols(Kind.TRADES)
        quotes = Channel.QUOTES in channels and self._lake.symbols(Kind.QUOTES)
        return bool(trades or quotes)

    def _check_symbols(self) -> None:
        """Raise ConfigError for a symbol of the plan without any history."""
        for symbol in self._request.plan.session.symbols:
            if symbol not in self._instruments:
                raise ConfigError(
                    f"session.symbols: there is no history of {symbol}; `liu data list` shows what there"
                    " is, `liu data import FILE` adds to it"
                )

    @property
    def equity(self) -> float:
        """The account's worth at the last prices."""
        return self.curve.equity

    @property
    def warnings(self) -> list[str]:
        """What went wrong without ending the run."""
        failed = [f"strategy {name} is disabled: {why}" for name, why in self.simulation.failures]
        return [redact(w) for w in (*failed, *self.simulation.warnings, *self._scans.failures)]

    @property
    def failed(self) -> bool:
        """Whether a strategy or a scanner raised."""
        return bool(self.simulation.failures or self._scans.failures)

    @property
    def traded_symbols(self) -> list[str]:
        """The symbols that somebody was given."""
        return list(self._given)

    @property
    def notices(self) -> list[str]:
        """What a reader of the results must know."""
        found = []
        windows = any(part.schedule for part in self._request.plan.strategies)
        if self._request.scale is Scale.DAY and windows:
            found.append(
                "schedules are minutes of the day; day bars do not know them, so none held"
            )
        if self._request.scale is Scale.DAY and self._request.plan.limits.loss_of_day is not None:
            found.append(
                "limits.loss_of_day did not hold: day bars tell of a loss when the day is over"
            )
        if self.simulation.skipped:
            found.append(f"{self.simulation.skipped} picks were beyond session.max_symbols")
        return found

    async def run(self, after_day: Callable[[Session], bool]) -> None:
        """Live through the days; `after_day` is told of each, and ends the run by returning False."""
        self.curve.mark(self.sessions[0].open - 1, self.simulation.venue.account, self.fees)
        by_minute = self._request.scale is Scale.MINUTE
        with seldom_collected():
            await (self._live_minutes(after_day) if by_minute else self._live_days(after_day))
        self._keep(self.simulation.ledger.take_all())
        if self.days:
            self.curve.end(self.days[-1].post_close, self.simulation.venue.account, self.fees)

    # -- by minutes --------------------------------------------------------------------------------

    async def _live_minutes(self, after_day: Callable[[Session], bool]) -> None:
        simulation = self.simulation
        market = MinuteMarket(
            self._history, simulation.pit, frozenset(self._request.plan.session.events), self._scans
        )
        for session in self.sessions:
            await self._act(session, session.pre_open)
            held = self._at_work()
            last = market.begin_day(session, dict.fromkeys((*held, *self._plan_symbols(session))))
            day = Day(
                open=session.open,
                close=session.close,
                start=session.pre_open - 1,
                end=max(session.close + self._settling, last),
                over=session.post_close,
            )
            picks = self._plan_picks(session, session.pre_open - 1)
            await simulation.live(day, market, picks, lambda: self._mark(session))  # noqa: B023 - awaited here
            self.bars = market.events
            if not self._over(session, after_day):
                return

    # -- by days -----------------------------------------------------------------------------------

    async def _live_days(self, after_day: Callable[[Session], bool]) -> None:
        simulation = self.simulation
        market = DayMarket(
            self._history, simulation.pit, self._scans, without_auction=self._is_crypto
        )
        for index, session in enumerate(self.sessions):
            midnight = self._midnight(session)
            if index == 0:
                market.begin_day(session, midnight)
                day = self._day(session, midnight)
                await simulation.begin(day, market, self._plan_picks(session, midnight))
            else:
                await self._next_day(market, session, self.sessions[index - 1])
            await self._trade_day(market, session)
            self.bars = market.events
            if not self._over(session, after_day):
                break
        simulation.end()

    async def _next_day(self, market: DayMarket, session: Session, before: Session) -> None:
        """Show the day that is over to the strategies, the next one having begun."""
        simulation, over = self.simulation, self._midnight(before) + DAY
        await simulation.run_until(over)
        simulation.begin_session(
            SessionBegan(over, session.open, session.close, self._expected(session.open))
        )
        simulation.add_picks(self._plan_picks(session, over))
        bars = market.complete()
        market.begin_day(session, self._midnight(session))
        await simulation.show(bars, over)  # type: ignore[arg-type]  # bars are market events

    async def _trade_day(self, market: DayMarket, session: Session) -> None:
        simulation = self.simulation
        # What was ordered overnight is with the broker by now, and is adjusted like any open order.
        await simulation.run_until(session.pre_open - 1)
        await self._act(session, session.pre_open)
        # A coin's day begins the moment the last one ends; what is decided then is under way a while.
        wait = self._request.plan.session.latency_ns if self._is_crypto else 0
        begin = session.open + wait
        await simulation.run_until(begin)
        market.at_open(session, begin)
        await self._before_liquidation(market, session, begin)
        await simulation.run_until(session.close - 1)
        market.at_close(session, begin)
        await simulation.run_until(session.close)
        self._mark(session)
        await simulation.run_until(session.close + self._settling)
        simulation.pit.advance(max(session.post_close, simulation.pit.now))
        simulation.pit.end_day()
        simulation.book_charges()

    async def _before_liquidation(self, market: DayMarket, session: Session, begin: int) -> None:
        """Let day trades' limits and stops meet the rest of the day before they are cancelled for the close."""
        runs = [run for seat in self.simulation.seats for run in seat.engine.runs.values()]
        names = {run.name for run in runs if run.strategy.type is StrategyType.DAY_TRADE}
        if not names:
            return
        minutes = max(self._request.plan.market_liquidation_end_time_minutes, BEFORE_AUCTION)
        moment = session.close - int(minutes * MINUTE) - 1
        await self.simulation.run_until(moment - 1)
        orders = self.simulation.ledger.view.orders.values()
        if symbols := {order.symbol for order in orders if order.strategy in names}:
            market.at_rest(session, begin, moment, symbols)
            await self.simulation.run_until(moment)

    def _day(self, session: Session, midnight: int) -> Day:
        return Day(
            open=session.open,
            close=session.close,
            start=midnight,
            end=session.close + self._settling,
            over=session.post_close,
        )

    @property
    def _is_crypto(self) -> bool:
        return self._request.asset is Asset.CRYPTO

    @property
    def _settling(self) -> int:
        """How long the venue waits for the closing auction's print: coins have none."""
        return 0 if self._is_crypto else _SETTLING

    def _midnight(self, session: Session) -> int:
        """Return when the day bar of a session begins."""
        return session.open if self._is_crypto else new_york(session.date)

    # -- the same for both -------------------------------------------------------------------------

    def _over(self, session: Session, after_day: Callable[[Session], bool]) -> bool:
        self._keep(self.simulation.ledger.take_finished())
        self.simulation.venue.forget_ended()
        self.curve.charge(self.simulation.venue.account)
        self._given.update(dict.fromkeys(self.simulation.routed))
        self.days.append(session)
        collect_if_due()
        return after_day(session)

    def _mark(self, session: Session) -> None:
        """Note what the account is worth at the close of a day."""
        told = sum((each.fee for each in self.simulation.ledger.executions), Decimal(0))
        self.curve.mark(session.close, self.simulation.venue.account, self.fees + told)

    def _keep(self, finished: Finished) -> None:
        self.fees += sum((each.fee for each in finished.executions), Decimal(0))
        self._sink.keep(finished)

    def _at_work(self) -> list[str]:
        """Return the symbols that are held or have open orders."""
        view = self.simulation.ledger.view
        return [*(symbol for _, symbol in view.holdings), *(o.symbol for o in view.orders.values())]

    def _plan_symbols(self, session: Session) -> list[str]:
        """Return the plan's symbols that are listed on a day."""
        return [symbol for symbol, end in self._ends.items() if end is None or session.date < end]

    def _end_of(self, symbol: str) -> date | None:
        """Return the day from which a symbol is gone or goes by another name."""
        ends = (ActionKind.DELISTED, ActionKind.RENAME)
        return next((a.ex_date for a in self._history.actions(symbol) if a.kind in ends), None)

    def _plan_picks(self, session: Session, at: int) -> list[Picked]:
        """Return the plan's symbols that no engine has."""
        known = self.simulation.routed if self.simulation.seats else ()
        return [
            Picked(symbol, "plan", at, self._instruments[symbol])
            for symbol in self._plan_symbols(session)
            if symbol not in known
        ]

    async def _act(self, session: Session, ts: int) -> None:
        """Let the ex-dates of a day come for what is held, at work, or known to an engine that lives on."""
        at_work = set(self._at_work())
        alive = self.simulation.routed if self.simulation.seats else ()
        for symbol in dict.fromkeys((*sorted(at_work), *alive)):
            for action in self._history.actions_on(symbol, session.date):
                await self._take_effect(action, ts, is_at_work=symbol in at_work)

    async def _take_effect(self, action: Action, ts: int, *, is_at_work: bool) -> None:
        event = corporate_action(action, ts)
        held = self.simulation.venue.account.position_qty(action.symbol)
        owners = self.simulation.owners_of(action.symbol)
        await self.simulation.take_effect(event)
        if event.new_symbol and self.simulation.seats:
            instrument = self._instruments[event.new_symbol]
            self.simulation.add_picks(
                Picked(event.new_symbol, "rename", ts + 1, instrument, name) for name in owners
            )
        if not is_at_work:
            return
        self.adjustments.append(
            Adjustment(
                action.symbol,
                action.kind.value,
                ts,
                event.ratio,
                event.cash,
                held,
                event.new_symbol,
            )
        )
