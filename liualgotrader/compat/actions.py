"""What `run` and `run_all` return, read as orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.instruments import BadNumber, exact_number
from liualgotrader.compat.errors import BadAction

_TYPES = ("market", "limit")


class Action(msgspec.Struct, frozen=True):
    """One order: `qty` in shares or coins, `limit` in dollars, None for the market."""

    symbol: str
    buy: bool
    qty: Decimal
    limit: Decimal | None = None


def read_run(symbol: str, answer: Any) -> Action | bool | None:
    """Return the order that `run` asked for, False for a symbol that it gives back, None for nothing.

    Raises BadAction.
    """
    if answer is None:
        return None
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise BadAction(
            f"run() of {symbol} returned {answer!r}: return (True, action) or (False, {{}})"
        )
    acts, action = answer
    if not acts:
        return False if isinstance(action, Mapping) and action.get("reject") else None
    return read_action(symbol, action)


def read_action(symbol: str, action: Any) -> Action:
    """Return the order that a dict asks for. Raises BadAction, which names the key to mend."""
    where = f"the action for {symbol}, {action!r}"
    if not isinstance(action, Mapping):
        raise BadAction(
            f'{where}: it must be a dict like {{"side": "buy", "qty": 10, "type": "market"}}'
        )
    side, kind = str(action.get("side")), str(action.get("type", "market"))
    if side not in ("buy", "sell"):
        raise BadAction(f'{where}: "side" must be "buy" or "sell"')
    if kind not in _TYPES:
        raise BadAction(
            f'{where}: "type" must be "market" or "limit", as 0.4 placed no others; a class of today places them all'
        )
    limit = None
    if kind == "limit":
        limit = _number(action, "limit_price", where)
    # 0.4 took a sale of -10 for one of 10.
    return Action(symbol, side == "buy", abs(_number(action, "qty", where)), limit)


def _number(action: Mapping[str, Any], key: str, where: str) -> Decimal:
    try:
        return exact_number(action[key])
    except KeyError:
        raise BadAction(f'{where}: "{key}" is missing') from None
    except BadNumber as exc:
        raise BadAction(f'{where}: "{key}" is {exc}') from exc
