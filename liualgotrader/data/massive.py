"""Massive's market data on request, over the official client's connections in threads, as a DataAPI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from massive import RESTClient
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from liualgotrader.common.calendar import Session, crypto, us_equities
from liualgotrader.common.errors import FeedError, FeedLost, FeedRefused, RequestFailed
from liualgotrader.common.events import SECOND, Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import CompanyFacts, Snapshot
from liualgotrader.data import massive_rows as rows
from liualgotrader.data.massive_company import company_facts
from liualgotrader.data.massive_feeds import API_BASE
from liualgotrader.data.massive_symbols import ticker_of
from liualgotrader.data.tolerant import RowReader
from liualgotrader.links.rest import Failure, RetryPolicy, ask, retry_after, shared_bucket

REQUESTS_A_MINUTE_WITHOUT_PAYING = 5.0
"""What a key of the free plan may ask for; paid plans have no limit (massive.com/pricing)."""

_THREADS = 8
_UNKNOWN = 404
_GRACE = 5.0
_TICKERS_A_REQUEST = 200
_ROWS_A_PAGE, _REFERENCES_A_PAGE = 50_000, 1_000
_SPANS = {60: "minute", 86_400: "day"}
_MARKETS = {AssetClass.US_EQUITY: ("us", "stocks"), AssetClass.CRYPTO: ("global", "crypto")}
_MS = 1_000_000
_REFUSALS = (400, 401, 403, 404)
_ADVICE = {
    401: "; check MASSIVE_API_KEY at massive.com/dashboard/api-keys",
    403: '; upgrade the plan at massive.com/pricing, or take session.data = "alpaca"',
}
T = TypeVar("T")


class _Refused(Exception):
    """An answer other than 200."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        text = answer.data[:200].decode(errors="replace").strip()
        super().__init__(text)
        self.failure = Failure(answer.status, text, retry_after(answer.headers))


class MassiveData:
    """Implements `DataAPI` for one asset class. Symbols of the other have no rows.

    Requests run in threads, share the key's turns (`requests_a_minute`; None for no limit), and are
    asked again by `policy`. Bars are divided by the splits since, or left raw (`adjustment`);
    prints and quotes are raw, for the vendor has no others. Massive knows what is traded, and
    neither what can be borrowed nor what is fractionable: its assets are none of these, so whoever
    trades takes the broker's.
    """

    def __init__(
        self,
        *,
        key: str,
        base: str = API_BASE,
        asset_class: AssetClass = AssetClass.US_EQUITY,
        adjustment: Literal["split", "raw"] = "split",
        requests_a_minute: float | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._policy = RetryPolicy() if policy is None else policy
        self._client = RESTClient(
            key,
            base=base,
            connect_timeout=self._policy.timeout,
            read_timeout=self._policy.timeout,
            maxsize=_THREADS,
            # It would ask again blindly, and sleep; that is decided here.
            connection_pool_kw={"retries": False},
        )
        self._bucket = (
            None if requests_a_minute is None else shared_bucket("massive", key, requests_a_minute)
        )
        self._asset_class = asset_class
        self._locale, self._market = _MARKETS[asset_class]
        self._adjusted = "true" if adjustment == "split" else "false"
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="massive-data")
        self._free = asyncio.Semaphore(_THREADS)
        self._assets: list[Instrument] = []
        self._reader = RowReader()

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def skipped(self) -> dict[str, int]:
        """How many rows could not be used, by kind."""
        return dict(self._reader.skipped)

    async def assets(self) -> Sequence[Instrument]:
        """Return the active tickers. Asked for once."""
        if not self._assets:
            query = {"market": self._market, "active": "true", "limit": _REFERENCES_A_PAGE}
            make = partial(rows.instrument, asset_class=self._asset_class)
            self._assets = await self._rows("/v3/reference/tickers", query, "an asset", make)
        return self._assets

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; unknown symbols are absent."""
        path = f"/v2/snapshot/locale/{self._locale}/markets/{self._market}/tickers"
        by_ticker = {ticker_of(symbol): symbol for symbol in self._ours(symbols)}

        def make(row: rows.Row) -> Snapshot:
            return rows.snapshot(self._reader, by_ticker[row["ticker"]], row)

        found: list[Snapshot] = []
        for part in _chunks(list(by_ticker)):
            answer = await self._get(path, {"tickers": ",".join(part)})
            found += self._reader.each("a snapshot", answer.get("tickers"), make)
        return {snapshot.symbol: snapshot for snapshot in found}

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by `end`."""
        first, last = -(-start // _MS), (end - seconds * SECOND) // _MS
        query = {"adjusted": self._adjusted, "sort": "asc", "limit": _ROWS_A_PAGE}

        async def of(symbol: str) -> list[Bar]:
            path = f"/v2/aggs/ticker/{ticker_of(symbol)}/range/1/{_SPANS[seconds]}/{first}/{last}"
            make = partial(rows.bar, symbol, seconds=seconds)
            return await self._rows(path, query, "a bar", make)

        return await self._by_symbol(symbols if first <= last else (), symbols, of)

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end), without those that were withdrawn."""
        return await self._ticks("trades", symbols, start, end, rows.trade)

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end). Massive keeps none of crypto."""
        if self._asset_class is AssetClass.CRYPTO:
            return {symbol: [] for symbol in symbols}
        return await self._ticks("quotes", symbols, start, end, rows.quote)

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included.

        Massive tells of holidays ahead alone, so the days are those of our calendar.
        """
        is_crypto = self._asset_class is AssetClass.CRYPTO
        return (crypto() if is_crypto else us_equities()).sessions(start, end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return the splits and cash dividends of the days from `start` to `end`, both included, by time."""

        async def of(symbol: str) -> list[CorporateAction]:
            found: list[CorporateAction] = []
            for name, day, make in (
                ("splits", "execution_date", rows.split),
                ("dividends", "ex_dividend_date", rows.dividend),
            ):
                query = {
                    "ticker": symbol,
                    f"{day}.gte": start.isoformat(),
                    f"{day}.lte": end.isoformat(),
                    "limit": _REFERENCES_A_PAGE,
                }
                found += await self._rows(f"/v3/reference/{name}", query, name, make)
            return found

        stocks = [symbol for symbol in symbols if "/" not in symbol]
        by_symbol: dict[str, list[CorporateAction]] = await self._by_symbol(stocks, stocks, of)
        found = [action for actions in by_symbol.values() for action in actions]
        return sorted(found, key=lambda action: (action.time, action.symbol))

    async def company(self, symbol: str) -> CompanyFacts | None:
        """Return what is known of a company, None for nothing: two requests."""
        try:
            told = await self._get(f"/v3/reference/tickers/{ticker_of(symbol)}", {})
        except FeedError as exc:
            if isinstance(exc.__cause__, RequestFailed) and exc.__cause__.status == _UNKNOWN:
                return None
            raise
        related = await self._rows(
            f"/v1/related-companies/{ticker_of(symbol)}", {}, "a related company", dict[str, Any]
        )
        return company_facts(symbol, told.get("results") or {}, related)

    # ------------------------------------------------------------------ requests

    def _ours(self, symbols: Sequence[str]) -> list[str]:
        is_crypto = self._asset_class is AssetClass.CRYPTO
        return [symbol for symbol in dict.fromkeys(symbols) if ("/" in symbol) is is_crypto]

    async def _ticks(
        self,
        name: str,
        symbols: Sequence[str],
        start: int,
        end: int,
        make: Callable[[str, rows.Row], T | None],
    ) -> dict[str, list[T]]:
        query = {
            "timestamp.gte": start,
            "timestamp.lt": end,
            "order": "asc",
            "sort": "timestamp",
            "limit": _ROWS_A_PAGE,
        }

        async def of(symbol: str) -> list[T]:
            path = f"/v3/{name}/{ticker_of(symbol)}"
            return await self._rows(path, query, name, partial(make, symbol))

        return await self._by_symbol(symbols if start < end else (), symbols, of)

    async def _by_symbol(
        self, asked: Sequence[str], symbols: Sequence[str], of: Callable[[str], Any]
    ) -> dict[str, list[T]]:
        """Return what there is of each symbol; the vendor takes one at a time, the threads several."""
        ours = self._ours(asked)
        found: dict[str, list[T]] = {symbol: [] for symbol in symbols}
        return found | dict(zip(ours, await asyncio.gather(*map(of, ours)), strict=True))

    async def _rows(
        self, path: str, query: Mapping[str, Any], what: str, make: Callable[[Any], T | None]
    ) -> list[T]:
        found: list[T] = []
        async for page in self._pages(path, query):
            found += self._reader.each(what, page.get("results"), make)
        return found

    async def _pages(self, path: str, query: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """Yield one page after the other. Raises FeedLost for pages that lead back to themselves.

        A page's address is followed on our host alone, which is given the key.
        """
        former = ""
        while True:
            page = await self._get(path, query)
            yield page
            following = page.get("next_url")
            if not isinstance(following, str) or not following:
                return
            if following == former:
                raise FeedLost(f"market data for {_bare(path)}: the same page twice")
            former, parts = following, urlsplit(following)
            path, query = f"{parts.path}?{parts.query}", {}

    async def _get(self, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an answer. Raises FeedRefused or FeedLost."""
        request = partial(
            ask,
            partial(self._request, path, query),
            explain=_explain,
            bucket=self._bucket,
            policy=self._policy,
        )
        loop = asyncio.get_running_loop()
        try:
            # An answer that trickles in keeps a thread, but not whoever waits.
            limit = self._policy.seconds + self._policy.timeout + _GRACE
            async with self._free, asyncio.timeout(limit):
                body: bytes = await loop.run_in_executor(self._threads, request)
        except RequestFailed as exc:
            raise _error(path, exc) from exc
        except TimeoutError as exc:
            raise FeedLost(f"market data for {_bare(path)}: no answer in time") from exc
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as exc:
            raise FeedLost(f"market data for {_bare(path)}: no JSON object ({exc})") from exc

    def _request(self, path: str, query: Mapping[str, Any]) -> bytes:
        client = self._client
        url, fields = client.BASE + path, dict(query)
        answer = client.client.request("GET", url, fields=fields, headers=client.headers)
        if answer.status != 200:
            raise _Refused(answer)
        return bytes(answer.data)


def _explain(exc: Exception) -> Failure | None:
    if isinstance(exc, _Refused):
        return exc.failure
    return (
        Failure(None, f"no answer ({type(exc).__name__})") if isinstance(exc, HTTPError) else None
    )


def _error(path: str, exc: RequestFailed) -> FeedRefused | FeedLost:
    said = exc.message if exc.status is None else f"Massive answered {exc.status}: {exc.message}"
    text = f"market data for {_bare(path)}: {said}"
    if exc.status in _REFUSALS:
        return FeedRefused(text + _ADVICE.get(exc.status, ""))
    return FeedLost(text)


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _chunks(tickers: Sequence[str]) -> Iterator[list[str]]:
    for first in range(0, len(tickers), _TICKERS_A_REQUEST):
        yield list(tickers[first : first + _TICKERS_A_REQUEST])
