"""Writes a backtest's rows while the next days are lived through: a thread, a connection, and a short queue.

Rows are encoded where the days are lived: the thread would hold the interpreter as long for it, and the objects that
they are of would live until then. It hands over bytes alone.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Mapping

from liualgotrader.models.backtest_rows import Encoded, encoded
from liualgotrader.models.backtest_store import BacktestStore, Owner
from liualgotrader.trading.memory_ledger import Finished

# Orders that go into one transaction: enough to make its cost small, few enough to be held in memory.
_ENOUGH = 1_000
_WAITING = 4
# How long the thread waits for the interpreter, in seconds. It needs it for moments, to go on sending to a database
# that is idle until then; 5 ms each time, which is usual, and the database falls behind.
_TURN = 0.0005


class Recorder:
    """Implements `backtest.Sink` on PostgreSQL. Nothing is lost silently: the first error is raised again."""

    def __init__(
        self, dsn: str, batch_id: str, *, account_id: int, runs: Mapping[tuple[str, str], int]
    ) -> None:
        self._dsn = dsn
        self._owner = Owner(batch_id, account_id, runs)
        self._parts: queue.Queue[list[Encoded] | None] = queue.Queue(_WAITING)
        self._gathered: list[Encoded] = []
        self._failure: BaseException | None = None
        self._usual_turn = sys.getswitchinterval()
        sys.setswitchinterval(_TURN)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def keep(self, finished: Finished) -> None:
        """Keep rows; waits when the database is four transactions behind. Raises StoreError."""
        self._raise()
        if finished.orders or finished.flows:
            self._gathered.append(encoded(finished))
        if sum(part.count for part in self._gathered) >= _ENOUGH:
            self._hand_over()

    def close(self) -> None:
        """Write what is left. Raises StoreError when anything could not be written."""
        if self._thread.is_alive():
            if self._gathered:
                self._hand_over()
            self._parts.put(None)
            self._thread.join()
        sys.setswitchinterval(self._usual_turn)
        self._raise()

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._parts.put(gathered)

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            asyncio.run(self._write())
        except BaseException as exc:  # noqa: BLE001 - raised again where the run waits for this thread
            self._failure = exc
            while self._parts.get() is not None:
                pass  # whoever waits for a place in the queue gets on, and hears of the failure

    async def _write(self) -> None:
        async with await BacktestStore.open(self._dsn, max_size=1) as store:
            while (parts := await asyncio.to_thread(self._parts.get)) is not None:
                await store.append(self._owner, parts)
            await store.settle(self._owner.account_id)
