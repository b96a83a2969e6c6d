"""Whatever a vendor sends: what can be read is read, the rest is counted, and nothing is raised."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from liualgotrader.common.events import Bar, OrderEvent, Trade
from liualgotrader.data.alpaca_messages import AlpacaParser
from liualgotrader.trading.alpaca_stream import AlpacaOrderStream

TIME = "2026-11-20T14:30:00.123456789Z"
GOOD: list[dict[str, Any]] = [
    {"T": "t", "S": "AAPL", "t": TIME, "p": 50.25, "s": 100, "x": "V", "i": 7, "z": "A"},
    {"T": "q", "S": "AAPL", "t": TIME, "bp": 50.2, "ap": 50.3, "bs": 1, "as": 2, "c": ["R"]},
    {"T": "b", "S": "KO", "t": TIME, "o": 5, "h": 6, "l": 4, "c": 5.5, "v": 10, "n": 3, "vw": 5.1},
    {"T": "u", "S": "KO", "t": TIME, "o": 5, "h": 6, "l": 4, "c": 5.5, "v": 12},
    {"T": "s", "S": "KO", "t": TIME, "sc": "H"},
    {"T": "success", "msg": "connected"},
    {"T": "subscription", "trades": ["AAPL"]},
    {"T": "mark", "t": 1},
]
UPDATE: dict[str, Any] = {
    "stream": "trade_updates",
    "data": {
        "event": "partial_fill",
        "timestamp": TIME,
        "price": "50.25",
        "qty": "3",
        "execution_id": "e1",
        "order": {"id": "b1", "client_order_id": "12345678-A-0000001", "symbol": "AAPL"},
    },
}
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
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


@given(st.binary(max_size=60) | torn(json.dumps(GOOD).encode()))
@example(b"[" * 5_000)
@example(b'[{"T":"t","S":"A","t":"x","p":1e400,"s":1}]')
@example(b'[{"T":"b","S":"A","t":"x","o":1,"h":1,"l":1,"c":1,"v":1}]')
@example(b'[{"T":"t","S":"\xff","t":"x","p":1,"s":1}]')
@example(b"")
def test_no_bytes_make_the_parser_raise(data: bytes) -> None:
    parser = AlpacaParser()
    events, control = parser.parse(data)
    assert events or control or parser.skipped or data.strip() in (b"[]", b"")


@given(st.lists(spoilt(GOOD), max_size=4), st.integers(0, 4))
def test_a_spoilt_message_costs_its_neighbours_nothing(
    messages: list[dict[str, Any]], place: int
) -> None:
    whole = {"T": "t", "S": "WHOLE", "t": TIME, "p": 1.5, "s": 2.0}
    frame = [*messages[:place], whole, *messages[place:]]
    events, _ = AlpacaParser().parse(json.dumps(frame).encode())
    assert Trade("WHOLE", TIME, 1.5, 2.0) in events
    for event in events:
        if isinstance(event, Bar):
            assert 0 < event.low <= event.high
            assert event.ts_event > 0


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
