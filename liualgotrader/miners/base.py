"""What a miner is: batch work while the market is closed, for scanners and strategies to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI


class MinerContext(Protocol):
    """What a miner may ask."""

    @property
    def now(self) -> int:
        """The moment at which it was started, ns UTC."""

    @property
    def data(self) -> DataAPI:
        """Market data on request."""

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""

    def log(self, message: str) -> None:
        """Write a line to the log."""


class Miner:
    """Subclass this. Annotated class attributes are parameters; `miner.toml` may set them.

    ```python
    class Quiet(Miner):
        days: int = 30

        async def run(self, ctx: MinerContext) -> None:
            ctx.log(f"{len(await ctx.assets())} assets")
    ```
    """

    name: str
    """The name in `miner.toml`; set by the framework."""

    async def run(self, ctx: MinerContext) -> None:
        """Do the work."""
        raise NotImplementedError(f"{type(self).__name__} must define run()")
