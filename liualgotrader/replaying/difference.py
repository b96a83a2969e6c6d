"""Where what was expected and what came differ, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

_NOTHING = "nothing"


def differences(expected: Sequence[Any], actual: Sequence[Any]) -> list[str]:
    """Return a line for each place where two lists of structs differ, as `1.intent.limit: 10, replayed 11`.

    Places in a list count from 1.
    """
    return list(_of_rows("", expected, actual))


def _of_rows(where: str, expected: Sequence[Any], actual: Sequence[Any]) -> Iterator[str]:
    for index in range(max(len(expected), len(actual))):
        place = f"{where}{index + 1}"
        pair = [rows[index] if index < len(rows) else _NOTHING for rows in (expected, actual)]
        yield from _of_values(place, *pair)


def _of_values(where: str, expected: Any, actual: Any) -> Iterator[str]:
    if expected == actual:
        return
    if isinstance(expected, msgspec.Struct) and type(expected) is type(actual):
        for name in expected.__struct_fields__:
            yield from _of_values(f"{where}.{name}", getattr(expected, name), getattr(actual, name))
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for key in dict.fromkeys([*expected, *actual]):
            pair = expected.get(key, _NOTHING), actual.get(key, _NOTHING)
            yield from _of_values(f"{where}.{key}", *pair)
    else:
        yield f"{where}: {told(expected)}, replayed {told(actual)}"


def told(value: Any) -> str:
    """Return a value as a person reads it: a struct with those of its fields that say something."""
    if isinstance(value, msgspec.Struct):
        fields = zip(msgspec.structs.fields(value), msgspec.structs.astuple(value), strict=True)
        shown = (f"{f.name}={told(v)}" for f, v in fields if v not in (f.default, None, {}))
        return f"{type(value).__name__}({', '.join(shown)})"
    if isinstance(value, list | tuple):
        return "; ".join(told(each) for each in value) or _NOTHING
    return _NOTHING if value is None else str(value)
