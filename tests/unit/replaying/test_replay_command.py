"""`backtest BATCH` and `backtest --list`: what they print, keep and return, on a real database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from liualgotrader.models.session_rows import BatchRow
from liualgotrader.models.session_store import SessionStore
from liualgotrader.scripts.backtest_replay import list_batches, replay_batch
from liualgotrader.scripts.exits import DONE, FAILED, WRONG_USE, run
from tests.postgres import run as complete
from tests.unit.replaying.recorded import BATCH, VERDICT_KIND, record, rewrite, with_source

KEYS = {
    "batch_id", "source_batch_id", "identical", "decisions", "first_divergence", "bars",
    "bars_per_s", "orders", "fills", "equity_start", "equity_end", "fees", "sharpe",
    "max_drawdown", "report", "inputs", "losses",
}  # fmt: skip

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def journals(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the batch's journals in a home of its own, beside the test's database."""
    monkeypatch.setenv("DSN", database)
    monkeypatch.setenv("LIU_HOME", str(tmp_path))
    monkeypatch.delenv("LIU_DEBUG", raising=False)
    return tmp_path / "journals" / BATCH


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a function as a command of the terminal; return code, stdout and stderr."""

    def call(work: Callable[..., int], *values: Any, **options: Any) -> tuple[int, str, str]:
        code = run(click.Command("backtest", callback=lambda: work(*values, **options)), [])
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


def index(path: Path, *, number: int = 1) -> None:
    """Put a life and its journal into the database, and before the first the batch."""

    async def work() -> None:
        async with await SessionStore.open(os.environ["DSN"], max_size=1) as store:
            if number == 1:
                await store.create_batch(
                    BATCH, environment="SIMULATED", mode="simulated", build="b"
                )
                await store.begin_run(BATCH, strategy="watcher", slot="A")
            await store.begin_incarnation(BATCH, "A")
            await store.open_journal(BATCH, "A", incarnation=number, path=str(path))

    complete(work())


def batches() -> list[BatchRow]:
    """Return the batches of the test's database, newest first."""

    async def work() -> list[BatchRow]:
        async with await SessionStore.open(os.environ["DSN"], max_size=1) as store:
            return await store.list_batches()

    found: list[BatchRow] = complete(work())
    return found


def test_an_identical_replay_is_a_batch_that_names_its_source(
    journals: Path, command: Command
) -> None:
    index(record(journals)[0])
    code, out, err = command(replay_batch, BATCH[:8], as_json=True)
    assert code == DONE
    (line,) = out.splitlines()
    result = json.loads(line)
    assert result.keys() == KEYS
    assert (result["identical"], result["decisions"], result["inputs"]) == (True, 3, 5)
    assert "Verdict     identical\n" in err
    new, source = batches()
    assert (new.batch_id, new.environment, new.mode) == (result["batch_id"], "BACKTEST", "replay")
    assert (new.source_batch_id, source.source_batch_id) == (BATCH, None)
    assert new.end_reason == f"replay of {BATCH}: identical"
    assert new.summary["decisions"] == 3
    assert new.plan["strategies"][0]["name"] == "watcher"


def test_a_divergence_is_told_with_input_and_both_decisions_and_the_code_is_one(
    journals: Path, command: Command
) -> None:
    (path,) = record(journals, close=False)

    def change(kind: int, payload: bytes) -> bytes:
        return payload.replace(b"print 2", b"print 7") if kind == VERDICT_KIND else payload

    rewrite(path, change)
    index(path)
    code, out, _ = command(replay_batch, BATCH)
    assert code == FAILED
    # 1,700,000,102 s is 22:15:02 UTC of 14 November 2023; New York is five hours behind in winter.
    when = "Tue 2023-11-14 17:15:02.000000000 New York"
    assert f"Divergence  consumer A, life 1, {when}" in out
    assert "  input     Trade(symbol=AAA, time=1700000102000000000, price=12.0, size=1.0)" in out
    assert "  expected  Approved(intent=Submit(order_id=0a1b2c3d-" in out
    assert "  differs   1.intent.reason: print 7, replayed print 2\n" in out
    assert batches()[0].end_reason == f"replay of {BATCH}: diverged at {when}"
    code, out, _ = command(replay_batch, BATCH, as_json=True)
    assert code == FAILED
    result = json.loads(out)
    found = result["first_divergence"]
    assert result["identical"] is False
    assert (found["slot"], found["incarnation"], found["time"]) == ("A", 1, when)
    assert found["ts"] == 1_700_000_102_000_000_000
    assert found["input"].startswith("Trade(symbol=AAA")
    assert "print 7" in found["expected"][0] and "print 2" in found["actual"][0]


def test_losses_are_told_and_kept_and_what_is_left_is_proved(
    journals: Path, command: Command
) -> None:
    first, second = record(journals, close=False)[0], record(journals, number=2)[0]
    index(first)
    index(second, number=2)
    first.write_bytes(first.read_bytes()[:-1])
    code, out, err = command(replay_batch, BATCH, as_json=True)
    assert code == DONE
    (loss,) = json.loads(out)["losses"]
    assert loss.startswith("consumer A, life 1, part 0: A-1.journal has a torn or damaged frame")
    assert f"Lost        {loss}" in err
    row = batches()[0]
    assert row.end_reason == f"replay of {BATCH}: identical, as far as it is recorded"
    assert row.summary["losses"] == [loss]


@pytest.mark.parametrize("prefix", ["ffff", ""])
def test_an_unknown_batch_is_wrong_use_and_leaves_nothing(
    journals: Path, command: Command, prefix: str
) -> None:
    code, out, err = command(replay_batch, prefix, as_json=True)
    assert (code, out) == (WRONG_USE, "")
    assert "there is no batch" in err and "`liu batches` lists them" in err
    assert batches() == []


def test_a_batch_whose_journals_are_gone_is_wrong_use(journals: Path, command: Command) -> None:
    (path,) = record(journals)
    index(path)
    path.unlink()
    code, out, err = command(replay_batch, BATCH)
    assert (code, out) == (WRONG_USE, "")
    assert "cannot be replayed" in err and "`backtest --list`" in err
    assert [row.batch_id for row in batches()] == [BATCH]


def test_a_source_that_cannot_be_loaded_is_wrong_use_and_ends_the_batch(
    journals: Path, command: Command
) -> None:
    (path,) = record(journals, close=False)
    with_source(path, lambda text: "import no_such_package_of_anyone\n" + text)
    index(path)
    code, out, err = command(replay_batch, BATCH)
    assert (code, out) == (WRONG_USE, "")
    assert "strategy watcher" in err and "watcher.py:1" in err and "Traceback" not in err
    row = batches()[0]
    assert row.ended_at is not None and row.end_reason is not None
    assert row.end_reason.startswith(f"replay of {BATCH}: failed: strategy watcher")


def test_the_list_has_the_batches_with_journals_and_not_those_that_lost_them(
    journals: Path, command: Command
) -> None:
    (path,) = record(journals)
    assert command(list_batches)[1].startswith("There is no recorded session here")
    index(path)
    replayed = command(replay_batch, BATCH, as_json=True)
    assert replayed[0] == DONE
    code, out, _ = command(list_batches, as_json=True)
    (row,) = map(json.loads, out.splitlines())
    assert code == DONE
    assert (row["batch_id"], row["environment"], row["strategies"]) == (
        BATCH,
        "SIMULATED",
        ["watcher"],
    )
    assert (row["orders"], row["journal_bytes"]) == (0, path.stat().st_size)
    code, out, _ = command(list_batches)
    assert out.startswith(f"{BATCH}  SIMULATED  ") and "watcher  0 orders" in out
    path.unlink()
    assert command(list_batches, as_json=True) == (DONE, "", "")
