"""What a request asks: parameters, times, pages.

A page's `next_url` carries all that was asked, where to go on, and the moment of the first page:
what comes later on the tape moves no page.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.massive.door import REQUEST_ID, bad_request
from liualgotrader.exchange.massive.words import DAY_NS, MILLISECOND
from liualgotrader.exchange.replies import reply
from liualgotrader.exchange.shapes import Json

_OFFSET, _AS_OF = "offset", "as_of"


class Question:
    """A request's parameters; of a further page, those of the first. `as_of` in ns UTC."""

    def __init__(self, request: web.Request, now: int) -> None:
        self._request = request
        self._asked: Mapping[str, str] = dict(request.query)
        if cursor := request.query.get("cursor"):
            try:
                self._asked = dict(parse_qsl(urlsafe_b64decode(cursor).decode()))
            except ValueError:
                bad_request("invalid cursor")
        self.offset = self._number(_OFFSET, 0)
        self.as_of = self._number(_AS_OF, now)

    def _number(self, name: str, default: int) -> int:
        value = self._asked.get(name)
        if not value:
            return default
        if not value.isdigit():
            bad_request(f"'{name}' must be a whole number, was '{value}'")
        return int(value)

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter."""
        return self._asked.get(name) or default

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes-or-no parameter."""
        value = self.text(name)
        return value.lower() == "true" if value else default

    def limit(self, default: int, most: int) -> int:
        """Return how many rows a page may have."""
        limit = self._number("limit", default)
        if not 1 <= limit <= most:
            bad_request(f"'limit' must be between 1 and {most}")
        return limit

    def is_within(self, name: str, value: str) -> bool:
        """Tell whether a value is asked for: `name` itself, or name.gt, .gte, .lt, .lte."""
        tests: dict[str, Callable[[str], bool]] = {
            "": lambda bound: value == bound,
            ".gt": lambda bound: value > bound,
            ".gte": lambda bound: value >= bound,
            ".lt": lambda bound: value < bound,
            ".lte": lambda bound: value <= bound,
        }
        return all(
            test(bound) for end, test in tests.items() if (bound := self.text(f"{name}{end}"))
        )

    def times(self, name: str) -> tuple[int, int]:
        """Return the range [first, last] in ns that a time and its .gt, .gte, .lt, .lte ask for."""
        first, last = 0, self.as_of
        for end, value in ((end, self.text(f"{name}{end}")) for end in _ENDS):
            if value:
                begins, ends = moments(value, "timestamp", scale=1)
                low, high = _ENDS[end](begins, ends)
                first, last = max(first, low), min(last, high)
        return first, last

    def page(
        self, rows: Sequence[int], limit: int, row: Callable[[int], Json], **fields: object
    ) -> web.Response:
        """Return a page of what `row` makes of each index."""
        part = rows[self.offset : self.offset + limit]
        body: Json = {**fields, "results": [row(index) for index in part]}
        body |= {"status": "OK", "request_id": self._request[REQUEST_ID], "count": len(part)}
        if self.offset + limit < len(rows):
            body["next_url"] = self._next(self.offset + limit)
        return reply(body)

    def answer(self, **fields: object) -> web.Response:
        """Return an answer that has no pages."""
        return reply({**fields, "status": "OK", "request_id": self._request[REQUEST_ID]})

    def _next(self, offset: int) -> str:
        kept = {k: v for k, v in self._asked.items() if k not in ("apiKey", "cursor")}
        asked = urlencode({**kept, _OFFSET: offset, _AS_OF: self.as_of})
        cursor = urlsafe_b64encode(asked.encode()).decode()
        return str(self._request.url.with_query(cursor=cursor))


_FAR = 1 << 62
_ENDS: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "": lambda begins, ends: (begins, ends),
    ".gt": lambda begins, ends: (ends + 1, _FAR),
    ".gte": lambda begins, ends: (begins, _FAR),
    ".lt": lambda begins, ends: (0, begins - 1),
    ".lte": lambda begins, ends: (0, ends),
}


def moments(
    value: str, name: str, *, scale: int = MILLISECOND, coins: bool = False
) -> tuple[int, int]:
    """Return the first and the last ns that a date or a number of `scale` ns stands for."""
    if value.isdigit():
        return int(value) * scale, int(value) * scale + scale - 1
    try:
        day = date.fromisoformat(value)
    except ValueError:
        unit = "MS" if scale == MILLISECOND else "NS"
        bad_request(
            f"Could not parse the time parameter: '{name}'. Use YYYY-MM-DD or Unix {unit} Timestamps"
        )
    return day_bounds(day, coins=coins)


def day_bounds(day: date, *, coins: bool) -> tuple[int, int]:
    """Return the first and the last ns of a day: New York's, of pairs UTC's."""
    if coins:
        begins = (day - date(1970, 1, 1)).days * DAY_NS
        return begins, begins + DAY_NS - 1
    return midnight(day), midnight(day + timedelta(days=1)) - 1
