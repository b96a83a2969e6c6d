"""Bars, messages, ids and keys: the small parts of the exchange."""

from __future__ import annotations

from decimal import Decimal

import msgpack  # type: ignore[import-untyped]  # what alpaca-py reads frames with
import msgspec
import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.bars import MinuteBars, join
from liualgotrader.exchange.encode import (
    JsonCodec,
    MsgpackCodec,
    bar_message,
    quote_message,
    trade_message,
)
from liualgotrader.exchange.history import History
from liualgotrader.exchange.ids import Ids
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.order_requests import order_request
from liualgotrader.exchange.shapes import money, ratio, text
from liualgotrader.venue.orders import Rejection

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
T0 = 1_768_487_400 * SECOND  # 2026-01-15 09:30 in New York


def minute(index: int, close: float, volume: float = 10.0) -> Bar:
    return Bar("A", T0 + index * MINUTE, 1.0, close, 1.0, close, volume, 60, close, 2)


def test_bars_of_all_symbols_end_with_the_minute_in_alphabetical_order() -> None:
    bars = MinuteBars()
    bars.add(Trade("B", T0 + 5, 2.0, 1.0))
    bars.add(Trade("A", T0 + 6, 1.0, 1.0))
    assert bars.due == T0 + MINUTE
    assert [bar.symbol for bar in bars.close()] == ["A", "B"]
    assert bars.due is None


def test_joined_bars_weigh_vwap_by_volume() -> None:
    five = join([minute(0, 2.0, 10.0), minute(4, 4.0, 30.0), minute(5, 9.0)], 300)
    assert [(b.start - T0, b.high, b.close, b.volume, b.vwap, b.count) for b in five] == [
        (0, 4.0, 4.0, 40.0, 3.5, 4),
        (5 * MINUTE, 9.0, 9.0, 10.0, 9.0, 2),
    ]


def test_correction_takes_the_place_of_its_bar() -> None:
    history = History({}, T0)
    history.add_bar(minute(0, 2.0))
    history.add_bar(minute(1, 3.0))
    history.add_bar(msgspec.structs.replace(minute(0, 5.0), correction=True))
    assert [bar.close for bar in history.minutes("A")] == [5.0, 3.0]


def test_json_and_msgpack_say_the_same_with_nanoseconds() -> None:
    trade = Trade("AAPL", T0 + 123_456_789, 49.95, 100.0)
    as_json = msgspec.json.decode(JsonCodec().frame([trade_message(JsonCodec(), trade, 7)]))
    codec = MsgpackCodec()
    (as_msgpack,) = msgpack.unpackb(codec.frame([trade_message(codec, trade, 7)]))
    assert as_json[0]["t"] == "2026-01-15T14:30:00.123456789Z"
    stamp = as_msgpack["t"]
    assert (stamp.seconds * SECOND + stamp.nanoseconds) == T0 + 123_456_789
    assert {k: v for k, v in as_json[0].items() if k != "t"} == {
        k: v for k, v in as_msgpack.items() if k != "t"
    }
    assert as_json[0]["s"] == 100 and isinstance(as_json[0]["s"], int)


def test_quote_and_bar_have_the_vendors_fields() -> None:
    codec = JsonCodec()
    quote = msgspec.json.decode(quote_message(codec, Quote("A", T0, 1.0, 1.5, 10.0, 20.5)))
    assert (quote["T"], quote["bp"], quote["ap"], quote["bs"], quote["as"]) == (
        "q",
        1.0,
        1.5,
        10,
        20.5,
    )
    bar = msgspec.json.decode(bar_message(codec, "d", minute(0, 2.0)))
    assert set(bar) == {"T", "S", "o", "h", "l", "c", "v", "t", "n", "vw"}
    assert (bar["T"], bar["t"], bar["n"]) == ("d", "2026-01-15T14:30:00Z", 2)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 70_000])
def test_msgpack_frames_of_any_size_can_be_read(count: int) -> None:
    frame = MsgpackCodec().frame([b"\x01"] * count)
    assert msgpack.unpackb(frame) == [1] * count


def test_named_ids_depend_on_seed_and_name_and_counted_ones_follow() -> None:
    first, again, other = Ids(1), Ids(1), Ids(2)
    assert first.named("x") == again.named("x") != other.named("x")
    assert first() == again() != first()
    first.lay_out(["mine"])
    assert first() == "mine"


def test_keys_are_seeded_and_matched_whole() -> None:
    keys = Keys.seeded(3)
    assert keys == Keys.seeded(3) != Keys.seeded(4)
    assert keys.match(keys.key, keys.secret)
    assert not keys.match(keys.key, keys.secret[:-1])
    assert not keys.allow({"Authorization": "Basic %%%"})
    assert not keys.allow({})


@pytest.mark.parametrize(
    ("value", "shown"),
    [("100.00", "100"), ("1E+3", "1000"), ("0.50", "0.5"), ("-0", "0"), ("1E-9", "0.000000001")],
)
def test_numbers_are_written_plainly(value: str, shown: str) -> None:
    assert text(Decimal(value)) == shown


def test_money_rounds_half_to_even_and_ratio_over_nothing_is_zero() -> None:
    assert money(Decimal("2.675")) == "2.68"
    assert money(Decimal("2.665")) == "2.66"
    assert ratio(Decimal(1), Decimal(0)) == "0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbol": None}, "symbol is required"),
        ({"side": "hold"}, "invalid side"),
        ({"side": None}, "side is required"),
        ({"qty": "many"}, "invalid qty"),
        ({"qty": True}, "invalid qty"),
        ({"limit_price": "NaN"}, "invalid limit_price"),
        ({"take_profit": {}}, "take_profit.limit_price is required"),
        ({"stop_loss": {"limit_price": "1"}}, "stop_loss.stop_price is required"),
        ({"client_order_id": "x" * 129}, "no more than 128"),
    ],
)
def test_requests_that_cannot_be_read_name_the_field(
    change: dict[str, object], message: str
) -> None:
    body = {"symbol": "A", "side": "buy", "type": "market", "time_in_force": "day", "qty": 1}
    with pytest.raises(Rejection, match=message) as refusal:
        order_request(body | change)
    assert (refusal.value.status, refusal.value.code) == (422, 40010001)
