"""A session on the terminal: one live panel while it runs, a table when it is over. All of it on stderr."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from liualgotrader.common.plan import Mode, Plan, SessionPlan
from liualgotrader.engine.latency import Latencies
from liualgotrader.session.summing_up import Summary

NEW_YORK = ZoneInfo("America/New_York")
_PLAIN_SECONDS = 5.0
_console = Console(stderr=True, highlight=False)


def pace(session: SessionPlan) -> str:
    """Return how fast a session goes, or for one of the world whose data it has."""
    if session.mode is not Mode.SIMULATED:
        return f"{session.data}'s {session.feed_name} feed"
    return "lockstep" if session.lockstep else f"{session.speed:g} times real time"


class Display:
    """Shows progress: live on a terminal, a line every few seconds elsewhere."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._live = Live(console=_console, refresh_per_second=4, transient=True)
        self._began = time.monotonic()
        self._last = (self._began, 0)
        self._rate = 0.0
        self._line_at = self._began
        self._noticed = False

    def __enter__(self) -> Self:
        session = self._plan.session
        _console.print(f"[bold]LiuAlgoTrader[/] {session.mode.value} session, {pace(session)}")
        if session.mode is Mode.SIMULATED:
            _console.print("[dim]Fills are simulated by an exchange in a box on this machine.[/]")
        if _console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def update(self, figures: dict[str, Any]) -> None:
        """Show how the session goes."""
        self._notice(figures.get("notice", ""))
        now = time.monotonic()
        events = sum(c.get("events", 0) for c in figures["consumers"])
        if now - self._last[0] >= 1:
            self._rate = (events - self._last[1]) / (now - self._last[0])
            self._last = (now, events)
        if _console.is_terminal:
            self._live.update(self._panel(figures, events))
        elif now - self._line_at >= _PLAIN_SECONDS:
            self._line_at = now
            _console.print(_line(figures, events, self._rate), soft_wrap=True)

    def _notice(self, notice: str) -> None:
        """Say once what the tape says of itself."""
        if notice and not self._noticed:
            self._noticed = True
            _console.print(f"[dim]{escape(notice)}[/]")

    def _panel(self, figures: dict[str, Any], events: int) -> Panel:
        return Panel(
            Group(_line(figures, events, self._rate), _positions(figures)),
            title=_clock(figures),
            border_style="dim",
        )


def _clock(figures: dict[str, Any]) -> str:
    now = max((c.get("now", 0) for c in figures["consumers"]), default=0)
    if not now:
        return "starting"
    moment = datetime.fromtimestamp(now / 1e9, UTC).astimezone(NEW_YORK)
    return f"{moment:%a %Y-%m-%d %H:%M:%S} New York"


def _line(figures: dict[str, Any], events: int, rate: float) -> str:
    consumers = figures["consumers"]
    lag = Latencies()
    for consumer in consumers:
        lag.merge({int(k): v for k, v in consumer.get("latency", {}).items()})
    p99 = lag.quantile_ms(0.99)
    pnl = sum(
        float(c.get("realised", 0)) + float(c.get("unrealised", 0)) - float(c.get("fees", 0))
        for c in consumers
    )
    held = sum(len(c.get("positions", {})) for c in consumers)
    orders = sum(c.get("open_orders", 0) for c in consumers)
    warned = figures["warnings"]
    parts = [
        _clock(figures),
        f"{events:,} events ({rate:,.0f}/s)",
        f"lag p99 {p99:.1f} ms" if p99 is not None else "",
        f"{held} positions",
        f"{orders} open orders",
        f"P&L {pnl:+,.2f}",
        f"{warned} warning{'s' * (warned > 1)}" if warned else "",
    ]
    return "  ".join(part for part in parts if part)


def _positions(figures: dict[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = [
        (name, qty, price)
        for consumer in figures["consumers"]
        for name, (qty, price) in consumer.get("positions", {}).items()
    ]
    for name, qty, price in rows[:12]:
        table.add_row(name.replace("/", "  "), f"{float(qty):+,.0f}", f"at {float(price):,.2f}")
    if len(rows) > 12:
        table.add_row(f"... and {len(rows) - 12} more", "", "")
    return table


def show_summary(summary: Summary) -> None:
    """Show how the session went."""
    table = Table.grid(padding=(0, 2))
    rows = [
        ("Batch", summary.batch_id),
        (
            "Events",
            f"{summary.events:,} for {summary.symbols} symbols in {summary.duration_s:.1f} s",
        ),
        ("Orders", f"{summary.orders} sent, {summary.fills} fills, {summary.refused} refused"),
        ("Equity", f"{summary.equity_start:,.2f} -> {summary.equity_end:,.2f}"),
        ("P&L", f"{summary.pnl:+,.2f} after {summary.fees:,.2f} fees"),
        ("Books", "; ".join(summary.differences) or "ledger and broker agree to the cent"),
        ("Report", summary.report or "none"),
    ]
    if summary.picks:
        rows.insert(2, ("Picked", "; ".join(summary.picks)))
    if summary.dropped_stale or summary.gaps:
        rows.insert(
            2, ("Dropped", f"{summary.dropped_stale:,} stale events in {summary.gaps} gaps")
        )
    for name, text in rows:
        table.add_row(f"[bold]{name}[/]", escape(text))
    _console.print(table)
    for warning in summary.warnings[:20]:
        _console.print(f"[yellow]! {escape(warning)}[/]")
    if len(summary.warnings) > 20:
        _console.print(f"[yellow]! ... and {len(summary.warnings) - 20} more, see the logs[/]")
    if summary.failure:
        _console.print(f"[red bold]The session failed: {escape(summary.failure)}[/]")
