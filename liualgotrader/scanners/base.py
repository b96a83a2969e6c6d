"""What a scanner is: it looks at the market now and then, and proposes symbols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.common.recommendations import Recommendation


class ScanContext(Protocol):
    """What a scanner may ask. All answers are as of `now`, also when history is scanned."""

    @property
    def now(self) -> int:
        """The moment of the scan, ns UTC."""

    @property
    def session_open(self) -> int:
        """When today's session opens, ns UTC."""

    @property
    def session_close(self) -> int:
        """When today's session closes, ns UTC."""

    @property
    def data(self) -> DataAPI:
        """Market data on request; nothing after `now` is in it."""

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded today."""

    async def snapshots(self, symbols: Sequence[str] | None = None) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; of all assets when `symbols` is None."""

    async def recommendations(self, strategy: str) -> Sequence[Recommendation]:
        """Return the symbols whose newest finding of `liu recommend` names a strategy, the surest first.

        By data that ends before today.
        """


class Scanner:
    """Subclass this. Annotated class attributes are parameters; the plan may set them.

    ```python
    class BigMovers(Scanner):
        percent: float = 3.0

        async def scan(self, ctx: ScanContext) -> list[str]:
            rows = (await ctx.snapshots()).values()
            return [r.symbol for r in rows if r.day and r.day.close > r.day.open * (1 + self.percent / 100)]
    ```
    """

    every: timedelta | None = None
    """How often to scan; None scans once. The plan's `recurrence` (minutes) sets it."""

    name: str
    """The name in the plan; set by the framework."""

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the symbols to trade, best first. Called at most once at a time."""
        raise NotImplementedError(f"{type(self).__name__} must define scan()")
