"""Minutes of the last days that nobody recorded, asked for from the vendor and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import no_bars
from liualgotrader.miners.bar_days import (
    MINUTE,
    Fetching,
    midnight,
    portions,
    read_or_skip,
    sessions_back,
)
from liualgotrader.miners.base import Miner, MinerContext

_Stretch = tuple[date, date]


class CatchUp(Miner):
    """Brings in the minute bars of the last `days` trading days that the history on disk lacks.

    A day is lacking when it has no minutes, or fewer than `fewest` of what is usual for the symbol,
    its median over these days: what trades rarely has few. What a vendor was asked for once it is not asked
    for again, were its answer nothing.
    """

    after = ("Finalise",)  # what was heard is compared before it is replaced
    days: int = 30
    fewest: float = 0.5

    async def run(self, ctx: MinerContext) -> int:
        """Fetch what is lacking; return how many minute bars are new."""
        sessions = sessions_back(ctx, self.days)
        fetching = Fetching(ctx, MINUTE)
        new = done = 0
        for symbols in portions(ctx.symbols):
            before = {symbol: _minutes(ctx, symbol, sessions) for symbol in symbols}
            changed = set[str]()
            for stretch, alike in sorted(self._lacking(before, sessions).items()):
                asked = fetching.asked
                went_well = await fetching.fetch(alike, *stretch)
                if not went_well or fetching.asked > asked:  # a part may have come before it failed
                    changed.update(alike)
            for symbol in symbols:
                after = _minutes(ctx, symbol, sessions) if symbol in changed else before[symbol]
                new += int(after.sum() - before[symbol].sum())
                _tell(ctx, symbol, after)
            done += len(symbols)
            ctx.progress(done, len(ctx.symbols))
        fetching.raise_if_all()
        ctx.log(f"{new} minutes are new; {fetching.asked} days asked for")
        return new

    def _lacking(
        self, counts: dict[str, NDArray[np.int64]], sessions: Sequence[date]
    ) -> dict[_Stretch, list[str]]:
        """Return the stretches of days that are lacking, each with its symbols."""
        found: dict[_Stretch, list[str]] = defaultdict(list)
        for symbol, each in counts.items():
            usual = float(np.median(each)) if len(each) else 0.0
            lacking = (each == 0) | (each < self.fewest * usual)
            for begin, end in _runs(lacking):
                found[sessions[begin], sessions[end - 1]].append(symbol)
        return found


def _tell(ctx: MinerContext, symbol: str, counts: NDArray[np.int64]) -> None:
    """Tell what a symbol still lacks."""
    if not counts.any():
        ctx.skip(symbol, f"no minutes in the last {len(counts)} trading days")
    elif not counts[-1]:
        ctx.skip(symbol, f"no minutes on {ctx.day}")


def _minutes(ctx: MinerContext, symbol: str, sessions: Sequence[date]) -> NDArray[np.int64]:
    """Return how many minutes there are of each of these days."""
    if not sessions:
        return np.zeros(0, np.int64)
    read = partial(ctx.history.bars, symbol, MINUTE, sessions[0], sessions[-1], raw=True)
    bars = read_or_skip(ctx, symbol, read, no_bars(symbol))
    begins = bars.start.searchsorted([midnight(symbol, day) for day in sessions])
    ends = bars.start.searchsorted([midnight(symbol, day, after=1) for day in sessions])
    return ends - begins


def _runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Iterate over the stretches [begin, end) in which the mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
