"""Massive's documented messages become inputs; odd ones are counted."""

from __future__ import annotations

from typing import Any

import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.data.market_status import PriceBand, TradingStatus
from liualgotrader.data.massive_messages import Mark, MassiveParser, Status
from tests.unit.data import massive_payloads as payloads
from tests.unit.data.massive_payloads import NS, Json, frame

BARS = {
    "AM": Bar("KO", NS, 71.0, 71.4, 70.9, 71.1, 5230.25, 60, 71.08),
    "A": Bar("KO", NS, 71.0, 71.4, 70.9, 71.1, 5230.25, 1, 71.08),
    "XA": Bar("BTC/USD", NS, 91250.5, 91260.0, 91240.0, 91255.0, 3.5, 60, 91251.0),
    "XAS": Bar("BTC/USD", NS, 91250.5, 91260.0, 91240.0, 91255.0, 3.5, 1, 91251.0),
}
EVENTS = [
    (payloads.TRADE, Trade("AAPL", NS, 271.35, 40.5)),
    (payloads.QUOTE, Quote("BRK.B", NS, 512.1, 512.14, 300.0, 200.0)),
    (payloads.MINUTE, BARS["AM"]),
    (payloads.SECOND, BARS["A"]),
    (payloads.COIN_TRADE, Trade("BTC/USD", NS, 91250.5, 0.00042)),
    (payloads.COIN_QUOTE, Quote("BTC/USD", NS, 91249.8, 91251.2, 0.51, 1.2)),
    (payloads.COIN_MINUTE, BARS["XA"]),
    (payloads.COIN_SECOND, BARS["XAS"]),
]


@pytest.mark.parametrize(("message", "event"), EVENTS, ids=lambda value: str(type(value).__name__))
def test_documented_messages_become_events(message: Json, event: object) -> None:
    parser = MassiveParser()
    assert parser.parse(frame(message)) == ([event], [])
    assert not parser.skipped


def test_statuses_and_marks_are_control_messages_in_order() -> None:
    marks: Json = {"ev": "mark", "t": 7}
    events, rest = MassiveParser().parse(frame(*payloads.CONTROL, marks))
    assert events == []
    assert rest == [*(Status(*pair) for pair in payloads.STATUSES), Mark(7)]


def test_price_bands_and_halts_in_ns_or_in_ms() -> None:
    in_ms = {**payloads.BAND, "t": payloads.MS}
    _, rest = MassiveParser().parse(frame(payloads.BAND, payloads.HALT, in_ms))
    band = PriceBand("KO", NS, 74.55, 67.45, "16")
    assert rest == [
        band,
        TradingStatus("KO", NS, "17", "trading halt"),
        PriceBand("KO", NS, 74.55, 67.45, "17"),
        band,
    ]


def test_a_resumption_needs_no_bands() -> None:
    resumed = {"ev": "LULD", "T": "KO", "i": [18], "t": NS}
    _, rest = MassiveParser().parse(frame(resumed))
    assert rest == [TradingStatus("KO", NS, "18", "trading resumption")]


@pytest.mark.parametrize(
    ("changes", "size"),
    [({"ds": "0.25", "s": 0}, 0.25), ({"s": 40}, 40.5), ({"ds": "7"}, 7.0)],
)
def test_fractions_of_a_share_count(changes: Json, size: float) -> None:
    (trade,), _ = MassiveParser().parse(frame({**payloads.TRADE, **changes}))
    assert isinstance(trade, Trade) and trade.size == size


def test_a_quote_may_have_one_side() -> None:
    one = {k: v for k, v in payloads.QUOTE.items() if k not in ("bp", "bs", "bx")}
    (quote,), _ = MassiveParser().parse(frame(one))
    assert quote == Quote("BRK.B", NS, 0.0, 512.14, 0.0, 200.0)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"ev": "FMV", "sym": "KO", "fmv": 71.0, "t": NS}, "unknown or malformed message"),
        ({**payloads.TRADE, "p": "a lot"}, "unknown or malformed message"),
        ({**payloads.TRADE, "p": 0}, "impossible value"),
        ({**payloads.TRADE, "ds": "nan", "s": -1}, "impossible value"),
        ({**payloads.TRADE, "t": -5}, "impossible value"),
        ({**payloads.TRADE, "t": 1 << 63}, "impossible value"),
        ({**payloads.QUOTE, "as": -1}, "impossible value"),
        ({**payloads.MINUTE, "h": 1}, "impossible value"),
        ({**payloads.COIN_SECOND, "s": 0}, "impossible value"),
        ({**payloads.BAND, "h": 1.0}, "impossible value"),
    ],
)
def test_what_cannot_be_is_counted_and_costs_its_neighbours_nothing(message: Any, why: str) -> None:
    parser = MassiveParser()
    events, _ = parser.parse(frame(payloads.QUOTE, message, payloads.COIN_TRADE))
    assert [type(event) for event in events] == [Quote, Trade]
    assert parser.skipped == {why: 1}


def test_new_fields_are_passed_over() -> None:
    parser = MassiveParser()
    events, _ = parser.parse(frame(*({**m, "new": {"a": [1]}} for m in payloads.MARKET)))
    assert len(events) == len(EVENTS) and not parser.skipped
