"""What a key may do: Massive's four plans for individuals (massive.com/pricing), without their delay."""

from __future__ import annotations

import msgspec


class MassivePlan(msgspec.Struct, frozen=True):
    """What a plan includes. `calls_per_minute` None is no limit.

    `prints`: trades over REST and as T. `quotes`: quotes, over REST and as Q, and price bands.
    """

    name: str
    calls_per_minute: int | None = None
    streams: bool = True
    snapshots: bool = True
    prints: bool = True
    quotes: bool = True

    def streams_channel(self, prefix: str) -> bool:
        """Tell whether a stream's channel is included."""
        if prefix in ("T", "XT"):
            return self.prints
        return self.quotes if prefix in ("Q", "XQ", "LULD") else True


PLANS = {
    plan.name: plan
    for plan in (
        MassivePlan("basic", 5, streams=False, snapshots=False, prints=False, quotes=False),
        MassivePlan("starter", prints=False, quotes=False),
        MassivePlan("developer", quotes=False),
        MassivePlan("advanced"),
    )
}
