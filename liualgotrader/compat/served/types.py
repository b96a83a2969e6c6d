"""`liualgotrader.common.types`."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any


class TimeScale(Enum):
    """How long a bar is, in seconds."""

    day = 86_400
    minute = 60


class DataConnectorType(Enum):
    """A vendor's name; which one answers is the plan's to say."""

    alpaca = 1
    polygon = 2
    finnhub = 3
    gemini = 4
    tradier = 5


class BrokerType(Enum):
    """A broker's name; where orders go is the plan's to say."""

    alpaca = 1
    gemini = 2
    tradier = 3


class AssetType(Enum):
    """What a portfolio holds."""

    US_EQUITIES = 1
    CRYPTO = 2


class WSConnectState(Enum):
    """How a stream stands; the framework keeps it open."""

    NOT_CONNECTED = auto()
    CONNECTED = auto()
    AUTHENTICATED = auto()


class WSEventType(Enum):
    """A kind of market data; the plan's `events` say which come."""

    TRADE = auto()
    QUOTE = auto()
    MIN_AGG = auto()
    SEC_AGG = auto()


class Order:
    """An order at work, as `trading_data.open_orders` holds it."""

    class EventType(Enum):
        """What happened to an order."""

        partial_fill = auto()
        fill = auto()
        canceled = auto()
        rejected = auto()
        cancel_rejected = auto()
        pending = auto()
        error = auto()
        open = auto()
        other = auto()

    class FillSide(Enum):
        """Which way."""

        buy = auto()
        sell = auto()

    def __init__(
        self,
        order_id: str,
        symbol: str,
        event: Order.EventType,
        submitted_at: Any,
        price: float | None = None,
        trade_fees: float = 0.0,
        filled_qty: float | None = None,
        side: Order.FillSide | None = None,
        remaining_amount: float | None = None,
        avg_execution_price: float | None = None,
        external_account_id: str | None = None,
    ) -> None:
        self.order_id = order_id
        self.symbol = symbol
        self.event = event
        self.submitted_at = submitted_at
        self.price = price
        self.trade_fees = trade_fees
        self.filled_qty = filled_qty
        self.side = side
        self.remaining_amount = remaining_amount
        self.avg_execution_price = avg_execution_price
        self.external_account_id = external_account_id


class Trade:
    """What 0.4 passed of an execution; a name to annotate with."""


class QueueMapper:
    """What 0.4's processes shared; a name to annotate with."""


class ThreadFlags:
    """What 0.4's threads shared; a name to annotate with."""
