"""What an HTTP answer to a WebSocket's handshake means, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from liualgotrader.common.errors import FeedError, FeedLost, FeedRefused

_ADVICE = {
    401: "the key or the secret is wrong, or of the other environment (paper, live); check both",
    403: "the key may not use this stream; check the subscription, and that key and address belong together",
    404: "there is no stream at this address; check its path and the name of the feed",
}
_TOO_MANY = 429
_TOO_MANY_SECONDS = 10.0
_LONGEST_SECONDS = 600.0


def refusal(url: str, status: int, headers: Mapping[str, str]) -> FeedError:
    """Return what to raise for a handshake that was answered with `status`.

    FeedRefused for what no repetition mends; FeedLost, with the wait that the vendor wants, for the rest.
    """
    place = url.split("?", 1)[0]
    if (advice := _ADVICE.get(status)) is not None:
        return FeedRefused(
            f"the stream at {place} refused the connection (HTTP {status}): {advice}"
        )
    wait = retry_after(headers)
    if status == _TOO_MANY:
        wait = wait or _TOO_MANY_SECONDS
        return FeedLost(
            f"the stream at {place} wants fewer connections (HTTP 429); the next attempt waits {wait:.0f} s. "
            "If this repeats, another program uses the same key",
            retry_after=wait,
        )
    return FeedLost(f"the stream at {place} answered HTTP {status}", retry_after=wait)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a Retry-After asks for (RFC 9110, 10.2.3): 0 without one, ten minutes at most.

    A date counts from the answer's own Date: what this machine's clock says does not matter.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return min(float(text), _LONGEST_SECONDS)
    until, now = _date(text), _date(headers.get("Date", ""))
    if until is None or now is None:
        return 0.0
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_SECONDS)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
