"""The numbers that the page's script shows under the pointer, with the day that they are of."""

from __future__ import annotations

import numpy as np

from liualgotrader.analytics.report.figures import SECOND
from liualgotrader.analytics.report.markup import Markup, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.report.readout import Series, script_json
from liualgotrader.analytics.rows import Times


def followed(
    figure: Markup, panel: Panel, places: Times, ts: Times, series: list[Series]
) -> Markup:
    """Return a figure of class `chart` with its numbers: where on the panel's scale, when, and what."""
    across = (places - panel.t0) / (panel.t1 - panel.t0)
    content = {
        "at": [round(float(each), 5) for each in across],
        "seconds": np.diff(ts // SECOND, prepend=0).tolist(),
        "series": [
            {
                "name": each.name,
                "unit": each.unit,
                "values": [
                    round(float(value), each.decimals) if np.isfinite(value) else None
                    for value in each.values
                ],
            }
            for each in series
        ],
    }
    data = tag("script", script_json(content), type="application/json")
    return tag("div", figure, data, class_="followed")
