"""Whatever Massive sends: what can be read is read, the rest is counted, and nothing is raised."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from liualgotrader.common.events import SECOND, Bar, Quote, Trade
from liualgotrader.common.wire import decode_events, encode_events
from liualgotrader.data.massive_messages import MassiveParser
from tests.properties.test_market_frames import spoilt, torn
from tests.unit.data import massive_payloads as payloads

GOOD = [*payloads.MARKET, *payloads.CONTROL, {"ev": "mark", "t": 1}]
THOROUGH = settings(max_examples=1_500)
KINDS = st.sampled_from(["NOI", "FMV", "XL2", "V", "T2", "", "aM"])


@st.composite
def of_a_new_kind(draw: st.DrawFn) -> dict[str, Any]:
    """Return a good message under another `ev`."""
    return {**draw(st.sampled_from(GOOD)), "ev": draw(KINDS | st.text(max_size=4))}


@THOROUGH
@given(st.binary(max_size=60) | torn(payloads.frame(*GOOD)))
@example(b"[" * 5_000)
@example(b'[{"ev":"T","sym":"A","p":1e400,"s":1,"t":1}]')
@example(b'[{"ev":"T","sym":"A","p":1,"ds":"1e400","t":1}]')
@example(b'[{"ev":"T","sym":"\xff","p":1,"s":1,"t":1}]')
@example(b'[{"ev":"T","sym":"A","p":1,"s":1,"t":99999999999999999999999}]')
@example(b'{"ev":"status","status":"connected"}')
@example(b"")
def test_no_bytes_make_the_parser_raise(data: bytes) -> None:
    parser = MassiveParser()
    events, rest = parser.parse(memoryview(data))
    assert events or rest or parser.skipped or data.strip() in (b"", b"[]")
    assert decode_events(encode_events(events)) == events


@THOROUGH
@given(st.lists(spoilt(GOOD) | of_a_new_kind(), max_size=4), st.integers(0, 4))
def test_a_spoilt_message_costs_its_neighbours_nothing(
    messages: list[dict[str, Any]], place: int
) -> None:
    whole = payloads.TRADE | {"sym": "WHOLE"}
    parser = MassiveParser()
    frame = json.dumps([*messages[:place], whole, *messages[place:]]).encode()
    events, rest = parser.parse(frame)
    assert any(isinstance(event, Trade) and event.symbol == "WHOLE" for event in events)
    assert len(events) + len(rest) + parser.skipped.total() >= len(messages) + 1
    for event in events:
        assert isinstance(event, Trade | Quote | Bar)
        assert 0 < event.ts_event < (1 << 63) + 60 * SECOND
        if isinstance(event, Bar):
            assert 0 < event.low <= event.high
