from liualgotrader.fincalcs.trends import SeriesTrendType, get_series_trend

from . import Signal


def strength(symbol, history):
    _, trend = get_series_trend(history.close[-6:])
    return Signal.WEAK if trend in (SeriesTrendType.SHARP_DOWN, SeriesTrendType.DOWN) else Signal.STRONG
