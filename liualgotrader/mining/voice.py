"""What a job tells whoever started it, while it works and when it has ended."""

from __future__ import annotations

from enum import StrEnum
from multiprocessing.connection import Connection
from threading import Lock

import msgspec

from liualgotrader.credentials.redaction import redact


class Outcome(StrEnum):
    """How a job ended; the words are those of the table `miner_runs`."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Progressed(msgspec.Struct, frozen=True, tag="progress"):
    """It has done so many of so many."""

    done: int
    total: int


class Logged(msgspec.Struct, frozen=True, tag="log"):
    """A line for people."""

    message: str


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Its last word. `rows` are new or changed; `detail` is what is to be known besides."""

    outcome: Outcome
    rows: int = 0
    detail: str = ""


Word = Progressed | Logged | Ended

_decoder: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Progressed | Logged | Ended)


def hear(data: bytes) -> Word:
    """Return what was said."""
    return _decoder.decode(data)


class Voice:
    """A job's end of the pipe. Secrets are left out of what it says."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._one_at_a_time = Lock()

    def say(self, word: Word) -> None:
        """Say something; nobody may be there to hear it any more."""
        if isinstance(word, Logged):
            word = Logged(redact(word.message))
        elif isinstance(word, Ended):
            word = msgspec.structs.replace(word, detail=redact(word.detail))
        try:
            with self._one_at_a_time:  # a miner may work in threads
                self._pipe.send_bytes(msgspec.json.encode(word))
        except (BrokenPipeError, ConnectionResetError):
            return  # whoever started this is gone, and so will this process be in a moment
