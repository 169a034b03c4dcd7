"""How a loop over elements calls one example of each array: `AL[0, i]`, `a` of `a, y = AL[0, i], Y[0, i]`, `a[n]` of
`a = AL.ravel()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.repairs.change import Place
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_FLAT = frozenset(("ravel", "flatten", "reshape", "squeeze"))


def position_of(site: Site, place: Place) -> str:
    """`i, k` where an element `X[i, k]` is computed."""
    for node in (place.target, *ast.walk(place.node)):
        at = node.slice if isinstance(node, ast.Subscript) else None
        if isinstance(at, ast.Tuple) and all(isinstance(part, ast.Name | ast.Constant) for part in at.elts):
            return ", ".join(site.text(part) for part in at.elts)
    return ""


def _looped_roots(site: Site) -> Iterator[tuple[str, str]]:
    """`for y, a in zip(Y[0], AL.flat)` → (y, Y), (a, AL)."""
    for node in site.source.nodes:
        if not isinstance(node, ast.For | ast.comprehension) or not isinstance(node.target, ast.Tuple):
            continue
        if isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "zip":
            for name, array in zip(node.target.elts, node.iter.args, strict=False):
                if isinstance(name, ast.Name) and len(names_in(array)) == 1:
                    yield name.id, min(names_in(array))


def elements(site: Site, place: Place, parameters: Sequence[str]) -> dict[str, str]:
    """Names that hold one example of each array: `a, y = AL[0, i], Y[0, i]`."""
    visible = site.visible(place.node)
    held: dict[str, str] = {}
    for name, values in site.scope.values.items():
        root = _root(values[-1]) if len(values) == 1 and name in visible else ""
        if root in parameters:
            held.setdefault(root, name)
    for name, root in _looped_roots(site):
        if root in parameters and name in visible:
            held.setdefault(root, name)
    return held if len(held) > 1 else {}


def _root(value: ast.expr | None) -> str:
    """`AL` of `AL[0, i]` and of `float(AL[0][i])`."""
    if isinstance(value, ast.Call) and len(value.args) == 1:
        value = value.args[0]
    chosen = isinstance(value, ast.Subscript)
    while isinstance(value, ast.Subscript) or isinstance(value, ast.Attribute) and value.attr == "flat":
        value = value.value
    return value.id if chosen and isinstance(value, ast.Name) else ""


def flat_elements(site: Site, place: Place, parameters: Sequence[str]) -> dict[str, str]:
    """`a[n]`, `y[n]` where `a = AL.ravel()`, `y = Y.ravel()`, and this is about an element at `n`."""
    if not (at := _flat_position(place)):
        return {}
    return {root: f"{name}[{at}]" for name, root in flat_views(site).items() if root in parameters}


def element_of(site: Site, place: Place, name: str) -> str:
    """`g[n]` for `g`, where that is one long row and this is about an element at `n`; else the name itself."""
    at = _flat_position(place) if name in flat_views(site) else ""
    return f"{name}[{at}]" if at else name


def _flat_position(place: Place) -> str:
    subscripts = (node for node in (place.target, *ast.walk(place.node)) if isinstance(node, ast.Subscript))
    return next((node.slice.id for node in subscripts if isinstance(node.slice, ast.Name)), "")


def flat_views(site: Site) -> dict[str, str]:
    """Names for one long row of another array: `a = AL.ravel()` → {"a": "AL"}."""
    return {
        name: root
        for name, values in site.scope.values.items()
        if len(values) == 1 and (root := _flattened(values[0]))
    }


def _flattened(value: ast.expr | None) -> str:
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in _FLAT:
            return name
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=0)):
            return name
    return ""


def stored_into(site: Site) -> frozenset[str]:
    """Arrays that get elements here, by their own name or by that of a view: `q = dst.ravel()`, `q[n] = …`."""
    views = flat_views(site)
    stored = {
        name
        for node in site.source.nodes
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        for name in names_in(node.value)
    }
    return frozenset(stored | {views[name] for name in stored & set(views)})
