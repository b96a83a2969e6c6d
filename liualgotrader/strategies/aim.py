"""What a strategy means to do with a position: where it was wrong, where it takes its profit."""

from __future__ import annotations

import msgspec


class Aim(msgspec.Struct):
    """Exits of one position, prices in dollars. `size` is the most that was held, in shares."""

    stop: float
    first: float
    target: float
    size: float = 0.0

    @classmethod
    def of(cls, entry: float, stop: float, *, first: float, target: float) -> Aim:
        """Put the targets at multiples of the risk per share, on the other side of the entry."""
        risk = entry - stop
        return cls(stop, entry + risk * first, entry + risk * target)

    @property
    def kept(self) -> float:
        """What stays after scaling out, in shares: the larger half."""
        return self.size - self.size // 2


class Memory(msgspec.Struct):
    """What must outlive an incarnation, for one symbol.

    `level` belongs to the session that opened at `session` (ns UTC) and is None before the first
    exit. `aim` is that of the position or of the entry at work. Before `quiet_until` (ns UTC)
    nothing is entered.
    """

    session: int
    level: float | None = None
    quiet_until: int = 0
    aim: Aim | None = None

    def text(self) -> str:
        """Return it for the keystore."""
        return msgspec.json.encode(self).decode()


def recall(text: str | None, session: int) -> Memory:
    """Return what the keystore kept, less what belongs to another session."""
    if not text:
        return Memory(session)
    kept = msgspec.json.decode(text, type=Memory)
    return kept if kept.session == session else Memory(session, aim=kept.aim)


def shares(
    *, worth: float, money: float, risk: float, weight: float, entry: float, stop: float
) -> int:
    """Return how many whole shares to enter with, 0 or more.

    So many that the way from `entry` to `stop` costs the fraction `risk` of `worth`, but for no
    more than the fraction `weight` of `worth` and no more than `money`. All amounts in dollars.
    """
    distance = abs(entry - stop)
    if not distance or entry <= 0:
        return 0
    return max(int(min(worth * risk / distance, worth * weight / entry, money / entry)), 0)
