"""What was heard live, replaced by the vendor's final minutes, and how far it was off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liualgotrader.analytics.live_differences import COLUMNS, LiveDifference
from liualgotrader.miners.bar_days import sessions_back
from liualgotrader.miners.base import Miner, MinerContext


class Finalise(Miner):
    """Puts the vendor's final minutes in the place of a session's own, and keeps the differences.

    Of the last `days` trading days, those that wait for it: a night that was missed is made up for.
    A day whose minutes are not final yet waits for the next night.
    """

    days: int = 5

    async def run(self, ctx: MinerContext) -> int:
        """Finalise what is final; return how many symbols' days were."""
        changed = 0
        for day in sessions_back(ctx, self.days):
            if day > ctx.history.final_day:
                ctx.log(f"{day} waits: its minutes are not final yet")
                continue
            found = await ctx.history.finalise(day)
            rows = [each.row(day) for each in found]
            if rows:
                # At once: what was live is gone, and the next day may fail.
                changed += await ctx.tables.put("live_differences", COLUMNS, rows, key=COLUMNS[:2])
                ctx.log(summary(day, found))
        return changed


def summary(day: date, found: Sequence[LiveDifference]) -> str:
    """Return one line for people."""
    minutes, differing = (sum(getattr(each, n) for each in found) for n in ("minutes", "differing"))
    never = sum(each.never_heard for each in found)
    head = f"{day}: {minutes:,} live minutes of {len(found)} symbols"
    if not differing and not never:
        return f"{head} are as the final ones"
    worst = max(found, key=lambda each: (each.worst, each.symbol))
    told = f"; the worst is {worst.worst:.4%} in a {worst.worst_field} of {worst.symbol}"
    return f"{head}, {differing:,} differ, {never:,} were never heard{told if worst.worst else ''}"
