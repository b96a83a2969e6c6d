"""US equities' margin by date, New York. Data only; sources in tests/venue_cases/by_date/margin.toml."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

# FINRA Rule 4210(b): no margin and no short sales below this equity.
MARGIN_MINIMUM = Decimal(2000)
# Regulation T: half of a position's value is the initial margin.
INITIAL_MARGIN = Decimal("0.5")
INTRADAY = Decimal(4)
# Between 20:00 and 04:00 nobody gets more (docs.alpaca.markets, 24/5 Trading).
OVERNIGHT = Decimal(2)

# FINRA Rule 4210(f)(8)(B), in force to the day before intraday margin: whoever trades four times in
# and out within five business days is a pattern day trader, who needs this equity at the last close.
DAY_TRADES = 4
WINDOW_DAYS = 5
PATTERN_MINIMUM = Decimal(25_000)

# FINRA Regulatory Notice 26-10, SEC release 34-105226: intraday margin in place of the pattern day
# trader's rules from the first day on, at every broker from the last. Alpaca began on the first.
INTRADAY_MARGIN_SINCE = date(2026, 6, 4)
PHASE_IN_ENDS = date(2027, 10, 20)
# Alpaca's changelogs of 2026-06-03 and 2026-07-06: the account's fields of the old rules are gone.
DAY_TRADING_FIELDS_GONE = date(2026, 7, 6)


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """A broker's maintenance margin from `since` on, as shares of a long position's value.

    Below `cheap` dollars it is all of it; up to `low` dollars, included, `low_rate`, None for no such
    row; above it `rate`. `double` and `triple` are of funds with that leverage. From `crowded` of the
    account's value in one name on, with a debit of `debit` dollars or more, that name needs
    `crowded_rate`; None for no such rule.
    """

    since: date
    cheap: Decimal = Decimal("2.50")
    low: Decimal | None = None
    low_rate: Decimal = Decimal("0.50")
    rate: Decimal = Decimal("0.30")
    double: Decimal
    triple: Decimal
    crowded: Decimal | None = None
    debit: Decimal = Decimal(100_000)
    crowded_rate: Decimal = Decimal("0.50")


# Alpaca's table (docs.alpaca.markets, Margin and Short Selling). The days of change were not found:
# each version counts from the day on which it was seen first.
MAINTENANCE: tuple[Maintenance, ...] = (
    Maintenance(since=date.min, double=Decimal(1), triple=Decimal(1)),
    Maintenance(since=date(2026, 1, 27), double=Decimal("0.50"), triple=Decimal("0.75")),
    Maintenance(
        since=date(2026, 9, 17),
        low=Decimal("6.00"),
        double=Decimal("0.50"),
        triple=Decimal("0.75"),
        crowded=Decimal("0.70"),
    ),
)


class ShortMaintenance(msgspec.Struct, frozen=True):
    """Of a short position in shares of `price` dollars or more: a sum a share, or a share of value."""

    price: Decimal
    a_share: Decimal
    rate: Decimal


# The same in all versions of the table; the larger of the two counts.
SHORT_MAINTENANCE: tuple[ShortMaintenance, ...] = (
    ShortMaintenance(Decimal(5), Decimal("5.00"), Decimal("0.30")),
    ShortMaintenance(Decimal(0), Decimal("2.50"), Decimal("1.00")),
)
# FINRA Regulatory Notice 09-53, of shorts in funds with leverage: 30 % for each turn.
SHORT_LEVERAGED = Decimal("0.30")
