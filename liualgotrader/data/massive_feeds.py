"""Massive's feeds: where each is streamed, how late it is, and what its channels are called.

Sources: massive.com/docs/websocket, "Connection" of each channel, and the plans' pages.
"""

from __future__ import annotations

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Channel
from liualgotrader.common.plan_errors import nearest

API_BASE = "https://api.massive.com"
_CLUSTERS = {AssetClass.US_EQUITY: "stocks", AssetClass.CRYPTO: "crypto"}
_PREFIXES = {
    AssetClass.US_EQUITY: {
        Channel.TRADES: "T",
        Channel.QUOTES: "Q",
        Channel.MINUTE: "AM",
        Channel.SECOND: "A",
    },
    AssetClass.CRYPTO: {
        Channel.TRADES: "XT",
        Channel.QUOTES: "XQ",
        Channel.MINUTE: "XA",
        Channel.SECOND: "XAS",
    },
}
BANDS = "LULD"


class Feed(msgspec.Struct, frozen=True):
    """A feed. `delay` is how late it is, in seconds."""

    name: str
    base: str
    delay: int = 0


REAL_TIME = Feed("realtime", "wss://socket.massive.com")
DELAYED = Feed("delayed", "wss://delayed.massive.com", delay=900)
FEEDS = {feed.name: feed for feed in (REAL_TIME, DELAYED)}


def feed_named(name: str) -> Feed:
    """Return a feed. Raises ConfigError for one that Massive does not have."""
    feed = FEEDS.get(name)
    if feed is None:
        close = nearest(name, set(FEEDS))
        hint = f"; did you mean {close}?" if close else ""
        raise ConfigError(f"feed {name!r}: Massive has {', '.join(FEEDS)}{hint}")
    return feed


def stream_url(feed: str, asset_class: AssetClass, base: str | None = None) -> str:
    """Return where a feed is streamed. Raises ConfigError for one that there is not."""
    found = feed_named(feed)
    if found is DELAYED and asset_class is AssetClass.CRYPTO:
        raise ConfigError(
            f'feed {feed!r}: Massive streams crypto in real time alone; set feed = "{REAL_TIME.name}"'
        )
    return f"{(base or found.base).rstrip('/')}/{_CLUSTERS[asset_class]}"


def prefix_of(channel: Channel, asset_class: AssetClass) -> str:
    """Return what a channel is called. Massive has bars of a second; nobody need make them of trades."""
    return _PREFIXES[asset_class][channel]
