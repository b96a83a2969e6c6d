"""The rows of Massive's REST answers as our types.

Bars' times are Unix ms, trades' and quotes' ns. A snapshot's days carry no time; they are those of
the calendar, as of when the snapshot was made. Functions raise KeyError, TypeError or ValueError
for what cannot be. Sources: massive.com/docs/rest, stocks and crypto.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from math import inf
from typing import Any

from liualgotrader.common.calendar import NEW_YORK, new_york, us_equities
from liualgotrader.common.events import SECOND, Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument, coin, exact_number
from liualgotrader.common.ports import Snapshot
from liualgotrader.data.tolerant import RowReader

_MS = 1_000_000
_MINUTE, _DAY = 60, 86_400
_DAY_NS = _DAY * SECOND
_LATEST = 1 << 63
_DECIMALS = 9
# The tape's word for prints that were none in the end: corrected later, in error, cancelled, and
# the records that say so. 0 is a print as usual, 12 is one as corrected (CTS and UTDF, "correction").
_WITHDRAWN = frozenset((1, 7, 8, 10, 11))

Row = Mapping[str, Any]


def instrument(row: Row, asset_class: AssetClass) -> Instrument:
    """Return a ticker. What Massive does not know is taken for not allowed."""
    if asset_class is AssetClass.CRYPTO:
        return coin(f"{row['base_currency_symbol']}/{row['currency_symbol']}", _DECIMALS)
    return Instrument(
        symbol=_text(row["ticker"]),
        asset_class=asset_class,
        lot=Decimal(1),
        fractionable=False,
        shortable=False,
        easy_to_borrow=False,
        marginable=False,
        name=str(row.get("name") or ""),
    )


def bar(symbol: str, row: Row, seconds: int) -> Bar:
    """Return an aggregate."""
    return _bar(symbol, row, int(row["t"]) * _MS, seconds)


def trade(symbol: str, row: Row) -> Trade | None:
    """Return a print; None for one that was withdrawn."""
    if row.get("correction") in _WITHDRAWN:
        return None
    time = row.get("sip_timestamp") or row["participant_timestamp"]
    return _trade(symbol, time, row["price"], row.get("decimal_size") or row["size"])


def quote(symbol: str, row: Row) -> Quote:
    """Return a quote. A side that nobody quotes is left out."""
    sides = (row.get(n) for n in ("bid_price", "ask_price", "bid_size", "ask_size"))
    return _quote(symbol, row["sip_timestamp"], *sides)


def split(row: Row) -> CorporateAction:
    """Return a split as of its ex-date."""
    ratio = exact_number(row["split_to"]) / exact_number(row["split_from"])
    if ratio <= 0:
        raise ValueError(f"a split of {ratio}")
    return CorporateAction(_text(row["ticker"]), _ex(row["execution_date"]), ratio=ratio)


def dividend(row: Row) -> CorporateAction:
    """Return a cash dividend in dollars as of its ex-date."""
    if row.get("currency", "USD") != "USD":
        raise ValueError(f"a dividend in {row['currency']}")
    cash = exact_number(row["cash_amount"])
    if cash < 0:
        raise ValueError(f"a dividend of {cash}")
    return CorporateAction(_text(row["ticker"]), _ex(row["ex_dividend_date"]), cash=cash)


def snapshot(reader: RowReader, symbol: str, row: Row) -> Snapshot:
    """Return a snapshot, each part by itself; what is not known yet is all zeros, and left out."""
    now = _time(row["updated"])
    today, before = _days(now, is_crypto="/" in symbol)
    minute = reader.one("a bar", _known(row.get("min")), partial(bar, symbol, seconds=_MINUTE))
    return Snapshot(
        symbol=symbol,
        trade=reader.one("a trade", row.get("lastTrade"), partial(_last_trade, symbol)),
        quote=reader.one("a quote", row.get("lastQuote"), partial(_last_quote, symbol)),
        minute=minute if minute is not None and minute.ts_event <= now else None,
        day=reader.one("a bar", _known(row.get("day")), lambda r: _bar(symbol, r, today, _DAY)),
        previous_day=reader.one(
            "a bar", _known(row.get("prevDay")), lambda r: _bar(symbol, r, before, _DAY)
        ),
    )


def _bar(symbol: str, row: Row, start: int, seconds: int) -> Bar:
    vwap = row.get("vw")
    made = Bar(
        symbol, _time(start), float(row["o"]), float(row["h"]), float(row["l"]), float(row["c"]),
        float(row.get("dv") or row["v"]), seconds, None if vwap is None else float(vwap), row.get("n"),
    )  # fmt: skip
    inside = made.low <= made.open <= made.high and made.low <= made.close <= made.high
    if inside and 0 < made.low and made.high < inf and 0 <= made.volume < inf:
        return made
    raise ValueError("an impossible bar")


def _trade(symbol: str, time: Any, price: Any, size: Any) -> Trade:
    made = Trade(symbol, _time(time), float(price), float(size))
    if 0 < made.price < inf and 0 <= made.size < inf:
        return made
    raise ValueError("an impossible trade")


def _quote(symbol: str, time: Any, *sides: Any) -> Quote:
    bid, ask, bid_size, ask_size = (float(side or 0) for side in sides)
    if all(0 <= number < inf for number in (bid, ask, bid_size, ask_size)):
        return Quote(symbol, _time(time), bid, ask, bid_size, ask_size)
    raise ValueError("an impossible quote")


def _last_trade(symbol: str, row: Row) -> Trade | None:
    known = row.get("p")
    return _trade(symbol, row["t"], row["p"], row.get("ds") or row["s"]) if known else None


def _last_quote(symbol: str, row: Row) -> Quote | None:
    """Return the newest quote: capitals are the ask."""
    sides = (row.get(name) for name in ("p", "P", "s", "S"))
    return _quote(symbol, row["t"], *sides) if row.get("t") else None


def _known(row: Any) -> Any:
    """Return a bar's row, or None where there was nothing yet."""
    return row if row and row.get("c") else None


def _time(value: Any) -> int:
    time = int(value)
    if 0 < time < _LATEST:
        return time
    raise ValueError(f"not a time of our age: {value}")


def _text(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise TypeError(f"not a ticker: {value!r}")


def _ex(day: str) -> int:
    return new_york(date.fromisoformat(day))


def _days(now: int, *, is_crypto: bool) -> tuple[int, int]:
    """Return when the day of a moment began and the one before, ns UTC: New York's, of crypto UTC's."""
    if is_crypto:
        midnight = now - now % _DAY_NS
        return midnight, midnight - _DAY_NS
    calendar = us_equities()
    day = datetime.fromtimestamp(now // SECOND, NEW_YORK).date()
    today = day if calendar.is_session(day) else calendar.previous_session(day).date
    return new_york(today), new_york(calendar.previous_session(today).date)
