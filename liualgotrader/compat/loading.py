"""An old file run and its class found, in a world of its own. What is wrong there is the author's to mend."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Mapping
from typing import Any, TypeVar

from liualgotrader.common.errors import ConfigError
from liualgotrader.compat.importing import run_old_file
from liualgotrader.compat.world import World
from liualgotrader.engine.loading import class_in

T = TypeVar("T")


def old_class(world: World, text: str, class_name: str, base: type[T]) -> type[T]:
    """Return a class of the world's file, which is run. Raises ConfigError with the line."""
    try:
        with world.active():
            module = run_old_file(world, text)
    except (Exception, SystemExit) as exc:
        raise _error(world, exc, "cannot be loaded") from exc
    found = class_in(module, world.filename, class_name)
    if not issubclass(found, base):
        kind = base.__name__
        raise ConfigError(
            f"{world.filename}: {class_name} is no {kind} of 0.4: write class {class_name}({kind}), and import {kind} "
            "as 0.4's documentation does"
        )
    return found


def old_instance(
    world: World, cls: type[T], parameters: Mapping[str, Any], handed: Mapping[str, Any]
) -> T:
    """Return an instance made of the plan's parameters, and of what of `handed` its constructor takes.

    Raises ConfigError for what it does not take, for what it misses, and for what it raises.
    """
    arguments = inspect.signature(cls).parameters.values()
    open_end = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in arguments)
    names = {each.name for each in arguments}
    given = {key: value for key, value in handed.items() if key in names}
    if (
        open_end
    ):  # a keyword that a base takes may be passed through; what the plan does not say is not
        passed = {key: value for key, value in handed.items() if value not in (None, [])}
        given = {key: value for key, value in passed.items() if key != "name"} | given
    try:
        with world.active():
            return cls(**{**given, **parameters})
    except (Exception, SystemExit) as exc:
        raise _error(world, exc, f"{cls.__name__}() raised") from exc


def _error(world: World, exc: BaseException, doing: str) -> ConfigError:
    """Return an error that points at the last line of the old files before it was raised."""
    if isinstance(exc, SyntaxError) and exc.filename in world.files:
        return ConfigError(f"{exc.filename}:{exc.lineno}: {doing}: SyntaxError: {exc.msg}")
    frames = [
        frame for frame in traceback.extract_tb(exc.__traceback__) if frame.filename in world.files
    ]
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else world.filename
    return ConfigError(f"{where}: {doing}: {type(exc).__name__}: {exc}")
