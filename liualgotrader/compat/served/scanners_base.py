"""`liualgotrader.scanners.base`: what an old scanner derives from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from liualgotrader.compat.errors import unanswerable


class Scanner:
    """0.4's base."""

    def __init__(
        self,
        name: str,
        data_loader: Any,
        recurrence: timedelta | None = None,
        target_strategy_name: str | None = None,
        data_source: Any = None,
    ) -> None:
        self.name = name
        self.data_loader = data_loader
        self.recurrence = recurrence
        self.target_strategy_name = target_strategy_name
        self.data_source = data_source

    def __repr__(self) -> str:
        return self.name

    async def run(self, back_time: datetime | None = None) -> list[str]:
        """Return symbols."""
        raise NotImplementedError(f"{type(self).__name__} must define run()")

    @classmethod
    def get_supported_scanners(cls) -> list[str]:
        """Return those that are built in."""
        return ["momentum"]

    @classmethod
    async def get_scanner(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse: the plan says which scanners there are."""
        raise unanswerable("Scanner.get_scanner()", "name it in the plan: [scanners.NAME]")
