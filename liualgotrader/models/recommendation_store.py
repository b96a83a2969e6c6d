"""Which strategy fits which symbol: written by `liu recommend`, read by scanners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from liualgotrader.common.recommendations import Recommendation
from liualgotrader.models.store import Store

_SAVE = """
INSERT INTO recommendations (symbol, scale, through, strategy, verdict, why, metric, score, confidence,
    folds, code_version, data_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (symbol, scale, through) DO UPDATE SET strategy = excluded.strategy,
    verdict = excluded.verdict, why = excluded.why, metric = excluded.metric, score = excluded.score,
    confidence = excluded.confidence, folds = excluded.folds, code_version = excluded.code_version,
    data_version = excluded.data_version, made_at = now()"""

_NEWEST = """
SELECT DISTINCT ON (symbol, scale) symbol, scale, through, strategy, confidence
FROM recommendations WHERE through < $1 ORDER BY symbol, scale, through DESC"""

_ALL = """
SELECT symbol, scale, through, strategy, confidence FROM recommendations WHERE through < $1
ORDER BY symbol, scale, through"""


class RecommendationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `recommendations`. `folds` are plain values, as JSON has them."""

    symbol: str
    scale: str
    through: date
    strategy: str | None
    verdict: str
    why: str
    metric: str
    score: float | None
    confidence: float | None
    folds: list[Any]
    code_version: str
    data_version: str


class RecommendationStore(Store):
    """Reads and writes recommendations. Implements `common.recommendations.Recommendations`."""

    async def save(self, row: RecommendationRow) -> None:
        """Write a row in the place of an earlier one of the same symbol, scale and last day."""
        values = msgspec.structs.astuple(row)
        await self._execute(f"save the recommendation for {row.symbol}", _SAVE, *values)

    async def newest(self, before: date) -> Sequence[Recommendation]:
        """Return the newest finding of each symbol and scale whose data ends before a day, by symbol and scale."""
        rows = await self._fetch("load recommendations", _NEWEST, before)
        return [Recommendation(**row) for row in rows]

    async def known(self, before: date) -> list[Recommendation]:
        """Return all findings whose data ends before a day, oldest first per symbol and scale."""
        rows = await self._fetch("load recommendations", _ALL, before)
        return [Recommendation(**row) for row in rows]
