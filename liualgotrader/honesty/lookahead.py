"""Whether a plan decides the same where the future does not exist."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from pathlib import Path
from time import perf_counter

import msgspec

from liualgotrader.backtest.backtest import Forecasts
from liualgotrader.backtest.request import Request
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.data.lake import Lake
from liualgotrader.honesty.cuts import CUTS, cuts, effective
from liualgotrader.honesty.decisions import Decision
from liualgotrader.honesty.suspects import suspects
from liualgotrader.honesty.tasks import WHOLE, Answer, Task, sources_of
from liualgotrader.honesty.truncation import renames_to_come, truncate
from liualgotrader.honesty.workers import LONGEST, Workers, whole

_CHANCE = (
    "it is not the same twice on the whole history either: chance, the machine's clock or something"
    " outside decides"
)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that is another without the future. `cut`: nothing was known from then on, ns UTC.

    `with_future` and `without_future`: what it was, None where there was no such decision.
    """

    cut: int
    ts: int
    strategy: str
    symbol: str
    with_future: Decision | None
    without_future: Decision | None
    hint: str


class LookaheadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a check: how many decisions there were, on how many truncated histories."""

    decisions: int
    cuts: int
    changed: list[Changed]
    failures: list[str]

    @property
    def identical(self) -> bool:
        """Whether no decision changed."""
        return not self.changed


def check_lookahead(
    request: Request,
    home: Path,
    *,
    most: int = CUTS,
    show: Callable[[str], None] = lambda _: None,
    forecasts: Mapping[date, Forecasts] = {},
    recommendations: Sequence[Recommendation] = (),
) -> LookaheadResult:
    """Live the request on the history under `home`, then on up to `most` truncated ones, and compare.

    Each life is a process of its own. Raises LiuError when the first of them fails.
    """
    sources, lake = sources_of(request), Lake(home / "history")
    with (
        tempfile.TemporaryDirectory(prefix=".check-", dir=home) as folder,
        Workers(Path(folder)) as workers,
    ):
        task = Task(
            request=request,
            sources=sources,
            cut=WHOLE,
            scanners=False,
            forecasts=dict(forecasts),
            recommendations=recommendations,
        )
        began = perf_counter()
        known = whole(workers.run(task, home, longest=LONGEST))
        longest = 60 + 5 * (perf_counter() - began)
        moments = cuts(request, known.decisions, most)
        show(f"{len(known.decisions):,} decisions; {len(moments)} histories to cut")

        def live(cut: int) -> Answer:
            begun = effective(request, cut)
            renames = renames_to_come(lake, request.plan.session.symbols, begun)
            with tempfile.TemporaryDirectory(dir=folder) as place:
                truncate(lake, Path(place) / "history", cut, effective=begun)
                part = msgspec.structs.replace(task, cut=cut, renames=renames)
                return workers.run(part, Path(place), longest=longest)

        lives = dict(zip(moments, workers.each(live, moments), strict=True))
        changed = list(_changed(known, lives, _looks(request, sources)))
        if changed:
            again = workers.run(task, home, longest=longest)
            changed = without_chance(changed, known, again)
    return LookaheadResult(
        decisions=len(known.decisions),
        cuts=len(moments),
        changed=changed,
        failures=known.failures,
    )


Pair = tuple[Decision | None, Decision | None]


def different(known: Sequence[Decision], found: Sequence[Decision]) -> list[Pair]:
    """Return the decisions of one run without the same in the other, side by side, by time."""
    places: dict[tuple[int, str, str, str], tuple[list[Decision], list[Decision]]]
    places = defaultdict(lambda: ([], []))
    for side, decisions in enumerate((known, found)):
        for each in decisions:
            places[each.place][side].append(each)
    return [
        pair
        for place in sorted(places)
        for pair in zip_longest(*places[place])
        if pair[0] != pair[1]
    ]


def _looks(request: Request, sources: Mapping[str, str]) -> dict[str, str]:
    """Return where to look, by strategy: in its own file, else in the others of the plan."""
    own = {part.name: part.filename for part in request.plan.strategies}
    return {
        name: suspects({file: sources.get(file, "")}) or suspects(sources)
        for name, file in own.items()
    }


def _changed(
    known: Answer, lives: Mapping[int, Answer], looks: Mapping[str, str]
) -> Iterator[Changed]:
    seen = set()
    for cut, life in lives.items():
        before = [each for each in known.decisions if each.ts < cut]
        raised = [each for each in life.failures if each not in known.failures]
        for pair in different(before, life.decisions):
            either = pair[0] or pair[1]
            # Once, at the first cut that shows it: a later one tells no more.
            key = msgspec.json.encode(either)
            if either is None or key in seen:
                continue
            seen.add(key)
            yield Changed(
                cut=cut,
                ts=either.ts,
                strategy=either.strategy,
                symbol=either.symbol,
                with_future=pair[0],
                without_future=pair[1],
                hint=_hint(life.error or "; ".join(raised), looks.get(either.strategy, "")),
            )


def _hint(why: str, look: str) -> str:
    parts = [f"on the truncated history: {why}"] if why else []
    parts.append(
        f"look at {look}"
        if look
        else "look for what the plan's files read beside ctx and the event, on import too"
    )
    return "; ".join(parts)


def without_chance(changed: list[Changed], known: Answer, again: Answer) -> list[Changed]:
    """Say it of those decisions that another life on the whole history does not repeat."""
    chance = {
        each.place for pair in different(known.decisions, again.decisions) for each in pair if each
    }
    return [
        msgspec.structs.replace(each, hint=f"{_CHANCE}; {each.hint}")
        if any(d is not None and d.place in chance for d in (each.with_future, each.without_future))
        else each
        for each in changed
    ]
