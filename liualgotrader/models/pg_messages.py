"""What a guard says to its clients: one JSON object a line, over a Unix socket.

A client says nothing. It is attached while its end of the socket is open, which the kernel
closes however the client ends; a client that shuts down its sending half asks to be let go,
and is answered before the socket closes.
"""

from contextlib import suppress
from socket import socket

import msgspec


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The server accepts connections; the client is attached. Also the content of server.json."""

    dsn: str
    control: str
    durable: bool
    version: str
    bindir: str
    guard_pid: int
    server_pid: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The server did not start."""

    reason: str


class Detached(msgspec.Struct, frozen=True, tag="detached"):
    """The client is let go; stopped tells whether the server went down with it."""

    stopped: bool


Message = Ready | Failed | Detached

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_ready_decoder = msgspec.json.Decoder(Ready)


def send(client: socket, message: Message) -> None:
    """Send a message; a client that has gone needs no answer."""
    with suppress(ConnectionError):
        client.sendall(encode(message))


def encode(message: Message) -> bytes:
    """Return the message as a line."""
    return _encoder.encode(message) + b"\n"


def receive(server: socket) -> Message | None:
    """Return the next message, or None when the guard has gone without a word.

    Raises TimeoutError after the socket's time-out.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        try:
            chunk = server.recv(4096)
        except ConnectionError:
            return None
        if not chunk:
            return None
        line += chunk
    return _decoder.decode(line)


def decode_ready(text: bytes) -> Ready:
    """Return the content of a server.json. Raises msgspec.DecodeError for anything else."""
    return _ready_decoder.decode(text)
