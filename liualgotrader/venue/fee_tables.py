"""US regulatory fee rates by the day they took effect, New York. Data only.

Days before the first row of a table have no fee: a backtest that goes further back is too cheap by
that much.
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


# Securities Exchange Act of 1934, section 31, dollars per million dollars sold. Source: the SEC's
# fee rate advisories (sec.gov/rules-regulations/fee-rate-advisories); 2025-2: nil, 2026-2: 20.60.
SEC_SECTION_31: tuple[Rate, ...] = (
    Rate(date(2020, 2, 18), Decimal("22.10")),
    Rate(date(2021, 2, 25), Decimal("5.10")),
    Rate(date(2022, 5, 14), Decimal("22.90")),
    Rate(date(2023, 2, 27), Decimal("8.00")),
    Rate(date(2024, 5, 22), Decimal("27.80")),
    Rate(date(2025, 5, 14), Decimal("0.00")),
    Rate(date(2026, 4, 4), Decimal("20.60")),
)

# FINRA By-Laws, Schedule A, section 1: trading activity fee, dollars per share of covered equity
# sold. Source: the adjustment schedule of SR-FINRA-2024-019; the pause of the fourth quarter of
# 2026 is SR-FINRA-2026-021, the unchanged rate of 2027 SR-FINRA-2026-020.
TAF: tuple[Rate, ...] = (
    Rate(date(2012, 7, 1), Decimal("0.000119"), Decimal("5.95")),
    Rate(date(2022, 1, 1), Decimal("0.000130"), Decimal("6.49")),
    Rate(date(2023, 1, 1), Decimal("0.000145"), Decimal("7.27")),
    Rate(date(2024, 1, 1), Decimal("0.000166"), Decimal("8.30")),
    Rate(date(2026, 1, 1), Decimal("0.000195"), Decimal("9.79")),
    Rate(date(2026, 10, 1), Decimal("0")),
    Rate(date(2027, 1, 1), Decimal("0.000195"), Decimal("9.79")),
)

# Consolidated audit trail, dollars per share bought or sold. Source: Alpaca's brokerage fee
# schedule of 2026-09-17. It was higher before (2025: 0.0000265), but the days of change are not
# confirmed, so this one is taken for all: for a hundred shares each of them is one cent.
CAT: tuple[Rate, ...] = (Rate(date(2024, 9, 1), Decimal("0.000003")),)
