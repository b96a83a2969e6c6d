"""Libraries of 0.4's days that old files import for their annotations, and that are not installed any more."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from liualgotrader.compat.errors import unanswerable

RETIRED = frozenset({"alpaca_trade_api"})


class RetiredModule(ModuleType):
    """Has every name: a class that cannot be made, good for annotations."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (_Retired,), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


class _Retired:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        where = f"{type(self).__module__}.{type(self).__name__}"
        raise unanswerable(
            where, "the broker and the data are the framework's; orders are what run() returns"
        )
