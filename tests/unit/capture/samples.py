"""Captures of tests."""

from pathlib import Path

from liualgotrader.capture.records import Header, Kind
from liualgotrader.capture.writer import CaptureWriter

HEADER = Header(
    vendor="alpaca",
    feed="iex",
    environment="paper",
    encoding="json",
    symbols=("AAPL",),
    began=1_795_000_000_000_000_000,
    versions={"liualgotrader": "0"},
)
TRADE = b'[{"T":"t","S":"AAPL","i":1,"x":"V","p":101.5,"s":10,"t":"2026-01-15T14:30:01Z","c":["@"],"z":"C"}]'
NEW = b'[{"T":"zz","S":"AAPL"}]'
UPDATE = (
    b'{"stream":"trade_updates","data":{"event":"new","timestamp":"2026-01-15T14:30:02Z","order":{"id":"1f",'
    b'"client_order_id":"c0ffee00-A-1","symbol":"AAPL","side":"buy","account_id":"8f1d-77","qty":"1"}}}'
)


def write_capture(path: Path, frames: list[tuple[Kind, bytes]], header: Header = HEADER) -> Path:
    """Write frames as a stream gives them."""
    writer = CaptureWriter(path, header)
    for kind, payload in frames:
        writer.tap(kind)(memoryview(payload))
    writer.close()
    return path
