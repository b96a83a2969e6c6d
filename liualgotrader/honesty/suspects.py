"""Lines of the user's files that may bring in more than the engine gives: where to look first."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

_READERS = frozenset(
    {"open", "load", "loadtxt", "read_between", "read_bytes", "read_file", "read_text", "Lake"}
)
_NEGATIVE_MEANS_FUTURE = frozenset({"diff", "pct_change", "roll", "shift"})
_MOST = 4


def suspects(sources: Mapping[str, str]) -> str:
    """Return `FILE:LINE: CODE` of lines that read files or the environment, or shift by less than 0.

    Empty when there are none. `sources`: texts by the names of files.
    """
    found = [f"{name}:{line}" for name, line in _all(sources)]
    more = ", ..." if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + more


def _all(sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in sources.items():
        if name.startswith("liualgotrader."):
            continue
        lines = text.splitlines()
        for number in _lines(text):
            yield name, f"{number}: {lines[number - 1].strip()}"


def _lines(text: str) -> Iterable[int]:
    try:
        nodes = ast.walk(ast.parse(text))
    except SyntaxError:  # the worker tells what is wrong with the file
        return []
    return sorted({node.lineno for node in nodes if _is_suspect(node)})  # type: ignore[attr-defined]


def _is_suspect(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("environ", "getenv")
    if not isinstance(node, ast.Call):
        return False
    name = _name(node.func)
    if name in _NEGATIVE_MEANS_FUTURE:
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        return any(isinstance(v, ast.UnaryOp) and isinstance(v.op, ast.USub) for v in values)
    return name in _READERS or name.startswith("read_")


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
