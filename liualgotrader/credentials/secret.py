"""A text that does not show itself."""

from __future__ import annotations

import hmac
from typing import Self

from liualgotrader.credentials.redaction import HIDDEN, KNOWN


class Secret:
    """Holds a key. It is no `str`, so nothing takes it for one: as text, formatted, in a log, a traceback or a
    container it is `***`, and an encoder without a hook of its own refuses it. `reveal()` gives the text, where it is
    handed to a vendor's client and nowhere else.

    It can be pickled, for the pipe to a child process: a pickle holds the text, so it is never written to a file.
    Where one is made or unpickled, that process keeps its text out of what it writes (`redaction`).
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """An empty text is for where there is nobody to sign on to, such as a backtest."""
        self._text = text
        KNOWN.learn(text)

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def last4(self) -> str:
        """Return the last four characters, to tell keys apart; nothing of a text that is hardly longer."""
        return self._text[-4:] if len(self._text) >= 12 else HIDDEN

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._text,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self
