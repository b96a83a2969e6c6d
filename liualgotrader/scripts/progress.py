"""How a backtest goes, on the terminal: rate and remaining time. All of it on stderr."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from liualgotrader.backtest.request import Progress, Request

_PLAIN_SECONDS = 5.0
console = Console(stderr=True, highlight=False)


class DaysDisplay:
    """Live on a terminal, a line every few seconds elsewhere."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._line_at = 0.0

    def __enter__(self) -> Self:
        days = f"{self._request.first} to {self._request.last}"
        console.print(
            f"[bold]LiuAlgoTrader[/] backtest, {days}, by the {self._request.scale}", soft_wrap=True
        )
        if console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def update(self, progress: Progress) -> None:
        """Show how far it has come."""
        if console.is_terminal:
            self._live.update(Text(line(progress)))
        elif progress.seconds - self._line_at >= _PLAIN_SECONDS:
            self._line_at = progress.seconds
            console.print(line(progress), soft_wrap=True)


def line(progress: Progress) -> str:
    """Return one line: the day, the rate, the time that remains if it goes on like this."""
    rate = progress.bars / progress.seconds if progress.seconds else 0.0
    left = progress.seconds / progress.done * (progress.days - progress.done)
    return (
        f"{progress.day}  {progress.done:,} of {progress.days:,} days  {progress.bars:,} bars"
        f" ({rate:,.0f}/s)  {_span(left)} left  equity {progress.equity:,.2f}"
    )


def _span(seconds: float) -> str:
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
