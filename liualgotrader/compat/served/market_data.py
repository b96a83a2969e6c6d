"""`liualgotrader.common.market_data`: bars and the calendar; companies' data are not there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.frames import OldFrame
from liualgotrader.compat.served.data_loader import DataLoader
from liualgotrader.compat.served.types import TimeScale
from liualgotrader.compat.world import current

_COMPANIES = (
    "companies' data are not kept; have a miner write a file, and read it where the class is made"
)


class _VolumeToday(Mapping[str, int]):
    """What was traded of each symbol since the open, as far as minutes tell."""

    def __getitem__(self, symbol: str) -> int:
        ctx = current().context("volume_today")
        if symbol not in ctx.data:
            raise KeyError(symbol)
        return int(ctx.data[symbol].volume[ctx.session_open :].sum())

    def __iter__(self) -> Iterator[str]:
        return iter(current().context("volume_today").data)

    def __len__(self) -> int:
        return len(current().context("volume_today").data)


volume_today: Mapping[str, int] = _VolumeToday()
quotes: Mapping[str, Any] = MappingProxyType({})


async def get_symbol_data(
    symbol: str,
    start: dt.date,
    end: dt.date,
    data_loader: DataLoader | None = None,
    scale: str = "minute",
) -> OldFrame:
    """Return a symbol's bars of the days from `start` to `end`."""
    loader = data_loader or DataLoader(TimeScale[scale])
    found: OldFrame = loader[symbol][start:end]
    return found


async def get_trading_holidays() -> list[str]:
    """Return the holidays of the exchange, ISO dates, over the calendar's years."""
    from liualgotrader.common.calendar import us_equities  # half a second, for who asks

    sessions = us_equities().sessions(dt.date(2000, 1, 1), dt.date(2030, 12, 31))
    days = {session.date for session in sessions}
    every = pd.bdate_range("2000-01-01", max(days))
    return [day.date().isoformat() for day in every if day.date() not in days]


async def get_trading_day(now: dt.datetime, offset: int) -> dt.date:
    """Return the trading day `offset` days of trading before `now`."""
    from liualgotrader.common.calendar import us_equities

    day = now.date()
    sessions = us_equities().sessions(day - dt.timedelta(days=2 * offset + 10), day)
    return sessions[-1 - offset].date


async def get_sector_tickers(sector: str) -> Any:
    """Refuse."""
    raise unanswerable("get_sector_tickers()", _COMPANIES)


async def get_sectors_tickers(sectors: list[str]) -> Any:
    """Refuse."""
    raise unanswerable("get_sectors_tickers()", _COMPANIES)


async def get_industry_tickers(industry: str) -> Any:
    """Refuse."""
    raise unanswerable("get_industry_tickers()", _COMPANIES)


async def get_industries_tickers(industries: list[str]) -> Any:
    """Refuse."""
    raise unanswerable("get_industries_tickers()", _COMPANIES)


async def get_market_sectors() -> Any:
    """Refuse."""
    raise unanswerable("get_market_sectors()", _COMPANIES)


async def get_market_industries() -> Any:
    """Refuse."""
    raise unanswerable("get_market_industries()", _COMPANIES)


async def sp500_historical_constituents(date: Any) -> Any:
    """Refuse."""
    raise unanswerable(
        "sp500_historical_constituents()",
        "name the symbols in session.symbols, or pick them in a scanner from a file",
    )


async def index_data(index: str) -> Any:
    """Refuse."""
    raise unanswerable(
        "index_data()", "name the symbols in session.symbols, or pick them in a scanner from a file"
    )
