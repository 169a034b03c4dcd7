"""Inverse edits of the size that is divided by."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.repairs.batch_size import batch_sizes, holds_batch
from grader.repairs.change import Change, callee, change, is_own_call
from grader.repairs.scope import BATCH_NAME
from grader.repairs.sites import Site


def over_n(site: Site) -> Iterator[Change]:
    """The size that is divided by: another dimension of the same array, or the number of examples."""
    for node in site.nodes():
        yield from other_dimension(site, node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield from _other_divisor(site, node.right)
        elif isinstance(node, ast.Call) and callee(node) == "divide" and len(node.args) == 2:
            yield from _other_divisor(site, node.args[1])
    yield from _other_divisor_in_place(site)
    yield from turned_shape(site)
    yield from _turned_argument(site)


def _turned_argument(site: Site) -> Iterator[Change]:
    """`mean(total, A.T)` → `mean(total, A)`, `mean(total, n)` → `mean(total, m)`."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and is_own_call(site, node):
            for argument in node.args:
                if isinstance(argument, ast.Attribute) and argument.attr == "T":
                    yield change(argument, site.atom(argument.value), rank=0)
                elif isinstance(argument, ast.Name) and _counts(site, argument.id):
                    sizes = [name for name in site.visible(node) if _counts(site, name)]
                    yield from (change(argument, name, rank=0) for name in sizes if name != argument.id)


def _counts(site: Site, name: str) -> bool:
    return site.scope.role(name) == "count" or bool(BATCH_NAME.match(name))


def turned_shape(site: Site) -> Iterator[Change]:
    """`m, n = A.shape` → `n, m = A.shape`."""
    match site.node:
        case ast.Assign(targets=[ast.Tuple(elts=[one, other])], value=ast.Attribute(attr="shape")):
            if not BATCH_NAME.match(site.text(other)):
                yield Change(((one, site.text(other)), (other, site.text(one))), rank=0)


def other_dimension(site: Site, node: ast.expr) -> Iterator[Change]:
    match node:
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Constant(value=0 | 1) as index):
            if not counts_units(site):
                yield change(index, str(1 - index.value), rank=0)  # type: ignore[operator]
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Name(id=axis) as index):
            if not site.scope.knows(axis) and not counts_units(site):  # `Y.shape[ROWS]`
                yield change(index, "1", rank=0)
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.UnaryOp() as last):
            yield change(last, "0", rank=1)
        case ast.Call(func=ast.Name(id="len"), args=[array]):
            yield change(node, f"{site.atom(array)}.shape[1]", rank=0)
        case ast.Attribute(attr="size"):
            yield change(node, f"{site.atom(node.value)}.shape[1]", rank=0)


def _other_divisor(site: Site, node: ast.expr) -> Iterator[Change]:
    for rank, size in enumerate(batch_sizes(site.scope, site.node, site.visible(node))):
        if site.text(node) != size:
            yield change(node, size, rank=rank)
    match node:
        case ast.Call(args=[ast.Name(id=array)]) if is_own_call(site, node):  # `nrow(M)`
            yield change(node, f"{array}.shape[1]", rank=0)


def _other_divisor_in_place(site: Site) -> Iterator[Change]:
    if isinstance(site.node, ast.AugAssign) and isinstance(site.node.op, ast.Div):
        yield from _other_divisor(site, site.node.value)


def counts_units(site: Site) -> bool:
    """The statement names a number of units: whoever divides by that name is wrong, not this."""
    match site.node:
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if site.count(value):
            others = (name for name in site.scope.values if name != target)
            named = target[:1] in "nN" or any(holds_batch(site.scope, name) for name in others)
            return named and not BATCH_NAME.match(target)
    return False
