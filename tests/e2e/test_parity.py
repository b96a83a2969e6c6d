"""A session in lockstep does what the same engines do without processes, and every time the same."""

from pathlib import Path

import pytest

from tests.e2e.audit import assert_books_agree, population, replays
from tests.e2e.lakes import take_in
from tests.e2e.sessions import Books, Setting, books
from tests.e2e.simulations import simulate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.mark.parametrize(("link", "times"), [("queue", 2), ("pipe", 1)])
def test_a_session_gives_the_orders_and_fills_of_the_simulation(
    setting: Setting, link: str, times: int
) -> None:
    plan = setting.plan(link=link)
    expected = simulate(plan, batch="12345678-simulated")
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
    assert_backtest_agrees(setting, plan, expected)


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
    assert (ended.summary["orders"], ended.summary["fills"]) == (
        len(expected.orders),
        len(expected.fills),
    )
