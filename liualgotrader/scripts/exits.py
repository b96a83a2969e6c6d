"""How every command ends: 0 done, 1 failed, 2 wrong use; a line to mend it, not a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.credentials.process import guard_process
from liualgotrader.credentials.redaction import redact

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
DEBUG_VARIABLE = "LIU_DEBUG"


def run(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: what the command returned, when that is a number.

    With LIU_DEBUG set, errors are raised as they are. `arguments` None: those of the command line, and the process
    is ours.
    """
    if arguments is None:
        guard_process()
    try:
        result = command.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except click.Abort:
        return INTERRUPTED
    except (LiuError, BrokenPipeError) as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        return _failed(error)
    return result if isinstance(result, int) else DONE


def _failed(error: LiuError | BrokenPipeError) -> int:
    if isinstance(error, BrokenPipeError):
        # Whoever read has had enough, as `head` does. The interpreter must not flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    sys.stderr.write(f"{redact(str(error))}\n")
    return WRONG_USE if isinstance(error, ConfigError) else FAILED
