"""Stored forecasts as strategies read them, and the symbols that were passed over because of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from liualgotrader.models.postgres import translated
from liualgotrader.models.store import Store

Values = dict[str, dict[str, float]]
"""By forecast and symbol."""

_PASSED = """
INSERT INTO passed_over (batch_id, strategy, symbol, round, figure, value, reason, ts_ns)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING"""


class Passed(Protocol):
    """A symbol that a strategy did not want."""

    @property
    def strategy(self) -> str:
        """Whose is_viable said no."""

    @property
    def symbol(self) -> str:
        """To what."""

    @property
    def round(self) -> int:
        """1 or 2."""

    @property
    def figure(self) -> str:
        """The forecast or measure."""

    @property
    def value(self) -> float | None:
        """What it was; None for one that was not there."""

    @property
    def reason(self) -> str:
        """In words."""

    @property
    def time(self) -> int:
        """When, ns UTC of engine time."""


class ForecastStore(Store):
    """Reads forecasts and writes what came of them."""

    async def forecasts(
        self,
        names: Sequence[str] | None,
        first: date,
        last: date,
        symbols: Sequence[str] | None = None,
    ) -> dict[date, Values]:
        """Return the forecasts for the days from `first` to `last`; None stands for all names or symbols."""
        if names is not None and not names:
            return {}
        rows = await self._fetch(
            "load forecasts",
            """SELECT day, forecast, symbol, value FROM forecasts
            WHERE ($1::text[] IS NULL OR forecast = ANY($1)) AND day BETWEEN $2 AND $3
                AND ($4::text[] IS NULL OR symbol = ANY($4))
            ORDER BY day, forecast, symbol""",
            None if names is None else list(names),
            first,
            last,
            None if symbols is None else list(symbols),
        )
        found: dict[date, Values] = {}
        for day, name, symbol, value in rows:
            found.setdefault(day, {}).setdefault(name, {})[symbol] = value
        return found

    async def pass_over(self, batch_id: str, passed: Iterable[Passed]) -> None:
        """Write what was passed over; done twice, it is there once."""
        rows = [
            (batch_id, p.strategy, p.symbol, p.round, p.figure, p.value, p.reason, p.time)
            for p in passed
        ]
        with translated("write what was passed over"):
            await self.pool.executemany(_PASSED, rows)

    async def passed_over(self, batch_id: str) -> list[tuple[str, str, str]]:
        """Return what a batch passed over as (strategy, symbol, reason), in order."""
        rows = await self._fetch(
            "load what was passed over",
            """SELECT strategy, symbol, reason FROM passed_over WHERE batch_id = $1
            ORDER BY ts_ns, strategy, symbol, round""",
            batch_id,
        )
        return [tuple(row) for row in rows]
