"""The event path of a session, from a vendor's socket to the strategies: how many a second, how late.

A generator process speaks Alpaca's stream over a loopback WebSocket and sends frames that were
encoded beforehand, ten events each. The session's own producer and two of its consumers take them
from there: sockets, links, age gate, journal, runner, engine. Only what needs a database or a
broker is left out, and nothing on the way of a quote or a trade does.

Throughput is the highest paced rate that holds: the generator keeps its pace, every event is
admitted, none dropped or conflated, none later than a second. Latency is measured at 10,000 events
a second, from the generator's send (`p50_ms`, `p99_ms`), which every event carries in its `t`, and
from the producer's read of the socket (`read_p50_ms`, `read_p99_ms`), which is what a session
reports.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import multiprocessing
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Any, cast

import msgspec
import psutil

from liualgotrader.bootstrap import Endpoints, SessionConfig, make_data, make_trader
from liualgotrader.common.events import OrderEvent, Picked, Started
from liualgotrader.common.ids import slot_name
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Channel, Plan, SessionPlan, StrategyPlan
from liualgotrader.consumer import Consumer, Shared
from liualgotrader.engine.latency import Latencies
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.models.journal import Journal
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.session_store import SessionStore
from liualgotrader.producer import ProducerProcess
from liualgotrader.session import messages
from liualgotrader.session.child import Control, run_child
from liualgotrader.session.incarnation import Incarnation, journal_header
from liualgotrader.session.messages import Done, Failed, Ready, Status, Stop

SYMBOLS = 500
CONSUMERS = 2
EVENTS_A_FRAME = 10
FRAMES = 5_000
LATENCY_RATE = 10_000
_MOST_LAG_MS = 1_000.0
_STAMP_DIGITS = 20
_TICK_SECONDS = 0.001
_HOUR = 3_600_000_000_000
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# Callbacks that do nothing, or only note how long the event took.
NO_OP = """
from liualgotrader.strategies.base import Context, Strategy

class NoOp(Strategy):
    def on_trade(self, ctx, trade):
        pass

    def on_quote(self, ctx, quote):
        pass
"""
WATCH = """
import json
from time import monotonic_ns

from liualgotrader.strategies.base import Context, Strategy

class Watch(Strategy):
    waits = []

    def on_trade(self, ctx, trade):
        self.waits.append(monotonic_ns() - int(trade.time))

    def on_quote(self, ctx, quote):
        self.waits.append(monotonic_ns() - int(quote.time))

    def on_stop(self, ctx):
        from pathlib import Path
        Path(ctx.load("waits") or "").write_text(json.dumps(self.waits))
"""


# -- the generator -----------------------------------------------------------------------------------


def symbol_names() -> list[str]:
    """Return names that look like symbols and are none."""
    return [f"X{index:03d}" for index in range(SYMBOLS)]


def _event(random_: random.Random, symbol: str, *, is_trade: bool) -> str:
    """Return a message with all the fields that the vendor sends, its `t` as wide as a stamp."""
    price = random_.randint(1_000, 50_000) / 100
    size = random_.randint(1, 900)
    stamp = "2026-11-20T15:30:00Z".ljust(_STAMP_DIGITS)
    if is_trade:
        number = random_.randint(10**9, 10**10)
        return (
            f'{{"T":"t","S":"{symbol}","i":{number},"x":"V","p":{price},"s":{size},'
            f'"c":["@","I"],"z":"C","t":"{stamp}"}}'
        )
    return (
        f'{{"T":"q","S":"{symbol}","bx":"Q","bp":{price},"bs":{size},"ax":"V","ap":{price + 0.01:.2f},'
        f'"as":{size},"c":["R"],"z":"C","t":"{stamp}"}}'
    )


class Frames:
    """Frames as they go over the wire, one behind the other, with the places of their stamps."""

    def __init__(self) -> None:
        chance, names = random.Random(1), symbol_names()
        self.bytes = bytearray()
        self.ends = [0]
        self.stamps: list[list[int]] = []
        for _ in range(FRAMES):
            events = [
                _event(chance, chance.choice(names), is_trade=bool(index & 1))
                for index in range(EVENTS_A_FRAME)
            ]
            start = len(self.bytes)
            self.bytes += text_frame(f"[{','.join(events)}]".encode())
            self.stamps.append(self._places(start))
            self.ends.append(len(self.bytes))

    def _places(self, start: int) -> list[int]:
        places = []
        while (found := self.bytes.find(b'"t":"20', start)) >= 0:
            places.append(found + 5)
            start = found + 5
        return places

    def stamp(self, index: int) -> None:
        """Write the time into every event of a frame, ns of the monotonic clock."""
        now = b"%020d" % time.monotonic_ns()
        for place in self.stamps[index]:
            self.bytes[place : place + _STAMP_DIGITS] = now


def text_frame(payload: bytes) -> bytes:
    """Return a server's WebSocket text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes([size]) + payload
    if size < 65_536:
        return b"\x81\x7e" + struct.pack("!H", size) + payload
    return b"\x81\x7f" + struct.pack("!Q", size) + payload


class Peer:
    """A client's WebSocket, spoken by hand: that costs the generator least."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self._stream = connection.makefile("rb")
        self.path = ""

    def shake_hands(self) -> None:
        """Upgrade the connection."""
        self.path = self._stream.readline().split()[1].decode()
        key = b""
        while (line := self._stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                key = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        self.connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def receive(self) -> dict[str, Any]:
        """Return the client's next request; pings and the like are passed over."""
        while True:
            kind, size = self._read(2)
            size &= 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._read(8))
            mask = self._read(4)
            data = self._read(size)
            if kind & 0x0F in (1, 2):
                clear = bytes(byte ^ mask[index & 3] for index, byte in enumerate(data))
                return cast(dict[str, Any], json.loads(clear))

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionResetError("the client is gone")
        return data

    def send(self, message: object) -> None:
        """Send a message as JSON."""
        self.connection.sendall(text_frame(json.dumps(message).encode()))


def _order_stream(peer: Peer) -> None:
    """Sign the order stream on, and never have anything to tell."""
    peer.receive()
    peer.send({"stream": "authorization", "data": {"status": "authorized"}})
    peer.receive()
    peer.send({"stream": "listening", "data": {"streams": ["trade_updates"]}})


def _data_stream(peer: Peer) -> None:
    """Sign the data stream on, as far as the first subscription."""
    peer.send([{"T": "success", "msg": "connected"}])
    peer.receive()
    peer.send([{"T": "success", "msg": "authenticated"}])
    asked = peer.receive()
    channels = {name: asked.get(name, []) for name in ("trades", "quotes", "bars")}
    peer.send([{"T": "subscription", **channels}])


def _blast(peer: Peer, frames: Frames, seconds: float) -> int:
    """Send as fast as the other side reads; return how many frames."""
    until, sent = time.monotonic() + seconds, 0
    whole = memoryview(frames.bytes)
    while time.monotonic() < until:
        for start in range(0, FRAMES, 100):
            peer.connection.sendall(whole[frames.ends[start] : frames.ends[start + 100]])
            sent += 100
    return sent


def _pace(peer: Peer, frames: Frames, rate: float, seconds: float) -> int:
    """Send `rate` events a second in slices of a millisecond; return how many frames."""
    whole, ends = memoryview(frames.bytes), frames.ends
    total, sent = round(rate * seconds / EVENTS_A_FRAME), 0
    begun = time.monotonic()
    while sent < total:
        due = int((time.monotonic() - begun) * rate / EVENTS_A_FRAME) + 1
        while sent < min(due, total):
            start = sent % FRAMES
            stop = min(FRAMES, start + min(due, total) - sent)
            peer.connection.sendall(whole[ends[start] : ends[stop]])
            sent += stop - start
        time.sleep(_TICK_SECONDS)
    return sent


def _pace_stamped(peer: Peer, frames: Frames, rate: float, seconds: float) -> int:
    """Send `rate` events a second, each frame at its own moment and with it; return how many frames."""
    whole, ends = memoryview(frames.bytes), frames.ends
    total, gap = round(rate * seconds / EVENTS_A_FRAME), EVENTS_A_FRAME / rate
    begun = time.monotonic()
    for sent in range(total):
        wait = begun + sent * gap - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        index = sent % FRAMES
        frames.stamp(index)
        peer.connection.sendall(whole[ends[index] : ends[index + 1]])
    return total


class Job(msgspec.Struct, frozen=True):
    """What the generator is to send. `rate` in events a second; 0 is as fast as it can."""

    rate: float
    seconds: float
    stamped: bool = False


def generator_main(pipe: Connection) -> None:
    """Be the generator: say the port, sign two streams on, then send what is asked for."""
    frames = Frames()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        pipe.send(listener.getsockname()[1])
        peers: dict[str, Peer] = {}
        while len(peers) < 2:
            connection, _ = listener.accept()
            connection.settimeout(30)
            peer = Peer(connection)
            peer.shake_hands()
            peers[peer.path] = peer
            serve = _data_stream if peer.path == "/data" else _order_stream
            threading.Thread(target=serve, args=(peer,), daemon=True).start()
        while isinstance(job := pipe.recv(), Job):
            begun = time.monotonic()
            send = _pace_stamped if job.stamped else _pace
            peer = peers["/data"]
            sent = (
                send(peer, frames, job.rate, job.seconds)
                if job.rate
                else _blast(peer, frames, job.seconds)
            )
            pipe.send((sent * EVENTS_A_FRAME, time.monotonic() - begun))


# -- the session's processes, without a database -----------------------------------------------------


class Alone(Incarnation):
    """A consumer's life with nothing behind it: no ledger, no store, a real journal."""

    async def missed_events(self, now: int) -> list[OrderEvent]:
        """Nothing was missed."""
        return []

    async def keep(self, kept: Sequence[tuple[str, str, str]]) -> None:
        """Nothing is kept."""

    async def close(self, reason: str, failures: Sequence[tuple[str, str]]) -> None:
        """Nobody is told."""


def _incarnation(config: SessionConfig, slot: str) -> Alone:
    config.journals.mkdir(parents=True, exist_ok=True)
    started = Started(
        time=0,
        slot=slot,
        incarnation=1,
        next_order=1,
        session_open=config.session_open,
        session_close=config.session_close,
        cash=Decimal(100_000),
        buying_power=Decimal(100_000),
        keystore={
            part.name: {"waits": str(Path(config.home) / f"{slot}.waits")}
            for part in config.plan.strategies
        },
    )
    return Alone(
        config=config,
        slot=slot,
        number=1,
        store=cast(SessionStore, None),
        ledger=cast(PostgresLedger, None),
        trader=make_trader(config),
        journal=Journal(config.journals / f"{slot}-1.journal", journal_header(config, slot, 1)),
        started=started,
        missed=(),
    )


def consumer_main(
    config: SessionConfig, slot: int, links: SlotLinks, shared: Shared, pipe: Connection
) -> None:
    """Be a consumer, as a session runs it."""

    async def main(control: Control) -> None:
        life = _incarnation(config, config.slots[slot])
        await Consumer(config, slot, links, shared, life, make_data(config), control).run()

    run_child(f"consumer-{config.slots[slot]}", config.logs, pipe, main)


class LoneProducer(ProducerProcess):
    """A producer whose picks are all there from the beginning."""

    async def _known_picks(self) -> list[Picked]:
        return [Picked(name, "all", 0, Instrument(name)) for name in symbol_names()]


def producer_main(config: SessionConfig, links: Sequence[SlotLinks], pipe: Connection) -> None:
    """Be the producer, as a session runs it."""

    async def main(control: Control) -> None:
        await LoneProducer(config, links, 1, control).run()

    run_child("producer", config.logs, pipe, main)


def session_config(home: str, port: int, kind: LinkKind, *, watch: bool) -> SessionConfig:
    """Return a session of 500 symbols with one strategy, in the middle of its day."""
    now = time.time_ns()
    name = "Watch" if watch else "NoOp"
    plan = Plan(
        session=SessionPlan(
            link=kind.value, events=(Channel.TRADES, Channel.QUOTES), max_symbols=SYMBOLS
        ),
        strategies=(StrategyPlan(name=name, class_name=name, filename=f"{name}.py"),),
    )
    url = f"127.0.0.1:{port}"
    return SessionConfig(
        batch_id="0123456789abcdef",
        plan=plan,
        sources={"NoOp.py": NO_OP, "Watch.py": WATCH},
        dsn="",
        home=home,
        endpoints=Endpoints(
            f"http://{url}", f"http://{url}", f"ws://{url}/orders", f"ws://{url}/data", "k", "s"
        ),
        slots=tuple(slot_name(index) for index in range(CONSUMERS)),
        session_open=now - _HOUR,
        session_close=now + _HOUR,
        account_id=1,
    )


# -- a trial -----------------------------------------------------------------------------------------


class Member:
    """One process of a trial, with what it said and what it used."""

    def __init__(
        self, context: multiprocessing.context.SpawnContext, target: Callable[..., None], *args: Any
    ) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=target, args=(*args, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.figures: dict[str, Any] = {}
        self.failures: list[str] = []
        self.ready = self.done = False
        self._system = psutil.Process(self.process.pid)

    @property
    def cpu(self) -> float:
        """CPU seconds used so far, all threads."""
        used = self._system.cpu_times()
        return used.user + used.system

    @property
    def rss_mb(self) -> float:
        """Resident memory."""
        return self._system.memory_info().rss / 1e6

    def hear(self) -> None:
        """Take what it said."""
        message = messages.decode(self.pipe.recv_bytes())
        match message:
            case Ready():
                self.ready = True
            case Status(figures=figures):
                self.figures = figures
            case Done(figures=figures):
                self.figures, self.done = figures, True
            case Failed(message=text):
                self.failures.append(text)

    def end(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.join()


def hear_until(members: Sequence[Member], reached: Callable[[], bool], seconds: float) -> bool:
    """Listen to all until something is reached; False when it was not in time."""
    until = time.monotonic() + seconds
    by_pipe = {member.pipe: member for member in members}
    while not reached():
        left = until - time.monotonic()
        if left <= 0:
            return False
        for pipe in wait_for_any(list(by_pipe), timeout=left):
            try:
                by_pipe[cast(Connection, pipe)].hear()
            except EOFError:
                del by_pipe[cast(Connection, pipe)]
                if not by_pipe:
                    return reached()
    return True


class Trial:
    """Fresh processes, one job, figures."""

    def __init__(self, kind: LinkKind, job: Job) -> None:
        self._kind = kind
        self._job = job

    def run(self) -> dict[str, Any]:
        """Return what came of it."""
        with ExitStack() as stack:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="liu-events-"))
            context = multiprocessing.get_context("spawn")
            generator = Member(context, generator_main)
            stack.callback(generator.end)
            if not generator.pipe.poll(30):
                raise RuntimeError("the generator did not start")
            config = session_config(
                home, generator.pipe.recv(), self._kind, watch=self._job.stamped
            )
            links = [SlotLinks(context, slot, self._kind, 1) for slot in config.slots]
            shared = Shared(context, len(links))
            consumers = []
            for index, part in enumerate(links):
                consumers.append(Member(context, consumer_main, config, index, part, shared))
                stack.callback(consumers[-1].end)
            producer = Member(context, producer_main, config, links)
            stack.callback(producer.end)
            return self._measure(generator, producer, consumers, Path(home))

    def _measure(
        self, generator: Member, producer: Member, consumers: list[Member], home: Path
    ) -> dict[str, Any]:
        session = [producer, *consumers]
        if not hear_until(session, lambda: all(one.ready for one in session), 30):
            raise RuntimeError(f"not ready: {[one.failures for one in session]}")
        hear_until(session, lambda: False, 1.0)  # the picks and their empty histories settle
        processes = [generator, *session]
        before = [one.cpu for one in processes]
        generator.pipe.send(self._job)
        answered = generator.pipe.poll
        hear_until(session, lambda: answered(0), self._job.seconds * 3 + 30)
        sent, took = generator.pipe.recv()
        used = [after - one for after, one in zip([p.cpu for p in processes], before, strict=True)]
        hear_until(session, lambda: _events(consumers) >= sent, 8.0)
        figures = {
            "rate": round(sent / took),
            "sent": sent,
            "seconds": round(took, 2),
            "events": _events(consumers),
            "dropped": _lost(producer, consumers, sent),
            "rss_mb": round(max(one.rss_mb for one in session)),
            "generator_cpu": round(used[0] / took, 3),
            "producer_cpu": round(used[1] / took, 3),
            "consumer_cpu": round(sum(used[2:]) / took, 3),
            "producer_us": round(used[1] / sent * 1e6, 3),
            "consumer_us": round(sum(used[2:]) / sent * 1e6, 3),
        }
        figures |= _waits(consumers)
        if self._job.stamped:
            figures |= self._stamped(consumers, home)
        return figures

    def _stamped(self, consumers: list[Member], home: Path) -> dict[str, Any]:
        """Return how long events took from the generator's send, as the strategies saw it."""
        for consumer in consumers:
            consumer.pipe.send_bytes(messages.encode(Stop("measured")))
        if not hear_until(consumers, lambda: all(one.done for one in consumers), 30):
            raise RuntimeError("a consumer did not stop")
        waits = sorted(
            wait for path in home.glob("*.waits") for wait in json.loads(path.read_text())
        )
        return {
            "seen": len(waits),
            "p50_ms": round(waits[len(waits) // 2] / 1e6, 3),
            "p99_ms": round(waits[len(waits) * 99 // 100] / 1e6, 3),
            "max_ms": round(waits[-1] / 1e6, 3),
        }


def _events(consumers: Sequence[Member]) -> int:
    return sum(int(one.figures.get("events", 0)) for one in consumers)


def _lost(producer: Member, consumers: Sequence[Member], sent: int) -> int:
    """Return what did not arrive: dropped, conflated, too old, or not there after all that time."""
    told = sum(producer.figures.get(name, 0) for name in ("dropped", "conflated", "unrouted"))
    told += sum(one.figures.get("stale", 0) for one in consumers)
    return max(int(told), sent - _events(consumers))


def _waits(consumers: Sequence[Member]) -> dict[str, Any]:
    """Return how long events took from the producer's read, as the session reports it."""
    waits = Latencies()
    for one in consumers:
        counts = one.figures.get("latency", {})
        waits.merge({int(bucket): count for bucket, count in counts.items()})
    return {
        f"read_{name}_ms": round(waits.quantile_ms(share) or 0.0, 3)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


# -- the search --------------------------------------------------------------------------------------


def holds(figures: dict[str, Any], rate: float) -> bool:
    """Whether a rate was kept up: in pace, nothing lost, nothing much later than the rest."""
    return bool(
        figures["rate"] >= rate * 0.99
        and figures["dropped"] == 0
        and figures["read_max_ms"] < _MOST_LAG_MS
    )


def say(what: str, figures: dict[str, Any]) -> None:
    """Tell people on stderr how it goes."""
    print(f"{what}: {json.dumps(figures)}", file=sys.stderr, flush=True)


def throughput(kind: LinkKind, seconds: float, rate: float | None) -> dict[str, Any]:
    """Return the figures of the highest rate that held for `seconds`; the last tried, when none did."""
    if rate is None:
        blast = Trial(kind, Job(0, min(3.0, seconds))).run()
        say(f"{kind.value}, unpaced", blast)
        rates = [round(blast["rate"] * share, -3) for share in (0.95, 0.88, 0.8, 0.72, 0.62, 0.5)]
    else:
        rates = [rate]
    figures: dict[str, Any] = {}
    for asked in rates:
        figures = Trial(kind, Job(asked, seconds)).run()
        say(f"{kind.value} at {asked:,.0f}", figures)
        if holds(figures, asked):
            return figures | {"held": True}
    return figures | {"held": False}


def measure(kind: LinkKind, options: argparse.Namespace) -> dict[str, Any]:
    """Return one link's figures."""
    seconds = 5.0 if options.quick else options.seconds
    late = Trial(kind, Job(LATENCY_RATE, seconds, stamped=True)).run()
    say(f"{kind.value}, latency", late)
    result: dict[str, Any] = {}
    if not options.latency:
        most = throughput(kind, seconds, options.rate)
        result |= {
            "events_per_s": most["rate"] if most["held"] else 0,
            "held": most["held"],
            "dropped": most["dropped"],
            "lag_p99_ms": most["read_p99_ms"],
        }
        result |= {
            name: most[name]
            for name in (
                "generator_cpu",
                "producer_cpu",
                "consumer_cpu",
                "producer_us",
                "consumer_us",
            )
        }
        result["rss_mb"] = max(most["rss_mb"], late["rss_mb"])
    result |= {name: late[name] for name in late if name.endswith("_ms")}
    return result


def main() -> None:
    """Measure both links and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long a rate must hold")
    parser.add_argument("--quick", action="store_true", help="5 seconds")
    parser.add_argument("--rate", type=float, help="try this rate only, in events a second")
    parser.add_argument("--latency", action="store_true", help="measure the latency only")
    parser.add_argument("--link", choices=[kind.value for kind in LinkKind], help="one link only")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    kinds = [LinkKind(options.link)] if options.link else list(LinkKind)
    found = {kind: measure(kind, options) for kind in kinds}
    result = dict(found[kinds[0]])
    if len(kinds) > 1:
        result["pipe"] = found[LinkKind.PIPE]
    result |= {
        "seconds": 5.0 if options.quick else options.seconds,
        "cpus": os.cpu_count(),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
