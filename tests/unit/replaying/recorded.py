"""A recorded batch of one consumer, written by the engine, the runner and the journal themselves."""

from __future__ import annotations

import struct
import sys
import zlib
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from liualgotrader.bootstrap import Endpoints, SessionConfig
from liualgotrader.common.events import Picked, Started, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Approved
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.common.wire import encode_events
from liualgotrader.credentials.secret import Secret
from liualgotrader.engine.core import Engine
from liualgotrader.engine.runner import Batch, Runner
from liualgotrader.models.journal import MAGIC, Header, Journal
from liualgotrader.models.session_rows import BatchRow, IncarnationRow, JournalRow
from liualgotrader.replaying.recording import Recording, assemble, settings_of
from liualgotrader.replaying.reliving import strategies_of
from liualgotrader.session.incarnation import journal_header
from tests.postgres import run

OPEN = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
BATCH = "0a1b2c3d-recorded"
VERDICT_KIND = 3

SOURCE = '''
from liualgotrader import Context, Strategy, Trade

SEEN = []


class Watcher(Strategy):
    """Buys on each print, and says in the reason how many its module has seen."""

    size: int = 1

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        SEEN.append(trade)
        ctx.buy(trade.symbol, self.size, limit=trade.price, reason=f"print {len(SEEN)}")
'''


class Desk:
    """Admits everything, sends to nobody."""

    async def submit(self, approved: list[Approved]) -> list[object]:
        return []

    async def book(self, event: object) -> None:
        return None


def config(source: str = SOURCE) -> SessionConfig:
    """Return a session of one strategy whose file is nowhere but in the header."""
    part = StrategyPlan(name="watcher", class_name="Watcher", filename="watcher.py")
    return SessionConfig(
        batch_id=BATCH,
        plan=Plan(portfolio_value=Decimal(10_000), strategies=(part,)),
        sources={"watcher.py": source},
        dsn="",
        home="",
        endpoints=Endpoints("", "", "", "", Secret(""), Secret("")),
        slots=("A",),
        session_open=OPEN,
        session_close=OPEN + 3600 * SECOND,
        account_id=0,
    )


def record(
    folder: Path,
    *,
    number: int = 1,
    prints: int = 3,
    close: bool = True,
    rotate_bytes: int = 1 << 20,
) -> list[Path]:
    """Record one life: so many prints, each bought. `close=False` leaves what a killed process leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    header = journal_header(config(), "A", number)
    paths: list[Path] = run(_record(folder, header, prints, close, rotate_bytes))
    return paths


async def _record(
    folder: Path, header: Header, prints: int, close: bool, rotate_bytes: int
) -> list[Path]:
    number, cash = header.incarnation, Decimal(10_000)
    path = folder / f"A-{number}.journal"
    journal = Journal(path, header, rotate_bytes=rotate_bytes)
    watchers = strategies_of(header)
    vars(sys.modules[type(watchers[0]).__module__])["SEEN"].clear()  # as a new process begins
    runner = Runner(Engine(watchers, settings_of(header)), Desk(), journal)  # type: ignore[arg-type]
    close_at = OPEN + 3600 * SECOND
    started = Started(OPEN, "A", number, 1 + 100 * number, OPEN, close_at, cash, cash)
    picked = Picked("AAA", "plan", OPEN, Instrument("AAA"))
    await runner.admit(Batch(OPEN, between=deque([started, picked])))
    for second in range(1, prints + 1):
        at = OPEN + (100 * number + second) * SECOND
        trades = [Trade("AAA", at, 10.0 + second, 1)]
        await runner.admit(Batch(at, encode_events(trades), trades))
    if close:
        journal.close()
    return journal.paths


def rows(lives: int = 1) -> tuple[BatchRow, list[IncarnationRow]]:
    """Return a batch's row and its lives as the database would have them."""
    batch = BatchRow(
        batch_id=BATCH, environment="SIMULATED", mode="simulated", build="1", started_at=OPEN
    )
    incarnations = [
        IncarnationRow(slot="A", number=number + 1, started_at=OPEN) for number in range(lives)
    ]
    return batch, incarnations


def index(paths: list[Path], number: int = 1) -> list[JournalRow]:
    """Return the index of a life's journals as the database would have it."""
    return [
        JournalRow(slot="A", incarnation=number, part=part, path=str(path), opened_at=OPEN)
        for part, path in enumerate(paths)
    ]


def recording(folder: Path, *lives: list[Path]) -> Recording:
    """Return what is found of lives whose journals were at these paths."""
    batch, incarnations = rows(len(lives))
    journals = [row for n, paths in enumerate(lives, 1) for row in index(paths, n)]
    return assemble(batch, incarnations, journals, folder)


def rewrite(path: Path, change: Callable[[int, bytes], bytes]) -> None:
    """Write a plain journal file anew, each payload as `change(kind, payload)` has it, under its right checksum."""
    data, position = path.read_bytes(), len(MAGIC)
    out = [MAGIC]
    while position < len(data):
        size, _, kind = struct.unpack_from("<IIB", data, position)
        position += 9
        payload = change(kind, data[position : position + size])
        position += size
        out.append(struct.pack("<IIB", len(payload), zlib.crc32(payload, kind), kind) + payload)
    path.write_bytes(b"".join(out))


def with_source(path: Path, change: Callable[[str], str]) -> None:
    """Change the source of the strategy in a plain journal's header."""

    def changed(kind: int, payload: bytes) -> bytes:
        if kind:
            return payload
        header = msgspec.msgpack.decode(payload, type=Header)
        sources = {name: change(text) for name, text in header.sources.items()}
        return msgspec.msgpack.encode(msgspec.structs.replace(header, sources=sources))

    rewrite(path, changed)
