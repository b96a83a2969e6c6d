"""`liualgotrader.models.portfolio`: the portfolio that the plan gives a strategy."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.purse import Purse
from liualgotrader.compat.served.types import AssetType
from liualgotrader.compat.world import current

_CREATE = "create it before the session: `portfolio create SIZE`"
_OWN = "a strategy knows its own: set portfolio_id in its table of the plan"


class Portfolio:
    """Made with an id, or loaded by one; dollars."""

    def __init__(
        self,
        portfolio_id: str | None = None,
        portfolio_size: float = 0.0,
        account_id: int | None = None,
        parameters: dict[str, Any] | None = None,
        asset_type: AssetType = AssetType.US_EQUITIES,
    ) -> None:
        self.portfolio_id = portfolio_id
        self.portfolio_size = portfolio_size
        self.account_id = account_id
        self.parameters = parameters if parameters is not None else {}
        self.asset_type = asset_type

    @classmethod
    async def load_by_portfolio_id(cls, portfolio_id: str) -> Portfolio:
        """Return the strategy's portfolio. Raises Unanswerable for another's."""
        return _own("Portfolio.load_by_portfolio_id()", portfolio_id)

    @classmethod
    async def load_details(cls, portfolio_id: str) -> tuple[int | None, float]:
        """Return the number of its account, and its size."""
        found = _own("Portfolio.load_details()", portfolio_id)
        return found.account_id, found.portfolio_size

    @classmethod
    async def load_by_batch_id(cls, batch_id: str) -> Portfolio:
        """Return the strategy's portfolio."""
        return _own("Portfolio.load_by_batch_id()", current().facts.portfolio_id)

    @classmethod
    async def associate_batch_id_to_profile(cls, portfolio_id: str, batch_id: str) -> None:
        """Say yes: it is done, and there is one instance where 0.4 had one in each process."""
        _own("Portfolio.associate_batch_id_to_profile()", portfolio_id)

    @classmethod
    async def is_associated(cls, portfolio_id: str, batch_id: str | None = None) -> bool:
        """Say whether it is the strategy's."""
        facts = current().facts
        return portfolio_id == facts.portfolio_id and batch_id in (None, facts.batch_id)

    @classmethod
    async def exists(cls, portfolio_id: str) -> bool:
        """Say whether it is the strategy's: others are not known here."""
        return portfolio_id == current().facts.portfolio_id

    @classmethod
    async def get_portfolio_account_balance(cls, portfolio_id: str) -> float:
        """Return its cash."""
        _own("Portfolio.get_portfolio_account_balance()", portfolio_id)
        return float(_purse().balance)

    @classmethod
    async def get_external_account_id(cls, portfolio_id: str) -> tuple[str | None, str | None]:
        """Return (None, None): orders go to the session's account."""
        return None, None

    @classmethod
    async def list_portfolios(cls) -> Any:
        """Refuse."""
        raise unanswerable("Portfolio.list_portfolios()", "list them with `portfolio list`")

    @classmethod
    async def save(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse."""
        raise unanswerable("Portfolio.save()", _CREATE)


def _own(what: str, portfolio_id: str | None) -> Portfolio:
    world = current()
    world.context(what)
    if portfolio_id is None or portfolio_id != world.facts.portfolio_id:
        raise unanswerable(f"{what} of {portfolio_id!r}", _OWN)
    return Portfolio(portfolio_id, float(_purse().size), account_id=1)


def _purse() -> Purse:
    purse = current().purse
    if purse is None:
        raise unanswerable("a portfolio", "ask in create() or later")
    return purse
