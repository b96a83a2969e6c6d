"""Jumps of prices that are more likely mistakes than news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from liualgotrader.common.timestamps import format_time
from liualgotrader.data.lake.actions import Action, ActionKind
from liualgotrader.data.lake.days import day_numbers
from liualgotrader.data.lake.kinds import BAR_COLUMNS, Kind
from liualgotrader.data.lake.rows import Floats, Mask, Rows

_TIMES_USUAL = 20
_LEAST_JUMP = 0.25
# How much of a jump may be left a row later when it is taken back.
_LEFT_OVER = 0.25
# Companies split in these ratios, or the other way about; prices seldom stand still over the night.
_RATIOS = np.array([1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100])
_NEAR = 0.04
_FOLLOWING = 3
_LONGEST_BREAK = 7


def jumps(kind: Kind, rows: Rows, actions: Iterable[Action]) -> Iterator[tuple[str, str]]:
    """Find outliers and splits that are not recorded, each as (what, where and how much).

    An outlier is further from the row before than 25 % and twenty times the median absolute move,
    and the next row takes it back. A missing split is a change from one day to the next, equally
    large, to nearly a ratio of small numbers, that stays; of prices from one close to the next open.
    """
    price = rows.last_price
    if len(price) < 3:
        return
    steps = np.diff(np.log(price))
    moves = np.abs(steps)
    large = moves > _TIMES_USUAL * np.median(moves)
    wild = large & (np.abs(np.expm1(steps)) > _LEAST_JUMP)
    back = np.zeros(len(steps), np.bool_)
    back[:-1] = np.abs(steps[:-1] + steps[1:]) <= _LEFT_OVER * moves[:-1]
    for row in (np.flatnonzero(wild & back) + 1).tolist():
        yield "outlier", f"{format_time(rows.start.item(row))}: {_from_to(price, row)}, and back"
    yield from _splits(kind, rows, actions, float(np.median(moves)))


def _splits(
    kind: Kind, rows: Rows, actions: Iterable[Action], usual: float
) -> Iterator[tuple[str, str]]:
    days = day_numbers(rows.symbol, rows.start)
    steps = np.diff(days)
    new_day = np.flatnonzero((steps > 0) & (steps <= _LONGEST_BREAK)) + 1
    price = rows.last_price
    opened = rows.open if len(rows.values) == len(BAR_COLUMNS) else price
    gap = price[new_day - 1] / opened[new_day]
    nearest, near = _ratio(gap)
    recorded = [a.ex_date.toordinal() for a in actions if a.kind is ActionKind.SPLIT]
    known = np.isin(days[new_day], recorded)
    # The last rows after a jump are compared, so that an outlier is no split.
    later = np.minimum(new_day + _FOLLOWING, len(price) - 1)
    _, stays = _ratio(price[new_day - 1] / price[later], 4 * _NEAR)
    far = np.abs(np.log(gap)) > (_TIMES_USUAL * usual if kind is Kind.DAY else np.log(1.25))
    for i in np.flatnonzero(near & stays & far & ~known).tolist():
        row = new_day.item(i)
        ratio = nearest.item(i)
        told = f"{ratio:g} for 1" if ratio > 1 else f"1 for {1 / ratio:g}"
        change = f"{price[row - 1]:g} to {opened[row]:g}"
        where = format_time(rows.start.item(row))
        yield "unrecorded split?", f"{where}: {change}, as by {told}; see docs/history.md"


def _ratio(gap: Floats, tolerance: float = _NEAR) -> tuple[Floats, Mask]:
    """Return the nearest ratio of a split, and whether it is near."""
    ratios = np.concatenate([1 / _RATIOS[::-1], _RATIOS])
    distance = np.abs(np.log(gap)[:, None] - np.log(ratios)[None, :])
    found: Floats = ratios[distance.argmin(axis=1)]
    near: Mask = distance.min(axis=1) <= tolerance
    return found, near


def _from_to(price: Floats, row: int) -> str:
    return f"{price[row - 1]:g} to {price[row]:g}"
