"""Which models and limits a venue applies.

Latency is not here: whoever hands the order in waits.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.venue.fees import FeeModel, NoFees
from liualgotrader.venue.slippage import NoSlippage, SlippageModel


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's knobs. The margin multiplier is the account's.

    `participation`: the fraction of a print's or bar's volume that all our orders may take
    together, None for no limit. `shorting`: whether the account may sell short at all.
    `short_requirement`: an opening short is valued at this times the ask, or at its limit if that
    is more (Alpaca: 1.03). `settlement_days`: sessions until a sale's money may be withdrawn, None
    for the rule of the day. `settled_cash_only`: whether only settled money buys, as in a cash account
    of a broker that has such accounts and stops what would be a good-faith violation; Alpaca has none,
    there the money of a sale buys at once. `sub_penny`: whether prices between ticks are taken, which Rule 612
    forbids. `wash_trades`: whether orders that could meet each other are refused. `gtc_days`: how
    long a good-till-cancelled order is kept (Alpaca: 90).
    """

    fees: FeeModel = NoFees()
    slippage: SlippageModel = NoSlippage()
    participation: Decimal | None = None
    shorting: bool = True
    short_requirement: Decimal = Decimal("1.03")
    settlement_days: int | None = None
    settled_cash_only: bool = False
    sub_penny: bool = False
    wash_trades: bool = True
    gtc_days: int = 90
