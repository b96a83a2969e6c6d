"""What a finished session came to: gains per symbol, and round trips."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.store import Store

_SAVE_GAIN = """
INSERT INTO gain_loss (symbol, algo_run_id, gain_value, gain_percentage, trips)
VALUES ($1, $2, $3, $4, $5)"""

_SAVE_TRIP = """
INSERT INTO trade_analysis (symbol, algo_run_id, start_ns, end_ns, start_tstamp, end_tstamp,
    gain_value, gain_percentage, r_units)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


_CLEAR = (
    "DELETE FROM {} WHERE algo_run_id IN (SELECT algo_run_id FROM algo_run WHERE batch_id = $1)"
)


class AnalysisStore(Store):
    """Writes and reads gain_loss and trade_analysis."""

    async def save(
        self, batch_id: str, *, gains: Sequence[GainLoss], trips: Sequence[TradeAnalysis]
    ) -> None:
        """Write a batch's analysis in place of an earlier one; doing so again changes nothing."""
        with translated(f"save the analysis of batch {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _save_gains(connection, batch_id, gains)
                await _save_trips(connection, batch_id, trips)

    async def save_gains(self, batch_id: str, gains: Sequence[GainLoss]) -> None:
        """Write a batch's gains in place of the earlier ones."""
        with translated(f"save the gains of batch {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _save_gains(connection, batch_id, gains)

    async def save_trades(self, batch_id: str, trips: Sequence[TradeAnalysis]) -> None:
        """Write a batch's round trips in place of the earlier ones."""
        with translated(f"save the round trips of batch {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _save_trips(connection, batch_id, trips)

    async def gains(self, batch_id: str) -> list[GainLoss]:
        """Return a batch's gains by symbol and run."""
        rows = await self._fetch(
            "load gains",
            """SELECT g.symbol, g.algo_run_id, r.algo_name AS strategy, g.gain_value,
                g.gain_percentage, g.trips
            FROM gain_loss g JOIN algo_run r USING (algo_run_id)
            WHERE r.batch_id = $1 ORDER BY g.symbol, g.algo_run_id""",
            batch_id,
        )
        return [GainLoss(**row) for row in rows]

    async def trades(self, batch_id: str) -> list[TradeAnalysis]:
        """Return a batch's round trips in the order they began."""
        rows = await self._fetch(
            "load round trips",
            """SELECT t.symbol, t.algo_run_id, r.algo_name AS strategy, t.start_ns AS start,
                t.end_ns AS "end", t.gain_value, t.gain_percentage, t.r_units
            FROM trade_analysis t JOIN algo_run r USING (algo_run_id)
            WHERE r.batch_id = $1 ORDER BY t.start_ns, t.id""",
            batch_id,
        )
        return [TradeAnalysis(**row) for row in rows]


async def _save_gains(
    connection: asyncpg.Connection, batch_id: str, gains: Sequence[GainLoss]
) -> None:
    await connection.execute(_CLEAR.format("gain_loss"), batch_id)
    await connection.executemany(_SAVE_GAIN, [_gain_values(gain) for gain in gains])


async def _save_trips(
    connection: asyncpg.Connection, batch_id: str, trips: Sequence[TradeAnalysis]
) -> None:
    await connection.execute(_CLEAR.format("trade_analysis"), batch_id)
    await connection.executemany(_SAVE_TRIP, [_trip_values(trip) for trip in trips])


def _gain_values(gain: GainLoss) -> tuple[object, ...]:
    return (gain.symbol, gain.algo_run_id, gain.gain_value, gain.gain_percentage, gain.trips)


def _trip_values(trip: TradeAnalysis) -> tuple[object, ...]:
    return (
        trip.symbol,
        trip.algo_run_id,
        trip.start,
        trip.end,
        from_ns(trip.start),
        from_ns(trip.end),
        trip.gain_value,
        trip.gain_percentage,
        trip.r_units,
    )
