"""Who may ask Massive's REST API what, how often, and the vendor's words for no.

Error bodies as the vendor sends them: 400, 401 and 429 say `ERROR` and `error`, 403 and 404 say
`NOT_AUTHORIZED` and `NOT_FOUND` and `message`; a path that does not exist answers plain text.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

from aiohttp import web

from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.massive.plans import MassivePlan
from liualgotrader.exchange.replies import Handler, reply

PRICING = "https://massive.com/pricing"
_PREFIXES = (
    "/v1/last/",
    "/v1/marketstatus/",
    "/v2/aggs/",
    "/v2/last/",
    "/v2/snapshot/",
    "/v3/",
)
_MINUTE = 60.0


class MassiveRefusal(Exception):
    """The vendor says no: an HTTP status and a body."""

    def __init__(self, status: int, word: str, field: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.body = {"status": word, field: text}


def bad_request(text: str) -> NoReturn:
    """Refuse parameters that cannot be read."""
    raise MassiveRefusal(400, "ERROR", "error", text)


def not_found(text: str) -> NoReturn:
    """Refuse what does not exist."""
    raise MassiveRefusal(404, "NOT_FOUND", "message", text)


def entitled(included: bool) -> None:
    """Refuse what the key's plan does not include."""
    if not included:
        text = f"You are not entitled to this data. Please upgrade your plan at {PRICING}"
        raise MassiveRefusal(403, "NOT_AUTHORIZED", "message", text)


def is_massive(path: str) -> bool:
    """Tell whether a path belongs to Massive's REST API."""
    return path.startswith(_PREFIXES)


class _Calls:
    """Counts the calls of the last minute of the machine's time."""

    def __init__(self, most: int | None, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._times: deque[float] = deque()

    def count(self) -> None:
        """Count one; refuse it when there were too many."""
        if self._most is None:
            return
        now = self._monotonic()
        while self._times and self._times[0] <= now - _MINUTE:
            self._times.popleft()
        if len(self._times) >= self._most:
            words = "You've exceeded the maximum requests per minute, please wait or upgrade your"
            raise MassiveRefusal(
                429, "ERROR", "error", f"{words} subscription to continue. {PRICING}"
            )
        self._times.append(now)


def massive_door(
    keys: Keys, plan: MassivePlan, monotonic: Callable[[], float] = time.monotonic
) -> Any:
    """Return the middleware that asks for the key, counts, and words refusals as Massive does."""
    calls = _Calls(plan.calls_per_minute, monotonic)
    answers = 0

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal answers
        if not is_massive(request.path):
            return await handler(request)
        answers += 1
        request[REQUEST_ID] = f"{answers:032x}"
        try:
            _known(request, keys)
            calls.count()
            return await handler(request)
        except MassiveRefusal as no:
            return reply({**no.body, "request_id": request[REQUEST_ID]}, no.status)
        except web.HTTPNotFound:
            return web.Response(text="404 page not found\n", status=404)

    return check


REQUEST_ID = web.RequestKey("massive_request_id", str)


def _known(request: web.Request, keys: Keys) -> None:
    """Ask for the key: as a Bearer, or as the parameter apiKey."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else request.query.get("apiKey", "")
    if not given:
        raise MassiveRefusal(401, "ERROR", "error", "API Key was not provided")
    if not keys.match_token(given):
        raise MassiveRefusal(401, "ERROR", "error", "Unknown API Key")
