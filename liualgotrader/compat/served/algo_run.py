"""`liualgotrader.models.algo_run`."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable


class AlgoRun:
    """A strategy's run in a batch. Its row is the framework's, which writes it before and after."""

    def __init__(self, strategy_name: str, batch_id: str) -> None:
        self.strategy_name = strategy_name
        self.batch_id = batch_id
        self.run_id = 0

    async def save(
        self, pool: Any = None, env: str = "unknown", ref_algo_run_id: int | None = None
    ) -> None:
        """Do nothing: the row is there."""

    async def update_end_time(self, pool: Any = None, end_reason: str = "") -> None:
        """Do nothing: the row is closed with the session."""

    @classmethod
    async def get_batch_ids(cls, *args: Any) -> Any:
        """Refuse."""
        raise unanswerable("AlgoRun.get_batch_ids()", "list batches with `liu batches --json`")

    @classmethod
    async def get_batches(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse."""
        raise unanswerable("AlgoRun.get_batches()", "list batches with `liu batches --json`")

    @classmethod
    async def get_batch_details(cls, *args: Any) -> Any:
        """Refuse."""
        raise unanswerable("AlgoRun.get_batch_details()", "ask `liu db query` outside the session")
