"""Logs: a file per process under LIU_HOME, as lines for people or as JSON, without secrets."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import msgspec

from liualgotrader.credentials.redaction import RedactingFormatter

_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if fields := getattr(record, "fields", None):
            line |= {key: str(value) for key, value in fields.items()}
        return msgspec.json.encode(line).decode()


class _Utc(logging.Formatter):
    converter = staticmethod(time.gmtime)


def formatter(*, as_json: bool) -> logging.Formatter:
    """Return the formatter asked for. Times are UTC."""
    return RedactingFormatter(JsonLines() if as_json else _Utc(_FORMAT, "%Y-%m-%d %H:%M:%S"))


def log_to_file(name: str, folder: Path, *, as_json: bool = False) -> Path:
    """Send this process's log to `folder`/NAME.log; return the path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.log"
    handler = logging.FileHandler(path)
    handler.setFormatter(formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    return path
