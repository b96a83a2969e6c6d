"""Try mutants: fork, make one change, run the tests that reach it, and see whether one fails.

A change inside a function is put into the running program by exchanging the function's code, in a
child of a process that has collected all tests. What runs on import needs a child that imports anew.
A child is given processor time, not wall time, so that a busy machine condemns nobody.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import mmap
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import hypothesis
import msgspec
import pytest

from tools.mutation.mutants import Mutant

OPTIONS = [
    *("-q", "-s", "-x", "--noconftest", "--timeout=0", "-p", "no:cacheprovider"),
    # hypothesis is imported before pytest would rewrite it.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
]
SURVIVED, KILLED = 0, 1
_NAME_BYTES = 512
_MEMORY = 3 << 30


class Reached(msgspec.Struct):
    """What a run without any change has shown: lines by test, what import runs, seconds by test."""

    lines: dict[str, set[tuple[str, int]]]
    on_import: set[tuple[str, int]]
    seconds: dict[str, float]


class Outcome(msgspec.Struct):
    """How a trial ended: what killed the mutant, or nothing when it survived."""

    index: int
    killer: str | None


def prepare_hypothesis() -> None:
    """Take the same examples every time, and do not make a failure pretty: one is enough."""
    hypothesis.settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")


class FewExamples:
    """Lowers what a property asks for by itself, for which hypothesis has no public way."""

    def __init__(self, examples: int) -> None:
        self._examples = examples

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Give each property fewer examples."""
        for item in items:
            test = getattr(item, "obj", None)
            asked = getattr(test, "_hypothesis_internal_use_settings", None)
            if asked is not None and asked.max_examples > self._examples:
                fewer = hypothesis.settings(asked, max_examples=self._examples)
                vars(test)["_hypothesis_internal_use_settings"] = fewer


def module_name(path: str) -> str:
    """Return a/b.py as a.b."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def in_child(work: Callable[[], int]) -> int:
    """Do work in a fork of this process; return its exit status, or the negative signal."""
    child = os.fork()
    if child == 0:
        status = KILLED
        try:
            silence()
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def silence() -> None:
    """Send what this process says nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def limit(seconds: float) -> None:
    """End this process after so much processor time, and refuse it endless memory."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))


# ---------------------------------------------------------------------------- without a change


class _Watcher:
    """Notes which lines each test runs."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = {str(Path(path).resolve()): path for path in paths}
        self._now: set[tuple[str, int]] = set()
        self.reached = Reached({}, self._now, {})
        self.failed: list[str] = []

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Follow frames of the files that are watched, and no others."""
        path = self._paths.get(frame.f_code.co_filename)
        if path is None:
            return None
        now = self._now

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            now.add((path, frame.f_lineno))
            return line

        return line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Begin a new set of lines, and stop the time."""
        self._now = self.reached.lines[item.nodeid] = set()
        sys.settrace(self.trace)
        begin = time.process_time()
        result = yield
        self.reached.seconds[item.nodeid] = time.process_time() - begin
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what fails by itself."""
        if report.failed:
            self.failed.append(report.nodeid)


def watch(paths: Sequence[str], tests: Sequence[str], examples: int) -> Reached:
    """Run all tests once without a change, in a process of their own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            saying = os.dup(2)
            silence()
            watcher = _Watcher(paths)
            sys.settrace(watcher.trace)
            status = int(pytest.main([*OPTIONS, *tests], plugins=[watcher, FewExamples(examples)]))
            sys.settrace(None)
            if status:
                failed = f"failing without a change ({status}): {watcher.failed}\n"
                os.write(saying, failed.encode())
            with open(writer, "wb") as out:
                out.write(msgspec.msgpack.encode(watcher.reached))
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, "rb") as answer:
        told = answer.read()
    if os.waitpid(child, 0)[1]:
        raise SystemExit("tools/mutate: the tests must pass before anything is changed")
    return msgspec.msgpack.decode(told, type=Reached)


# ---------------------------------------------------------------------------- a change in a function


def _function(module: ModuleType, owner: str) -> FunctionType:
    found: Any = module
    for name in owner.split("."):
        found = vars(found)[name]
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    assert isinstance(found, FunctionType)
    return found


def _code(code: CodeType, owner: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == owner:
                return constant
            if owner.startswith(f"{constant.co_qualname}."):
                return _code(constant, owner)
    raise LookupError(owner)


def change_function(mutant: Mutant, source: bytes) -> None:
    """Put the changed code into the function that everybody has imported already."""
    changed = compile(mutant.apply(source), mutant.path, "exec", dont_inherit=True)
    function = _function(sys.modules[module_name(mutant.path)], mutant.owner)
    function.__code__ = _code(changed, mutant.owner)


class Trier:
    """Tries the mutants of functions, one child each, after the tests are collected."""

    def __init__(
        self,
        work: Sequence[tuple[int, Mutant]],
        *,
        sources: Mapping[str, bytes],
        reached: Reached,
        answers: Connection,
    ) -> None:
        self._work = work
        self._sources = sources
        self._reached = reached
        self._answers = answers
        self._name = mmap.mmap(-1, _NAME_BYTES)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        items = {item.nodeid: item for item in session.items}
        gc.freeze()  # what a child never touches need not be copied for it
        for index, mutant in self._work:
            tests = [items[name] for name in covering(mutant, self._reached)]
            killer = self._try(mutant, tests) if tests else None
            self._answers.send(Outcome(index, killer))
        return True

    def _try(self, mutant: Mutant, tests: list[pytest.Item]) -> str | None:
        seconds = sum(self._reached.seconds[item.nodeid] for item in tests)
        self._name[:] = bytes(_NAME_BYTES)
        status = in_child(lambda: self._run(mutant, tests, 5 + 5 * seconds))
        return verdict(status, self._name)

    def _run(self, mutant: Mutant, tests: list[pytest.Item], seconds: float) -> int:
        limit(seconds)
        change_function(mutant, self._sources[mutant.path])
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            tell(self._name, item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return SURVIVED

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One failure is enough."""
        if report.failed:
            os._exit(KILLED)


def covering(mutant: Mutant, reached: Reached) -> list[str]:
    """Return the tests that run a mutant's statement, the quickest first."""
    lines = {(mutant.path, line) for line in range(mutant.lines[0], mutant.lines[1] + 1)}
    tests = [name for name, ran in reached.lines.items() if not lines.isdisjoint(ran)]
    return sorted(tests, key=lambda name: reached.seconds[name])


def tell(name: mmap.mmap, nodeid: str) -> None:
    """Leave the name of the running test where the parent finds it."""
    name[:] = nodeid.encode()[:_NAME_BYTES].ljust(_NAME_BYTES, b"\0")


def verdict(status: int, name: mmap.mmap) -> str | None:
    """Return what killed a mutant, None when nothing did."""
    if status == SURVIVED:
        return None
    return bytes(name[:]).rstrip(b"\0").decode() or "import"


# ---------------------------------------------------------------------------- a change on import


class _Loader(importlib.machinery.SourceFileLoader):
    changed = b""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the changed source; the cache beside the file knows nothing of it."""
        return compile(self.changed, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant, source: bytes) -> None:
        self._name = module_name(mutant.path)
        self._loader = _Loader(self._name, str(Path(mutant.path).resolve()))
        self._loader.changed = mutant.apply(source)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Offer the changed module under its own name."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(
            fullname, self._loader.path, loader=self._loader
        )


class _Teller:
    """Tells the name of each test that begins."""

    def __init__(self, name: mmap.mmap) -> None:
        self._name = name

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell it."""
        tell(self._name, nodeid)


def try_on_import(
    mutant: Mutant,
    source: bytes,
    *,
    stages: Sequence[Sequence[str]],
    seconds: float,
    examples: int,
) -> str | None:
    """Run files of tests, stage by stage, in children that import the changed module."""
    name = mmap.mmap(-1, _NAME_BYTES)

    def run(tests: Sequence[str]) -> int:
        limit(seconds)
        sys.meta_path.insert(0, _Finder(mutant, source))
        return int(pytest.main([*OPTIONS, *tests], plugins=[_Teller(name), FewExamples(examples)]))

    for tests in stages:
        killer = verdict(in_child(partial(run, tests)), name)
        if killer is not None:
            return killer
    return None
