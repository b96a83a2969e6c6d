"""What is in a capture: how many messages of which type, which of them nobody here knows, where it was silent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from liualgotrader.capture.dialects import messages_of
from liualgotrader.capture.reader import Capture
from liualgotrader.capture.records import Header, Kind
from liualgotrader.data.alpaca_messages import AlpacaParser
from liualgotrader.trading.alpaca_stream import parse_update

_SECOND = 1_000_000_000
_SILENCE = 5 * _SECOND
_MOST_SILENCES = 5
_UNREADABLE = "unreadable"
# Those of Alpaca that our stream has no use for, and Massive's, whose messages say `ev`.
_FURTHER = {"c", "x", "l", "i", "o", "n"}
_MASSIVE = {"T", "Q", "A", "AM", "LULD", "FMV", "NOI", "XT", "XQ", "XA", "XAS", "status"}
_CONNECTION = {"authorization", "listening"}


class Silence(msgspec.Struct, frozen=True):
    """No frame came from `start`, ns UTC, for so many seconds."""

    start: int
    seconds: float


class StreamSummary(msgspec.Struct):
    """One stream. Times in ns UTC, rates a second; `peak` is the busiest second's."""

    frames: int = 0
    bytes: int = 0
    messages: int = 0
    first: int = 0
    last: int = 0
    rate: float = 0.0
    peak: int = 0
    types: dict[str, int] = {}
    unknown: dict[str, int] = {}
    silences: list[Silence] = []


class Summary(msgspec.Struct):
    """A whole capture. `loss`: what of the file is missing or damaged."""

    header: Header
    market: StreamSummary
    updates: StreamSummary
    notes: list[str]
    loss: str


def summarised(capture: Capture) -> Summary:
    """Read a capture through."""
    counts = {Kind.MARKET: _Counting(), Kind.UPDATES: _Counting()}
    notes: list[str] = []
    for record in capture.records():
        if record.kind is Kind.NOTE:
            notes.append(record.payload.decode(errors="replace"))
        else:
            counts[record.kind].frame(record.received, record.payload)
    market, updates = counts[Kind.MARKET].result(), counts[Kind.UPDATES].result()
    return Summary(capture.header, market, updates, notes, capture.loss)


class _Counting:
    def __init__(self) -> None:
        self._sum = StreamSummary()
        self._types: Counter[str] = Counter()
        self._known: dict[str, bool] = {_UNREADABLE: False}
        self._seconds: Counter[int] = Counter()

    def frame(self, received: int, payload: bytes) -> None:
        total = self._sum
        if not total.frames:
            total.first = received
        elif received - total.last > _SILENCE:
            total.silences.append(Silence(total.last, (received - total.last) / _SECOND))
        total.frames, total.bytes, total.last = (
            total.frames + 1,
            total.bytes + len(payload),
            received,
        )
        messages = messages_of(payload)
        if messages is None:
            self._types[_UNREADABLE] += 1
            return
        total.messages += len(messages)
        self._seconds[received // _SECOND] += len(messages)
        for message in messages:
            name = _type_of(message)
            self._types[name] += 1
            if name not in self._known:
                self._known[name] = _is_known(message)

    def result(self) -> StreamSummary:
        total = self._sum
        lasted = max((total.last - total.first) / _SECOND, 1.0)
        total.rate = round(total.messages / lasted, 1)
        total.peak = max(self._seconds.values(), default=0)
        total.types = dict(self._types.most_common())
        total.unknown = {n: c for n, c in self._types.most_common() if not self._known[n]}
        longest = sorted(total.silences, key=lambda each: -each.seconds)
        total.silences = longest[:_MOST_SILENCES]
        return total


def _type_of(message: dict[str, Any]) -> str:
    data = message.get("data")
    if message.get("stream") == "trade_updates" and isinstance(data, dict):
        return f"trade_updates {data.get('event')}"
    return str(message.get("stream") or message.get("ev") or message.get("T") or "no type")


def _is_known(message: dict[str, Any]) -> bool:
    """Whether this version knows such a message: by the parsers that a session has."""
    if "ev" in message:
        return message["ev"] in _MASSIVE
    if message.get("stream") == "trade_updates":
        try:
            return parse_update(msgspec.json.encode(message["data"])) is not None
        except (msgspec.MsgspecError, ValueError, KeyError):
            return False
    if "stream" in message:
        return message["stream"] in _CONNECTION
    if message.get("T") in _FURTHER:
        return True
    parser = AlpacaParser()
    parser.parse(msgspec.json.encode([message]))
    return not parser.skipped
