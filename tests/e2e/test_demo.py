"""The session of `make demo`, and `backtest` over its recording: every decision is found again."""

from pathlib import Path

import pytest

from tests.e2e.audit import population
from tests.e2e.sessions import Setting

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_demo_replays_decision_for_decision(setting: Setting) -> None:
    traded = setting.trade(ROOT / "tradeplan.toml", within=300)
    assert traded.code == 0, traded.err
    batch = traded.summary["batch_id"]
    assert population(setting, batch).is_rich, population(setting, batch)
    ended = setting.backtest(batch, within=100)
    assert ended.code == 0, ended.err
    proof = ended.summary
    assert proof["identical"] is True
    assert proof["first_divergence"] is None
    assert proof["source_batch_id"] == batch
    assert proof["decisions"] >= traded.summary["orders"] >= 200
    assert (proof["orders"], proof["fills"]) == (
        traded.summary["orders"],
        traded.summary["fills"],
    )
