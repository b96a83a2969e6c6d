"""`/box/faults`: add a fault, list them, take them away."""

from __future__ import annotations

from aiohttp import web

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange.faults.board import Faults, as_json
from liualgotrader.exchange.faults.scenario import fault_of
from liualgotrader.exchange.replies import json_body, reply
from liualgotrader.exchange.service import Exchange
from liualgotrader.venue.orders import Rejection

BAD_FAULT = 40010001


class FaultsApi:
    """The handlers."""

    def __init__(self, exchange: Exchange, faults: Faults, *, lockstep: bool) -> None:
        self._exchange = exchange
        self._faults = faults
        self._lockstep = lockstep

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [
            web.get("/box/faults", self.listed, allow_head=False),
            web.post("/box/faults", self.add),
            web.delete("/box/faults", self.clear),
            web.delete("/box/faults/{id}", self.clear),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """Return all faults: what each is, whether it is on, how many it has met, how often it struck."""
        return reply([as_json(live) for live in self._faults])

    async def add(self, request: web.Request) -> web.Response:
        """Take in a fault; without a moment it is on at once."""
        body = await json_body(request)
        try:
            fault = fault_of(dict(body), lockstep=self._lockstep)
            now = max(self._exchange.clock.now(), self._exchange.floor.now + 1)
            live = self._faults.add(fault, now=now)
        except ConfigError as exc:
            raise Rejection(422, BAD_FAULT, str(exc)) from exc
        self._exchange.clock.wake()
        return reply(as_json(live), 201)

    async def clear(self, request: web.Request) -> web.Response:
        """Take away one fault, or all of them; what lasts ends at once."""
        asked = request.match_info.get("id")
        if asked is not None and not asked.isdigit():
            raise Rejection(404, 40410000, f"there is no fault {asked}")
        gone = self._faults.clear(None if asked is None else int(asked))
        if asked is not None and not gone:
            raise Rejection(404, 40410000, f"there is no fault {asked}")
        return reply({"cleared": gone})
