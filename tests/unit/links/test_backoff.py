"""Waits between attempts: jittered, never a storm, and as long as the vendor says."""

from __future__ import annotations

from random import Random

import pytest

from liualgotrader.common.errors import FeedError, FeedLost, FeedRefused
from liualgotrader.links.backoff import Waits
from liualgotrader.links.handshake import refusal, retry_after

DATE = "Mon, 21 Sep 2026 14:13:20 GMT"
URL = "wss://stream.example/v2/iex?apiKey=hidden"


def waits(count: int, *, up: float = 0.0, floor: float = 0.0, asked: float = 0.0) -> list[float]:
    row = Waits(Random(7), floor=floor)
    return [row.after(up=up, taken=0.0, asked=asked) for _ in range(count)]


def test_waits_double_with_jitter_up_to_twenty_seconds() -> None:
    found = waits(12)
    for number, wait in enumerate(found):
        ceiling = min(0.1 * 2**number, 20.0)
        assert ceiling / 2 <= wait <= ceiling
    assert len({round(wait / found[-1], 6) for wait in found}) == len(found)


def test_two_clients_do_not_return_together() -> None:
    one, other = Waits(Random(1)), Waits(Random(2))
    pairs = [(w.after(up=0, taken=0, asked=30.0)) for w in (one, other)]
    assert pairs[0] != pairs[1]
    assert all(30.0 <= wait <= 37.5 for wait in pairs)


def test_a_connection_that_is_lost_at_once_does_not_begin_the_row_anew() -> None:
    assert waits(9, up=0.5)[-1] >= 10.0


def test_a_connection_that_was_good_for_a_while_does() -> None:
    row = Waits(Random(7))
    for _ in range(9):
        row.after(up=0.0, taken=0.0, asked=0.0)
    assert row.after(up=11.0, taken=11.0, asked=0.0) <= 0.1


def test_the_floor_counts_from_the_beginning_of_the_attempt() -> None:
    assert waits(1, floor=5.0) == [5.0]
    assert Waits(Random(7), floor=5.0).after(up=0.0, taken=60.0, asked=0.0) <= 0.1


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "the other environment"), (403, "check the subscription"), (404, "name of the feed")],
)
def test_what_no_repetition_mends_is_refused_with_advice(status: int, advice: str) -> None:
    error = refusal(URL, status, {})
    assert isinstance(error, FeedRefused)
    assert advice in str(error) and f"HTTP {status}" in str(error)
    assert "hidden" not in str(error)


def lost(status: int, headers: dict[str, str]) -> FeedLost:
    error: FeedError = refusal(URL, status, headers)
    assert isinstance(error, FeedLost)
    return error


def test_too_many_connections_wait_as_long_as_the_vendor_says() -> None:
    error = lost(429, {"Retry-After": "7"})
    assert error.retry_after == 7.0
    assert "another program uses the same key" in str(error) and "waits 7 s" in str(error)
    assert lost(429, {}).retry_after == 10.0


def test_a_server_that_fails_is_asked_again() -> None:
    assert lost(503, {}).retry_after == 0.0
    assert lost(503, {"Retry-After": "2"}).retry_after == 2.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30.0),
        ("Mon, 21 Sep 2026 14:13:00 GMT", 0.0),
        ("86400", 600.0),
        ("soon", 0.0),
        ("", 0.0),
        ("-3", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_within_bounds(text: str, seconds: float) -> None:
    assert retry_after({"Retry-After": text, "Date": DATE}) == pytest.approx(seconds)
