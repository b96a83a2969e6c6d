"""Scenario files: TOML with a seed and a list of faults."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange.faults.kinds import AnyFault, check, name_of

_PLACE = re.compile(r" - at `\$(?:\.faults\[(?P<number>\d+|\.\.\.)\])?(?P<rest>[^`]*)`")
_KINDS = [str(kind.__struct_config__.tag) for kind in get_args(AnyFault)]


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. `seed` decides wherever a fault has a chance."""

    seed: int = 0
    faults: tuple[AnyFault, ...] = ()


NOTHING_WRONG = Scenario()


def read_scenario(path: Path, *, lockstep: bool) -> Scenario:
    """Return what a file says. Raises ConfigError that names the file, the fault and what is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"scenario {path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"scenario {path} is no TOML: {exc}") from exc
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as exc:
        raise ConfigError(f"scenario {path}: {_worded(str(exc), document)}") from exc
    for number, fault in enumerate(scenario.faults, 1):
        try:
            check(fault, lockstep=lockstep)
        except ConfigError as exc:
            raise ConfigError(f"scenario {path}: fault {number} ({name_of(fault)}): {exc}") from exc
    return scenario


def fault_of(value: Any, *, lockstep: bool) -> AnyFault:
    """Return the fault that a JSON value describes. Raises ConfigError."""
    try:
        fault: AnyFault = msgspec.convert(value, AnyFault)
    except msgspec.ValidationError as exc:
        raise ConfigError(_worded(str(exc), {"faults": [value]})) from exc
    check(fault, lockstep=lockstep)
    return fault


def _worded(message: str, document: dict[str, Any]) -> str:
    """Say where in a scenario something is wrong in a scenario's words, and which kinds there are."""
    found = _PLACE.search(message)
    if found is None:
        return message
    text = message[: found.start()] + (f" at {found['rest'].strip('.')}" if found["rest"] else "")
    if "kind" in found["rest"] or "`kind`" in text:
        text += f"; kinds are {', '.join(_KINDS)}"
    if found["number"] is None or not found["number"].isdigit():
        return text
    number = int(found["number"])
    kind = document["faults"][number]
    name = kind.get("kind", "no kind") if isinstance(kind, dict) else "no table"
    return f"fault {number + 1} ({name}): {text}"
