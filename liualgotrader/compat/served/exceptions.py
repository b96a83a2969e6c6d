"""`liualgotrader.common.exceptions`."""


class LiuException(Exception):
    """What 0.4 raised."""


class MarketClosedToday(LiuException):
    """There is no session."""
