"""Massive over REST: pages, what is asked again, what becomes of refusals, and rows that cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.ports import CompanyFacts
from liualgotrader.data.massive import MassiveData
from liualgotrader.data.massive_company import sector
from liualgotrader.exchange.days import midnight
from liualgotrader.links.rest import RetryPolicy
from tests.integration.data.test_alpaca_rest import Answer, Vendor, ok
from tests.integration.exchange.box import DAY, MINUTE, OPEN, SECOND

QUICK = RetryPolicy(waits=(0.0, 0.0, 0.0), timeout=5, seconds=20)
KEY = "s3cr3t"
MS = 1_000_000
NO_KEY: Answer = (401, {"status": "ERROR", "error": "Unknown API Key"}, {})
NOT_ENTITLED: Answer = (403, {"status": "NOT_AUTHORIZED", "message": "You are not entitled"}, {})


def row(at: int, close: float = 10.0) -> dict[str, Any]:
    return {"t": at // MS, "o": 10, "h": 12, "l": 9, "c": close, "v": 5, "n": 1, "vw": 10}


@asynccontextmanager
async def vendor(*answers: Answer, **options: Any) -> AsyncIterator[tuple[MassiveData, Vendor]]:
    scripted = Vendor(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    data = MassiveData(key=KEY, base=f"http://{host}:{port}", **({"policy": QUICK} | options))
    try:
        async with asyncio.timeout(30):
            yield data, scripted
    finally:
        data.close()
        await runner.cleanup()


async def bars(data: MassiveData, *symbols: str) -> dict[str, list[Bar]]:
    return await data.bars(symbols, start=OPEN, end=OPEN + 10 * MINUTE, seconds=60)


async def test_pages_are_followed_on_our_host_alone() -> None:
    first = {"results": [row(OPEN)], "next_url": "https://elsewhere.example/v2/aggs/x?cursor=abc"}
    async with vendor(ok(first), ok({"results": [row(OPEN + MINUTE)]})) as (data, server):
        found = await bars(data, "KO")
    assert [bar.start for bar in found["KO"]] == [OPEN, OPEN + MINUTE]
    asked = server.asked[0]
    last = (OPEN + 9 * MINUTE) // MS
    assert asked.path == f"/v2/aggs/ticker/KO/range/1/minute/{OPEN // MS}/{last}"
    assert dict(asked.query) == {"adjusted": "true", "sort": "asc", "limit": "50000"}
    assert (server.asked[1].path, dict(server.asked[1].query)) == ("/v2/aggs/x", {"cursor": "abc"})
    assert {each.headers["Authorization"] for each in server.asked} == {f"Bearer {KEY}"}


async def test_pages_that_lead_to_themselves_end() -> None:
    page = {"results": [row(OPEN)], "next_url": "https://api.massive.com/round?cursor=1"}
    async with vendor(*[ok(page)] * 3) as (data, _):
        with pytest.raises(FeedLost, match="the same page twice"):
            await bars(data, "KO")


@pytest.mark.parametrize(
    "failure",
    [
        (429, {"status": "ERROR", "error": "You've exceeded the maximum requests per minute"}, {}),
        (502, "<html>Bad Gateway</html>", {}),
    ],
)
async def test_what_may_pass_is_asked_again(failure: Answer) -> None:
    async with vendor(failure, failure, ok({"results": [row(OPEN)]})) as (data, server):
        assert len((await bars(data, "KO"))["KO"]) == 1
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("refusal", "words"),
    [(NO_KEY, "check MASSIVE_API_KEY"), (NOT_ENTITLED, "upgrade the plan")],
)
async def test_refusals_say_what_to_do_and_no_key(refusal: Answer, words: str) -> None:
    async with vendor(refusal) as (data, server):
        with pytest.raises(FeedRefused, match=words) as told:
            await bars(data, "KO")
    assert KEY not in str(told.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", ["[]", "{", "null", '"no"'])
async def test_answers_that_are_no_objects_are_no_answers(body: str) -> None:
    async with vendor((200, body, {})) as (data, _):
        with pytest.raises(FeedLost, match="no JSON object"):
            await bars(data, "KO")


async def test_silence_is_a_lost_feed() -> None:
    data = MassiveData(key=KEY, base="http://127.0.0.1:1", policy=QUICK)
    with pytest.raises(FeedLost, match="no answer"):
        await bars(data, "KO")
    data.close()


async def test_odd_rows_are_counted_and_cost_their_neighbours_nothing() -> None:
    odd = [{}, None, 7, "x", row(OPEN) | {"h": 1}, row(OPEN) | {"t": "now"}, row(-1)]
    async with vendor(ok({"results": [row(OPEN), *odd, row(OPEN + MINUTE)]})) as (data, _):
        assert len((await bars(data, "KO"))["KO"]) == 2
    assert data.skipped == {"a bar": len(odd) - 1}


async def test_withdrawn_prints_are_none() -> None:
    stock = {"sip_timestamp": OPEN, "price": 10.5, "size": 3}
    given = [stock | {"decimal_size": "3.5"}, stock | {"correction": 8}, stock | {"correction": 12}]
    async with vendor(ok({"results": given})) as (data, server):
        found = await data.trades(["KO"], start=OPEN, end=OPEN + SECOND)
    assert found == {"KO": [Trade("KO", OPEN, 10.5, 3.5), Trade("KO", OPEN, 10.5, 3.0)]}
    asked = dict(server.asked[0].query)
    assert (asked["timestamp.gte"], asked["timestamp.lt"]) == (str(OPEN), str(OPEN + SECOND))
    assert not data.skipped


async def test_coins_have_prints_and_no_quotes() -> None:
    given = [{"participant_timestamp": OPEN, "price": 60_000.5, "size": 0.25, "id": "1"}]
    async with vendor(ok({"results": given}), asset_class=AssetClass.CRYPTO) as (data, server):
        found = await data.trades(["BTC/USD", "KO"], start=OPEN, end=OPEN + SECOND)
        quotes = await data.quotes(["BTC/USD"], start=OPEN, end=OPEN + SECOND)
    assert found == {"BTC/USD": [Trade("BTC/USD", OPEN, 60_000.5, 0.25)], "KO": []}
    assert quotes == {"BTC/USD": []}
    assert [asked.path for asked in server.asked] == ["/v3/trades/X:BTCUSD"]


async def test_a_snapshot_has_what_is_known_and_complete() -> None:
    now = OPEN + 5 * MINUTE + SECOND
    zeros = dict.fromkeys(("o", "h", "l", "c", "v", "vw"), 0)
    ko = {
        "ticker": "KO",
        "updated": now,
        "day": {"o": 10, "h": 12, "l": 9, "c": 11, "v": 5},
        "prevDay": {"o": 20, "h": 22, "l": 19, "c": 21, "v": 5, "vw": 20},
        "min": row(OPEN + 5 * MINUTE),
        "lastTrade": {"p": 11.5, "s": 7, "ds": "7.25", "t": now - 5, "x": 15, "c": [0]},
        "lastQuote": {"P": 11.6, "S": 100, "p": 11.4, "s": 200, "t": now - 4},
    }
    pep = {"ticker": "PEP", "updated": now, "day": zeros, "prevDay": zeros, "lastTrade": {"p": "x"}}
    async with vendor(ok({"tickers": [ko, pep, {"ticker": "OTHER"}, 5]})) as (data, server):
        found = await data.snapshots(["KO", "PEP", "NOBODY", "BTC/USD"])
    assert server.asked[0].query["tickers"] == "KO,PEP,NOBODY"
    known = found["KO"]
    assert known.trade == Trade("KO", now - 5, 11.5, 7.25)
    assert known.quote == Quote("KO", now - 4, 11.4, 11.6, 200.0, 100.0)
    assert known.minute is None
    assert known.day == Bar("KO", midnight(DAY), 10.0, 12.0, 9.0, 11.0, 5.0, 86_400)
    before = us_equities().previous_session(DAY).date
    assert known.previous_day is not None and known.previous_day.start == midnight(before)
    empty = found["PEP"]
    assert (empty.trade, empty.quote, empty.day, empty.previous_day) == (None, None, None, None)
    assert data.skipped == {"a trade": 1, "a snapshot": 2}


async def test_splits_and_dividends_take_effect_on_their_ex_dates() -> None:
    splits = [{"execution_date": "2026-01-15", "split_from": 2, "split_to": 3, "ticker": "KO"}]
    paid = {"ex_dividend_date": "2026-01-14", "ticker": "KO", "cash_amount": 0.485}
    dividends = [paid, paid | {"currency": "CAD"}, paid | {"ex_dividend_date": "soon"}]
    async with vendor(ok({"results": splits}), ok({"results": dividends})) as (data, server):
        found = await data.corporate_actions(
            ["KO", "BTC/USD"], start=date(2026, 1, 1), end=date(2026, 1, 31)
        )
    assert found == [
        CorporateAction("KO", midnight(date(2026, 1, 14)), cash=Decimal("0.485")),
        CorporateAction("KO", midnight(DAY), ratio=Decimal("1.5")),
    ]
    assert server.asked[0].query["execution_date.gte"] == "2026-01-01"
    assert data.skipped == {"dividends": 2}


async def test_assets_are_asked_for_once_and_whole() -> None:
    page = {"results": [{"ticker": "KO", "name": "Coca-Cola"}], "next_url": "https://x/next?c=1"}
    lost: Answer = (500, "", {})
    async with vendor(ok(page), *[lost] * 4, ok(page), ok({"results": [{"ticker": "PEP"}]})) as (
        data,
        server,
    ):
        with pytest.raises(FeedLost):
            await data.assets()
        assert [each.symbol for each in await data.assets()] == ["KO", "PEP"]
        (coke, _) = await data.assets()
    assert (coke.name, coke.shortable, coke.fractionable) == ("Coca-Cola", False, False)
    assert len(server.asked) == 7


async def test_a_company_is_told_in_two_requests() -> None:
    overview = {
        "results": {
            "ticker": "KO", "name": "Coca-Cola Co", "description": "It bottles.", "sic_code": "2086",
            "sic_description": "BOTTLED & CANNED SOFT DRINKS", "primary_exchange": "XNYS",
        }
    }  # fmt: skip
    related = {"results": [{"ticker": "PEP"}, {}, {"ticker": "KDP"}]}
    async with vendor(ok(overview), ok(related), (404, {"status": "NOT_FOUND"}, {})) as (
        data,
        server,
    ):
        found = await data.company("KO")
        assert await data.company("NONE") is None
    assert found == CompanyFacts(
        symbol="KO",
        name="Coca-Cola Co",
        description="It bottles.",
        industry="Bottled & canned soft drinks",
        sector="Manufacturing",
        exchange="XNYS",
        similar=("PEP", "KDP"),
    )
    assert [each.path for each in server.asked] == [
        "/v3/reference/tickers/KO",
        "/v1/related-companies/KO",
        "/v3/reference/tickers/NONE",
    ]


async def test_a_company_that_may_not_be_asked_for_is_refused() -> None:
    async with vendor(NOT_ENTITLED) as (data, _):
        with pytest.raises(FeedRefused, match="not entitled"):
            await data.company("KO")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0100", "Agriculture, Forestry and Fishing"),
        ("100", "Agriculture, Forestry and Fishing"),
        ("1311", "Mining"),
        ("6021", "Finance, Insurance and Real Estate"),
        ("7372", "Services"),
        ("0011", ""),
        ("", ""),
        ("n/a", ""),
    ],
)
def test_sectors_are_divisions(code: str, expected: str) -> None:
    assert sector(code) == expected
