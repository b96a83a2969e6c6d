"""An axis of days, months or years under a drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from liualgotrader.analytics.report import figures, plot
from liualgotrader.analytics.report.figures import NEW_YORK, SECOND
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.plot import Panel

MOST = 8
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_SHORT = 62


def date_ticks(first: int, last: int, most: int = MOST) -> list[tuple[int, str]]:
    """Return midnights in New York with their labels, evenly by the calendar, at most `most`."""
    begin, end = figures.at(first).date(), figures.at(last).date()
    candidates = [_by_months(begin, end, step) for step in _MONTHS]
    if (end - begin).days < _SHORT:
        candidates[:0] = [_by_days(begin, end, step) for step in _DAYS]
    for dates in candidates:
        ticks = [(_midnight(date), date) for date in dates]
        seen = [(ts, date) for ts, date in ticks if first <= ts <= last]
        if len(seen) <= most:
            break
    return [(ts, _label(date, dates)) for ts, date in seen[:most]]


def _midnight(date: dt.date) -> int:
    return int(dt.datetime.combine(date, dt.time(), NEW_YORK).timestamp()) * SECOND


def _by_days(begin: dt.date, end: dt.date, step: int) -> list[dt.date]:
    return [begin + dt.timedelta(days=n) for n in range(1, (end - begin).days + 1, step)]


def _by_months(begin: dt.date, end: dt.date, step: int) -> list[dt.date]:
    from_zero = begin.year * 12 + begin.month - 1
    first, last = -(-from_zero // step) * step, end.year * 12 + end.month
    return [dt.date(number // 12, number % 12 + 1, 1) for number in range(first, last, step)]


def _label(date: dt.date, dates: Sequence[dt.date]) -> str:
    if any(each.day != 1 for each in dates):
        return f"{date.day} {date:%b}"
    if all(each.month == 1 for each in dates):
        return f"{date.year}"
    return f"{date:%b %Y}"


def draw(panel: Panel, ticks: Iterable[tuple[int, str]], foot: int) -> Markup:
    """Draw ticks, each where the panel's scale has it, under a last panel that ends at `foot` px."""
    parts = [tag("line", x1=0, x2="100%", y1=foot, y2=foot, class_="base")]
    for number, (place, label) in enumerate(ticks):
        x = f"{panel.x(place):.2f}%"
        kind = "tick minor" if number % 2 else "tick"
        parts.append(tag("line", x1=x, x2=x, y1=foot, y2=foot + 4, class_="base"))
        parts.append(tag("text", label, x=x, y=foot + 17, class_=kind))
    return join(*parts)


def price_axis(panel: Panel) -> Markup:
    """Draw dollars at the right."""
    marks = plot.ticks(panel.low, panel.high, 5)
    places = max(plot.decimals(marks), 2)
    return plot.value_axis(
        panel, [(each, figures.dollars(each, decimals=places)) for each in marks]
    )
