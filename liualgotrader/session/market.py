"""Where a session trades, and when: the exchange in a box, or a broker of the world."""

from __future__ import annotations

import msgspec

from liualgotrader.bootstrap import Endpoints


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is told of its market before it has any process.

    `now`: the market's time, ns UTC. `tape`: whether it is a tape's, which stands until it begins.
    `clock_offset`: the market's time less this machine's, ns; 0 unless both are on this machine.
    `notice`: what a reader of the report must know of the prices.
    """

    endpoints: Endpoints
    broker: str
    now: int
    session_open: int
    session_close: int
    tape: bool = False
    clock_offset: int = 0
    notice: str = ""
