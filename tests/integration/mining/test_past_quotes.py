"""The quotes of a batch's moments: from the history on disk, else from the batch's own journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from liualgotrader.analytics.execution_costs import BidAsk, ExecutedOrder
from liualgotrader.common.events import Quote
from liualgotrader.common.orders import Side
from liualgotrader.common.wire import encode_events
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.mining.past import NightBatches
from liualgotrader.models.journal import Header, Journal
from liualgotrader.models.session_store import SessionStore

_OPEN = 1_772_461_800_000_000_000
_DAY = 86_400_000_000_000


class _Batches(NightBatches):
    """Past batches of which one traded AAA and BBB."""

    async def executed_orders(self, batch_id: str) -> list[ExecutedOrder]:
        return [
            ExecutedOrder(
                order_id=symbol, symbol=symbol, side=Side.BUY, order_type="market", decided=0,
                sent=None, reference_price=None, parts=(),
            )
            for symbol in ("AAA", "BBB")
        ]  # fmt: skip


def _quote(symbol: str, after: int, bid: float, ask: float) -> Quote:
    return Quote(symbol, _OPEN + after, bid, ask, 1.0, 1.0)


async def _kept(home: Path, dsn: str, quotes: Sequence[Quote]) -> None:
    """Leave the journal of a session."""
    path = home / "journals" / "aaaaaaaa-old" / "A-1.journal"
    path.parent.mkdir(parents=True)
    with Journal(path, Header("aaaaaaaa-old", "A", 1, b"", "{}", {}, {})) as journal:
        journal.batch(_OPEN, encode_events(quotes))
    async with await SessionStore.open(dsn, max_size=1) as store:
        await store.create_batch(
            "aaaaaaaa-old", environment="SIMULATED", mode="simulated", build="0"
        )


async def _open(home: Path, dsn: str) -> _Batches:
    batches = await _Batches.open(dsn, max_size=1)
    batches.lake, batches.home = Lake(home / "history"), home
    return batches


async def test_a_batch_knows_what_it_heard(tmp_path: Path, database: str) -> None:
    heard = [
        _quote("AAA", 20, 10.02, 10.04),
        _quote("AAA", 10, 10.00, 10.02),
        _quote("AAA", 25, 10.09, 10.01),  # crossed: no price of anything
        _quote("AAA", 26, 0.0, 10.01),
        _quote("CCC", 10, 1.0, 2.0),
    ]
    await _kept(tmp_path, database, heard)
    async with await _open(tmp_path, database) as batches:
        moments = [_OPEN + after for after in (9, 10, 19, 30, _DAY)]
        assert await batches.quotes("aaaaaaaa-old", "AAA", moments) == [
            None,
            BidAsk(10.00, 10.02),
            BidAsk(10.00, 10.02),
            BidAsk(10.02, 10.04),
            None,  # of the day before
        ]
        assert await batches.quotes("aaaaaaaa-old", "BBB", moments[:1]) == [None]
        assert await batches.quotes("bbbbbbbb-none", "AAA", moments[:2]) == [None, None]


async def test_the_history_on_disk_comes_first(tmp_path: Path, database: str) -> None:
    await _kept(tmp_path, database, [_quote("AAA", 5, 1.00, 1.02)])
    async with await _open(tmp_path, database) as batches:
        columns = tuple(np.array([value]) for value in (9.98, 10.02, 1.0, 1.0))
        rows = Rows("AAA", np.array([_OPEN + 10], np.int64), columns)
        batches.lake.write(Kind.QUOTES, "AAA", rows)
        found = await batches.quotes("aaaaaaaa-old", "AAA", [_OPEN + 7, _OPEN + 12])
        assert found == [BidAsk(1.00, 1.02), BidAsk(9.98, 10.02)]
