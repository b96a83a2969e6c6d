"""Compiles modules of the package with mypyc; started by tools/compile.

Compiled is what bars and orders pass between the lake, a strategy and the rows of a backtest, and the indicators that
take one number at a time. Not compiled is what defines the structs
that travel (mypyc would make classes of them that are none of its own) and all that waits for the world.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import runpy
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "liualgotrader"
MODULES = (
    "common/account_view",
    "common/admission",
    "common/ids",
    "engine/bar_row",
    "engine/book",
    "engine/changes",
    "engine/core",
    "engine/feeds",
    "engine/flatten",
    "engine/intents",
    "engine/protection",
    "engine/risk",
    "engine/runner",
    "fincalcs/moving",
    "fincalcs/rolling",
    "fincalcs/wilder",
    "simulation/desk",
    "simulation/lone_runner",
    "simulation/pit",
    "simulation/post",
    "simulation/seat",
    "simulation/stride",
    "trading/memory_ledger",
    "venue/account",
    "venue/admission",
    "venue/auctions",
    "venue/banded",
    "venue/books",
    "venue/buying_power",
    "venue/day_trades",
    "venue/day_trading",
    "venue/groups",
    "venue/market",
    "venue/matching",
    "venue/matching_limit",
    "venue/participation",
    "venue/pattern",
    "venue/routing",
    "venue/sessions",
    "venue/shares",
    "venue/short_sale",
    "venue/store",
    "venue/time_in_force",
    "venue/triggers",
    "venue/validation",
    "venue/venue",
    "what_if/recorded_pit",
)
# What mypy is told: nothing of pyproject.toml, which a copy has not.
_MYPY = ("--config-file=", "--ignore-missing-imports", "--explicit-package-bases")
_BINARIES = ("*.so", "*.pyd")
# Calls between compiled functions are direct: nobody is to put others in their place. And a product is rounded before
# it is added, as Python does: there are machines (ARM) that would do both in one step, to other last bits.
_OPTIONS = ["-fvisibility=hidden", "-ffp-contract=off"] if os.name == "posix" else []
_SITES = Path(__file__).with_name("compile_sites.h")
# How mypyc writes that a module reads one of its own names: the constant `name` from the dict `globals`.
_READ_OF_A_GLOBAL = re.compile(
    r"(?P<globals>cpy_r_\w+) = (?P<dict>CPyStatic_\w+___globals);\n"
    r"(?P<between>\s+(?P<name>cpy_r_\w+) = CPyStatics\[\d+\];[^\n]*\n\s+cpy_r_\w+ = )"
    r"CPyDict_GetItem\((?P=globals), (?P=name)\)"
)


class Refused(Exception):
    """It cannot be done; the message says why and what to do."""


def _rules(root: Path) -> dict[str, Any]:
    """Return the names of common/compiled.py. It is not imported: the package cannot be where it is stale."""
    return runpy.run_path(str(root / PACKAGE / "common" / "compiled.py"))


def undo(root: Path) -> int:
    """Take away what was compiled in a folder with the package; return how many files that were."""
    package = root / PACKAGE
    found = [each for pattern in _BINARIES for each in package.rglob(pattern)]
    found += [stamp] if (stamp := package / _rules(root)["STAMP"]).exists() else []
    for each in found:
        each.unlink()
    return len(found)


def compiler() -> str:
    """Return the name of the C compiler that would be called."""
    called: str = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return called.split()[0]


def look_for_compiler() -> None:
    """Raise Refused where the C compiler is not there."""
    if shutil.which(name := compiler()) is None:
        raise Refused(
            f"there is no C compiler ({name}), and plain Python does the same without one\n"
            "  Debian, Ubuntu:  apt-get install gcc python3-dev\n"
            "  macOS:           xcode-select --install"
        )


def build(root: Path) -> None:
    """Compile the modules of the package in a folder, beside their sources.

    Raises setuptools' errors where the compiler fails, and SystemExit where mypy finds a mistake.
    """
    undo(root)
    rules = _rules(root)
    package, names = root / PACKAGE, [f"{module}.py" for module in MODULES]
    made_of = {name: rules["digest"](package / name) for name in names}
    # First, so that no compiled module is ever there without it, whenever this is killed.
    (package / rules["STAMP"]).write_text(json.dumps(made_of, indent=1) + "\n")
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            os.chdir(root)  # a module's name is its path from here
            _build(Path(scratch))
        except BaseException:
            undo(root)
            raise
        finally:
            os.chdir(here)


def _build(scratch: Path) -> None:
    compile_files([f"{PACKAGE}/{module}.py" for module in MODULES], f"{PACKAGE}.compiled", scratch)


def compile_files(files: Sequence[str], group: str, scratch: Path) -> None:
    """Compile modules, named by their path from the working folder, beside their sources.

    `group`: the dotted name of the library that they share. `scratch`: a folder for what lies between.
    """
    from mypyc.build import mypycify
    from setuptools import Distribution  # type: ignore[import-untyped]  # it ships no annotations

    with said_only_on_failure():
        extensions = mypycify(
            [*_MYPY, *files], debug_level="0", group_name=group, target_dir=str(scratch / "c")
        )
    for written in (scratch / "c").rglob("__native_*.c"):
        written.write_text(with_memory(written.read_text()))
    for extension in extensions:
        extension.extra_compile_args += _OPTIONS
    command = Distribution({"ext_modules": extensions}).get_command_obj("build_ext")
    command.inplace = True
    command.build_lib = str(scratch / "libraries")
    command.build_temp = str(scratch / "objects")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()


@contextmanager
def said_only_on_failure() -> Iterator[None]:
    """Keep what is printed to oneself, unless what goes on inside fails: mypyc remarks on what nobody has to change."""
    with redirect_stdout(StringIO()) as said:
        try:
            yield
        except BaseException:
            sys.stderr.write(said.getvalue())
            raise


def with_memory(written: str) -> str:
    """Return the C that mypyc has written so that each look-up remembers its last one: see compile_sites.h."""
    text = _READ_OF_A_GLOBAL.sub(
        r"\g<globals> = \g<dict>;\n\g<between>LIU_GLOBAL(\g<globals>, \g<name>)", written
    )
    behind = text.index("\n", text.rindex("#include")) + 1
    return f'{text[:behind]}#include "{_SITES}"\n{text[behind:]}'


def copy(into: Path) -> None:
    """Put the package's sources into a folder. Raises Refused where another package would have to go for it."""
    target = into / PACKAGE
    is_ours = (target / _rules(ROOT)["STAMP"]).exists()
    if target.exists() and (into.resolve() == ROOT or not is_ours):
        raise Refused(
            f"{target} is there already, and no copy that was made here; name another folder"
        )
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", *_BINARIES, _rules(ROOT)["STAMP"])
    shutil.copytree(ROOT / PACKAGE, target, ignore=ignored)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile, or undo it."""
    parser = argparse.ArgumentParser(prog="tools/compile", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--undo", action="store_true", help="go back to plain Python")
    what.add_argument("--into", type=Path, metavar="FOLDER", help="compile a copy")
    options = parser.parse_args(arguments)
    if options.undo:
        print(
            "tools/compile: plain Python again" if undo(ROOT) else "tools/compile: nothing to undo"
        )
        return 0
    root: Path = ROOT
    try:
        look_for_compiler()
        if options.into is not None:
            root = options.into.resolve()
            copy(root)
        build(root)
    except Refused as error:
        print(f"tools/compile: {error}", file=sys.stderr)
        return 1
    print(f"tools/compile: {len(MODULES)} modules compiled in {root / PACKAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
