"""Calls with what a method takes: 0.4 asked a method's signature too, and old classes leave arguments out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@lru_cache(maxsize=512)
def _taken(function: Any) -> tuple[frozenset[str], bool]:
    parameters = inspect.signature(function).parameters.values()
    names = frozenset(each.name for each in parameters if each.kind in _BY_NAME)
    return names, any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)


def takes(method: Callable[..., Any], name: str) -> bool:
    """Say whether a method has an argument of that name."""
    return name in _taken(getattr(method, "__func__", method))[0]


def call(method: Callable[..., Any], *first: Any, **named: Any) -> Any:
    """Call a method with `first` in their places, and those of `named` that it takes."""
    names, open_end = _taken(getattr(method, "__func__", method))
    given = named if open_end else {name: value for name, value in named.items() if name in names}
    return method(*first, **given)
