"""A generated history and past batches, for miners to work on: the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import numpy as np

from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start
from liualgotrader.models.postgres import connect

MINUTES = 390
_MINUTE = 60_000_000_000
_AT_ONCE = 50

_BATCHES = """
INSERT INTO batches (batch_id, environment, mode, build, account_id, session_date, started_at, ended_at, end_reason)
SELECT lpad(n::text, 8, '0') || '-bench', 'SIMULATED', 'simulated', '0', $1, day, day, day + interval '1 day', 'done'
FROM unnest($2::date[]) WITH ORDINALITY AS given (day, n)"""
_RUNS = """
INSERT INTO algo_run (batch_id, algo_name, slot, algo_env, build_number)
SELECT batch_id, 'bench', 'A', 'SIMULATED', '0' FROM batches"""
# Each batch buys and sells ten symbols forty times over, and ends flat.
_TRADES = """
INSERT INTO new_trades (algo_run_id, symbol, operation, qty, price, tstamp, ts_ns, stop_price)
SELECT r.algo_run_id, 'S' || lpad(((n % 10 + r.algo_run_id * 10) % $1)::text, 3, '0'),
    CASE WHEN n / 10 % 2 = 0 THEN 'buy' ELSE 'sell' END, 10, 50 + (n * 7 % 100) / 100.0, b.started_at,
    (extract(epoch FROM b.started_at)::bigint + 50000 + n) * 1000000000, 49
FROM algo_run r JOIN batches b USING (batch_id), generate_series(0, 799) AS n"""


class Spec(msgspec.Struct, frozen=True):
    """How much there is: symbols, years of day bars, trading days of minutes and of batches."""

    symbols: int = 500
    years: int = 5
    minute_days: int = 31

    @property
    def names(self) -> list[str]:
        """The symbols."""
        return [f"S{number:03d}" for number in range(self.symbols)]


def bring_history(lake: Lake, spec: Spec, last: date) -> None:
    """Write day bars and minutes up to a day; every fiftieth symbol has a split a year before it."""
    first = last - timedelta(days=round(spec.years * 365.25))
    days = [each.date for each in us_equities().sessions(first, last)]
    for begin in range(0, spec.symbols, _AT_ONCE):
        names = spec.names[begin : begin + _AT_ONCE]
        lake.write_all(Kind.DAY, {name: _day_rows(name, days) for name in names})
        minutes = {name: _minute_rows(name, days[-spec.minute_days :]) for name in names}
        lake.write_all(Kind.MINUTE, minutes)
    lake.add_actions(
        Action(days[-250], name, ActionKind.SPLIT, Decimal(3)) for name in spec.names[::50]
    )


def _day_rows(symbol: str, days: Sequence[date]) -> Rows:
    rng = np.random.default_rng([*symbol.encode()])
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.015, len(days)))) + 1, 2)
    opened = np.round(close * (1 + rng.normal(0, 0.005, len(days))), 2)
    high = np.round(np.maximum(opened, close) * 1.01, 2)
    low = np.round(np.minimum(opened, close) * 0.99, 2)
    volume = rng.integers(10_000, 1_000_000, len(days)).astype(np.float64)
    start = np.array([day_start(symbol, day) for day in days], np.int64)
    return Rows(symbol, start, (opened, high, low, close, volume))


def _minute_rows(symbol: str, days: Sequence[date]) -> Rows:
    rng = np.random.default_rng([1, *symbol.encode()])
    opens = [us_equities().session(day).open for day in days]
    start = np.concatenate([o + np.arange(MINUTES, dtype=np.int64) * _MINUTE for o in opens])
    close = np.round(50 + np.abs(np.cumsum(rng.normal(0, 0.02, len(start)))), 2)
    volume = rng.integers(100, 10_000, len(start)).astype(np.float64)
    return Rows(
        symbol, start, (close, np.round(close + 0.02, 2), np.round(close - 0.02, 2), close, volume)
    )


async def bring_batches(dsn: str, spec: Spec, last: date) -> None:
    """Write a batch for each of the last trading days, without its analysis."""
    first = last - timedelta(days=2 * spec.minute_days)
    days = [each.date for each in us_equities().sessions(first, last)][-spec.minute_days :]
    connection = await connect(dsn)
    try:
        account = await connection.fetchval(
            "INSERT INTO accounts (broker, external_account_id) VALUES ('bench', 'one')"
            " RETURNING account_id"
        )
        await connection.execute(_BATCHES, account, days)
        await connection.execute(_RUNS)
        await connection.execute(_TRADES, spec.symbols)
    finally:
        await connection.close()
