"""`liu data`: the history lake, filled, looked through and read out.

What a command needs is imported when it runs, so that `--help` costs nothing.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liualgotrader.common.errors import ConfigError
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import liu_home
from liualgotrader.scripts.times import utc

if TYPE_CHECKING:
    from liualgotrader.data.lake import Kind, Lake, Rows
    from liualgotrader.data.lake.merging import Written

_KINDS = click.Choice(["trades", "quotes", "minute", "day"])
_FILES = click.Path(path_type=Path)


@click.group(no_args_is_help=True)
def data() -> None:
    """Fill, check and read the history that backtests live on."""


@data.command("import")
@click.argument("files", nargs=-1, type=_FILES)
@click.option("--symbol", help="Whose rows they are, when no column says it.")
@click.option("--kind", type=_KINDS, help="What rows they are, when it cannot be seen.")
@click.option("--zone", help="The zone of times that do not say theirs: America/New_York, UTC.")
@click.option(
    "--bar-time",
    type=click.Choice(["start", "end"]),
    default="start",
    help="What the time of a bar is; the lake keeps its start.",
)
@click.option("--replace", is_flag=True, help="Let rows take the place of others of their time.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, write nothing.")
@click.option("--actions", is_flag=True, help="The files hold splits, dividends, renames.")
@click.option("--bundled", is_flag=True, help="Five companies of the public domain, 2000 to 2013.")
def import_(
    files: tuple[Path, ...],
    symbol: str | None,
    kind: str | None,
    zone: str | None,
    bar_time: str,
    replace: bool,
    dry_run: bool,
    actions: bool,
    bundled: bool,
) -> None:
    """Bring trades, quotes, minute or day bars in, from CSV (.csv, .csv.gz) or Parquet.

    What the columns are is guessed and shown. A file with a row that cannot be is refused whole,
    each such row being named. Prices are as they were traded, not adjusted.
    """
    if bool(files) == bundled:
        raise click.UsageError("name files to import, or give --bundled")
    lake = _lake()
    if bundled:
        _import_bundled(lake, replace=replace, dry_run=dry_run)
    elif actions:
        _import_actions(lake, files, replace=replace, dry_run=dry_run)
    else:
        from liualgotrader.data.lake.intake.intake import Options
        from liualgotrader.data.lake.kinds import Kind

        told = Options(
            symbol=symbol,
            kind=Kind(kind) if kind else None,
            zone=zone,
            bar_end=bar_time == "end",
        )
        _import_rows(lake, files, told, replace=replace, dry_run=dry_run)


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line.")
def list_(as_json: bool) -> None:
    """Show what there is: kind, symbol, rows, first and last time (UTC)."""
    from liualgotrader.data.lake import Kind

    lake = _lake()
    shown = 0
    for kind in Kind:
        for symbol in lake.symbols(kind):
            row = _listed(lake, kind, symbol)
            shown += 1
            if as_json:
                click.echo(json.dumps(row))
            else:
                click.echo(
                    f"{kind:<7} {symbol:<12} {row['rows']:>12,}  {row['first']}  {row['last']}"
                )
    if not shown and not as_json:
        click.echo("There is no history yet; `liu data import --bundled` brings some in.")


@data.command()
@click.argument("symbols", nargs=-1)
@click.option(
    "--missing",
    type=click.FloatRange(0, 100),
    default=20.0,
    show_default=True,
    help="Percent of a session's minutes that may be absent.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one object a line.")
def check(symbols: tuple[str, ...], missing: float, as_json: bool) -> int:
    """Look for gaps, disorder, impossible and outlying prices, splits that are not recorded.

    Exit code 1 when there is anything.
    """
    import msgspec

    from liualgotrader.data.lake.check import check_lake

    count = 0
    for found in check_lake(_lake(), symbols, missing=missing / 100):
        count += 1
        if as_json:
            click.echo(msgspec.json.encode(found))
        else:
            click.echo(f"{found.kind} {found.symbol}: {found.what}: {found.detail}")
    if not as_json:
        click.echo(f"{count} findings" if count else "Nothing looks wrong.")
    return FAILED if count else DONE


@data.command()
@click.argument("symbol")
@click.option("--kind", type=_KINDS, required=True, help="Which rows.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="The first day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option(
    "--adjusted",
    type=click.Choice(["split", "all"]),
    help="Adjust prices for all recorded splits, or for splits and dividends.",
)
@click.option("--format", "format_", type=click.Choice(["csv", "parquet"]), default="csv")
@click.option("-o", "--output", type=_FILES, required=True, help="The file to write.")
def export(
    symbol: str, kind: str, first: Any, last: Any, adjusted: str | None, format_: str, output: Path
) -> None:
    """Write a symbol's rows into a file, raw or adjusted."""
    from liualgotrader.data.lake import Kind
    from liualgotrader.data.lake.days import FOREVER, NEVER, day_start
    from liualgotrader.data.lake.export import export_rows

    which = Kind(kind)
    start = day_start(symbol, first.date()) if first else NEVER
    end = day_start(symbol, last.date() + timedelta(days=1)) if last else FOREVER
    if start >= end:
        raise ConfigError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    rows = _exported(_lake(), which, symbol, (start, end), adjusted)
    if not len(rows):
        raise ConfigError(_nothing(_lake(), which, symbol))
    export_rows(output, which, rows, as_csv=format_ == "csv")
    click.echo(f"{output}: {len(rows):,} rows")


def _lake() -> Lake:
    from liualgotrader.data.lake import Lake
    from liualgotrader.data.lake.layout import FOLDER

    return Lake(liu_home() / FOLDER)


def _import_rows(
    lake: Lake, files: tuple[Path, ...], told: Any, *, replace: bool, dry_run: bool
) -> None:
    from liualgotrader.data.lake.intake.intake import read_intake

    for path in files:
        intake = read_intake(path, told)
        click.echo(f"{path}: {intake.described}")
        try:
            written = lake.write_all(intake.kind, intake.rows, replace=replace, dry_run=dry_run)
        except ConfigError as exc:
            raise ConfigError(f"{path}: {exc}") from exc
        names = ", ".join(list(intake.rows)[:5]) + (" ..." if len(intake.rows) > 5 else "")
        click.echo(f"{path}: {names}: {_told(written, dry_run)}")


def _import_actions(lake: Lake, files: tuple[Path, ...], *, replace: bool, dry_run: bool) -> None:
    from liualgotrader.data.lake.actions import merged_actions, read_actions

    for path in files:
        if not path.is_file():
            raise ConfigError(f"{path}: there is no such file")
        given = read_actions(path)
        if dry_run:
            _, count = merged_actions(lake.all_actions(), given, replace=replace)
        else:
            count = lake.add_actions(given, replace=replace)
        click.echo(f"{path}: {count} actions {'to add' if dry_run else 'added'}")


def _import_bundled(lake: Lake, *, replace: bool, dry_run: bool) -> None:
    from liualgotrader.data.lake import Kind
    from liualgotrader.data.lake.actions import merged_actions
    from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows

    written = lake.write_all(Kind.DAY, bundled_rows(), replace=replace, dry_run=dry_run)
    click.echo(f"AAPL, FB, GOOG, IBM, MSFT: day bars: {_told(written, dry_run)}")
    given = bundled_actions()
    if dry_run:
        _, count = merged_actions(lake.all_actions(), given, replace=replace)
    else:
        count = lake.add_actions(given, replace=replace)
    click.echo(f"splits and dividends: {count} {'to add' if dry_run else 'added'}")


def _told(written: Written, dry_run: bool) -> str:
    parts = [f"{written.added:,} rows {'to add' if dry_run else 'added'}"]
    if written.same:
        parts.append(f"{written.same:,} there already")
    if written.replaced:
        parts.append(f"{written.replaced:,} {'to replace' if dry_run else 'replaced'}")
    return ", ".join(parts)


def _listed(lake: Lake, kind: Kind, symbol: str) -> dict[str, Any]:
    span = lake.own_span(kind, symbol)
    shown = [utc(each) for each in span] if span else ["", ""]
    return {
        "kind": kind.value,
        "symbol": symbol,
        "rows": lake.count(kind, symbol),
        "first": shown[0],
        "last": shown[1],
    }


def _exported(
    lake: Lake, kind: Kind, symbol: str, stretch: tuple[int, int], adjusted: str | None
) -> Rows:
    from liualgotrader.data.lake import adjusted as adjust
    from liualgotrader.data.lake.days import FOREVER

    start, end = stretch
    if adjusted is None:
        return lake.read(kind, symbol, start, end)
    # A later dividend is a part of the price before it: the rows up to now are needed.
    rows = lake.read(kind, symbol, start, FOREVER)
    whole = adjust(rows, lake.actions(symbol), FOREVER, dividends=adjusted == "all")
    return whole.between(start, end)


def _nothing(lake: Lake, kind: Kind, symbol: str) -> str:
    span = lake.span(kind, symbol)
    if span is None:
        return f"there are no {kind.row_name}s of {symbol}; `liu data list` shows what there is"
    return (
        f"there are no {kind.row_name}s of {symbol} in those days; there are from {utc(span[0])} to"
        f" {utc(span[1])}"
    )
