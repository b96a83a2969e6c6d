"""Rows of Alpaca's REST answers as values of ours. What cannot be read is counted, and its neighbours are kept.

Source: Alpaca's reference of the market data and trading APIs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from math import inf
from typing import Any

from liualgotrader.common.calendar import NEW_YORK, Session, new_york, us_equities
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.common.timestamps import parse_time
from liualgotrader.data.tolerant import RowReader

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
_BILLIONTH = Decimal("0.000000001")
_LATEST = 1 << 63
_ONE, _ZERO = Decimal(1), Decimal(0)


class Odd(ValueError):
    """A row that cannot be."""


class Reader(RowReader):
    """Reads rows and counts those that it skips, by kind."""

    def snapshot(self, symbol: str, row: Row) -> Snapshot:
        """Return what is known of a symbol; each part by itself."""
        return Snapshot(
            symbol=symbol,
            trade=self.one("a trade", row.get("latestTrade"), lambda r: trade(symbol, r)),
            quote=self.one("a quote", row.get("latestQuote"), lambda r: quote(symbol, r)),
            minute=self.one("a bar", row.get("minuteBar"), lambda r: bar(symbol, r, 60)),
            day=self.one("a bar", row.get("dailyBar"), lambda r: bar(symbol, r, 86_400)),
            previous_day=self.one(
                "a bar", row.get("prevDailyBar"), lambda r: bar(symbol, r, 86_400)
            ),
        )

    def actions(self, by_kind: Row) -> Iterator[CorporateAction]:
        """Yield corporate actions of an answer, which has a list for each kind of them."""
        for kind, rows in by_kind.items():
            make = _ACTIONS.get(kind)
            if make is None:
                if rows:
                    self.skipped[f"corporate actions: {kind}"] += len(rows)
                    log.warning(
                        "%d corporate actions of a kind that is not known: %s", len(rows), kind
                    )
            else:
                yield from self.each(f"corporate actions: {kind}", rows, make)


def bar(symbol: str, row: Row, seconds: int) -> Bar:
    """Return a bar. Raises Odd for an impossible one."""
    made = Bar(
        symbol, _ns(row), float(row["o"]), float(row["h"]), float(row["l"]),
        float(row["c"]), float(row["v"]), seconds, _maybe(row, "vw"),
        None if row.get("n") is None else int(row["n"]),
    )  # fmt: skip
    inside = made.low <= made.open <= made.high and made.low <= made.close <= made.high
    if inside and 0 < made.low <= made.high < inf and 0 <= made.volume < inf:
        return made
    raise Odd("impossible prices or volume")


def trade(symbol: str, row: Row) -> Trade:
    """Return a print. Raises Odd for an impossible one."""
    made = Trade(symbol, _ns(row), float(row["p"]), float(row["s"]))
    if 0 < made.price < inf and 0 <= made.size < inf:
        return made
    raise Odd("impossible price or size")


def quote(symbol: str, row: Row) -> Quote:
    """Return a quote. Raises Odd for an impossible one."""
    made = Quote(
        symbol, _ns(row), float(row["bp"]), float(row["ap"]), float(row["bs"]),
        float(row["as"]),
    )  # fmt: skip
    if min(made.bid, made.ask, made.bid_size, made.ask_size) >= 0 and made.bid + made.ask < inf:
        return made
    raise Odd("impossible price or size")


def instrument(row: Row) -> Instrument:
    """Return what can be traded. A pair's smallest steps are the vendor's, where it tells them."""
    crypto = row.get("class") == AssetClass.CRYPTO
    step = _step(row, "min_trade_increment") or _BILLIONTH
    return Instrument(
        symbol=_name(row, "symbol"),
        asset_class=AssetClass.CRYPTO if crypto else AssetClass.US_EQUITY,
        lot=step if crypto else _ONE,
        fraction=step if crypto else _BILLIONTH,
        tick=_step(row, "price_increment") if crypto else None,
        fractionable=bool(row.get("fractionable", False)),
        shortable=bool(row.get("shortable", False)),
        easy_to_borrow=bool(row.get("easy_to_borrow", False)),
        marginable=bool(row.get("marginable", False)),
        name=str(row.get("name") or ""),
    )


def session(row: Row) -> Session:
    """Return a trading day: open and close are the vendor's, the hours around them the calendar's.

    A day that our calendar does not have, or has with other hours, is one all the same: the vendor
    knows of a day of mourning before we do.
    """
    day = date.fromisoformat(row["date"])
    opens, closes = (new_york(day, time.fromisoformat(row[name])) for name in ("open", "close"))
    if not opens < closes:
        raise Odd("closes before it opens")
    if us_equities().is_session(day):
        known = us_equities().session(day)
        if (known.open, known.close) == (opens, closes):
            return known
        log.warning("the vendor's hours of %s are not the calendar's: %s", day, row)
    full = datetime.fromtimestamp(closes / 1e9, NEW_YORK).time() >= time(16)
    return Session(
        date=day,
        open=opens,
        close=closes,
        pre_open=new_york(day, time(4)),
        post_close=closes + 4 * 3_600_000_000_000,
        overnight_open=new_york(day, time(4)),
        is_half_day=not full,
    )


def _step(row: Row, name: str) -> Decimal | None:
    try:
        step = Decimal(str(row.get(name)))
    except InvalidOperation:
        return None
    return step if step.is_finite() and step > 0 else None


def _number(row: Row, name: str) -> Decimal:
    number = Decimal(str(row[name]))
    if not number.is_finite() or number < 0:
        raise Odd(f"{name} = {number}")
    return number


def _effect(row: Row, *names: str) -> int:
    """Return the midnight of the first of these days that is given, ns UTC."""
    text = next((row[name] for name in names if row.get(name)), None)
    if not isinstance(text, str):
        raise Odd(f"no {names[0]}")
    return new_york(date.fromisoformat(text[:10]))


def _name(row: Row, field: str) -> str:
    name = row[field]
    if not isinstance(name, str) or not name:
        raise Odd(f"{field} = {name!r}")
    return name


def _ns(row: Row) -> int:
    ns = parse_time(row["t"])
    if not 0 <= ns < _LATEST:
        raise Odd("a time of another age")
    return ns


def _maybe(row: Row, field: str) -> float | None:
    value = row.get(field)
    return None if value is None else float(value)


def _split(row: Row) -> CorporateAction:
    ratio = _number(row, "new_rate") / _number(row, "old_rate")
    return CorporateAction(_name(row, "symbol"), _effect(row, "ex_date"), ratio=ratio)


def _stock_dividend(row: Row) -> CorporateAction:
    ratio = _ONE + _number(row, "rate")
    return CorporateAction(_name(row, "symbol"), _effect(row, "ex_date"), ratio=ratio)


def _cash_dividend(row: Row) -> CorporateAction:
    return CorporateAction(_name(row, "symbol"), _effect(row, "ex_date"), cash=_number(row, "rate"))


def _renamed(row: Row) -> CorporateAction:
    at = _effect(row, "process_date")
    return CorporateAction(_name(row, "old_symbol"), at, new_symbol=_name(row, "new_symbol"))


def _taken_over(row: Row) -> CorporateAction:
    at = _effect(row, "effective_date", "process_date")
    return CorporateAction(
        _name(row, "acquiree_symbol"), at, ratio=_ZERO, cash=_number(row, "rate")
    )


def _merged(row: Row) -> CorporateAction:
    cash = (
        _number(row, "cash_rate") / _number(row, "acquiree_rate") if "cash_rate" in row else _ZERO
    )
    return CorporateAction(
        _name(row, "acquiree_symbol"),
        _effect(row, "effective_date", "process_date"),
        ratio=_number(row, "acquirer_rate") / _number(row, "acquiree_rate"),
        cash=cash,
        new_symbol=_name(row, "acquirer_symbol"),
    )


def _gone(row: Row) -> CorporateAction:
    cash = _number(row, "rate") if "rate" in row else _ZERO
    return CorporateAction(
        _name(row, "symbol"), _effect(row, "process_date"), ratio=_ZERO, cash=cash
    )


# Spin-offs, unit splits, rights and redemptions in part have no counterpart among our inputs: they
# are counted, so that a difference of positions that reconciliation finds can be explained.
_ACTIONS: dict[str, Callable[[Row], CorporateAction]] = {
    "forward_splits": _split,
    "reverse_splits": _split,
    "stock_dividends": _stock_dividend,
    "cash_dividends": _cash_dividend,
    "name_changes": _renamed,
    "cash_mergers": _taken_over,
    "stock_mergers": _merged,
    "stock_and_cash_mergers": _merged,
    "redemptions": _gone,
    "worthless_removals": _gone,
}
