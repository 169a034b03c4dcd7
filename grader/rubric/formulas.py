"""The right-hand sides of the reference, with a student's names to be put in: what a blank may be filled with."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from grader.rubric.edits import Source


@lru_cache(maxsize=256)
def formulas(source: Source, function: str) -> tuple[str, ...]:
    """What `function` gives to its names and entries: `W.T @ dZ` → `{W}.T @ {dZ}`; locals once as they are and once
    with what they stand for, and a layer's number counted from 1 and from 0. Empty for a function it does not have."""
    if function not in source.spans:
        return ()
    start, end = source.spans[function]
    tree = ast.parse(source.text[start:end])
    marks = _Marks(frozenset(source.spans) | frozenset(dir(builtins)) | {"np"})
    texts = [ast.unparse(marks.visit(value)) for value in (*_values(tree), *_inlined(tree))]
    shifted = [text.replace("{l}", "({l} + 1)") for text in texts]
    return tuple(text for text in dict.fromkeys((*texts, *shifted)) if re.search(r"\{\w", text))


def _values(tree: ast.AST) -> Iterator[ast.expr]:
    """The values of all assignments, those of branches in one, and the entries that they read, copied."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            computed = [part for part in parts if not isinstance(part, ast.Name | ast.Constant)]
            entries = (one for part in computed for one in ast.walk(part) if isinstance(one, ast.Subscript))
            yield from map(_copied, (*computed, *entries))
        elif isinstance(node, ast.If):
            yield from map(_copied, _of_branches(node))


def _of_branches(node: ast.If) -> Iterator[ast.expr]:
    """`sigmoid(Z) if activation == "sigmoid" else relu(Z)`, for both names and for each, of an `if` with an `elif`."""
    match node:
        case ast.If(
            test=test,
            body=[ast.Assign(targets=[target], value=one)],
            orelse=[ast.If(body=[ast.Assign(value=other)])],
        ):
            chosen = ast.IfExp(test, one, other)
            yield chosen
            if isinstance(target, ast.Tuple):
                yield from (ast.Subscript(chosen, ast.Constant(at)) for at in range(len(target.elts)))


def _copied(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _inlined(tree: ast.AST) -> Iterator[ast.expr]:
    """The same with what each local that is set once stands for."""
    stored = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    stored.update(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
    pairs = (pair for node in ast.walk(tree) if isinstance(node, ast.Assign) for pair in _pairs(node))
    meant = {name: value for name, value in pairs if stored[name] == 1}
    for value in _values(tree):
        yield _Inlining(meant).visit(value)


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name) and not isinstance(value, ast.Dict | ast.List):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        names = (name.id for name in target.elts if isinstance(name, ast.Name))
        yield from zip(names, value.elts, strict=True)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Name):
        # `linear_cache, activation_cache = cache`
        for at, part in enumerate(target.elts):
            if isinstance(part, ast.Name):
                yield part.id, ast.Subscript(value, ast.Constant(at))


class _Inlining(ast.NodeTransformer):
    """Puts in for locals what they stand for, down to the parameters."""

    def __init__(self, meant: dict[str, ast.expr]) -> None:
        self.meant = meant

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.meant.get(node.id)
        if value is None:
            return node
        rest = {name: other for name, other in self.meant.items() if name != node.id}
        made: ast.expr = _Inlining(rest).visit(_copied(value))
        return made


class _Marks(ast.NodeTransformer):
    """`W` → `{W}`, `f"W{l}"` → `"W" + str({l})`."""

    def __init__(self, plain: frozenset[str]) -> None:
        self.plain = plain

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if node.id in self.plain else ast.Name("{" + node.id + "}")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self._part(part) for part in node.values]
        text = parts[0]
        for part in parts[1:]:
            text = ast.BinOp(text, ast.Add(), part)
        return text

    def _part(self, part: ast.expr) -> ast.expr:
        if isinstance(part, ast.FormattedValue):
            return ast.Call(ast.Name("str"), [self.visit(part.value)], [])
        return part
