"""Codes of the tapes, and whether a symbol trades by them."""

from __future__ import annotations

import pytest

from liualgotrader.data.halts import halt_reason, halted_by
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus


def status(code: str) -> TradingStatus:
    return TradingStatus("A", 1, code)


def band(indicator: str) -> PriceBand:
    return PriceBand("A", 1, 10.5, 9.5, indicator)


@pytest.mark.parametrize(
    ("said", "halted"),
    [
        *((status(code), True) for code in ("2", "H", "P", "17")),
        *((status(code), False) for code in ("3", "T", "18")),
        # Quotes resume before trades do; indications, imbalances and short-sale words; a code of tomorrow.
        *((status(code), None) for code in ("Q", "5", "6", "7", "A", "C", "E", "F", "", "NEW")),
        (band("D"), True),
        *((band(indicator), False) for indicator in "ABE"),
        *((band(indicator), None) for indicator in ("C", "F", " ", "")),
    ],
)
def test_halts_pauses_and_resumptions_of_all_tapes(said: MarketStatus, halted: bool | None) -> None:
    assert halted_by(said) is halted


def test_a_halt_is_told_in_the_vendors_words() -> None:
    told = TradingStatus("A", 1, "H", "Trading Halt", "T12", "Additional information requested")
    assert halt_reason(told) == "Trading Halt: Additional information requested"
    assert halt_reason(TradingStatus("A", 1, "2", "", "M")) == "trading status 2: M"
    assert halt_reason(status("P")) == "trading status P"
    assert halt_reason(band("D")) == "its price band is suspended"
