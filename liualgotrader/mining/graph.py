"""Which job waits for which, and in what order they can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liualgotrader.mining.plan import JobPlan


def in_order(jobs: Sequence[JobPlan]) -> tuple[JobPlan, ...]:
    """Return the jobs so that each comes after those it waits for, else as they are written.

    Those of a circle come last.
    """
    waiting = {job.name: job for job in jobs}
    done: list[JobPlan] = []
    while ready := [job for job in waiting.values() if not waits_for(job) & waiting.keys()]:
        done.append(ready[0])
        del waiting[ready[0].name]
    return (*done, *waiting.values())


def waits_for(job: JobPlan) -> set[str]:
    """Return the names of the jobs that end before this one begins."""
    return {*job.needs, *job.follows}


def circles(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return each circle of jobs that wait for each other, once, from its first name in `needs` on."""
    found: list[list[str]] = []
    told: set[str] = set()
    for name in needs:
        path = _back_to(name, needs)
        if path and not told & set(path):
            found.append(path)
            told.update(path)
    return found


def _back_to(name: str, needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a shortest way from a job through what it waits for back to itself; none if there is none."""
    ways = [[name]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for other in needs.get(way[-1], ()):
            if other == name:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []
