"""Whether a file was written for LiuAlgoTrader 0.4, and what its classes take; read, not run.

0.4 had other signatures under the same names: `async def run(...)` where there is `on_bar` now, and a
constructor that is handed `batch_id`, `data_loader` and the rest of the plan's table. `compat` runs such
files; everything else is left alone, so a file must say by itself which of the two it is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from liualgotrader.common.parameters import FRAMEWORK_BASES, Declared

Siblings = Callable[[str], str | None]
"""Gives the text of a module beside the file by its dotted name, None when there is none."""

HANDED_OVER = frozenset(
    {
        "batch_id",
        "data",
        "data_loader",
        "data_source",
        "name",
        "portfolio_id",
        "recurrence",
        "ref_run_id",
        "schedule",
        "target_strategy_name",
        "trading_api",
    }
)
"""What an old constructor is handed by the framework."""
HISTORY: dict[str, Any] = {"warmup": int, "warmup_days": int}
"""Keys of an old strategy's table that its class does not see: how much history it is given."""

_PACKAGE = "liualgotrader"
_ONLY_THERE = frozenset(
    f"{_PACKAGE}.{name}"
    for name in (
        "analytics.consolidate",
        "common.assets",
        "common.concurrency",
        "common.config",
        "common.database",
        "common.decorators",
        "common.exceptions",
        "common.hyperparameter",
        "common.list_utils",
        "common.market_data",
        "common.tlog",
        "common.trading_data",
        "common.types",
        "data.data_base",
        "data.streaming_base",
        "fincalcs.data_conditions",
        "models.accounts",
        "models.algo_run",
        "models.gain_loss",
        "models.keystore",
        "models.new_trades",
        "models.optimizer",
        "models.stock_ohlc",
        "models.ticker_data",
        "models.ticker_snapshot",
        "models.trade_analysis",
        "models.tradeplan",
        "models.trades",
        "models.trending_tickers",
        "trading.base",
        "trading.trader_factory",
    )
)
_OLD_METHODS = frozenset({"run_all", "should_run_all", "buy_callback", "sell_callback"})
_OLD_ARGUMENTS = frozenset({"batch_id", "ref_run_id", "minute_history", "back_time"})
_MAX_DEPTH = 5


def written_for_0_4(source: str, siblings: Siblings = lambda name: None) -> bool:
    """Say whether a file's imports, its classes, or the classes that it derives from are those of 0.4."""
    return _is_old(source, siblings, _MAX_DEPTH)


def beside(filename: str, module: str) -> str:
    """Return where a module beside a file would be."""
    return str(PurePath(filename).parent.joinpath(*module.split(".")).with_suffix(".py"))


def old_declared(source: str, found: Declared, *, history: bool) -> Declared:
    """Return what a class of an old file takes: what its constructor does, and the keys of `HISTORY` if it has one.

    `found` is what it would take as a new class; where the constructor is out of sight it takes anything.
    """
    more = HISTORY if history else {}
    classes = {node.name: node for node in _tree(source).body if isinstance(node, ast.ClassDef)}
    init = _constructor(found.class_name, classes)
    if init is None:
        return found._replace(types=dict(more), required=frozenset(), closed=False)
    arguments = init.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
    needed = names[: len(names) - len(arguments.defaults)]
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        names.append(each.arg)
        if default is None:
            needed.append(each.arg)
    takes_all = arguments.kwarg is not None or "data" in names  # a miner is handed its table
    return found._replace(
        types=more | dict.fromkeys(names, Any),
        required=frozenset(needed) - HANDED_OVER,
        closed=not takes_all,
    )


def _is_old(source: str, siblings: Siblings, depth: int) -> bool:
    is_old, modules = _by_itself(source)
    return is_old or (
        depth > 0
        and any(
            _is_old(text, siblings, depth - 1)
            for text in map(siblings, modules)
            if text is not None
        )
    )


# Asked anew for every day of a backtest, of the same few files.
@lru_cache(maxsize=64)
def _by_itself(source: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a file's own imports or classes are old ones, and the modules that bases come from."""
    tree = _tree(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    is_old = any(map(_imports_old, ast.walk(tree))) or any(map(_is_old_class, classes))
    return is_old, tuple(_modules_of_bases(tree, classes))


@lru_cache(maxsize=64)
def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])  # whoever runs it says what is wrong with it


def _imports_old(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name in _ONLY_THERE for alias in node.names)
    if not isinstance(node, ast.ImportFrom) or node.module is None or node.level:
        return False
    names = (f"{node.module}.{alias.name}" for alias in node.names)
    return node.module in _ONLY_THERE or any(name in _ONLY_THERE for name in names)


def _is_old_class(node: ast.ClassDef) -> bool:
    if not node.bases:
        return False
    waiting = {each.name: each for each in node.body if isinstance(each, ast.AsyncFunctionDef)}
    if _OLD_METHODS & waiting.keys() or _OLD_ARGUMENTS & set(_init_arguments(node)):
        return True
    return "run" in waiting and "scan" not in waiting and _is_old_run(node, waiting["run"])


def _is_old_run(node: ast.ClassDef, run: ast.AsyncFunctionDef) -> bool:
    """A new class has `run` where it is a miner, which is handed its context."""
    arguments = [each.arg for each in (*run.args.posonlyargs, *run.args.args, *run.args.kwonlyargs)]
    if _OLD_ARGUMENTS & set(arguments) or run.args.vararg or run.args.kwarg:
        return True
    bases = {_last_name(base) for base in node.bases}
    return bool(bases & {"Strategy", "Scanner"}) or ("Miner" in bases and len(arguments) == 1)


def _init_arguments(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            yield from (arg.arg for arg in (*each.args.args, *each.args.kwonlyargs))


def _modules_of_bases(tree: ast.Module, classes: list[ast.ClassDef]) -> Iterator[str]:
    """Yield the modules, of any package but ours, that bases of the classes are imported from."""
    bases = {_first_name(base) for node in classes for base in node.bases} - FRAMEWORK_BASES
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            if bases & {alias.asname or alias.name for alias in node.names}:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if (a.asname or a.name.split(".")[0]) in bases)


def _constructor(name: str, classes: dict[str, ast.ClassDef]) -> ast.FunctionDef | None:
    """Return the constructor of a class, its own or that of a base in the same file."""
    node = classes.get(name)
    if node is None:
        return None
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return each
    others = {key: value for key, value in classes.items() if key != name}
    found = (_constructor(_last_name(base), others) for base in node.bases)
    return next((each for each in found if each is not None), None)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _first_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
