"""REST through the official client: what is asked, what is asked again, and what becomes of refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from liualgotrader.common.calendar import crypto, us_equities
from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, coin
from liualgotrader.common.timestamps import format_time
from liualgotrader.data.alpaca import AlpacaData
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.tape import ListTape
from liualgotrader.links.rest import RetryPolicy
from tests.integration.exchange.box import (
    DAY,
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    quote,
    running,
    tape_of,
    trade,
)

QUICK = RetryPolicy(waits=(0.0, 0.0, 0.0), timeout=5, seconds=20)
Answer = tuple[int, Any, dict[str, str]]


def ok(body: Any) -> Answer:
    return 200, body, {}


def bar(at: int, close: float = 10.0) -> dict[str, Any]:
    return {"t": format_time(at), "o": 10, "h": 12, "l": 9, "c": close, "v": 5, "n": 1, "vw": 10}


class Vendor:
    """A server that gives one scripted answer after the other, and keeps what it was asked."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.answers = list(answers)
        self.asked: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Give the next answer."""
        self.asked.append(request)
        status, body, headers = self.answers.pop(0)
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(
            status=status, text=text, headers=headers, content_type="application/json"
        )


@asynccontextmanager
async def vendor(*answers: Answer, **options: Any) -> AsyncIterator[tuple[AlpacaData, Vendor]]:
    scripted = Vendor(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    url = f"http://{host}:{port}"
    options = {"policy": QUICK, "requests_a_minute": None} | options
    data = AlpacaData(key="PK", secret="s3cr3t", trading_url=url, data_url=url, **options)
    try:
        async with asyncio.timeout(30):
            yield data, scripted
    finally:
        data.close()
        await runner.cleanup()


async def bars(data: AlpacaData, *symbols: str) -> dict[str, list[Bar]]:
    return await data.bars(symbols, start=OPEN, end=OPEN + 10 * MINUTE, seconds=60)


async def test_pages_are_followed_and_only_complete_bars_in_the_range_are_asked_for() -> None:
    first = {"bars": {"KO": [bar(OPEN)]}, "next_page_token": "more"}
    second = {"bars": {"KO": [bar(OPEN + MINUTE)], "PEP": [bar(OPEN)]}, "next_page_token": None}
    async with vendor(ok(first), ok(second), feed="delayed_sip") as (data, server):
        found = await bars(data, "KO", "PEP", "NONE")
    assert [(symbol, len(rows)) for symbol, rows in found.items()] == [
        ("KO", 2),
        ("PEP", 1),
        ("NONE", 0),
    ]
    query = server.asked[1].query
    assert query["page_token"] == "more"
    assert query["feed"] == "sip"
    assert (query["start"], query["end"]) == (format_time(OPEN), format_time(OPEN + 9 * MINUTE))
    assert (query["timeframe"], query["adjustment"]) == ("1Min", "split")
    assert server.asked[0].headers["APCA-API-KEY-ID"] == "PK"


async def test_pages_that_lead_to_themselves_end() -> None:
    page = {"bars": {"KO": [bar(OPEN)]}, "next_page_token": "round"}
    async with vendor(ok(page), ok(page), ok(page)) as (data, _):
        with pytest.raises(FeedLost, match="the same page twice"):
            await bars(data, "KO")


@pytest.mark.parametrize(
    "failure",
    [
        (429, {"message": "too many requests"}, {"Retry-After": "0"}),
        (500, {"message": "internal"}, {}),
        (502, "<html>Bad Gateway</html>", {}),
        (504, "", {}),
        (200, "{ torn", {}),
    ],
    ids=["429", "500", "502", "504", "torn"],
)
async def test_what_passes_is_asked_again(failure: Answer) -> None:
    async with vendor(failure, ok({"bars": {"KO": [bar(OPEN)]}})) as (data, server):
        assert len((await bars(data, "KO"))["KO"]) == 1
    assert len(server.asked) == 2


async def test_what_does_not_pass_is_lost_after_the_tries_of_the_policy() -> None:
    async with vendor(*[(503, {"message": "down"}, {})] * 9) as (data, server):
        with pytest.raises(FeedLost, match="answered 503"):
            await bars(data, "KO")
    assert len(server.asked) == 4


async def test_retry_after_is_obeyed_and_not_waited_for_when_it_is_too_long() -> None:
    started = asyncio.get_running_loop().time()
    refusal = (429, {"message": "too many requests"}, {"Retry-After": "1"})
    async with vendor(refusal, ok({"bars": {}})) as (data, _):
        await bars(data, "KO")
    assert asyncio.get_running_loop().time() - started >= 1.0
    refusal = (429, {"message": "too many requests"}, {"Retry-After": "3600"})
    async with vendor(refusal) as (data, server):
        with pytest.raises(FeedLost, match="429"):
            await bars(data, "KO")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "APCA_API_KEY_ID"),
        (403, "the subscription includes the feed"),
        (404, "404"),
        (422, "bad symbol"),
    ],
)
async def test_a_refusal_is_told_with_what_to_do_and_without_a_secret(
    status: int, advice: str
) -> None:
    async with vendor((status, {"message": "bad symbol"}, {})) as (data, server):
        with pytest.raises(FeedRefused, match=advice) as refused:
            await bars(data, "KO")
    assert len(server.asked) == 1
    assert "s3cr3t" not in str(refused.value)


async def test_nobody_there_is_a_lost_feed() -> None:
    url = "http://127.0.0.1:9"  # discard
    data = AlpacaData(key="K", secret="S", trading_url=url, data_url=url, policy=QUICK)
    with pytest.raises(FeedLost, match=r"no answer \(ConnectionError\)"):
        await bars(data, "KO")
    data.close()


async def test_a_server_that_stays_silent_is_left() -> None:
    silent = RetryPolicy(waits=(), timeout=0.2, seconds=1)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    data = AlpacaData(key="K", secret="S", trading_url=url, data_url=url, policy=silent)
    with pytest.raises(FeedLost, match=r"no answer .ReadTimeout"):
        await bars(data, "KO")
    data.close()
    server.close()
    await server.wait_closed()


async def test_answers_of_another_shape_have_nothing_in_them() -> None:
    async with vendor(ok([]), ok({"bars": None}), ok({"bars": {"X": [bar(OPEN)]}})) as (data, _):
        for _ in range(3):
            assert await bars(data, "KO") == {"KO": []}
    async with vendor(ok({"message": "?"})) as (data, _):
        assert await data.assets() == []


async def test_a_delayed_feed_is_asked_for_nothing_that_is_not_out() -> None:
    async with vendor(
        ok({"trades": {}}), feed="delayed_sip", now=lambda: OPEN + 20 * MINUTE
    ) as (data, server):  # fmt: skip
        await data.trades(["KO"], start=OPEN, end=OPEN + 20 * MINUTE)
        await data.trades(["KO"], start=OPEN + 6 * MINUTE, end=OPEN + 20 * MINUTE)
    assert [r.query["end"] for r in server.asked] == [format_time(OPEN + 5 * MINUTE - 1)]


async def test_crypto_days_are_days_and_need_nobody() -> None:
    async with vendor(asset_class=AssetClass.CRYPTO) as (data, _):
        found = await data.calendar(start=DAY, end=DAY)
    assert found == crypto().sessions(DAY, DAY)


async def test_pairs_of_the_box_are_read_among_crypto() -> None:
    pair = "BTC/USD"
    tape = ListTape(
        date=DAY,
        instruments=[coin(pair, 2)],
        events=[
            quote(pair, 1 * SECOND, 60_000.0, 60_010.0, 0.5),
            trade(pair, 2 * SECOND, 60_010.0, 0.25),
        ],
        start=OPEN,
        end=OPEN + 10 * MINUTE,
    )
    with running(tape) as box:
        box.move(3 * MINUTE)
        data = AlpacaData(
            key=KEYS.key,
            secret=KEYS.secret,
            trading_url=box.address.trading_url,
            data_url=box.address.data_url,
            asset_class=AssetClass.CRYPTO,
            requests_a_minute=None,
        )
        assert await data.assets() == [coin(pair, 2, name=pair)]
        end = OPEN + 2 * MINUTE
        both = [pair, "AAPL"]
        assert await data.trades(both, start=OPEN, end=end) == {
            pair: [Trade(pair, OPEN + 2 * SECOND, 60_010.0, 0.25)],
            "AAPL": [],
        }
        assert len((await data.quotes(both, start=OPEN, end=end))[pair]) == 1
        assert (await data.bars(both, start=OPEN, end=end, seconds=60))[pair][0].volume == 0.25
        snapshot = (await data.snapshots([pair]))[pair]
        assert snapshot.trade is not None and snapshot.day is not None
        data.close()


async def test_corporate_actions_are_those_of_the_days_asked_for() -> None:
    with running(tape_of(trade("AAPL", SECOND, 100.0))) as box:
        data = AlpacaData(
            key=KEYS.key,
            secret=KEYS.secret,
            data_url=box.address.data_url,
            requests_a_minute=None,
        )
        found = await data.corporate_actions(
            ["AAPL"], start=date(2005, 2, 28), end=date(2012, 8, 9)
        )
        assert found == [
            CorporateAction("AAPL", midnight(date(2005, 2, 28)), ratio=Decimal(2)),
            CorporateAction("AAPL", midnight(date(2012, 8, 9)), cash=Decimal("2.65")),
        ]
        data.close()


async def test_the_exchange_in_a_box_is_read_as_the_vendor_would_be() -> None:
    tape = tape_of(
        trade("AAPL", 1 * SECOND, 100.0, 100),
        quote("AAPL", 3 * SECOND, 101.9, 102.1, 500),
        trade("AAPL", 61 * SECOND, 101.0, 50),
    )
    with running(tape) as box:
        box.move(3 * MINUTE)
        address = box.address
        data = AlpacaData(
            key=KEYS.key,
            secret=KEYS.secret,
            trading_url=address.trading_url,
            data_url=address.data_url,
            requests_a_minute=None,
        )
        end = OPEN + 2 * MINUTE
        assert [i.symbol for i in await data.assets()] == ["AAPL", "MSFT"]
        assert await data.trades(["AAPL"], start=OPEN, end=end) == {
            "AAPL": [
                Trade("AAPL", OPEN + SECOND, 100.0, 100.0),
                Trade("AAPL", OPEN + 61 * SECOND, 101.0, 50.0),
            ]
        }
        assert await data.quotes(["AAPL"], start=OPEN, end=end) == {
            "AAPL": [Quote("AAPL", OPEN + 3 * SECOND, 101.9, 102.1, 500.0, 500.0)]
        }
        minutes = await data.bars(["AAPL"], start=OPEN, end=end - 1, seconds=60)
        assert [bar_.start for bar_ in minutes["AAPL"]] == [OPEN]
        snapshot = (await data.snapshots(["AAPL", "NOPE"]))["AAPL"]
        assert snapshot.day is not None and snapshot.day.start == midnight(DAY)
        days = await data.calendar(start=date(2026, 1, 12), end=date(2026, 1, 20))
        assert list(days) == list(us_equities().sessions(date(2026, 1, 12), date(2026, 1, 20)))
        assert data.skipped == {}
        data.close()
