"""The venue that a plan describes, as the exchange in a box has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from msgspec.structs import replace

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Plan
from liualgotrader.venue.account import Account
from liualgotrader.venue.banded import BandedVenue
from liualgotrader.venue.fees import (
    FeeModel,
    NoFees,
    PercentFees,
    PerShareFees,
    UsRegulatoryFees,
)
from liualgotrader.venue.luld_tables import PHASES
from liualgotrader.venue.margin_tables import INTRADAY_MARGIN_SINCE
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.slippage_of_plan import slippage_of
from liualgotrader.venue.venue import Venue

INTRADAY_MARGIN = Decimal(4)


def rules_of(plan: Plan) -> VenueRules:
    """Return fees, slippage, participation and rules as the plan has them; a participation of 0 is no limit."""
    fees = plan.fees
    models: Mapping[str, Callable[[], FeeModel]] = {
        "none": NoFees,
        "per_share": lambda: PerShareFees(fees.per_share, fees.minimum),
        "percent": lambda: PercentFees(fees.percent),
        "us_regulatory": UsRegulatoryFees,
    }
    rules = plan.rules
    return VenueRules(
        fees=models[fees.model](),
        slippage=slippage_of(plan.slippage),
        participation=Decimal(repr(plan.participation)) if plan.participation else None,
        day_trading=rules.day_trading,
        intraday_margin_since=rules.intraday_margin_since or INTRADAY_MARGIN_SINCE,
        settled_cash_only=rules.cash_account,
        short_sale_test=rules.short_sale_test,
        price_bands=rules.price_bands,
        tier_1=frozenset(rules.tier_1),
        leverage=rules.leverage,
    )


def make_venue(
    plan: Plan,
    *,
    instruments: Mapping[str, Instrument],
    sessions: Sequence[Session],
    cash: Decimal | None = None,
    multiplier: Decimal = INTRADAY_MARGIN,
    finely: bool = True,
    changes: Mapping[str, Any] = {},
) -> Venue:
    """Return a venue with an empty account of `cash` dollars, the plan's portfolio_value unless said.

    What it tells is to be read at once, while orders are as it says. `finely`: whether it is shown
    prints or quotes, of which price bands can be made. `changes`: by name, rules that differ from the plan's.
    """
    numbers = count(1)
    rules = replace(rules_of(plan), **changes)
    kind = BandedVenue if finely and rules.price_bands and _has_bands(sessions) else Venue
    venue = kind(
        account=Account(plan.portfolio_value if cash is None else cash, multiplier=multiplier),
        instruments=instruments,
        sessions=SessionTimes(sessions),
        rules=rules,
        ids=lambda: f"sim-{next(numbers)}",
    )
    venue.books.snapshots = False
    return venue


def _has_bands(sessions: Sequence[Session]) -> bool:
    return sessions[-1].date >= PHASES[0].since
