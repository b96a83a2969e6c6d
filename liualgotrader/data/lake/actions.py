"""Corporate actions, as a CSV file that people can read and mend."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import CorporateAction
from liualgotrader.data.lake.row_files import write_whole

COLUMNS = ("symbol", "ex_date", "kind", "value", "new_symbol")
_SHOWN = 20


class ActionKind(StrEnum):
    """What became of the shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    RENAME = "rename"
    DELISTED = "delisted"


class Action(msgspec.Struct, frozen=True, order=True):
    """A corporate action. It takes effect before the first trade of `ex_date`.

    `value`: of a split, new shares for an old one; of a dividend, dollars a share as traded that
    day; of a delisting, the last cash paid a share, if any. `new_symbol`: of a rename.
    """

    ex_date: date
    symbol: str
    kind: ActionKind
    value: Decimal | None = None
    new_symbol: str = ""

    @property
    def key(self) -> tuple[str, date, ActionKind]:
        """What there is one of: two dividends on one day are given as their sum."""
        return self.symbol, self.ex_date, self.kind


def read_actions(path: Path) -> list[Action]:
    """Return the actions of a CSV file, by date and symbol; none where there is no file.

    Raises ConfigError with `FILE:LINE: what is wrong`, up to twenty lines of it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read as text ({exc}); write the file anew") from exc
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    if set(COLUMNS[:3]) - set(header) or set(header) - set(COLUMNS):
        raise ConfigError(
            f"{path}:1: the columns should be {','.join(COLUMNS)}, but are {','.join(header) or 'none'}"
        )
    found: dict[tuple[str, date, ActionKind], tuple[Action, int]] = {}
    mistakes: list[str] = []
    for cells in reader:
        if not any(cells):
            continue
        try:
            action = _action(header, cells)
            if action.key in found:
                raise ValueError(f"the same as line {found[action.key][1]}: one a day of a kind")
            found[action.key] = action, reader.line_num
        except ValueError as exc:
            mistakes.append(f"{path}:{reader.line_num}: {exc}")
    if mistakes:
        more = [f"... and {len(mistakes) - _SHOWN} more"] if len(mistakes) > _SHOWN else []
        raise ConfigError("\n".join([*mistakes[:_SHOWN], *more]))
    return sorted(action for action, _ in found.values())


def write_actions(path: Path, actions: Iterable[Action]) -> None:
    """Write the file whole, sorted. Raises StoreError."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(actions):
        value = "" if each.value is None else f"{each.value:f}"
        writer.writerow(
            [each.symbol, each.ex_date.isoformat(), each.kind.value, value, each.new_symbol]
        )
    write_whole(path, lambda file: file.write(text.getvalue().encode()))


def merged_actions(
    there: Iterable[Action], given: Iterable[Action], *, replace: bool
) -> tuple[list[Action], int]:
    """Return both together, and how many are new or changed. Raises ConfigError where they differ."""
    known = {action.key: action for action in there}
    changed = 0
    for action in given:
        check_action(action)
        old = known.get(action.key)
        if old == action:
            continue
        if old is not None and not replace:
            raise ConfigError(
                f"{action.symbol} {action.kind} of {action.ex_date}: there is {_worth(old)}, given is"
                f" {_worth(action)}; nothing was written; use --replace (replace=True) to change it"
            )
        known[action.key] = action
        changed += 1
    return list(known.values()), changed


def corporate_action(action: Action, ts: int) -> CorporateAction:
    """Return what an action of the lake does to shares at `ts`."""
    value = action.value or Decimal(0)
    match action.kind:
        case ActionKind.SPLIT:
            return CorporateAction(action.symbol, ts, ratio=value)
        case ActionKind.DIVIDEND:
            return CorporateAction(action.symbol, ts, cash=value)
        case ActionKind.RENAME:
            return CorporateAction(action.symbol, ts, new_symbol=action.new_symbol or "")
    return CorporateAction(action.symbol, ts, ratio=Decimal(0), cash=value)


def check_action(action: Action) -> None:
    """Raise ConfigError for an action that cannot be."""
    if reason := _nonsense(action):
        raise ConfigError(f"{action.symbol} {action.kind} of {action.ex_date}: {reason}")


def _worth(action: Action) -> str:
    return action.new_symbol or (f"{action.value:f}" if action.value is not None else "nothing")


def _action(header: list[str], cells: list[str]) -> Action:
    """Return a line's action. Raises ValueError."""
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} values for {len(header)} columns")
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    if row["kind"] not in list(ActionKind):
        raise ValueError(f"kind = {row['kind']}: should be {', '.join(ActionKind)}")
    action = Action(
        symbol=row["symbol"],
        ex_date=_date(row["ex_date"]),
        kind=ActionKind(row["kind"]),
        value=_value(row),
        new_symbol=row.get("new_symbol", ""),
    )
    if reason := _nonsense(action):
        raise ValueError(reason)
    return action


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"ex_date = {text}: should be a date such as 2005-02-28") from None


def _value(row: Mapping[str, str]) -> Decimal | None:
    text = row.get("value", "")
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise ValueError(f"value = {text}: should be a number") from None


def _nonsense(action: Action) -> str:
    value, rename = action.value, action.kind is ActionKind.RENAME
    if not action.symbol:
        return "no symbol"
    if rename != bool(action.new_symbol):
        return "a rename has a new_symbol, and nothing else has"
    if rename:
        if action.new_symbol == action.symbol:
            return "the new symbol is the old one"
        return "a rename has no value" if value is not None else ""
    return _nonsense_value(action.kind, value)


def _nonsense_value(kind: ActionKind, value: Decimal | None) -> str:
    if value is not None and (not value.is_finite() or value < 0):
        return f"value = {value}: should be a positive number"
    if kind is ActionKind.DELISTED:
        return ""
    if value is None or value == 0:
        what = "new shares for an old one" if kind is ActionKind.SPLIT else "dollars a share"
        return f"a {kind} has a value: {what}"
    if kind is ActionKind.SPLIT and value == 1:
        return "a split has other than one new share for an old one"
    return ""
