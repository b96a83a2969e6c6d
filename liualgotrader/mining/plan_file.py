"""`miner.toml` to a MinerPlan, or to everything that is wrong with it. Text in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from liualgotrader.common import plan_checks as check
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.parameters import Sources
from liualgotrader.common.plan import FEEDS, Mode, Vendor
from liualgotrader.common.plan_classes import find_class, read_parameters
from liualgotrader.common.plan_errors import suggestion
from liualgotrader.common.plan_table import Report, Table
from liualgotrader.common.toml_document import read_document
from liualgotrader.mining.graph import circles, in_order
from liualgotrader.mining.plan import (
    DataPlan,
    DataSource,
    JobKind,
    JobPlan,
    MinerPlan,
    Universe,
)

_MOST_WORKERS = 256
_NAME = re.compile(r"\w[\w-]{0,79}$")
_DATA_HINTS = {key: f"it belongs in [data]: data.{key}" for key in DataPlan.__struct_fields__}
_BOX_ONLY = ("seed", "date", "tape")


class _Read(NamedTuple):
    """A job as it is written: `after` None when nothing is said of it."""

    job: JobPlan
    after: tuple[str, ...] | None


def parse_miner_plan(
    text: str,
    *,
    filename: str = "miner.toml",
    sources: Sources,
    exists: Callable[[str], bool] | None = None,
) -> MinerPlan:
    """Return the plan that a text describes. Raises PlanErrors with every mistake.

    `sources` gives the text of a class's file, or of a built-in one by its dotted module name; None
    when there is none. `exists` says whether a tape's file is there; without it nobody looks.
    """
    document = read_document(text, filename)
    report = Report(filename, document)
    top = Table(report, (), document.data)
    data = _data(top.table("data"))
    read = [
        *_jobs(top.table("miners"), JobKind.MINER, sources),
        *_jobs(top.table("forecasts"), JobKind.FORECAST, sources),
    ]
    top.close(_DATA_HINTS)
    _judge(data, read, report, exists)
    jobs = _linked(read, report)
    if document.complete and not read and not report.has_below(("miners",)):
        report.add(("miners",), "there is no miner: add a [miners.NAME]")
    report.raise_if_any()
    return MinerPlan(filename=filename, data=data, jobs=in_order(jobs))


def _data(table: Table) -> DataPlan:
    defaults = DataPlan()
    plan = DataPlan(
        source=table.take("source", check.one_of(DataSource), defaults.source),
        symbols=table.take("symbols", check.several(check.symbol, at_least=1), None),
        universe=table.take("universe", check.one_of(Universe), defaults.universe),
        workers=table.take("workers", check.whole(1, _MOST_WORKERS), None),
        feed=table.take("feed", check.text, None),
        account=table.take("account", _account, defaults.account),
        seed=table.take("seed", check.whole(0), 0),
        date=table.take("date", check.day, None),
        tape=table.take("tape", check.one_or_several(check.text), ()),
    )
    if plan.symbols is not None and "universe" in table:
        table.wrong("universe", "is not asked when symbols are listed: leave one of them out")
    table.close({})
    return plan


def _account(value: Any) -> Mode:
    return Mode(check.word(Mode.PAPER.value, Mode.LIVE.value)(value))


def _judge(
    data: DataPlan,
    read: Iterable[_Read],
    report: Report,
    exists: Callable[[str], bool] | None,
) -> None:
    """Find what is written and cannot be meant."""
    defaults = DataPlan()
    for key in _BOX_ONLY if data.source is not DataSource.BOX else ():
        if getattr(data, key) != getattr(defaults, key):
            report.add(("data", key), f"is only for the box, and source is {data.source}")
    if data.feed is not None:
        _judge_feed(data.source, data.feed, report)
    for tape in data.tape if exists else ():
        if exists and not exists(tape):
            report.add(("data", "tape"), f"there is no file {tape}")
    known: dict[str, JobKind] = {}
    for each in read:
        name, kind = each.job.name, each.job.kind
        if not _NAME.match(name):
            report.add((kind, name), "a name is made of letters, digits, _ and -")
        if known.setdefault(name, kind) is not kind:
            report.add((kind, name), f"there is a [{known[name]}.{name}] too: give it another name")


def _judge_feed(source: DataSource, feed: str, report: Report) -> None:
    if source is DataSource.BOX:
        report.add(("data", "feed"), "is for a vendor, and source is box")
        return
    feeds = FEEDS[Vendor(source.value), AssetClass.US_EQUITY]
    if feed not in feeds:
        report.add(("data", "feed"), f"is none of {source}'s feeds: {', '.join(feeds)}")


def _jobs(table: Table, kind: JobKind, sources: Sources) -> Iterator[_Read]:
    """Read `[miners]` or `[forecasts]`."""
    for name, one in table.tables():
        found = find_class(one, name, "miner" if kind is JobKind.MINER else "forecast", sources)
        after = one.take("after", check.several(check.text), None)
        of_class = found.declared.after if found.declared else ()
        if of_class is None:
            one.wrong(
                "filename",
                f"{found.class_name}.after must be written out: a tuple of names of classes in quotes",
            )
        job = JobPlan(
            name=name,
            kind=kind,
            class_name=found.class_name,
            filename=found.filename,
            class_after=of_class or (),
            parameters=read_parameters(one, found.declared),
        )
        yield _Read(job, after)


def _linked(read: list[_Read], report: Report) -> list[JobPlan]:
    """Return the jobs with what they wait for, by names; a circle is a mistake."""
    miners = [each.job.name for each in read if each.job.kind is JobKind.MINER]
    names = [each.job.name for each in read]
    of_class: dict[str, list[str]] = {}
    for each in read:
        of_class.setdefault(each.job.class_name, []).append(each.job.name)
    jobs = []
    for each in read:
        job, asked = each.job, each.after
        for name in asked or ():
            if name not in names:
                hint = suggestion(name, names, what="name")
                report.add(
                    (job.kind, job.name, "after"), f"there is no {name} in this file; {hint}"
                )
        needs = [*(asked or ()), *(n for c in job.class_after for n in of_class.get(c, ()))]
        follows: list[str] = []
        if job.kind is JobKind.FORECAST:
            # Unless told which, a forecast needs all miners: one that lacks its data would be a bad one.
            needs, follows = (needs, miners) if asked is not None else ([*needs, *miners], [])
        jobs.append(
            msgspec.structs.replace(
                job, needs=tuple(dict.fromkeys(needs)), follows=tuple(dict.fromkeys(follows))
            )
        )
    if len(set(names)) == len(names):
        _judge_circles({job.name: (*job.needs, *job.follows) for job in jobs}, jobs, report)
    return jobs


def _judge_circles(
    waits: Mapping[str, tuple[str, ...]], jobs: Iterable[JobPlan], report: Report
) -> None:
    kinds = {job.name: job.kind for job in jobs}
    for circle in circles(waits):
        way = " after ".join([*circle, circle[0]])
        report.add((kinds[circle[0]], circle[0], "after"), f"they wait for each other: {way}")
