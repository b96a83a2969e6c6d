"""Alpaca's feeds: where each is streamed, under which name its history is, how late it is.

Sources: Alpaca, "Real-time Stock Data", "Real-time Crypto Data" and "About Market Data API".
"""

from __future__ import annotations

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_errors import nearest

STREAM_BASE = "wss://stream.data.alpaca.markets"
DATA_BASE = "https://data.alpaca.markets"
_QUARTER_HOUR = 900


class Feed(msgspec.Struct, frozen=True):
    """A feed. `history` is the name that REST knows its past by, `delay` how late it is, in seconds.

    Only the feeds of the whole market tell of halts and price bands (`has_status`).
    """

    name: str
    path: str
    history: str
    delay: int = 0
    has_status: bool = False


FEEDS = {
    feed.name: feed
    for feed in (
        Feed("iex", "/v2/iex", "iex", has_status=True),
        Feed("sip", "/v2/sip", "sip", has_status=True),
        Feed("delayed_sip", "/v2/delayed_sip", "sip", delay=_QUARTER_HOUR, has_status=True),
        Feed("overnight", "/v1beta1/overnight", "boats"),
        Feed("boats", "/v1beta1/boats", "boats"),
        Feed("test", "/v2/test", "iex"),
        Feed("us", "/v1beta3/crypto/us", "us"),  # crypto, from Alpaca's own exchange
    )
}


def feed_named(name: str) -> Feed:
    """Return a feed. Raises ConfigError for one that Alpaca does not have."""
    feed = FEEDS.get(name)
    if feed is None:
        close = nearest(name, set(FEEDS))
        hint = f"; did you mean {close}?" if close else ""
        raise ConfigError(
            f"feed {name!r}: Alpaca has {', '.join(FEEDS)}{hint}",
        )
    return feed


def stream_url(feed: str, base: str = STREAM_BASE) -> str:
    """Return where a feed is streamed. Raises ConfigError for an unknown feed."""
    return base.rstrip("/") + feed_named(feed).path


def tells_status(url: str) -> bool:
    """Whether the stream at an address has channels for halts and price bands; crypto's has none."""
    feed = next((each for each in FEEDS.values() if url.endswith(each.path)), None)
    return feed is None or feed.has_status
