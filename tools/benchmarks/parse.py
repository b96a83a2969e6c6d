"""Market data parsed and routed on one core, beside alpaca-py's models and raw mode: trades a second.

The same trades, twenty a frame, in JSON and in msgpack, lie in memory; no socket is measured, for
anybody. What is measured of ours is the stream's own callback (`parse`), and with it the producer,
which routes each event, gathers and encodes (`route`); what it would put on the consumers' links
is thrown away. What is measured of alpaca-py is its own loop over frames and its dispatch to a
handler that does nothing, with models and with `raw_data=True`. It reads msgpack only.

Rates are trades per second of this thread's time on the processor. All take turns in every round,
each time another one first; medians are reported, and ratios are those of a round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from alpaca.data.live import StockDataStream

from liualgotrader.common.events import Event, Picked, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.exchange.encode import JsonCodec, MsgpackCodec, trade_message
from liualgotrader.links.market import MarketSender
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.producer import Producer
from tools.eventpath.lone_session import session_config, symbol_names

TRADES_A_FRAME = 20
FRAMES = 2_000
# Frames that one turn of the loop finds on a busy socket.
FRAMES_A_TURN = 10
_BEGIN = 1_795_000_000_000_000_000

Contestant = Callable[[], Awaitable[int]]


class Nowhere:
    """A link that leads nowhere, and counts what is put on it."""

    def __init__(self) -> None:
        self.events = 0
        self.bytes = 0

    def send(self, payload: bytes, events: Sequence[Event]) -> None:
        """Take a batch."""
        self.events += len(events)
        self.bytes += len(payload)


def frames(codec: JsonCodec | MsgpackCodec) -> list[bytes]:
    """Return the same trades in a format."""
    chance, names = random.Random(1), symbol_names()
    found, moment = [], _BEGIN
    for frame in range(FRAMES):
        messages = []
        for place in range(TRADES_A_FRAME):
            moment += chance.randrange(1, 100_000)
            price, size = chance.randint(1_000, 50_000) / 100, float(chance.randint(1, 900))
            event = Trade(chance.choice(names), moment, price, size)
            messages.append(trade_message(codec, event, 10**9 + frame * TRADES_A_FRAME + place))
        found.append(codec.frame(messages))
    return found


def _stream(sink: Callable[[int, list[Event]], None]) -> AlpacaStream:
    return AlpacaStream(
        "", key="", secret="", channels=(), sink=sink, on_mark=lambda _: None, on_live=lambda _: None
    )  # fmt: skip


def parsing(payloads: Sequence[bytes]) -> Contestant:
    """Return ours up to the sink."""
    count = 0

    def sink(read_at: int, events: list[Event]) -> None:
        nonlocal count
        count += len(events)

    stream = _stream(sink)

    async def run() -> int:
        nonlocal count
        count = 0
        for start in range(0, len(payloads), FRAMES_A_TURN):
            for payload in payloads[start : start + FRAMES_A_TURN]:
                stream.frame(memoryview(payload))
            await asyncio.sleep(0)
        return count

    return run


def routing(payloads: Sequence[bytes], home: str) -> Contestant:
    """Return ours with the producer behind it."""
    config = session_config(home, 1, LinkKind.PIPE, "NoOp")
    context = multiprocessing.get_context("spawn")
    links = [SlotLinks(context, slot, LinkKind.PIPE, 1) for slot in config.slots]
    producer = Producer(config, links, 1)
    producer.pick(Picked(name, "plan", 0, Instrument(name)) for name in symbol_names())
    nowhere = Nowhere()
    for outlet in producer._outlets:
        outlet.market = cast(MarketSender, nowhere)
    stream = _stream(producer.market)

    async def run() -> int:
        nowhere.events = 0
        for start in range(0, len(payloads), FRAMES_A_TURN):
            for payload in payloads[start : start + FRAMES_A_TURN]:
                stream.frame(memoryview(payload))
            await asyncio.sleep(0)
        producer.flush()
        return nowhere.events

    return run


class Reel:
    """What alpaca-py takes for its WebSocket: gives one frame after the other, then has it stop."""

    def __init__(self, stream: StockDataStream, payloads: Sequence[bytes]) -> None:
        self._stream = stream
        self._payloads = iter(payloads)
        self._left = len(payloads)

    async def recv(self) -> bytes:
        """Return the next frame."""
        self._left -= 1
        if not self._left:
            self._stream._stop_stream_queue.put_nowait({"should_stop": True})
        return next(self._payloads)

    async def close(self) -> None:
        """Close."""


def official(payloads: Sequence[bytes], *, raw: bool) -> Contestant:
    """Return alpaca-py, with models or raw."""
    count = 0

    async def handler(trade: Any) -> None:
        nonlocal count
        count += 1

    async def run() -> int:
        nonlocal count
        count = 0
        stream = StockDataStream("key", "secret", raw_data=raw)
        stream.subscribe_trades(handler, "*")
        stream._ws = cast(None, Reel(stream, payloads))
        await stream._consume()
        return count

    return run


async def measure(rounds: int, home: str) -> dict[str, Any]:
    """Return medians and ratios of some rounds."""
    text, packed = frames(JsonCodec()), frames(MsgpackCodec())
    contestants = {
        "json_parse": parsing(text),
        "json_route": routing(text, home),
        "msgpack_parse": parsing(packed),
        "msgpack_route": routing(packed, home),
        "alpaca_models": official(packed[: FRAMES // 4], raw=False),
        "alpaca_raw": official(packed[: FRAMES // 2], raw=True),
    }
    names = list(contestants)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1, rounds):  # the first warms up and does not count
        for name in names[number % len(names) :] + names[: number % len(names)]:
            begun = time.thread_time()
            count = await contestants[name]()
            took = time.thread_time() - begun
            if number >= 0:
                rates[name].append(count / took)
        sys.stderr.write(f"round {number + 1} of {rounds}\n" if number >= 0 else "warm\n")
    return figures(rates)


def figures(rates: dict[str, list[float]]) -> dict[str, Any]:
    """Return the medians of rates by contestant, and of ours' ratios to alpaca-py's of a round."""
    result: dict[str, Any] = {name: round(statistics.median(each)) for name, each in rates.items()}
    for peer in ("alpaca_models", "alpaca_raw"):
        for name in rates:
            if not name.startswith("alpaca"):
                ratios = [
                    ours / other for ours, other in zip(rates[name], rates[peer], strict=True)
                ]
                result[f"{name}_over_{peer}"] = round(statistics.median(ratios), 2)
    return result


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    parser.add_argument("--rounds", type=int, default=7, help="how many rounds count")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liu-parse-") as home:
        result = asyncio.run(measure(options.rounds, home))
    result |= {"rounds": options.rounds, "cpus": os.cpu_count()}
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
