"""The raw frames of a session's own streams, kept for a bug report: a key allows no second connection to listen on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from liualgotrader.bootstrap import SessionConfig, WallClock
from liualgotrader.capture.records import Header, Kind
from liualgotrader.capture.versions import versions
from liualgotrader.capture.writer import CaptureWriter
from liualgotrader.links.socket import Tap


class SessionCapture:
    """Where the producer's streams are tapped, when the plan wants it."""

    def __init__(
        self, config: SessionConfig, epoch: int, clock: WallClock, tell: Callable[[str], None]
    ) -> None:
        """`tell` is called in the running loop when the capture has to stop; the session goes on."""
        self._writer: CaptureWriter | None = None
        session = config.plan.session
        if not session.capture:
            return
        folder = config.captures
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        loop = asyncio.get_running_loop()

        def stopped(why: str) -> None:
            loop.call_soon_threadsafe(tell, why)

        self._writer = CaptureWriter(
            folder / f"producer-{epoch}.capture",
            Header(
                vendor=session.data.value,
                feed=session.feed_name,
                environment=session.mode.value,
                encoding=session.stream_format,
                symbols=session.symbols,
                began=clock.now(),
                versions=versions(),
            ),
            on_stopped=stopped,
        )

    def tap(self, kind: Kind) -> Tap | None:
        """Return what a stream calls with each frame; None when nothing is captured."""
        return None if self._writer is None else self._writer.tap(kind)

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()
