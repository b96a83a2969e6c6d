"""Forecasts made into a real database, and shown by `liu forecasts`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from liualgotrader.forecasts.momentum import Momentum
from liualgotrader.forecasts.rally import Rally
from liualgotrader.mining.forecast_job import run_forecast
from liualgotrader.models.miner_tables import MinerTables
from liualgotrader.scripts.exits import DONE, WRONG_USE, run
from liualgotrader.scripts.liu import cli
from tests.every_forecast import made
from tests.forecast_night import Night
from tests.generated_days import market, trading_days
from tests.postgres import run as complete

NAMES = ("AAA", "BBB", "CCC", "DDD")
LAST = date(2024, 7, 5)

Liu = Callable[..., tuple[int, str, str]]


@pytest.fixture
def liu(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Liu:
    """Run `liu` against the test's database; return code, stdout and stderr."""
    monkeypatch.setenv("DSN", database)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(cli, arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


async def _night(dsn: str) -> list[int]:
    """Work a night twice; return how many rows each forecast changed."""
    days = market(NAMES, 14, days=trading_days(LAST, 14 + 25))
    counts = []
    async with await MinerTables.open(dsn, max_size=1) as tables:
        for _ in range(2):
            for name, cls in (("momentum", Momentum), ("rally", Rally)):
                ctx = Night(days, NAMES)
                ctx.tables = tables  # type: ignore[assignment]  # the real ones
                counts.append(await run_forecast(made(cls, name), ctx))
    return counts


def test_values_and_checks_of_a_night_are_shown(liu: Liu, database: str) -> None:
    code, _, err = liu("forecasts")
    assert code == WRONG_USE
    assert "[forecasts.volatility] say, and run `market_miner`" in err
    first, second, *again = complete(_night(database))
    assert first == second > 0
    assert again == [0, 0]

    code, out, _ = liu("forecasts", "--json")
    assert code == DONE
    shown = json.loads(out)
    assert shown["day"] == "2024-07-08"
    assert [(each["symbol"], each["forecast"]) for each in shown["values"]] == [
        (symbol, name) for symbol in NAMES for name in ("momentum", "rally")
    ]
    assert {each["trained_through"] for each in shown["values"]} == {"2024-07-05"}
    assert [each["forecast"] for each in shown["checks"]] == ["momentum", "rally"]
    rally = shown["checks"][1]
    assert sum(each["count"] for each in rally["calibration"]) == rally["samples"] > 0

    code, out, _ = liu("forecasts", "bbb", "--forecast", "rally")
    assert code == DONE
    lines = out.splitlines()
    assert lines[0] == "Expected of 2024-07-08:"
    assert [line.split()[0] for line in lines[1:3]] == ["symbol", "BBB"]
    assert lines[3].startswith("rally up to 2024-07-05: ")
    assert "its naive baseline" in lines[3]
    assert lines[4].split() == ["expected", "came", "forecasts"]

    code, out, _ = liu("forecasts", "--limit", "1")
    assert "  ... and 3 more symbols" in out.splitlines()
    # Of a day that is over, and with the checks that were known before it.
    code, out, _ = liu("forecasts", "--day", "2024-07-05", "--json")
    assert {each["day"] for each in json.loads(out)["values"]} == {"2024-07-05"}
    assert json.loads(out)["checks"] == []
    code, _, err = liu("forecasts", "ZZZ", "--day", "2024-07-05")
    assert code == WRONG_USE
    assert "nothing is foretold of 2024-07-05 for ZZZ" in err
