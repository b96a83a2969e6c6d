"""The user's classes: found in their files, run once, given their parameters.

What goes wrong here is the user's to mend, so it is a ConfigError that names the line of the
user's file.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import inspect
import linecache
import os
import sys
import tokenize
import traceback
import typing
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.parameters import (
    FRAMEWORK_BASES,
    BadParameter,
    convert,
    set_by_framework,
    type_of,
)
from liualgotrader.common.plan_errors import suggestion

T = TypeVar("T")

PACKAGE = "liualgotrader."
_PRIVATE = "_liu_user_"


def source_of(filename: str) -> str | None:
    """Return the text of a Python file, or of a built-in module by its dotted name, or None."""
    path = _module_path(filename) if is_built_in(filename) else filename
    if path is None:
        return None
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None


def is_built_in(filename: str) -> bool:
    """Say whether it is the dotted name of a module of this package."""
    return filename.startswith(PACKAGE) and not filename.endswith(".py") and "/" not in filename


def load_class(
    filename: str,
    class_name: str,
    base: type[T],
    *,
    source: str | None = None,
) -> type[T]:
    """Return a class of a file, which is run if it was not before in this process.

    `source`: text to run in place of the file's own, as a journal kept it. Raises ConfigError when
    there is no such file or class, when it raises, or when the class does not derive from `base`.
    """
    found = class_in(_module(filename, source), filename, class_name)
    if not issubclass(found, base):
        line = _class_line(found)
        kind = base.__name__
        raise ConfigError(
            f"{filename}:{line}: {class_name} is no {kind}: write class {class_name}({kind})"
        )
    return found


def class_in(module: ModuleType, filename: str, class_name: str) -> type:
    """Return a class of a module that was run. Raises ConfigError when it has none of that name."""
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [
            name
            for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        hint = suggestion(class_name, classes, what="class")
        raise ConfigError(f"{filename}: defines no class {class_name}; {hint}")
    return found


def configure(cls: type[T], name: str, parameters: Mapping[str, Any]) -> T:
    """Return an instance that is called `name`, with the plan's parameters set.

    Lists, dicts and sets that are defaults are copied, so that instances share none. Raises
    ConfigError for a parameter that the class does not declare, that does not fit, or is missing.
    """
    kind: type = cls
    types = parameter_types(kind)
    values = _values(kind, types, parameters)
    arguments = [each for each in _init_arguments(kind) if each in values]
    try:
        instance = cls(**{each: values[each] for each in arguments})
    except (Exception, SystemExit) as exc:
        raise _user_error(exc, _file_of(cls), f"{cls.__name__}() raised") from exc
    for key in types.keys() - arguments:
        if key in values:
            setattr(instance, key, values[key])
        elif isinstance(default := getattr(instance, key, None), list | dict | set):
            setattr(instance, key, copy.deepcopy(default))
    instance.name = name  # type: ignore[attr-defined]  # Strategy, Scanner and Miner declare it
    return instance


@lru_cache(maxsize=256)
def parameter_types(cls: type) -> dict[str, Any]:
    """Return the parameters that a class declares, with their types; Any where it is unknown."""
    try:
        hints = typing.get_type_hints(cls)
    except (NameError, TypeError, AttributeError, SyntaxError):
        hints = {}  # a name that only a type checker imports
    found: dict[str, Any] = {}
    ours = [each for each in cls.__mro__ if each.__module__.startswith("liualgotrader.")]
    hidden = set_by_framework({each.__name__ for each in ours} & FRAMEWORK_BASES)
    for each in reversed(cls.__mro__):
        for name, annotation in inspect.get_annotations(each).items():
            hint = hints.get(
                name, type_of(annotation) if isinstance(annotation, str) else annotation
            )
            if not (name.startswith("_") or name in hidden or _is_class_var(annotation)):
                found[name] = hint
    return found


def _values(cls: type, types: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    arguments = _init_arguments(cls)
    values: dict[str, Any] = {}
    wrong = []
    for key, value in parameters.items():
        try:
            if key not in types and key not in arguments:
                raise BadParameter(f"no such parameter; {suggestion(key, types, what='parameter')}")
            values[key] = convert(value, types.get(key, Any))
        except BadParameter as bad:
            wrong.append(f"{key} = {value!r}: {bad}")
    for key in types:
        if key not in values and key not in parameters and key not in arguments:
            if not hasattr(cls, key):
                wrong.append(f"{key} is missing: it has no default, so the plan must set it")
    if wrong:
        where = f"{_file_of(cls)}:{_class_line(cls)}: {cls.__name__}"
        raise ConfigError("\n".join(f"{where}: {what}" for what in wrong))
    return values


@lru_cache(maxsize=256)
def _init_arguments(cls: type) -> list[str]:
    """Return what a class's own `__init__` takes by name, as a dataclass's does."""
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return [each.name for each in list(parameters)[1:] if each.kind in kinds]


def _is_class_var(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.replace("typing.", "").startswith("ClassVar")
    return annotation is ClassVar or typing.get_origin(annotation) is ClassVar


def _module(filename: str, source: str | None) -> ModuleType:
    text = source_of(filename) if source is None else source
    if text is None:
        raise ConfigError(f"{filename}: there is no such file, or it cannot be read")
    if is_built_in(filename) and text == source_of(filename):
        return import_module(filename)
    digest = hashlib.sha256(f"{filename}\0{text}".encode()).hexdigest()
    name = f"{_PRIVATE}{digest[:16]}"
    if name not in sys.modules:
        _run(name, filename, text)
    return sys.modules[name]


def _run(name: str, filename: str, text: str) -> None:
    """Run a source as a module that can be found under its name, as pickle and dataclasses need."""
    module = ModuleType(name)
    module.__file__ = filename
    # Tracebacks show lines from here, because the file may have changed since, or be gone.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _offer_neighbours(filename)
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as exc:
        del sys.modules[name]
        raise _user_error(exc, filename, "cannot be loaded") from exc


def _offer_neighbours(filename: str) -> None:
    """Let a user's file import the files beside it; last, so that these hide nothing."""
    folder = os.path.dirname(os.path.abspath(filename))
    if not is_built_in(filename) and folder not in sys.path:
        sys.path.append(folder)


def _user_error(exc: BaseException, filename: str, doing: str) -> ConfigError:
    """Return an error that points at the last line of the user's file before it was raised."""
    if isinstance(exc, SyntaxError) and exc.filename == filename:
        return ConfigError(f"{filename}:{exc.lineno}: {doing}: SyntaxError: {exc.msg}")
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == filename]
    where = f"{filename}:{lines[-1]}" if lines else filename
    return ConfigError(f"{where}: {doing}: {type(exc).__name__}: {exc}")


def _file_of(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    return getattr(module, "__file__", None) or cls.__module__


def _class_line(cls: type) -> int:
    try:
        return inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return 1


def _module_path(name: str) -> str | None:
    """Return where a module of this package is, without importing it."""
    package = importlib.util.find_spec(PACKAGE.rstrip("."))
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent.joinpath(*name.split(".")[1:]).with_suffix(".py")
    return str(path) if path.is_file() else None
