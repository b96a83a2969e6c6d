"""What is expected of symbols, and how good that was: forecasts and forecast_checks, read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from liualgotrader.models.store import Store

_NEWEST = "SELECT max(day) FROM forecasts WHERE $1::text[] IS NULL OR forecast = ANY($1)"

_VALUES = """
SELECT forecast, day, symbol, value, naive, trained_through, code_version, data_version, made_at
FROM forecasts
WHERE day = $1 AND ($2::text[] IS NULL OR forecast = ANY($2)) AND ($3::text[] IS NULL OR symbol = ANY($3))
ORDER BY symbol, forecast"""

# The newest of each forecast that was known before the day.
_CHECKS = """
SELECT DISTINCT ON (forecast) forecast, day, samples, error, naive_error, skill, beats_naive, calibration,
    code_version, data_version, made_at
FROM forecast_checks
WHERE day < $1 AND ($2::text[] IS NULL OR forecast = ANY($2))
ORDER BY forecast, day DESC"""


class ForecastRow(msgspec.Struct, frozen=True):
    """What is expected of a symbol on a day, and by the naive baseline; learnt from days up to `trained_through`."""

    forecast: str
    day: date
    symbol: str
    value: float
    naive: float | None
    trained_through: date
    code_version: str
    data_version: str
    made_at: datetime


class CheckRow(msgspec.Struct, frozen=True):
    """How well a forecast did up to a day; `calibration` has expected, came and count, least expected first."""

    forecast: str
    day: date
    samples: int
    error: float | None
    naive_error: float | None
    skill: float | None
    beats_naive: bool
    calibration: list[dict[str, Any]]
    code_version: str
    data_version: str
    made_at: datetime


class ForecastTables(Store):
    """Reads forecasts. `names` and `symbols`: None for all. Raises StoreError."""

    async def newest_day(self, names: Sequence[str] | None = None) -> date | None:
        """Return the last day that anything is told of; None before the first night."""
        day: date | None = await self._fetchval("find the newest forecasts", _NEWEST, names)
        return day

    async def values(
        self,
        day: date,
        *,
        names: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
    ) -> list[ForecastRow]:
        """Return what is told of a day, by symbol."""
        rows = await self._fetch("read forecasts", _VALUES, day, names, symbols)
        return [ForecastRow(*row) for row in rows]

    async def checks(self, day: date, *, names: Sequence[str] | None = None) -> list[CheckRow]:
        """Return how good each forecast was, as it was known before a day."""
        rows = await self._fetch("read checks of forecasts", _CHECKS, day, names)
        return [CheckRow(*row) for row in rows]
