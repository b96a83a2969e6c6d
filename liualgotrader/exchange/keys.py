"""Who may ask: one key and its secret, made at the start, shown as Alpaca lets them be shown."""

from __future__ import annotations

import base64
import binascii
import hmac
import random
import string
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Keys(msgspec.Struct, frozen=True):
    """The key id, its secret, and the bearer token that stands for both."""

    key: str
    secret: str

    @classmethod
    def seeded(cls, seed: int) -> Keys:
        """Return keys that look like the vendor's, the same for the same seed.

        They guard a loopback port.
        """
        chance = random.Random(f"keys-{seed}")
        key = "PK" + "".join(chance.choices(string.ascii_uppercase + string.digits, k=18))
        secret = "".join(chance.choices(string.ascii_letters + string.digits, k=40))
        return cls(key, secret)

    def match(self, key: str | None, secret: str | None) -> bool:
        """Tell whether these are the keys, in constant time."""
        if key is None or secret is None:
            return False
        same_key = hmac.compare_digest(key.encode(), self.key.encode())
        return hmac.compare_digest(secret.encode(), self.secret.encode()) and same_key

    def match_token(self, token: str | None) -> bool:
        """Tell whether this is the secret, which stands for both, in constant time."""
        return self.match(self.key, token)

    def allow(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request carries them.

        The vendor's two headers, Basic, or the secret as a Bearer.
        """
        if "APCA-API-KEY-ID" in headers or "APCA-API-SECRET-KEY" in headers:
            return self.match(headers.get("APCA-API-KEY-ID"), headers.get("APCA-API-SECRET-KEY"))
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.match_token(value)
        if scheme.lower() == "basic":
            key, _, secret = _basic(value).partition(":")
            return self.match(key, secret)
        return False


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
