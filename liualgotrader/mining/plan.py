"""What a night's work is: the contents of `miner.toml`, checked, as immutable values."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import msgspec

from liualgotrader.common.plan import Mode


class DataSource(StrEnum):
    """Whom miners ask for market data: the exchange in a box, started for the run, or a vendor."""

    BOX = "box"
    ALPACA = "alpaca"
    MASSIVE = "massive"


class Universe(StrEnum):
    """Where symbols come from that the file does not list: the history, or what can be traded."""

    LAKE = "lake"
    ASSETS = "assets"


class DataPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`[data]`.

    `symbols`: the universe, None for that of `universe`. `workers`: how many processes work at
    once, None for as many as there are cores. `feed`: which of the vendor's, None for its free one.
    `account`: whose keys, "paper" or "live". `seed`, `date` and `tape`: the day of the box, as in
    a tradeplan's `[session]`.
    """

    source: DataSource = DataSource.BOX
    symbols: tuple[str, ...] | None = None
    universe: Universe = Universe.LAKE
    workers: int | None = None
    feed: str | None = None
    account: Mode = Mode.PAPER
    seed: int = 0
    date: dt.date | None = None
    tape: tuple[str, ...] = ()


class JobKind(StrEnum):
    """What a job is. The values name the tables of the file."""

    MINER = "miners"
    FORECAST = "forecasts"


class JobPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`[miners.NAME]` or `[forecasts.NAME]`. `filename` is a path, or the dotted name of a module that is built in.

    `needs`: jobs without whose work it is skipped. `follows`: jobs that end before it begins,
    however they end. `class_after`: what the class itself says of it, as it was read.
    """

    name: str
    kind: JobKind
    class_name: str
    filename: str
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    class_after: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}


class MinerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`miner.toml`. `jobs` in an order in which each comes after those that it waits for."""

    filename: str = "miner.toml"
    data: DataPlan = DataPlan()
    jobs: tuple[JobPlan, ...] = ()
