"""Blanks of a template that are still open, filled with some value: no answer, but it shows whether they matter."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator

from grader.repairs.change import Change, is_own_call
from grader.repairs.sites import Site
from grader.repairs.slice import bodies, names_in, says_nothing

_FILLED = "[[1.0]]"
#: Methods that put into a container what they are given.
_STORING = frozenset(("update", "setdefault", "append", "insert", "extend"))


def blank(site: Site) -> Iterator[Change]:
    """`db = None`, never set again; `return None`; a helper, or one branch of several, that is only `pass`."""
    node = site.node
    if isinstance(site.parent(node), ast.Module):
        return  # `Nothing = None` is what a notebook calls nothing
    if site.open_end:
        if says_nothing(node):
            yield Change(((node, f"return {_FILLED}"),), rank=0)
        return
    if says_nothing(node) and _others_say_something(site):
        yield Change(((node, f"return {_FILLED}"),), rank=0)
    left = [one for value in _values(node) for one in _open(site, value)]
    if left and not _set_later(site):
        yield Change(tuple((one, _filling(site, one)) for one in left), rank=0)


def _values(node: ast.stmt) -> list[ast.expr]:
    """What a statement gives to a name, to its caller or, by `grads.update(…)`, to a container."""
    match node:
        case (
            ast.Assign(value=value)
            | ast.AnnAssign(value=ast.expr() as value)
            | ast.Return(value=ast.expr() as value)
        ):
            return [value]
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=args, keywords=words)) if (
            name in _STORING
        ):
            return [*args, *(word.value for word in words)]
    return []


def _others_say_something(site: Site) -> bool:
    """Whether this is all of a branch, and the other ones give a value to names, or entries, that are read."""
    around = site.parent(site.node)
    if isinstance(around, ast.match_case):
        around = site.parent(around)
    alone = isinstance(around, ast.If | ast.Match) and [site.node] in bodies(around)
    lines = {line for branch in (*_other_branches(site), *_next_to(site, around)) for line in branch}
    stored = (n for n in site.source.nodes if isinstance(getattr(n, "ctx", None), ast.Store))
    given = (names_in(node) for node in stored if getattr(node, "lineno", 0) in lines)
    return alone and any(names & site.scope.read for names in given)


def _next_to(site: Site, around: ast.AST | None) -> Iterator[range]:
    """Lines of the other conditions beside `if kind == "relu": pass`, which has no else."""
    if isinstance(around, ast.If) and not around.orelse:
        for other in getattr(site.parent(around), "body", ()):
            if isinstance(other, ast.If) and other is not around:
                yield range(other.lineno, (other.end_lineno or other.lineno) + 1)


def _filling(site: Site, node: ast.expr) -> str:
    """One value; as many as there are names in `dA_prev, dW, db = None`."""
    match site.node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=value) if value is node:
            return f"({', '.join([_FILLED] * len(names))})"
    return _FILLED


def _open(site: Site, node: ast.expr) -> Iterator[ast.expr]:
    """The `None`, `...` and `NotImplemented` that a value is made of."""
    match node:
        case (
            ast.Constant(value=None)
            | ast.Constant(value=types.EllipsisType())
            | ast.Name(id="NotImplemented")
        ):
            yield node
        case ast.Tuple(elts=parts) | ast.Dict(values=parts):
            for part in parts:
                yield from _open(site, part)
        case ast.DictComp(value=body) | ast.BinOp(op=ast.BitOr(), right=body) | ast.Lambda(body=body):
            yield from _open(site, body)
        case ast.IfExp(body=one, orelse=other):
            yield from _open(site, one)
            yield from _open(site, other)
        case ast.Call(func=ast.Name(id=name)) if name == "dict" or is_own_call(site, node):
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from _open(site, part)


def _set_later(site: Site) -> bool:
    """Whether a name gets another value after this statement, on the same way through the function, before it is read."""
    targets = getattr(site.node, "targets", [getattr(site.node, "target", None)])
    parts = [one for target in targets for one in getattr(target, "elts", [target])]
    names = {one.id for one in parts if isinstance(one, ast.Name)}
    elsewhere = {line for branch in _other_branches(site) for line in branch}
    later = {b.line: b.name for b in reversed(site.scope.bindings) if b.name in names and b.line > site.line}
    return any(line not in elsewhere and not _is_read(site, name, line) for line, name in later.items())


def _is_read(site: Site, name: str, line: int) -> bool:
    """Whether a name is read after this statement, and at the latest in that line."""
    loads = (n for n in site.source.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return any(one.id == name and site.line < one.lineno <= line for one in loads)


def _other_branches(site: Site) -> Iterator[range]:
    """Lines of branches that are not taken where this statement is reached."""
    inner: ast.AST = site.node
    around = site.parent(inner)
    while around is not None:
        if isinstance(around, ast.If | ast.Match | ast.Try):
            for block in bodies(around):
                if block and inner not in block:
                    yield range(block[0].lineno, (block[-1].end_lineno or block[-1].lineno) + 1)
        if not isinstance(
            around, ast.match_case | ast.ExceptHandler
        ):  # whose statements stand in the blocks above
            inner = around
        around = site.parent(around)
