"""Imports as an old file sees them: 0.4's modules under their names, and the files beside it as old ones too.

Nothing of it is in `sys.modules` under those names, and no import of any other file is touched: an old module
has an `__import__` of its own among its builtins, which Python's import statement asks.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib.util
import linecache
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from liualgotrader.compat.catalogue import HINTS, SERVED
from liualgotrader.compat.indicators import INDICATORS, indicators_of
from liualgotrader.compat.retired import RETIRED, RetiredModule
from liualgotrader.compat.world import World

PACKAGE = "liualgotrader"
_PRIVATE = "_liu_0_4_"


def run_old_file(world: World, text: str) -> ModuleType:
    """Run the text of a world's file, and return it as a module. Raises whatever the file raises."""
    filename = world.filename
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    importer = _Importer(world)
    module = importer.new_module("", filename)
    exec(_compiled(text, filename), vars(module))
    return module


@lru_cache(maxsize=64)
def _compiled(text: str, filename: str) -> CodeType:
    return compile(text, filename, "exec", dont_inherit=True)


class _Importer:
    """The `__import__` of one world's files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._folder = os.path.dirname(os.path.realpath(world.filename))
        self._digest = hashlib.sha256(world.filename.encode()).hexdigest()[:12]
        self._beside: dict[tuple[str, int], bool] = {}

    def new_module(self, name: str, filename: str) -> ModuleType:
        """Return an empty module that imports as its world's files do.

        It is in `sys.modules` under a name of ours, as dataclasses need; the newest of that name is.
        """
        module = ModuleType(f"{_PRIVATE}{self._digest}_{name}")
        module.__file__ = filename
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self}
        sys.modules[module.__name__] = module
        self._world.files.add(filename)
        return module

    def __call__(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as the statement does."""
        if level:  # raises ImportError in a file that is in no package
            package = (globals or {}).get("__package__")
            name = importlib.util.resolve_name("." * level + name, package)
        top = name.partition(".")[0]
        if top == PACKAGE:
            return self._import(name, fromlist, self._served)
        if self._is_beside(top):
            return self._import(name, fromlist, self._sibling)
        if top in RETIRED and PathFinder.find_spec(top) is None:
            return self._import(name, fromlist, lambda each, package: RetiredModule(each))
        found = builtins.__import__(name, globals, locals, fromlist or (), 0)
        return indicators_of(found) if top in INDICATORS else found

    def _import(self, name: str, fromlist: Sequence[str] | None, load: Any) -> ModuleType:
        module = self._load(name, load)
        if not fromlist:
            return self._world.modules[name.partition(".")[0]]
        for each in fromlist:
            if each != "*" and not hasattr(module, each):
                self._load(f"{name}.{each}", load)
        return module

    def _load(self, name: str, load: Any) -> ModuleType:
        """Return a module, which is made with its packages when it is not there, and made their attribute."""
        modules = self._world.modules
        if name in modules:
            return modules[name]
        parent, _, last = name.rpartition(".")
        package = self._load(parent, load) if parent else None
        if name not in modules:  # running the package may have imported it
            modules[name] = load(name, package)
        if package is not None:
            setattr(package, last, modules[name])
        return modules[name]

    # -- 0.4's own -----------------------------------------------------------------------------------

    def _served(self, name: str, package: ModuleType | None) -> ModuleType:
        if name == f"{PACKAGE}.common.config":
            return self._world.config
        if name == f"{PACKAGE}.common.trading_data":
            return self._world.trading_data
        if name in SERVED:
            return import_module(SERVED[name])
        if any(each.startswith(f"{name}.") for each in SERVED):
            module = ModuleType(name)
            module.__path__ = []
            return module
        parent, _, last = name.rpartition(".")
        hint = HINTS.get(name) or (
            f"{self._world.filename} was written for 0.4, and compat does not serve this; write what needs it as a "
            "class of today, in a file of its own"
        )
        raise ImportError(f"cannot import {last} from {parent}: {hint}", name=name)

    # -- the files beside it -------------------------------------------------------------------------

    def _is_beside(self, top: str) -> bool:
        """Say whether a name is that of an author's file, and of nothing that is installed."""
        asked = top, len(sys.path)  # a file may add folders as it runs
        if asked not in self._beside:
            self._beside[asked] = self._find_beside(top)
        return self._beside[asked]

    def _find_beside(self, top: str) -> bool:
        if top in sys.builtin_module_names or top in sys.stdlib_module_names:
            return False
        folders = self._folders()
        if PathFinder.find_spec(top, folders) is None:
            return False
        installed = [each for each in sys.path if os.path.realpath(each) not in folders]
        return PathFinder.find_spec(top, installed) is None

    def _folders(self) -> list[str]:
        """Return where an author's files are: the folder of the first, and what is searched but not installed."""
        searched = map(os.path.realpath, sys.path)
        return [self._folder, *(each for each in searched if not _is_of_installation(each))]

    def _sibling(self, name: str, package: ModuleType | None) -> ModuleType:
        path = self._folders() if package is None else list(getattr(package, "__path__", ()))
        last = name.rpartition(".")[2]
        # By its last name: of a whole one, parents would be looked for in sys.modules.
        spec = PathFinder.find_spec(last, path)
        if spec is None:
            raise ModuleNotFoundError(f"no module named {name!r} in {', '.join(path)}", name=name)
        code = _code(spec, last)
        module = self.new_module(name, spec.origin or "")
        is_package = spec.submodule_search_locations is not None
        if is_package:
            module.__path__ = [each for p in path if os.path.isdir(each := os.path.join(p, last))]
        module.__package__ = name if is_package else name.rpartition(".")[0]
        self._world.modules[name] = module
        if code is None:
            return module
        try:
            exec(code, vars(module))
        except BaseException:
            del self._world.modules[name]
            raise
        return module


def _is_of_installation(folder: str) -> bool:
    homes = {os.path.realpath(each) for each in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    parts = Path(folder).parts
    within = any(folder == home or folder.startswith(f"{home}{os.sep}") for home in homes)
    return within or "site-packages" in parts or "dist-packages" in parts


def _code(spec: ModuleSpec, name: str) -> CodeType | None:
    """Return the code of a Python file; None of a folder without `__init__.py`."""
    if spec.loader is None or spec.origin is None:
        return None
    get_code = getattr(spec.loader, "get_code", None)
    code = get_code(name) if get_code is not None else None
    if not isinstance(code, CodeType):
        raise ImportError(
            f"{spec.origin} is no Python file, and an old file may import only such", name=name
        )
    return code
