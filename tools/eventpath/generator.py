"""A process that speaks Alpaca's streams over loopback and sends frames that were encoded beforehand.

As cheap as it can be, so that what is measured is the other side: its WebSockets are spoken by hand.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import struct
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, cast

import msgspec

from liualgotrader.common.timestamps import SECOND, format_time
from tools.eventpath.lone_session import symbol_names

EVENTS_A_FRAME = 10
FRAMES = 5_000
_STAMP = "2026-11-20T15:30:00.123456789Z"
_TICK_SECONDS = 0.001
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _event(random_: random.Random, symbol: str, *, is_trade: bool) -> str:
    """Return a message with all the fields that the vendor sends, its `t` as wide as a stamp."""
    price = random_.randint(1_000, 50_000) / 100
    size = random_.randint(1, 900)
    if is_trade:
        number = random_.randint(10**9, 10**10)
        return (
            f'{{"T":"t","S":"{symbol}","i":{number},"x":"V","p":{price},"s":{size},'
            f'"c":["@","I"],"z":"C","t":"{_STAMP}"}}'
        )
    return (
        f'{{"T":"q","S":"{symbol}","bx":"Q","bp":{price},"bs":{size},"ax":"V","ap":{price + 0.01:.2f},'
        f'"as":{size},"c":["R"],"z":"C","t":"{_STAMP}"}}'
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
        """Write the time into every event of a frame: the monotonic clock's, as if it began in 1970."""
        second, nanos = divmod(time.monotonic_ns(), SECOND)
        now = f"{format_time(second * SECOND)[:-1]}.{nanos:09d}Z".encode()
        for place in self.stamps[index]:
            self.bytes[place : place + len(now)] = now


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
                decode = json.loads if kind & 0x0F == 1 else msgspec.msgpack.decode
                return cast(dict[str, Any], decode(clear))

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
