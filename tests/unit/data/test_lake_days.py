"""New York's midnights over three centuries, as pandas has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.data.lake.days import FIRST_DAY, LAST_DAY, day_starts


def test_midnights_are_those_of_the_time_zone() -> None:
    expected = pd.date_range(FIRST_DAY, LAST_DAY, tz=NEW_YORK).as_unit("ns").asi8
    numbers = np.arange(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
    assert np.array_equal(day_starts("AAPL", numbers), expected)
