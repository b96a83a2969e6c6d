"""`backtest` as its user runs it: a home of its own, a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.scripts.backtest import backtest
from liualgotrader.scripts.exits import run
from liualgotrader.scripts.liu import cli


@dataclass
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """What `--json` said: one object on one line."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


Call = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty LIU_HOME; DSN is the test's database."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LIU_HOME", str(folder))
    monkeypatch.setenv("DSN", database)
    monkeypatch.delenv("LIU_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def call(home: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Return what runs `backtest` in this process."""

    def work(*arguments: str | Path) -> Said:
        code = run(backtest, [str(each) for each in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return work


@pytest.fixture
def bundled(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a home with the public-domain history in its lake."""
    assert run(cli, ["data", "import", "--bundled"]) == 0
    capsys.readouterr()
    return home
