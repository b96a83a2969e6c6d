"""The exchange in a box as a session's child: started on loopback, asked over its own small REST."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import msgspec

from liualgotrader.common.errors import BrokerUnavailable, ConfigError

log = logging.getLogger(__name__)

_READY_SECONDS = 60.0
_TIMEOUT = 10.0


class Address(msgspec.Struct, frozen=True):
    """Where the exchange is, and the keys to it."""

    trading_url: str
    data_url: str
    stream_url: str
    updates_url: str
    box_url: str
    key: str
    secret: str


class BoxClock(msgspec.Struct, frozen=True):
    """What the exchange says of time; ns UTC, `monotonic_ns` of this machine's clock."""

    tape_ns: int
    monotonic_ns: int
    speed: float | str
    state: str
    session_open: int
    session_close: int
    start: int
    end: int
    notice: str = ""


class Box:
    """The running exchange."""

    def __init__(self, process: asyncio.subprocess.Process, address: Address) -> None:
        self.process = process
        self.address = address

    @classmethod
    async def start(cls, arguments: Sequence[str], log_path: Path) -> Box:
        """Start an exchange and wait until it is ready. Raises ConfigError with what it said when it cannot."""
        log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log_path.open("ab") as sink:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "liualgotrader.exchange",
                "--wait",
                "--die-with-parent",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=sink,
                start_new_session=True,
                env=os.environ | {"PYTHONHASHSEED": "0"},
            )
        line = await _first_line(process)
        if not line:
            await process.wait()
            raise ConfigError(_last_words(log_path))
        return cls(process, msgspec.json.decode(line, type=Address))

    async def clock(self) -> BoxClock:
        """Return the exchange's time."""
        return msgspec.convert(await self._ask("GET", "/box/clock"), BoxClock, strict=False)

    async def begin(self) -> BoxClock:
        """Let the tape run; return its time."""
        await self._ask("POST", "/box/start")
        return await self.clock()

    async def executions(self) -> list[dict[str, Any]]:
        """Return the venue's own list of executions."""
        answer = await self._ask("GET", "/box/executions")
        return list(answer)

    async def account(self) -> dict[str, Any]:
        """Return the account to the last digit."""
        return dict(await self._ask("GET", "/box/account"))

    async def _ask(self, method: str, path: str) -> Any:
        return await asyncio.to_thread(self._request, method, path)

    def _request(self, method: str, path: str) -> Any:
        url = self.address.box_url.removesuffix("/box") + path
        request = Request(url, method=method)
        request.add_header("APCA-API-KEY-ID", self.address.key)
        request.add_header("APCA-API-SECRET-KEY", self.address.secret)
        try:
            with urlopen(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except (URLError, TimeoutError, ConnectionError) as exc:
            raise BrokerUnavailable(f"the exchange in a box does not answer: {exc}") from exc

    async def stop(self) -> None:
        """End it; it has been told everything."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


def _last_words(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"the exchange did not start; see {log_path}"


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:
        return b""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            return await process.stdout.readline()
    except TimeoutError:
        process.kill()
        return b""
