"""US regulatory fee rates by the day they took effect. Data only."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class FeeRow(msgspec.Struct, frozen=True):
    """Dollars per million dollars sold, from `since` on."""

    since: date
    per_million: Decimal


class TafRow(msgspec.Struct, frozen=True):
    """Dollars per share sold with a cap per trade, from `since` on."""

    since: date
    per_share: Decimal
    cap: Decimal


# Section 31 of the Securities Exchange Act of 1934; rates from the SEC's fee rate advisories.
SEC_SECTION_31: tuple[FeeRow, ...] = (
    FeeRow(date(2020, 2, 18), Decimal("22.10")),
    FeeRow(date(2021, 2, 25), Decimal("5.10")),
    FeeRow(date(2022, 5, 14), Decimal("22.90")),
    FeeRow(date(2023, 2, 27), Decimal("8.00")),
    FeeRow(date(2024, 5, 22), Decimal("27.80")),
    FeeRow(date(2025, 5, 14), Decimal("0.00")),
)

# FINRA By-Laws, Schedule A, section 1(b): trading activity fee for covered equity securities.
TAF: tuple[TafRow, ...] = (
    TafRow(date(2012, 7, 1), Decimal("0.000119"), Decimal("5.95")),
    TafRow(date(2022, 1, 1), Decimal("0.000130"), Decimal("6.49")),
    TafRow(date(2023, 1, 1), Decimal("0.000145"), Decimal("7.27")),
    TafRow(date(2024, 1, 1), Decimal("0.000166"), Decimal("8.30")),
)
