"""What becomes of every message that Alpaca documents, in JSON and in msgpack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.common.timestamps import parse_time
from liualgotrader.common.wire import decode_events, encode_events
from liualgotrader.data.alpaca_messages import AlpacaParser
from liualgotrader.data.alpaca_wire import Error, Mark, Subscribed, Success
from liualgotrader.data.market_status import PriceBand, TradingStatus
from tests.unit.data import alpaca_payloads as payloads
from tests.unit.data.alpaca_payloads import MINUTE, TIME

NS, START = parse_time(TIME), parse_time(MINUTE)
Encode = Callable[[list[Any]], bytes]
both = pytest.mark.parametrize("encode", [payloads.text, payloads.packed])


def timed(events: list[Event]) -> list[Event]:
    """Return events with their times as numbers."""
    return [
        msgspec.structs.replace(event, time=event.start if isinstance(event, Bar) else event.ts_event)
        for event in events
        if isinstance(event, Trade | Quote | Bar)
    ]  # fmt: skip


@both
def test_every_documented_message_becomes_what_it_says(encode: Encode) -> None:
    parser = AlpacaParser()
    events, rest = parser.parse(encode(payloads.MARKET))
    assert timed(events) == [
        Trade("AAPL", NS, 271.35, 40.0),
        Quote("KO", NS, 71.02, 71.03, 300.0, 200.0),
        Bar("KO", START, 71.0, 71.4, 70.9, 71.1, 5230.0, 60, 71.08, 81),
        Bar("KO", START, 71.0, 71.4, 70.9, 71.1, 5300.0, 60, 71.08, 81, correction=True),
        Trade("BTC/USD", NS, 91250.5, 0.00042),
        Quote("BTC/USD", NS, 91249.8, 91251.2, 0.51, 1.2),
        Bar("BTC/USD", START, 91250.5, 91260.0, 91240.0, 91255.0, 0.0, 60, 0.0, 0),
    ]
    assert rest == [
        TradingStatus("KO", NS, "2", "Trading Halt", "T1", "News Pending"),
        PriceBand("KO", NS, 74.55, 67.45, "B"),
    ]
    assert parser.noted == {"trades corrected": 1, "trades cancelled": 1}
    assert not parser.skipped


@both
def test_control_messages_come_in_order(encode: Encode) -> None:
    _, rest = AlpacaParser().parse(encode([*payloads.CONTROL, {"T": "mark", "t": 5}]))
    assert rest == [
        Success("connected"),
        Success("authenticated"),
        Error(409, "insufficient subscription"),
        Subscribed(["AAPL"], [], ["KO"]),
        Mark(5),
    ]


def test_times_are_numbers_from_msgpack_and_stay_text_in_json() -> None:
    parser = AlpacaParser()
    ((packed,), _), ((text,), _) = (
        parser.parse(encode([payloads.TRADE])) for encode in (payloads.packed, payloads.text)
    )
    assert (packed.time, text.time) == (NS, TIME)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("layout", "ns"),
    [
        ("d6ff6920a5a8", 1_763_747_240_000_000_000),
        ("d7ff0000000400000001", 1_000_000_001),
        ("c70cff0000007b000000006920a5a8", 1_763_747_240_000_000_123),
    ],
    ids=["32 bits", "64 bits", "96 bits"],
)
def test_all_three_layouts_of_the_timestamp_are_read(layout: str, ns: int) -> None:
    frame = b"\x91\x85" + b"".join(
        msgspec.msgpack.encode(part) for part in ("T", "t", "S", "KO", "p", 7.5, "s", 3.0, "t")
    )  # fmt: skip
    events, _ = AlpacaParser().parse(frame + bytes.fromhex(layout))
    assert events == [Trade("KO", ns, 7.5, 3.0)]


@pytest.mark.parametrize(
    "ext",
    [
        (5, b"\0" * 8),  # another extension
        (-1, b"\0" * 7),  # no layout
        (-1, b"\xff" * 8),  # more than a second of nanoseconds
        (-1, b"\xff" * 12),
        (-1, b"\0" * 4 + b"\x7f" + b"\xff" * 7),  # the sun is gone
        (-1, b"\0" * 4 + b"\xff" * 8),  # before 1970
        (-1, (0x2_FFFF_FFFF).to_bytes(8, "big")),  # after 2262
    ],
)
def test_a_time_that_is_none_is_counted(ext: tuple[int, bytes]) -> None:
    parser = AlpacaParser()
    odd = payloads.TRADE | {"t": msgspec.msgpack.Ext(*ext)}
    events, _ = parser.parse(payloads.packed([odd, payloads.QUOTE]))
    assert [type(event) for event in events] == [Quote]
    assert parser.skipped == {"impossible value": 1}


@pytest.mark.parametrize(
    "time",
    ["", "now", "2026-11-20 14:30", "2026-02-30T14:30:00Z", "9999-01-01T00:00:00Z", TIME + "Z",
     "2026-11-20T14:30:00.²Z", "2026-11-20T14:30:00.12", "2026-11-20T14:30:00Zulu Z"],
)  # fmt: skip
@pytest.mark.parametrize("message", [payloads.TRADE, payloads.STATUS], ids=["trade", "status"])
def test_text_that_is_no_time_is_counted_and_its_neighbours_are_kept(
    message: payloads.Json, time: str
) -> None:
    parser = AlpacaParser()
    events, rest = parser.parse(
        payloads.text([payloads.TRADE, message | {"t": time}, payloads.QUOTE])
    )
    assert [type(event) for event in events] == [Trade, Quote]
    assert not rest
    assert parser.skipped == {"impossible value": 1}


@pytest.mark.parametrize("time", ["2026-11-20T09:30:00-05:00", "2026-11-20T14:30:00.5+00:00"])
def test_times_with_another_zone_are_times(time: str) -> None:
    events, _ = AlpacaParser().parse(payloads.text([payloads.TRADE | {"t": time}]))
    assert [event.time for event in events] == [time]  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize(
    ("message", "field"),
    [(payloads.TRADE, "p"), (payloads.TRADE, "s"), (payloads.QUOTE, "bp"), (payloads.QUOTE, "as"),
     (payloads.BAR, "h"), (payloads.BAR, "v"), (payloads.BAND, "u")],
)  # fmt: skip
def test_numbers_that_are_none_are_counted(
    message: payloads.Json, field: str, value: float
) -> None:
    parser = AlpacaParser()
    events, rest = parser.parse(payloads.packed([message | {field: value}]))
    assert (events, rest, parser.skipped) == ([], [], {"impossible value": 1})


@both
def test_what_is_newer_than_this_version_is_counted_or_ignored(encode: Encode) -> None:
    parser = AlpacaParser()
    newer = payloads.TRADE | {"brand_new": {"deep": [1]}, "x": "?"}
    events, _ = parser.parse(encode([newer, {"T": "zz", "S": "KO"}, payloads.QUOTE]))
    assert [type(event) for event in events] == [Trade, Quote]
    assert parser.skipped == {"unknown or malformed message": 1}


@both
def test_what_was_parsed_travels_and_comes_back_the_same(encode: Encode) -> None:
    events, _ = AlpacaParser().parse(encode(payloads.MARKET))
    assert decode_events(encode_events(events)) == events


@pytest.mark.parametrize(
    ("code", "halts"),
    [("2", True), ("H", True), ("P", True), ("3", False), ("T", False), ("Q", None), ("E", None),
     ("new", None), ("", None)],
)  # fmt: skip
def test_codes_of_both_tapes_say_whether_trading_stops(code: str, halts: bool | None) -> None:
    assert TradingStatus("KO", 1, code).halts is halts
