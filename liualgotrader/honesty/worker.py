"""The process of one life, in which LIU_HOME is all the history there is.

It ends with its parent: its standard input is a pipe that the parent holds open.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

_ORPHANED = 3


def _end_with_parent() -> None:
    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(_ORPHANED)

    threading.Thread(target=wait, name="parent watch", daemon=True).start()


def main(task: str, answer: str) -> None:
    """Do the task in a file, which is removed, and write the answer to another."""
    _end_with_parent()
    # Only now: a parent may die during the second that these take.
    from liualgotrader.common.errors import LiuError
    from liualgotrader.honesty.living import live
    from liualgotrader.honesty.tasks import Answer, read_task, write_answer

    asked = read_task(Path(task))
    Path(task).unlink()
    try:
        said = live(asked, Path(os.environ["LIU_HOME"]))
    except LiuError as exc:
        said = Answer(error=str(exc))
    write_answer(Path(answer), said)


if __name__ == "__main__":
    main(*sys.argv[1:])
