"""`liualgotrader.analytics.analysis`, as far as it is asked within a session: a strategy's own trades."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.frames import OldFrame
from liualgotrader.compat.world import current


async def load_trades_by_portfolio(portfolio_id: str) -> OldFrame:
    """Return the trades of the strategy's portfolio since this life began, behind what it held then.

    Buys less sales of a symbol are its position. Columns: see `compat.trades`.
    """
    return _trades("load_trades_by_portfolio()")


async def load_trades_by_batch_id(batch_id: str) -> OldFrame:
    """Return the same: a strategy sees its own."""
    return _trades("load_trades_by_batch_id()")


async def get_portfolio_cash(portfolio_id: str) -> Any:
    """Refuse."""
    raise unanswerable("get_portfolio_cash()", "Accounts.get_balance() tells the cash now")


async def get_portfolio_equity(portfolio_id: str) -> Any:
    """Refuse."""
    raise unanswerable(
        "get_portfolio_equity()", "value trading_data.positions with data_loader[symbol].close[-1]"
    )


def _trades(what: str) -> OldFrame:
    world = current()
    world.context(what)
    if world.trades is None:
        raise unanswerable(what, "ask in create() or later")
    return world.trades.frame()
