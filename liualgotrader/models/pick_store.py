"""What scanners picked, and which consumer gets it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from liualgotrader.common.events import Picked
from liualgotrader.common.instruments import Instrument
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.session_rows import PickRow, Route
from liualgotrader.models.store import Store

_SAVE_PICK = """
INSERT INTO trending_tickers (
    batch_id, symbol, scanner_name, strategy, picked_ns, create_tstamp, instrument, slot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING"""

_SAVE_ROUTE = """
INSERT INTO routes (batch_id, symbol, strategy, slot) VALUES ($1, $2, $3, $4)
ON CONFLICT (batch_id, symbol, strategy) DO UPDATE SET slot = excluded.slot"""

# Positions from earlier batches go to the consumer that gets the symbol now; the owner's own are in no slot.
_INHERIT = """
UPDATE positions p SET batch_id = b.batch_id, slot = $4, updated_at = now()
FROM batches b
WHERE b.batch_id = $1 AND p.account_id = b.account_id AND p.symbol = $2
    AND p.batch_id <> b.batch_id AND p.slot <> '' AND ($3 = '' OR p.strategy = $3)"""


class PickStore(Store):
    """Reads and writes trending_tickers and routes."""

    # -- picks and routes ----------------------------------------------------------------------

    async def save_pick(
        self, batch_id: str, picked: Picked, slot: str | None = None, *, inherit: bool = True
    ) -> None:
        """Record what a scanner proposed and, with a slot, who gets it; told twice, it is one.

        `inherit`: whether who gets it takes over what earlier batches hold of it.
        """
        with translated("save a pick"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    _SAVE_PICK,
                    batch_id,
                    picked.symbol,
                    picked.scanner,
                    picked.strategy,
                    picked.time,
                    from_ns(picked.time),
                    picked.instrument,
                    slot,
                )
                if slot is not None:
                    values = (batch_id, picked.symbol, picked.strategy or "", slot)
                    await connection.execute(_SAVE_ROUTE, *values)
                    if inherit:
                        await connection.execute(_INHERIT, *values)

    async def load_picks(self, batch_id: str) -> list[PickRow]:
        """Return what scanners proposed, in the order they did."""
        rows = await self._fetch(
            "load picks",
            """SELECT symbol, scanner_name, strategy, picked_ns, slot, instrument, given_back_at
            FROM trending_tickers WHERE batch_id = $1 ORDER BY picked_ns, trending_id""",
            batch_id,
        )
        return [_pick(row) for row in rows]

    async def give_back(self, batch_id: str, symbols: Sequence[str]) -> None:
        """Record that no strategy wants these symbols any more; a new pick brings one back."""
        await self._execute(
            "give symbols back",
            """UPDATE trending_tickers SET given_back_at = now()
            WHERE batch_id = $1 AND symbol = ANY($2::text[]) AND given_back_at IS NULL""",
            batch_id,
            list(symbols),
        )

    async def save_routes(self, batch_id: str, routes: Sequence[Route]) -> None:
        """Record who gets which symbol; who does also inherits what earlier batches hold of it."""
        values = [(batch_id, each.symbol, each.strategy or "", each.slot) for each in routes]
        with translated("save routes"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.executemany(_SAVE_ROUTE, values)
                await connection.executemany(_INHERIT, values)

    async def load_routes(self, batch_id: str) -> list[Route]:
        """Return who gets which symbol."""
        rows = await self._fetch(
            "load routes",
            """SELECT symbol, slot, nullif(strategy, '') AS strategy FROM routes
            WHERE batch_id = $1 ORDER BY symbol, strategy""",
            batch_id,
        )
        return [Route.of(row) for row in rows]


def _pick(row: asyncpg.Record) -> PickRow:
    known = row["instrument"]
    instrument = Instrument(row["symbol"]) if known is None else msgspec.convert(known, Instrument)
    picked = Picked(
        row["symbol"], row["scanner_name"], row["picked_ns"], instrument, row["strategy"]
    )
    return PickRow(picked=picked, slot=row["slot"], given_back=row["given_back_at"] is not None)
