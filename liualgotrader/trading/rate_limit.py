"""How long a broker that was asked too often wants to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from liualgotrader.links import handshake

MOST_SECONDS = 60.0
"""Longer waits are cut: whoever waits asks again, and is told again."""


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a 429's headers ask for, 0 when they ask for nothing.

    `Retry-After`; else Alpaca's `X-Ratelimit-Reset`, seconds since 1970, against the answer's own `Date`: this
    machine's clock may differ from the vendor's.
    """
    seconds = handshake.retry_after(headers) or _until_reset(headers)
    return min(max(seconds, 0.0), MOST_SECONDS)


def _until_reset(headers: Mapping[str, str]) -> float:
    reset = headers.get("X-Ratelimit-Reset", "").strip()
    try:
        now = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return 0.0
    return int(reset) - now.timestamp() if reset.isdigit() else 0.0
