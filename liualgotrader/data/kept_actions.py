"""A vendor's splits, dividends, renames and delistings, fetched once and recorded in the lake."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from liualgotrader.common.events import CorporateAction
from liualgotrader.common.ports import DataAPI
from liualgotrader.data.lake import Action, ActionKind, Lake
from liualgotrader.data.lake.day_ranges import Range
from liualgotrader.data.lake.days import day_of, is_crypto
from liualgotrader.data.lake.kept import ACTIONS, Kept

log = logging.getLogger(__name__)


TOLD_LATE = 7
"""So many days before those that are not known yet are asked for again: some actions are told late."""


class KeptActions:
    """What a vendor knows of shares, as far as somebody asked. Actions recorded by others stay."""

    def __init__(
        self, vendor: DataAPI, kept: Kept, lake: Lake, *, source: str, now: Callable[[], int]
    ) -> None:
        self._vendor = vendor
        self._kept = kept
        self._lake = lake
        self._source = source
        self._now = now
        self._fetching = asyncio.Lock()

    async def know(self, symbols: Sequence[str], first: int) -> None:
        """Have what took effect from a day (ordinal) until today in the lake. Raises FeedError."""
        shares = [symbol for symbol in symbols if not is_crypto(symbol)]
        if not shares:
            return
        today = day_of(shares[0], self._now()).toordinal()
        async with self._fetching:
            alike: dict[Range, list[str]] = defaultdict(list)
            for symbol in shares:
                for begins, ends in self._kept.missing(
                    ACTIONS, symbol, self._source, (first, today)
                ):
                    alike[begins - TOLD_LATE, ends].append(symbol)
            for days, found in sorted(alike.items()):
                start, end = (date.fromordinal(number) for number in days)
                told = await self._vendor.corporate_actions(found, start=start, end=end)
                await asyncio.to_thread(self._record, found, told, days)

    def _record(self, symbols: Sequence[str], told: Sequence[CorporateAction], days: Range) -> None:
        known = {action.key for action in self._lake.all_actions()}
        found: dict[tuple[str, date, ActionKind], Action] = {}
        for each in told:
            action = lake_action(each)
            if action is None or action.key in known:
                continue
            twin = found.get(action.key)
            if twin is not None and action.kind is ActionKind.DIVIDEND:
                total = (twin.value or Decimal(0)) + (action.value or Decimal(0))
                action = Action(action.ex_date, action.symbol, action.kind, total)
            found[action.key] = action
        self._lake.add_actions(found.values())
        for symbol in symbols:
            self._kept.note(ACTIONS, symbol, self._source, days)


def lake_action(event: CorporateAction) -> Action | None:
    """Return a corporate action as the lake records it; None for what it has no kind for."""
    day = day_of(event.symbol, event.time)
    if event.new_symbol:
        if event.ratio != 1 or event.cash:
            log.warning(
                "%s became %s of %s and %s in cash: the lake cannot record it",
                event.symbol, event.ratio, event.new_symbol, event.cash,
            )  # fmt: skip
            return None
        return Action(day, event.symbol, ActionKind.RENAME, new_symbol=event.new_symbol)
    if not event.ratio:
        return Action(day, event.symbol, ActionKind.DELISTED, event.cash or None)
    if event.ratio != 1:
        return Action(day, event.symbol, ActionKind.SPLIT, event.ratio)
    return Action(day, event.symbol, ActionKind.DIVIDEND, event.cash) if event.cash else None
