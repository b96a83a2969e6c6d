"""Scanners over past days without strategies, and what each scan found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from liualgotrader.backtest.request import Scale
from liualgotrader.backtest.scanning import PastScans
from liualgotrader.bootstrap import SessionConfig, make_scanners
from liualgotrader.common.calendar import Session
from liualgotrader.common.clock import NEVER
from liualgotrader.common.recommendations import NONE_KNOWN, Recommendations
from liualgotrader.data.lake import Lake, LakeData
from liualgotrader.scanners.base import ScanContext, Scanner


class Scanned(msgspec.Struct, frozen=True):
    """One scan: its moment (ns UTC), the scanner's name in the plan, its picks, best first.

    `raised`: what it raised instead, empty for nothing.
    """

    ts: int
    scanner: str
    picks: tuple[str, ...]
    raised: str = ""


class _Noting(Scanner):
    """A scanner with somebody looking over its shoulder."""

    def __init__(self, scanner: Scanner, note: Callable[[Scanned], None]) -> None:
        self._scanner = scanner
        self._note = note
        self.name = scanner.name
        self.every = scanner.every
        self.from_market_open = getattr(scanner, "from_market_open", 0)

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Scan, and note what came of it."""
        try:
            found = await self._scanner.scan(ctx)
            picks = tuple(dict.fromkeys(found))
        except Exception as exc:  # noted for the comparison, and raised again
            raised = f"{type(exc).__name__}: {exc}"
            self._note(Scanned(ctx.now, self.name, (), raised))
            raise
        self._note(Scanned(ctx.now, self.name, picks))
        return picks


class _Moment:
    """How late it is for the data."""

    def __init__(self) -> None:
        self.now = 0

    def move(self, now: int) -> None:
        self.now = now


async def scan_days(
    config: SessionConfig,
    lake: Lake,
    sessions: Iterable[Session],
    scale: Scale,
    *,
    cut: int,
    recommendations: Recommendations = NONE_KNOWN,
) -> list[Scanned]:
    """Run the plan's scanners over days, each with new scanners, up to before `cut`, ns UTC."""
    found: list[Scanned] = []
    moment = _Moment()
    data = LakeData(lake, lambda: moment.now, scale.seconds)
    scans = PastScans(
        config.plan.scanners,
        lambda: [_Noting(scanner, found.append) for scanner in make_scanners(config)],
        data,
        moment.move,
        recommendations,
    )
    for session in sessions:
        scans.begin_day(session)
        while (due := scans.next_scan()) < min(cut, NEVER):
            await scans.scan(due)
    return found
