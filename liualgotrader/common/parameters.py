"""What parameters a user's class takes, read from its source without running it.

A class's parameters are its annotated attributes and those of its bases, but for ClassVar and what
the framework sets itself. Reading instead of importing lets a plan be checked where the file's own
imports are missing, and lets no line of it run before all of the plan is known to be right.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Optional, Union

import msgspec

FRAMEWORK_BASES = frozenset({"Strategy", "Scanner", "Miner", "Forecast"})
_NAMED, _TIMED = frozenset({"name"}), frozenset({"name", "every"})

_SIMPLE: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "Decimal": Decimal,
    "date": dt.date,
    "datetime": dt.datetime,
    "time": dt.time,
    "list": list,
    "List": list,
    "tuple": tuple,
    "Tuple": tuple,
    "dict": dict,
    "Dict": dict,
    "set": set,
    "frozenset": frozenset,
    "Sequence": list,
    "Mapping": dict,
}
_WRAPPERS: dict[str, Any] = {"Optional": Optional, "Union": Union, "Literal": Literal}
_MAX_DEPTH = 20

Sources = Callable[[str], str | None]
"""Gives the text of a file by its name, or of a module of this package by its dotted name."""


class BadSource(Exception):
    """The text is not Python. The message says where."""


class BadParameter(Exception):
    """A value does not fit what the class declares. The message says how."""


class Declared(NamedTuple):
    """What a class takes.

    `types`: by name; Any where the annotation is not understood. `required`: those without a
    default. `closed`: nothing else is taken; False when a base is out of sight. `bases`: which of
    the framework's classes it derives from, as far as can be seen. `after`: the names of classes in
    the attribute of that name, which miners have; None when it is not written out.
    """

    class_name: str
    types: dict[str, Any]
    required: frozenset[str]
    closed: bool
    bases: frozenset[str] = frozenset()
    after: tuple[str, ...] | None = ()


class NoSuchClass(NamedTuple):
    """The file does not define it; these it does define."""

    classes: tuple[str, ...]


def class_names_for(name: str) -> tuple[str, ...]:
    """Return the class names that a name in the plan may mean: `sma_cross` means SmaCross too."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    kinds = ("Strategy", "Scanner", "Miner", "Forecast")
    names = (name, camel, *(f"{camel}{kind}" for kind in kinds))
    return tuple(dict.fromkeys(names))


def declared(
    source: str,
    names: Sequence[str],
    *,
    filename: str,
    sources: Sources,
) -> Declared | NoSuchClass:
    """Return what the first class of `names` that a source defines takes. Raises BadSource."""
    module = _Module(_parse(source, filename), sources)
    for name in names:
        if name in module.classes:
            return module.declared(name)
    return NoSuchClass(tuple(module.classes))


def set_by_framework(bases: Collection[str]) -> frozenset[str]:
    """Return the attributes that no plan sets as parameters of a class with these bases of the framework.

    `every` says how often a scanner runs; a strategy may call a parameter of its own so. Of a class whose bases are
    not known it is taken for the scanner's.
    """
    return _NAMED if bases and "Scanner" not in bases else _TIMED


def convert(value: Any, type_: Any) -> Any:
    """Return a value of the plan as the declared type. Raises BadParameter when it does not fit."""
    try:
        return msgspec.convert(value, type_, strict=True)
    except msgspec.ValidationError as exc:
        raise BadParameter(str(exc).replace("`", "")) from exc
    except TypeError:  # a type that msgspec cannot build; the class itself must judge
        return value


def type_of(annotation: str) -> Any:
    """Return the type that an annotation's text means, or Any when it is not a plain one."""
    try:
        return _type(ast.parse(annotation, mode="eval").body)
    except (SyntaxError, ValueError):
        return Any


def _parse(source: str, filename: str) -> ast.Module:
    try:
        return ast.parse(source, filename=filename)
    except SyntaxError as exc:
        raise BadSource(f"{filename}:{exc.lineno or 0}: {exc.msg}") from exc
    except (ValueError, RecursionError, MemoryError) as exc:
        raise BadSource(f"{filename}: cannot be read as Python: {exc}") from exc


class _Module:
    """A parsed source: its classes, and where its imported names come from."""

    def __init__(self, tree: ast.Module, sources: Sources, depth: int = 0) -> None:
        self.sources = sources
        self.depth = depth
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.imports = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and not node.level
            for alias in node.names
        }
        self._known: dict[str, Declared] = {}

    def declared(self, name: str) -> Declared:
        if name not in self._known:
            # Until it is known, a class is open: one that inherits from itself ends here.
            self._known[name] = Declared(name, {}, frozenset(), False)
            self._known[name] = self._read(self.classes[name])
        return self._known[name]

    def _read(self, node: ast.ClassDef) -> Declared:
        types: dict[str, Any] = {}
        required: set[str] = set()
        bases = [self._base(_last_name(base)) for base in node.bases]
        for base in reversed(bases):
            types |= base.types
            required |= base.required
        for statement in node.body:
            required.difference_update(_assigned(statement))
            field = _field(statement)
            if field is not None:
                types[field[0]] = field[1]
                (required.discard if field[2] else required.add)(field[0])
        arguments, open_end = _init(node)
        types = {**dict.fromkeys(arguments, Any), **types}
        closed = all(base.closed for base in bases) and not open_end
        framework = frozenset[str]().union(*(base.bases for base in bases))
        for name in set_by_framework(framework):
            types.pop(name, None)
            required.discard(name)
        after = _after(node, bases)
        return Declared(node.name, types, frozenset(required), closed, framework, after)

    def _base(self, name: str) -> Declared:
        if name in self.classes:
            return self.declared(name)
        if name in FRAMEWORK_BASES or name == "object":
            return Declared(name, {}, frozenset(), True, FRAMEWORK_BASES & {name})
        return self._imported(name) or Declared(name, {}, frozenset(), False)

    def _imported(self, name: str) -> Declared | None:
        module, original = self.imports.get(name, ("", ""))
        if not module.startswith("liualgotrader.") or self.depth >= _MAX_DEPTH:
            return None
        source = self.sources(module)
        if source is None:
            return None
        found = _Module(_parse(source, module), self.sources, self.depth + 1)
        return found.declared(original) if original in found.classes else None


def _assigned(statement: ast.stmt) -> Iterator[str]:
    """Names that a plain assignment gives a value: they are no longer required."""
    if isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _field(statement: ast.stmt) -> tuple[str, Any, bool] | None:
    """Return (name, type, has a default) of an annotated attribute that is a parameter."""
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        return None
    name = statement.target.id
    if name.startswith("_") or _is_class_var(statement.annotation):
        return None
    return name, _type(statement.annotation), statement.value is not None


def _after(node: ast.ClassDef, bases: Sequence[Declared]) -> tuple[str, ...] | None:
    """Return what a class's `after` is, its own or that of the first base that has one."""
    found = next((base.after for base in bases if base.after != ()), ())
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if value is not None and any(_last_name(each) == "after" for each in targets):
            found = _texts(value)
    return found


def _texts(node: ast.expr) -> tuple[str, ...] | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    is_several = isinstance(value, tuple | list)
    return tuple(value) if is_several and all(isinstance(v, str) for v in value) else None


def _init(node: ast.ClassDef) -> tuple[list[str], bool]:
    """Return the arguments of the class's own `__init__`, and whether it takes any other."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            spec = statement.args
            names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)][1:]
            return names, spec.kwarg is not None
    return [], False


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_class_var(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("typing.", "").startswith("ClassVar")
    return _last_name(node) == "ClassVar"


def _type(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return type_of(node.value)
        return None if node.value is None else Any
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(_type(node.left), _type(node.right))
    if isinstance(node, ast.Subscript):
        return _generic(node)
    return _SIMPLE.get(_last_name(node), Any)


def _union(*types: Any) -> Any:
    return Any if Any in types else Union[types]  # noqa: UP007  (built from values)


def _generic(node: ast.Subscript) -> Any:
    name = _last_name(node.value)
    inside = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        values = [item.value for item in inside if isinstance(item, ast.Constant)]
        return Literal[tuple(values)] if len(values) == len(inside) else Any
    if name in ("Final", "Annotated"):
        return _type(inside[0])
    arguments = tuple(
        ... if isinstance(item, ast.Constant) and item.value is ... else _type(item)
        for item in inside
    )
    if name in ("Optional", "Union"):
        return _union(*arguments, *((None,) if name == "Optional" else ()))
    base = _SIMPLE.get(name, Any)
    return base[arguments] if base in (list, tuple, dict, set, frozenset) else Any
