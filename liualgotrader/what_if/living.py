"""One variant lived through a recorded session, in a process of its own: modules of strategies may hold state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import msgspec
from msgspec.structs import replace

from liualgotrader.backtest.curve import CurveRows
from liualgotrader.bootstrap import SessionConfig, engine_settings
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Channel, Plan
from liualgotrader.exchange.days import session_of, sessions_around
from liualgotrader.replaying.recording import Recording
from liualgotrader.replaying.reliving import prepare_process
from liualgotrader.simulation.simulation import Day, Setting
from liualgotrader.simulation.venue_of_plan import make_venue
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.venue.market import exact
from liualgotrader.venue.sessions import Session
from liualgotrader.venue.venue import Venue
from liualgotrader.what_if.candles import Candle, candles
from liualgotrader.what_if.decisions import Decision, DecisionLog
from liualgotrader.what_if.market import Market
from liualgotrader.what_if.recorded_simulation import RecordedMarket, RecordedSimulation
from liualgotrader.what_if.selection import Selection, day_of, end_of, selected_market
from liualgotrader.what_if.variants import Variant, config_of, fresh_strategies

_CHANNELS = frozenset({Channel.TRADES, Channel.QUOTES, Channel.MINUTE})
"""All that is in a recording was heard, so nothing of it is held back; bars of a second come as bars."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A variant to live through. `debug`: symbols whose decisions are told.

    `forecasts`: what is stored for the day; what was recorded goes before it.
    """

    recording: Recording
    variant: Variant
    selection: Selection
    home: str
    batch_id: str
    forecasts: dict[str, dict[str, float]] = {}
    debug: tuple[str, ...] = ()


class Ran(msgspec.Struct, kw_only=True):
    """What came of a variant. `marks` are the last prices of what is held, dollars; `seconds` wall time of the run,
    reading the journals not counted; `charges` fees of no single fill; `curve_ts` is when `curve` was marked, ns UTC.
    """

    date: date
    around_the_clock: bool
    cash: Decimal
    multiplier: Decimal
    slots: tuple[str, ...]
    portfolios: tuple[str, ...]
    symbols: tuple[str, ...]
    books: Finished
    curve_ts: list[int]
    curve: dict[str, list[float]]
    charges: Decimal
    marks: dict[str, Decimal]
    candles: dict[str, Candle]
    failures: list[tuple[str, str]]
    warnings: list[str]
    notices: list[str]
    short: list[str]
    told: list[Decision]
    decisions: int
    bars: int
    seconds: float

    @property
    def equity(self) -> Decimal:
        """What the account is worth at the end, dollars."""
        return Decimal(repr(round(self.curve["equity"][-1], 6)))

    @property
    def fees(self) -> Decimal:
        """All fees, dollars."""
        return sum((each.fee for each in self.books.executions), self.charges)


def live_both(unchanged: Task, changed: Task) -> tuple[Ran, Ran]:
    """Live through two variants at once. Raises ConfigError for what cannot be loaded or played."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(_apart, (unchanged, changed))
    return first, second


def _apart(task: Task) -> Ran:
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=prepare_process) as own:
        try:
            return own.submit(live, task).result()
        except BrokenExecutor as exc:
            raise ConfigError(
                f"the process that lived through batch {task.recording.batch.batch_id} was ended from within or "
                "without. Look whether a strategy ends its process (os._exit), or the machine ran out of memory"
            ) from exc


def live(task: Task) -> Ran:
    """Live through a variant in this process. Raises ConfigError."""
    return asyncio.run(_live(task))


async def _live(task: Task) -> Ran:
    market = await selected_market(task.recording, task.selection, home=Path(task.home))
    hours = _hours(day_of(task.recording, market), market)
    config = _config(task, _slots(task.recording, market))
    log, day = DecisionLog(task.debug), _day(market, hours)
    venue = _venue(task.variant.plan, market, hours)
    setting = _setting(config, market, task.forecasts)
    simulation = RecordedSimulation(venue, setting, market, now=day.start, log=log)
    simulation.ledger.view.portfolios.update(task.variant.portfolios)
    past, curve = RecordedMarket(market), CurveRows()
    curve.mark(min(day.open, day.start) - 1, venue.account, Decimal(0))
    began = time.perf_counter()
    await _play(simulation, market, past, day)
    seconds = time.perf_counter() - began
    books = simulation.ledger.take_all()
    fees = sum((each.fee for each in books.executions), Decimal(0))
    curve.mark(min(day.end, day.close), venue.account, fees)
    traded = sorted({each.symbol for each in books.executions})
    return Ran(
        date=hours.date,
        around_the_clock=_is_crypto(market),
        cash=market.opening.cash,
        multiplier=venue.account.multiplier,
        slots=config.slots,
        portfolios=config.portfolios,
        symbols=tuple(market.symbols),
        books=books,
        curve_ts=curve.ts,
        curve={name: column.tolist() for name, column in curve.columns().items()},
        charges=sum((charge.amount for charge in venue.account.charges), Decimal(0)),
        marks={symbol: venue.account.market.last(symbol) or Decimal(0) for symbol in traded},
        candles=candles(market.events, traded),
        failures=simulation.failures,
        warnings=simulation.warnings,
        notices=market.notices,
        short=list(past.short),
        told=log.decisions,
        decisions=simulation.decisions,
        bars=sum(type(event) is Bar for event in market.events),
        seconds=seconds,
    )


def _config(task: Task, slots: Sequence[str]) -> SessionConfig:
    config = config_of(task.variant, task.batch_id, slots, ())
    named = (strategy.name for strategy in fresh_strategies(config) if strategy.portfolio)
    return replace(config, portfolios=tuple(named))


def _slots(recording: Recording, market: Market) -> list[str]:
    found = {*market.starts, *(life.slot for life in recording.lives)}
    return sorted(found, key=lambda slot: (len(slot), slot))


def _is_crypto(market: Market) -> bool:
    return all(i.asset_class is AssetClass.CRYPTO for i in market.instruments.values())


def _hours(day: date, market: Market) -> Session:
    return session_of(day, around_the_clock=_is_crypto(market))


def _venue(plan: Plan, market: Market, hours: Session) -> Venue:
    """Return a venue by the plan's rules, which knows the closes from before the session."""
    venue = make_venue(
        plan,
        instruments=market.instruments,
        sessions=[hours] if _is_crypto(market) else sessions_around(hours.date),
        cash=market.opening.cash,
        finely=not _is_crypto(market),
    )
    for symbol, bars in market.history.items():
        for bar in bars:
            if bar.seconds > 60:
                venue.account.market.marks[symbol] = exact(bar.close)
    return venue


def _setting(
    config: SessionConfig, market: Market, forecasts: dict[str, dict[str, float]]
) -> Setting:
    plan = config.plan
    return Setting(
        settings=tuple(engine_settings(config, slot) for slot in config.slots),
        strategies=lambda settings: fresh_strategies(config, settings.slot),
        portfolios=config.portfolios,
        channels=_CHANNELS,
        limits=plan.limits,
        latency=plan.session.latency_ns,
        max_symbols=max(plan.session.max_symbols, len(market.instruments)),
        forecasts=lambda _: forecasts,
    )


def _day(market: Market, hours: Session) -> Day:
    opening = market.opening
    moments = (market.stamps[0], opening.time, *(pick.time for pick in market.picks))
    return Day(
        open=opening.session_open,
        close=opening.session_close,
        start=min(moments) - 1,
        end=end_of(market),
        over=hours.post_close,
    )


async def _play(
    simulation: RecordedSimulation, market: Market, past: RecordedMarket, day: Day
) -> None:
    await simulation.begin(day, past, market.picks)
    seats = {seat.slot: seat for seat in simulation.seats}
    for slot, word in market.words:
        seats[slot].give(word)
    await simulation.run_until(day.end)
    # What is left of the day is the broker's own: fees are taken after the last hour.
    simulation.pit.advance(max(day.end, day.over))
    simulation.end()
