"""Faults of requests over REST: a middleware between the door and the handlers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from aiohttp import web

from liualgotrader.exchange.faults.board import Faults, Live
from liualgotrader.exchange.faults.kinds import (
    AnswerLost,
    OfRequests,
    RateLimit,
    ServerError,
    UnknownField,
    UnknownValue,
)
from liualgotrader.exchange.faults.messages import NEW_FIELD, NEW_WORD
from liualgotrader.exchange.replies import reply

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A client that never gives up is let go after so long.
_SILENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_WORDS = {
    500: "internal server error occurred",
    502: "bad gateway",
    503: "service unavailable",
    504: "gateway timeout",
}


def faulty(faults: Faults) -> Any:
    """Return the middleware. The box's own pages and the streams are not struck."""

    @web.middleware
    async def meet(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not faults.armed or not request.path.startswith("/v2/") or _is_stream(request):
            return await handler(request)
        live = _struck(faults, request)
        if live is None:
            return _strange(faults, request, await handler(request))
        match live.fault:
            case RateLimit(retry_after=seconds):
                live.happened()
                return _too_many(seconds)
            case ServerError(status=status):
                live.happened()
                return _failed(status)
            case AnswerLost(answer=answer):
                return await _lost(live, answer, request, handler)
        return await handler(request)

    return meet


def _is_stream(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _struck(faults: Faults, request: web.Request) -> Live | None:
    """Return the fault that strikes a request: the first one; the others have met it, too."""
    asked = f"{request.method} {request.path}"
    found = None
    for live, fault in list(faults.on(OfRequests)):
        if fnmatchcase(asked, fault.request) and live.strikes():
            if found is None:
                found = live
            else:
                live.missed()
    return found


async def _lost(
    live: Live, answer: int | str, request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Do what is asked, and let its answer be lost. A refusal takes no effect, so it is told."""
    try:
        response = await handler(request)
    except Exception:
        live.missed()
        raise
    live.happened()
    if isinstance(answer, int):
        return _failed(answer)
    if answer == "close" and request.transport is not None:
        request.transport.abort()
    elif answer == "timeout":
        await _silence(request)
    return response


async def _silence(request: web.Request) -> None:
    """Say nothing until the client has gone."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _SILENCE_SECONDS
    while request.transport is not None and loop.time() < until:  # noqa: ASYNC110 - aiohttp has no event for it
        await asyncio.sleep(_LOOK_SECONDS)


def _failed(status: int) -> web.Response:
    return reply({"code": status * 100_000, "message": _WORDS[status]}, status)


def _too_many(seconds: int) -> web.Response:
    """Return what the vendor says, with its three headers beside the one of RFC 9110, 10.2.3."""
    response = reply({"code": 42910000, "message": "rate limit exceeded"}, 429)
    reset = int(time.time()) + seconds
    response.headers.update(
        {
            "Retry-After": str(seconds),
            "X-Ratelimit-Limit": "200",
            "X-Ratelimit-Remaining": "0",
            "X-Ratelimit-Reset": str(reset),
        }
    )
    return response


def _strange(
    faults: Faults, request: web.Request, response: web.StreamResponse
) -> web.StreamResponse:
    """Return an answer with something new in its orders, when a fault wants that."""
    if not request.path.startswith("/v2/orders") or not isinstance(response, web.Response):
        return response
    if response.status != 200 or not isinstance(response.body, bytes):
        return response
    changes: dict[str, object] = {}
    for live, field in faults.on(UnknownField):
        if field.where == "orders" and live.strikes():
            live.happened()
            changes[NEW_FIELD] = [1, "two"]
    for live, word in faults.on(UnknownValue):
        if word.where == "orders" and live.strikes():
            live.happened()
            changes[word.field] = NEW_WORD
    if not changes:
        return response
    told = msgspec.json.decode(response.body)
    changed = told | changes if isinstance(told, dict) else [each | changes for each in told]
    return reply(changed)
