"""`liu forecasts`: what is expected of a day, and how far that can be trusted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import click
import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.forecasts.verdict import verdict
from liualgotrader.models.forecast_tables import CheckRow, ForecastRow, ForecastTables
from liualgotrader.scripts.stores import ask

_DATE = click.DateTime(["%Y-%m-%d"])
_json = msgspec.json.Encoder()


class Forecasts(msgspec.Struct, frozen=True):
    """What `--json` prints: the values of a day, and the checks as they were known before it."""

    day: date
    values: list[ForecastRow]
    checks: list[CheckRow]


@click.command()
@click.argument("symbols", nargs=-1)
@click.option(
    "--day", "moment", type=_DATE, help="The day that is foretold; the newest unless said."
)
@click.option(
    "--forecast", "names", multiple=True, help="Only this one; may be given several times."
)
@click.option("--limit", type=click.IntRange(1), default=20, help="How many symbols are shown.")
@click.option("--json", "as_json", is_flag=True, help="Print all as one object on one line.")
def forecasts(
    symbols: Sequence[str],
    moment: datetime | None,
    names: Sequence[str],
    limit: int,
    as_json: bool,
) -> None:
    """Show what is expected of SYMBOLS, or of all, on a day, and how good the forecasts were."""

    async def work(store: ForecastTables) -> Forecasts:
        wanted, only = list(names) or None, [each.upper() for each in symbols] or None
        day = moment.date() if moment else await store.newest_day(wanted)
        if day is None:
            raise ConfigError(
                "there are no forecasts yet; name some in miner.toml, [forecasts.volatility] say,"
                " and run `market_miner`"
            )
        values = await store.values(day, names=wanted, symbols=only)
        if not values:
            raise ConfigError(f"nothing is foretold of {day}{_of(symbols)}; ask for another day")
        return Forecasts(day, values, await store.checks(day, names=wanted))

    found = ask(ForecastTables, work)
    if as_json:
        click.echo(_json.encode(found))
        return
    click.echo(f"Expected of {found.day}:")
    for line in value_lines(found.values, limit):
        click.echo(line)
    for check in found.checks:
        for line in check_lines(check):
            click.echo(line)


def value_lines(values: Iterable[ForecastRow], limit: int) -> list[str]:
    """Return a table: a line per symbol, a column per forecast."""
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for each in values:
        rows[each.symbol][each.forecast] = each.value
    names = sorted({name for row in rows.values() for name in row})
    widths = {name: max(len(name), 9) for name in names}
    wide = max(len(symbol) for symbol in (*rows, "symbol"))
    lines = [f"  {'symbol':<{wide}}" + "".join(f"  {name:>{widths[name]}}" for name in names)]
    for symbol, row in list(rows.items())[:limit]:
        cells = (f"  {_shown(row.get(name)):>{widths[name]}}" for name in names)
        lines.append(f"  {symbol:<{wide}}" + "".join(cells))
    if len(rows) > limit:
        lines.append(f"  ... and {len(rows) - limit:,} more symbols")
    return lines


def check_lines(check: CheckRow) -> list[str]:
    """Return how good a forecast was: a line, and under it what came where how much was expected."""
    words = verdict(check.samples, check.error, check.naive_error, check.beats_naive)
    lines = [f"{check.forecast} up to {check.day}: {words}"]
    if check.calibration:
        lines.append(f"  {'expected':>10}  {'came':>10}  {'forecasts':>9}")
    for each in check.calibration:
        expected, came = _shown(each["expected"]), _shown(each["came"])
        lines.append(f"  {expected:>10}  {came:>10}  {each['count']:>9,}")
    return lines


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _of(symbols: Sequence[str]) -> str:
    return f" for {', '.join(symbols)}" if symbols else ""
