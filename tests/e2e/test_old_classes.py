"""Classes written for 0.4 do the same in a session, in a backtest and in a replay, beside a class of today."""

from pathlib import Path

import pytest

from liualgotrader.engine.core import Engine
from liualgotrader.engine.replay import Replay, Replayed
from liualgotrader.models.journal import Header, read_journal
from liualgotrader.replaying.recording import settings_of
from liualgotrader.replaying.reliving import strategies_of
from tests.e2e.audit import assert_books_agree
from tests.e2e.lakes import take_in
from tests.e2e.sessions import Setting, books
from tests.e2e.simulations import simulate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

OLD = Path(__file__).parents[1] / "old_classes"
STRATEGIES = f"""
[strategies.MomentumLong]
filename = "{OLD}/momentum_long.py"
lookback = 2
schedule = [{{ start = 2, duration = 200 }}]

[strategies.LimitText]
filename = "{OLD}/limit_text.py"
lot = 4

[strategies.LongShortPair]
filename = "{OLD}/long_short_pair.py"
long = "AAPL"
short = "MSFT"

[strategies.WithHelper]
filename = "{OLD}/with_helper.py"

[strategies.Today]
filename = "{OLD}/today.py"
"""


def test_a_session_a_backtest_and_a_replay_decide_the_same(setting: Setting) -> None:
    plan = setting.plan(strategies=STRATEGIES, symbols=("AAPL", "MSFT", "KO"))
    expected = simulate(plan, batch="12345678-simulated")
    traded = {order[1] for order in expected.orders}
    assert traded == {"MomentumLong", "LimitText", "LongShortPair", "WithHelper", "Today"}

    ended = setting.trade(plan)
    assert ended.code == 0, ended.err
    batch = ended.summary["batch_id"]
    found = books(setting.dsn, batch)
    assert (found.orders, found.fills) == (expected.orders, expected.fills)
    assert (found.cash, found.positions) == (expected.cash, expected.positions)
    assert_books_agree(setting, batch)

    take_in(setting.tape, setting.home)
    ended = setting.backtest("--from", "2013-01-23", "--plan", plan)
    assert ended.code == 0, ended.err
    again = books(setting.dsn, ended.summary["batch_id"])
    assert (again.orders, again.fills, again.cash) == (found.orders, found.fills, found.cash)
    lived = [replayed(path) for path in sorted((setting.home / "journals" / batch).iterdir())]
    assert all(each.identical and not each.open_end for each in lived)
    assert sum(each.decisions for each in lived) > 50


def replayed(path: Path) -> Replayed:
    """Live one consumer's life again, with the strategies that its journal has."""
    frames = read_journal(path)
    header = next(frames)
    assert isinstance(header, Header)
    return Replay(Engine(strategies_of(header), settings_of(header))).run(frames)
