"""Find the little changes that can be made to a source file: its mutants.

What is not changed, because no test of behaviour could tell, or every one would:
strings and docstrings (but for the numbers in Decimal("...")), annotations, decorators, `None`,
`frozen`, `kw_only` and the tag of a class, an assignment to a plain name (its absence is a
NameError), and what is the same after the change: a product with a sign (+1 or -1) or one that is
compared with 0 is no other as a quotient. What else gives the same answer after a change (a cache
that is asked once more, a condition for the type checker) counts as a survivor.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import EnumMeta
from types import ModuleType

import msgspec

_DECLARATIVE = {"frozen", "kw_only", "tag", "tag_field"}
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(msgspec.Struct, frozen=True):
    """One change: `replacement` instead of the bytes from `start` to `end` of a file.

    `owner` is the outermost function it is in, as Class.function, or nothing for what runs when the
    module is imported. `lines` are the first and last of its statement.
    """

    path: str
    start: int
    end: int
    replacement: str
    line: int
    lines: tuple[int, int]
    owner: str
    kind: str

    def apply(self, source: bytes) -> bytes:
        """Return the source with the change made."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]

    def diff(self, source: bytes) -> str:
        """Return the lines of its place before and after."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        was = source[first:last].decode().splitlines()
        now = self.apply(source[:last])[first:].decode().splitlines()
        return "\n".join([f"    - {line}" for line in was] + [f"    + {line}" for line in now])


def mutants_of(path: str, source: bytes, module: ModuleType) -> list[Mutant]:
    """Return all mutants of a file in the order of its text."""
    finder = _Finder(path, source, module)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda mutant: (mutant.start, mutant.end))


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: bytes, module: ModuleType) -> None:
        self.path, self.module = path, module
        self.found: list[Mutant] = []
        text = source.splitlines(keepends=True)
        self._starts = [0]
        for line in text:
            self._starts.append(self._starts[-1] + len(line))
        self._scope: list[str] = []
        self._owner = ""
        self._returns: ast.expr | None = None
        self._lines = (0, 0)
        self._signs: list[ast.expr] = []

    def _add(self, node: ast.expr | ast.stmt, replacement: ast.AST | str, kind: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        text = replacement if isinstance(replacement, str) else ast.unparse(replacement)
        self.found.append(
            Mutant(
                path=self.path,
                start=self._starts[node.lineno - 1] + node.col_offset,
                end=self._starts[node.end_lineno - 1] + node.end_col_offset,
                replacement=text,
                line=node.lineno,
                lines=self._lines,
                owner=self._owner,
                kind=kind,
            ),
        )

    # ------------------------------------------------------------------ statements

    def visit(self, node: ast.AST) -> None:
        """Note which statement one is in, on the way down."""
        if not isinstance(node, ast.stmt):
            super().visit(node)
            return
        before, self._lines = self._lines, _span(node)
        super().visit(node)
        self._lines = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Visit defaults, which are evaluated on import, and the body."""
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        outer, returned = self._owner, self._returns
        self._scope.append(node.name)
        self._owner = outer or ".".join(self._scope)
        self._returns = node.returns
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()
        self._owner, self._returns = outer, returned

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Visit what makes a class, without what only declares."""
        for keyword in node.keywords:
            if keyword.arg not in _DECLARATIVE:
                self.visit(keyword.value)
        self._scope.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    def visit_Expr(self, node: ast.Expr) -> None:
        """Leave a call out; docstrings stay."""
        if isinstance(node.value, ast.Constant | ast.Yield):
            return
        self._add(node, "pass", "statement removed")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Leave an assignment to an attribute or an item out."""
        if not any(isinstance(target, ast.Name) for target in node.targets):
            self._add(node, "pass", "statement removed")
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Visit the value alone."""
        if node.value is not None:
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Turn += round, or leave it out."""
        self._add(node, "pass", "statement removed")
        other = _COUNTED.get(type(node.op))
        if other is not None:
            changed = ast.AugAssign(target=node.target, op=other(), value=node.value)
            self._add(node, changed, "arithmetic")
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Leave a deletion out."""
        self._add(node, "pass", "statement removed")

    def visit_Raise(self, node: ast.Raise) -> None:
        """Raise nothing."""
        self._add(node, "pass", "statement removed")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        """Go on instead."""
        self._add(node, "pass", "statement removed")

    def visit_Return(self, node: ast.Return) -> None:
        """Return nothing, or the contrary."""
        value = node.value
        if value is None:
            self._add(node, "pass", "statement removed")
            return
        if isinstance(self._returns, ast.Name) and self._returns.id == "bool":
            if not isinstance(value, ast.Compare | ast.Constant | ast.UnaryOp):
                self._add(value, f"not ({ast.unparse(value)})", "returned value")
        elif not (isinstance(value, ast.Constant) and value.value is None):
            self._add(value, "None", "returned value")
        self.visit(value)

    def visit_If(self, node: ast.If) -> None:
        """Turn a condition round that has no operator of its own to turn."""
        self._turn(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """Turn the condition round."""
        self._turn(node.test)
        self.generic_visit(node)

    # ------------------------------------------------------------------ expressions

    def _turn(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.UnaryOp | ast.Constant):
            self._add(test, f"not ({ast.unparse(test)})", "condition")

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Turn the condition round."""
        self._turn(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Turn each condition round."""
        for test in node.ifs:
            self._turn(test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Move the boundary; turn it round."""
        if isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value == 0:
            self._signs.append(node.left)
        for index, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                changed = ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
                self._add(node, changed, "comparison")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Turn and into or."""
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        changed = ast.BoolOp(op=other, values=node.values)
        self._add(node, f"({ast.unparse(changed)})", "boolean operator")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Drop a not or a minus."""
        if isinstance(node.op, ast.Not | ast.USub):
            self._add(node, f"({ast.unparse(node.operand)})", "sign or not dropped")
        self.visit(node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Calculate the wrong way."""
        other = _COUNTED.get(type(node.op))
        if other is not None and not (node in self._signs or _is_sign(node.left, node.right)):
            changed = ast.BinOp(left=node.left, op=other(), right=node.right)
            self._add(node, f"({ast.unparse(changed)})", "arithmetic")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Call the opposite of min and any; drop abs; double the number in a Decimal."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _CALLED:
            changed = ast.Call(ast.Name(_CALLED[name]), node.args, node.keywords)
            self._add(node, changed, "min, max")
        if name == "abs":
            self._add(node, f"({ast.unparse(node.args[0])})", "abs dropped")
        number = node.args[0] if name == "Decimal" and len(node.args) == 1 else None
        if isinstance(number, ast.Constant) and isinstance(number.value, str):
            self._add(node, f"(2 * {ast.unparse(node)} + 1)", "constant")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Turn True round, and count one further."""
        if isinstance(node.value, bool):
            self._add(node, repr(not node.value), "constant")
        elif isinstance(node.value, int | float):
            self._add(node, repr(node.value + 1), "constant")

    def visit_Name(self, node: ast.Name) -> None:
        """Take the house's ZERO for the constant that it is."""
        if node.id == "ZERO" and isinstance(node.ctx, ast.Load):
            self._add(node, "(ZERO + 1)", "constant")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Take the next member of an enumeration."""
        members = list(_members(node, self.module))
        if node.attr in members and isinstance(node.ctx, ast.Load):
            other = members[(members.index(node.attr) + 1) % len(members)]
            self._add(node, f"{ast.unparse(node.value)}.{other}", "member")
        self.generic_visit(node)


def _span(node: ast.stmt) -> tuple[int, int]:
    """Return a statement's lines; of one that holds others those before the first of them."""
    body: list[ast.stmt] | None = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
    return node.lineno, last or node.lineno


def _is_sign(*factors: ast.expr) -> bool:
    return any(ast.unparse(factor).split(".")[-1] in ("sign", "direction") for factor in factors)


def _members(node: ast.Attribute, module: ModuleType) -> Iterator[str]:
    if isinstance(node.value, ast.Name):
        owner = getattr(module, node.value.id, None)
        if isinstance(owner, EnumMeta):
            yield from owner.__members__
