"""Staying up, and running at each moment of a schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from liualgotrader.common.errors import LiuError
from liualgotrader.mining.schedule import Schedule

LOOK_AGAIN = 60.0
"""Seconds that are slept at once at most: a machine that slept, or whose clock was set, is noticed so late."""


class Waiting(Protocol):
    """Time, and word to stop."""

    @property
    def is_over(self) -> bool:
        """Whether to stop."""

    def now(self) -> int:
        """Return the time, ns UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it is over."""


def serve(
    schedule: Schedule,
    waiting: Waiting,
    run: Callable[[], object],
    tell: Callable[[str], None],
) -> None:
    """Run at each moment until it is over. A run that fails is told, and the next one comes all the same.

    A moment that comes while a run is still on is skipped and told.
    """
    following = schedule.next_after(waiting.now())
    tell(f"the next run is {schedule.shown(following)}")
    while _wait_for(following, waiting):
        try:
            run()
        except LiuError as exc:
            tell(f"the run of {schedule.shown(following)} failed: {exc}")
        if waiting.is_over:
            return
        now = waiting.now()
        for missed in schedule.between(following, now):
            tell(
                f"the run of {schedule.shown(missed)} is skipped: that of"
                f" {schedule.shown(following)} was still on"
            )
        following = schedule.next_after(max(now, following))
        tell(f"the next run is {schedule.shown(following)}")


def _wait_for(moment: int, waiting: Waiting) -> bool:
    """Wait until a moment; return False when it is over before."""
    while not waiting.is_over:
        left = (moment - waiting.now()) / 1e9
        if left <= 0:
            return True
        waiting.sleep(min(left, LOOK_AGAIN))
    return False
