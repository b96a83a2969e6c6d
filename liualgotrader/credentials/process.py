"""What a process writes that no log handler sees: the traceback it ends with, a thread's, a warning."""

from __future__ import annotations

import os
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from types import TracebackType

from liualgotrader.credentials.names import all_names, bare
from liualgotrader.credentials.redaction import KNOWN, redact


def learn_environment(environ: Mapping[str, str]) -> None:
    """Keep the keys that the environment holds out of what this process writes, whoever reads them."""
    KNOWN.learn(*(bare(environ[name]) for name in all_names() if environ.get(name)))


def guard_process(environ: Mapping[str, str] = os.environ) -> None:
    """Keep secrets out of them. For the entry point of a process, once."""
    learn_environment(environ)
    sys.excepthook = _uncaught
    threading.excepthook = _in_thread
    sys.unraisablehook = _unraisable
    plain = warnings.formatwarning

    def formatted(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        return redact(plain(message, category, filename, lineno, line))

    warnings.formatwarning = formatted


def _uncaught(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    _say("".join(traceback.format_exception(kind, exc, trace)))


def _in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread is not None else "?"
    text = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
    _say(f"Exception in thread {name}:\n{''.join(text)}")


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    text = traceback.format_exception(
        unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback
    )
    where = unraisable.err_msg or "Exception ignored in"
    _say(f"{where}: {unraisable.object!r}\n{''.join(text)}")


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(redact(text))
