"""The clusters `/stocks` and `/crypto` of Massive's stream: connected, auth, subscribe, and the vendor's statuses.

One connection per cluster and key. A further one is let in, and the oldest is told
`max_connections` and closed (1008): so the vendor has been seen to do on all clusters (its client's
issue 860; measured by others in 2026). Statuses and their words: massive.com/docs/websocket and the
official client.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from liualgotrader.common.instruments import AssetClass
from liualgotrader.exchange.encode import Codec
from liualgotrader.exchange.feeds import SECOND_BARS, Feeds, Subscriber
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.market_stream import MarketStream
from liualgotrader.exchange.massive.encode import CryptoWords, StocksWords
from liualgotrader.exchange.massive.plans import MassivePlan
from liualgotrader.exchange.massive.words import symbol_of

_CHANNELS = {
    AssetClass.US_EQUITY: {
        "T": "trades",
        "Q": "quotes",
        "AM": "bars",
        "A": SECOND_BARS,
        "LULD": "lulds",
    },
    AssetClass.CRYPTO: {"XT": "trades", "XQ": "quotes", "XA": "bars", "XAS": SECOND_BARS},
}
CLUSTERS = {"stocks": AssetClass.US_EQUITY, "crypto": AssetClass.CRYPTO}
# A halt is told as bands with an indicator.
_CARRIES = {"lulds": ("lulds", "statuses")}
_POLICY_VIOLATION = 1008
_TOO_MANY = "Maximum number of websocket connections exceeded. "


class MassiveStream(MarketStream):
    """One connection to a cluster. `taken` holds who is in, by cluster."""

    _close_code = _POLICY_VIOLATION

    def __init__(
        self,
        feeds: Feeds,
        keys: Keys,
        plan: MassivePlan,
        taken: dict[str, MassiveStream],
        cluster: str,
    ) -> None:
        super().__init__(feeds)
        self._keys = keys
        self._plan = plan
        self._taken = taken
        self._cluster = cluster
        self._asset_class = CLUSTERS[cluster]
        self._farewell: asyncio.Task[None] | None = None

    @property
    def _welcome(self) -> dict[str, Any]:
        return status("connected", "Connected Successfully")

    @property
    def _late(self) -> dict[str, Any]:
        return status("auth_timeout", "No authentication request received.")

    @property
    def _slow(self) -> dict[str, Any]:
        return status("slow_consumer", "Data is not consumed fast enough, disconnecting.")

    def _codec_for(self, request: web.Request) -> Codec:
        return CryptoWords() if self._asset_class is AssetClass.CRYPTO else StocksWords()

    def _hear(self, data: bytes | str) -> bool:
        try:
            message = self._codec.decode(data)
        except msgspec.DecodeError:
            message = None
        action = message.get("action") if isinstance(message, dict) else None
        params = message.get("params") if isinstance(message, dict) else None
        if action not in ("auth", "subscribe", "unsubscribe") or not isinstance(params, str):
            self._say(status("error", "invalid message"))
        elif action == "auth":
            return self._authenticate(params)
        elif self._subscriber is None:
            self._say(status("error", "not authenticated"))
        else:
            self._change(self._subscriber, params, add=action == "subscribe")
        return True

    def _authenticate(self, key: str) -> bool:
        if not self._keys.match_token(key):
            self._say(status("auth_failed", "authentication failed"))
            return False
        if not self._plan.streams:
            words = "Your plan doesn't include websocket access."
            self._say(
                status("auth_failed", f"{words} Visit https://massive.com/pricing to upgrade.")
            )
            return False
        if self._feeds.line.is_over_limit():
            self._say(status("max_connections", _TOO_MANY))
            return False
        if self._subscriber is None:
            if (former := self._taken.get(self._cluster)) is not None:
                former.evict()
            self._taken[self._cluster] = self
            self._enter(coins=self._asset_class is AssetClass.CRYPTO)
        self._say(status("auth_success", "authenticated"))
        return True

    def evict(self) -> None:
        """Give way to a newer connection."""
        self._leave()
        self._farewell = asyncio.create_task(self._dismiss(status("max_connections", _TOO_MANY)))

    def _left(self) -> None:
        if self._taken.get(self._cluster) is self:
            del self._taken[self._cluster]

    def _change(self, subscriber: Subscriber, params: str, *, add: bool) -> None:
        """Subscribe or unsubscribe. What is so already is not answered, nor is it by the vendor."""
        answers: list[dict[str, Any]] = []
        for topic in (part.strip() for part in params.split(",")):
            prefix, _, name = topic.partition(".")
            channel = _CHANNELS[self._asset_class].get(prefix)
            if channel is None or not name:
                answers.append(status("error", f"invalid subscription: {topic}"))
                continue
            if not self._plan.streams_channel(prefix):
                answers.append(status("error", "not authorized"))
                continue
            symbol = symbol_of(name) if self._asset_class is AssetClass.CRYPTO else name
            if add != (symbol in subscriber.wanted[channel]):
                carried = _CARRIES.get(channel, (channel,))
                self._feeds.change(subscriber, {each: [symbol] for each in carried}, add=add)
                answers.append(status("success", f"{'' if add else 'un'}subscribed to: {topic}"))
        if answers:
            self._say(*answers)
        self._feeds.greet(subscriber)


def status(name: str, message: str) -> dict[str, Any]:
    """Return a status message."""
    return {"ev": "status", "status": name, "message": message}
