"""`liu capture`: a vendor's raw frames in a file, for a bug report; and what is in such a file."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import click
import msgspec

from liualgotrader.capture.dialects import Dialect, alpaca_market, alpaca_updates, massive_market
from liualgotrader.capture.listening import listen
from liualgotrader.capture.reader import Capture
from liualgotrader.capture.records import Header, Kind
from liualgotrader.capture.summary import StreamSummary, Summary, summarised
from liualgotrader.capture.versions import versions
from liualgotrader.capture.writer import CaptureWriter
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Vendor
from liualgotrader.common.timestamps import format_time
from liualgotrader.credentials.environments import Environment
from liualgotrader.credentials.finding import find_credentials
from liualgotrader.scripts.exits import DONE, FAILED

_FEEDS = {Vendor.ALPACA: "iex", Vendor.MASSIVE: "real-time"}
_VENDORS = click.Choice([each.value for each in Vendor])
_ENVIRONMENTS = click.Choice([each.value for each in Environment])


@click.command()
@click.option(
    "--show", type=click.Path(path_type=Path, dir_okay=False), help="Say what is in a file."
)
@click.option("--json", "as_json", is_flag=True, help="With --show: print one object on one line.")
@click.option("--vendor", type=_VENDORS, default=Vendor.ALPACA.value, help="Whose market data.")
@click.option("--feed", help="Alpaca: iex, sip, crypto ...; Massive: real-time, delayed, crypto.")
@click.option("--symbols", default="SPY", help="Which (A,B).", show_default=True)
@click.option("--environment", type=_ENVIRONMENTS, default="paper", help="Whose trade updates.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=5.0, show_default=True
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write.")
@click.option("--msgpack", is_flag=True, help="Ask Alpaca for MessagePack in place of JSON.")
@click.option("--no-updates", is_flag=True, help="Market data only.")
@click.option("--url", default="", help="Another address of the market data.")
@click.option("--updates-url", default="", help="Another address of the trade updates.")
def capture(
    show: Path | None,
    as_json: bool,
    vendor: str,
    feed: str | None,
    symbols: str,
    environment: str,
    minutes: float,
    out: Path | None,
    msgpack: bool,
    no_updates: bool,
    url: str,
    updates_url: str,
) -> int:
    """Record the raw frames of a vendor's streams, without keys and account numbers.

    A vendor allows one connection a key: end the session first, or it is disturbed. Ctrl-C ends the recording in order.
    """
    if show is not None:
        return _show(show, as_json=as_json)
    who, where = Vendor(vendor), Environment(environment)
    wanted = tuple(part.strip().upper() for part in symbols.split(",") if part.strip())
    if not wanted:
        raise ConfigError("--symbols names none")
    keys = find_credentials(os.environ, Path.cwd(), who, where)
    streams: dict[Kind, Dialect] = {}
    feed = feed or _FEEDS[who]
    if who is Vendor.MASSIVE:
        streams[Kind.MARKET] = massive_market(keys, feed, wanted, url=url)
    else:
        streams[Kind.MARKET] = alpaca_market(keys, feed, wanted, url=url, msgpack=msgpack)
    if not no_updates:
        orders = find_credentials(os.environ, Path.cwd(), Vendor.ALPACA, where)
        streams[Kind.UPDATES] = alpaca_updates(orders, url=updates_url, msgpack=msgpack)
    header = Header(
        vendor=vendor,
        feed=feed,
        environment=environment,
        encoding="msgpack" if msgpack else "json",
        symbols=wanted,
        began=time.time_ns(),
        versions=versions(),
    )
    path = out or Path(f"{vendor}-{feed}-{format_time(header.began)[:19].replace(':', '')}.capture")
    return _record(path, header, streams, minutes * 60)


def _record(path: Path, header: Header, streams: dict[Kind, Dialect], seconds: float) -> int:
    writer = CaptureWriter(path, header, on_stopped=_warn)
    click.echo(
        f"Recording {', '.join(each.name for each in streams.values())} into {path}.", err=True
    )
    try:
        asyncio.run(_listen(streams, writer, seconds))
    finally:
        writer.close()
        removed = ", ".join(header.removed)
        click.echo(
            f"{path}: {writer.frames:,} frames; not in it: {removed}. Look before you send it:"
        )
        click.echo(f"  liu capture --show {path}")
    return FAILED if writer.stopped else DONE


async def _listen(streams: dict[Kind, Dialect], writer: CaptureWriter, seconds: float) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await listen(streams, writer, seconds=seconds, stop=stop)


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _show(path: Path, *, as_json: bool) -> int:
    summary = summarised(Capture(path))
    if as_json:
        click.echo(msgspec.json.encode(summary))
    else:
        _print(summary)
    return FAILED if summary.loss else DONE


def _print(summary: Summary) -> None:
    head = summary.header
    versions = ", ".join(f"{name} {version}" for name, version in head.versions.items())
    click.echo(
        f"{head.vendor} {head.feed}, {head.environment}, {head.encoding}, {', '.join(head.symbols)}"
    )
    click.echo(f"from {format_time(head.began)}; {versions}")
    click.echo(f"not in it: {', '.join(head.removed)}")
    _print_stream("market data", summary.market)
    _print_stream("trade updates", summary.updates)
    for note in summary.notes:
        click.echo(f"note: {note}")
    if summary.loss:
        click.echo(f"LOST: {summary.loss}")


def _print_stream(name: str, stream: StreamSummary) -> None:
    click.echo(
        f"\n{name}: {stream.frames:,} frames, {stream.messages:,} messages, {stream.bytes:,} bytes; "
        f"{stream.rate:,.1f} messages/s, {stream.peak:,} in the busiest second"
    )
    for kind, count in stream.types.items():
        mark = "  unknown" if kind in stream.unknown else ""
        click.echo(f"  {count:>10,}  {kind}{mark}")
    for each in stream.silences:
        click.echo(f"  silent for {each.seconds:,.1f} s from {format_time(each.start)}")
