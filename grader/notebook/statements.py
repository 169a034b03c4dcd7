"""Top-level statements as records: what they bind, what kind they are, where they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from grader.model import Definition, StandIn
from grader.notebook.modules import served
from grader.notebook.names import Usage, changed_by_call, imported_names, root_name, usage
from grader.notebook.syntax import Block

Kind = Literal["function", "class", "import", "value"]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPOUND = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


@dataclass(slots=True)
class Statement:
    """One top-level statement of a cell."""

    node: ast.stmt
    block: Block
    binds: frozenset[str]
    touches: frozenset[str]
    kind: Kind
    served: Mapping[str, str]
    """Names that come from a course module → that module."""
    functions: Mapping[str, Function] = field(default_factory=dict)
    """The functions that it defines; the last one of a name."""
    cached: Usage | None = None

    @property
    def conditional(self) -> bool:
        """Whether an earlier value of its names may outlive it."""
        return isinstance(self.node, _COMPOUND)

    @property
    def matters(self) -> bool:
        """Whether it binds or changes a name."""
        return bool(self.binds or self.touches) or isinstance(self.node, ast.ImportFrom)

    @property
    def calls(self) -> str:
        """The name of the function that it calls, if it does no more."""
        match self.node:
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
                return name
        return ""

    @property
    def usage(self) -> Usage:
        if self.cached is None:
            self.cached = usage(self.node)
        return self.cached

    @property
    def cell(self) -> int:
        return self.block.cell

    def line(self, line: int) -> int:
        """The line of the cell, for a line of the parsed text."""
        return line + self.block.offset

    def definition(self) -> Definition:
        start, lines = first_line(self.node), self.block.text.split("\n")
        source = _text(lines, start, self.node)
        if self.kind == "function" and self.node.end_lineno:
            source += _comments_below(lines[self.node.end_lineno :])
        return Definition(tuple(sorted(self.binds)), source, self.cell, self.line(start), self.kind)


def first_line(node: ast.stmt) -> int:
    """The line of its first decorator, or its own."""
    decorators = getattr(node, "decorator_list", ())
    return min([node.lineno, *(int(decorator.lineno) for decorator in decorators)])


def _text(lines: list[str], start: int, node: ast.stmt) -> str:
    """The statement's own text. Columns count bytes; other statements may share its lines."""
    last = node.end_lineno or start
    taken = lines[start - 1 : last]
    if node.end_col_offset is not None:
        taken[-1] = (
            taken[-1].encode("utf-8", "surrogatepass")[: node.end_col_offset].decode("utf-8", "surrogatepass")
        )
    if node.col_offset:
        taken[0] = (
            taken[0].encode("utf-8", "surrogatepass")[node.col_offset :].decode("utf-8", "surrogatepass")
        )
    return "\n".join(taken)


def _comments_below(lines: Sequence[str]) -> str:
    """The comments that belong to a function because they are indented, with the line ends before them."""
    kept = takewhile(lambda line: not line.strip() or line[0] in " \t" and line.lstrip()[0] == "#", lines)
    text = "\n".join(kept).rstrip()
    return f"\n{text}" if text else ""


def statements(block: Block, stand_ins: Sequence[StandIn]) -> Iterator[Statement]:
    """The statements of a block that bind or change a name, or that may: calls of functions."""
    for node in block.nodes:
        found = _statement(node, block, stand_ins)
        if found is not None and (found.matters or found.calls):
            yield found


def _statement(node: ast.stmt, block: Block, stand_ins: Sequence[StandIn]) -> Statement | None:
    none: frozenset[str] = frozenset()
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return Statement(node, block, frozenset((node.name,)), none, "function", {}, {node.name: node})
        case ast.ClassDef():
            return Statement(node, block, frozenset((node.name,)), none, "class", {})
        case ast.Import() | ast.ImportFrom():
            given = served(node, stand_ins)
            return Statement(node, block, frozenset(imported_names(node) | set(given)), none, "import", given)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return _assignment(node, block)
        case ast.Expr(value=ast.Call() as call):
            name = changed_by_call(call)
            return Statement(node, block, none, frozenset((name,)) if name else none, "value", {})
        case ast.Delete():
            touched = {root_name(target) for target in node.targets if not isinstance(target, ast.Name)}
            return Statement(node, block, none, frozenset(name for name in touched if name), "value", {})
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Assert():
            return None
    return _compound(node, block, stand_ins)


def _assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign, block: Block) -> Statement:
    binds, touches = set(), set()
    if not (isinstance(node, ast.AnnAssign) and node.value is None):
        stack: list[ast.expr] = list(node.targets) if isinstance(node, ast.Assign) else [node.target]
        while stack:
            target = stack.pop()
            if isinstance(target, ast.Tuple | ast.List):
                stack.extend(target.elts)
            elif isinstance(target, ast.Starred):
                stack.append(target.value)
            elif isinstance(target, ast.Name):
                binds.add(target.id)
            elif (name := root_name(target)) is not None:
                touches.add(name)
    kind: Kind = "function" if isinstance(node.value, ast.Lambda) else "value"
    return Statement(node, block, frozenset(binds), frozenset(touches), kind, {})


def _compound(node: ast.stmt, block: Block, stand_ins: Sequence[StandIn]) -> Statement:
    names = usage(node)
    functions: dict[str, Function] = {}
    given: dict[str, str] = {}
    kinds: set[Kind | None] = set()
    for inner in inner_statements(node):
        given.update(served(inner, stand_ins))
        if isinstance(inner, Function):
            functions[inner.name] = inner
        kinds.add(_plain_kind(inner))
    kind: Kind = next((kind for kind in _BY_WEIGHT if kind in kinds), "value")
    return Statement(node, block, names.binds | set(given), names.touches, kind, given, functions, names)


_BY_WEIGHT: tuple[Kind, ...] = ("function", "class", "value", "import")


def _plain_kind(node: ast.stmt) -> Kind | None:
    if isinstance(node, Function):
        return "function"
    if isinstance(node, ast.ClassDef):
        return "class"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import"
    return "value" if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else None


def inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements inside an `if`, `try`, loop, `with` or function; not those of functions and classes inside it."""
    stack: list[ast.AST] = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, ast.stmt) and at is not node:
            yield at
        if at is node or not isinstance(at, Function | ast.ClassDef | ast.expr):
            stack.extend(reversed(list(ast.iter_child_nodes(at))))
