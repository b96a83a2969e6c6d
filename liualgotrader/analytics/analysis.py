"""Everything that is computed once of a session's rows: for the tables, the summary and the report."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.analytics.equity import EquityCurve, equity_curve
from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis, gain_loss, trade_analysis
from liualgotrader.analytics.round_trips import RoundTrip, last_prices, round_trips
from liualgotrader.analytics.rows import SessionData
from liualgotrader.analytics.statistics import SessionStatistics, session_statistics


class Analysis(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a session came to. `marks` are the prices at which open positions are valued."""

    trips: list[RoundTrip]
    curve: EquityCurve
    statistics: SessionStatistics
    gain_loss: list[GainLoss]
    trade_analysis: list[TradeAnalysis]
    marks: dict[str, Decimal]


def analyse(data: SessionData) -> Analysis:
    """Work out trips, curve and statistics. Open positions are marked at the close, or at the last
    fill's time if that is later."""
    start, now = data.session.open, data.session.close
    if data.fills:
        now = max(now, *(fill.ts for fill in data.fills))
    marks = last_prices(data.fills, data.prices, now=now, openings=data.openings)
    trips = round_trips(data.fills, marks, start=start, now=now, openings=data.openings)
    curve = equity_curve(
        data.cash_start, data.fills, data.prices, start=start, end=now, openings=data.openings
    )
    return Analysis(
        trips=trips,
        curve=curve,
        statistics=session_statistics(curve, trips, data.fills, charges=data.charges),
        gain_loss=gain_loss(trips),
        trade_analysis=trade_analysis(trips),
        marks=marks,
    )
