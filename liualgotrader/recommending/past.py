"""Where the history of a symbol is: in the lake, or else among the bars that come with the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from liualgotrader.analytics.rows import Floats
from liualgotrader.backtest.request import Asset, Scale
from liualgotrader.common.calendar import Session
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_errors import nearest
from liualgotrader.data.daily_history import COMPANIES
from liualgotrader.data.lake import Kind, Lake, Rows, adjusted
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.data.lake.days import FOREVER, NEVER, day_of, day_start, is_crypto

_KINDS = {Scale.DAY: (Kind.DAY, Kind.MINUTE), Scale.MINUTE: (Kind.MINUTE,)}
_NAMED = 12


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The history of a symbol, first to last day: in the lake at `root`, which is `bundled` or the user's own."""

    symbol: str
    root: str
    bundled: bool
    scale: Scale
    first: date
    last: date

    @property
    def asset(self) -> Asset:
        """Whose trading days count."""
        return Asset.CRYPTO if is_crypto(self.symbol) else Asset.EQUITY

    @property
    def lake(self) -> Lake:
        """The lake that it is in."""
        return Lake(Path(self.root))


def find_past(symbol: str, lake: Lake, scale: Scale | None, bundle: Callable[[], Path]) -> Past:
    """Return where the history of a symbol is, of `scale` or, for None, of the finest that there is.

    `bundle` gives a lake of what comes with the package, asked for when the symbol is in no other.
    Raises ConfigError for a symbol without history, which says of what there is some.
    """
    for own in (True, False):
        if not own and symbol not in COMPANIES:
            continue
        there = lake if own else Lake(bundle())
        for each in (Scale.MINUTE, Scale.DAY) if scale is None else (scale,):
            if (span := _span(there, symbol, each)) is not None:
                return Past(
                    symbol=symbol,
                    root=str(there.root),
                    bundled=not own,
                    scale=each,
                    first=day_of(symbol, span[0]),
                    last=day_of(symbol, span[1]),
                )
    raise ConfigError(_unknown(symbol, lake, scale))


def write_bundle(root: Path) -> Path:
    """Make a lake of the public-domain bars that come with the package, and return where. Raises ConfigError."""
    lake = Lake(root)
    lake.write_all(Kind.DAY, bundled_rows())
    lake.add_actions(bundled_actions())
    return root


def held(past: Past, sessions: Sequence[Session]) -> Floats:
    """Return what holding the symbol earned from the close before each session to its own, dividends put back in.

    0 until the symbol has a close. Costs nothing: it is bought once.
    """
    rows = _daily(past)
    rows = adjusted(rows, past.lake.actions(past.symbol), sessions[-1].close, dividends=True)
    # A day bar has its midnight as time, before the open.
    places = np.searchsorted(rows.start, [session.open for session in sessions], "right") - 1
    before = np.concatenate(([max(int(places[0]) - 1, -1)], places[:-1]))
    known = before >= 0
    closes = rows.close
    found = np.zeros(len(sessions))
    found[known] = closes[places[known]] / closes[before[known]] - 1.0
    return found


def version(past: Past, through: date) -> str:
    """Return a digest of the bars and actions of a history up to a day, so that a change in them is seen."""
    lake, digest = past.lake, hashlib.sha256()
    end = day_start(past.symbol, through + timedelta(days=1))
    for kind in _KINDS[past.scale]:
        rows = lake.read(kind, past.symbol, NEVER, end)
        for column in (rows.start, *rows.values):
            digest.update(np.ascontiguousarray(column).tobytes())
    known = [action for action in lake.actions(past.symbol) if action.ex_date <= through]
    digest.update(msgspec.json.encode(known))
    return digest.hexdigest()[:16]


def _daily(past: Past) -> Rows:
    """Return the day bars of a history, made of its minutes where it is one by the minute, or has no others."""
    lake, symbol = past.lake, past.symbol
    if past.scale is Scale.DAY:
        rows = lake.read(Kind.DAY, symbol, NEVER, FOREVER)
        if len(rows):
            return rows
    return daily_from_minutes(lake.read(Kind.MINUTE, symbol, NEVER, FOREVER), past.asset.calendar)


def _span(lake: Lake, symbol: str, scale: Scale) -> tuple[int, int] | None:
    spans = (lake.span(kind, symbol) for kind in _KINDS[scale])
    return next((span for span in spans if span is not None), None)


def _unknown(symbol: str, lake: Lake, scale: Scale | None) -> str:
    kinds = {kind for each in ([scale] if scale else Scale) for kind in _KINDS[each]}
    own = sorted({name for kind in kinds for name in lake.symbols(kind)})
    bundled = [] if scale is Scale.MINUTE else [name for name in COMPANIES if name not in own]
    close = nearest(symbol, [*own, *bundled])
    more = f" and {len(own) - _NAMED} more" if len(own) > _NAMED else ""
    parts = [f"the lake has {', '.join(own[:_NAMED]) or 'none'}{more}"]
    if bundled:
        parts.append(f"with the package come {', '.join(bundled)}, by the day")
    said = f" by the {scale}" if scale else ""
    hint = f"the nearest symbol is {close}; " if close else ""
    return (
        f"there is no history of {symbol}{said}: {hint}{'; '.join(parts)}; `liu data import FILE` brings"
        " more in"
    )
