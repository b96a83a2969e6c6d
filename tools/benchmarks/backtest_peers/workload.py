"""What every engine is given: bars in a file, and the figures of the strategy."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

Period = Literal["minute", "day"]

CASH = 10_000_000
QUANTITY = 100
FAST = 10
SLOW = 30
# Prices have four decimals, so they are whole numbers of ticks and sums of them are exact.
TICKS_PER_UNIT = 10_000
OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


@dataclass(frozen=True, slots=True)
class Workload:
    """Bars of several symbols at the same times.

    `ends` holds the ends of the bars in ns UTC, shape (bars,); of daily bars the session's date at
    midnight. `ohlcv` has the shape (symbols, bars, 5): open, high, low, close, volume in shares.
    """

    period: Period
    symbols: tuple[str, ...]
    ends: npt.NDArray[np.int64]
    ohlcv: npt.NDArray[np.float64]

    @property
    def bars(self) -> int:
        """Return the bars of all symbols together."""
        return len(self.symbols) * len(self.ends)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            np.savez(
                part,
                period=np.array(self.period),
                symbols=np.array(self.symbols),
                ends=self.ends,
                ohlcv=self.ohlcv,
            )
            os.replace(part, path)

    @staticmethod
    def load(path: Path) -> Workload:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return Workload(
                cast(Period, str(file["period"])),
                tuple(str(name) for name in file["symbols"]),
                file["ends"],
                file["ohlcv"],
            )


def ticks(prices: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return prices as whole ticks of 0.0001."""
    return np.rint(prices * TICKS_PER_UNIT).astype(np.int64)
