"""Libraries of indicators as old files see them: what they make of a column still takes `[-1]` for the last value."""

from __future__ import annotations

import functools
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import pandas as pd

from liualgotrader.compat.frames import OldFrame, OldSeries

INDICATORS = frozenset({"ta", "talib"})
"""Those whose functions take columns and return plain ones."""


def indicators_of(module: ModuleType) -> ModuleType:
    """Return a module whose functions, and those of the modules in it, return old columns."""
    return _Indicators(module)


class _Indicators(ModuleType):
    """Stands for a library; nothing in it is changed."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        vars(self)["_module"] = module
        for name in getattr(module, "__all__", ()):
            vars(self)[name] = self.__getattr__(name)

    def __getattr__(self, name: str) -> Any:
        module = vars(self)["_module"]
        value = getattr(module, name)
        if isinstance(value, ModuleType) and value.__name__.startswith(f"{module.__name__}."):
            return _Indicators(value)
        is_function = isinstance(value, FunctionType | BuiltinFunctionType)
        return _returning_old(value) if is_function else value


def _returning_old(function: Any) -> Any:
    @functools.wraps(function)
    def work(*args: Any, **kwargs: Any) -> Any:
        return _old(function(*args, **kwargs))

    return work


def _old(value: Any) -> Any:
    if isinstance(value, pd.Series):
        return OldSeries(value)
    if isinstance(value, pd.DataFrame):
        return OldFrame(value)
    if isinstance(value, tuple):
        return tuple(map(_old, value))
    return value
