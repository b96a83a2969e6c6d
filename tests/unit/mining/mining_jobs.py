"""Miners that do, fail, wait and die, and the tasks to run them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.data_factory import Access
from liualgotrader.mining.night import Night
from liualgotrader.mining.plan import DataPlan, JobKind, JobPlan
from liualgotrader.mining.run import JobResult
from liualgotrader.mining.task import Task

DAY = date(2024, 3, 6)
NIGHT = Night(
    day=DAY,
    next_day=date(2024, 3, 7),
    now=int(datetime.fromisoformat("2024-03-06T18:30:00-05:00").timestamp()) * 1_000_000_000,
)

MINERS = '''
import asyncio
import os
import signal
import time

from liualgotrader import Miner
from liualgotrader.common.errors import FeedLost, StoreError
from liualgotrader.miners.base import MinerContext

COLUMNS = ("miner", "symbol", "day", "name", "value")


class Notes(Miner):
    """Notes a value of each symbol; leaves out what begins with X."""

    value: float = 1.0

    async def run(self, ctx: MinerContext) -> int:
        rows = []
        for number, symbol in enumerate(ctx.symbols):
            ctx.progress(number, len(ctx.symbols))
            if symbol.startswith("X"):
                ctx.skip(symbol, "no bars")
                ctx.skip(symbol, "no bars")
            else:
                rows.append((self.name, symbol, ctx.day, "value", self.value))
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED")
        told = " ".join(os.environ.get(name, "") for name in names)
        ctx.log(f"{len(rows)} rows, environment {told}")
        print("a miner may print")
        return await ctx.tables.put("miner_values", COLUMNS, rows, key=COLUMNS[:4])


class Raises(Miner):
    async def run(self, ctx: MinerContext) -> int:
        return {}["no such key"]


class Feedless(Miner):
    async def run(self, ctx: MinerContext) -> int:
        raise FeedLost("the vendor does not answer")


class DiskFull(Miner):
    async def run(self, ctx: MinerContext) -> int:
        raise StoreError("could not write: no space left on device")


class Exits(Miner):
    async def run(self, ctx: MinerContext) -> int:
        raise SystemExit(3)


class Silent(Miner):
    async def run(self, ctx: MinerContext) -> int:
        os._exit(7)


class Nothing(Miner):
    async def run(self, ctx: MinerContext) -> int:
        pass


class Waits(Miner):
    """Writes a row in a transaction that never ends, says its pid, and works without ever waiting."""

    folder: str

    async def run(self, ctx: MinerContext) -> int:
        def rows():
            yield (self.name, "A", ctx.day, "value", 1.0)
            with open(os.path.join(self.folder, self.name), "w") as file:
                file.write(str(os.getpid()))
            os.rename(file.name, file.name + ".pid")
            until = time.monotonic() + 60
            while time.monotonic() < until:
                pass

        return await ctx.tables.put("miner_values", COLUMNS, rows(), key=COLUMNS[:4])


class Asks(Miner):
    async def run(self, ctx: MinerContext) -> int:
        return len(await ctx.assets())
'''


class Notebook:
    """A watcher that notes what it sees."""

    def __init__(self, on_began: Callable[[str], None] = lambda name: None) -> None:
        self.seen: list[str] = []
        self.logs: list[str] = []
        self._on_began = on_began

    def began(self, name: str) -> None:
        self.seen.append(f"{name} began")
        self._on_began(name)

    def progressed(self, name: str, done: int, total: int) -> None:
        self.seen.append(f"{name} {done}/{total}")

    def logged(self, name: str, message: str) -> None:
        self.logs.append(f"{name}: {message}")

    def ended(self, result: JobResult) -> None:
        self.seen.append(f"{result.name} {result.outcome}")


class Jobs:
    """Tasks in a home of their own."""

    def __init__(self, home: Path, dsn: str) -> None:
        self.home = home
        self._dsn = dsn
        self._file = home / "miners.py"
        self._file.write_text(MINERS)

    def plan(
        self, name: str, class_name: str, needs: Sequence[str] = (), **parameters: object
    ) -> JobPlan:
        """Return a job of a class of MINERS."""
        return JobPlan(
            name=name,
            kind=JobKind.MINER,
            class_name=class_name,
            filename=str(self._file),
            needs=tuple(needs),
            parameters=dict(parameters),
        )

    def task(self, job: JobPlan) -> Task:
        """Return the task of a job; its vendor is nobody."""
        return Task(
            job=job,
            night=NIGHT,
            data=DataPlan(symbols=("A", "B", "X1", "X2")),
            access=Access(
                vendor=Vendor.ALPACA,
                feed="iex",
                asset_class=AssetClass.US_EQUITY,
                trading_url="http://127.0.0.1:9",
                data_url="http://127.0.0.1:9",
                stream_url="",
                key=Secret("K" * 20),
                secret=Secret("S" * 20),
                data_key=Secret(""),
                limited=False,
            ),
            keeps=False,
            dsn=self._dsn,
            home=str(self.home),
        )
