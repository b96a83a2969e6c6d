"""The command line of `market_miner`: what is wrong is said before anything starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from liualgotrader.common.errors import LiuError
from liualgotrader.engine.loading import is_built_in
from liualgotrader.mining.night import Night
from liualgotrader.mining.plan_reading import read_miner_plan
from liualgotrader.mining.run import JobResult
from liualgotrader.mining.voice import Outcome
from liualgotrader.scripts.exits import run
from liualgotrader.scripts.market_miner import market_miner
from liualgotrader.scripts.mining import alone
from liualgotrader.scripts.mining_display import line_of, show_plan

ROOT = Path(__file__).parents[3]
PLAN = '[miners.notes]\nfilename = "notes.py"\n'
NOTES = "from liualgotrader import Miner\n\n\nclass Notes(Miner):\n    days: int = 3\n"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIU_HOME", str(tmp_path / "home"))
    (tmp_path / "notes.py").write_text(NOTES)
    path = tmp_path / "miner.toml"
    path.write_text(PLAN)
    return path


def test_every_mistake_is_named_and_nothing_starts(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(PLAN + 'days = "three"\n[data]\nsource = "alpacca"\nworkers = 0\n')
    assert run(market_miner, [str(plan)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(str(plan)).split(":")[1] for line in err] == ["3", "5", "6"]
    assert "the nearest valid word is alpaca" in err[1]
    assert not (plan.parent / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--schedule", "18:30"], "is no time with its zone"),
        (["--only", "nots"], "--only nots: is not in "),
        (["--day", "tomorrow"], "does not match the format"),
        (["--day", "2024-03-06", "--schedule", "18:30 UTC"], "--day is for one night"),
    ],
)
def test_options_that_cannot_be_are_refused(
    plan: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(market_miner, [str(plan), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_one_run_at_a_time_works_for_an_installation(tmp_path: Path) -> None:
    with alone(tmp_path):
        with pytest.raises(LiuError, match="another market_miner is at work"), alone(tmp_path):
            pytest.fail("two at once")
    with alone(tmp_path):
        pass


def test_a_file_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(market_miner, [str(tmp_path / "none.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["miner.toml", "examples/miner/miner.toml"])
def test_the_files_that_come_along_are_right(path: str) -> None:
    plan = read_miner_plan(ROOT / path)
    assert plan.jobs
    assert all(is_built_in(job.filename) or Path(job.filename).is_file() for job in plan.jobs)


def test_a_plan_is_shown_in_its_order(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(
        '[miners.late]\nfilename = "notes.py"\nclass_name = "Notes"\nafter = ["notes"]\n' + PLAN
    )
    jobs = read_miner_plan(plan).jobs
    night = Night(day=date(2024, 3, 6), next_day=date(2024, 3, 7), now=0)
    show_plan(night, jobs)
    assert capsys.readouterr().out.splitlines() == [
        "For 2024-03-06, made for 2024-03-07:",
        "  1  notes  (miner Notes)",
        "  2  late  (miner Notes, after notes)",
    ]


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            JobResult(name="a", outcome=Outcome.DONE, rows=1234, seconds=2.34),
            "a: done, 1,234 rows in 2.3 s",
        ),
        (
            JobResult(
                name="a", outcome=Outcome.DONE, rows=1, seconds=0.1, detail="1 skipped: X no bars"
            ),
            "a: done, 1 rows in 0.1 s, 1 skipped: X no bars",
        ),
        (
            JobResult(name="a", outcome=Outcome.FAILED, rows=0, seconds=3.0, detail="no answer"),
            "a: failed in 3.0 s: no answer",
        ),
        (
            JobResult(name="a", outcome=Outcome.SKIPPED, rows=0, seconds=0.0, detail="b failed"),
            "a: skipped: b failed",
        ),
    ],
)
def test_how_a_job_ended_is_one_line(result: JobResult, line: str) -> None:
    assert line_of(result) == line
