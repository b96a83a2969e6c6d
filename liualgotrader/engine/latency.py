"""How long events take from the socket to the strategy, as counts in buckets 5 % wide.

Cheap to add, exact to merge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import exp, log

_WIDTH = log(1.05)
_SMALLEST_NS = 1_000


class Latencies:
    """Counts of waits. A quantile is right to within a bucket, 5 %."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: Counter[int] = Counter(counts or {})

    def add(self, wait: int, events: int = 1) -> None:
        """Count `events` that waited `wait` ns."""
        self.counts[int(log(max(wait, _SMALLEST_NS) / _SMALLEST_NS) / _WIDTH)] += events

    def merge(self, other: Mapping[int, int]) -> None:
        """Add another's counts."""
        self.counts.update(other)

    def quantile_ms(self, share: float) -> float | None:
        """Return the wait in ms that a `share` (0 to 1) of events stayed under, if any."""
        total = sum(self.counts.values())
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= share * total:
                return _SMALLEST_NS * exp((bucket + 1) * _WIDTH) / 1e6
        return None
