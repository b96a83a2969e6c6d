"""Replies, errors and the door: JSON bodies, the vendor's {code, message}, and who may come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from liualgotrader.common.timestamps import SECOND, BadTimestamp, parse_time
from liualgotrader.exchange.keys import Keys
from liualgotrader.venue.orders import Rejection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NEW_YORK = ZoneInfo("America/New_York")
OPEN = frozenset(
    f"/{path}"
    for path in (
        "stream", "v2/iex", "v2/sip", "v2/delayed_sip", "v2/test", "v1beta1/overnight",
        "v1beta1/boats", "stocks", "crypto",
    )
)  # fmt: skip
# Crypto's market data is public, its stream asks for keys itself.
OPEN_BELOW = ("/box/", "/v1beta3/crypto/")
_DATA = ("/v2/stocks", "/v1/")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def reply(body: object, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=_encode(body), status=status, content_type="application/json")


def refusal(error: Rejection) -> web.Response:
    """Return the vendor's error body, its fields in alphabetical order as the vendor's are."""
    body = {"code": error.code, "message": error.message, **error.details}
    return reply(dict(sorted(body.items())), error.status)


@web.middleware
async def speak_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and unknown paths into the vendor's error bodies."""
    try:
        return await handler(request)
    except Rejection as error:
        return refusal(error)
    except web.HTTPNotFound:
        return reply({"code": 40410000, "message": "endpoint not found."}, 404)
    except web.HTTPMethodNotAllowed:
        return reply({"code": 40510000, "message": "method not allowed"}, 405)


def door(keys: Keys, elsewhere: Callable[[str], bool]) -> Any:
    """Return the middleware that asks for keys wherever Alpaca's REST API does.

    `elsewhere` tells of which paths somebody else takes care.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Streams ask for keys themselves, in their own words; the box's own pages hold no secrets.
        is_open = request.path in OPEN or request.path.startswith(OPEN_BELOW)
        if is_open or elsewhere(request.path):
            return await handler(request)
        if keys.allow(request.headers):
            return await handler(request)
        if not request.path.startswith(_DATA):
            return reply({"code": 40110000, "message": "request is not authorized"}, 401)
        # The data API tells a wrong key from none.
        if "APCA-API-KEY-ID" in request.headers or "Authorization" in request.headers:
            return reply({"message": "forbidden."}, 403)
        return reply({"message": "unauthorized."}, 401)

    return check


async def json_body(request: web.Request) -> Mapping[str, Any]:
    """Return a request's JSON object. Raises Rejection 400 for anything else."""
    try:
        body = _decode(await request.read())
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        raise Rejection(400, 40010000, "request body format is invalid")
    return body


def whole(request: web.Request, name: str, default: int, most: int) -> int:
    """Return a whole-number parameter between 1 and `most`."""
    value = request.query.get(name)
    if value is None or value == "":
        return default
    if not value.isdigit() or not 1 <= int(value) <= most:
        raise Rejection(422, 40010001, f"{name} must be between 1 and {most}")
    return int(value)


def flag(request: web.Request, name: str) -> bool:
    """Return a yes-or-no parameter; absent is no."""
    return request.query.get(name, "").lower() in ("true", "1", "yes")


def symbols_of(request: web.Request) -> list[str]:
    """Return the symbols asked for, in order, without doubles."""
    names = request.query.get("symbols", "").split(",")
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def time_of(request: web.Request, name: str) -> int | None:
    """Return a time parameter as ns UTC: RFC 3339, or a date (its midnight in New York)."""
    value = request.query.get(name)
    if value is None or value == "":
        return None
    # A plus sign that was not quoted arrives as a blank.
    value = value.replace(" ", "+")
    try:
        if len(value) == 10:
            midnight = datetime.fromisoformat(value).replace(tzinfo=NEW_YORK)
            return int(midnight.timestamp()) * SECOND
        return parse_time(value if _has_zone(value) else f"{value}Z")
    except (BadTimestamp, ValueError):
        raise Rejection(422, 42210000, f"invalid format for parameter {name}: {value}") from None


def _has_zone(value: str) -> bool:
    return value[-1] in "Zz" or value[-6:-5] in ("+", "-")


def date_of(request: web.Request, name: str) -> date | None:
    """Return a parameter that is a date, None when absent. Raises Rejection."""
    value = request.query.get(name)
    if not value:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise Rejection(422, 42210000, f"invalid {name}: {value}") from None
