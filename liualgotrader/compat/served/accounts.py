"""`liualgotrader.models.accounts`: the cash of the strategy's portfolio, or of the account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from liualgotrader.common.instruments import exact_number
from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.purse import Purse
from liualgotrader.compat.served.tlog import tlog_once
from liualgotrader.compat.world import current

_SET_ASIDE = "set money aside with `portfolio create SIZE`, and name it in the plan"
_BOOKED = (
    "every execution is booked by the framework; this booking of the strategy's own has no effect"
)


class Accounts:
    """One account is known here: the strategy's own, whatever its number."""

    @classmethod
    async def get_balance(cls, account_id: int | None) -> float:
        """Return its cash in dollars."""
        return float(_purse("Accounts.get_balance()").balance)

    @classmethod
    async def check_if_enough_balance_to_withdraw(
        cls, account_id: int | None, amount: float
    ) -> bool:
        """Say whether an amount, at least 0, is there, with what credit there is."""
        purse = _purse("Accounts.check_if_enough_balance_to_withdraw()")
        wanted = exact_number(amount)
        if wanted < 0:
            raise ValueError(f"an amount to withdraw must not be negative, was {amount}")
        return purse.balance + purse.credit_line >= wanted

    @classmethod
    async def add_transaction(
        cls, account_id: int | None, amount: float, tstamp: Any = None, details: Any = None
    ) -> None:
        """Take note: what was bought or sold is booked already, and nothing is booked twice."""
        _purse("Accounts.add_transaction()").book(Decimal(exact_number(amount)))
        tlog_once(f"Accounts.add_transaction(): {_BOOKED}")

    @classmethod
    async def create(cls, *args: Any, **kwargs: Any) -> int:
        """Refuse."""
        raise unanswerable("Accounts.create()", _SET_ASIDE)

    @classmethod
    async def get_transactions(cls, account_id: int | None) -> Any:
        """Refuse."""
        raise unanswerable("Accounts.get_transactions()", "ask `liu db query` outside the session")

    @classmethod
    async def clear_balance(cls, account_id: int | None, new_balance: float) -> None:
        """Refuse."""
        raise unanswerable("Accounts.clear_balance()", _SET_ASIDE)

    @classmethod
    async def clear_account_transactions(cls, account_id: int | None) -> None:
        """Refuse."""
        raise unanswerable("Accounts.clear_account_transactions()", _SET_ASIDE)


def _purse(what: str) -> Purse:
    world = current()
    world.context(what)
    if world.purse is None:
        raise unanswerable(what, "ask in create() or later")
    return world.purse
