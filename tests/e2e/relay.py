"""A way to a database that a test can cut, and mend: to who uses it the server is gone, and comes back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

_CHUNK = 1 << 16


class Relay:
    """Passes connections on from a port of loopback to a server's socket."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                ours, _ = server.accept()
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(self._target)
                with self._lock:
                    self._ends += [ours, theirs]
                for pair in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=_pass_on, args=pair, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and take no more."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._ends.clear()

    def mend(self) -> None:
        """Take connections again, at the same place."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        self._serve()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    sink.close()


@contextmanager
def relayed(dsn: str) -> Iterator[tuple[Relay, str]]:
    """Give a relay to a database on a socket in a folder, and the DSN that goes by it."""
    parts = urlsplit(dsn)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    folder, port = options.pop("host"), options.pop("port", "5432")
    relay = Relay(f"{folder}/.s.PGSQL.{port}")
    rest = "".join(f"&{name}={value}" for name, value in options.items())
    user = f"{parts.username or 'postgres'}:{parts.password or ''}"
    try:
        yield relay, f"postgresql://{user}@127.0.0.1:{relay.port}{parts.path}?sslmode=disable{rest}"
    finally:
        relay.cut()
