"""Offers to sell, one after the other: from the most desirable, left open shortest, to the safest."""

from __future__ import annotations

from itertools import pairwise

from liualgotrader.common.clock import MINUTE


class Offers:
    """A round of offers. `gains` are fractions of the purchase price, `minutes` how long each is open."""

    __slots__ = ("_gains", "_minutes")

    def __init__(self, gains: tuple[float, ...], minutes: tuple[float, ...]) -> None:
        """Raise ValueError unless gains fall, times grow, and there are as many of both."""
        if not gains or len(gains) != len(minutes):
            raise ValueError(f"{len(gains)} gains and {len(minutes)} minutes: give as many of both")
        if any(later >= earlier for earlier, later in pairwise(gains)):
            raise ValueError(f"gains = {gains}: each must be lower than the one before")
        if minutes[0] <= 0 or any(later < earlier for earlier, later in pairwise(minutes)):
            raise ValueError(f"minutes = {minutes}: none may be shorter than the one before")
        self._gains = gains
        self._minutes = minutes

    def price(self, purchase: float, stage: int) -> float:
        """Return the limit of an offer, in dollars."""
        return purchase * (1 + self._gains[stage])

    def lasts(self, stage: int) -> int:
        """Return how long an offer is left open, in ns."""
        return int(self._minutes[stage] * MINUTE)

    def after(self, stage: int) -> int:
        """Return the offer that follows; the first one after the last."""
        return (stage + 1) % len(self._gains)
