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
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec

from liualgotrader.common.errors import BrokerUnavailable, ConfigError
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.redaction import KNOWN

log = logging.getLogger(__name__)

_READY_SECONDS = 60.0
_TIMEOUT = 10.0
# Asked while it is being started again, it is asked again for so long.
_PATIENCE_SECONDS = 30.0
_AGAIN_SECONDS = 0.25


class Address(msgspec.Struct, frozen=True):
    """Where the exchange is, and the keys to it. Massive's API key is the secret."""

    trading_url: str
    data_url: str
    stream_url: str
    updates_url: str
    box_url: str
    key: str
    secret: str
    massive_url: str
    massive_stocks_url: str
    massive_crypto_url: str

    def data_stream(self, vendor: Vendor, asset_class: AssetClass) -> str:
        """Return where a vendor's market data is streamed."""
        if vendor is Vendor.ALPACA:
            return self.stream_url
        coins = asset_class is AssetClass.CRYPTO
        return self.massive_crypto_url if coins else self.massive_stocks_url


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

    def __init__(
        self,
        arguments: Sequence[str],
        log_path: Path,
        process: asyncio.subprocess.Process,
        address: Address,
    ) -> None:
        self._arguments = arguments
        self._log_path = log_path
        self._process = process
        self._given_up = False
        self.address = address

    @classmethod
    async def start(cls, arguments: Sequence[str], log_path: Path) -> Box:
        """Start an exchange and wait until it is ready. Raises ConfigError with what it said when it cannot."""
        process, address = await _launched(arguments, log_path)
        log.info("started exchange, pid %d", process.pid)
        return cls(arguments, log_path, process, address)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def died(self) -> str:
        """Return, once it has ended, how it did."""
        code = await self._process.wait()
        return f"died (signal {-code})" if code < 0 else f"ended (code {code})"

    async def restart(self, *, not_before: int | None = None) -> None:
        """Start it again where clients look for it: on its port, with its keys, from its log.

        `not_before`: where a tape at a speed goes on at the earliest, ns UTC. Raises ConfigError.
        """
        port = urlsplit(self.address.box_url).port
        more = [*self._arguments, "--port", str(port)]
        if not_before is not None:
            more += ["--not-before", str(not_before)]
        self._process, address = await _launched(more, self._log_path)
        log.info("started exchange, pid %d", self._process.pid)
        if address != self.address:
            raise ConfigError("the exchange came back with another address or other keys")

    def give_up(self) -> None:
        """Do not wait for it any more."""
        self._given_up = True

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
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_SECONDS
        while True:
            try:
                return await asyncio.to_thread(self._request, method, path)
            except BrokerUnavailable:
                if self._given_up or loop.time() > until:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)

    def _request(self, method: str, path: str) -> Any:
        url = self.address.box_url.removesuffix("/box") + path
        request = Request(url, method=method)
        request.add_header("APCA-API-KEY-ID", self.address.key)
        request.add_header("APCA-API-SECRET-KEY", self.address.secret)
        try:
            with urlopen(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except HTTPError as exc:
            raise ConfigError(f"the exchange in a box refused {path}: {exc}") from exc
        except (URLError, TimeoutError, ConnectionError) as exc:
            raise BrokerUnavailable(f"the exchange in a box does not answer: {exc}") from exc

    async def stop(self) -> None:
        """End it; it has been told everything."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


async def _launched(
    arguments: Sequence[str], log_path: Path
) -> tuple[asyncio.subprocess.Process, Address]:
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
    address = msgspec.json.decode(line, type=Address)
    KNOWN.learn(address.key, address.secret)
    return process, address


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
