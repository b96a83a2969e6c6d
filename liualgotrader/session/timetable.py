"""When scanners are due."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.scanners.base import Scanner


class Timetable:
    """When each scanner is due: after the open, then on its period."""

    def __init__(self, scanners: Sequence[Scanner], session_open: int, since: int) -> None:
        self._scanners = scanners
        self._due: list[tuple[int, int]] = []
        for index, scanner in enumerate(scanners):
            first = session_open + int(getattr(scanner, "from_market_open", 0) * MINUTE)
            due = self._next(scanner, first, since)
            if due is not None:
                self._due.append((due, index))
        heapify(self._due)

    @staticmethod
    def _next(scanner: Scanner, first: int, since: int) -> int | None:
        """Return the first moment at or after `since`; a scanner that runs once runs late rather than never."""
        if first >= since:
            return first
        if scanner.every is None:
            return since
        period = int(scanner.every.total_seconds() * SECOND)
        return first + -(-(since - first) // period) * period

    @property
    def next_due(self) -> int | None:
        """When somebody is due next."""
        return self._due[0][0] if self._due else None

    def take_due(self, now: int) -> list[tuple[int, int]]:
        """Return (moment, scanner) of all that are due, and set their next moments."""
        taken = []
        while self._due and self._due[0][0] <= now:
            due, index = heappop(self._due)
            taken.append((due, index))
            every = self._scanners[index].every
            if every is not None:
                heappush(self._due, (due + int(every.total_seconds() * SECOND), index))
        return taken
