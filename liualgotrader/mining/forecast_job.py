"""What a forecast's job does in a night: it is fed what it lacks, tells of the next day, and is checked.

All of its state is in rows that say what they are, and is learnt anew from them: nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from liualgotrader.common.errors import ConfigError
from liualgotrader.engine.loading import parameter_types
from liualgotrader.forecasts.base import Basis, Forecast, MarketDay, Sample, Told
from liualgotrader.forecasts.verdict import verdict
from liualgotrader.miners.base import MinerContext
from liualgotrader.mining.forecast_days import ForecastDays
from liualgotrader.mining.forecast_rows import ForecastRows

_LIBRARY = "scikit-learn"
_NOT_OF_CODE = "past"
"""A parameter that changes how much is stored, and nothing of what."""


async def run_forecast(forecast: Forecast, ctx: MinerContext) -> int:
    """Feed a forecast the days up to `ctx.day`, and store what it expects of `ctx.next_day`.

    On the first night also what it would have expected of the last `past` days, each from the days
    before it alone, so that backtests over them have values. `forecast` is configured and has its
    name. Returns how many rows are new or changed; done twice, the second time changes nothing.
    Raises ConfigError for days that cannot be, and what `ctx` raises.
    """
    if forecast.days < 1 or forecast.past < 0:
        raise ConfigError(
            f"[forecasts.{forecast.name}]: days = {forecast.days}, past = {forecast.past}: days must"
            " be 1 or more, and past 0 or more"
        )
    return await _Job(forecast, ctx).run()


def code_version(forecast: Forecast) -> str:
    """Return what a forecast's values depend on beside the data: its code, its parameters, scikit-learn."""
    cls: Any = type(forecast)
    names = sorted(parameter_types(cls).keys() - {_NOT_OF_CODE})
    values = repr([(name, getattr(forecast, name)) for name in names])
    digest = blake2b(values.encode(), digest_size=4).hexdigest()

    return f"{cls.__name__}:{cls.version} {digest} {_LIBRARY} {version(_LIBRARY)}"


class _Job:
    def __init__(self, forecast: Forecast, ctx: MinerContext) -> None:
        self._forecast = forecast
        self._ctx = ctx
        self._source = ForecastDays(ctx, forecast.needs())
        self._rows = ForecastRows(ctx.tables, forecast.name, code_version(forecast))
        self._days = _last_days(ctx, forecast.reach() + forecast.past)
        self._fed: dict[date, str] = {}
        """Digests of the days that were fed, for forecasts that keep no samples."""

    async def run(self) -> int:
        """Do it."""
        forecast, ctx = self._forecast, self._ctx
        changed = await self._feed()
        changed += await self._tell()
        check = forecast.check()
        changed += await self._rows.put_check(
            ctx.day, check, self._basis(ctx.next_day).data_version
        )
        self._name_skipped()
        ctx.log(verdict(check.samples, check.error, check.naive_error, check.beats_naive))
        return changed

    async def _feed(self) -> int:
        """Have the forecast know all days; return how many samples are new or changed."""
        known = set(self._ctx.symbols)
        stored = [each for each in await self._rows.samples(self._days) if each.symbol in known]
        self._forecast.restore(stored)
        lacking = self._source.lacking(self._days, {(s.day, s.symbol): s for s in stored})
        changed = 0
        for number, stretch in enumerate(lacking):
            self._ctx.progress(number, len(lacking))
            for market in await self._source.read(stretch):
                self._forecast.feed(market)
                self._note(market)
            changed += await self._rows.put_samples(self._made(stretch.days, stretch.symbols))
        self._ctx.progress(len(lacking), len(lacking))
        return changed

    def _made(self, days: Sequence[date], symbols: Sequence[str]) -> Iterator[Sample]:
        wanted = set(symbols)
        for day in days:
            yield from (each for each in self._forecast.samples(day) if each.symbol in wanted)

    async def _tell(self) -> int:
        """Store values for the next day, and for days that are over and have none."""
        ctx, past = self._ctx, self._days[len(self._days) - self._forecast.past :]
        before = {(each.day, each.symbol): each for each in await self._rows.told(past)}
        kept = {
            key: each for key, each in before.items() if ctx.since is None or key[0] < ctx.since
        }
        told = [
            each
            for day in (*past, ctx.next_day)
            for symbol in ctx.symbols
            if (day, symbol) not in kept and (each := self._told(symbol, day)) is not None
        ]
        over = [each for each in told if each.day <= ctx.day]
        self._forecast.restore((), (*kept.values(), *over))
        return await self._rows.put_told((each, self._basis(each.day)) for each in told)

    def _told(self, symbol: str, day: date) -> Told | None:
        value = self._forecast.value(symbol, day)
        return (
            None if value is None else Told(symbol, day, value, self._forecast.naive(symbol, day))
        )

    def _basis(self, day: date) -> Basis:
        """Return what values for a day are learnt from: as the forecast says, else all that it was fed."""
        basis = self._forecast.basis(day)
        if basis is not None:
            return basis
        before = [each for each in sorted(self._fed) if each < day]
        digest = blake2b("".join(self._fed[each] for each in before).encode(), digest_size=8)
        return Basis(before[-1] if before else day - timedelta(days=1), digest.hexdigest())

    def _note(self, market: MarketDay) -> None:
        """Remember what a day was like, if the forecast does not."""
        if self._forecast.samples(market.day):
            return
        digest = blake2b(self._fed.get(market.day, "").encode(), digest_size=8)
        for tables in (market.minutes, market.days):
            for symbol, table in sorted(tables.items()):
                digest.update(symbol.encode())
                digest.update(table.start.tobytes() + table.close.tobytes())
        digest.update(repr(sorted(market.profits.items())).encode())
        self._fed[market.day] = digest.hexdigest()

    def _name_skipped(self) -> None:
        ctx = self._ctx
        unknown = set(self._source.unknown())
        for symbol in ctx.symbols:
            if symbol in unknown:
                ctx.skip(symbol, f"no {self._source.kind} bars up to {ctx.day}")
            elif reason := self._reason(symbol):
                ctx.skip(symbol, reason)

    def _reason(self, symbol: str) -> str:
        forecast, ctx = self._forecast, self._ctx
        return forecast.missed(symbol, ctx.day) or forecast.why_not(symbol, ctx.next_day)


def _last_days(ctx: MinerContext, count: int) -> list[date]:
    """Return the last trading days up to `ctx.day`, oldest first."""
    return ctx.trading_days(ctx.day - timedelta(days=10 + 8 * count // 5), ctx.day)[-count:]
