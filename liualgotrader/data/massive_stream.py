"""Massive's stream of market data as a StreamingAPI, for either cluster: stocks and crypto, real-time or delayed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from random import Random

import msgspec

from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.data.market_status import MarketStatus
from liualgotrader.data.massive_feeds import BANDS
from liualgotrader.data.massive_messages import Mark, MassiveParser, Status
from liualgotrader.data.massive_symbols import pair_of
from liualgotrader.data.vendor_stream import Sink, VendorStream
from liualgotrader.links.socket import Tap

log = logging.getLogger(__name__)

_TOPICS_A_MESSAGE = 500
_ADVICE = {
    "key": "the API key is wrong; check it at massive.com/dashboard/api-keys",
    "plan": "the key's plan does not include this; choose another feed or upgrade the plan at massive.com/pricing",
    "taken": "another program took the one connection that this key has to this cluster; stop it first",
    "limit": "too many subscriptions; lower max_symbols",
    "slow": "this machine does not read fast enough; ask for fewer symbols or channels",
}


class MassiveStream(VendorStream):
    """One connection to a cluster.

    `channels` are the vendor's prefixes (T, Q, A, AM; XT, XQ, XAS, XA). With `on_status` the stream
    of stocks brings price bands too (LULD), of which halts are a part; where the key's plan lacks
    them, the log says so, and the stream does without. `tap` sees each frame before it is taken
    apart.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        channels: Iterable[str],
        sink: Sink,
        on_mark: Callable[[int], None],
        on_live: Callable[[bool], None],
        on_status: Callable[[MarketStatus], None] | None = None,
        headers: Mapping[str, str] | None = None,
        random: Random | None = None,
        tap: Tap | None = None,
    ) -> None:
        self.parser = MassiveParser()
        super().__init__(
            url,
            self.parser,
            sink=sink,
            on_mark=on_mark,
            on_live=on_live,
            on_status=on_status,
            headers=headers,
            random=random,
            tap=tap,
        )
        self._key = key
        self._channels = tuple(channels)
        # There are bands of stocks alone.
        stocks = not any(prefix.startswith("X") for prefix in self._channels)
        self._bands = on_status is not None and stocks
        self._unanswered: dict[str, None] = {}

    @property
    def counts(self) -> dict[str, int]:
        """What was skipped, by reason."""
        return dict(self.parser.skipped)

    def _sign_on(self) -> None:
        self._unanswered.clear()
        self._say(_request("auth", self._key))

    def _more(self, new: list[str]) -> None:
        # What is subscribed to already is not answered, so nothing is asked for twice.
        topics = self._topics(new)
        self._unanswered.update(dict.fromkeys(topics))
        self._ask("subscribe", topics)
        if not self._unanswered:
            self._confirmed()

    def _fewer(self, gone: list[str]) -> None:
        topics = self._topics(gone)
        for topic in topics:
            self._unanswered.pop(topic, None)
        self._ask("unsubscribe", topics)
        if not self._unanswered:
            self._confirmed()

    def _topics(self, symbols: Iterable[str]) -> list[str]:
        """Return what to ask for, bands last."""
        named = [pair_of(symbol) for symbol in symbols]
        prefixes = (*self._channels, BANDS) if self._bands else self._channels
        return [f"{prefix}.{name}" for prefix in prefixes for name in named]

    def _ask(self, action: str, topics: list[str]) -> None:
        for first in range(0, len(topics), _TOPICS_A_MESSAGE):
            self._say(_request(action, ",".join(topics[first : first + _TOPICS_A_MESSAGE])))

    def _control(self, message: object) -> None:
        match message:
            case Mark(t=mark):
                self._on_mark(mark)
            case Status(status="auth_success"):
                self._signed_on()
            case Status(status="success", message=text):
                self._answered(text)
            case Status(status="connected"):
                pass
            case Status(status=status, message=text):
                self._refused(status, text)

    def _answered(self, text: str) -> None:
        """Take a topic for subscribed, and tell once all are."""
        _, _, topic = text.partition("subscribed to: ")
        if self._unanswered.pop(topic, _NOTHING) is not _NOTHING and not self._unanswered:
            self._confirmed()

    def _refused(self, status: str, text: str) -> None:
        words = f"Massive's stream refused: {text.strip()} ({status})"
        match status:
            case "auth_failed" if "plan" in text.lower():
                raise FeedRefused(f"{words}; {_ADVICE['plan']}")
            case "auth_failed":
                raise FeedRefused(f"{words}; {_ADVICE['key']}")
            case "max_connections":
                raise self._taken(f"{words}; {_ADVICE['taken']}")
            case "error" if "authorized" in text.lower():
                self._not_authorized(words)
            case "error" if "limit" in text.lower():
                raise FeedRefused(f"{words}; {_ADVICE['limit']}")
            case "error":
                # It does not say which topic it is about, so nobody can wait for that one any more.
                self.parser.skipped.note("refused by the vendor", text)
                self._unanswered.clear()
                self._confirmed()
            case "slow_consumer":
                raise FeedLost(f"{words}; {_ADVICE['slow']}")
            case "auth_timeout" | "force_disconnect":
                raise FeedLost(words)
            case _:
                self.parser.skipped.note("unknown status", text)

    def _not_authorized(self, words: str) -> None:
        """Do without bands; without anything else there is no session.

        The vendor does not say which topic it means, but answers in the order in which it was asked.
        """
        topic = next(iter(self._unanswered), "")
        if not topic.startswith(f"{BANDS}."):
            raise FeedRefused(f"{words}; {_ADVICE['plan']}")
        if self._bands:
            self._bands = False
            log.warning("%s: price bands and halts will not be heard of", words)
        self._answered(f"subscribed to: {topic}")


_NOTHING = object()


def _request(action: str, params: str) -> bytes:
    return msgspec.json.encode({"action": action, "params": params})
