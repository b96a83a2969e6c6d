"""`backtest BATCH --debug S`: each decision on a symbol as it was found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from liualgotrader.models.session_store import SessionStore
from liualgotrader.scripts.backtest_replay import replay_batch
from liualgotrader.scripts.exits import DONE
from tests.postgres import run
from tests.unit.replaying.recorded import BATCH, record


async def _index(dsn: str, path: Path) -> None:
    async with await SessionStore.open(dsn, max_size=1) as store:
        await store.create_batch(BATCH, environment="SIMULATED", mode="simulated", build="b")
        await store.begin_run(BATCH, strategy="watcher", slot="A")
        await store.begin_incarnation(BATCH, "A")
        await store.open_journal(BATCH, "A", incarnation=1, path=str(path))


def test_decisions_are_shown_with_reason_and_verdict(
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DSN", database)
    monkeypatch.setenv("LIU_HOME", str(tmp_path))
    (path,) = record(tmp_path / "journals" / BATCH)
    run(_index(database, path))
    assert replay_batch(BATCH, debug=("AAA", "BBB")) == DONE
    shown = [line for line in capfd.readouterr().out.splitlines() if line.startswith("Decision ")]
    assert len(shown) == 3
    assert shown[0] == (
        "Decision    17:15:01.000 New York  watcher A-0000101  AAA  buy 1 at limit 11.00  approved  "
        "reason: print 1"
    )
    assert replay_batch(BATCH, debug=("BBB",), as_json=True) == DONE
    said = capfd.readouterr()
    assert len(said.out.splitlines()) == 1 and "Decision " not in said.err
