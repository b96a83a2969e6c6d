"""Strategies run over history, day by day, each symbol's day as in an account of its own.

All symbols of a day are lived through together, by one engine, which is many times faster than one after the other.
Nothing couples them: there is more cash than they could spend, no limit counts over symbols, and the rules for day
traders do not hold. What a broker charges for a day is worked out from each symbol's own fills.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader.backtest.collector import collect_if_due, seldom_collected
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.history import DAY, History
from liualgotrader.backtest.minute_market import MinuteMarket
from liualgotrader.backtest.scanning import PastScans
from liualgotrader.bootstrap import SessionConfig, engine_settings, make_strategies
from liualgotrader.common.calendar import Session, new_york, us_equities
from liualgotrader.common.errors import StrategyError
from liualgotrader.common.events import Picked
from liualgotrader.common.plan import Channel, Plan, Rules, SessionPlan, StrategyPlan
from liualgotrader.common.plan_classes import named_class
from liualgotrader.data.lake import Action, Kind, Lake, LakeData, Rows
from liualgotrader.data.lake.days import FOREVER, day_start, is_crypto
from liualgotrader.engine.loading import source_of
from liualgotrader.miners.base import SimulatedRun
from liualgotrader.mining.tally import tally
from liualgotrader.simulation.simulation import Day, Setting, Simulation
from liualgotrader.simulation.venue_of_plan import make_venue, rules_of
from liualgotrader.venue.orders import Execution
from liualgotrader.venue.sessions import Session as VenueSession

_BATCH = "00000000-0000-4000-8000-000000000000"
"""The same for every run, so that ids are the same."""
_PLENTY = Decimal(10) ** 12
_SETTLING = 300_000_000_000
_MOST_SYMBOLS = 100_000
_AROUND = 5


class PastLake(Lake):
    """A lake without what was to come: rows from a moment on (ns UTC), and names and actions of later."""

    def __init__(self, root: Path, end: int) -> None:
        super().__init__(root)
        self._end = end

    def read(self, kind: Kind, symbol: str, start: int, end: int, *, as_of: int = FOREVER) -> Rows:
        """Return the rows whose times lie in [start, end), ns UTC, and before the moment."""
        return super().read(
            kind, symbol, start, min(end, self._end), as_of=min(as_of, self._end - 1)
        )

    def actions(self, symbol: str, *, as_of: int = FOREVER) -> tuple[Action, ...]:
        """Return what concerned a symbol by the moment, by date."""
        known = super().actions(symbol, as_of=min(as_of, self._end - 1))
        return tuple(each for each in known if day_start(symbol, each.ex_date) < self._end)


class LakeSimulator:
    """Implements `miners.base.Simulator`. Shares only: pairs such as BTC/USD have no session."""

    def __init__(self, lake: Lake, day: date) -> None:
        self._lake = PastLake(lake.root, new_york(day + timedelta(days=1)))
        self._day = day

    async def runs(
        self,
        strategy: str,
        symbols: Sequence[str],
        first: date,
        last: date,
        *,
        filename: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> list[SimulatedRun]:
        """Return each day of each symbol that has minute bars on it, by day and symbol.

        A position that is left at the close is valued at the last price. Raises ConfigError for a
        class that cannot be made, StrategyError when it raises.
        """
        last = min(last, self._day)
        sessions = us_equities().sessions(first, last) if first <= last else ()
        there = set(self._lake.symbols(Kind.MINUTE))
        names = sorted({each for each in symbols if not is_crypto(each)} & there)
        if not sessions or not names:
            return []
        plan = _plan(strategy, names, filename, parameters or {})
        found = await self._live(plan, names, sessions)
        # The collector was off, and the last day of all symbols is in circles.
        gc.collect()
        return found

    async def _live(
        self, plan: Plan, symbols: Sequence[str], sessions: Sequence[Session]
    ) -> list[SimulatedRun]:
        days = _Days(self._lake, plan, symbols)
        found: list[SimulatedRun] = []
        with seldom_collected():
            for session in sessions:
                found += await days.live(session)
                collect_if_due()
        return found


def _plan(
    strategy: str, symbols: Sequence[str], filename: str, parameters: Mapping[str, Any]
) -> Plan:
    """Return a plan of one strategy, with the terms of a plan that says nothing of them."""
    filename, class_name = named_class(strategy, "strategy", source_of, filename=filename)
    part = StrategyPlan(
        name=strategy, class_name=class_name, filename=filename, parameters=dict(parameters)
    )
    session = SessionPlan(consumers=1, symbols=tuple(symbols), max_symbols=_MOST_SYMBOLS)
    return Plan(session=session, strategies=(part,), rules=Rules(day_trading=False))


class _Days:
    """A plan over one day after the other, each in a new account at a new venue."""

    def __init__(self, lake: Lake, plan: Plan, symbols: Sequence[str]) -> None:
        self._plan = plan
        self._symbols = symbols
        self._config = backtest_config(plan, _BATCH)
        self._history = History(lake, us_equities(), symbols=len(symbols), lookback=4 * DAY)
        self._now = 0
        self._data = LakeData(lake, lambda: self._now)
        wanted = set(symbols)
        self._instruments = {
            each.symbol: each for each in self._data.all_instruments() if each.symbol in wanted
        }
        self._finely = bool(lake.symbols(Kind.TRADES))
        self._setting = _setting(self._config)

    async def live(self, session: Session) -> list[SimulatedRun]:
        """Return what came of one day, by symbol."""
        at = session.pre_open - 1
        symbols = [symbol for symbol in self._symbols if self._has_minutes(symbol, session)]
        simulation = self._simulation(session)
        scans = PastScans((), list, self._data, lambda now: None)
        channels = frozenset(self._plan.session.events)
        market = MinuteMarket(self._history, simulation.pit, channels, scans)
        end = market.begin_day(session, symbols)
        day = Day(
            open=session.open,
            close=session.close,
            start=at,
            end=max(session.close + _SETTLING, end),
            over=session.post_close,
        )
        picks = [Picked(symbol, "miner", at, self._instruments[symbol]) for symbol in symbols]
        await simulation.live(day, market, picks)
        for name, why in simulation.failures:
            raise StrategyError(name, f"the simulated day {session.date}", why)
        return self._tallied(session.date, symbols, simulation)

    def _has_minutes(self, symbol: str, session: Session) -> bool:
        hours = session.pre_open, session.post_close
        return len(self._history.rows(Kind.MINUTE, symbol, *hours)) > 0

    def _simulation(self, session: Session) -> Simulation:
        venue = make_venue(
            self._plan,
            instruments=self._instruments,
            sessions=_around(session),
            cash=_PLENTY,
            finely=self._finely,
        )
        return Simulation(venue, self._setting, now=session.pre_open - 1)

    def _tallied(
        self, day: date, symbols: Sequence[str], simulation: Simulation
    ) -> list[SimulatedRun]:
        fills: defaultdict[str, list[Execution]] = defaultdict(list)
        for execution in simulation.venue.executions:
            fills[execution.symbol].append(execution)
        account, fees = simulation.venue.account, rules_of(self._plan).fees
        found = []
        for symbol in symbols:
            position = account.positions.get(symbol)
            mark = account.market_value(position) / position.qty if position else Decimal(0)
            found.append(tally(symbol, day, fills.get(symbol, ()), mark=mark, fees=fees))
        return found


def _setting(config: SessionConfig) -> Setting:
    session = config.plan.session
    settings = engine_settings(config, config.slots[0])
    return Setting(
        settings=(msgspec.structs.replace(settings, bar_seconds=60),),
        strategies=lambda each: make_strategies(config, each.slot),
        portfolios=config.portfolios,
        channels=frozenset(session.events) | {Channel.MINUTE},
        latency=session.latency_ns,
        max_symbols=session.max_symbols,
    )


def _around(session: Session) -> list[VenueSession]:
    """Return a day and some after it: orders may outlive it."""
    days = [session]
    for _ in range(_AROUND):
        days.append(us_equities().next_session(days[-1].date))
    return [VenueSession(d.date, d.pre_open, d.open, d.close, d.post_close) for d in days]
