"""A backtest in memory that writes down its decisions and ends at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from liualgotrader.backtest.backtest import Backtest, Forecasts
from liualgotrader.backtest.day_market import DAY
from liualgotrader.backtest.request import Request, Scale
from liualgotrader.bootstrap import SessionConfig, make_strategies
from liualgotrader.common.calendar import Session
from liualgotrader.common.events import MarketEvent
from liualgotrader.common.recommendations import NONE_KNOWN, Recommendations
from liualgotrader.data.lake import Action, Kind, Lake, Rows
from liualgotrader.data.lake.days import FOREVER, day_start
from liualgotrader.data.lake.past_instruments import PastInstruments
from liualgotrader.data.lake.rows import no_rows
from liualgotrader.engine.runner import JournalPort
from liualgotrader.honesty.decisions import Decision, Notes
from liualgotrader.simulation.simulation import Setting, Simulation
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.venue.venue import Venue


class NamedLake(Lake):
    """A lake that knows the names in a plan before their time, as whoever wrote the plan did.

    `renames`: how names of the plan will come to be; symbols without a row yet have none.
    """

    def __init__(self, root: Path, named: Iterable[str], renames: Sequence[Action]) -> None:
        super().__init__(root)
        self._renames = renames
        self._unlisted: set[str] = set()
        self._unlisted = set(named) - set(PastInstruments(self).symbols)

    def symbols(self, kind: Kind) -> list[str]:
        """Return the symbols that there are rows of, and by the day those that are yet to come."""
        return sorted({*super().symbols(kind), *(self._unlisted if kind is Kind.DAY else ())})

    def all_actions(self) -> list[Action]:
        """Return all actions, and the renames to come."""
        return sorted({*super().all_actions(), *self._renames})

    def renames_into(self, symbol: str) -> list[tuple[int, str]]:
        """Return the renames that a symbol came from, and is to come from."""
        more = [
            (day_start(each.symbol, each.ex_date), each.symbol)
            for each in self._renames
            if each.new_symbol == symbol
        ]
        return [*super().renames_into(symbol), *more]

    def read(self, kind: Kind, symbol: str, start: int, end: int, *, as_of: int = FOREVER) -> Rows:
        """Return the rows in [start, end), ns UTC; of what is yet to come none."""
        if symbol in self._unlisted:
            return no_rows(kind, symbol)
        return super().read(kind, symbol, start, end, as_of=as_of)


class WatchedSimulation(Simulation):
    """Notes every decision; nothing happens after `last`, ns UTC."""

    def __init__(self, venue: Venue, setting: Setting, *, now: int, last: int) -> None:
        super().__init__(venue, setting, now=now)
        self._last = last
        self.noted: list[Decision] = []
        self._orders: dict[str, Decision] = {}

    def _journal(self, slot: str) -> JournalPort:
        return Notes(slot, self.noted, self._orders)

    async def run_until(self, moment: int) -> None:
        """Play what is in the pit up to a moment, or to the last."""
        await super().run_until(min(moment, self._last))

    async def show(self, events: list[MarketEvent], moment: int) -> None:
        """Give the engines events of a moment that is not after the last."""
        if moment <= self._last:
            await super().show(events, moment)


class _Forgetful:
    """A sink of a run of which nothing but the decisions is kept."""

    def keep(self, finished: Finished) -> None:
        """Let go of rows that nobody asks for."""


class WatchedBacktest(Backtest):
    """A backtest over what was known before `cut`, ns UTC."""

    simulation: WatchedSimulation

    def __init__(
        self,
        request: Request,
        config: SessionConfig,
        lake: Lake,
        *,
        cut: int,
        forecasts: Mapping[date, Forecasts] = {},
        recommendations: Recommendations = NONE_KNOWN,
    ) -> None:
        super().__init__(
            request,
            config,
            lake,
            _Forgetful(),
            forecasts=forecasts,
            recommendations=recommendations,
        )
        self._cut = cut
        self.simulation = WatchedSimulation(
            self.simulation.venue,
            self._setting(lambda settings: make_strategies(config, settings.slot)),
            now=self.sessions[0].pre_open - 1,
            last=cut - 1,
        )

    @property
    def failures(self) -> list[str]:
        """Which strategies and scanners raised, and what."""
        return [f"{name} {why}" for name, why in self.simulation.failures] + self._scans.failures

    async def decide(self) -> list[Decision]:
        """Live up to the cut; return what was decided before it, by time."""
        await self.run(self._goes_on)
        noted = [each for each in self.simulation.noted if each.ts < self._cut]
        return sorted(noted, key=lambda each: (each.ts, each.slot))

    def _goes_on(self, session: Session) -> bool:
        """Whether something of the next day, or seen on it, comes before the cut."""
        if self._request.scale is Scale.DAY:
            return self._midnight(session) + DAY < self._cut
        later = [each for each in self.sessions if each.date > session.date]
        return bool(later) and later[0].pre_open < self._cut
