"""Room on the disk: entries stop before it is full, because nothing may leave unrecorded; old journals make way."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from liualgotrader.common.plan import Retention

log = logging.getLogger(__name__)

_DAY = 86_400


class DiskGuard:
    """Looks at the free space of the disk that the journals are on."""

    def __init__(self, folder: Path, least: int) -> None:
        self._folder = folder
        self._least = least
        self._told = False

    def shortage(self) -> str | None:
        """Return the reason to stop entries, once, when less than the plan's min_free_disk is free."""
        stat = os.statvfs(self._folder)
        free = stat.f_bavail * stat.f_frsize
        if self._told or free >= self._least:
            return None
        self._told = True
        return (
            f"{free / 1e9:.2f} GB are free where the journals are written, the plan wants "
            f"{self._least / 1e9:.2f} (session.min_free_disk); make room, then `liu resume-entries`"
        )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def prune(journals: Path, keep: Retention, now: float) -> list[str]:
    """Remove the journals of batches that the plan does not keep, oldest first; return the batches.

    `now` is in seconds since the epoch. A batch is as old as its newest file.
    """
    if not journals.is_dir():
        return []
    batches = [folder for folder in journals.iterdir() if folder.is_dir()]
    newest = {
        folder: max((p.stat().st_mtime for p in folder.iterdir()), default=folder.stat().st_mtime)
        for folder in batches
    }
    total = sum(_size(folder) for folder in batches)
    gone = []
    for folder in sorted(batches, key=newest.__getitem__):
        if newest[folder] >= now - keep.days * _DAY and total <= keep.size:
            continue
        total -= _size(folder)
        shutil.rmtree(folder)
        gone.append(folder.name)
    if gone:
        log.info("pruned the journals of %s", ", ".join(gone))
    return gone
