"""What Massive tells of a company, and the division of the Standard Industrial Classification that it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liualgotrader.common.ports import CompanyFacts

# By the last major group (the first two digits) of each division: Standard Industrial Classification Manual, 1987.
_DIVISIONS = (
    (9, "Agriculture, Forestry and Fishing"),
    (14, "Mining"),
    (17, "Construction"),
    (39, "Manufacturing"),
    (49, "Transportation, Communications and Utilities"),
    (51, "Wholesale Trade"),
    (59, "Retail Trade"),
    (67, "Finance, Insurance and Real Estate"),
    (89, "Services"),
    (99, "Public Administration"),
)


def company_facts(
    symbol: str, row: Mapping[str, Any], related: Sequence[Mapping[str, Any]]
) -> CompanyFacts:
    """Return the answers to /v3/reference/tickers/{ticker} and /v1/related-companies/{ticker}; what lacks is empty."""
    industry = str(row.get("sic_description") or "")
    return CompanyFacts(
        symbol=symbol,
        name=str(row.get("name") or ""),
        description=str(row.get("description") or ""),
        # The vendor writes it in capitals.
        industry=industry.capitalize() if industry.isupper() else industry,
        sector=sector(str(row.get("sic_code") or "")),
        exchange=str(row.get("primary_exchange") or ""),
        similar=tuple(str(each["ticker"]) for each in related if each.get("ticker")),
    )


def sector(sic_code: str) -> str:
    """Return the division that a SIC code is in, "" for what is no such code."""
    if len(sic_code) not in (3, 4) or not sic_code.isdecimal():
        return ""
    group = int(sic_code.zfill(4)[:2])
    return next((name for last, name in _DIVISIONS if 0 < group <= last), "")
