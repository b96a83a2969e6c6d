"""Vendor time text to nanoseconds and back, against the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.timestamps import BadTimestamp, format_time, parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=ZONES,
)


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


@given(MOMENTS)
def test_text_of_the_standard_library_reads_as_the_same_moment(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == _ns(moment)


@given(MOMENTS, st.integers(0, 999))
def test_nanoseconds_survive_both_ways(moment: datetime, nanos: int) -> None:
    ns = _ns(moment) + nanos
    text = format_time(ns)
    assert text.endswith("Z")
    assert parse_time(text) == ns
    assert datetime.fromisoformat(text[:19] + "+00:00") == EPOCH + timedelta(seconds=ns // 10**9)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.1Z", 100_000_000),
        ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
        ("1970-01-01t00:00:01z", 10**9),
        ("1970-01-01 00:00:01+00:00", 10**9),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T19:00:00-05:00", 0),
        ("1969-12-31T23:59:59.9Z", -100_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * 10**9),
        ("2024-02-29T00:00:00Z", 1_709_164_800 * 10**9),
    ],
)
def test_what_vendors_send(text: str, ns: int) -> None:
    assert parse_time(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-01-02",
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05.",
        "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05.12",
        "2024-01-02T03:04:05.1²Z",
        "2024-01-02T03:04:05ZZ",
        "2024-01-02T03:04:05 Z",
        "2024-01-02T03:04:05+0530",
        "2024-01-02T03:04:05+aa:bb",
        "2024-01-02T03:04:05+24:00",
        "2024-01-02T03:04:05+05:60",
        "2024-13-02T03:04:05Z",
        "2024-02-30T03:04:05Z",
        "2023-02-29T03:04:05Z",
        "2024-01-02T24:04:05Z",
        "2024-01-02T03:60:05Z",
        "2024-01-02T03:04:61Z",
        "0000-01-02T03:04:05Z",
        "2024/01/02T03:04:05Z",
        "2024-01-02T03-04-05Z",
        "2024-01-02x03:04:05Z",
        "+024-01-02T03:04:05Z",
        "2_24-01-02T03:04:05Z",
        "٢٠٢٤-01-02T03:04:05Z",
    ],
)
def test_what_is_no_time_is_named_and_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(BadTimestamp):
        parse_time(text)


@given(st.text(alphabet="0123456789-:.TZ+ ²a", max_size=36))
def test_any_text_is_a_time_or_a_bad_one(text: str) -> None:
    try:
        assert isinstance(parse_time(text), int)
    except BadTimestamp as exc:
        assert isinstance(exc, ValueError)
