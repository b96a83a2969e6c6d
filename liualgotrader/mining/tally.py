"""What a day's fills in one symbol come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from liualgotrader.common.ledger_orders import FLAT
from liualgotrader.miners.base import SimulatedRun
from liualgotrader.venue.fees import FeeModel
from liualgotrader.venue.orders import Execution


def tally(
    symbol: str, day: date, fills: Sequence[Execution], *, mark: Decimal, fees: FeeModel
) -> SimulatedRun:
    """Return the gain after fees, what is still held being worth `mark` a share, and what it took.

    `fills` in their order. A trip goes from flat to flat, or through zero.
    """
    held, trips, put_in, gain = FLAT, 0, Decimal(0), Decimal(0)
    for fill in fills:
        signed = fill.side.sign * fill.qty
        before, held = held, held.after(signed, fill.price)
        if held.qty and before.qty * held.qty <= 0:
            trips += 1
        put_in = max(put_in, abs(held.value))
        gain -= signed * fill.price + fill.fee
    gain += held.qty * mark
    gain -= sum(fees.daily(fills, day).values(), Decimal(0))
    return SimulatedRun(symbol=symbol, day=day, trips=trips, gain=float(gain), put_in=float(put_in))
