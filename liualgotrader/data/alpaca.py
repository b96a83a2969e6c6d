"""Alpaca's market data on request, through the official client in threads, as a DataAPI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from alpaca.common.exceptions import APIError
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from requests import RequestException
from requests.adapters import HTTPAdapter

from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.common.timestamps import format_time

log = logging.getLogger(__name__)

_TIMEOUT = 15.0
_SYMBOLS_A_REQUEST = 200
_ROWS_A_PAGE = 10_000
_TIMEFRAMES = {60: "1Min", 86_400: "1Day"}
_REFUSALS = (401, 402, 403, 422)


class _Bounded(HTTPAdapter):
    """Every request ends."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["timeout"] = _TIMEOUT
        return super().send(*args, **kwargs)


class AlpacaData:
    """Assets, snapshots and bars. Blocking requests run in two threads."""

    def __init__(
        self, *, trading_url: str, data_url: str, key: str, secret: str, feed: str = "iex"
    ) -> None:
        self._trading = TradingClient(key, secret, raw_data=True, url_override=trading_url)
        self._data = StockHistoricalDataClient(key, secret, raw_data=True, url_override=data_url)
        for client in (self._trading, self._data):
            for scheme in ("http://", "https://"):
                client._session.mount(scheme, _Bounded())
        self._feed = feed
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="alpaca-data")
        self._assets: list[Instrument] = []

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _get(
        self, client: TradingClient | StockHistoricalDataClient, path: str, query: dict[str, Any]
    ) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, client.get, path, query)
        except APIError as exc:
            status = int(exc.status_code or 0)
            error = FeedRefused if status in _REFUSALS else FeedLost
            raise error(
                f"market data for {path}: the vendor answered {status}: {str(exc)[:200]}"
            ) from exc
        except RequestException as exc:
            raise FeedLost(f"market data for {path}: no answer ({type(exc).__name__})") from exc

    async def assets(self) -> Sequence[Instrument]:
        """Return the active, tradable US equities. Asked for once."""
        if not self._assets:
            rows = await self._get(
                self._trading, "/assets", {"status": "active", "asset_class": "us_equity"}
            )
            self._assets = [_instrument(row) for row in rows if row.get("tradable")]
        return self._assets

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now."""
        found: dict[str, Snapshot] = {}
        for start in range(0, len(symbols), _SYMBOLS_A_REQUEST):
            part = ",".join(symbols[start : start + _SYMBOLS_A_REQUEST])
            rows = await self._get(
                self._data, "/stocks/snapshots", {"symbols": part, "feed": self._feed}
            )
            found |= {symbol: _snapshot(symbol, row) for symbol, row in rows.items() if row}
        return found

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by `end`."""
        found: dict[str, list[Bar]] = {symbol: [] for symbol in symbols}
        for first in range(0, len(symbols), _SYMBOLS_A_REQUEST):
            query: dict[str, Any] = {
                "symbols": ",".join(symbols[first : first + _SYMBOLS_A_REQUEST]),
                "timeframe": _TIMEFRAMES[seconds],
                "start": format_time(start),
                "end": format_time(end),
                "limit": _ROWS_A_PAGE,
                "feed": self._feed,
            }
            await self._pages(query, found, end, seconds)
        return found

    async def _pages(
        self, query: dict[str, Any], found: dict[str, list[Bar]], end: int, seconds: int
    ) -> None:
        while True:
            answer = await self._get(self._data, "/stocks/bars", query)
            for symbol, rows in (answer.get("bars") or {}).items():
                bars = (_bar(symbol, row, seconds) for row in rows)
                found[symbol] += [bar for bar in bars if bar is not None and bar.ts_event <= end]
            token = answer.get("next_page_token")
            if not token:
                return
            query["page_token"] = token


def _instrument(row: Mapping[str, Any]) -> Instrument:
    return Instrument(
        symbol=str(row["symbol"]),
        asset_class=AssetClass.US_EQUITY,
        lot=Decimal(1),
        fractionable=bool(row.get("fractionable", False)),
        shortable=bool(row.get("shortable", False)),
        easy_to_borrow=bool(row.get("easy_to_borrow", False)),
        marginable=bool(row.get("marginable", False)),
        name=str(row.get("name") or ""),
    )


def _bar(symbol: str, row: Mapping[str, Any], seconds: int) -> Bar | None:
    bar = Bar(
        symbol, row["t"], float(row["o"]), float(row["h"]), float(row["l"]), float(row["c"]),
        float(row["v"]), seconds, row.get("vw"), row.get("n"),
    )  # fmt: skip
    if 0 < bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high:
        return bar
    log.warning("skipped an impossible bar of %s at %s", symbol, row["t"])
    return None


def _snapshot(symbol: str, row: Mapping[str, Any]) -> Snapshot:
    trade, quote = row.get("latestTrade"), row.get("latestQuote")
    return Snapshot(
        symbol=symbol,
        trade=Trade(symbol, trade["t"], float(trade["p"]), float(trade["s"])) if trade else None,
        quote=_quote(symbol, quote) if quote else None,
        minute=_bar(symbol, row["minuteBar"], 60) if row.get("minuteBar") else None,
        day=_bar(symbol, row["dailyBar"], 86_400) if row.get("dailyBar") else None,
        previous_day=_bar(symbol, row["prevDailyBar"], 86_400) if row.get("prevDailyBar") else None,
    )


def _quote(symbol: str, row: Mapping[str, Any]) -> Quote:
    return Quote(
        symbol, row["t"], float(row["bp"]), float(row["ap"]), float(row["bs"]), float(row["as"])
    )
