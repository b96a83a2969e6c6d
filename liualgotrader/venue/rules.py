"""Which models and limits a venue applies. Latency is not here: whoever hands the order in waits."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.venue.fees import FeeModel, NoFees
from liualgotrader.venue.slippage import NoSlippage, SlippageModel


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's knobs.

    `participation`: the fraction of an event's volume that all our orders may take together, None
    for no limit. `multiplier`: 1 cash, 2 overnight margin, 4 intraday. `settlement_days`: sessions
    until the money of a sale can be used in a cash account (T+1 in the US since 2024-05-28).
    `short_requirement`: an opening short is valued at this times the ask, or at its limit if that
    is more.
    """

    fees: FeeModel = NoFees()
    slippage: SlippageModel = NoSlippage()
    participation: Decimal | None = None
    multiplier: Decimal = Decimal(4)
    shorting: bool = True
    short_requirement: Decimal = Decimal("1.03")
    settlement_days: int = 1
    sub_penny: bool = False
    wash_trades: bool = True
    gtc_days: int = 90
