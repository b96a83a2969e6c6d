"""The process of one job. It ends with whoever started it, whatever it is doing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from liualgotrader.mining.task import Task

ORPHANED = 70


def run_job(task: Task, pipe: Connection) -> None:
    """Do a task and say how it ended. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    # What a miner prints must not come between what the command prints.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Only now: a parent may die during the second that these take.
    import asyncio

    from liualgotrader.credentials.process import guard_process
    from liualgotrader.mining.job import do_job
    from liualgotrader.mining.voice import Voice
    from liualgotrader.session.logs import log_to_file

    guard_process()
    log_to_file(task.job.name, task.logs, as_json=task.json_logs)
    voice = Voice(pipe)
    voice.say(asyncio.run(do_job(task, voice)))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
