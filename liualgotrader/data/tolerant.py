"""What a vendor sends and cannot be read: it is counted, logged now and then, and costs its neighbours nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import msgspec

from liualgotrader.common.errors import ConfigError

log = logging.getLogger(__name__)

T = TypeVar("T")
# Rows of other shapes than the documented ones fail in one of these ways.
_ODD = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, ConfigError)

# What decoders say to bytes that they cannot read: text that is no UTF-8 and brackets without end
# are told in Python's own words.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Skips(Counter[str]):
    """What could not be used, by reason."""

    def note(self, why: str, what: object) -> None:
        """Count one."""
        self[why] += 1
        count = self[why]
        # The 1st, 2nd, 4th, 8th ...: a broken feed must not fill the log.
        if count & (count - 1) == 0:
            log.warning("skipped market data (%s, %d so far): %s", why, count, what)


class RowReader:
    """Reads the rows of REST answers. `skipped` counts, by kind, those that cannot be read."""

    def __init__(self) -> None:
        self.skipped = Skips()

    def each(self, what: str, rows: Any, make: Callable[[Any], T | None]) -> Iterator[T]:
        """Yield what can be made of a list of rows."""
        if rows is not None and not isinstance(rows, list):
            self.skipped.note(what, f"no list: {rows!r:.200}")
            return
        for row in rows or ():
            if (made := self.one(what, row, make)) is not None:
                yield made

    def one(self, what: str, row: Any, make: Callable[[Any], T | None]) -> T | None:
        """Return what can be made of a row; None for no row, and for an odd one."""
        if row is None:
            return None
        try:
            return make(row)
        except _ODD as exc:
            self.skipped.note(what, f"{exc!r} in {row!r:.200}")
            return None


class Format(Protocol):
    """A format's decoders: of a frame of messages, of one message, of a frame's parts unread."""

    frame: Any
    one: Any
    raws: Any


class TolerantParser:
    """Counts in `skipped`, by reason, what could not be used."""

    def __init__(self) -> None:
        self.skipped = Skips()

    def messages(self, form: Format, payload: bytes | memoryview) -> list[Any]:
        """Return a frame's messages; of a frame of which something cannot be read, the others."""
        try:
            found: list[Any] = form.frame(payload)
        except UNREADABLE:
            return self._one_by_one(form, payload)
        return found

    def _one_by_one(self, form: Format, payload: bytes | memoryview) -> list[Any]:
        try:
            raws = form.raws(payload)
        except UNREADABLE as exc:
            self.skipped.note("malformed frame", exc)
            return []
        messages = []
        for raw in raws:
            try:
                messages.append(form.one(raw))
            except UNREADABLE as exc:
                self.skipped.note("unknown or malformed message", exc)
        return messages
