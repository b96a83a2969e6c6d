"""What `liu new` writes runs in a plan; `liu check` says what is wrong in one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Plan
from liualgotrader.common.ports import Snapshot
from liualgotrader.engine.loading import configure, load_class
from liualgotrader.forecasts.base import Forecast
from liualgotrader.miners.base import Miner, Row
from liualgotrader.mining.forecast_job import run_forecast
from liualgotrader.mining.plan_reading import read_miner_plan
from liualgotrader.scanners.base import Scanner
from liualgotrader.scripts.exits import DONE, WRONG_USE, run
from liualgotrader.scripts.liu import cli
from liualgotrader.scripts.new import to_class_name, to_file_name
from tests.forecast_night import Night
from tests.generated_days import market, trading_days


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NUM_CONSUMERS", "LIU_MAX_SYMBOLS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_new_strategy_and_scanner_are_right_in_a_plan(
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = "[session]\nsymbols = ['AAPL']\n"
    for kind, name in (("strategy", "buy-the-dip"), ("scanner", "Movers")):
        assert run(cli, ["new", kind, name]) == DONE
        plan += capsys.readouterr().out.partition(":\n")[2]
    (here / "tradeplan.toml").write_text(plan)
    assert run(cli, ["check", "--load"]) == DONE
    assert "strategies BuyTheDip; scanners Movers" in capsys.readouterr().out
    assert run(cli, ["check", "--json"]) == DONE
    read = msgspec.json.decode(capsys.readouterr().out, type=Plan)
    assert read.strategies[0].class_name == "BuyTheDip"


class Market:
    """A market of three symbols, for scanners and miners."""

    day = date(2026, 11, 27)

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.rows: list[Row] = []
        self.tables = self

    async def put(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        assert (table, len(columns), len(key)) == ("miner_values", 5, 4)
        self.rows += rows
        return len(self.rows)

    async def snapshots(self, symbols: Sequence[str] | None = None) -> dict[str, Snapshot]:
        prices = {"UP": 110.0, "DOWN": 80.0, "FLAT": 101.0, "NONE": None}
        return {
            name: Snapshot(
                name,
                trade=None if price is None else Trade(name, 0, price, 1),
                previous_day=Bar(name, 0, 100, 100, 100, 100, 1000),
            )
            for name, price in prices.items()
        }

    async def assets(self) -> Sequence[Instrument]:
        return [
            Instrument("AAPL", shortable=True, easy_to_borrow=True),
            Instrument("GME", shortable=True, easy_to_borrow=False),
        ]

    def log(self, message: str) -> None:
        self.lines.append(message)


def test_a_new_scanner_scans(here: Path) -> None:
    assert run(cli, ["new", "scanner", "movers"]) == DONE
    scanner = configure(load_class("movers.py", "Movers", Scanner), "movers", {})
    assert asyncio.run(scanner.scan(Market())) == ["DOWN", "UP"]  # type: ignore[arg-type]


def test_a_new_miner_works(here: Path) -> None:
    assert run(cli, ["new", "miner", "count"]) == DONE
    market = Market()
    miner = configure(load_class("count.py", "Count", Miner), "count", {})
    assert asyncio.run(miner.run(market)) == 1  # type: ignore[arg-type]
    assert market.lines == ["2 assets, 1 of them can be sold short"]
    assert market.rows == [("Count", "AAPL", market.day, "can_be_short", 1.0)]


def test_a_new_forecast_works(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli, ["new", "forecast", "late"]) == DONE
    (here / "miner.toml").write_text(capsys.readouterr().out.partition(":\n")[2])
    (job,) = read_miner_plan(here / "miner.toml").jobs
    days = market(["A", "B", "C"], 16, days=trading_days(date(2024, 7, 5), 41))
    forecast = configure(load_class(job.filename, job.class_name, Forecast), job.name, {})
    night = Night(days, ["A", "B", "C"])
    asyncio.run(run_forecast(forecast, night))
    told = night.tables.rows["forecasts"]
    assert len([key for key in told if key[1] == night.next_day]) == 3
    bars = days[-1].minutes["A"]
    sample = night.tables.rows["forecast_samples"]["Late", "A", days[-1].day]
    assert sample["target"] == bars.close[-1] / bars.open[-60] - 1


def test_a_file_that_is_there_is_never_overwritten(
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (here / "buy.py").write_text("mine")
    assert run(cli, ["new", "strategy", "Buy"]) == WRONG_USE
    assert "is there already" in capsys.readouterr().err
    assert (here / "buy.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "class_name", "file_name"),
    [
        ("buy_the_dip", "BuyTheDip", "buy_the_dip"),
        ("Buy-The dip.py", "BuyTheDip", "buy_the_dip"),
        ("SMACross2", "SMACross2", "sma_cross2"),
    ],
)
def test_names_become_classes_and_files(name: str, class_name: str, file_name: str) -> None:
    assert to_class_name(name) == class_name
    assert to_file_name(class_name) == file_name


@pytest.mark.parametrize("name", ["1st", "a b!", "", "None", "../x", "é"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a class"):
        to_class_name(name)


def test_check_names_every_mistake_and_ends_with_two(
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (here / "my.toml").write_text("risk = 2\n[session]\nmod = 1\n[strategies.X]\n")
    assert run(cli, ["check", "my.toml"]) == WRONG_USE
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(" ")[0] for line in said.err.splitlines()] == [
        "my.toml:1:",
        "my.toml:1:",
        "my.toml:3:",
        "my.toml:4:",
    ]


def test_check_with_load_names_every_file_that_fails(
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("A", "B"):
        (here / f"{name}.py").write_text(f"class {name}(Strategy): ...\n")
    (here / "tradeplan.toml").write_text(
        "[session]\nsymbols = ['AAPL']\n"
        "[strategies.A]\nfilename = 'A.py'\n[strategies.B]\nfilename = 'B.py'\n"
    )
    assert run(cli, ["check"]) == DONE
    assert run(cli, ["check", "--load"]) == WRONG_USE
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "cannot be loaded: NameError: name 'Strategy' is not defined",
    ] * 2


def test_the_plan_at_the_top_of_the_repository_is_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = Path(__file__).parents[3] / "tradeplan.toml"
    assert run(cli, ["check", "--load", str(plan)]) == DONE
    assert "is right" in capsys.readouterr().out
