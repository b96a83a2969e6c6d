"""What goes wrong in a session is contained, said, and nothing is lost by it."""

import pytest

from tests.e2e.audit import assert_books_agree
from tests.e2e.sessions import STRATEGIES, Setting, query

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def _strategies(*names: str) -> str:
    return "".join(
        f'\n[strategies.{name.lower()}]\nclass_name = "{name}"\nfilename = "{STRATEGIES}/faulty.py"\n'
        for name in names
    )


def test_strategies_that_raise_or_spin_are_out_and_the_others_go_on(setting: Setting) -> None:
    setting.environ["LIU_SPIN_SECONDS"] = "3"
    plan = setting.plan(
        head='on_strategy_error = "flatten"', strategies=_strategies("Raises", "Spins", "Steady")
    )
    outcome = setting.trade(plan, within=80)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert "strategy raises is disabled: raised in on_bar: ZeroDivisionError" in outcome.err
    assert "strategy spins spins in consumer" in outcome.err
    assert_books_agree(setting, batch)
    held = query(setting.dsn, "SELECT strategy, symbol, qty FROM positions WHERE qty <> 0")
    assert [row for row in held if row["strategy"] == "raises"] == []
    last = dict(
        (row["strategy"], row["last"])
        for row in query(
            setting.dsn, "SELECT strategy, max(decided_ns) AS last FROM orders GROUP BY strategy"
        )
    )
    assert last["steady"] > last["spins"] + 600 * 10**9
    failed = query(setting.dsn, "SELECT failures FROM incarnations WHERE failures <> '{}'")
    assert failed
