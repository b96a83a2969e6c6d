"""A recorded run is lived again: late events, and what happens where a recording differs."""

from collections import deque
from decimal import Decimal
from pathlib import Path

from liualgotrader.common.events import Picked, Started, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Approved
from liualgotrader.common.wire import encode_events
from liualgotrader.engine.core import Engine
from liualgotrader.engine.replay import Replay, Replayed
from liualgotrader.engine.runner import OWN_STAMPS, Batch, Runner
from liualgotrader.engine.settings import EngineSettings, StrategySettings
from liualgotrader.models.journal import Header, Journal, read_journal
from liualgotrader.strategies.base import Context, Strategy
from liualgotrader.trading.memory_ledger import MemoryLedger

OPEN = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
HEADER = Header("12345678", "A", 1, b"", "", {}, {})


class ClockWatcher(Strategy):
    """Says in each order's reason what time it was."""

    factor: int = 1

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        ctx.buy(trade.symbol, self.factor, limit=1, reason=str(ctx.clock.now()))


class Desk:
    """Admits into memory, sends to nobody."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger(cash=Decimal(10_000))

    async def submit(self, approved: list[Approved]) -> list[object]:
        return []

    async def book(self, event: object) -> None:
        return None


def engine(factor: int = 1) -> Engine:
    strategy = ClockWatcher()
    strategy.name, strategy.factor = "watcher", factor
    settings = EngineSettings(
        batch_id="12345678", slot="A", strategies=(StrategySettings(name="watcher"),)
    )
    return Engine([strategy], settings)


async def record(path: Path) -> None:
    started = Started(OPEN, "A", 1, 1, OPEN, OPEN + 3600 * SECOND, *(Desk().ledger.view.cash,) * 2)
    picked = Picked("AAA", "plan", OPEN, Instrument("AAA"))
    with Journal(path, HEADER) as journal:
        runner = Runner(engine(), Desk(), journal)  # type: ignore[arg-type]
        await runner.admit(Batch(OPEN, between=deque([started, picked])))
        for seconds, until in ((1, 10), (4, 12), (15, 20)):
            trades = [Trade("AAA", OPEN + seconds * SECOND, 10.0, 1)]
            raw = encode_events(trades)
            end = OPEN + until * SECOND
            await runner.admit(Batch(OWN_STAMPS, raw, trades, until=end))


def replayed(path: Path, factor: int = 1) -> Replayed:
    (found,) = path.parent.glob(f"{path.name}*")
    return Replay(engine(factor)).run(read_journal(found))


async def test_an_event_older_than_the_mark_before_it_replays_at_the_same_time(
    tmp_path: Path,
) -> None:
    await record(tmp_path / "A-1.journal")
    found = replayed(tmp_path / "A-1.journal")
    assert found.identical and found.decisions == 3


async def test_other_code_diverges_at_its_first_other_decision(tmp_path: Path) -> None:
    await record(tmp_path / "A-1.journal")
    divergence = replayed(tmp_path / "A-1.journal", factor=2).divergence
    assert divergence is not None
    assert divergence.ts == OPEN + SECOND
    assert len(divergence.expected) == len(divergence.actual) == 1
    assert divergence.expected != divergence.actual
