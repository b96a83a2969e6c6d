"""What taking was measured to cost, for a simulated venue: each figure from the day after it on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from liualgotrader.common.plan import Plan, SlippageCost
from liualgotrader.models.store import Store

# The newest figures from before the first day, and all that came on the way to the last.
_COSTS = """
SELECT symbol, day, bps FROM slippage_costs
WHERE bps IS NOT NULL AND day < $2 AND day >= coalesce(
    (SELECT max(earlier.day) FROM slippage_costs earlier
     WHERE earlier.symbol = slippage_costs.symbol AND earlier.day < $1 AND earlier.bps IS NOT NULL), $1)
ORDER BY symbol, day"""

_PLACES = Decimal("0.0001")
_ONE_DAY = timedelta(days=1)


class SlippageStore(Store):
    """Reads slippage_costs."""

    async def costs(self, first: date, last: date) -> tuple[SlippageCost, ...]:
        """Return what holds in the sessions from `first` to `last`: each figure was known before its session.

        Of equal figures of a symbol in a row the first one stands for all.
        """
        found: list[SlippageCost] = []
        for symbol, day, value in await self._fetch("load what trading cost", _COSTS, first, last):
            bps = Decimal(repr(value)).quantize(_PLACES)
            newest = found[-1] if found and found[-1].symbol == symbol else None
            if newest is None or newest.bps != bps:
                found.append(SlippageCost(symbol=symbol, since=day + _ONE_DAY, bps=bps))
        return tuple(found)

    async def with_costs(self, plan: Plan, first: date, last: date) -> Plan:
        """Return a plan whose venue takes what was measured, with the figures of these sessions.

        Another plan, and one that has its figures, is returned as it is.
        """
        if plan.slippage.model != "measured" or plan.slippage.costs:
            return plan
        costs = await self.costs(first, last)
        return replace(plan, slippage=replace(plan.slippage, costs=costs))
