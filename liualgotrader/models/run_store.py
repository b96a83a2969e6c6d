"""Strategy runs, consumers' lives, their journals, and what strategies remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from liualgotrader.common.errors import StoreError
from liualgotrader.credentials.redaction import redact
from liualgotrader.models.postgres import translated
from liualgotrader.models.session_rows import IncarnationRow, JournalRow, RunRow
from liualgotrader.models.store import Store

_RUN = """
SELECT algo_run_id, algo_name AS strategy, slot, algo_env AS environment, start_time AS started_at,
    end_time AS ended_at, end_reason, portfolio_id FROM algo_run"""

_BEGIN_RUN = """
INSERT INTO algo_run (batch_id, algo_name, slot, algo_env, build_number, parameters, portfolio_id)
SELECT b.batch_id, $2, $3, b.environment, b.build, $4, $5 FROM batches b WHERE b.batch_id = $1
ON CONFLICT (batch_id, slot, algo_name) DO UPDATE
SET end_time = NULL, end_reason = NULL, portfolio_id = excluded.portfolio_id
RETURNING algo_run_id"""

_CLOSE_JOURNAL = """
INSERT INTO journals (batch_id, slot, incarnation, part, path, closed_at)
VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (batch_id, slot, incarnation, part) DO UPDATE
SET path = excluded.path, closed_at = excluded.closed_at"""

_SAVE_KEY = """
INSERT INTO keystore (strategy, slot, key, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (strategy, slot, key) DO UPDATE SET value = excluded.value, tstamp = now()"""


class RunStore(Store):
    """Reads and writes algo_run, incarnations, journals and keystore."""

    # -- strategy runs and incarnations --------------------------------------------------------

    async def begin_run(
        self,
        batch_id: str,
        *,
        strategy: str,
        slot: str,
        parameters: Mapping[str, Any] | None = None,
        portfolio_id: str | None = None,
    ) -> int:
        """Return the algo_run of a strategy in a slot; the same in every incarnation."""
        run = await self._fetchval(
            f"begin a run of {strategy}",
            _BEGIN_RUN,
            batch_id,
            strategy,
            slot,
            dict(parameters or {}),
            portfolio_id,
        )
        if run is None:
            raise StoreError(f"could not begin a run of {strategy}: there is no batch {batch_id}")
        return int(run)

    async def end_run(self, algo_run_id: int, *, reason: str) -> None:
        """Say that and why a strategy's run is over."""
        await self._execute(
            f"end run {algo_run_id}",
            "UPDATE algo_run SET end_time = now(), end_reason = $2 WHERE algo_run_id = $1",
            algo_run_id,
            redact(reason),
        )

    async def runs(self, batch_id: str) -> list[RunRow]:
        """Return a batch's runs."""
        query = _RUN + " WHERE batch_id = $1 ORDER BY algo_run_id"
        return [RunRow.of(row) for row in await self._fetch("load runs", query, batch_id)]

    async def begin_incarnation(self, batch_id: str, slot: str, number: int | None = None) -> int:
        """Return the number of a consumer's new life; without one the next, the first being 1."""
        return int(
            await self._fetchval(
                f"begin an incarnation of {slot}",
                """INSERT INTO incarnations (batch_id, slot, number)
                SELECT $1, $2, coalesce($3, max(number) + 1, 1) FROM incarnations
                WHERE batch_id = $1 AND slot = $2
                RETURNING number""",
                batch_id,
                slot,
                number,
            ),
        )

    async def end_incarnation(
        self,
        batch_id: str,
        slot: str,
        number: int,
        *,
        reason: str,
        journals: Sequence[str] = (),
        failures: Mapping[str, str] | None = None,
    ) -> None:
        """Say that and why a consumer's life is over, where its journals lie, and who failed."""
        failed = {name: redact(why) for name, why in (failures or {}).items()}
        with translated(f"end incarnation {number} of {slot}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    """UPDATE incarnations SET ended_at = now(), reason = $4, failures = $5
                    WHERE batch_id = $1 AND slot = $2 AND number = $3""",
                    batch_id,
                    slot,
                    number,
                    redact(reason),
                    failed,
                )
                await connection.executemany(
                    _CLOSE_JOURNAL,
                    [(batch_id, slot, number, part, path) for part, path in enumerate(journals)],
                )
                await connection.executemany(
                    """UPDATE algo_run SET end_time = now(), end_reason = $4
                    WHERE batch_id = $1 AND slot = $2 AND algo_name = $3""",
                    [(batch_id, slot, name, why) for name, why in failed.items()],
                )

    async def incarnations(self, batch_id: str) -> list[IncarnationRow]:
        """Return the lives of a batch's consumers."""
        rows = await self._fetch(
            "load incarnations",
            """SELECT slot, number, started_at, ended_at, reason, failures FROM incarnations
            WHERE batch_id = $1 ORDER BY slot, number""",
            batch_id,
        )
        return [IncarnationRow.of(row) for row in rows]

    # -- keystore ------------------------------------------------------------------------------

    async def load_keys(self, slot: str) -> dict[str, dict[str, str]]:
        """Return what the strategies of a slot remember, by strategy and key."""
        rows = await self._fetch(
            "load the keystore",
            "SELECT strategy, key, value FROM keystore WHERE slot = $1 ORDER BY strategy, key",
            slot,
        )
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row["strategy"], {})[row["key"]] = row["value"]
        return found

    async def save_keys(self, slot: str, kept: Iterable[tuple[str, str, str]]) -> None:
        """Write what changed as (strategy, key, value), all or nothing; of a key the last."""
        latest = {(strategy, key): value for strategy, key, value in kept}
        rows = [(strategy, slot, key, value) for (strategy, key), value in latest.items()]
        with translated("save the keystore"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.executemany(_SAVE_KEY, rows)

    # -- journals ------------------------------------------------------------------------------

    async def open_journal(
        self, batch_id: str, slot: str, *, incarnation: int, path: str, part: int = 0
    ) -> None:
        """Record that a journal file is being written."""
        await self._execute(
            f"index journal {path}",
            """INSERT INTO journals (batch_id, slot, incarnation, part, path)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (batch_id, slot, incarnation, part) DO UPDATE SET path = excluded.path""",
            batch_id,
            slot,
            incarnation,
            part,
            path,
        )

    async def close_journal(
        self,
        batch_id: str,
        slot: str,
        *,
        incarnation: int,
        path: str,
        size: int,
        part: int = 0,
        first_ns: int | None = None,
        last_ns: int | None = None,
    ) -> None:
        """Record where a journal file ended up (it is compressed), its bytes and its range."""
        await self._execute(
            f"index journal {path}",
            """UPDATE journals SET path = $5, bytes = $6, first_ns = $7, last_ns = $8,
                closed_at = now()
            WHERE batch_id = $1 AND slot = $2 AND incarnation = $3 AND part = $4""",
            batch_id,
            slot,
            incarnation,
            part,
            path,
            size,
            first_ns,
            last_ns,
        )

    async def journals(self, batch_id: str) -> list[JournalRow]:
        """Return a batch's journal files in the order they were written."""
        rows = await self._fetch(
            "load the index of journals",
            """SELECT slot, incarnation, part, path, opened_at, closed_at, bytes, first_ns, last_ns
            FROM journals WHERE batch_id = $1 ORDER BY slot, incarnation, part""",
            batch_id,
        )
        return [JournalRow.of(row) for row in rows]
