"""What is written for other programs and for the terminal."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from liualgotrader.analytics.backtest.csv import write_csv
from liualgotrader.analytics.backtest.rows import BacktestData
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.backtest.summary import figures, lines
from liualgotrader.analytics.round_trips import in_order
from liualgotrader.common.timestamps import parse_time
from tests.unit.analytics.backtest.backtest_sample import sample


@pytest.fixture(scope="module")
def data() -> BacktestData:
    """Three years of four symbols."""
    return sample(symbols=4)


@pytest.fixture(scope="module")
def told(data: BacktestData) -> BacktestStatistics:
    """Its figures."""
    return backtest_statistics(data)


def table(path: Path) -> list[dict[str, str]]:
    """Read a file back."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_tables_read_back_as_what_was_written(
    tmp_path: Path, data: BacktestData, told: BacktestStatistics
) -> None:
    paths = write_csv(tmp_path / "new" / "folder", data, told)
    assert [path.name for path in paths] == [
        "equity.csv",
        "trades.csv",
        "fills.csv",
        "orders.csv",
        "monthly.csv",
    ]
    equity, trades, fills, orders, monthly = (table(path) for path in paths)
    assert [parse_time(row["time"]) for row in equity] == data.curve.ts.tolist()
    assert np.array([float(row["equity"]) for row in equity]) == pytest.approx(data.curve.equity)
    by_time = in_order(data.fills)
    assert [Decimal(row["price"]) for row in fills] == [fill.price for fill in by_time]
    assert [parse_time(row["time"]) for row in fills] == [fill.ts for fill in by_time]
    assert [Decimal(row["gain"]) for row in trades] == [trip.gain_value for trip in told.trips]
    assert sum(row["exit_time"] == "" for row in trades) == told.open_trips
    assert {row["order_id"] for row in orders} == {order.order_id for order in data.orders}
    assert [row["year"] for row in monthly] == ["2020", "2021", "2022"]
    assert float(monthly[0]["total"]) == pytest.approx(told.years_table[0].total)
    assert len(fills) == told.fills and len(orders) == told.orders


def test_amounts_are_plain_decimals_and_text_is_quoted(tmp_path: Path, data: BacktestData) -> None:
    first = msgspec.structs.replace(
        data.fills[0], qty=Decimal("1E+2"), reason='says "buy", \nthen waits', ts=1_500_000_000
    )
    small = msgspec.structs.replace(data, fills=(first,), orders=(), adjustments=())
    paths = write_csv(tmp_path, small, backtest_statistics(small))
    (row,) = table(paths[2])
    assert (row["qty"], row["time"]) == ("100", "1970-01-01T00:00:01.5Z")
    assert row["reason"] == 'says "buy", \nthen waits'


def test_files_are_replaced(tmp_path: Path, data: BacktestData, told: BacktestStatistics) -> None:
    write_csv(tmp_path, data, told)
    idle = msgspec.structs.replace(data, fills=(), orders=())
    paths = write_csv(tmp_path, idle, backtest_statistics(idle))
    assert [len(table(path)) for path in paths[1:4]] == [0, 0, 0]


def test_the_summary_stands_in_columns(data: BacktestData, told: BacktestStatistics) -> None:
    found = lines(data, told)
    names = [line[:10].rstrip() for line in found]
    assert names[:5] == ["Batch", "Days", "Bars", "Equity", "P&L"]
    assert all(line[10:12] == "  " and line[12:13].strip() for line in found)
    assert max(len(line) for line in found) <= 120
    assert found[1] == "Days        756 from 2020-01-02 to 2022-12-30"
    assert found[3].startswith(f"Equity      100,000.00 -> {told.equity_end:,.2f}, ")
    assert found[-1] == "Note        The prices are simulated."


def test_the_summary_of_a_run_that_was_cut_short(data: BacktestData) -> None:
    curve = {name: getattr(data.curve, name)[:1] for name in ("ts", "equity", "cash")}
    sides = {name: getattr(data.curve, name)[:1] for name in ("long", "short", "fees")}
    cut = msgspec.structs.replace(
        data,
        curve=msgspec.structs.replace(data.curve, **curve, **sides),
        info=msgspec.structs.replace(data.info, interrupted=True, source="0a1b"),
        fills=(),
        orders=(),
        benchmark=None,
    )
    text = "\n".join(lines(cut, backtest_statistics(cut)))
    assert "replays 0a1b" in text
    assert "interrupted there" in text
    assert "Sharpe    none, Sortino none, Calmar none, volatility none a year" in text
    assert "nan" not in text


def test_figures_are_json(told: BacktestStatistics) -> None:
    values = json.loads(json.dumps(figures(told), allow_nan=False))
    assert values["sharpe"] == told.sharpe
    assert values["max_drawdown"] == (told.max_drawdown.depth if told.max_drawdown else None)
    assert values["trades"] == told.trades.closed
    assert values["benchmark"]["symbol"] == "SIMX"
    assert sum(values["strategies"].values()) == pytest.approx(values["pnl"])
    assert values["max_drawdown_peak"] < values["max_drawdown_trough"]


def test_figures_that_are_not_defined_are_null(data: BacktestData) -> None:
    idle = msgspec.structs.replace(
        data,
        fills=(),
        benchmark=None,
        curve=msgspec.structs.replace(data.curve, equity=np.full(len(data.curve.ts), 100_000.0)),
    )
    values = figures(backtest_statistics(idle))
    assert values["sharpe"] is values["profit_factor"] is values["benchmark"] is None
    assert (values["max_drawdown"], values["max_drawdown_peak"]) == (0.0, None)
