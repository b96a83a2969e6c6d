"""An old miner at work: in a thread and a loop of its own, for it may wait and block."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from inspect import signature
from typing import Any

from liualgotrader.common.errors import LiuError
from liualgotrader.compat.fetched import FetchedBars
from liualgotrader.compat.loading import old_class, old_instance
from liualgotrader.compat.served.data_loader import DataLoader
from liualgotrader.compat.served.miners_base import Miner as OldBase
from liualgotrader.compat.world import Facts, World
from liualgotrader.miners.base import Miner, MinerContext


class OldMiner(Miner):
    """Runs one instance of an old class. What it writes, and where, is its own; no rows are counted."""

    def __init__(self, old: OldBase, world: World) -> None:
        self.old = old
        self._world = world

    async def run(self, ctx: MinerContext) -> int:
        """Return 0 once `run` has. Raises LiuError when it says that it failed."""
        bars = FetchedBars(ctx, asyncio.get_running_loop())
        self._world.source = self._world.assets = bars
        if not await asyncio.to_thread(self._run):
            raise LiuError(
                f"{type(self.old).__name__}.run() did not return True: it failed, by 0.4's word"
            )
        return 0

    def _run(self) -> bool:
        with self._world.active():
            return bool(asyncio.run(self.old.run()))


def old_miner(
    filename: str, class_name: str, name: str, parameters: Mapping[str, Any], text: str
) -> OldMiner:
    """Return a miner whose file's text is `text`. Its table is `data`, where its constructor takes that.

    Raises ConfigError.
    """
    world = World(Facts(name=name), filename=filename)
    cls = old_class(world, text, class_name, OldBase)
    with world.active():
        loader = DataLoader()
    given = dict(parameters)
    if "data" in signature(cls).parameters and "data" not in given:
        debug = {"debug": given["debug"]} if "debug" in given else {}
        given = {"data": given, **debug}
    miner = OldMiner(old_instance(world, cls, given, {"name": name, "data_loader": loader}), world)
    miner.name = name
    return miner
