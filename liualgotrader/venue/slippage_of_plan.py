"""The slippage that a plan describes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from liualgotrader.common.plan import Slippage
from liualgotrader.venue.slippage import (
    FixedBpsSlippage,
    MeasuredSlippage,
    NoSlippage,
    SlippageModel,
)


def slippage_of(slippage: Slippage) -> SlippageModel:
    """Return how much worse takers fill."""
    if slippage.model == "measured":
        return measured_slippage(slippage)
    bps = slippage.bps if slippage.model == "bps" else Decimal(0)
    return FixedBpsSlippage(bps) if bps else NoSlippage()


def measured_slippage(slippage: Slippage) -> MeasuredSlippage:
    """Return what was measured, as the venue asks for it."""
    costs: dict[str, list[tuple[date, Decimal]]] = {}
    for each in sorted(slippage.costs, key=lambda cost: cost.since):
        costs.setdefault(each.symbol, []).append((each.since, each.bps))
    return MeasuredSlippage(slippage.bps, costs)
