"""What a job's process is told when it is started."""

from __future__ import annotations

from pathlib import Path

import msgspec

from liualgotrader.data.data_factory import Access
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.mining.night import Night
from liualgotrader.mining.plan import DataPlan, JobPlan


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a night. It travels through a pipe, for `access` holds keys.

    `keeps`: whether days that the vendor is asked for are kept in the history.
    """

    job: JobPlan
    night: Night
    data: DataPlan
    access: Access
    keeps: bool
    dsn: str
    home: str
    json_logs: bool = False

    @property
    def lake(self) -> Path:
        """The folder of the history."""
        return Path(self.home) / FOLDER

    @property
    def logs(self) -> Path:
        """The folder of the jobs' logs."""
        return logs_of(Path(self.home))


def logs_of(home: Path) -> Path:
    """Return the folder of the logs of miners."""
    return home / "logs" / "mining"
