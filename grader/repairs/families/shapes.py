"""Inverse edits of transposes, products, axes and shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.repairs.change import (
    DELIVERED,
    Change,
    Place,
    call_text,
    callee,
    change,
    is_method,
    is_number_like,
    keyword_texts,
    places,
)
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_PRODUCTS = frozenset({"dot", "matmul"})
_REDUCERS = frozenset({"sum", "mean", "average", "max", "min", "nansum", "prod"})
_RESHAPERS = frozenset({"reshape", "squeeze", "flatten", "ravel", "transpose", "atleast_2d"})


def transpose(site: Site) -> Iterator[Change]:
    """A transpose taken off or put on; the operands of a product exchanged; other subscripts in einsum."""
    for node in site.nodes():
        if isinstance(node, ast.Attribute) and node.attr == "T":
            stored = isinstance(site.parent(node), ast.Dict)
            yield change(node, site.atom(node.value), rank=0, tag="stored transposed" if stored else "")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield from _product(site, node)
        elif isinstance(node, ast.Call):
            yield from _transposed_call(site, node)
        elif isinstance(node, ast.Subscript):
            yield from _turned_index(site, node)
    for place in places(site):
        if is_number_like(site, place.node):
            yield change(place.node, f"{site.atom(place.node)}.T", place.level, 1)
    yield from _turned_name(site)


def transpose_in_logs(site: Site) -> Iterator[Change]:
    """The same where a statement takes a logarithm, or computes with one: in a cost."""
    if _takes_logs(site):
        yield from transpose(site)


def transpose_elsewhere(site: Site) -> Iterator[Change]:
    """The same in all other statements."""
    if not _takes_logs(site):
        yield from transpose(site)


def _takes_logs(site: Site) -> bool:
    read = list(site.nodes())
    for name in [node.id for node in read if isinstance(node, ast.Name)]:
        read += [value for value in site.scope.values.get(name, ()) if value is not None]
    return any(callee(inner).startswith("log") for node in read for inner in ast.walk(node))


def _turned_name(site: Site) -> Iterator[Change]:
    """`Wt = W` → `Wt = W.T`: a name that tells what was meant to be made."""
    match site.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=old) as value):
            if re.fullmatch(rf"{re.escape(old)}_?(?:T|t|[Tt]rans(?:p|posed?)?)", name):
                yield change(value, f"{old}.T", rank=0)


def _product(site: Site, node: ast.BinOp) -> Iterator[Change]:
    left, right = site.atom(node.left), site.atom(node.right)
    yield change(node, f"{right} @ {left}", rank=0)
    yield from _turned(site, node, node.left, node.right, lambda a, b: f"{a} @ {b}")


def _turned(site: Site, node: ast.expr, left: ast.expr, right: ast.expr, write: object) -> Iterator[Change]:
    """One side transposed, or both turned round: A Bᵀ for B Aᵀ and the other way round."""
    yield change(left, f"{site.atom(left)}.T", rank=0)
    yield change(right, f"{site.atom(right)}.T", rank=0, tag="right transposed")
    a, b = _flipped(site, left), _flipped(site, right)
    for one, other in ((b, a), (a, b), (site.atom(right), a), (b, site.atom(left))):
        yield change(node, write(one, other), rank=1)  # type: ignore[operator]


def _flipped(site: Site, node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return site.atom(node.value)
    return f"{site.atom(node)}.T"


def _transposed_call(site: Site, node: ast.Call) -> Iterator[Change]:
    name = callee(node)
    if name == "transpose":
        yield change(
            node, site.text(node.args[0]) if node.args and not is_method(site, node) else _base(site, node)
        )
    elif name in _PRODUCTS and len(node.args) == 2:
        left, right = node.args
        yield change(node, call_text(site, node, [site.text(right), site.text(left)]), rank=0)
        yield from _turned(site, node, left, right, lambda a, b: call_text(site, node, [a, b]))
    elif name in _PRODUCTS and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        base, other = node.func.value, node.args[0]
        yield change(node, f"{site.atom(other)}.{name}({site.text(base)})", rank=0)
        yield from _turned(site, node, base, other, lambda a, b: f"{a}.{name}({b})")
    elif name == "einsum":
        yield from _einsum(site, node)
    elif name == "tensordot":
        yield from _other_axes(site, node)


def _other_axes(site: Site, node: ast.Call) -> Iterator[Change]:
    """`np.tensordot(W, A, axes=(0, 0))` → `axes=(1, 0)`, and the operands the other way round."""
    given = next((k.value for k in node.keywords if k.arg == "axes"), node.args[2] if node.args[2:] else None)
    if given is None:
        return
    for new in ("(1, 0)", "(0, 0)", "(1, 1)", "(0, 1)"):
        if site.text(given) != new:
            yield change(given, new, rank=0)
    turned = [site.text(node.args[1]), site.text(node.args[0]), *map(site.text, node.args[2:])]
    yield change(node, call_text(site, node, turned), rank=0)


def _base(site: Site, node: ast.Call) -> str:
    return site.atom(node.func.value) if isinstance(node.func, ast.Attribute) else site.text(node)


def _einsum(site: Site, node: ast.Call) -> Iterator[Change]:
    """One operand's or the output's letters turned round, each operand's place exchanged."""
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    inputs, arrow, output = first.value.replace(" ", "").partition("->")
    terms = [*inputs.split(","), *([output] if arrow else [])]
    for at, term in enumerate(terms):
        new = [*terms[:at], term[::-1], *terms[at + 1 :]]
        count = len(new) - 1 if arrow else len(new)
        yield change(first, repr(",".join(new[:count]) + (f"->{new[-1]}" if arrow else "")), rank=0)


def _turned_index(site: Site, node: ast.Subscript) -> Iterator[Change]:
    """`W[i, j]` → `W[j, i]`, in a loop over elements."""
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        one, other = (site.text(part) for part in node.slice.elts)
        yield change(node, f"{site.atom(node.value)}[{other}, {one}]", rank=1)
        for part in node.slice.elts:
            if isinstance(part, ast.Name | ast.Constant):
                continue
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 3:
        a, b, c = (site.text(part) for part in node.slice.elts)
        yield change(node, f"{site.atom(node.value)}[{b}, {a}, {c}]", rank=1, tag="turned")


def axis(site: Site) -> Iterator[Change]:
    """The axis and keepdims of a sum; a reshape put on or taken off."""
    for node in site.nodes():
        if isinstance(node, ast.Subscript):
            yield from _one_column(site, node)
        if not isinstance(node, ast.Call):
            continue
        if callee(node) in _REDUCERS:
            yield from _reduced(site, node)
        elif callee(node) in ("zeros", "ones", "empty", "full") and node.args:
            if not isinstance(node.args[0], ast.Tuple | ast.Attribute):
                yield change(node.args[0], f"({site.text(node.args[0])}, 1)", rank=0)
            elif site.text(node.args[0]) == "(1, 1)" and callee(node) == "zeros":
                yield change(node, "0.0", rank=0)
        elif any(keyword.arg == "axis" for keyword in node.keywords):
            yield from _other_axis(site, node)
        elif callee(node) in _RESHAPERS:
            yield from _unshaped(site, node)
    for place in places(site):
        if is_number_like(site, place.node):
            text, numpy = site.atom(place.node), site.world.numpy
            yield change(place.node, f"{text}.reshape(-1, 1)", place.level, 1)
            level = place.level if _is_given_back(site, place) else DELIVERED
            yield change(place.node, f"{numpy}.squeeze({site.text(place.node)})", level, 1)


def _is_given_back(site: Site, place: Place) -> bool:
    """Returned, or given a name that is returned: what is only computed with may have any shape."""
    if place.target is None:
        return True
    ends = (node.value for node in site.source.nodes if isinstance(node, ast.Return) and node.value)
    return any(names_in(place.target) & names_in(end) for end in ends)


def _one_column(site: Site, node: ast.Subscript) -> Iterator[Change]:
    """`dZ[:, k]` → `dZ[:, [k]]`, which is a column still."""
    match node.slice:
        case ast.Tuple(elts=[ast.Slice(lower=None, upper=None), ast.Name() | ast.BinOp() as at]):
            yield change(at, f"[{site.text(at)}]", rank=0)


def _reduced(site: Site, node: ast.Call) -> Iterator[Change]:
    """Other combinations of axis and keepdims than the student's, the nearest first."""
    position = 0 if is_method(site, node) else 1
    args, named = [site.text(argument) for argument in node.args], keyword_texts(site, node)
    mine = named.get("axis", args[position] if len(args) > position else "None")
    kept = named.get("keepdims", "False")
    rest = {name: value for name, value in named.items() if name not in ("axis", "keepdims", "dtype")}
    options = [("1", "True"), ("0", "True"), ("None", "False"), ("1", "False"), ("0", "False")]
    if site.depth > 0 and names_in(ast.parse(mine)) & {*site.scope.parameters}:
        options = [(mine, "True"), (mine, "False")]  # a helper adds up along what it is told to
    options.sort(key=lambda option: (option[0] != mine) + (option[1] != kept))
    for where, keep in options:
        new = {**rest, **({} if where == "None" else {"axis": where, "keepdims": keep})}
        yield change(node, call_text(site, node, args[:position], new), rank=0)


def _other_axis(site: Site, node: ast.Call) -> Iterator[Change]:
    """`np.add.reduce(x, axis=0)` → `axis=1`, with keepdims and without."""
    args, named = [site.text(argument) for argument in node.args], keyword_texts(site, node)
    rest = {name: value for name, value in named.items() if name not in ("axis", "keepdims")}
    for where in ("1", "0"):
        for keep in ("True", "False"):
            new = {**rest, "axis": where, "keepdims": keep}
            if "keepdims" in named or keep == "True":
                yield change(node, call_text(site, node, args, new), rank=0)


def _unshaped(site: Site, node: ast.Call) -> Iterator[Change]:
    base = node.args[0] if node.args and not is_method(site, node) else getattr(node.func, "value", None)
    if base is not None:
        yield change(node, site.atom(base), rank=0)
