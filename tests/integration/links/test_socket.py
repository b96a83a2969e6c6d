"""A kept socket against real ones that refuse, crowd out, break and fall mute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from liualgotrader.common.errors import FeedRefused
from liualgotrader.data import vendor_stream
from liualgotrader.data.alpaca_stream import AlpacaStream
from tests.integration.links.vendor import Vendor, sends, serving, signs_on

WAIT = 20.0
CROWDED = sends({"T": "error", "code": 406, "msg": "connection limit exceeded"})


class Client:
    """An Alpaca stream, and what it said of itself."""

    def __init__(self, vendor: Vendor) -> None:
        self.told: asyncio.Queue[bool] = asyncio.Queue()
        self.stream = AlpacaStream(
            vendor.url,
            key="key",
            secret="a-secret",
            channels=("trades",),
            sink=lambda *_: None,
            on_mark=lambda _: None,
            on_live=self.told.put_nowait,
        )

    async def lives(self, count: int) -> list[bool]:
        """Return what it said so often: True for signed on, False for lost."""
        return [await self.told.get() for _ in range(count)]


async def refused(vendor: Vendor) -> str:
    """Return what a client is stopped with."""
    async with serving(vendor):
        with pytest.raises(FeedRefused) as caught:
            await asyncio.wait_for(Client(vendor).stream.run(), WAIT)
    return str(caught.value)


@asynccontextmanager
async def running(vendor: Vendor) -> AsyncIterator[Client]:
    async with serving(vendor):
        client = Client(vendor)
        task = asyncio.create_task(client.stream.run())
        try:
            async with asyncio.timeout(WAIT):
                yield client
        finally:
            client.stream.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "the other environment"), (403, "check the subscription")]
)
async def test_a_handshake_that_is_refused_ends_the_stream_with_advice(
    status: int, advice: str
) -> None:
    vendor = Vendor(web.Response(status=status))
    message = await refused(vendor)
    assert f"HTTP {status}" in message and advice in message and "a-secret" not in message
    assert len(vendor.attempts) == 1


async def test_too_many_requests_at_the_handshake_wait_as_long_as_they_are_told() -> None:
    vendor = Vendor(web.Response(status=429, headers={"Retry-After": "2"}), signs_on)
    async with running(vendor) as client:
        assert await client.lives(1) == [True]
    first, second = vendor.attempts
    assert 2.0 <= second - first < 2.0 * 1.25 + 2.0


async def test_a_second_connection_is_refused_with_the_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vendor_stream, "_CROWDED_WAITS", (2.0,))
    vendor = Vendor(CROWDED)
    message = await refused(vendor)
    assert "connection limit exceeded (406)" in message
    assert "another program already holds the one stream that this key allows" in message
    first, second = vendor.attempts
    assert second - first >= 2.0, "it waits, and does not hammer"


async def test_a_connection_that_the_vendor_still_counts_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vendor_stream, "_CROWDED_WAITS", (1.0, 1.0, 1.0))
    accepts = sends({"T": "success", "msg": "authenticated"})
    vendor = Vendor(accepts, CROWDED, CROWDED, signs_on)
    async with running(vendor) as client:
        assert await client.lives(3) == [True, False, True]
    assert all(b - a >= 1.0 for a, b in zip(vendor.attempts, vendor.attempts[1:], strict=False))
    assert vendor.most_at_once == 1


async def test_a_stream_that_signs_on_and_breaks_at_once_makes_no_storm() -> None:
    vendor = Vendor(sends({"T": "success", "msg": "authenticated"}))
    async with running(vendor):
        await vendor.attempted(5)
    gaps = [b - a for a, b in zip(vendor.attempts, vendor.attempts[1:], strict=False)]
    assert min(gaps) >= 0.99, "never more than one attempt a second"


async def test_a_mute_connection_is_dropped_and_made_again() -> None:
    vendor = Vendor(signs_on)
    async with running(vendor) as client:
        client.stream.subscribe(["AAPL"])
        assert await client.lives(1) == [True]
        client.stream.reconnect("open and mute")
        assert await client.lives(2) == [False, True]
    assert (client.stream.reconnects, vendor.most_at_once) == (1, 1)
