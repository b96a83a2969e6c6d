"""The options of `liu exchange` that change the rules of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from liualgotrader.exchange.__main__ import _rules, parser
from liualgotrader.venue.rules import VenueRules


def _of(*arguments: str) -> VenueRules:
    return _rules(parser().parse_args(arguments))


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (["--no-day-trading-rules"], "day_trading", False),
        (["--intraday-margin-since", "2027-01-04"], "intraday_margin_since", date(2027, 1, 4)),
        (["--settled-cash-only"], "settled_cash_only", True),
        (["--no-short-sale-test"], "short_sale_test", False),
        (["--no-price-bands"], "price_bands", False),
        (["--tier-1", "AAPL", "MSFT"], "tier_1", frozenset({"AAPL", "MSFT"})),
        (["--leveraged", "TQQQ=3", "SDS=2"], "leverage", {"TQQQ": 3, "SDS": 2}),
    ],
)
def test_an_option_changes_its_rule_and_no_other(
    arguments: list[str], field: str, value: Any
) -> None:
    changed, plain = _of(*arguments), _of()
    assert getattr(changed, field) == value
    others = [name for name in VenueRules.__struct_fields__ if name != field]
    assert all(getattr(changed, name) == getattr(plain, name) for name in others)


def test_without_options_the_rules_follow_the_day() -> None:
    plain, rules = _of(), VenueRules()
    for field in ("day_trading", "intraday_margin_since", "short_sale_test", "price_bands"):
        assert getattr(plain, field) == getattr(rules, field)


@pytest.mark.parametrize("wrong", ["TQQQ", "TQQQ=4", "=2"])
def test_leverage_of_two_or_three_is_asked_for(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _of("--leveraged", wrong)
    assert "write SYMBOL=2 or SYMBOL=3" in capsys.readouterr().err
