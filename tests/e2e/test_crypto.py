"""A session of pairs of currencies, in lockstep, over Alpaca's crypto protocol."""

from __future__ import annotations

from pathlib import Path

from liualgotrader.exchange.simulated_coins import simulated_coins
from tests.e2e.sessions import Setting, query
from tests.e2e.tapes import write_events


def test_coins_are_traded_around_the_clock_and_the_books_agree(setting: Setting) -> None:
    tape = simulated_coins(1, trades_per_pair=600)
    files = write_events(setting.home, tape.events())
    plan = setting.home / "coins.toml"
    plan.write_text(f"""
[session]
speed = "max"
asset_class = "crypto"
consumers = 2
tape = [{", ".join(f'"{file}"' for file in files)}]
symbols = ["BTC/USD", "ETH/USD", "DOGE/USD"]
events = ["trades", "quotes", "minute"]
[strategies.CoinCross]
filename = "{Path(__file__).parent}/strategies/coins.py"
""")
    ended = setting.trade(plan, within=90)
    assert ended.code == 0, ended.err
    assert ended.summary["refused"] == 0
    rows = query(
        setting.dsn,
        "SELECT symbol, qty, tstamp FROM new_trades ORDER BY tstamp",
    )
    assert {row["symbol"] for row in rows} == {"BTC/USD", "ETH/USD", "DOGE/USD"}
    assert any(row["qty"] != row["qty"].to_integral_value() for row in rows)
    hours = {row["tstamp"].hour for row in rows}
    assert len(hours) > 12 and hours & {2, 3, 4, 22, 23}
