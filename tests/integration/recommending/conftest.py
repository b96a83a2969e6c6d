"""`liu recommend` as its user runs it: a home of its own, a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.scripts.exits import run
from liualgotrader.scripts.liu import cli


@dataclass
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        """What `--json` said, by symbol."""
        (line,) = self.out.splitlines()
        return {each["symbol"]: each for each in json.loads(line)["findings"]}


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
    """Return what runs `liu recommend` in this process; the strategies run in others."""

    def work(*arguments: str | Path) -> Said:
        code = run(cli, ["recommend", *(str(each) for each in arguments)])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return work
