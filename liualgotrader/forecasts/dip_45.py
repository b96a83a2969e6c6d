"""dip_45: how far a price falls within 45 minutes after a purchase."""

from __future__ import annotations

from liualgotrader.forecasts.dips import Dip


class Dip45(Dip):
    """The strongest fall within 45 minutes after a purchase, as a negative fraction."""

    minutes = 45
