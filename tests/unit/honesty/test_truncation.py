"""A truncated lake holds what was known, and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start
from liualgotrader.honesty.truncation import renames_to_come, truncate
from tests.unit.honesty.small_lake import LAST, MINUTE, days, minute_lake, minutes, walk

MORE = date(2025, 1, 2)


def test_a_minute_that_is_not_over_is_not_known(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    opened = days()[1].open
    for cut, last in ((opened + 5 * MINUTE, 3), (opened + 5 * MINUTE + 1, 4)):
        root = tmp_path / str(cut)
        truncate(lake, root, cut, effective=cut)
        span = Lake(root).own_span(Kind.MINUTE, "AAA")
        assert span == (days()[0].open, opened + last * MINUTE)
    known, found = (
        each.read(Kind.MINUTE, "AAA", 0, opened + 4 * MINUTE + 1) for each in (lake, Lake(root))
    )
    assert (known.start == found.start).all()
    assert all((a == b).all() for a, b in zip(known.values, found.values, strict=True))


def test_a_day_is_known_at_its_end_and_a_trade_at_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    midnight = day_start("AAA", LAST)
    lake.write(Kind.DAY, "AAA", walk("AAA", np.array([midnight]), seed=1))
    trade = np.array([midnight + 1, midnight + 2])
    lake.write(Kind.TRADES, "AAA", Rows("AAA", trade, (np.ones(2), np.ones(2))))
    over = midnight + 24 * 60 * MINUTE
    for cut, bars, trades in ((midnight + 2, 0, 1), (over, 0, 2), (over + 1, 1, 2)):
        root = tmp_path / str(cut)
        truncate(lake, root, cut, effective=cut)
        assert len(Lake(root).parts(Kind.DAY, "AAA")) == bars
        assert Lake(root).count(Kind.TRADES, "AAA") == trades


def test_files_before_the_cut_are_links_and_others_are_not_there(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    lake.write(Kind.MINUTE, "AAA", walk("AAA", minutes(days(MORE, MORE)), seed=2))
    lake.write(Kind.MINUTE, "EEE", walk("EEE", minutes(days(MORE, MORE)), seed=2))
    (lake.root / "winners.csv").write_text("AAA\n")
    root = tmp_path / "cut"
    truncate(lake, root, days(MORE, MORE)[0].open, effective=days(MORE, MORE)[0].open)
    files = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    assert files == [
        "actions.csv",
        "minute/AAA/2024.parquet",
        "minute/BBB/2024.parquet",
        "minute/CCC/2024.parquet",
    ]
    for name in files[1:]:
        assert (root / name).samefile(lake.root / name)


def test_actions_after_the_cut_are_not_known(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    lake.add_actions([Action(days()[1].date, "AAA", ActionKind.DIVIDEND, Decimal("0.25"))])
    began = day_start("AAA", days()[1].date)
    for cut, kinds in ((began, []), (began + 1, ["dividend"])):
        root = tmp_path / str(cut)
        truncate(lake, root, cut, effective=cut)
        assert [each.kind for each in Lake(root).all_actions()] == kinds


def test_renames_to_come_are_followed_back(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    renames = [
        Action(days()[0].date, "A1", ActionKind.RENAME, new_symbol="A2"),
        Action(days()[1].date, "A2", ActionKind.RENAME, new_symbol="A3"),
        Action(LAST, "A3", ActionKind.RENAME, new_symbol="A4"),
        Action(LAST, "B1", ActionKind.RENAME, new_symbol="B2"),
    ]
    lake.add_actions(renames)
    cut = day_start("A2", days()[1].date)
    assert renames_to_come(lake, ["A4"], cut) == [renames[2], renames[1]]
    assert renames_to_come(lake, ["A3"], cut) == [renames[1]]
    assert renames_to_come(lake, ["A1", "AAA"], cut) == []
