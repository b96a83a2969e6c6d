"""Times as others write them, turned into ns UTC, or into days where there is no time of day."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.days import DAY, EPOCH, FIRST_DAY, LAST_DAY, Ints
from liualgotrader.data.lake.rows import Mask

_NUMBER = r"^\d+(\.\d+)?$"
_COMPACT_DAY = r"^\d{8}$"
_ISO_DAY = r"^\d{4}[-/]\d{2}[-/]\d{2}$"
_ZONED = r"\d\d:\d\d.*(Z|z|UTC|[+-]\d\d:?\d\d)$"
# Up to what size a number since 1970 is in which unit: until the year 5138 they do not overlap.
_UNITS = (("s", 10**11, 10**9), ("ms", 10**14, 10**6), ("us", 10**17, 10**3), ("ns", 10**19, 1))
_MOST_NS = 7.2e18


class Times(NamedTuple):
    """The times of rows.

    `ns`: UTC. `days`: ordinals where the file has days without a time of day, else None, and `ns`
    then means nothing. `bad`: rows without a time, for `reason`. `how`: what they were taken for.
    """

    ns: Ints
    days: Ints | None
    bad: Mask
    reason: str
    how: str


def read_times(columns: list[Any], zone: str | None) -> Times:
    """Read a column of times, or one of dates and one of times of day.

    `zone` is that of times that do not say theirs. Raises ConfigError when it is needed, or none.
    """
    if len(columns) == 2:
        parts = [pc.utf8_trim_whitespace(each.cast(pa.string())) for each in columns]
        return _of_text(pc.binary_join_element_wise(*parts, " "), zone)
    column = columns[0]
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _of_stamps(column, zone)
    if pa.types.is_date(kind):
        return _of_days(
            _within(pd.DatetimeIndex(column.cast(pa.timestamp("s")).to_pandas())), "days"
        )
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _of_numbers(column)
    return _of_text(pc.utf8_trim_whitespace(column.cast(pa.string())), zone)


def _of_stamps(column: Any, zone: str | None) -> Times:
    stamps = _within(pd.DatetimeIndex(column.to_pandas()))
    if stamps.tz is not None:
        return _utc(stamps, f"times of {stamps.tz}")
    return _naive(stamps, zone, "not a time")


def _of_text(column: Any, zone: str | None) -> Times:
    written = column.filter(pc.not_equal(column, "").fill_null(False))
    if _all(written, _COMPACT_DAY) or _all(written, _ISO_DAY):
        text = pc.replace_substring(column, "/", "-")
        format = "%Y%m%d" if _all(written, _COMPACT_DAY) else "%Y-%m-%d"
        return _of_days(_parsed(text, format=format), "days")
    if _all(written, _NUMBER):
        numbers = pc.if_else(pc.equal(column, ""), None, column)
        whole = not pc.any(pc.match_substring(written, ".")).as_py()
        return _of_numbers(numbers.cast(pa.int64() if whole else pa.float64()))
    text = pc.replace_substring(column, "/", "-")
    reason = "the time is not such as 2024-01-31 09:30:00, with or without a zone"
    zoned = pc.match_substring_regex(written, _ZONED)
    if pc.all(zoned).as_py():
        stamps = _parsed(text, format="ISO8601", utc=True)
        return _utc(stamps, "times with a zone", reason)
    if pc.any(zoned).as_py():
        # Those without a zone are the odd ones.
        alien = ~pc.match_substring_regex(column, _ZONED).to_numpy(zero_copy_only=False)
        stamps = _parsed(text, format="ISO8601", utc=True)
        times = _utc(
            stamps, "times with a zone", "the time has no zone, as others in this file have"
        )
        return times._replace(bad=times.bad | alien)
    return _naive(_parsed(text, format="ISO8601"), zone, reason)


def _parsed(text: Any, *, format: str, utc: bool = False) -> pd.DatetimeIndex:
    found = pd.to_datetime(text.to_pandas(), format=format, errors="coerce", utc=utc)
    return _within(pd.DatetimeIndex(found))


def _naive(stamps: pd.DatetimeIndex, zone: str | None, reason: str) -> Times:
    known = stamps[stamps.notna()]
    if len(known) and (known == known.normalize()).all():
        return _of_days(stamps, "days")
    if zone is None:
        raise ConfigError(
            f"the times, such as {known[0] if len(known) else 'the first'}, do not say their zone;"
            " give it: --zone America/New_York, or --zone UTC"
        )
    try:
        placed = stamps.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    except (KeyError, ValueError) as exc:
        raise ConfigError(
            f"--zone {zone}: there is no such zone; give one such as America/New_York"
        ) from exc
    wrong = "the time is not on the clock, or twice, when the clocks change: give times in UTC"
    return _utc(placed, f"times of {zone}", reason if stamps.isna().any() else wrong)


def _utc(stamps: pd.DatetimeIndex, how: str, reason: str = "no time") -> Times:
    bad = np.asarray(stamps.isna())
    return Times(_ns(stamps.tz_convert("UTC")), None, bad, reason, how)


def _of_days(stamps: pd.DatetimeIndex, how: str) -> Times:
    ns = _ns(stamps)
    bad = np.asarray(stamps.isna())
    return Times(ns, ns // DAY + EPOCH, bad, "not a day such as 2024-01-31", how)


def _ns(stamps: pd.DatetimeIndex) -> Ints:
    found: Ints = np.asarray(stamps.as_unit("ns").asi8, np.int64)
    return found


def _within(stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return NaT for what lies outside the years of the lake, before which ns end."""
    years = np.asarray(stamps.year)
    return pd.DatetimeIndex(stamps.where((years >= FIRST_DAY.year) & (years <= LAST_DAY.year)))


def _of_numbers(column: Any) -> Times:
    bad = column.is_null().to_numpy(zero_copy_only=False)
    numbers = column.fill_null(0).to_numpy()
    largest = float(np.abs(numbers[~bad]).max()) if not bad.all() else 0.0
    unit, _, factor = next((u for u in _UNITS if largest < u[1]), _UNITS[-1])
    bad = bad | ~(np.abs(numbers.astype(np.float64) * factor) < _MOST_NS)
    good = np.where(bad, 0, numbers)
    if good.dtype.kind == "f":
        ns = np.rint(good * factor).astype(np.int64)
    else:
        ns = good.astype(np.int64) * factor
    return Times(ns, None, bad, "no time between 1900 and 2199", f"{unit} since 1970")


def _all(text: Any, pattern: str) -> bool:
    return len(text) > 0 and bool(pc.all(pc.match_substring_regex(text, pattern)).as_py())
