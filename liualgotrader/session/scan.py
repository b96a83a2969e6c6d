"""What a scanner sees at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.common.recommendations import Recommendation, Recommendations, day_of


class Scan:
    """What a scanner sees at one moment."""

    def __init__(
        self,
        data: DataAPI,
        found: Recommendations,
        session_open: int,
        session_close: int,
        now: int,
    ) -> None:
        self.data = data
        self._found = found
        self.now = now
        self.session_open = session_open
        self.session_close = session_close

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded today."""
        return await self.data.assets()

    async def snapshots(self, symbols: Sequence[str] | None = None) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; of all assets when `symbols` is None."""
        if symbols is None:
            symbols = [instrument.symbol for instrument in await self.assets()]
        return await self.data.snapshots(symbols)

    async def recommendations(self, strategy: str) -> Sequence[Recommendation]:
        """Return the symbols that a strategy is recommended for by what was known before today, the surest first."""
        newest = await self._found.newest(day_of(self.session_open))
        found = [each for each in newest if each.strategy == strategy]
        return sorted(found, key=lambda each: (-(each.confidence or 0.0), each.symbol, each.scale))
