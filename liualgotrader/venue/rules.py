"""Which models and limits a venue applies.

Latency is not here: whoever hands the order in waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.venue.fees import FeeModel, NoFees
from liualgotrader.venue.margin_tables import INTRADAY_MARGIN_SINCE, PHASE_IN_ENDS
from liualgotrader.venue.slippage import NoSlippage, SlippageModel


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's knobs. The margin multiplier is the account's.

    `participation`: the fraction of a print's or bar's volume that all our orders may take
    together, None for no limit. `shorting`: whether the account may sell short at all.
    `short_requirement`: an opening short is valued at this times the ask, or at its limit if that
    is more (Alpaca: 1.03). `sub_penny`: whether prices between ticks are taken, which Rule 612
    forbids. `wash_trades`: whether orders that could meet each other are refused. `gtc_days`: how
    long a good-till-cancelled order is kept (Alpaca: 90).

    What depends on the day follows it unless told otherwise. `settlement_days`: sessions until a
    sale's money may be withdrawn, None for the rule of the day. `settled_cash_only`: whether only
    settled money buys, as in a cash account of a broker that has such accounts and refuses what
    could end as a good-faith violation, and nothing is borrowed; Alpaca has none, there the money of a
    sale buys at once.
    `day_trading`: whether the rules for day traders hold, of the pattern day trader or of intraday
    margin; `intraday_margin_since`: the day on which the broker began with the latter, no later than
    the end of the phase-in. `leverage`: by symbol the turns of funds that have some: 2 or 3.
    `short_sale_test`: whether Rule 201 holds. `price_bands`: whether Limit Up-Limit Down does, where
    prints or quotes are shown (see price_bands.py); `tier_1`: the symbols of its first tier, which
    have the narrower bands.
    """

    fees: FeeModel = NoFees()
    slippage: SlippageModel = NoSlippage()
    participation: Decimal | None = None
    shorting: bool = True
    short_requirement: Decimal = Decimal("1.03")
    settlement_days: int | None = None
    settled_cash_only: bool = False
    day_trading: bool = True
    intraday_margin_since: date = INTRADAY_MARGIN_SINCE
    leverage: Mapping[str, int] = {}
    short_sale_test: bool = True
    price_bands: bool = True
    tier_1: frozenset[str] = frozenset()
    sub_penny: bool = False
    wash_trades: bool = True
    gtc_days: int = 90

    def __post_init__(self) -> None:
        """Raise ConfigError for a phase-in that the rule does not allow."""
        if not INTRADAY_MARGIN_SINCE <= self.intraday_margin_since <= PHASE_IN_ENDS:
            raise ConfigError(
                f"intraday_margin_since: brokers began between {INTRADAY_MARGIN_SINCE} and {PHASE_IN_ENDS}"
                f" (FINRA Regulatory Notice 26-10), not on {self.intraday_margin_since}"
            )
