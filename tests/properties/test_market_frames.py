"""Whatever a vendor sends: what can be read is read, the rest is counted, and nothing is raised."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from liualgotrader.common.events import SECOND, Bar, OrderEvent, Quote, Trade
from liualgotrader.common.wire import decode_events, encode_events
from liualgotrader.data.alpaca_messages import AlpacaParser
from liualgotrader.data.alpaca_wire import LATEST
from liualgotrader.trading.alpaca_stream import AlpacaOrderStream
from tests.unit.data import alpaca_payloads as payloads

GOOD = [*payloads.MARKET, *payloads.CONTROL, {"T": "mark", "t": 1}]
FORMATS = st.sampled_from([payloads.text, payloads.packed])
NOTHING = (b"", b"[]", b"\x90")
THOROUGH = settings(max_examples=1_000)
UPDATE: dict[str, Any] = {
    "stream": "trade_updates",
    "data": {
        "event": "partial_fill",
        "timestamp": payloads.TIME,
        "price": "50.25",
        "qty": "3",
        "execution_id": "e1",
        "order": {"id": "b1", "client_order_id": "12345678-A-0000001", "symbol": "AAPL"},
    },
}
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@st.composite
def spoilt(draw: st.DrawFn, good: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a good message with one field gone, added or of another kind, at any depth."""
    message: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(good))))
    place = message
    while True:
        key = draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or draw(st.booleans()):
            break
        place = place[key]
    match draw(st.sampled_from(["drop", "change", "add"])):
        case "drop":
            del place[key]
        case "change":
            place[key] = draw(junk)
        case _:
            place[draw(st.text(max_size=3))] = draw(junk)
    return message


@st.composite
def torn(draw: st.DrawFn, data: bytes) -> bytes:
    """Return bytes with a piece cut out, and others put in its place."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, len(data)))
    return data[:start] + draw(st.binary(max_size=6)) + data[end:]


@THOROUGH
@given(st.binary(max_size=60) | FORMATS.flatmap(lambda encode: torn(encode(GOOD))))
@example(b"[" * 5_000)
@example(b"\x91" * 5_000)
@example(b"\xdd\xff\xff\xff\xff")
@example(b'[{"T":"t","S":"A","t":"x","p":1e400,"s":1}]')
@example(b'[{"T":"b","S":"A","t":"x","o":1,"h":1,"l":1,"c":1,"v":1}]')
@example(b'[{"T":"t","S":"\xff","t":"x","p":1,"s":1}]')
@example(b"\x91\x81\xa1T\xc1")
@example(b"")
def test_no_bytes_make_the_parser_raise(data: bytes) -> None:
    parser = AlpacaParser()
    events, rest = parser.parse(memoryview(data))
    assert events or rest or parser.skipped or parser.noted or data.strip() in NOTHING
    assert decode_events(encode_events(events)) == events


@THOROUGH
@given(st.lists(spoilt(GOOD), max_size=4), st.integers(0, 4), FORMATS)
def test_a_spoilt_message_costs_its_neighbours_nothing(
    messages: list[dict[str, Any]], place: int, encode: Callable[[list[Any]], bytes]
) -> None:
    whole = payloads.TRADE | {"S": "WHOLE"}
    parser = AlpacaParser()
    events, rest = parser.parse(encode([*messages[:place], whole, *messages[place:]]))
    assert any(isinstance(event, Trade) and event.symbol == "WHOLE" for event in events)
    unused = sum(message.get("T") in ("d", "o") for message in messages)
    counted = parser.skipped.total() + parser.noted.total()
    assert len(events) + len(rest) + counted + unused >= len(messages) + 1
    for event in events:
        assert isinstance(event, Trade | Quote | Bar)
        assert 0 <= event.ts_event < LATEST + 60 * SECOND
        if isinstance(event, Bar):
            assert 0 < event.low <= event.high


@given(spoilt([UPDATE]) | junk.map(lambda value: {"stream": "trade_updates", "data": value}))
def test_a_spoilt_order_update_is_counted_and_the_next_one_heard(message: dict[str, Any]) -> None:
    heard: list[OrderEvent] = []
    stream = AlpacaOrderStream(
        "", key="", secret="", sink=heard.append, on_mark=lambda _: None, on_live=lambda _: None
    )
    stream.frame(memoryview(json.dumps(message).encode()))
    before = len(heard)
    assert before + sum(stream.skipped.values()) >= (message.get("stream") == "trade_updates")
    stream.frame(memoryview(json.dumps(UPDATE).encode()))
    assert heard[-1].execution_id == "e1"
    assert len(heard) == before + 1


@given(torn(json.dumps(UPDATE).encode()))
@example(b'{"stream":"trade_updates","data":' + b"[" * 5_000)
def test_no_bytes_make_the_order_stream_raise(data: bytes) -> None:
    heard: list[OrderEvent] = []
    stream = AlpacaOrderStream(
        "", key="", secret="", sink=heard.append, on_mark=lambda _: None, on_live=lambda _: None
    )
    stream.frame(memoryview(data))
    assert heard or stream.skipped or b"stream" in data
