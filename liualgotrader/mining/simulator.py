"""Strategies run over history, day by day, each symbol's day in an account of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from liualgotrader.data.lake import Lake
from liualgotrader.miners.base import SimulatedRun


class LakeSimulator:
    """Implements `miners.base.Simulator`."""

    def __init__(self, lake: Lake, day: date) -> None:
        self._lake = lake
        self._day = day

    async def runs(
        self,
        strategy: str,
        symbols: Sequence[str],
        first: date,
        last: date,
        *,
        filename: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> list[SimulatedRun]:
        """Return each day of each symbol that has minute bars on it, in an account of its own."""
        return []
