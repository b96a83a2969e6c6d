"""Alpaca's market data on request, through the official client in threads, as a DataAPI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal, TypeVar

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient

from liualgotrader.common.calendar import Session, crypto, new_york
from liualgotrader.common.errors import FeedLost, FeedRefused, RequestFailed
from liualgotrader.common.events import SECOND, Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.common.timestamps import format_time
from liualgotrader.credentials.environments import TRADING_URLS, Environment
from liualgotrader.data import alpaca_rows as rows
from liualgotrader.data.alpaca_feeds import DATA_BASE, feed_named
from liualgotrader.links.rest import (
    Failure,
    RetryPolicy,
    ask,
    bound,
    explain_requests,
    retry_after,
    shared_bucket,
)

REQUESTS_A_MINUTE = 200
"""What a key without a subscription may ask for (Alpaca, "Usage limits on API calls")."""

_THREADS = 4
_GRACE = 5.0
_SYMBOLS_A_REQUEST = 200
_ROWS_A_PAGE = 10_000
_ACTIONS_A_PAGE = 1_000
# The vendor finds actions by the day on which it processes them: of a dividend, weeks after its ex-date.
_PROCESSED_BEFORE, _PROCESSED_AFTER = timedelta(days=7), timedelta(days=120)
_TIMEFRAMES = {60: "1Min", 86_400: "1Day"}
_REFUSALS = (400, 401, 402, 403, 404, 422)
_STOCKS, _COINS = "/stocks", "/crypto/us"
T = TypeVar("T")


class AlpacaData:
    """Implements `DataAPI`. Pairs such as BTC/USD are asked for among crypto, all else among stocks.

    `asset_class` says what `assets` and `calendar` are of. Requests run in threads, share the key's
    turns (`requests_a_minute`; None for an exchange in a box, which has no limit), and are asked
    again by `policy`. Bars are divided by the splits since, or left raw (`adjustment`); prints and
    quotes are raw, for the vendor has no others. With `now` (ns UTC) a delayed feed is asked for
    nothing that is not out yet.
    """

    def __init__(
        self,
        *,
        key: str,
        secret: str,
        trading_url: str = TRADING_URLS[Environment.PAPER],
        data_url: str = DATA_BASE,
        feed: str = "iex",
        adjustment: Literal["split", "raw"] = "split",
        asset_class: AssetClass = AssetClass.US_EQUITY,
        requests_a_minute: float | None = REQUESTS_A_MINUTE,
        policy: RetryPolicy | None = None,
        now: Callable[[], int] | None = None,
    ) -> None:
        self._policy = RetryPolicy() if policy is None else policy

        # The client's subclasses turn answers into models; these come in pages and stay as they are.
        def client(url: str, version: str) -> RESTClient:
            made = RESTClient(url, key, secret, api_version=version, raw_data=True)
            made._retry = 0  # it would ask again blindly; that is decided here
            bound(made._session, self._policy.timeout)
            return made

        self._trading, self._stocks = client(trading_url, "v2"), client(data_url, "v2")
        self._coins, self._actions = client(data_url, "v1beta3"), client(data_url, "v1")
        self._bucket = (
            None if requests_a_minute is None else shared_bucket("alpaca", key, requests_a_minute)
        )
        self._feed = feed_named(feed)
        self._adjustment = adjustment
        self._asset_class = asset_class
        self._now = now
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="alpaca-data")
        self._assets: list[Instrument] = []
        self._reader = rows.Reader()

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def skipped(self) -> dict[str, int]:
        """How many rows could not be used, by kind."""
        return dict(self._reader.skipped)

    async def assets(self) -> Sequence[Instrument]:
        """Return what is active and tradable of the asset class. Asked for once."""
        if not self._assets:
            query = {"status": "active", "asset_class": self._asset_class.value}
            answer = await self._get(self._trading, "/assets", query)
            tradable = [row for row in _listed(answer) if row.get("tradable")]
            self._assets = list(self._reader.each("an asset", tradable, rows.instrument))
        return self._assets

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; unknown symbols are absent."""
        found: dict[str, Snapshot] = {}
        for client, prefix, part in self._parts(symbols):
            query = {"symbols": ",".join(part)}
            if prefix == _STOCKS:
                query["feed"] = self._feed.name
            answer = await self._get(client, f"{prefix}/snapshots", query)
            given = answer.get("snapshots", {}) if prefix == _COINS else answer
            found |= {
                symbol: self._reader.snapshot(symbol, row)
                for symbol, row in _mapped(given).items()
                if isinstance(row, Mapping)
            }
        return found

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by `end`."""
        last = self._out_by(end) - seconds * SECOND
        return await self._ranges(
            symbols,
            "bars",
            start,
            last + 1,
            lambda symbol, row: rows.bar(symbol, row, seconds),
            {"timeframe": _TIMEFRAMES[seconds], "adjustment": self._adjustment},
        )

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end)."""
        return await self._ranges(symbols, "trades", start, self._out_by(end), rows.trade)

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end)."""
        return await self._ranges(symbols, "quotes", start, self._out_by(end), rows.quote)

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included; for crypto, all days."""
        if self._asset_class is AssetClass.CRYPTO:
            return crypto().sessions(start, end)
        query = {"start": start.isoformat(), "end": end.isoformat()}
        answer = await self._get(self._trading, "/calendar", query)
        found = self._reader.each("a trading day", _listed(answer), rows.session)
        return sorted(found, key=lambda session: session.date)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect on the days from `start` to `end`, both included, by time."""
        found: list[CorporateAction] = []
        stocks = [symbol for symbol in symbols if "/" not in symbol]
        for part in _chunks(stocks):
            query = {
                "symbols": ",".join(part),
                "start": (start - _PROCESSED_BEFORE).isoformat(),
                "end": (end + _PROCESSED_AFTER).isoformat(),
                "limit": _ACTIONS_A_PAGE,
            }
            async for page in self._pages(self._actions, "/corporate-actions", query):
                found += self._reader.actions(_mapped(page.get("corporate_actions")))
        first, after = new_york(start), new_york(end + timedelta(days=1))
        due = [action for action in found if first <= action.time < after]
        return sorted(due, key=lambda action: (action.time, action.symbol))

    # ------------------------------------------------------------------ requests

    def _out_by(self, end: int) -> int:
        """Return until when there is data: a delayed feed's is not out yet."""
        if self._now is None or not self._feed.delay:
            return end
        return min(end, self._now() - self._feed.delay * SECOND)

    def _parts(self, symbols: Sequence[str]) -> Iterator[tuple[RESTClient, str, list[str]]]:
        coins = [symbol for symbol in symbols if "/" in symbol]
        stocks = [symbol for symbol in symbols if "/" not in symbol]
        for part in _chunks(stocks):
            yield self._stocks, _STOCKS, part
        for part in _chunks(coins):
            yield self._coins, _COINS, part

    async def _ranges(
        self,
        symbols: Sequence[str],
        name: str,
        start: int,
        end: int,
        make: Callable[[str, rows.Row], T],
        more: Mapping[str, str] | None = None,
    ) -> dict[str, list[T]]:
        """Return the rows of [start, end) by symbol. The vendor's ends are both included."""
        found: dict[str, list[T]] = {symbol: [] for symbol in symbols}
        if start >= end:
            return found
        for client, prefix, part in self._parts(symbols):
            query: dict[str, Any] = {
                "symbols": ",".join(part),
                "start": format_time(start),
                "end": format_time(end - 1),
                "limit": _ROWS_A_PAGE,
                **(more or {}),
            }
            if prefix == _STOCKS:
                query["feed"] = self._feed.history
            async for page in self._pages(client, f"{prefix}/{name}", query):
                for symbol, given in _mapped(page.get(name)).items():
                    made = self._reader.each(name, given, partial(make, symbol))
                    if symbol in found:
                        found[symbol] += made
        return found

    async def _pages(
        self, client: RESTClient, path: str, query: dict[str, Any]
    ) -> AsyncIterator[rows.Row]:
        """Yield one page after the other. Raises FeedLost for pages that lead back to themselves."""
        while True:
            page = _mapped(await self._get(client, path, query))
            yield page
            token = page.get("next_page_token")
            if not token:
                return
            if token == query.get("page_token"):
                raise FeedLost(f"market data for {path}: the same page twice")
            query["page_token"] = token

    async def _get(self, client: RESTClient, path: str, query: Mapping[str, Any]) -> Any:
        def request() -> Any:
            return ask(
                lambda: client.get(path, dict(query)),
                explain=_explain,
                bucket=self._bucket,
                policy=self._policy,
            )

        loop = asyncio.get_running_loop()
        try:
            # An answer that trickles in keeps a thread, but not whoever waits.
            async with asyncio.timeout(self._policy.seconds + self._policy.timeout + _GRACE):
                return await loop.run_in_executor(self._threads, request)
        except RequestFailed as exc:
            raise _error(path, exc) from exc
        except TimeoutError as exc:
            raise FeedLost(f"market data for {path}: no answer in time") from exc


def _explain(exc: Exception) -> Failure | None:
    if isinstance(exc, APIError):
        response = exc.response
        headers = {} if response is None else response.headers
        return Failure(int(exc.status_code or 0), str(exc)[:200], retry_after(headers))
    return explain_requests(exc)


def _error(path: str, exc: RequestFailed) -> FeedRefused | FeedLost:
    if exc.status in _REFUSALS:
        advice = _ADVICE.get(exc.status, "")
        text = f"market data for {path}: the vendor answered {exc.status}: {exc.message}{advice}"
        return FeedRefused(text)
    if exc.status is None:
        return FeedLost(f"market data for {path}: {exc.message}")
    return FeedLost(f"market data for {path}: the vendor answered {exc.status}: {exc.message}")


_ADVICE = {
    401: "; check APCA_API_KEY_ID and APCA_API_SECRET_KEY",
    403: "; check that the keys are of this environment and the subscription includes the feed",
}


def _chunks(symbols: Sequence[str]) -> Iterator[list[str]]:
    for first in range(0, len(symbols), _SYMBOLS_A_REQUEST):
        yield list(symbols[first : first + _SYMBOLS_A_REQUEST])


def _mapped(answer: Any) -> Mapping[str, Any]:
    return answer if isinstance(answer, Mapping) else {}


def _listed(answer: Any) -> list[rows.Row]:
    return [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list) else []
