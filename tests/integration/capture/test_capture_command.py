"""`liu capture` beside the exchange in a box, in JSON and in MessagePack; and what it recorded, played again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from liualgotrader.capture.dialects import messages_of
from liualgotrader.capture.reader import Capture, replay_capture
from liualgotrader.capture.records import Kind, Record
from liualgotrader.capture.summary import summarised
from liualgotrader.common.errors import BrokerRefused, ConfigError
from liualgotrader.common.events import Event, OrderEvent, OrderEventKind
from liualgotrader.common.orders import Approved, OrderType, Side, Submit, TimeInForce
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.links.socket import Tap
from liualgotrader.trading.alpaca import AlpacaTrader
from liualgotrader.trading.alpaca_stream import AlpacaOrderStream
from tests.e2e.tapes import write_tape
from tests.integration.capture.boxes import begin, exchange_of

pytestmark = pytest.mark.timeout(120)

_LIU = (
    "import sys; from liualgotrader.scripts.liu import main; sys.argv[0] = 'liu'; sys.exit(main())"
)
_WITHIN = 40.0


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small day."""
    return write_tape(tmp_path_factory.mktemp("tape") / "tape.parquet", minutes=40)


@contextmanager
def recording(
    at: dict[str, Any], path: Path, *arguments: str, secret: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """Run `liu capture` on an exchange's streams."""
    keys = {"APCA_API_KEY_ID": at["key"], "APCA_API_SECRET_KEY": secret or at["secret"]}
    streams = ["--url", at["stream_url"], "--updates-url", at["updates_url"]]
    with subprocess.Popen(
        [sys.executable, "-c", _LIU, "capture", *streams, "--out", str(path), *arguments],
        env=os.environ | keys,
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def records(path: Path) -> list[Record]:
    """Return what is in the file so far."""
    try:
        return list(Capture(path).records())
    except ConfigError:
        return []


def until(process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    """Return once it holds; the file is flushed every second."""
    end = time.monotonic() + _WITHIN
    while not holds():
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.1)


def types(path: Path, kind: Kind) -> list[str]:
    found = []
    for record in records(path):
        if record.kind is kind:
            for message in messages_of(record.payload) or ():
                data = message.get("data")
                event = data.get("event") if isinstance(data, dict) else None
                found.append(str(event or message.get("stream") or message.get("T")))
    return found


def bought(at: dict[str, Any]) -> None:
    """Send an order to the exchange, as a session does."""
    trader = AlpacaTrader(at["trading_url"], key=at["key"], secret=at["secret"])
    order = Submit(
        "c0ffee00-A-1",
        "test",
        "AAPL",
        Side.BUY,
        OrderType.MARKET,
        TimeInForce.DAY,
        0,
        qty=Decimal(3),
    )
    asyncio.run(trader.send(Approved(order)))
    trader.close()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_both_streams_are_recorded_and_played_again(
    tape: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "a.capture"
    options = ["--symbols", "AAPL,msft", *(["--msgpack"] if encoding == "msgpack" else [])]
    with (
        exchange_of(tape, "--speed", "60", "--seed", "11") as at,
        recording(at, path, *options) as process,
    ):
        until(process, lambda: "subscription" in types(path, Kind.MARKET))
        until(process, lambda: "listening" in types(path, Kind.UPDATES))
        begin(at)
        until(process, lambda: types(path, Kind.MARKET).count("t") > 20)
        bought(at)
        until(process, lambda: "fill" in types(path, Kind.UPDATES))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=_WITHIN)
    assert process.returncode == 0, err
    assert "not in it: keys, messages that sign on" in out
    data = b"".join(record.payload for record in records(path)) + (out + err).encode()
    assert at["key"].encode() not in data and at["secret"].encode() not in data

    found = summarised(Capture(path))
    assert found.header.encoding == encoding and found.header.symbols == ("AAPL", "MSFT")
    assert found.market.types["t"] > 20 and found.market.unknown == {} == found.updates.unknown
    assert found.updates.types["trade_updates fill"] == 1
    assert found.loss == ""
    assert found.notes[:2] == ["market data: connected", "trade updates: connected"]
    if encoding == "json":
        _plays_offline(path, trades=found.market.types["t"])
        _plays_over_a_socket(path, trades=found.market.types["t"])


def _market_stream(
    url: str, sink: Callable[[int, list[Event]], None], tap: Tap | None = None
) -> AlpacaStream:
    return AlpacaStream(
        url,
        key="k",
        secret="s",
        channels=["trades"],
        sink=sink,
        on_mark=print,
        on_live=print,
        tap=tap,
    )


def _plays_offline(path: Path, *, trades: int) -> None:
    events: list[Event] = []
    orders: list[OrderEvent] = []
    market = _market_stream("", lambda _, found: events.extend(found))
    updates = AlpacaOrderStream(
        "", key="k", secret="s", sink=orders.append, on_mark=print, on_live=print
    )
    for stream in (market, updates):
        stream.connected(lambda _: None)
    replay_capture(path, {Kind.MARKET: market.frame, Kind.UPDATES: updates.frame})
    assert sum(type(event).__name__ == "Trade" for event in events) == trades
    assert orders[-1].kind is OrderEventKind.FILL and orders[-1].qty == 3
    assert market.parser.skipped == updates.skipped == {}


def _plays_over_a_socket(path: Path, *, trades: int) -> None:
    """Serve the frames to a stream that connects, as the vendor did."""
    got: list[Event] = []
    tapped: list[bytes] = []

    async def play(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()  # it signs on
        for record in records(path):
            if record.kind is Kind.MARKET:
                await socket.send_str(record.payload.decode())
        await socket.close()
        return socket

    whole = asyncio.Event()

    def take(_: int, found: list[Event]) -> None:
        got.extend(found)
        if sum(type(event).__name__ == "Trade" for event in got) >= trades:
            whole.set()

    async def served() -> None:
        app = web.Application()
        app.router.add_get("/stream", play)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        stream = _market_stream(
            f"ws://127.0.0.1:{port}/stream", take, tap=lambda frame: tapped.append(bytes(frame))
        )
        running = asyncio.create_task(stream.run())
        async with asyncio.timeout(_WITHIN):
            await whole.wait()
        stream.close()
        await running
        await runner.cleanup()

    asyncio.run(served())
    assert tapped == [record.payload for record in records(path) if record.kind is Kind.MARKET]


def test_a_wrong_key_is_the_vendors_word_and_no_key_of_ours(tape: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.capture"
    with exchange_of(tape, "--seed", "12") as at:
        wrong = at["secret"][::-1]
        with recording(at, path, secret=wrong) as process:
            out, err = process.communicate(timeout=_WITHIN)
        trader = AlpacaTrader(at["trading_url"], key=at["key"], secret=wrong)
        with pytest.raises(BrokerRefused, match="40110000") as refused:
            asyncio.run(trader.account())
        trader.close()
    told = "".join(traceback.format_exception(refused.value))
    assert "HTTPError: 401" in told
    assert not any(key in told for key in (at["key"], wrong))
    assert process.returncode == 1
    assert "refused: auth failed (402)" in err or "trade updates refused: unauthorized" in err
    assert not any(key in out + err for key in (at["key"], wrong))
    assert summarised(Capture(path)).loss == ""
