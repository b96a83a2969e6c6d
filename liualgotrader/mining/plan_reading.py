"""`miner.toml` from the disk, with the files that it names."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from liualgotrader.engine.loading import source_of
from liualgotrader.engine.plan_reading import found_file, plan_text
from liualgotrader.mining.plan import MinerPlan
from liualgotrader.mining.plan_file import parse_miner_plan


def read_miner_plan(path: Path) -> MinerPlan:
    """Return a plan whose `filename`s and tapes are paths that can be opened from anywhere.

    Paths in the file are relative to its own folder, or else to the current one. Raises ConfigError
    when it cannot be read, PlanErrors with everything that is wrong in it.
    """

    def place(name: str) -> str:
        return found_file(name, path.parent)

    plan = parse_miner_plan(
        plan_text(path),
        filename=str(path),
        sources=lambda name: source_of(place(name)),
        exists=lambda name: Path(place(name)).is_file(),
    )
    return replace(
        plan,
        data=replace(plan.data, tape=tuple(place(name) for name in plan.data.tape)),
        jobs=tuple(replace(job, filename=place(job.filename)) for job in plan.jobs),
    )
