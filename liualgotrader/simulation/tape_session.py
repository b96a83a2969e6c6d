"""One session over a tape of the exchange in a box, without the exchange: the same day, by calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liualgotrader.common.events import Bar, MarketEvent, Picked
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Plan
from liualgotrader.exchange.days import session_of, sessions_around
from liualgotrader.exchange.tape import Tape, moment
from liualgotrader.simulation.lows import Lows
from liualgotrader.simulation.simulation import Day, NoMarket, Setting, Simulation
from liualgotrader.simulation.venue_of_plan import make_venue
from liualgotrader.venue.market import exact


class TapeMarket(NoMarket):
    """What a tape tells: its daily bars, and the minutes of today that are over."""

    def __init__(self, tape: Tape) -> None:
        self._daily = tape.daily_bars
        self._minutes: dict[str, list[Bar]] = {}
        self._lows = Lows(tape.events)

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return the days before the tape's, and all of today's minutes complete by now."""
        daily = self._daily.get(symbol, [])[-days:] if days else []
        today = self._minutes.get(symbol, []) if minutes else []
        return (*daily, *(bar for bar in today if bar.ts_event <= now))

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two days before the tape's."""
        return self._daily.get(symbol, [])[-2:]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest price of a stretch of the tape."""
        return self._lows.between(symbol, since, upto)

    def heard(self, events: Sequence[MarketEvent]) -> None:
        """Remember minutes."""
        for event in events:
            if type(event) is Bar:
                self._minutes.setdefault(event.symbol, []).append(event)


def tape_simulation(tape: Tape, plan: Plan, setting: Setting) -> Simulation:
    """Return a simulation at the moment before a tape begins."""
    crypto = all(i.asset_class is AssetClass.CRYPTO for i in tape.instruments.values())
    sessions = (
        [session_of(tape.date, around_the_clock=True)] if crypto else sessions_around(tape.date)
    )
    events = list(tape.events())
    only_bars = all(type(event) is Bar for event in events)
    venue = make_venue(
        plan,
        instruments=tape.instruments,
        sessions=sessions,
        finely=not (only_bars or crypto),
    )
    for symbol, bars in tape.daily_bars.items():
        if bars:
            venue.account.market.marks[symbol] = exact(bars[-1].close)
    simulation = Simulation(venue, setting, now=tape.start - 1)
    simulation.pit.load(events, [moment(event) for event in events], only_bars=only_bars)
    return simulation


async def live_tape(simulation: Simulation, tape: Tape, picks: Iterable[Picked]) -> None:
    """Play a tape to its end, these picks being known."""
    crypto = all(i.asset_class is AssetClass.CRYPTO for i in tape.instruments.values())
    today = session_of(tape.date, around_the_clock=crypto)
    day = Day(
        open=today.open,
        close=today.close,
        start=tape.start - 1,
        end=tape.end,
        over=today.post_close,
    )
    await simulation.live(day, TapeMarket(tape), picks)
