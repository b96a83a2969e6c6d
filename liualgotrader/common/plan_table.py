"""Reading the plan key by key: what is wrong is noted, with its line, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from liualgotrader.common.plan_checks import Wrong, kind
from liualgotrader.common.plan_errors import Mistake, PlanErrors, dotted, shorten, suggestion
from liualgotrader.common.toml_document import Document
from liualgotrader.common.toml_lines import Path, Place

T = TypeVar("T")


class Report:
    """The mistakes found so far."""

    def __init__(self, filename: str, document: Document) -> None:
        self.filename = filename
        self.mistakes = list(document.mistakes)
        self.options: dict[str, Any] = {}
        self._places = document.places
        self._named: set[Path] = set()

    def add(self, path: Path, message: str) -> None:
        """Note a mistake; only the first about a key, because the others follow from it."""
        if path in self._named:
            return
        self._named.add(path)
        if path[:1] == ("session",) and path[-1] in self.options:
            self._add_option(str(path[-1]), message)
            return
        place = self._places.get(path) or Place(self._line_above(path), "")
        key, value = dotted(path), shorten(place.text)
        self.mistakes.append(Mistake(self.filename, place.line, key, value, message))

    def has_below(self, path: Path) -> bool:
        """Say whether a mistake in a table, or in the table itself, is noted already."""
        return any(named[: len(path)] == path for named in self._named)

    def add_environment(self, name: str, value: str, message: str) -> None:
        """Note a mistake in an environment variable."""
        self.mistakes.append(Mistake("", 0, f"environment {name}", shorten(value), message))

    def raise_if_any(self) -> None:
        """Raise PlanErrors when something is wrong."""
        if self.mistakes:
            raise PlanErrors(self.mistakes)

    def _add_option(self, name: str, message: str) -> None:
        value = self.options[name]
        text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        self.mistakes.append(Mistake("", 0, f"--{name}", shorten(text), message))

    def _line_above(self, path: Path) -> int:
        """Return the line of the nearest table around a key that is not there; 1 for the file."""
        for end in range(len(path) - 1, 0, -1):
            if path[:end] in self._places:
                return self._places[path[:end]].line
        return 1


class Table:
    """A table and the keys that were asked of it; whatever is left was not expected."""

    def __init__(self, report: Report, path: Path, data: Mapping[str, Any]) -> None:
        self.report = report
        self.path = path
        self.asked: list[str] = []
        self._data = data

    def __contains__(self, key: str) -> bool:
        """Say whether the key is written."""
        return key in self._data

    def take(self, key: str, check: Callable[[Any], T], default: T) -> T:
        """Return the checked value of a key, or `default` when it is absent or wrong."""
        self.asked.append(key)
        if key not in self._data:
            return default
        try:
            return check(self._data[key])
        except Wrong as wrong:
            self.wrong(key, str(wrong))
            return default

    def table(self, key: str) -> Table:
        """Return the table under a key; an empty one when it is absent or not a table."""
        self.asked.append(key)
        value = self._data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"must be a table, not {kind(value)}")
            value = {}
        return Table(self.report, (*self.path, key), value)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Iterate over the tables in this one, by name."""
        for name in self._data:
            if isinstance(self._data[name], dict):
                yield name, self.table(name)
            else:
                self.asked.append(name)
                self.wrong(name, f"must be a table, not {kind(self._data[name])}")

    def array(self, key: str) -> list[Table]:
        """Return the tables of an array of tables; empty when it is absent or something else."""
        self.asked.append(key)
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(key, f"must be written as [[{dotted((*self.path, key))}]]")
            return []
        path = (*self.path, key)
        return [Table(self.report, (*path, i), each) for i, each in enumerate(value)]

    def rest(self) -> Iterator[tuple[str, Any]]:
        """Iterate over what was not asked for."""
        yield from [(key, self._data[key]) for key in self._data if key not in self.asked]

    def close(self, hints: Mapping[str, str]) -> None:
        """Note every key that was not asked for; `hints` say of some what to do."""
        for key, _ in self.rest():
            hint = hints.get(key) or suggestion(key, self.asked, what="key")
            self.wrong(key, f"unknown key; {hint}")

    def wrong(self, key: str, message: str) -> None:
        """Note what is wrong with a key."""
        self.report.add((*self.path, key), message)
