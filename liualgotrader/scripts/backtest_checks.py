"""What `backtest --from ... --check-lookahead` and `--check-scanner` do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader.backtest.backtest import Forecasts
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.request import Request
from liualgotrader.bootstrap import declared_forecasts
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.honesty.living import BATCH
from liualgotrader.honesty.lookahead import LookaheadResult, check_lookahead
from liualgotrader.honesty.scans import Scanned
from liualgotrader.honesty.survivors import ScannerResult, check_scanners
from liualgotrader.models.forecast_store import ForecastStore
from liualgotrader.models.recommendation_store import RecommendationStore
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import database
from liualgotrader.scripts.progress import console

_json = msgspec.json.Encoder(decimal_format="number")
_SHOWN = 40
_NANO = 1_000_000_000


def run_checks(request: Request, home: Path, options: dict[str, Any]) -> int:
    """Do the checks that are asked for and show what came of them; 1 when anything changed.

    Raises ConfigError, LiuError.
    """
    identical = True
    expected, found = _stored(request)
    if options["check_lookahead"]:
        result = check_lookahead(
            request, home, show=_tell, forecasts=expected, recommendations=found
        )
        _show("lookahead", _lookahead(result), result, as_json=options["as_json"])
        identical = result.identical
    if options["check_scanner"]:
        scans = check_scanners(request, home, show=_tell, recommendations=found)
        _show("scanner", _scanner(scans), scans, as_json=options["as_json"])
        identical = identical and scans.identical
    return DONE if identical else FAILED


def _stored(request: Request) -> tuple[dict[date, Forecasts], list[Recommendation]]:
    """Return the stored forecasts that the plan's strategies declare, and what its scanners may ask for.

    Without either no database is asked for.
    """
    names, scanners = (
        declared_forecasts(backtest_config(request.plan, BATCH, seconds=request.scale.seconds)),
        request.plan.scanners,
    )

    async def load(dsn: str) -> tuple[dict[date, Forecasts], list[Recommendation]]:
        async with await ForecastStore.open(dsn, max_size=1) as store:
            symbols = None if scanners else request.plan.session.symbols
            expected = await store.forecasts(names, request.first, request.last, symbols)
            recommended = RecommendationStore(store.pool)
            return expected, await recommended.known(request.last) if scanners else []

    if not (names or scanners):
        return {}, []
    with database() as dsn:
        return asyncio.run(load(dsn))


def _show(
    check: str,
    lines: Iterator[str],
    result: LookaheadResult | ScannerResult,
    *,
    as_json: bool,
) -> None:
    if as_json:
        values = {"check": check} | msgspec.to_builtins(result) | {"identical": result.identical}
        sys.stdout.write(_json.encode(values).decode() + "\n")
        sys.stdout.flush()
        return
    for line in lines:
        sys.stdout.write(line + "\n")


def _tell(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


# -- look-ahead --------------------------------------------------------------------------------


def _lookahead(result: LookaheadResult) -> Iterator[str]:
    for failure in result.failures:
        yield f"! {failure}, with the future too"
    if result.identical:
        yield (f"{result.decisions:,} decisions, none changed on {result.cuts} truncated histories")
        return
    yield (
        f"{result.decisions:,} decisions, {len(result.changed):,} changed on {result.cuts} truncated"
        " histories:"
    )
    for each in result.changed[:_SHOWN]:
        yield f"{_time(each.ts)}  {each.strategy}  {each.symbol}"
        yield f"  with the future     {each.with_future or 'nothing'}"
        yield f"  without             {each.without_future or 'nothing'}"
        yield f"  nothing known after {_time(each.cut - 1)}"
        yield f"  hint                {each.hint}"
    yield from _rest(len(result.changed))


# -- scanners ----------------------------------------------------------------------------------


def _scanner(result: ScannerResult) -> Iterator[str]:
    if result.identical:
        yield f"{result.scans:,} scans, none changed on {_histories(result.cuts)}"
        return
    changed = len(result.changed)
    yield f"{result.scans:,} scans, {changed:,} changed on {_histories(result.cuts)}:"
    for each in result.changed[:_SHOWN]:
        yield f"{_time(each.ts)}  {each.scanner}"
        yield f"  with the future     {_picks(each.with_future)}"
        yield f"  without             {_picks(each.without_future)}"
        for what, names in (("appear", each.appear), ("disappear", each.disappear)):
            if names:
                told = (f"{n} ({each.later[n]})" if n in each.later else n for n in names)
                yield f"  without it {what:<9}{', '.join(told)}"
        yield f"  hint                {each.hint}"
    yield from _rest(len(result.changed))


def _picks(scan: Scanned | None) -> str:
    if scan is None:
        return "no scan"
    return f"raised {scan.raised}" if scan.raised else ", ".join(scan.picks) or "no picks"


def _histories(count: int) -> str:
    return "1 truncated history" if count == 1 else f"{count} truncated histories"


def _rest(count: int) -> Iterator[str]:
    if count > _SHOWN:
        yield f"... and {count - _SHOWN:,} more; --json has them all"


def _time(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // _NANO, UTC).astimezone(NEW_YORK)
    parts = f".{ns % _NANO:09d}".rstrip("0").rstrip(".")
    return f"{moment:%a %Y-%m-%d %H:%M:%S}{parts} New York"
