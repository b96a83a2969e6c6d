"""What the official client never provokes: the streams' error codes, both formats, and slow readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange import market_stream
from liualgotrader.exchange.app import Address, Settings, build, serving
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.lockstep import LockstepDriver
from liualgotrader.exchange.tape import ListTape, TapeEvent
from liualgotrader.exchange.walk import walk_tape
from tests.integration.exchange.box import MINUTE, OPEN, quote, tape_of, trade

KEYS = Keys("PKTEST", "secret")
AUTH = {"action": "auth", "key": KEYS.key, "secret": KEYS.secret}
HEADERS = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}
Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def box() -> AsyncIterator[tuple[Address, aiohttp.ClientSession]]:
    exchange, driver = build(tape_of(quote("AAPL", 0, 9.9, 10.0)), Settings())
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as http,
        asyncio.timeout(20),
    ):
        yield address, http


async def ask(socket: Socket, message: object) -> Any:
    await socket.send_json(message)
    return await hear(socket)


async def hear(socket: Socket) -> Any:
    return msgspec.json.decode((await socket.receive()).data)


async def test_data_stream_answers_mistakes_with_their_codes() -> None:
    async with box() as (address, http), http.ws_connect(address.stream_url) as socket:
        assert await hear(socket) == [{"T": "success", "msg": "connected"}]
        assert (await ask(socket, {"action": "subscribe", "trades": ["AAPL"]}))[0]["code"] == 401
        await socket.send_str("{")
        assert (await hear(socket))[0]["code"] == 400
        assert await ask(socket, AUTH) == [{"T": "success", "msg": "authenticated"}]
        assert (await ask(socket, AUTH))[0]["code"] == 403
        assert (await ask(socket, {"action": "subscribe", "nonsense": ["AAPL"]}))[0]["code"] == 400
        assert (await ask(socket, {"action": "dance"}))[0]["code"] == 400


async def test_wrong_key_is_refused_and_the_connection_ends() -> None:
    async with box() as (address, http), http.ws_connect(address.stream_url) as socket:
        await hear(socket)
        refused = await ask(socket, AUTH | {"secret": "no"})
        assert refused == [{"T": "error", "code": 402, "msg": "auth failed"}]
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_second_connection_to_a_feed_is_one_too_many_until_the_first_is_gone() -> None:
    async with box() as (address, http):
        async with (
            http.ws_connect(address.stream_url, headers=HEADERS) as first,
            http.ws_connect(address.stream_url) as second,
        ):
            assert [await hear(first), await hear(first)][1][0]["msg"] == "authenticated"
            await hear(second)
            assert (await ask(second, AUTH))[0]["code"] == 406
            assert (await second.receive()).type is aiohttp.WSMsgType.CLOSE
        async with http.ws_connect(address.stream_url) as third:
            await hear(third)
            assert (await ask(third, AUTH))[0]["msg"] == "authenticated"


async def test_silence_ends_in_an_auth_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "AUTH_SECONDS", 0.01)
    async with box() as (address, http), http.ws_connect(address.stream_url) as socket:
        await hear(socket)
        assert (await hear(socket))[0] == {"T": "error", "code": 404, "msg": "auth timeout"}


async def test_subscription_lists_everything_and_corrections_follow_trades() -> None:
    async with (
        box() as (address, http),
        http.ws_connect(address.stream_url, headers=HEADERS) as socket,
    ):
        await hear(socket), await hear(socket)
        (all_of_it,) = await ask(
            socket, {"action": "subscribe", "trades": ["MSFT", "AAPL"], "bars": ["*"]}
        )
        assert all_of_it == {
            "T": "subscription",
            "trades": ["AAPL", "MSFT"],
            "quotes": [],
            "bars": ["*"],
            "updatedBars": [],
            "dailyBars": [],
            "statuses": [],
            "lulds": [],
            "corrections": ["AAPL", "MSFT"],
            "cancelErrors": ["AAPL", "MSFT"],
        }
        (rest,) = await ask(socket, {"action": "unsubscribe", "trades": ["MSFT"], "bars": ["*"]})
        assert (rest["trades"], rest["bars"], rest["corrections"]) == (["AAPL"], [], ["AAPL"])


async def test_reader_who_does_not_read_is_cut_off_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "SLOW_LIMIT", 100)
    tape = tape_of(*(trade("AAPL", i * 1_000, 10.0) for i in range(200_000)))
    exchange, driver = build(tape, Settings(speed=1_000.0))
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as http,
        # The header of lockstep changes nothing here: nobody waits for this reader.
        http.ws_connect(address.stream_url, headers=HEADERS | {"X-Liu-Lockstep": "1"}) as socket,
        asyncio.timeout(20),
    ):
        await hear(socket), await hear(socket)
        await ask(socket, {"action": "subscribe", "trades": ["*"]})
        driver.start()
        messages = []
        async for frame in socket:
            messages += msgspec.json.decode(frame.data)
        assert messages[-1] == {"T": "error", "code": 407, "msg": "slow client"}


async def test_trade_updates_want_authentication_first() -> None:
    listen = {"action": "listen", "data": {"streams": ["trade_updates", "nonsense"]}}
    async with box() as (address, http):
        async with http.ws_connect(address.updates_url) as socket:
            refused = await ask(socket, listen)
            assert refused["data"] == {"status": "unauthorized", "action": "listen"}
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        async with http.ws_connect(address.updates_url) as socket:
            granted = await ask(socket, AUTH)
            assert granted["data"] == {"status": "authorized", "action": "authenticate"}
            listening = await ask(socket, listen)
            assert listening == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
            nothing = await ask(socket, {"action": "listen", "data": {"streams": []}})
            assert nothing["data"] == {"streams": []}


async def test_trade_updates_come_in_binary_frames_and_in_msgpack_when_asked() -> None:
    async with box() as (address, http):
        headers = HEADERS | {"Content-Type": "application/msgpack"}
        async with http.ws_connect(address.updates_url, headers=headers) as socket:
            await socket.send_bytes(
                msgspec.msgpack.encode({"action": "listen", "data": {"streams": ["trade_updates"]}})
            )
            frame = await socket.receive()
            assert frame.type is aiohttp.WSMsgType.BINARY
            assert msgspec.msgpack.decode(frame.data)["stream"] == "listening"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v2/orders", "{", 400, 40010000),
        ("POST", "/v2/orders", "{}", 422, 40010001),
        ("POST", "/v2/orders", '{"symbol":"NOPE","side":"buy","qty":"1"}', 422, 40010001),
        ("GET", "/v2/orders/none", None, 404, 40410000),
        ("DELETE", "/v2/orders/none", None, 404, 40410000),
        ("PATCH", "/v2/orders/none", "{}", 404, 40410000),
        ("GET", "/v2/orders?status=some", None, 422, 40010001),
        ("GET", "/v2/orders?limit=0", None, 422, 40010001),
        ("GET", "/v2/orders?after=yesterday", None, 422, 42210000),
        ("GET", "/v2/positions/AAPL", None, 404, 40410000),
        ("GET", "/v2/assets/NOPE", None, 404, 40410000),
        ("GET", "/v2/stocks/bars?symbols=AAPL&timeframe=2Fortnights", None, 400, 40010001),
        ("GET", "/v2/stocks/trades", None, 400, 40010001),
        ("GET", "/v2/nothing", None, 404, 40410000),
        ("PUT", "/v2/orders", "{}", 405, 40510000),
    ],
)
async def test_refusals_have_status_and_code(
    method: str, path: str, body: str | None, status: int, code: int
) -> None:
    async with (
        box() as (address, http),
        http.request(method, address.trading_url + path, data=body, headers=HEADERS) as answer,
    ):
        said = await answer.json()
        assert (answer.status, said["code"]) == (status, code)
        assert said["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic UEtURVNUOnNlY3JldA=="},
        {"Authorization": "Bearer secret"},
        HEADERS,
    ],
)
async def test_keys_may_be_shown_in_three_ways(headers: dict[str, str]) -> None:
    async with (
        box() as (address, http),
        http.get(f"{address.trading_url}/v2/account", headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_box_tells_its_clock_without_keys() -> None:
    async with box() as (address, http), http.get(f"{address.box_url}/clock") as answer:
        clock = await answer.json()
    assert (clock["tape_ns"], clock["state"], clock["start"]) == (OPEN, "waiting", OPEN)


async def test_lockstep_refuses_what_breaks_it() -> None:
    exchange, driver = build(walk_tape(minutes="1"), Settings(speed=None))
    assert isinstance(driver, LockstepDriver)
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as http,
        asyncio.timeout(20),
    ):
        for said, word in (
            ([{"hello": "A"}], "of"),
            ([{"hello": "A", "of": 1}, {"ack": OPEN + MINUTE}], "not marked"),
            ([{"hello": "A", "of": 2}], "participants announced"),
        ):
            async with http.ws_connect(f"{address.box_url}/lockstep") as socket:
                for message in said:
                    await socket.send_json(message)
                answers = [frame.json() async for frame in socket]
            assert word in answers[-1]["error"]


async def test_paced_exchange_has_no_lockstep() -> None:
    async with box() as (address, http), http.get(f"{address.box_url}/lockstep") as answer:
        assert answer.status == 400


class BrokenTape(ListTape):
    """A tape that cannot be read on."""

    def events(self) -> Iterator[TapeEvent]:
        yield trade("AAPL", 1, 10.0)
        raise ConfigError("the tape is torn")


async def test_exchange_whose_tape_breaks_does_not_go_on_answering() -> None:
    whole = tape_of(symbols="AAPL")
    tape = BrokenTape(
        date=whole.date,
        instruments=whole.instruments.values(),
        events=(),
        start=whole.start,
        end=whole.end,
    )
    exchange, driver = build(tape, Settings())
    with pytest.raises(ConfigError, match="torn"):
        async with serving(exchange, driver, KEYS), asyncio.timeout(20):
            driver.start()
            await asyncio.Event().wait()
