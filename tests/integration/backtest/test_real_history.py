"""Twelve years of Apple, held: splits and dividends, against the series that its publisher adjusted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.integration.backtest.conftest import Call

HOLD = '''
from liualgotrader import Bar, Context, CorporateAction, Strategy, StrategyType


class Hold(Strategy):
    """Buy once; put every dividend back in at the open of its ex-date."""

    type = StrategyType.SWING

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if not ctx.position(bar.symbol) and not ctx.orders(bar.symbol):
            ctx.buy(bar.symbol, 1000)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        if action.cash:
            ctx.buy(action.symbol, notional=action.cash * ctx.position(action.symbol))
'''
PLAN = """
portfolio_value = 1_000_000
participation = 0

[session]
symbols = ["AAPL"]

[strategies.Hold]
filename = "hold.py"

[fees]
model = "none"
"""
# Quandl's WIKI prices, public domain, as bokeh-sampledata carries them: open, close and adjusted close of
# 2000-03-02, and the adjusted close of 2013-03-01, all adjusted for a later split too.
ENTRY, CLOSE, ADJUSTED, LAST = 127.0, 122.0, 3.9196750983419, 56.137353095488


@pytest.mark.usefixtures("bundled")
def test_buy_and_hold_equals_the_adjusted_series(call: Call, tmp_path: Path) -> None:
    tmp_path.joinpath("hold.py").write_text(HOLD)
    tmp_path.joinpath("plan.toml").write_text(PLAN)
    said = call(
        *("--from", "2000-03-01", "--to", "2013-03-01", "--scale", "day", "--plan", "plan.toml"),
        *("--csv", "out", "--json"),
    )
    assert said.code == 0, said.err
    with Path("out/fills.csv").open() as file:
        fills = list(csv.DictReader(file))
    assert [(row["time"][:10], row["side"]) for row in fills] == [
        ("2000-03-02", "buy"),
        ("2012-08-09", "buy"),
        ("2012-11-07", "buy"),
        ("2013-02-07", "buy"),
    ]
    invested = 1000 * ENTRY
    worth = said.summary["equity_end"] - (1_000_000 - invested)
    assert worth / invested == pytest.approx(LAST / (ENTRY * ADJUSTED / CLOSE), rel=0.001)
