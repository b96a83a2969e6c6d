"""Which batches can be replayed: those that still have journals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from liualgotrader.models.journal_files import journal_files
from liualgotrader.models.session_rows import BatchRow, JournalRow
from liualgotrader.models.session_store import SessionStore
from liualgotrader.models.store import Store

_RECORDED = """
SELECT b.batch_id, b.environment, b.mode, b.build, b.started_at, b.session_date, b.ended_at, b.end_reason,
    ARRAY(SELECT DISTINCT algo_name FROM algo_run r WHERE r.batch_id = b.batch_id ORDER BY 1) AS strategies,
    (SELECT count(*) FROM orders o WHERE o.batch_id = b.batch_id) AS orders
FROM batches b WHERE EXISTS (SELECT 1 FROM journals j WHERE j.batch_id = b.batch_id)
ORDER BY b.started_at DESC, b.batch_id"""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that can be replayed. `journal_bytes` is what its journals take on the disk, in bytes."""

    batch: BatchRow
    strategies: tuple[str, ...]
    orders: int
    journal_bytes: int


class _Catalogue(Store):
    """Reads which batches began a journal, with what is said of them."""

    async def rows(self) -> list[tuple[BatchRow, tuple[str, ...], int]]:
        """Return batches, their strategies and how many orders each has, newest first."""
        found = []
        for record in await self._fetch("list recorded batches", _RECORDED):
            row = dict(record)
            strategies, orders = tuple(row.pop("strategies")), row.pop("orders")
            found.append((BatchRow.of(row), strategies, orders))
        return found


async def recorded_batches(store: SessionStore, *, home: Path, limit: int) -> list[Recorded]:
    """Return the latest batches of which at least one journal file is there, newest first."""
    found: list[Recorded] = []
    for batch, strategies, orders in await _Catalogue(store.pool).rows():
        journals = await store.journals(batch.batch_id)
        folder = home / "journals" / batch.batch_id
        size = await asyncio.to_thread(_size, journals, folder)
        if size:
            found.append(
                Recorded(batch=batch, strategies=strategies, orders=orders, journal_bytes=size)
            )
        if len(found) == limit:
            break
    return found


def _size(journals: Sequence[JournalRow], folder: Path) -> int:
    lives = journal_files(journals, folder).values()
    return sum(path.stat().st_size for parts in lives for path in parts if path is not None)
