"""How the last run of each miner for a trading day went."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from liualgotrader.models.store import Store

RUNNING = "running"

_BEGIN = """
INSERT INTO miner_runs (miner, day, outcome) VALUES ($1, $2, 'running')
ON CONFLICT (miner, day) DO UPDATE
SET outcome = 'running', detail = '', started_at = now(), ended_at = NULL"""

_END = """
INSERT INTO miner_runs (miner, day, outcome, detail, ended_at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (miner, day) DO UPDATE
SET outcome = excluded.outcome, detail = excluded.detail, ended_at = now()"""

_RUNS = """
SELECT miner, day, outcome, detail, started_at, ended_at FROM miner_runs
WHERE day = $1 ORDER BY miner"""


class MinerRun(msgspec.Struct, frozen=True):
    """A row of `miner_runs`; `ended_at` is None while it runs, or when it and who ran it were killed."""

    miner: str
    day: date
    outcome: str
    detail: str
    started_at: datetime
    ended_at: datetime | None


class MinerRunStore(Store):
    """Reads and writes miner_runs. Raises StoreError."""

    async def begin(self, miner: str, day: date) -> None:
        """Note that a miner is at work."""
        await self._execute("note that a miner begins", _BEGIN, miner, day)

    async def end(self, miner: str, day: date, *, outcome: str, detail: str) -> None:
        """Note how it ended: done, failed or skipped, and what is to be known of that."""
        await self._execute("note how a miner ended", _END, miner, day, outcome, detail)

    async def runs(self, day: date) -> list[MinerRun]:
        """Return the last run of each miner for a day."""
        return [MinerRun(*row) for row in await self._fetch("read miners' runs", _RUNS, day)]
