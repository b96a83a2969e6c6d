"""`liu data` from an empty folder to files, checks and exports, as a user types it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from liualgotrader.common.events import Trade
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.exchange.file_tape import FileTape
from liualgotrader.scripts.exits import DONE, FAILED, WRONG_USE, run
from liualgotrader.scripts.liu import cli
from tests.unit.data.lake_samples import FAR, at, midnight, rows_of

Liu = Callable[..., tuple[int, str, str]]
_HEAVY = ("numpy", "pandas", "pyarrow", "exchange_calendars", "asyncpg", "asyncio")

DAYS = (
    "Date,Open,High,Low,Close,Volume\n2024-01-02,10,11,9,10.5,100\n2024-01-03,10.5,11,10,10.8,200\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIU_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LIU_DEBUG", raising=False)
    return tmp_path / "home"


@pytest.fixture
def liu(home: Path, capsys: pytest.CaptureFixture[str]) -> Liu:
    """Run `liu data`; return code, stdout and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = run(cli, ["data", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.mark.parametrize("words", [["--help"], ["import", "--help"], ["export", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        f"import sys; sys.argv = ['liu', 'data', *{words}]\n"
        "from liualgotrader.scripts.liu import main\n"
        f"code = main(); print(code, [name for name in {_HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_the_bundled_companies_come_in_once(liu: Liu) -> None:
    code, out, _ = liu("list")
    assert (code, out) == (
        DONE,
        "There is no history yet; `liu data import --bundled` brings some in.\n",
    )
    _, planned, _ = liu("import", "--bundled", "--dry-run")
    assert planned.splitlines() == [
        "AAPL, FB, GOOG, IBM, MSFT: day bars: 12,154 rows to add",
        "splits and dividends: 95 to add",
    ]
    assert liu("import", "--bundled")[0] == DONE
    _, again, _ = liu("import", "--bundled")
    assert again.splitlines() == [
        "AAPL, FB, GOOG, IBM, MSFT: day bars: 0 rows added, 12,154 there already",
        "splits and dividends: 0 added",
    ]
    _, listed, _ = liu("list", "--json")
    assert [json.loads(line) for line in listed.splitlines()][1] == {
        "kind": "day",
        "symbol": "FB",
        "rows": 196,
        "first": "2012-05-18 04:00:00Z",
        "last": "2013-03-01 05:00:00Z",
    }
    assert liu("check") == (DONE, "Nothing looks wrong.\n", "")


def test_a_file_comes_in_is_refused_changed_and_replaced(liu: Liu, tmp_path: Path) -> None:
    file = tmp_path / "XYZ.csv"
    file.write_text(DAYS)
    code, out, _ = liu("import", file, "--dry-run")
    assert code == DONE
    assert out.splitlines()[1] == f"{file}: XYZ: 2 rows to add"
    assert liu("import", file)[1].splitlines() == [
        f"{file}: day bars; timestamp <- Date, open <- Open, high <- High, low <- Low,"
        " close <- Close, volume <- Volume; days",
        f"{file}: XYZ: 2 rows added",
    ]
    file.write_text(DAYS.replace("10.8", "10.9"))
    code, _, err = liu("import", file)
    assert code == WRONG_USE
    assert err.startswith(f"{file}: XYZ day bar of 2024-01-03T05:00:00Z: there is open 10.5")
    code, out, _ = liu("import", file, "--replace")
    assert out.splitlines()[1] == f"{file}: XYZ: 0 rows added, 1 there already, 1 replaced"


def test_a_bad_line_keeps_the_whole_file_out_but_not_the_one_before(
    liu: Liu, home: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "GOOD.csv", tmp_path / "BAD.csv"
    good.write_text(DAYS)
    bad.write_text(DAYS.replace("10.5,11,10,10.8", "10.5,9,10,10.8"))
    code, _, err = liu("import", good, bad)
    assert code == WRONG_USE
    assert err.splitlines() == [
        f"{bad}:3: high is below low",
        f"{bad}: nothing of it was written",
    ]
    assert Lake(home / "history").symbols(Kind.DAY) == ["GOOD"]


def test_wrong_use_is_explained(liu: Liu, tmp_path: Path) -> None:
    file = tmp_path / "XYZ.csv"
    assert liu("import")[0] == WRONG_USE
    assert liu("import", file, "--bundled")[0] == WRONG_USE
    assert "there is no such file" in liu("import", file)[2]
    assert "there is no such file" in liu("import", "--actions", file)[2]
    file.write_text(DAYS)
    liu("import", file)
    out = tmp_path / "out.csv"
    assert (
        "no history of XYY; the nearest symbol is XYZ"
        in (liu("export", "XYY", "--kind", "day", "-o", out)[2])
    )
    assert (
        "there are no minute bars of XYZ"
        in (liu("export", "XYZ", "--kind", "minute", "-o", out)[2])
    )
    code, _, err = liu("export", "XYZ", "--kind", "day", "--from", "2025-01-01", "-o", out)
    assert code == WRONG_USE
    assert err == (
        "there are no day bars of XYZ in those days; there are from 2024-01-02 05:00:00Z to"
        " 2024-01-03 05:00:00Z\n"
    )
    words = ("--from", "2025-01-02", "--to", "2025-01-01", "-o", out)
    assert "is after" in liu("export", "XYZ", "--kind", "day", *words)[2]
    assert not out.exists()
    assert liu("check", "XYY")[0] == WRONG_USE


def test_actions_come_in_and_adjust_what_goes_out(liu: Liu, tmp_path: Path) -> None:
    file, actions, out = tmp_path / "XYZ.csv", tmp_path / "actions.csv", tmp_path / "out.csv"
    file.write_text(DAYS)
    actions.write_text(
        "symbol,ex_date,kind,value\nXYZ,2024-01-03,dividend,1.05\nXYZ,2024-01-04,split,2\n"
    )
    liu("import", file)
    assert liu("import", "--actions", actions, "--dry-run")[1] == f"{actions}: 2 actions to add\n"
    assert liu("import", "--actions", actions)[1] == f"{actions}: 2 actions added\n"
    closes = {}
    for how in ((), ("--adjusted", "split"), ("--adjusted", "all")):
        words = ("--kind", "day", "--to", "2024-01-02", *how, "-o", out)
        code, said, _ = liu("export", "XYZ", *words)
        assert (code, said) == (DONE, f"{out}: 1 rows\n")
        with out.open() as written:
            (row,) = csv.DictReader(written)
        assert row["timestamp"] == "2024-01-02 05:00:00.000000000Z"
        closes[how[-1:]] = (float(row["close"]), float(row["volume"]))
    # 1 - 1.05 / 10.5 = 0.9
    assert closes == {
        (): (10.5, 100),
        ("split",): (5.25, 200),
        ("all",): (pytest.approx(4.725), 200),
    }


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_goes_out_comes_in_again(liu: Liu, tmp_path: Path, format: str) -> None:
    liu("import", "--bundled")
    out = tmp_path / f"out.{format}"
    code, _, err = liu("export", "AAPL", "--kind", "day", "--format", format, "-o", out)
    assert (code, err) == (DONE, "")
    code, said, err = liu("import", out)
    assert (code, err) == (DONE, "")
    assert said.splitlines()[1] == f"{out}: AAPL: 0 rows added, 3,270 there already"


def test_a_session_can_play_what_was_exported(liu: Liu, home: Path, tmp_path: Path) -> None:
    opened = at("2024-01-02", "09:30")
    rows = rows_of("XYZ", [opened, opened + 5, opened + 5], [10, 11, 12], [100, 200, 300])
    Lake(home / "history").write(Kind.TRADES, "XYZ", rows)
    out = tmp_path / "tape.parquet"
    assert liu("export", "XYZ", "--kind", "trades", "--format", "parquet", "-o", out)[0] == DONE
    played = list(FileTape([out]).events())
    assert played == [
        Trade("XYZ", opened, 10, 100),
        Trade("XYZ", opened + 5, 11, 200),
        Trade("XYZ", opened + 5, 12, 300),
    ]


def test_a_check_that_finds_something_fails(liu: Liu, home: Path) -> None:
    lake = Lake(home / "history")
    days = [midnight("2024-01-02"), midnight("2024-01-04")]
    lake.write(Kind.DAY, "XYZ", rows_of("XYZ", days, *[[1, 1]] * 5))
    assert liu("check") == (FAILED, "day XYZ: gap: no rows on 2024-01-03\n1 findings\n", "")
    code, out, _ = liu("check", "XYZ", "--json")
    assert code == FAILED
    assert json.loads(out) == {
        "kind": "day",
        "symbol": "XYZ",
        "what": "gap",
        "detail": "no rows on 2024-01-03",
    }


def test_a_torn_file_is_named_by_list_and_check(liu: Liu, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "XYZ.csv"
    file.write_text(DAYS)
    liu("import", file)
    torn = home / "history" / "day" / "XYZ.parquet"
    torn.write_bytes(torn.read_bytes()[:-20])
    code, _, err = liu("list")
    assert code == WRONG_USE
    assert err.startswith(f"{torn}: cannot be read")
    code, out, _ = liu("check")
    assert code == FAILED
    assert out.startswith(f"day XYZ: unreadable: {torn}: cannot be read")
    assert "cannot be read" in liu("import", file)[2]
    torn.unlink()
    assert liu("import", file)[0] == DONE
    assert len(Lake(home / "history").read(Kind.DAY, "XYZ", 0, FAR)) == 2
