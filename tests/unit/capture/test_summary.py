"""What `liu capture --show` tells of a file."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from liualgotrader.capture.reader import Capture, replay_capture
from liualgotrader.capture.records import Kind
from liualgotrader.capture.summary import Summary, summarised
from liualgotrader.common.events import Event, OrderEvent, Trade
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.scripts.capture import capture
from liualgotrader.trading.alpaca_stream import AlpacaOrderStream
from tests.unit.capture.samples import NEW, TRADE, UPDATE, write_capture

MASSIVE = b'[{"ev":"T","sym":"AAPL","p":1,"s":1,"t":1},{"ev":"XYZ"}]'
UNKNOWN_UPDATE = UPDATE.replace(b'"new"', b'"brand_new"')
SIGNED_ON = b'[{"T":"success","msg":"authenticated"}]'
AUTHORIZED = b'{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a capture with something of everything."""
    market = [SIGNED_ON, TRADE, TRADE, NEW, b"[{broken", MASSIVE]
    updates = [AUTHORIZED, UPDATE, UNKNOWN_UPDATE]
    return write_capture(
        tmp_path / "a.capture",
        [(Kind.MARKET, frame) for frame in market] + [(Kind.UPDATES, frame) for frame in updates],
    )


def test_messages_are_counted_by_type_and_unknown_ones_are_marked(path: Path) -> None:
    found = summarised(Capture(path))
    assert found.market.types == {"t": 2, "success": 1, "zz": 1, "unreadable": 1, "T": 1, "XYZ": 1}
    assert found.market.unknown == {"zz": 1, "unreadable": 1, "XYZ": 1}
    assert (found.market.frames, found.market.messages) == (6, 6)
    assert found.updates.types == {
        "authorization": 1, "trade_updates new": 1, "trade_updates brand_new": 1,
    }  # fmt: skip
    assert found.updates.unknown == {"trade_updates brand_new": 1}
    assert found.market.rate == 6.0 and found.market.peak >= 3


def test_messagepack_is_counted_alike(tmp_path: Path) -> None:
    frames = [SIGNED_ON, TRADE, NEW]
    packed = [(Kind.MARKET, msgspec.msgpack.encode(msgspec.json.decode(frame))) for frame in frames]
    found = summarised(Capture(write_capture(tmp_path / "m.capture", packed)))
    assert found.market.types == {"success": 1, "t": 1, "zz": 1}
    assert found.market.unknown == {"zz": 1}


def test_show_prints_it_and_json_is_one_object(path: Path) -> None:
    shown = CliRunner().invoke(capture, ["--show", str(path)], catch_exceptions=False)
    assert "alpaca iex, paper, json, AAPL" in shown.output
    assert "not in it: keys, messages that sign on, account ids, account numbers" in shown.output
    assert "         1  zz  unknown" in shown.output and "         2  t\n" in shown.output
    as_json = CliRunner().invoke(capture, ["--show", str(path), "--json"], catch_exceptions=False)
    assert msgspec.json.decode(as_json.output, type=Summary).market.unknown["zz"] == 1


def test_frames_play_through_our_own_parsers(path: Path) -> None:
    events: list[Event] = []
    orders: list[OrderEvent] = []
    live: list[bool] = []
    market = AlpacaStream(
        "", key="k", secret="s", channels=["trades"], on_mark=lambda _: None, on_live=live.append,
        sink=lambda _, found: events.extend(found),
    )  # fmt: skip
    updates = AlpacaOrderStream(
        "", key="k", secret="s", sink=orders.append, on_mark=lambda _: None, on_live=live.append
    )
    answers: list[bytes] = []
    for stream in (market, updates):
        stream.connected(answers.append)
    played = replay_capture(path, {Kind.MARKET: market.frame, Kind.UPDATES: updates.frame})
    assert played.loss == "" and live == [True]
    assert [type(event) for event in events] == [Trade, Trade]
    assert [order.order_id for order in orders] == ["c0ffee00-A-1"]
    assert sum(market.parser.skipped.values()) == 4
    assert updates.skipped == {"unknown event": 1}
    assert b"listen" in answers[-1]
