"""A simulation whose market is a recording: the bars in it are what the feed said, and nobody makes others."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from liualgotrader.common.events import Bar, Started
from liualgotrader.engine.runner import JournalPort
from liualgotrader.session.past import declared
from liualgotrader.simulation.lows import Lows
from liualgotrader.simulation.seat import Seat
from liualgotrader.simulation.simulation import Day, NoMarket, Setting, Simulation
from liualgotrader.venue.venue import Venue
from liualgotrader.what_if.decisions import DecisionLog
from liualgotrader.what_if.market import Market, finest
from liualgotrader.what_if.recorded_pit import RecordedPit

DAY_SECONDS = 86_400


class RecordedSimulation(Simulation):
    """Days as `Simulation` has them, begun as recorded consumers began; decisions go to `log`."""

    def __init__(
        self, venue: Venue, setting: Setting, market: Market, *, now: int, log: DecisionLog
    ) -> None:
        super().__init__(venue, setting, now=now)
        self.pit = RecordedPit(venue, self.post, now=now, finest=finest(market.events))
        self.pit.load(market.events, market.stamps, only_bars=False)
        self.keystore = {slot: started.keystore for slot, started in market.starts.items()}
        self._starts = market.starts
        self._log = log

    def _journal(self, slot: str) -> JournalPort:
        return self._log

    async def _started(self, seat: Seat, day: Day) -> Started:
        started = await super()._started(seat, day)
        recorded = self._starts.get(seat.slot)
        if recorded is None:
            return started
        return replace(
            started,
            time=recorded.time,
            instruments=recorded.instruments,
            routes=recorded.routes,
            forecasts=started.forecasts | recorded.forecasts,
        )


class RecordedMarket(NoMarket):
    """Knows the bars from before that were recorded. `short`: symbols with fewer than were declared."""

    def __init__(self, market: Market) -> None:
        self._history = market.history
        self._open = market.opening.session_open
        self._lows = Lows(lambda: market.events)
        self.short: dict[str, None] = {}

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two day bars that were recorded; none where no strategy declared any."""
        return [bar for bar in self._history.get(symbol, ()) if bar.seconds == DAY_SECONDS][-2:]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest price of a stretch of what was recorded."""
        return self._lows.between(symbol, since, upto)

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return the declared bars that were complete by `now`, days first."""
        known = [bar for bar in self._history.get(symbol, ()) if bar.ts_event <= now]
        daily = [bar for bar in known if bar.seconds != 60][-days:] if days else []
        fine = [bar for bar in known if bar.seconds == 60] if minutes else []
        fine = declared(fine, minutes, self._open)
        if len(daily) < days or len(fine) < minutes:
            self.short[symbol] = None
        return (*daily, *fine)
