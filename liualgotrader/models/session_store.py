"""All of a session's rows in one place, apart from its orders, which the ledger writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from liualgotrader.common.events import Command
from liualgotrader.models import commands
from liualgotrader.models.batch_store import BatchStore
from liualgotrader.models.forecast_store import ForecastStore
from liualgotrader.models.pick_store import PickStore
from liualgotrader.models.report_store import ReportStore
from liualgotrader.models.run_store import RunStore


class SessionStore(BatchStore, RunStore, PickStore, ReportStore, ForecastStore):
    """Reads and writes what a session is. Every error of the database is a StoreError."""

    async def send_command(
        self, batch_id: str, name: str, *, reason: str = "", strategy: str | None = None
    ) -> int:
        """Ask something of a running session; return the command's id."""
        return await commands.send_command(
            self.pool, batch_id, name, reason=reason, strategy=strategy
        )

    async def is_taken(self, command_id: int) -> bool:
        """Return whether a session has acted on a command."""
        return await commands.is_taken(self.pool, command_id)

    def listen_commands(self, batch_id: str) -> AsyncGenerator[Command, None]:
        """Iterate over a batch's commands; see `commands.listen_commands`."""
        return commands.listen_commands(self.dsn, batch_id)
