"""The numbers that the page's script shows under the pointer, as JSON inside the page."""

from __future__ import annotations

import msgspec
import numpy as np

from liualgotrader.analytics.report.markup import Markup, tag
from liualgotrader.analytics.report.plot import Panel, thinned
from liualgotrader.analytics.rows import Floats, Times

SECOND = 1_000_000_000


class Series(msgspec.Struct, frozen=True):
    """One line of a readout. `unit` is "usd", "percent" (of a fraction) or "price"."""

    name: str
    unit: str
    values: Floats
    decimals: int = 2


def readout(panel: Panel, ts: Times, series: list[Series]) -> Markup:
    """Return a script element with times in s after `start`, and each series' values at them."""
    kept = thinned(series[0].values)
    seconds = (ts[kept] - panel.t0) // SECOND
    content = {
        "start": panel.t0 // SECOND,
        "span": (panel.t1 - panel.t0) // SECOND,
        "gaps": np.diff(seconds, prepend=0).tolist(),
        "series": [
            {
                "name": each.name,
                "unit": each.unit,
                "values": [round(float(value), each.decimals) for value in each.values[kept]],
            }
            for each in series
        ],
    }
    return tag("script", script_json(content), type="application/json")


def script_json(content: object) -> Markup:
    """Return JSON that cannot end the script element that it is in."""
    text = msgspec.json.encode(content).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
