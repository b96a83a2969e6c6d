"""Rows that come in, put together with those that are there."""

from __future__ import annotations

import msgspec
import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.timestamps import format_time
from liualgotrader.data.lake.days import Ints, day_numbers
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows, impossible, joined

_NAMED = 5


class Written(msgspec.Struct, frozen=True):
    """What became of rows: `added`, `same` were there already, `replaced` took another's place."""

    added: int = 0
    same: int = 0
    replaced: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.added + other.added, self.same + other.same, self.replaced + other.replaced
        )


def check_rows(kind: Kind, rows: Rows) -> None:
    """Refuse rows that the lake must not hold. Raises ConfigError, naming the first of them."""
    shapes = {len(rows), *(len(column) for column in rows.values)}
    if len(rows.values) != len(kind.columns) or len(shapes) > 1:
        raise ConfigError(
            f"{rows.symbol}: {kind.row_name}s have the columns {', '.join(kind.columns)}, all of one"
            f" length; given were {len(rows.values)} with lengths {sorted(shapes)}"
        )
    if len(rows):
        day_numbers(rows.symbol, np.array([rows.start.min(), rows.start.max()]))
    for reason, wrong in impossible(kind, rows):
        if wrong.any():
            raise ConfigError(
                f"{_named(kind, rows.symbol, int(rows.start[wrong][0]))}: {reason}; mend it and"
                " write again, nothing was written"
            )
    steps = np.diff(rows.start)
    disorder = np.flatnonzero(steps <= 0 if kind.is_bar else steps < 0)
    if disorder.size:
        where = _named(kind, rows.symbol, int(rows.start[disorder[0] + 1]))
        raise ConfigError(f"{where}: not later than the row before it; sort the rows by time")


def merged(kind: Kind, old: Rows, new: Rows, *, replace: bool) -> tuple[Rows, Written]:
    """Return both together in the order of time.

    All rows of a moment are compared at once, for there may be several trades or quotes in one:
    where old and new have the same rows they are kept once, where they differ the new ones take
    the old ones' place if `replace`, else ConfigError is raised, naming rows.
    """
    if not len(old):
        return new, Written(added=len(new))
    if not len(new):
        return old, Written()
    old_common, new_common = np.isin(old.start, new.start), np.isin(new.start, old.start)
    differ = _differing(old.take(old_common), new.take(new_common))
    if differ.size and not replace:
        raise ConfigError(_conflict(kind, old, new, differ))
    replaced = np.isin(new.start, differ)
    keep, bring = ~np.isin(old.start, differ), ~new_common | replaced
    both = joined([old.take(keep), new.take(bring)])
    written = Written(
        added=int(np.count_nonzero(~new_common)),
        same=int(np.count_nonzero(new_common & ~replaced)),
        replaced=int(np.count_nonzero(replaced)),
    )
    return both.take(np.argsort(both.start, kind="stable")), written


def _differing(old: Rows, new: Rows) -> Ints:
    """Return the moments in which two rows of rows, of the same moments, are not the same."""
    moments, old_counts = np.unique(old.start, return_counts=True)
    new_counts = np.unique(new.start, return_counts=True)[1]
    uneven = moments[old_counts != new_counts]
    a, b = (each.take(~np.isin(each.start, uneven)) for each in (old, new))
    other = np.zeros(len(a), np.bool_)
    for left, right in zip(a.values, b.values, strict=True):
        other |= left != right
    return np.union1d(uneven, a.start[other])


def _conflict(kind: Kind, old: Rows, new: Rows, moments: Ints) -> str:
    lines = []
    for moment in moments[:_NAMED].tolist():
        there, given = (_shown(kind, each.between(moment, moment + 1)) for each in (old, new))
        lines.append(f"{_named(kind, new.symbol, moment)}: there is {there}, given is {given}")
    if len(moments) > _NAMED:
        lines.append(f"... and {len(moments) - _NAMED} more")
    lines.append("nothing was written; use --replace (replace=True) to put the new in their place")
    return "\n".join(lines)


def _shown(kind: Kind, rows: Rows) -> str:
    each = [
        " ".join(f"{n} {v:.10g}" for n, v in zip(kind.columns, values, strict=True))
        for values in zip(*(column.tolist() for column in rows.values), strict=True)
    ]
    return "; ".join(each[:_NAMED]) + (f" ({len(each)} rows)" if len(each) > 1 else "")


def _named(kind: Kind, symbol: str, moment: int) -> str:
    return f"{symbol} {kind.row_name} of {format_time(moment)}"
