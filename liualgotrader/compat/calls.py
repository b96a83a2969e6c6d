"""Calls with what a method takes: 0.4 asked a method's signature too, and old classes leave arguments out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any


def takes(method: Callable[..., Any], name: str) -> bool:
    """Say whether a method has an argument of that name."""
    return name in _arguments(_code(method))[0]


def call(method: Callable[..., Any], *first: Any, **named: Any) -> Any:
    """Call a method with `first` in their places, and those of `named` that it takes."""
    names, open_end = _arguments(_code(method))
    given = named if open_end else {name: value for name, value in named.items() if name in names}
    return method(*first, **given)


def _code(method: Callable[..., Any]) -> CodeType:
    code: CodeType = inspect.unwrap(method).__code__
    return code


# By code, which all classes made of a file share: a function would keep its class, and with it an engine, alive.
@lru_cache(maxsize=256)
def _arguments(code: CodeType) -> tuple[frozenset[str], bool]:
    """Return which arguments may be given by name, and whether any other may."""
    last = code.co_argcount + code.co_kwonlyargcount
    names = frozenset(code.co_varnames[code.co_posonlyargcount : last])
    return names, bool(code.co_flags & inspect.CO_VARKEYWORDS)
