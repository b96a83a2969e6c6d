"""The second line of defence: whatever text leaves a process is searched for the secrets that the process knows.

The first line is `Secret`, which does not show itself. But a text may come from elsewhere: an exception of a vendor's
library with the address it asked, a strategy that reads a key of its own from the environment and fails with it.

Each process has one `KNOWN`. It learns a secret when a `Secret` is made or unpickled there, so a process that can
leak one knows it. Beside what is known, the places where keys travel are hidden whatever stands there.
"""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# A shorter text is no vendor's key, and hiding it would tear holes into words.
SHORTEST = 8

_PLACES = (
    # Headers, in a dict, a list of pairs or a line: the vendor's own, and those with a scheme or a long token.
    re.compile(
        r"""(?ix) (\bapca-api-(?:key-id|secret-key) \\?['"]? \s*[:=,]\s* b?\\?['"]?) [^\s'",}\])\\]+"""
    ),
    re.compile(
        r"""(?ix) (\bauthorization \\?['"]? \s*[:=,]\s* b?\\?['"]?)
            (?: (?:bearer|basic)\s+[^\s'",}\])\\]+ | [^\s'",}\])\\]{16,} )"""
    ),
    # Addresses.
    re.compile(r"""(?ix) ([?&](?:api_?key|key|token|secret)=) [^&\s'"\#\\)]+"""),
)
_SIGNS_ON = re.compile(r"""\\?["']action\\?["']\s*:\s*\\?["']auth""")
_SIGNING_ON = re.compile(
    r"""(?x) (\\?["'](?:key|secret|key_id|secret_key|params)\\?["'] \s*:\s* \\?["']) [^"'\\]+"""
)


class Redactor:
    """Hides what it has learned, and what stands where keys travel."""

    def __init__(self) -> None:
        self._known: list[str] = []
        self._known_bytes: list[bytes] = []

    def learn(self, *secrets: str) -> None:
        """Hide these from now on, also as they are spelt in an address, in JSON and in a `repr`.

        What is shorter than eight characters is passed over.
        """
        new = {s for secret in secrets if len(secret) >= SHORTEST for s in _spellings(secret)}
        # The longest first: of two secrets one may begin with the other.
        self._known = sorted(new.union(self._known), key=lambda s: (-len(s), s))
        self._known_bytes = [s.encode() for s in self._known]

    def known(self, text: str) -> str:
        """Return a text without what was learned."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return text

    def text(self, text: str) -> str:
        """Return a text without what was learned, and without what stands where keys travel."""
        text = self.known(text)
        for place in _PLACES:
            text = place.sub(rf"\1{HIDDEN}", text)
        return _SIGNING_ON.sub(rf"\1{HIDDEN}", text) if _SIGNS_ON.search(text) else text

    def blanked(self, data: bytes) -> bytes:
        """Return bytes with each known secret starred out at its length, so that what frames it stays whole."""
        for secret in self._known_bytes:
            if secret in data:
                data = data.replace(secret, b"*" * len(secret))
        return data


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


KNOWN = Redactor()


def redact(text: str) -> str:
    """Return a text without the secrets that this process knows, or that stand where keys travel."""
    return KNOWN.text(text)


class RedactingFormatter(logging.Formatter):
    """What another formatter makes of a record, its traceback included, without secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        return redact(self._inner.format(record))
