"""A vendor's stream on a real socket that does what a test tells it, connection by connection."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


def sends(*messages: Mapping[str, object]) -> Serve:
    """Return what sends control messages, one a frame, and then closes."""

    async def serve(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await socket.send_str(json.dumps([message]))

    return serve


async def signs_on(socket: web.WebSocketResponse) -> None:
    """Let a client in, and stay open and mute until it goes."""
    await sends({"T": "success", "msg": "connected"}, {"T": "success", "msg": "authenticated"})(
        socket
    )
    async for _ in socket:
        pass


class Vendor:
    """Answers the n-th connection by the n-th entry of `plan`, the last one for all that follow."""

    def __init__(self, *plan: Serve | web.Response) -> None:
        self._plan = plan
        self.url = ""
        self.attempts: list[float] = []
        self.most_at_once = 0
        self._open = 0
        self.changed = asyncio.Condition()

    async def attempted(self, count: int) -> None:
        """Return once so many connections were tried."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.attempts) >= count)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one connection."""
        async with self.changed:
            self.attempts.append(time.monotonic())
            self.changed.notify_all()
        step = self._plan[min(len(self.attempts), len(self._plan)) - 1]
        if isinstance(step, web.Response):
            return web.Response(status=step.status, headers=dict(step.headers), text="no")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            await step(socket)
        finally:
            self._open -= 1
        return socket


@asynccontextmanager
async def serving(vendor: Vendor) -> AsyncIterator[Vendor]:
    """Serve while the block runs."""
    app = web.Application()
    app.router.add_get("/v2/iex", vendor.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        vendor.url = f"ws://{host}:{port}/v2/iex"
        yield vendor
    finally:
        await runner.cleanup()
