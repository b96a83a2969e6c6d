"""dip_10: how far a price falls within 10 minutes after a purchase."""

from __future__ import annotations

from liualgotrader.forecasts.dips import Dip


class Dip10(Dip):
    """The strongest fall within 10 minutes after a purchase, as a negative fraction."""

    minutes = 10
