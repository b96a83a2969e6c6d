"""Alpaca's stream of order events (`trade_updates`): one connection for the whole account, held by the producer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random

import msgspec

from liualgotrader.common.errors import FeedRefused
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import AMENDMENTS, FILLS
from liualgotrader.common.timestamps import parse_time
from liualgotrader.links.socket import KeptSocket, Tap

log = logging.getLogger(__name__)

# The vendor's words where they are not ours. `pending_*` and `new` are the same on both sides.
_KINDS = {
    "order_cancel_rejected": Kind.CANCEL_REJECTED,
    "order_replace_rejected": Kind.REPLACE_REJECTED,
    "trade_bust": Kind.TRADE_BUST,
    "trade_correct": Kind.TRADE_CORRECT,
}


class _Order(msgspec.Struct):
    id: str
    client_order_id: str
    symbol: str
    side: str = ""
    replaced_by: str | None = None
    reject_reason: str | None = None


class _Update(msgspec.Struct):
    event: str
    order: _Order
    timestamp: str | None = None
    at: str | None = None
    price: Decimal | None = None
    qty: Decimal | None = None
    execution_id: str | None = None
    previous_execution_id: str | None = None
    fee: Decimal = Decimal(0)
    reason: str | None = None


class _Envelope(msgspec.Struct):
    stream: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Authorization(msgspec.Struct):
    status: str = ""


class _Mark(msgspec.Struct):
    t: int


_envelope = msgspec.json.Decoder(_Envelope)
_update = msgspec.json.Decoder(_Update, strict=False)
_authorization = msgspec.json.Decoder(_Authorization)
_mark = msgspec.json.Decoder(_Mark)


def parse_update(data: bytes | memoryview | msgspec.Raw) -> OrderEvent | None:
    """Return an update as an order event, or None for an event that this version does not know.

    Raises msgspec.DecodeError on what is no update at all.
    """
    update = _update.decode(data)
    try:
        kind = _KINDS.get(update.event) or Kind(update.event)
    except ValueError:
        return None
    fills = kind in FILLS or kind in AMENDMENTS
    amends = update.previous_execution_id if kind in AMENDMENTS else None
    when = update.timestamp or update.at
    return OrderEvent(
        order_id=update.order.client_order_id,
        kind=kind,
        time=0 if when is None else parse_time(when),
        symbol=update.order.symbol,
        qty=update.qty if fills else None,
        price=update.price if fills else None,
        execution_id=(update.execution_id or amends) if fills else None,
        broker_id=update.order.id,
        reason=update.reason or update.order.reject_reason,
        replaced_by=update.order.replaced_by,
        fee=update.fee,
        side="buy" if update.order.side == "buy" else "sell",
        amends=amends,
    )


class AlpacaOrderStream:
    """One connection to `trade_updates`. `tap` sees each frame before it is taken apart."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        secret: str,
        sink: Callable[[OrderEvent], None],
        on_mark: Callable[[int], None],
        on_live: Callable[[bool], None],
        headers: Mapping[str, str] | None = None,
        random: Random | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._key, self._secret = key, secret
        self._sink = sink
        self._on_mark = on_mark
        self._on_live = on_live
        self._send: Callable[[bytes], None] | None = None
        self._up = False
        self.skipped: Counter[str] = Counter()
        self._socket = KeptSocket(
            url, self, headers=headers or {}, random=random or Random(1), tap=tap
        )

    @property
    def is_up(self) -> bool:
        """Whether updates are being received."""
        return self._up

    async def run(self) -> None:
        """Stay connected until closed; raises FeedRefused when the vendor says no for good."""
        await self._socket.run()

    def close(self) -> None:
        """Disconnect for good."""
        self._socket.close()

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Sign on."""
        self._send = send
        send(msgspec.json.encode({"action": "auth", "key": self._key, "secret": self._secret}))

    def lost(self) -> None:
        """Remember that there is no stream."""
        was_up, self._up, self._send = self._up, False, None
        if was_up:
            self._on_live(False)

    def frame(self, payload: memoryview) -> None:
        """Take a frame apart; what cannot be read is counted and logged."""
        try:
            envelope = _envelope.decode(payload)
            self._message(envelope)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            self._skip("malformed", exc)

    def _message(self, envelope: _Envelope) -> None:
        match envelope.stream:
            case "trade_updates":
                event = parse_update(envelope.data)
                if event is None:
                    self._skip("unknown event", bytes(envelope.data)[:200])
                else:
                    self._sink(event)
            case "mark":
                self._on_mark(_mark.decode(envelope.data).t)
            case "authorization":
                self._authorized(_authorization.decode(envelope.data).status)
            case "listening":
                self._up = True
                self._on_live(True)
            case other:
                self._skip("unknown stream", other)

    def _authorized(self, status: str) -> None:
        if status != "authorized" or self._send is None:
            raise FeedRefused(
                "Alpaca's order stream refused the keys; check that they are of the account's environment"
            )
        self._send(
            msgspec.json.encode({"action": "listen", "data": {"streams": ["trade_updates"]}})
        )

    def _skip(self, why: str, what: object) -> None:
        self.skipped[why] += 1
        log.warning("skipped an order stream message (%s): %s", why, what)
