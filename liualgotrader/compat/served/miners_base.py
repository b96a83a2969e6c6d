"""`liualgotrader.miners.base`: what an old miner derives from."""

from __future__ import annotations


class Miner:
    """0.4's base."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    async def run(self) -> bool:
        """Do the work; say whether it was done."""
        raise NotImplementedError(f"{type(self).__name__} must define run()")
