"""Measure how much of venue, book and order table the tests hold fast: tools/mutate --help."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random

import msgspec
import pytest

from tools.mutation import trials
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.score import scores, survivors

WANTED = 0.85
RESULTS = Path("build/mutation/results.json")
GROUPS = {
    "venue": ["liualgotrader/venue/*.py"],
    "book": ["liualgotrader/engine/book.py"],
    "order table": ["liualgotrader/common/orders.py"],
}
TESTS = [
    "tests/properties/test_orders.py",
    "tests/unit/common/test_orders*.py",
    "tests/unit/engine/test_book*.py",
    "tests/properties/test_book.py",
    "tests/unit/venue/test_*.py",
    "tests/properties/test_venue.py",
]
_QUICK = 0.5  # seconds that a file of tests takes
FACTS = "tests/venue_cases/*.toml"

# A worker goes on from here, with what is loaded and with what is not: elsewhere spawn is the default.
FORK = get_context("fork")

Work = list[tuple[int, Mutant]]


class Known(msgspec.Struct):
    """The outcome of a trial, and the digests of what it was made with."""

    source: str
    tests: str
    killer: str | None


def main() -> int:
    options = _options()
    begin = time.monotonic()
    paths = {name: _paths(patterns) for name, patterns in GROUPS.items()}
    chosen = [path for group in paths.values() for path in group if options.only in path]
    tests = _paths(TESTS)
    # Read once: somebody may be editing the files meanwhile.
    sources = {path: Path(path).read_bytes() for path in chosen}
    mutants = in_order(sources)
    sample = _sampled(mutants, options.sample, options.seed)
    memory = Memory(tests, sources, fresh=options.fresh)
    killers = {i: known.killer for i, m in sample if (known := memory.recall(m)) is not None}
    left = [(index, mutant) for index, mutant in sample if index not in killers]
    _say(f"{len(mutants)} mutants, {len(sample)} to try, {len(killers)} of them known from before")
    if left:
        trials.prepare_hypothesis()
        watched = [path for group in paths.values() for path in group]
        reached = trials.watch(watched, tests, options.examples)
        plan = Plan(tests, sources, examples=options.examples, reached=reached)
        try:
            for outcome in _try_all(left, plan, options.processes):
                killers[outcome.index] = outcome.killer
                memory.keep(mutants[outcome.index], outcome.killer)
                _progress(len(killers), len(sample))
        finally:
            memory.write()  # an interrupted run goes on where it was
    print("\n".join(survivors(mutants, killers, sources)))
    found = scores(mutants, killers, paths)
    for name, score in found.items():
        print(f"{name:45} {score.words()}")
    print(f"{time.monotonic() - begin:.0f} s, {len(left)} tried, {len(sample) - len(left)} known")
    return int(any(score.share < WANTED for name, score in found.items() if name.startswith("=")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tools/mutate", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="try only N mutants, by lot")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the lot")
    parser.add_argument("--only", default="", metavar="PART", help="files whose path has this part")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    parser.add_argument("--examples", type=int, default=25, metavar="N", help="of each property")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    return parser.parse_args()


def in_order(sources: Mapping[str, bytes]) -> list[Mutant]:
    """Return the mutants of files. A process of its own reads them: ours must not import them."""
    reader, writer = Pipe(duplex=False)
    child = FORK.Process(target=_find, args=(sources, writer))
    child.start()
    writer.close()
    found = msgspec.msgpack.decode(reader.recv_bytes(), type=list[Mutant])
    child.join()
    return found


def _find(sources: Mapping[str, bytes], writer: Connection) -> None:
    found: list[Mutant] = []
    for path, source in sources.items():
        module = importlib.import_module(trials.module_name(path))
        found += mutants_of(path, source, module)
    writer.send_bytes(msgspec.msgpack.encode(found))


def _sampled(mutants: Sequence[Mutant], size: int | None, seed: int) -> Work:
    work = list(enumerate(mutants))
    if size is None or size >= len(work):
        return work
    return sorted(Random(seed).sample(work, size), key=lambda pair: pair[0])


# ---------------------------------------------------------------------------- the processes


class Plan:
    """With which tests mutants are tried."""

    def __init__(
        self,
        tests: Sequence[str],
        sources: Mapping[str, bytes],
        *,
        examples: int,
        reached: trials.Reached,
    ) -> None:
        self.sources = sources
        self.examples = examples
        self.reached = reached
        self.seconds = 5 + 5 * sum(reached.seconds.values())
        by_file: dict[str, float] = defaultdict(float)
        for name, seconds in reached.seconds.items():
            by_file[name.split("::")[0]] += seconds
        quick = [path for path in tests if by_file[path] < _QUICK]
        self.stages = [quick, [path for path in tests if path not in quick]]

    def is_inside(self, mutant: Mutant) -> bool:
        """Whether a mutant changes a function that runs in tests alone."""
        lines = {(mutant.path, n) for n in range(mutant.lines[0], mutant.lines[1] + 1)}
        return bool(mutant.owner) and lines.isdisjoint(self.reached.on_import)


def _try_all(work: Work, plan: Plan, processes: int) -> Iterator[trials.Outcome]:
    open_ends: list[Connection] = []
    workers = []
    for number in range(processes):
        reader, writer = Pipe(duplex=False)
        part = work[number::processes]
        workers.append(FORK.Process(target=_work, args=(part, plan, writer)))
        workers[-1].start()
        writer.close()
        open_ends.append(reader)
    while open_ends:
        for ready in wait(open_ends):
            assert isinstance(ready, Connection)
            try:
                yield ready.recv()
            except EOFError:
                open_ends.remove(ready)
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"tools/mutate: a worker ended with {worker.exitcode}")


def _work(part: Work, plan: Plan, answers: Connection) -> None:
    """Try a part; what changes an import needs children of a process that has imported nothing."""
    inside = [pair for pair in part if plan.is_inside(pair[1])]
    trials.silence()
    trier = trials.Trier(inside, sources=plan.sources, reached=plan.reached, answers=answers)
    few = trials.FewExamples(plan.examples)
    tests = [path for stage in plan.stages for path in stage]
    if trials.in_child(lambda: pytest.main([*trials.OPTIONS, *tests], plugins=[trier, few])):
        raise SystemExit("the tests could not be collected")
    for index, mutant in part:
        if not plan.is_inside(mutant):
            killer = trials.try_on_import(
                mutant,
                plan.sources[mutant.path],
                stages=plan.stages,
                seconds=plan.seconds,
                examples=plan.examples,
            )
            answers.send(trials.Outcome(index, killer))


# ---------------------------------------------------------------------------- what is known


class Memory:
    """Outcomes by mutant. They count while the changed file and the tests are as they were.

    For one that was killed that is the file with the test that did it, for a survivor all of them.
    That other code has changed is not noticed: --fresh forgets everything.
    """

    def __init__(
        self,
        tests: Sequence[str],
        sources: Mapping[str, bytes],
        *,
        fresh: bool,
    ) -> None:
        facts = b"".join(Path(path).read_bytes() for path in _paths([FACTS]))
        self._digests = {path: _digest(Path(path).read_bytes() + facts) for path in tests}
        self._all = _digest("".join(self._digests.values()).encode())
        self._sources = {path: _digest(source) for path, source in sources.items()}
        self._known: dict[str, Known] = {}
        if RESULTS.exists() and not fresh:
            self._known = msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Known])

    def recall(self, mutant: Mutant) -> Known | None:
        """Return the outcome of an earlier trial that still counts."""
        known = self._known.get(_name(mutant))
        if known is None or known.source != self._sources[mutant.path]:
            return None
        return known if known.tests == self._made_with(known.killer) else None

    def keep(self, mutant: Mutant, killer: str | None) -> None:
        """Keep an outcome."""
        self._known[_name(mutant)] = Known(
            self._sources[mutant.path], self._made_with(killer), killer
        )

    def write(self) -> None:
        """Write all outcomes down."""
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(self._known)))

    def _made_with(self, killer: str | None) -> str:
        path = killer.split("::")[0] if killer else ""
        return self._digests.get(path, self._all)


def _name(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.start}-{mutant.end}:{mutant.replacement}"


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _paths(patterns: Sequence[str]) -> list[str]:
    """Return the files of all patterns, each once, in the patterns' order."""
    found = (str(path) for pattern in patterns for path in sorted(Path().glob(pattern)))
    return list(dict.fromkeys(found))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() or done % 250 == 0:
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{done} of {of}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
