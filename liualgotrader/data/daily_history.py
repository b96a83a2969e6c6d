"""Real daily bars that may be given to anybody: five companies, 2000 to March 2013.

Quandl's WIKI prices, which Quandl declared public domain, as the package bokeh-sampledata carries
them. Prices and volumes are as they were on the day, not adjusted for later splits and dividends.
The prices of some prints lie between two ticks: Rule 612 binds quotes, not every print.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from liualgotrader.common.calendar import new_york
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar

COMPANIES: Mapping[str, str] = {
    "AAPL": "Apple Inc.",
    "FB": "Facebook, Inc.",
    "GOOG": "Google Inc.",
    "IBM": "International Business Machines Corporation",
    "MSFT": "Microsoft Corporation",
}
"""What the data covers, under the names of its time."""

DAY_SECONDS = 86_400
_PACKAGE = "bokeh_sampledata"
_FILE = Path("_data") / "stocks.csv.gz"
_COLUMNS = ["Ticker", "Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"]


def real_daily_bars() -> dict[str, dict[date, Bar]]:
    """Return the bars by symbol and day, oldest first.

    A bar's time is its day's midnight in New York, ns UTC, as Alpaca stamps daily bars. Raises
    ConfigError where the package that carries the data is missing or too old.
    """
    bars: dict[str, dict[date, Bar]] = {symbol: {} for symbol in COMPANIES}
    for symbol, day, bar in _rows(_path()):
        if symbol in bars:
            bars[symbol][day] = bar
    return bars


def _path() -> Path:
    # Found, not imported: importing the package's module would read the whole file into lists of
    # its own.
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        if (path := Path(folder) / _FILE).is_file():
            return path
    raise ConfigError(
        "the simulated day is made from real daily bars, and the package that carries them is"
        " missing or too old: pip install 'bokeh-sampledata>=2026.1', or give a tape of your own"
        " with --tape FILE"
    )


def _rows(path: Path) -> Iterator[tuple[str, date, Bar]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if (header := next(rows, [])) != _COLUMNS:
            raise ConfigError(f"{path}: the columns should be {_COLUMNS}, but are {header}")
        for symbol, day_text, *prices, volume, _adjusted in rows:
            day = date.fromisoformat(day_text)
            opened, high, low, close = map(float, prices)
            yield symbol, day, _bar(symbol, day, opened, high, low, close, float(volume))


def _bar(
    symbol: str, day: date, opened: float, high: float, low: float, close: float, volume: float
) -> Bar:
    return Bar(symbol, midnight(day), opened, high, low, close, volume, DAY_SECONDS)


@lru_cache(maxsize=8192)
def midnight(day: date) -> int:
    """Return the day's midnight in New York, ns UTC: the time of a daily bar."""
    return new_york(day)
