"""Corporate actions are read with every mistake named, and change prices as they should."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.data import daily_history
from liualgotrader.data.lake import Action, ActionKind, Lake, Rows, adjusted
from liualgotrader.data.lake.actions import read_actions
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.data.lake.days import day_numbers
from tests.unit.data.lake_samples import DAY, FAR, at, flat_bars, midnight, rows_of

SPLIT, DIVIDEND = ActionKind.SPLIT, ActionKind.DIVIDEND
HEADER = "symbol,ex_date,kind,value,new_symbol\n"


def test_every_mistake_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "actions.csv"
    lines = [
        "A,2024-01-02,split,2,",
        "A,2024-13-02,split,2,",
        "A,2024-01-02,splat,2,",
        "A,2024-01-02,split,two,",
        "A,2024-01-02,split,1,",
        "A,2024-01-02,split,3,",
        "",
        "A,2024-01-03,dividend,-1,",
        "A,2024-01-03,dividend,,",
        "A,2024-01-03,rename,,",
        "A,2024-01-03,rename,,A",
        "A,2024-01-03,split,2,B",
        ",2024-01-03,split,2,",
        "A,2024-01-03,split",
    ]
    file.write_text(HEADER + "\n".join(lines))
    with pytest.raises(ConfigError) as refused:
        read_actions(file)
    said = [line.removeprefix(f"{file}:") for line in str(refused.value).splitlines()]
    assert said == [
        "3: ex_date = 2024-13-02: should be a date such as 2005-02-28",
        "4: kind = splat: should be split, dividend, rename, delisted",
        "5: value = two: should be a number",
        "6: a split has other than one new share for an old one",
        "7: the same as line 2: one a day of a kind",
        "9: value = -1: should be a positive number",
        "10: a dividend has a value: dollars a share",
        "11: a rename has a new_symbol, and nothing else has",
        "12: the new symbol is the old one",
        "13: a rename has a new_symbol, and nothing else has",
        "14: no symbol",
        "15: 3 values for 5 columns",
    ]


def test_other_columns_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "actions.csv"
    file.write_text("ticker,date\n")
    with pytest.raises(ConfigError, match=r"actions.csv:1: the columns should be symbol,ex_date"):
        read_actions(file)


def test_actions_are_added_once_and_changed_only_when_asked(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    split = Action(date(2005, 2, 28), "AAPL", SPLIT, Decimal(2))
    gone = Action(date(2008, 9, 18), "LEH", ActionKind.DELISTED)
    assert lake.add_actions([gone, split]) == 2
    assert lake.add_actions([split]) == 0
    other = Action(date(2005, 2, 28), "AAPL", SPLIT, Decimal(3))
    with pytest.raises(ConfigError, match="there is 2, given is 3"):
        lake.add_actions([other])
    assert lake.add_actions([other], replace=True) == 1
    assert lake.actions("AAPL") == (other,)
    text = (tmp_path / "actions.csv").read_text()
    assert text == f"{HEADER}AAPL,2005-02-28,split,3,\nLEH,2008-09-18,delisted,,\n"
    assert Lake(tmp_path).all_actions() == [other, gone]
    with pytest.raises(ConfigError, match="a split has a value"):
        lake.add_actions([Action(date(2005, 2, 28), "X", SPLIT)])


def test_a_split_and_a_dividend_worked_by_hand() -> None:
    days = [midnight(d) for d in ("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")]
    rows = flat_bars("X", days, [100, 98, 49, 50])
    actions = [
        Action(date(2024, 1, 5), "X", DIVIDEND, Decimal("0.98")),
        Action(date(2024, 1, 4), "X", SPLIT, Decimal(2)),
    ]
    split = adjusted(rows, actions, FAR, dividends=False)
    assert split.close.tolist() == [50, 49, 49, 50]
    assert split.volume.tolist() == [2, 4, 3, 4]
    # 1 - 0.98 / 49 = 0.98
    both = adjusted(rows, actions, FAR, dividends=True)
    assert both.close == pytest.approx([49, 48.02, 48.02, 50])
    assert both.volume.tolist() == [2, 4, 3, 4]
    assert rows.close.tolist() == [100, 98, 49, 50]


def test_only_what_has_begun_counts() -> None:
    days = [midnight("2024-01-02"), midnight("2024-01-03")]
    rows = flat_bars("X", days, [100, 100])
    actions = [Action(date(2024, 1, 4), "X", SPLIT, Decimal(4))]
    before = adjusted(rows, actions, midnight("2024-01-04") - 1, dividends=True)
    assert before.close.tolist() == [100, 100]
    after = adjusted(rows, actions, midnight("2024-01-04"), dividends=True)
    assert after.close.tolist() == [25, 25]


def test_a_dividend_on_the_day_of_a_split_is_a_part_of_the_new_share() -> None:
    rows = flat_bars("X", [midnight("2024-01-02"), midnight("2024-01-03")], [100, 49])
    actions = [
        Action(date(2024, 1, 3), "X", SPLIT, Decimal(2)),
        Action(date(2024, 1, 3), "X", DIVIDEND, Decimal(1)),
    ]
    # Half of 100 is 50, of which 1 is paid out.
    assert adjusted(rows, actions, FAR, dividends=True).close == pytest.approx([49, 49])


def test_minutes_trades_and_quotes_are_adjusted_from_midnight_on() -> None:
    actions = [Action(date(2024, 1, 3), "X", SPLIT, Decimal(2))]
    times = [at("2024-01-02", "19:59"), at("2024-01-03", "04:00")]
    trades = adjusted(rows_of("X", times, [10, 5], [100, 200]), actions, FAR, dividends=True)
    assert (trades.price.tolist(), trades.size.tolist()) == ([5, 5], [200, 200])
    quotes = rows_of("X", times, [10, 5], [12, 6], [1, 2], [3, 6])
    found = adjusted(quotes, actions, FAR, dividends=True)
    assert [column.tolist() for column in found.values] == [[5, 5], [6, 6], [2, 2], [6, 6]]


def test_a_dividend_as_large_as_the_price_is_refused() -> None:
    rows = flat_bars("X", [midnight("2024-01-02")], [10])
    actions = [Action(date(2024, 1, 3), "X", DIVIDEND, Decimal(10))]
    with pytest.raises(ConfigError, match="10 a share, and a share cost 10 the day before"):
        adjusted(rows, actions, FAR, dividends=True)


def published() -> dict[str, dict[date, float]]:
    """Return the adjusted closes that the data was published with."""
    found: dict[str, dict[date, float]] = {}
    with gzip.open(daily_history._path(), "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            of_symbol = found.setdefault(row["Ticker"], {})
            of_symbol[date.fromisoformat(row["Date"])] = float(row["Adj Close"])
    return found


@pytest.mark.parametrize(
    ("symbol", "within"),
    [("AAPL", 0.001), ("IBM", 0.001), ("MSFT", 0.002), ("FB", 1e-9), ("GOOG", 1e-9)],
)
def test_adjusted_closes_are_those_published(symbol: str, within: float) -> None:
    rows, theirs = bundled_rows()[symbol], np.array(list(published()[symbol].values()))
    ours = _adjusted(rows).close
    off = (ours / ours[-1]) / (theirs / theirs[-1]) - 1
    assert len(off) > 190
    assert np.abs(off).max() < within


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
def test_each_dividend_and_split_is_what_the_published_closes_imply(symbol: str) -> None:
    """Quandl took (close + dividend) / close of the ex-date as the factor; we take the day before.

    So the factor that it used gives each dividend back to the cent, and there is none besides.
    """
    rows, theirs = bundled_rows()[symbol], np.array(list(published()[symbol].values()))
    steps = np.diff(np.log(theirs / rows.close))
    changed = np.flatnonzero(np.abs(steps) > 3e-5) + 1
    days = day_numbers(symbol, rows.start)
    implied = {}
    for row in changed.tolist():
        factor = float(np.exp(steps[row - 1]))
        worth = factor if factor > 1.5 else (factor - 1) * rows.close[row]
        implied[date.fromordinal(days[row])] = round(worth, 3)
    recorded = {a.ex_date: float(a.value or 0) for a in bundled_actions() if a.symbol == symbol}
    assert implied == recorded


def _adjusted(rows: Rows) -> Rows:
    actions = [action for action in bundled_actions() if action.symbol == rows.symbol]
    return adjusted(rows, actions, FAR, dividends=True)


def test_what_is_known_of_the_five_companies() -> None:
    found = {(a.symbol, a.ex_date, a.kind): a.value for a in bundled_actions()}
    assert len(found) == 95
    for year, month, day in ((2000, 6, 21), (2005, 2, 28)):
        assert found["AAPL", date(year, month, day), SPLIT] == 2
    for year, month, day in ((2012, 8, 9), (2012, 11, 7), (2013, 2, 7)):
        assert found["AAPL", date(year, month, day), DIVIDEND] == Decimal("2.65")
    assert found["MSFT", date(2003, 2, 18), SPLIT] == 2
    assert found["MSFT", date(2004, 11, 15), DIVIDEND] == Decimal("3.08")
    assert not [key for key in found if key[0] in ("FB", "GOOG")]


def test_days_of_crypto_are_those_of_utc() -> None:
    rows = flat_bars("C/D", [0, DAY], [10, 5])
    actions = [Action(date(1970, 1, 2), "C/D", SPLIT, Decimal(2))]
    assert adjusted(rows, actions, FAR, dividends=False).close.tolist() == [5, 5]
