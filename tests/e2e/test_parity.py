"""A session in lockstep does what the same engines do without processes, and every time the same."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.e2e.audit import assert_books_agree, population, replays
from tests.e2e.lakes import take_in
from tests.e2e.sessions import BUSY, STRATEGIES, Books, Setting, books, query
from tests.e2e.simulations import simulate
from tests.e2e.tapes import SYMBOLS

DAY = date(2013, 1, 23)
CALM = dict(zip(SYMBOLS, (0.9, 0.8, 0.1, 0.5, 0.7, 0.6), strict=True))
CHOOSY = f"""
[strategies.choosy]
class_name = "Choosy"
filename = "{STRATEGIES}/choosy.py"
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.mark.parametrize(("link", "times"), [("queue", 2), ("pipe", 1)])
def test_a_session_gives_the_orders_and_fills_of_the_simulation(
    setting: Setting, link: str, times: int
) -> None:
    plan = setting.plan(link=link, strategies=BUSY + CHOOSY)
    expected = simulate(plan, batch="12345678-simulated", forecasts={"calm": CALM})
    store_forecasts(setting)
    for _ in range(times):
        ended = setting.trade(plan)
        assert ended.code == 0, ended.err
        batch = ended.summary["batch_id"]
        assert population(setting, batch).is_rich
        found = books(setting.dsn, batch)
        assert found.orders == expected.orders
        assert found.fills == expected.fills
        assert (found.cash, found.positions) == (expected.cash, expected.positions)
        assert_books_agree(setting, batch)
        lived = replays(setting, batch)
        assert [name for name, each in lived.items() if not each.identical or each.open_end] == []
        assert sum(each.decisions for each in lived.values()) > 200
        assert_choosy(setting, batch, found)
    assert_backtest_agrees(setting, plan, expected)


def store_forecasts(setting: Setting) -> None:
    """Store how calm each symbol is expected to be, on the day and on the one before."""
    for day, part in ((DAY - timedelta(days=1), 0.1), (DAY, 1.0)):
        for symbol, value in CALM.items():
            query(
                setting.dsn,
                """INSERT INTO forecasts
                (forecast, day, symbol, value, trained_through, code_version, data_version)
                VALUES ('calm', $1::date, $2, $3, $1::date - 1, '1', 'test')""",
                day,
                symbol,
                value * part,
            )


def assert_choosy(setting: Setting, batch: str, found: Books) -> None:
    """What is expected to be wild is not traded; the others are, in their calm minutes."""
    traded = {order[2] for order in found.orders if order[1] == "choosy"}
    assert traded == {symbol for symbol, calm in CALM.items() if calm >= 0.5}
    sql = "SELECT symbol, round, figure, value FROM passed_over WHERE batch_id = $1"
    passed = [tuple(row.values()) for row in query(setting.dsn, sql, batch)]
    assert [each for each in passed if each[1] == 1] == [("IBM", 1, "calm", 0.1)]
    assert {each[0] for each in passed if each[1:3] == (2, "width")} <= traded
    assert len(passed) > 3


def assert_backtest_agrees(setting: Setting, plan: Path, expected: Books) -> None:
    """The same day as history in the lake, through `backtest --from`: the same orders and fills."""
    take_in(setting.tape, setting.home)
    ended = setting.backtest("--from", "2013-01-23", "--plan", plan)
    assert ended.code == 0, ended.err
    batch = ended.summary["batch_id"]
    assert population(setting, batch).is_rich
    found = books(setting.dsn, batch)
    assert found.orders == expected.orders
    assert found.fills == expected.fills
    assert found.cash == expected.cash
    assert_choosy(setting, batch, found)
    assert (ended.summary["orders"], ended.summary["fills"]) == (
        len(expected.orders),
        len(expected.fills),
    )
