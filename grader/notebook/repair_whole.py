"""Inverse edits of whole formulas and whole statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.notebook.repair_change import (
    COMPUTED,
    PASSED,
    REDUCED,
    RENAMED,
    Change,
    Place,
    callee,
    change,
    places,
)
from grader.notebook.repair_returns import returned
from grader.notebook.repair_sites import Site
from grader.notebook.repair_slice import is_block, names_in

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def formula(site: Site, replacements: Sequence[str]) -> Iterator[Change]:
    """A computed value replaced by a right formula; `{0}`, `{1}` … are the student's parameters."""
    for place in places(site):
        if isinstance(place.node, ast.Constant) and not _left_at_zero(site, place):
            continue
        started = isinstance(place.node, ast.Constant) and not _is_sum(site, place)
        level = COMPUTED if place.level == REDUCED or started else place.level
        summed = _summed(place.node)
        for text in replacements:
            for made in filled(site, place, text):
                yield change(place.node, made, level, 0 if level == COMPUTED else 1)
                if summed is not None and "sum(" not in text:
                    yield change(summed, made, level, 1)
                if "log(" in text and "sum(" not in text:
                    yield change(place.node, f"{site.world.numpy}.sum({made})", level, 2)


def _summed(node: ast.expr) -> ast.expr | None:
    """`x` of `np.sum(x, axis=1)`, of `x.sum()` and of `-x.sum()`."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if not isinstance(node, ast.Call) or callee(node) not in ("sum", "mean", "average", "nansum"):
        return None
    method = isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name)
    if method and isinstance(node.func, ast.Attribute):
        return node.func.value
    return (
        node.args[0] if node.args and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp) else None
    )


def _left_at_zero(site: Site, place: Place) -> bool:
    """`term = 0`, but not the start of a sum."""
    value = place.node.value if isinstance(place.node, ast.Constant) else None
    if isinstance(value, float):
        return True
    named = place.target is None or isinstance(place.target, ast.Name)
    return named and not _is_sum(site, place) and type(value) is int and value == 0


def _is_sum(site: Site, place: Place) -> bool:
    return isinstance(place.target, ast.Name) and place.target.id in site.scope.sums


def filled(site: Site, place: Place, text: str) -> Iterator[str]:
    """The formula in the student's names, and element by element in a loop over elements; nothing where a
    name has no value there."""
    for parameters in _parameters(site, place):
        yield from _filled(site, place, text, parameters)


def _filled(site: Site, place: Place, text: str, parameters: Sequence[str]) -> Iterator[str]:
    names = {mark: _name(site, place, parameters, mark) for mark in _PLACEHOLDER.findall(text)}
    if any(name is None for name in names.values()):
        return
    text = re.sub(r"\bnp\.", f"{site.world.numpy}.", text)
    yield _PLACEHOLDER.sub(lambda match: str(names[match[1]]), text)
    if held := _elements(site, place, parameters):
        yield _PLACEHOLDER.sub(lambda match: held.get(str(names[match[1]]), str(names[match[1]])), text)
    position = _element(site, place)
    if position and ".shape" not in text and ".sum(" not in text:
        yield _PLACEHOLDER.sub(lambda match: f"{names[match[1]]}[{position}]", text)


def _name(site: Site, place: Place, parameters: Sequence[str], mark: str) -> str | None:
    if mark.isdigit():
        return parameters[int(mark)] if int(mark) < len(parameters) else None
    return mark if mark in site.visible(place.node) else None


def _element(site: Site, place: Place) -> str:
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


def _elements(site: Site, place: Place, parameters: Sequence[str]) -> dict[str, str]:
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


def _unpacked(site: Site) -> tuple[str, ...]:
    """`prob` and `target` of `prob, target = self.saved`, in a method that is handed neither."""
    return tuple(b.name for b in site.scope.bindings if b.unpacked and b.line < site.line)[:2]


def _parameters(site: Site, place: Place) -> tuple[tuple[str, ...], ...]:
    """The graded function's parameters if they can be read here too, else the helper's own ones: a helper
    of two, such as `loss(y, a)`, may have them in the other order."""
    mine = site.world.parameters
    around = next((node for node in site.around(place.node) if isinstance(node, ast.Lambda)), None)
    own = tuple(arg.arg for arg in around.args.args) if around else site.scope.data_parameters
    if len(own) < 2 <= len(unpacked := _unpacked(site)):
        own = unpacked
    helpers = (own, own[::-1]) if len(own) == 2 else (own,)
    if not all(site.scope.knows(name) for name in mine):
        return helpers
    return (mine, *helpers) if len(own) == 2 and own != mine else (mine,)


def statement(site: Site) -> Iterator[Change]:
    """A statement taken out, moved out of or into a loop; a missing return put in."""
    node = site.node
    if site.open_end:
        yield from returned(site)
        return
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
        yield change(node, "pass", PASSED, 1)
    yield from _moved_out(site)
    yield from _moved_in(site)
    yield from _appended(site)
    yield from _by_analogy(site)
    yield from _as_in_other_branch(site)
    yield from _left_out(site)
    yield from _handed_on(site)
    yield from _returned_itself(site)
    if isinstance(node, ast.If) and not node.orelse:
        yield change(node.test, "True", rank=1)


def _handed_on(site: Site) -> Iterator[Change]:
    """`A_next, cache = f(A, …)` in a loop, and the next round goes on with the same A → `A = A_next`."""
    loop, block = _block(site)
    if not isinstance(loop, ast.For | ast.While) or not isinstance(site.node, ast.Assign):
        return
    target, call = site.node.targets[0], site.node.value
    given = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if not isinstance(given, ast.Name) or given.id in names_in(target):
        return
    last = block[-1]
    if not is_block(last):
        for result in _first_of(site, target):
            text = f"{site.text(last)}\n{_indent(site, last)}{given.id} = {result}"
            yield Change(((last, text),), RENAMED, rank=0, at=last)


def _first_of(site: Site, target: ast.expr) -> list[str]:
    """The first of a call's results: `A` of `A, cache = f(…)`; `out`, `out[0]` or `out.dA` of `out = f(…)`."""
    if isinstance(target, ast.Tuple):
        return [site.text(target.elts[0])]
    name = site.text(target)
    fields = (
        f"{name}.{node.attr}"
        for node in site.source.nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    )
    return list(dict.fromkeys((f"{name}[0]", *fields, name)))[:5]


_CHANGING = frozenset({"append", "extend", "fill", "insert", "reverse", "setdefault", "sort", "update"})


def _returned_itself(site: Site) -> Iterator[Change]:
    """`return grads.update(…)` → `grads.update(…)` and `return grads`."""
    match site.node:
        case ast.Return(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) as call) if (
            method in _CHANGING
        ):
            yield change(site.node, f"{site.text(call)}; return {name}", rank=0)


def _left_out(site: Site) -> Iterator[Change]:
    """A part is passed over: `return AL, caches[:-1]`, `for k in filter(…, ks)`, `for k in ("W",)`,
    `new if k[0] == "W" else old`."""
    for node in site.nodes():
        match node:
            case ast.Subscript(slice=ast.Slice(), value=whole) if isinstance(site.node, ast.Return | ast.For):
                yield change(node, site.atom(whole), rank=0)
            case ast.Call(func=ast.Name(id="filter"), args=[_, whole]):
                yield change(node, site.text(whole), rank=0)
            case (
                ast.Tuple(elts=[ast.Constant(value="W" | "b")])
                | ast.List(elts=[ast.Constant(value="W" | "b")])
            ):
                yield change(node, '("W", "b")', rank=0)
            case (
                ast.Tuple(elts=[ast.JoinedStr() | ast.BinOp() as key])
                | ast.List(elts=[ast.JoinedStr() as key])
            ):
                for made in _analogies(site.text(key)):
                    yield change(node, f"({site.text(key)}, {made})", rank=0)
            case ast.Dict(keys=[*keys], values=[*parts]) if None in keys:
                for part in (part for k, part in zip(keys, parts, strict=True) if k is None):
                    for made in _analogies(site.text(part)):
                        yield change(part, f"{site.text(part)}, **{made}", rank=0)
            case ast.Constant(value="W" | "b") if (
                node is getattr(site.node, "iter", None) or callee(site.parent(node) or node) == "product"
            ):
                yield change(node, '"Wb"', rank=0)
            case ast.Compare(ops=[ast.In()], comparators=[ast.Constant(value="W" | "b") as letters]):
                yield change(letters, '"Wb"', rank=0)
            case ast.BinOp(left=ast.List() as whole, op=ast.Mult(), right=ast.Compare()):
                yield change(node, site.text(whole), rank=0)
            case ast.Tuple(elts=parts) if node is getattr(site.node, "iter", None) and len(parts) > 1:
                for part in parts:
                    rest = [site.text(other) for other in parts if other is not part]
                    yield change(node, f"({', '.join(rest)},)", rank=0)
            case ast.IfExp(body=one, orelse=other):
                yield change(node, site.atom(one), rank=0)
                yield change(node, site.atom(other), rank=0)


#: The letters of one kind of parameter and those of the other.
_KINDS = (("W", "b"), ("b", "W"))


def _by_analogy(site: Site) -> Iterator[Change]:
    """What is done for W done for b, instead of what is done for b now or beside it; and vice versa."""
    node = site.node
    if isinstance(node, ast.Expr):
        yield from (
            change(node, f"{site.text(node)}; {made}", COMPUTED, 0) for made in _analogies(site.text(node))
        )
    if not isinstance(node, ast.Assign | ast.AugAssign) or isinstance(_assigned(node), ast.Tuple):
        return
    _, block = _block(site)
    at = block.index(node) if block else 0
    for sibling in block[max(at - 4, 0) : at + 5]:
        if isinstance(sibling, ast.Assign | ast.AugAssign) and sibling is not node:
            for made in _analogies(site.text(sibling)):
                if _target_of(made) == _target(site, node):
                    yield change(node, made, rank=0)
    for made in _analogies(site.text(node)):
        if _target_of(made) != _target(site, node):
            yield change(node, f"{site.text(node)}; {made}", COMPUTED, rank=0)


def _as_in_other_branch(site: Site) -> Iterator[Change]:
    """What the other branch does with the same target."""
    branch, node = site.parent(site.node), site.node
    if not isinstance(branch, ast.If) or not isinstance(node, ast.Assign):
        return
    for other in (*branch.body, *branch.orelse):
        alike = isinstance(other, ast.Assign) and site.text(other.targets[0]) == site.text(node.targets[0])
        if alike and other is not node:
            yield change(node, site.text(other), rank=0)


def _analogies(text: str) -> Iterator[str]:
    for one, other in _KINDS:
        for before in ("(?<![A-Za-z])(d?)", r"(?<![A-Za-z])((?:d|[a-z]\w*?)?)"):
            made = re.sub(rf"{before}{one}(?![A-Za-z])", rf"\g<1>{other}", text)
            if made != text and "\n" not in text:
                yield made


def _target_of(text: str) -> str:
    return re.split(r"[-+*/]?=", text, maxsplit=1)[0].strip()


def _target(site: Site, node: ast.Assign | ast.AugAssign) -> str:
    return site.text(_assigned(node))


def _assigned(node: ast.Assign | ast.AugAssign) -> ast.expr:
    return node.targets[0] if isinstance(node, ast.Assign) else node.target


def _block(site: Site) -> tuple[ast.AST | None, list[ast.stmt]]:
    """The compound statement around, and the block of it where the statement stands."""
    parent = site.parent(site.node)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and site.node in block:
            return parent, block
    return parent, []


def _moved_out(site: Site) -> Iterator[Change]:
    """The last statement of a loop put after the loop."""
    loop, block = _block(site)
    if (
        not isinstance(loop, ast.For | ast.While)
        or loop.orelse
        or len(block) < 2
        or block[-1] is not site.node
    ):
        return
    whole, inner = site.text(loop), site.text(site.node)
    head = whole[: len(whole) - len(inner)].rstrip(" \t;\n")
    yield Change(((loop, f"{head}\n{_indent(site, loop)}{inner}"),), rank=1, at=site.node)


def _moved_in(site: Site) -> Iterator[Change]:
    """The statement after a loop put at the end of the loop's body."""
    _, block = _block(site)
    at = block.index(site.node) if block else 0
    before = block[at - 1] if at else None
    if isinstance(before, ast.For | ast.While) and not isinstance(site.node, ast.Return):
        last = before.body[-1]
        indent = _indent(site, last)
        text = f"{site.text(last)}\n{indent}{site.text(site.node)}"
        if not isinstance(last, ast.For | ast.While | ast.If):
            yield Change(((last, text), (site.node, "pass")), rank=1, at=site.node)


def _indent(site: Site, node: ast.stmt) -> str:
    line = site.source.line(node.lineno)
    return line[: len(line) - len(line.lstrip())]


def _appended(site: Site) -> Iterator[Change]:
    """`A, cache = f(…)` with nothing appended → `caches.append(cache)` after it."""
    node = site.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return
    names = [part.id for part in node.targets[0].elts if isinstance(part, ast.Name)]
    lists = [b.name for b in site.scope.bindings if isinstance(b.value, ast.List) and b.line < site.line]
    for made in dict.fromkeys(lists):
        for word in names[1:]:
            yield change(node, f"{site.text(node)}; {made}.append({word})", rank=0)


__all__ = ["filled", "formula", "statement"]
