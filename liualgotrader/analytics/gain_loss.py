"""Rows of the tables `gain_loss` (a symbol in an algo run) and `trade_analysis` (a round trip)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from liualgotrader.analytics.round_trips import PERCENT, RoundTrip
from liualgotrader.analytics.rows import ZERO


class GainLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What one symbol brought one algo run, after fees; what is still held counts at its mark.

    `gain_percentage` is of all dollars entered with, None where there were none.
    """

    symbol: str
    algo_run_id: int
    strategy: str
    gain_value: Decimal
    gain_percentage: Decimal | None
    trips: int


class TradeAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """One finished round trip; times in ns UTC, gain after fees, `r_units` before."""

    symbol: str
    algo_run_id: int
    strategy: str
    start: int
    end: int
    gain_value: Decimal
    gain_percentage: Decimal | None
    r_units: Decimal | None


def gain_loss(trips: Iterable[RoundTrip]) -> list[GainLoss]:
    """Return one row per symbol and algo run, by symbol. Together they are the session's gain."""
    groups: dict[tuple[str, int, str], list[RoundTrip]] = {}
    for trip in trips:
        groups.setdefault((trip.symbol, trip.algo_run_id, trip.strategy), []).append(trip)
    return [_sum_of(key, groups[key]) for key in sorted(groups)]


def _sum_of(key: tuple[str, int, str], trips: list[RoundTrip]) -> GainLoss:
    value = sum((trip.gain_value for trip in trips), ZERO)
    cost = sum((trip.cost for trip in trips), ZERO)
    return GainLoss(
        symbol=key[0],
        algo_run_id=key[1],
        strategy=key[2],
        gain_value=value,
        gain_percentage=value / cost * PERCENT if cost else None,
        trips=len(trips),
    )


def trade_analysis(trips: Iterable[RoundTrip]) -> list[TradeAnalysis]:
    """Return one row per finished round trip. One still open has no end, and so no row yet."""
    return [
        TradeAnalysis(
            symbol=trip.symbol,
            algo_run_id=trip.algo_run_id,
            strategy=trip.strategy,
            start=trip.start,
            end=trip.end,
            gain_value=trip.gain_value,
            gain_percentage=trip.gain_percentage,
            r_units=trip.r_units,
        )
        for trip in trips
        if trip.end is not None
    ]
