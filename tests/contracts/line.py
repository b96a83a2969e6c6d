"""A line to a server that a test can cut: whoever talks over it loses the connection, and may come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_CHUNK = 1 << 16


class Line:
    """Passes connections on to a server. `url` is the server's, by the line."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self.taken = 0
        self.url = ""

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.taken += 1
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._writers |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        self._writers -= {writer, back}

    def moved_to(self, port: int) -> None:
        """Learn where the line is."""
        self.url = urlunsplit(self._to._replace(netloc=f"127.0.0.1:{port}"))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """Give a line to the server of a URL."""
    line = Line(url)
    server = await asyncio.start_server(line.pass_on, "127.0.0.1", 0)
    line.moved_to(server.sockets[0].getsockname()[1])
    try:
        yield line
    finally:
        server.close()
        line.cut()
