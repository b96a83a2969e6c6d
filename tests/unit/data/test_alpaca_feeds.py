"""Alpaca's feeds have the addresses that its pages give."""

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.alpaca_feeds import feed_named, stream_url, tells_status


@pytest.mark.parametrize(
    ("feed", "url"),
    [
        ("iex", "wss://stream.data.alpaca.markets/v2/iex"),
        ("sip", "wss://stream.data.alpaca.markets/v2/sip"),
        ("delayed_sip", "wss://stream.data.alpaca.markets/v2/delayed_sip"),
        ("overnight", "wss://stream.data.alpaca.markets/v1beta1/overnight"),
        ("boats", "wss://stream.data.alpaca.markets/v1beta1/boats"),
        ("test", "wss://stream.data.alpaca.markets/v2/test"),
        ("us", "wss://stream.data.alpaca.markets/v1beta3/crypto/us"),
    ],
)
def test_each_feed_has_its_address(feed: str, url: str) -> None:
    assert stream_url(feed) == url


def test_the_delayed_feed_says_how_late_it_is_and_has_the_history_of_the_other() -> None:
    feed = feed_named("delayed_sip")
    assert (feed.delay, feed.history) == (900, "sip")


def test_an_unknown_feed_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'sipp': Alpaca has iex, sip, .* did you mean sip"):
        stream_url("sipp")


@pytest.mark.parametrize(("feed", "tells"), [("sip", True), ("us", False), ("boats", False)])
def test_crypto_has_no_halts_to_subscribe_to(feed: str, tells: bool) -> None:
    assert tells_status(stream_url(feed, "ws://127.0.0.1:9")) is tells
    assert tells_status("ws://127.0.0.1:9/data")
