"""What a miner is: batch work while the market is closed, for scanners and strategies to read.

A miner works for one trading day that is over (`ctx.day`), and what it makes is for the next one. It sees nothing
that happened after that day, so that a night of the past can be worked again and gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Protocol

import msgspec

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import CompanyAPI, DataAPI
from liualgotrader.miners.past import Batches

Row = tuple[Any, ...]


class History(Protocol):
    """The history lake as of the miner's day: nothing of a later day can be read or written.

    `seconds` is 60 for minutes (regular and extended hours, as they were recorded) and 86400 for days.
    """

    def symbols(self, seconds: int) -> list[str]:
        """Return what there are bars of, sorted; delisted names too."""

    def span(self, symbol: str, seconds: int) -> tuple[date, date] | None:
        """Return the first and the last day that there are bars of, up to the miner's day; None without any."""

    def bars(
        self, symbol: str, seconds: int, first: date, last: date, *, raw: bool = False
    ) -> BarTable:
        """Return the bars of the days from `first` to `last`, both included; none of an unknown symbol.

        Prices are divided by the splits up to the miner's day, so that they compare with that day's;
        `raw` gives them as traded.
        """

    def live(self, first: date, last: date) -> Mapping[date, frozenset[str]]:
        """Return the symbols whose minutes of a day are what was heard live, and not yet the vendor's final ones.

        Days without any are left out.
        """

    def write(self, seconds: int, bars: Mapping[str, BarTable], *, replace: bool = False) -> int:
        """Keep raw bars; return how many are new or changed. Those that are there stay unless `replace`.

        Raises ConfigError for bars that cannot be, StoreError when the disk fails.
        """

    @property
    def final_day(self) -> date:
        """The last day, up to the miner's, whose rows are final at the vendor: late ones are in."""

    async def fetch(self, seconds: int, symbols: Sequence[str], first: date, last: date) -> int:
        """Have the vendor's bars and splits of these days, both included, here; return the days asked for.

        The days count per symbol: 0 when all were known. What was asked for once is not asked for
        again, were the answer empty; imported rows stay, gaps between them are filled. FeedLost and
        FeedRefused as of a DataAPI, StoreError when the disk fails: what came before it is kept.
        """

    async def finalise(self, day: date) -> Sequence[LiveDifference]:
        """Put the vendor's final minutes of a day in the place of those heard live; return what differed.

        One for each symbol that had live minutes, by symbol; none when that was done before. Raises
        ConfigError while the day is not final, else as `fetch`: the live minutes then stay.
        """


class Tables(Protocol):
    """The tables that miners keep. Names that are no such table or column raise ConfigError."""

    async def get(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Return these columns of the rows whose values equal `where` (a list: any of them), by key."""

    async def put(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        """Insert rows, or change those with the same `key`, all or none; return how many are new or changed."""

    async def replace(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        where: Mapping[str, Any],
    ) -> int:
        """Put rows in the place of those whose values equal `where`, all or none; return how many there are now."""


class SimulatedRun(msgspec.Struct, frozen=True):
    """What a strategy's simulated day in one symbol came to.

    `gain` in dollars after fees; `put_in` the most dollars it had in it; both 0 on a day without a trade.
    """

    symbol: str
    day: date
    trips: int
    gain: float
    put_in: float


class Simulator(Protocol):
    """Strategies run over history, by the engine and the venue of a backtest."""

    async def runs(
        self,
        strategy: str,
        symbols: Sequence[str],
        first: date,
        last: date,
        *,
        filename: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> list[SimulatedRun]:
        """Return each day of each symbol that has minute bars on it, in an account of its own.

        `strategy`: a class of `filename`, or one that is built in.
        """


class MinerContext(Protocol):
    """What a miner may ask. All answers are as of the end of `day`."""

    @property
    def now(self) -> int:
        """The moment it works for, ns UTC: not before the end of `day`."""

    @property
    def day(self) -> date:
        """The last trading day that is over."""

    @property
    def next_day(self) -> date:
        """The trading day after it, for which values are made."""

    @property
    def since(self) -> date | None:
        """From which day on to work anew (`--since`); None for what is missing."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The universe of `miner.toml`, sorted."""

    @property
    def data(self) -> DataAPI:
        """The vendor's market data on request; nothing after `day` is in it."""

    @property
    def history(self) -> History:
        """The history on disk."""

    @property
    def tables(self) -> Tables:
        """The rows that miners keep."""

    @property
    def simulator(self) -> Simulator:
        """Strategies run over history."""

    @property
    def batches(self) -> Batches:
        """What past batches traded."""

    def trading_days(self, first: date, last: date) -> list[date]:
        """Return the days of trading from `first` to `last`, both included."""

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""

    @property
    def companies(self) -> CompanyAPI | None:
        """What companies do; None where the vendor does not tell."""

    def skip(self, symbol: str, reason: str) -> None:
        """Tell that a symbol is left out tonight and why. The rest goes on; the outcome names it."""

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is."""

    def log(self, message: str) -> None:
        """Write a line to the log."""


class Miner:
    """Subclass this. Annotated class attributes are parameters; `miner.toml` may set them.

    ```python
    class Quiet(Miner):
        after = ("DailyOHLC",)
        days: int = 30

        async def run(self, ctx: MinerContext) -> int:
            first = ctx.trading_days(ctx.day - timedelta(days=2 * self.days), ctx.day)[-self.days]
            rows = []
            for symbol in ctx.symbols:
                volume = ctx.history.bars(symbol, 86_400, first, ctx.day).volume
                if len(volume):
                    rows.append(("Quiet", symbol, ctx.day, "volume", float(volume.mean())))
                else:
                    ctx.skip(symbol, "no bars")
            columns = ("miner", "symbol", "day", "name", "value")
            return await ctx.tables.put("miner_values", columns, rows, key=columns[:4])
    ```
    """

    after: ClassVar[tuple[str, ...]] = ()
    """Classes of miners whose work it reads: it waits for those of them that `miner.toml` names."""

    name: str
    """The name in `miner.toml`; set by the framework."""

    async def run(self, ctx: MinerContext) -> int:
        """Do the work; return how many rows are new or changed.

        Done twice, the second time changes nothing; ended at any point and done again, the rows are
        the same. What it raises is its outcome, and the others go on.
        """
        raise NotImplementedError(f"{type(self).__name__} must define run()")
