"""Whether a plan's scanners pick the same where the future does not exist."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

import msgspec

from liualgotrader.backtest.request import Request
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.data.lake import ActionKind, Kind, Lake
from liualgotrader.data.lake.days import day_of, day_start
from liualgotrader.honesty.cuts import spread
from liualgotrader.honesty.scans import Scanned
from liualgotrader.honesty.suspects import suspects
from liualgotrader.honesty.tasks import WHOLE, Answer, Task, sources_of
from liualgotrader.honesty.truncation import truncate
from liualgotrader.honesty.workers import LONGEST, Workers, whole

SCANS = 60


class ChangedScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that is another without the future, at `ts`, ns UTC.

    `appear` are picked only without the future, `disappear` only with it; `later` tells what became
    of those of them that ended. Neither has names when the order alone is another.
    """

    ts: int
    scanner: str
    with_future: Scanned
    without_future: Scanned | None
    appear: list[str]
    disappear: list[str]
    later: dict[str, str]
    hint: str


class ScannerResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a check: how many scans there were, on how many truncated histories."""

    scans: int
    cuts: int
    changed: list[ChangedScan]

    @property
    def identical(self) -> bool:
        """Whether no scan changed."""
        return not self.changed


def check_scanners(
    request: Request,
    home: Path,
    *,
    show: Callable[[str], None] = lambda _: None,
    recommendations: Sequence[Recommendation] = (),
) -> ScannerResult:
    """Run the scanners on the history under `home`, then each scan where nothing after it exists.

    Each life is a process of its own. Raises ConfigError for a plan without scanners, LiuError when
    the first life fails.
    """
    if not request.plan.scanners:
        raise ConfigError(
            f"{request.plan.filename}: there is no scanner to check; add [scanners.NAME], or check the"
            " strategies with --check-lookahead"
        )
    sources, lake = sources_of(request), Lake(home / "history")
    looks = {
        p.name: suspects({p.filename: sources.get(p.filename, "")}) for p in request.plan.scanners
    }
    with (
        tempfile.TemporaryDirectory(prefix=".check-", dir=home) as folder,
        Workers(Path(folder)) as workers,
    ):
        task = Task(
            request=request,
            sources=sources,
            cut=WHOLE,
            scanners=True,
            recommendations=recommendations,
        )
        began = perf_counter()
        known = whole(workers.run(task, home, longest=LONGEST)).scans
        longest = 60 + 5 * (perf_counter() - began)
        chosen: dict[int, list[Scanned]] = defaultdict(list)
        for each in spread(known, SCANS):
            chosen[each.ts].append(each)
        show(f"{len(known):,} scans; {len(chosen)} histories to cut")

        def scan(ts: int) -> Answer:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                truncate(lake, Path(place) / "history", ts + 1, effective=ts + 1)
                return workers.run(_of_day(task, ts), Path(place), longest=longest)

        lives = dict(zip(chosen, workers.each(scan, chosen), strict=True))
    changed = [
        each for ts, life in lives.items() for each in _changed(chosen[ts], life, lake, looks)
    ]
    return ScannerResult(scans=len(known), cuts=len(chosen), changed=changed)


def _of_day(task: Task, ts: int) -> Task:
    """Return the task of the day of a scan alone: scanners are new every day."""
    day = next(each.date for each in task.request.sessions() if each.open <= ts < each.close)
    request = msgspec.structs.replace(task.request, first=day, last=day)
    return msgspec.structs.replace(task, request=request, cut=ts + 1)


def _changed(
    scans: Iterable[Scanned], life: Answer, lake: Lake, looks: Mapping[str, str]
) -> Iterator[ChangedScan]:
    found = {(each.ts, each.scanner): each for each in life.scans}
    for known in scans:
        now = found.get((known.ts, known.scanner))
        if now == known:
            continue
        there, here = set(known.picks), set(now.picks if now is not None else ())
        names = sorted(there ^ here)
        why = life.error or (now.raised if now is not None else "")
        yield ChangedScan(
            ts=known.ts,
            scanner=known.scanner,
            with_future=known,
            without_future=now,
            appear=sorted(here - there),
            disappear=sorted(there - here),
            later={name: what for name in names if (what := _later(lake, name, known.ts))},
            hint=_hint(why, looks.get(known.scanner, "")),
        )


def _hint(why: str, look: str) -> str:
    parts = [f"on the truncated history: {why}"] if why else []
    parts.append(
        f"look at {look}"
        if look
        else "look for what the scanner reads beside its ctx, on import too"
    )
    return "; ".join(parts)


def _later(lake: Lake, symbol: str, ts: int) -> str:
    """Return what became of a symbol after a moment: delisted, renamed, not traded any more."""
    for action in lake.recorded(symbol):
        if day_start(symbol, action.ex_date) <= ts:
            continue
        if action.kind is ActionKind.DELISTED:
            return f"delisted on {action.ex_date}"
        if action.kind is ActionKind.RENAME:
            return f"renamed to {action.new_symbol} on {action.ex_date}"
    ends = _last(lake, symbol)
    newest = max((_last(lake, each) for kind in Kind for each in lake.symbols(kind)), default=0)
    if ends and day_of(symbol, ends) < day_of(symbol, newest):
        return f"without a row after {day_of(symbol, ends)}"
    return ""


def _last(lake: Lake, symbol: str) -> int:
    """Return the time of a symbol's last row, ns UTC, 0 for none."""
    spans = [lake.own_span(kind, symbol) for kind in Kind]
    return max((span[1] for span in spans if span is not None), default=0)
