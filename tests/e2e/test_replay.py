"""Recorded sessions are lived again, decision for decision, whatever went wrong in them."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from liualgotrader.common.events import FeedState, FeedStatus
from liualgotrader.models.journal import BatchFrame, InputFrame
from liualgotrader.replaying.recording import Recording, read_life
from liualgotrader.scripts.backtest_replay import list_batches, replay_batch
from tests.e2e.audit import population
from tests.e2e.proofs import assert_proved, recorded
from tests.e2e.sessions import Setting, count_orders, ended, query, reached, started
from tests.e2e.tapes import write_tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def test_a_clean_session_is_proved_as_a_batch_of_its_own(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = setting.trade(setting.plan())
    assert outcome.code == 0, outcome.err
    source = outcome.summary["batch_id"]
    assert population(setting, source).is_rich
    orders = count_orders(setting.dsn)
    monkeypatch.setenv("LIU_HOME", str(setting.home))
    monkeypatch.setenv("DSN", setting.dsn)
    assert replay_batch(source[:8], as_json=True) == 0
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    result = json.loads(line)
    assert (result["source_batch_id"], result["identical"]) == (source, True)
    assert (result["first_divergence"], result["losses"], result["report"]) == (None, [], None)
    assert result["decisions"] >= 200
    assert result["bars"] >= 6 * 23
    assert result["bars_per_s"] > 0
    for key in ("orders", "fills", "equity_start", "equity_end", "fees"):
        assert result[key] == outcome.summary[key]
    assert "Verdict     identical" in said.err and "Orders      busy: " in said.err
    (row,) = query(
        setting.dsn, "SELECT * FROM batches WHERE source_batch_id IS NOT NULL ORDER BY started_at"
    )
    assert (row["batch_id"], row["environment"]) == (result["batch_id"], "BACKTEST")
    assert (row["source_batch_id"], row["end_reason"]) == (source, f"replay of {source}: identical")
    assert row["summary"]["decisions"] == result["decisions"]
    assert count_orders(setting.dsn) == orders, "a proof writes no orders"
    assert list_batches(as_json=True) == 0
    (listed,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (listed["batch_id"], listed["orders"]) == (source, orders)
    assert listed["strategies"] == ["busy", "contrary"] and listed["journal_bytes"] > 1_000
    batches = setting.liu("batches").out
    assert f"BACKTEST  of {source}" in batches and f"replay of {source}: identical" in batches


def _words(recording: Recording) -> list[FeedStatus]:
    """Return what the consumers were told of the feed."""
    frames = [frame for life in recording.lives for frame in read_life(life, [])]
    events = [frame.event for frame in frames if isinstance(frame, InputFrame)]
    events += [each for frame in frames if isinstance(frame, BatchFrame) for each in frame.events]
    return [event for event in events if isinstance(event, FeedStatus)]


def test_a_session_whose_feed_broke_and_which_dropped_stale_data_is_proved(
    setting: Setting, tmp_path: Path
) -> None:
    setting.tape = write_tape(tmp_path / "tape.parquet", minutes=62)
    setting.environ["LIU_SPIN_SECONDS"] = (
        "30"  # a consumer that is stopped is silent, and no strategy spins
    )
    session = setting.start(setting.plan(speed="120"), "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 40)
    os.kill(started(setting)["exchange"], signal.SIGKILL)
    assert reached(session, lambda: count_orders(setting.dsn) >= 70)
    consumer = started(setting)["consumer A"]
    os.kill(consumer, signal.SIGSTOP)
    woken = time.monotonic() + 6
    assert reached(session, lambda: time.monotonic() > woken)
    os.kill(consumer, signal.SIGCONT)
    assert reached(session, lambda: count_orders(setting.dsn) >= 215)
    session.send_signal(signal.SIGTERM)
    outcome = ended(session, within=20)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.summary["dropped_stale"] > 0
    assert "the exchange in a box died (signal 9); it is started again" in outcome.err
    assert population(setting, batch).is_rich
    words = _words(recorded(setting, batch))
    assert [w for w in words if w.state is not FeedState.LIVE and not w.symbols]
    assert [w for w in words if w.state is FeedState.GAPPED and "older than 5 s" in w.reason]
    assert_proved(setting, batch, lives=2)
