"""The checks as they are run: each life a process of its own on a history that ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.honesty.lookahead import check_lookahead
from liualgotrader.honesty.tasks import WHOLE, Task, sources_of, write_task
from liualgotrader.honesty.workers import Workers, whole
from liualgotrader.scripts.backtest_checks import run_checks
from tests.unit.honesty.plans import FITTED, HONEST, LISTED, PEEKS, SURVIVORS
from tests.unit.honesty.small_lake import FIRST, minute_lake, plan_request

ONCE = """
from liualgotrader import Bar, Context, Strategy


class Turn(Strategy):
    def on_bar(self, ctx: Context, bar: Bar) -> None:
        count = len(ctx.data[bar.symbol].close)
        if count == 5:
            ctx.buy(bar.symbol, 10)
"""
STUCK = """
from liualgotrader import Strategy


class Turn(Strategy):
    pass


while True:
    pass
"""
SYMBOLS = '[session]\nsymbols = ["AAA", "BBB"]\n'
TURN = '[strategies.Turn]\nfilename = "turn.py"\n'


def options(**given: bool) -> dict[str, bool]:
    """The command's options, all off but these."""
    names = ("check_lookahead", "check_scanner", "as_json")
    return {name: given.get(name, False) for name in names}


def stuck(folder: Path) -> Task:
    """A task that never ends."""
    plan = SYMBOLS + TURN
    request = plan_request(folder / "plan", files={"turn.py": HONEST}, plan=plan)
    sources = dict.fromkeys(sources_of(request), STUCK)
    return Task(request=request, sources=sources, cut=WHOLE, scanners=False)


def test_what_reads_the_future_is_caught_beside_what_does_not(tmp_path: Path) -> None:
    minute_lake(tmp_path)
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST, "peek.py": PEEKS, "fitted.py": FITTED},
        plan='[session]\nsymbols = ["AAA", "BBB", "CCC"]\n'
        + TURN
        + 'only = "CCC"\n'
        + '[strategies.Peek]\nfilename = "peek.py"\n[strategies.Fitted]\nfilename = "fitted.py"\n',
        last=FIRST,
    )
    told: list[str] = []
    result = check_lookahead(request, tmp_path, most=4, show=told.append)
    assert not result.identical
    assert told == [f"{result.decisions} decisions; {result.cuts} histories to cut"]
    caught = {
        name: [e for e in result.changed if e.strategy == name] for name in ("Peek", "Fitted")
    }
    assert len(caught["Peek"]) + len(caught["Fitted"]) == len(result.changed)
    # What rises by the next bar cannot be known where there is no next bar.
    first = caught["Peek"][0]
    assert first.symbol == "AAA" and first.ts == first.cut - 1 and first.without_future is None
    assert first.with_future is not None and first.with_future.terms["reason"] == "will rise"
    assert "peek.py:16: frame[" in first.hint
    # The mean of what there is by then is another.
    limits = [
        (e.with_future.terms["limit"], e.without_future.terms["limit"])
        for e in caught["Fitted"]
        if e.with_future is not None
        and e.without_future is not None
        and "limit" in e.with_future.terms
    ]
    assert limits and all(a != b for a, b in limits)
    assert "fitted.py:8: LAKE" in caught["Fitted"][0].hint
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".check-")] == []


def test_an_honest_plan_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    minute_lake(tmp_path)
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": ONCE},
        plan='[session]\nsymbols = ["AAA"]\nbypass_market_schedule = true\n' + TURN,
        last=FIRST,
    )
    assert run_checks(request, tmp_path, options(check_lookahead=True, as_json=True)) == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert (found["decisions"], found["cuts"]) == (1, 1)
    assert found == {
        "check": "lookahead",
        "decisions": found["decisions"],
        "cuts": found["cuts"],
        "changed": [],
        "failures": [],
        "identical": True,
    }


def test_scanners_that_pick_survivors_are_caught(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DSN", database)
    minute_lake(tmp_path)
    both = "".join(
        f'[scanners.{name}]\nfilename = "{name.lower()}.py"\n' for name in ("Listed", "Survivors")
    )
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST, "listed.py": LISTED, "survivors.py": SURVIVORS},
        plan=TURN + both,
        last=FIRST,
    )
    assert run_checks(request, tmp_path, options(check_scanner=True)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "2 scans, 1 changed on 1 truncated history:",
        "Mon 2024-03-04 09:35:00 New York  Survivors",
        "  with the future     AAA, BBB",
        "  without             AAA, BBB, CCC",
        "  without it appear   CCC (delisted on 2024-03-06)",
    ]
    assert "survivors.py:16: lake = Lake(" in lines[5]
    assert len(lines) == 6 and "Listed" not in "\n".join(lines)


def test_a_plan_without_scanners_has_none_to_check(tmp_path: Path) -> None:
    request = plan_request(tmp_path / "plan", files={"turn.py": HONEST}, plan=SYMBOLS + TURN)
    with pytest.raises(ConfigError, match="no scanner to check"):
        run_checks(request, tmp_path, options(check_scanner=True))


def test_a_life_that_does_not_end_is_ended(tmp_path: Path) -> None:
    task = stuck(tmp_path)
    with Workers(tmp_path) as workers:
        answer = workers.run(task, tmp_path, longest=1)
    assert answer.error.startswith("the process did not end within 1 s; it said: ")
    with pytest.raises(LiuError, match="the run on the whole history failed"):
        whole(answer)


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    write_task(tmp_path / "task", stuck(tmp_path))
    command = [sys.executable, "-m", "liualgotrader.honesty.worker"]
    worker = subprocess.Popen(
        [*command, str(tmp_path / "task"), str(tmp_path / "answer")],
        stdin=subprocess.PIPE,
        env=os.environ | {"LIU_HOME": str(tmp_path)},
    )
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(20) == 3
    assert not (tmp_path / "answer").exists()
