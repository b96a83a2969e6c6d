"""Names that survive a crash: an order's id is made of batch, consumer slot and sequence.

Sending the same order again after a crash carries the same id, so the broker refuses the double.
"""

from __future__ import annotations

from liualgotrader.common.errors import LiuError

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class BadOrderId(LiuError, ValueError):
    """The text is not an id that this project made."""


def slot_name(index: int) -> str:
    """Return a consumer's letter: 0 is A, 25 is Z, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = _LETTERS[rest] + name
    return name


def order_prefix(batch_id: str, slot: str) -> str:
    """Return what all order ids of one consumer of one batch begin with."""
    return f"{batch_id[:8]}-{slot}-"


def order_id(batch_id: str, slot: str, number: int) -> str:
    """Return the id of a consumer's `number`-th order; sorts by number within a consumer."""
    return numbered(order_prefix(batch_id, slot), number)


def numbered(prefix: str, number: int) -> str:
    """Return the id of a `number`-th order, `prefix` being its consumer's."""
    return prefix + str(number).zfill(7)


def parse_order_id(text: str) -> tuple[str, str, int]:
    """Return (batch prefix, slot, number) of an id of ours. Raises BadOrderId on anyone else's."""
    parts = text.split("-")
    if not text.isascii() or len(parts) != 3 or len(parts[0]) != 8:
        raise BadOrderId(f"not an order id of ours: {text!r}")
    if not (parts[1].isalpha() and parts[1].isupper() and parts[2].isdigit()):
        raise BadOrderId(f"not an order id of ours: {text!r}")
    return parts[0], parts[1], int(parts[2])
