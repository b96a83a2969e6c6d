"""`liualgotrader.models.keystore`."""

from __future__ import annotations

from liualgotrader.compat.world import current


class KeyStore:
    """Texts kept across sessions: each strategy has its own, written behind."""

    @classmethod
    async def load(cls, key: str) -> str | None:
        """Return a kept text, or None."""
        return current().context("KeyStore.load()").load(key)

    @classmethod
    async def save(cls, key: str, value: str) -> None:
        """Keep a text. Raises TypeError for anything else, as the database did."""
        if not isinstance(value, str):
            raise TypeError(f"the keystore keeps text, not {value!r}: write str(...)")
        current().context("KeyStore.save()").save(key, value)
