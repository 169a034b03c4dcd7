"""Random wrong solutions, made without looking at the catalogue: one small change of a style's syntax tree.

The operators are the usual ones of mutation testing and a few that a hurried edit makes. They know nothing
of neural networks, so that most of what they give is an error that no misconception describes.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.diagnosis_styles import Style, cells_of, graded_owners, render, strip_magics

Rewrites = Iterator[ast.AST]
_ARITHMETIC: tuple[type[ast.operator], ...] = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.MatMult,
    ast.Pow,
)
_COMPARISONS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A style's source with one change in one top-level definition, which belongs to `function`."""

    style: str
    function: str
    operator: str
    before: str
    after: str
    source: str


def operator(node: ast.AST) -> Rewrites:
    """Another arithmetic operator."""
    if isinstance(node, ast.BinOp):
        for other in _ARITHMETIC:
            if not isinstance(node.op, other):
                yield ast.BinOp(node.left, other(), node.right)


def comparison(node: ast.AST) -> Rewrites:
    """Another comparison."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], _COMPARISONS):
        for other in _COMPARISONS:
            if not isinstance(node.ops[0], other):
                yield ast.Compare(node.left, [other()], node.comparators)


def constant(node: ast.AST) -> Rewrites:
    """A neighbouring or another number."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number: float = node.value  # type: ignore[assignment]
        for other in (number + 1, number - 1, 2 * number, -number, number / 2):
            if other != number:
                yield ast.Constant(other)


def operand(node: ast.AST) -> Rewrites:
    """One side of an operation only, or the sides exchanged."""
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
        yield ast.BinOp(node.right, node.op, node.left)


def sign(node: ast.AST) -> Rewrites:
    """A minus dropped or put in front."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.BinOp | ast.Call | ast.Subscript):
        yield ast.UnaryOp(ast.USub(), node)


def wrapped(node: ast.AST) -> Rewrites:
    """Twice, squared, its absolute value, a little more."""
    if isinstance(node, ast.BinOp | ast.Call):
        yield ast.BinOp(ast.Constant(2), ast.Mult(), node)
        yield ast.BinOp(node, ast.Pow(), ast.Constant(2))
        yield ast.BinOp(node, ast.Add(), ast.Constant(0.1))
        yield ast.Call(ast.Name("abs", ast.Load()), [node], [])


def call(node: ast.AST) -> Rewrites:
    """An argument or a keyword forgotten, two arguments exchanged, the call forgotten."""
    if not isinstance(node, ast.Call):
        return
    for index in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, node.keywords[:index] + node.keywords[index + 1 :])
    for index in range(len(node.args) - 1):
        args = list(node.args)
        args[index], args[index + 1] = args[index + 1], args[index]
        yield ast.Call(node.func, args, node.keywords)
    if node.args:
        yield ast.Call(node.func, node.args[:-1], node.keywords)
        yield node.args[0]
    elif isinstance(node.func, ast.Attribute):
        yield node.func.value


def transpose(node: ast.AST) -> Rewrites:
    """A transpose too few or too many."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult):
        yield ast.Attribute(node, "T", ast.Load())


def subscript(node: ast.AST) -> Rewrites:
    """The index forgotten, or another one."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
        if not isinstance(node.slice, ast.Slice | ast.Tuple | ast.JoinedStr | ast.Constant):
            for change in (ast.Add(), ast.Sub()):
                yield ast.Subscript(node.value, ast.BinOp(node.slice, change, ast.Constant(1)), node.ctx)


def word(node: ast.AST) -> Rewrites:
    """One of the assignment's words for another."""
    other = {"sigmoid": "relu", "relu": "sigmoid", "W": "b", "b": "W", "dW": "db", "db": "dW", "dA": "dW"}
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in other:
        yield ast.Constant(other[node.value])


def misspelt(node: ast.AST) -> Rewrites:
    """A name that nothing makes."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and len(node.id) > 1:
        yield ast.Name(node.id + node.id[-1], node.ctx)


OPERATORS: tuple[Callable[[ast.AST], Rewrites], ...] = (
    operator,
    comparison,
    constant,
    operand,
    sign,
    wrapped,
    call,
    transpose,
    subscript,
    word,
    misspelt,
)


def mutants(style: Style, rng: random.Random) -> Iterator[Mutant]:
    """Every mutant of a style, in random order."""
    source = render(style)
    owners = graded_owners(source)
    chunks = list(_definitions(source))
    places = [
        (chunk, index)
        for chunk in chunks
        if owners[chunk[0]]
        for index in range(sum(1 for _ in _changes(chunk[2], ())))
    ]
    rng.shuffle(places)
    for (first, last, node), index in places:
        name, before, after, changed = _change(node, index)
        lines = source.splitlines()
        lines[first:last] = changed.splitlines()
        yield Mutant(style.name, owners[first], name, before, after, "\n".join(lines) + "\n")


def _definitions(source: str) -> Iterator[tuple[int, int, ast.stmt]]:
    """(first, last + 1, statement) of each top-level definition, in lines of the whole source."""
    for kind, body in cells_of(source):
        if kind != "code":
            continue
        offset = body[0][0]
        for node in ast.parse(strip_magics("\n".join(line for _, line in body))).body:
            if isinstance(node, ast.FunctionDef | ast.Assign):
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
                yield offset + first - 1, offset + (node.end_lineno or first), node


def _changes(
    node: ast.AST, path: tuple[tuple[str, int | None], ...]
) -> Iterator[tuple[tuple[tuple[str, int | None], ...], str, ast.AST, ast.AST]]:
    """(path, operator, old, new) of every change below a node."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr) or _is_docstring(child):
                continue
            here = (*path, (field, index))
            for made in OPERATORS:
                for new in made(child):
                    yield here, made.__name__, child, new
            if isinstance(node, ast.FunctionDef | ast.For | ast.While) and field == "body" and len(value) > 1:
                yield here, "statement", child, ast.Pass()
            yield from _changes(child, here)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _change(node: ast.stmt, index: int) -> tuple[str, str, str, str]:
    """(operator, old text, new text, text of the whole statement) of the change with this number."""
    path, name, old, new = next(c for i, c in enumerate(_changes(node, ())) if i == index)
    whole = copy.deepcopy(node)
    target: ast.AST = whole
    for field, position in path[:-1]:
        value = getattr(target, field)
        target = value if position is None else value[position]
    field, position = path[-1]
    if position is None:
        setattr(target, field, copy.deepcopy(new))
    else:
        getattr(target, field)[position] = copy.deepcopy(new)
    return name, ast.unparse(old), ast.unparse(new), ast.unparse(ast.fix_missing_locations(whole))
