"""A forecast's rows: its samples, what it told, and how well it did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from liualgotrader.forecasts.base import Basis, Check, Sample, Told
from liualgotrader.miners.base import Tables

_SAMPLE = ("forecast", "symbol", "day", "code_version", "is_final", "features", "target")
_TOLD = (
    *("forecast", "day", "symbol", "value", "naive"),
    *("trained_through", "code_version", "data_version"),
)
_CHECK = (
    *("forecast", "day", "samples", "error", "naive_error", "skill", "beats_naive"),
    *("calibration", "code_version", "data_version"),
)


class ForecastRows:
    """The rows of one forecast in one version of its code; those of other versions are not seen, and written over."""

    def __init__(self, tables: Tables, name: str, code_version: str) -> None:
        self._tables = tables
        self._name = name
        self.code_version = code_version

    async def samples(self, days: Sequence[date]) -> list[Sample]:
        """Return what is stored of these days."""
        rows = await self._tables.get("forecast_samples", _SAMPLE[1:], where=self._where(days))
        return [
            Sample(symbol, day, is_final, tuple(features), target)
            for symbol, day, _, is_final, features, target in rows
        ]

    async def told(self, days: Sequence[date]) -> list[Told]:
        """Return what was told of these days."""
        columns = ("symbol", "day", "value", "naive")
        rows = await self._tables.get("forecasts", columns, where=self._where(days))
        return [Told(*row) for row in rows]

    async def put_samples(self, samples: Iterable[Sample]) -> int:
        """Store samples; return how many are new or changed."""
        rows = (
            (
                *(self._name, each.symbol, each.day, self.code_version, each.is_final),
                *(list(each.features), each.target),
            )
            for each in samples
        )
        return await self._tables.put("forecast_samples", _SAMPLE, rows, key=_SAMPLE[:3])

    async def put_told(self, told: Iterable[tuple[Told, Basis]]) -> int:
        """Store what is told; return how much of it is new or changed."""
        rows = (
            (
                *(self._name, each.day, each.symbol, each.value, each.naive),
                *(basis.trained_through, self.code_version, basis.data_version),
            )
            for each, basis in told
        )
        return await self._tables.put("forecasts", _TOLD, rows, key=_TOLD[:3])

    async def put_check(self, day: date, check: Check, data_version: str) -> int:
        """Store how well it did up to a day; return 1 when that is news."""
        row = (
            *(self._name, day, check.samples, check.error, check.naive_error, check.skill),
            *(check.beats_naive, msgspec.to_builtins(check.calibration)),
            *(self.code_version, data_version),
        )
        return await self._tables.put("forecast_checks", _CHECK, [row], key=_CHECK[:2])

    def _where(self, days: Sequence[date]) -> dict[str, object]:
        return {"forecast": self._name, "code_version": self.code_version, "day": list(days)}
