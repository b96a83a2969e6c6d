"""The order log.

What was accepted, written before it was answered, so that a killed exchange comes back the same.

One JSON object a line. A line reaches the operating system before the answer leaves, so a killed
process loses nothing; a machine that loses power may. A torn last line was never answered, and is
cut off.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange.desk import Request
from liualgotrader.exchange.faults.board import Cleared, Faulted, Struck


class Header(msgspec.Struct, tag_field="line", tag="header"):
    """Which session this is the log of."""

    seed: int
    date: str
    start: int
    latency: int


class Decided(msgspec.Struct, tag_field="line", tag="decided"):
    """A participant decided `at`; the request reaches the venue at `arrival`, both ns UTC."""

    seq: int
    at: int
    arrival: int


class Position(msgspec.Struct, tag_field="line", tag="position"):
    """The tape had come so far (ns UTC), and everybody who keeps step knew it."""

    at: int


class Joined(msgspec.Struct, tag_field="line", tag="joined"):
    """A participant takes part: one of `of`, in this `life` of it, and so its orders are named."""

    slot: str
    prefix: str | None
    of: int
    life: int | None = None


Line = Header | Request | Decided | Position | Joined | Faulted | Struck | Cleared
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


class OrderLog:
    """An append-only file. `lines` is what an earlier incarnation had written."""

    def __init__(self, path: Path, header: Header) -> None:
        self.lines: list[Line] = []
        whole = self._read(path, header)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, whole)
        if not whole:
            self.append(header)

    def _read(self, path: Path, header: Header) -> int:
        """Read the whole lines; return how many bytes they take."""
        data = path.read_bytes() if path.exists() else b""
        whole = data.rfind(b"\n") + 1
        try:
            lines: list[Line] = [_decoder.decode(line) for line in data[:whole].splitlines()]
        except msgspec.MsgspecError as exc:
            raise ConfigError(f"{path} is not an order log: {exc}") from exc
        if lines and lines[0] != header:
            raise ConfigError(
                f"{path} is the log of another session ({lines[0]}, not {header}): "
                "start with the same tape, seed and latency, or name another log",
            )
        self.lines = lines[1:]
        return whole

    def append(self, line: Line) -> None:
        """Write one line through to the operating system."""
        os.write(self._file, _encoder.encode(line) + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
