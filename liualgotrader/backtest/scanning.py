"""Scanners at their times in the past: they see what was known then, and nothing later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from liualgotrader.common.calendar import Session
from liualgotrader.common.clock import NEVER
from liualgotrader.common.errors import FeedError
from liualgotrader.common.events import Picked
from liualgotrader.common.plan import ScannerPlan
from liualgotrader.common.ports import DataAPI
from liualgotrader.common.recommendations import NONE_KNOWN, Recommendations
from liualgotrader.scanners.base import Scanner
from liualgotrader.session.scan import Scan
from liualgotrader.session.timetable import Timetable

log = logging.getLogger(__name__)


class PastScans:
    """The plan's scanners over one day after the other.

    `move` tells the data how late it is, so that it answers as of then. What a scanner that raises
    said is in `failures`; the run goes on without its picks, as a session does.
    """

    def __init__(
        self,
        plans: Sequence[ScannerPlan],
        make: Callable[[], list[Scanner]],
        data: DataAPI,
        move: Callable[[int], None],
        recommendations: Recommendations = NONE_KNOWN,
    ) -> None:
        self._plans = plans
        self._make = make
        self._data = data
        self._move = move
        self._found = recommendations
        self._scanners: list[Scanner] = []
        self._table: Timetable | None = None
        self._hours = (0, 0)
        self._picked: set[tuple[str, str | None]] = set()
        self.scans = 0
        self.failures: list[str] = []

    def begin_day(self, session: Session) -> None:
        """Begin a day with new scanners, as a session does."""
        self._scanners = self._make()
        self._hours = (session.open, session.close)
        self._table = Timetable(self._scanners, session.open, session.open)
        self._picked.clear()

    def next_scan(self) -> int:
        """Return when somebody is due next, ns UTC; NEVER once the session is over."""
        due = self._table.next_due if self._table is not None else None
        return NEVER if due is None or due >= self._hours[1] else due

    async def scan(self, upto: int) -> list[Picked]:
        """Run what is due by `upto`; return what is new of it."""
        picks: list[Picked] = []
        if self._table is None or self.next_scan() > upto:
            return picks
        for due, index in self._table.take_due(upto):
            picks += await self._scan(index, due)
        return picks

    async def _scan(self, index: int, now: int) -> list[Picked]:
        plan = self._plans[index]
        self.scans += 1
        self._move(now)
        try:
            scan = Scan(self._data, self._found, *self._hours, now)
            found = await self._scanners[index].scan(scan)
        except FeedError as exc:
            self._fail(f"scanner {plan.name}: {exc}")
            return []
        except Exception as exc:  # a user's code may raise anything; the run ends with 1 for it
            log.error("scanner %s raised", plan.name, exc_info=exc)
            self._fail(f"scanner {plan.name} raised {type(exc).__name__}: {exc}")
            return []
        return await self._picks(plan, dict.fromkeys(found), now)

    async def _picks(self, plan: ScannerPlan, symbols: dict[str, None], now: int) -> list[Picked]:
        assets = {instrument.symbol: instrument for instrument in await self._data.assets()}
        picks = []
        for symbol in symbols:
            key = (symbol, plan.target_strategy_name)
            if symbol not in assets:
                self._fail(f"scanner {plan.name} picked {symbol}, which is no asset")
            elif key not in self._picked:
                self._picked.add(key)
                # One nanosecond later: a pick comes after everything of the instant it was made at.
                target = plan.target_strategy_name
                picks.append(Picked(symbol, plan.name, now + 1, assets[symbol], target))
        return picks

    def _fail(self, message: str) -> None:
        if message not in self.failures:
            self.failures.append(message)
