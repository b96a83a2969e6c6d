"""US regulatory fee rates by the day they took effect, New York. Data only.

Days before the first row of a table have no fee: a backtest that goes further back is too cheap by
that much. tests/venue_cases/by_date/fees.toml names the sources of each row, and what none was found for.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """A rate in dollars from `since` on, with the most that one trade pays."""

    since: date
    amount: Decimal
    cap: Decimal | None = None


class Rounding(msgspec.Struct, frozen=True):
    """How cents are made from `since` on: of each fill's fee, or once of the day's sum of a kind."""

    since: date
    each_fill: bool


# Securities Exchange Act of 1934, section 31, dollars per million dollars sold. Source: the SEC's
# fee rate advisories (sec.gov/rules-regulations/fee-rate-advisories); 2025-2: nil, 2026-2: 20.60.
# The first days of 2012-04-01, 2013-05-25 and 2015-02-14 are of the usual practice: no text with
# the day itself was read.
SEC_SECTION_31: tuple[Rate, ...] = (
    Rate(date(2011, 1, 21), Decimal("19.20")),
    Rate(date(2012, 2, 21), Decimal("18.00")),
    Rate(date(2012, 4, 1), Decimal("22.40")),
    Rate(date(2013, 5, 25), Decimal("17.40")),
    Rate(date(2014, 3, 18), Decimal("22.10")),
    Rate(date(2015, 2, 14), Decimal("18.40")),
    Rate(date(2016, 2, 16), Decimal("21.80")),
    Rate(date(2017, 7, 4), Decimal("23.10")),
    Rate(date(2018, 5, 22), Decimal("13.00")),
    Rate(date(2019, 4, 16), Decimal("20.70")),
    Rate(date(2020, 2, 18), Decimal("22.10")),
    Rate(date(2021, 2, 25), Decimal("5.10")),
    Rate(date(2022, 5, 14), Decimal("22.90")),
    Rate(date(2023, 2, 27), Decimal("8.00")),
    Rate(date(2024, 5, 22), Decimal("27.80")),
    Rate(date(2025, 5, 14), Decimal("0.00")),
    Rate(date(2026, 4, 4), Decimal("20.60")),
)

# FINRA By-Laws, Schedule A, section 1: trading activity fee, dollars per share of covered equity
# sold. Source: FINRA Regulatory Notices 11-27 and 12-06, then the adjustment schedules of
# SR-FINRA-2020-032 and SR-FINRA-2024-019; the pause of the fourth quarter of 2026 is
# SR-FINRA-2026-021, the unchanged rate of 2027 and 2028 SR-FINRA-2026-020. The first day of
# 0.000119 is not confirmed.
TAF: tuple[Rate, ...] = (
    Rate(date(2011, 7, 1), Decimal("0.000090"), Decimal("4.50")),
    Rate(date(2012, 3, 1), Decimal("0.000095"), Decimal("4.75")),
    Rate(date(2012, 7, 1), Decimal("0.000119"), Decimal("5.95")),
    Rate(date(2022, 1, 1), Decimal("0.000130"), Decimal("6.49")),
    Rate(date(2023, 1, 1), Decimal("0.000145"), Decimal("7.27")),
    Rate(date(2024, 1, 1), Decimal("0.000166"), Decimal("8.30")),
    Rate(date(2026, 1, 1), Decimal("0.000195"), Decimal("9.79")),
    Rate(date(2026, 10, 1), Decimal("0")),
    Rate(date(2027, 1, 1), Decimal("0.000195"), Decimal("9.79")),
)

# Consolidated audit trail, dollars per share bought or sold. Source: CAT NMS Plan fee alerts 2026-1
# and 2026-2 (catnmsplan.com/cat-fee-alerts), Alpaca's brokerage fee schedule of 2026-09-17. 2025's
# rate was seen in a copy of Alpaca's schedule; when Alpaca began to pass the fee on is not known,
# and taken for 2024-09-01: for a hundred shares it is one cent.
CAT: tuple[Rate, ...] = (
    Rate(date(2024, 9, 1), Decimal("0.0000265")),
    Rate(date(2025, 12, 1), Decimal("0")),
    Rate(date(2026, 5, 1), Decimal("0.000003")),
)

# Cents are made once of a day's sum; in the first months of Alpaca's own back office they were made
# of each transaction. Source: alpaca.markets/blog/reg-taf-fees (2021-05-03), which says "February"
# for the beginning. How it was before then was not found: taken as it is now.
ROUNDING: tuple[Rounding, ...] = (
    Rounding(date.min, each_fill=False),
    Rounding(date(2021, 2, 1), each_fill=True),
    Rounding(date(2021, 4, 26), each_fill=False),
)
