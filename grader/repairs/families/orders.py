"""Things in another order: elements of a tuple, targets, arguments, sides of an operator, values of two lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations

from grader.repairs.change import RESTORED, TAKEN, Change, call_text, callee, change, is_own_call, key_letter
from grader.repairs.sites import Site

_MAX_ORDERED = 4


def order(site: Site) -> Iterator[Change]:
    """The elements of a tuple, the targets of an assignment, the arguments of a call in another order."""
    for node in site.nodes():
        if isinstance(node, ast.Tuple | ast.List) and 2 <= len(node.elts) <= _MAX_ORDERED:
            yield from _reordered(site, node, node.elts)
        elif isinstance(node, ast.Call) and callee(node) == "insert" and len(node.args) == 2:
            list_of = site.text(node.func).removesuffix("insert")
            yield change(node, f"{list_of}append({site.text(node.args[1])})", rank=0)
        elif isinstance(node, ast.Call) and 2 <= len(node.args) <= _MAX_ORDERED:
            yield from _turned_function(site, node)
            yield from _reordered_call(site, node)
        elif isinstance(node, ast.Call) and is_own_call(site, node):
            yield from _reordered_keywords(site, node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
            yield _turned(site, node, f"turned {type(node.op).__name__}")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _joins_lists(node):
            yield _turned(site, node)
    yield from unpacking(site)
    yield from _exchanged_values(site)
    yield from _exchanged_fields(site)


def unpacking(site: Site) -> Iterator[Change]:
    """`Z, linear = cache` → `linear, Z = cache`: only the names that take something apart."""
    for target in _targets(site.node):
        yield from _reordered(site, target, target.elts)


def _turned(site: Site, node: ast.BinOp, tag: str = "") -> Change:
    edits = ((node.left, site.atom(node.right)), (node.right, site.atom(node.left)))
    return Change(edits, rank=1, tag=tag)


_OF_TWO = frozenset({"divide", "true_divide", "truediv", "subtract", "sub", "matmul", "dot"})


def _turned_function(site: Site, node: ast.Call) -> Iterator[Change]:
    """`starmap(np.divide, pairs)` → `starmap(lambda a, b: np.divide(b, a), pairs)`."""
    first = node.args[0]
    named = callee(first) in _OF_TWO and not isinstance(first, ast.Call)
    if named and callee(node) in ("starmap", "map", "reduce"):
        yield change(first, f"lambda a, b: {site.text(first)}(b, a)", rank=0)


def _joins_lists(node: ast.BinOp) -> bool:
    return any(isinstance(part, ast.List | ast.ListComp | ast.Tuple) for part in (node.left, node.right))


def _exchanged_values(site: Site) -> Iterator[Change]:
    """`a = X` and, right below, `b = Y` → `a = Y` and `b = X`; what two such calls put in a list, too."""
    block: list[ast.stmt] = getattr(site.parent(site.node), "body", [])
    below = block[block.index(site.node) + 1 :] if site.node in block else []
    if isinstance(site.node, ast.Assign) and below and isinstance(below[0], ast.Assign):
        one, other = site.node.value, below[0].value
        yield Change(((one, site.text(other)), (other, site.text(one))), rank=1)
    match (site.node, below[:1]):
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(attr="append") as to, args=[one])),
            [ast.Expr(value=ast.Call(func=ast.Attribute(attr="append") as other_to, args=[other]))],
        ) if site.text(to) == site.text(other_to):
            yield Change(((one, site.text(other)), (other, site.text(one))), rank=0)


def _exchanged_fields(site: Site) -> Iterator[Change]:
    """Two fields of a record, `A: ndarray` and `W: ndarray`, in the other order."""
    match (site.node, site.parent(site.node)):
        case (ast.AnnAssign(target=one, value=None), ast.ClassDef(body=fields)):
            below = fields[fields.index(site.node) + 1 :][:_MAX_ORDERED]
            others = (node.target for node in below if isinstance(node, ast.AnnAssign) and node.value is None)
            for other in others:
                edits = ((one, site.text(other)), (other, site.text(one)))
                yield Change(edits, rank=1, tag=f"fields {site.text(one)} {site.text(other)}")


def _targets(node: ast.stmt) -> list[ast.Tuple]:
    targets = (
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.For) else []
    )
    return [t for target in targets for t in ast.walk(target) if isinstance(t, ast.Tuple)]


def _orders(count: int) -> list[tuple[int, ...]]:
    """All other orders, those that exchange two first."""
    same = tuple(range(count))
    found = [p for p in permutations(range(count)) if p != same]
    return sorted(found, key=lambda p: sum(a != b for a, b in zip(p, same, strict=True)))


def _reordered(site: Site, node: ast.Tuple | ast.List, parts: list[ast.expr]) -> Iterator[Change]:
    texts = [site.text(part) for part in parts]
    for rank, made in enumerate(_orders(len(parts))):
        edits = tuple((parts[at], texts[new]) for at, new in enumerate(made) if at != new)
        if len({text for _, text in edits}) > 1:
            yield Change(edits, rank=min(rank // 3, 3), tag=f"order {made}{key_letter(site, node)}")


def _reordered_keywords(site: Site, node: ast.Call) -> Iterator[Change]:
    """`draw(rows=n_x, columns=n_h)` → `draw(rows=n_h, columns=n_x)`; early for `Cache(A=W, W=A)`."""
    named = [keyword for keyword in node.keywords if keyword.arg][:_MAX_ORDERED]
    for at, one in enumerate(named):
        for other in named[at + 1 :]:
            edits = ((one.value, site.text(other.value)), (other.value, site.text(one.value)))
            if edits[0][1] != edits[1][1]:
                crossed = (one.arg, other.arg) == (edits[0][1], edits[1][1])
                level = TAKEN if crossed else RESTORED
                yield Change(edits, level, rank=1, tag=f"{callee(node)} {one.arg} {other.arg}")


def _reordered_call(site: Site, node: ast.Call) -> Iterator[Change]:
    if any(isinstance(argument, ast.Starred) for argument in node.args) or callee(node) in (
        "range",
        "isinstance",
    ):
        return
    texts = [site.text(argument) for argument in node.args]
    for rank, made in enumerate(_orders(len(texts))):
        new = [texts[at] for at in made]
        if new != texts:
            tag = f"{callee(node)} {made}"
            yield change(node, call_text(site, node, new), rank=min(rank // 3, 3), tag=tag)
