"""An old scanner at work: it may wait and block, so it has a thread, and a loop, of its own for each scan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pandas as pd

from liualgotrader.compat.calls import takes
from liualgotrader.compat.fetched import FetchedBars
from liualgotrader.compat.frames import timestamp
from liualgotrader.compat.served.scanners_base import Scanner as OldBase
from liualgotrader.compat.world import World
from liualgotrader.scanners.base import ScanContext, Scanner


class OldScanner(Scanner):
    """Runs one instance of an old class, and looks up what it picked among the assets."""

    def __init__(self, old: OldBase, world: World, *, is_told: bool) -> None:
        """`is_told`: whether `run` is given its moment; 0.4 gave none where the moment is now."""
        self.old = old
        self._world = world
        self._is_told = is_told

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return what `run` returns."""
        bars = FetchedBars(ctx, asyncio.get_running_loop(), by_day=self._world.facts.by_day)
        self._world.source = self._world.assets = bars
        try:
            found = await asyncio.to_thread(self._run, timestamp(ctx.now))
        finally:
            self._world.source = self._world.assets = None
        known = {instrument.symbol for instrument in await ctx.assets()}
        return [symbol if symbol in known else symbol.upper() for symbol in found or ()]

    def _run(self, now: pd.Timestamp) -> list[str]:
        given = {"back_time": now} if self._is_told and takes(self.old.run, "back_time") else {}
        with self._world.active():
            found: list[str] = asyncio.run(self.old.run(**given))
        return found
