"""How long a 429 asks to wait, by its headers."""

import pytest

from liualgotrader.trading.rate_limit import MOST_SECONDS, retry_after

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"  # 1792567680 seconds since 1970


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "3", "Date": NOW, "X-Ratelimit-Reset": "1792567699"}, 3),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:05 GMT", "Date": NOW}, 5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": NOW}, 0),
        ({"Retry-After": "soon", "Date": NOW}, 0),
        ({"Date": NOW, "X-Ratelimit-Reset": "1792567687"}, 7),
        ({"Date": "never", "X-Ratelimit-Reset": "1792567687"}, 0),
        ({"X-Ratelimit-Reset": "1792567687"}, 0),
        ({"Retry-After": "86400"}, MOST_SECONDS),
    ],
)
def test_the_wait_is_what_the_vendor_says_within_bounds(
    headers: dict[str, str], seconds: float
) -> None:
    assert retry_after(headers) == seconds
