"""Inverse edits of whole statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeGuard

from grader.repairs.change import (
    COMPUTED,
    FORGOTTEN,
    PASSED,
    RENAMED,
    Change,
    callee,
    change,
)
from grader.repairs.families.branches import as_there, branches, set_there
from grader.repairs.families.returns import returned
from grader.repairs.sites import Site
from grader.repairs.slice import is_block, names_in


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
    yield from _repeated(site)
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
    target = site.node.targets[0]
    given = next(_first_arguments(site), None)
    if given is None or given.id in names_in(target):
        return
    kept = next((one for one in block if _renames(one, given.id)), None)  # `A_prev = A`, above
    into = site.text(kept.value) if kept is not None else given.id
    last = block[-1]
    if not is_block(last):
        for result in _first_of(site, target):
            text = f"{site.text(last)}\n{_indent(site, last)}{into} = {result}"
            yield Change(((last, text),), RENAMED, rank=0, at=last)


def _renames(node: ast.stmt, name: str) -> TypeGuard[ast.Assign]:
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.Name()):
            return target == name
    return False


def _first_arguments(site: Site) -> Iterator[ast.Name]:
    """`upstream` of `back(upstream, cache)`, and of `Gradients(*back(upstream, cache))`."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name):
            yield node.args[0]


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
                yield change(node, '("W", "b")', FORGOTTEN, rank=0)
            case ast.Tuple(elts=[ast.Name(id=name)]) | ast.List(elts=[ast.Name(id=name)]) if (
                site.world.words.get(name) in ("W", "b")
            ):
                yield change(node, '("W", "b")', FORGOTTEN, rank=0)
            case (
                ast.Tuple(elts=[ast.JoinedStr() | ast.BinOp() as key])
                | ast.List(elts=[ast.JoinedStr() as key])
            ):
                for made in _analogies(site, site.text(key)):
                    yield change(node, f"({site.text(key)}, {made})", rank=0)
            case ast.Dict(keys=[*keys], values=[*parts]) if None in keys:
                for part in (part for k, part in zip(keys, parts, strict=True) if k is None):
                    for made in _analogies(site, site.text(part)):
                        yield change(part, f"{site.text(part)}, **{made}", rank=0)
            case ast.Call(keywords=[ast.keyword(arg=str(arg), value=part)]):
                for made in _analogies(site, f"{arg}={site.text(part)}"):
                    yield change(part, f"{site.text(part)}, {made}", rank=0)
            case ast.Constant(value="W" | "b") if (
                node is getattr(site.node, "iter", None)
                or node is getattr(site.parent(node), "iter", None)
                or callee(site.parent(node) or node) == "product"
            ):
                yield change(node, '"Wb"', FORGOTTEN, rank=0)
            case ast.Compare(ops=[ast.In()], comparators=[ast.Constant(value="W" | "b") as letters]):
                yield change(letters, '"Wb"', FORGOTTEN, rank=0)
            case ast.BinOp(left=ast.List() as whole, op=ast.Mult(), right=ast.Compare()):
                yield change(node, site.text(whole), rank=0)
            case ast.Tuple(elts=parts) if node is getattr(site.node, "iter", None) and len(parts) > 1:
                for part in parts:
                    rest = [site.text(other) for other in parts if other is not part]
                    yield change(node, f"({', '.join(rest)},)", rank=0)
            case ast.IfExp(body=one, orelse=other):
                yield change(node, site.atom(one), rank=0)
                yield change(node, site.atom(other), rank=0)


#: The letters of one kind of parameter and those of the other; `w` where the notebook has one unit alone.
_KINDS = (("W", "b"), ("b", "W"))
_SMALL = (("w", "b"), ("b", "w"))


def _by_analogy(site: Site) -> Iterator[Change]:
    """What is done for W done for b, instead of what is done for b now or beside it; and vice versa."""
    node = site.node
    if isinstance(node, ast.Expr):
        yield from (
            change(node, f"{site.text(node)}; {made}", COMPUTED, 0)
            for made in _analogies(site, site.text(node))
        )
    if not isinstance(node, ast.Assign | ast.AugAssign) or isinstance(_assigned(node), ast.Tuple):
        return
    _, block = _block(site)
    at = block.index(node) if block else 0
    for sibling in block[max(at - 4, 0) : at + 5]:
        if isinstance(sibling, ast.Assign | ast.AugAssign) and sibling is not node:
            for made in _analogies(site, site.text(sibling)):
                if _target_of(made) == _target(site, node):
                    yield change(node, made, rank=0)
    for made in _analogies(site, site.text(node)):
        if _target_of(made) != _target(site, node):
            yield change(node, f"{site.text(node)}; {made}", COMPUTED, rank=0)
    if isinstance(assigned := _assigned(node), ast.Name):
        yield from _stored_as_above(site, node, assigned.id, block[:at])


def _stored_as_above(site: Site, node: ast.stmt, name: str, above: Sequence[ast.stmt]) -> Iterator[Change]:
    """`new = b - rate * db` → `parameters["b1"] = new` after it, where `parameters["W1"] = new` stands above."""
    for sibling in above[-4:]:
        match sibling:
            case ast.Assign(targets=[ast.Subscript()], value=ast.Name(id=stored)) if stored == name:
                for made in _analogies(site, site.text(sibling)):
                    yield change(node, f"{site.text(node)}; {made}", COMPUTED, rank=0)


def _as_in_other_branch(site: Site) -> Iterator[Change]:
    """What another branch does with the same targets: `A = cache = Z` beside `A, cache = sigmoid(Z)`."""
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    mine, others = branches(site)
    for other in chain(mine, *others):
        if other is not node and set_there(other) == set_there(node):
            yield from (change(node, text, rank=0) for text in as_there(site, other))


def _analogies(site: Site, text: str) -> Iterator[str]:
    for one, other in _SMALL if site.scope.knows("w") else _KINDS:
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


_NEAR = 3


def _repeated(site: Site) -> Iterator[Change]:
    """`grads, cost = propagate(w, b, X, Y)` before a loop that reads them → at the beginning of each round."""
    node, (_, block) = site.node, _block(site)
    if not block or not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return
    at = block.index(node)
    loop = next((one for one in block[at + 1 : at + 1 + _NEAR] if isinstance(one, ast.For | ast.While)), None)
    if loop is not None and not is_block(first := loop.body[0]):
        text = f"{site.text(node)}\n{_indent(site, first)}{site.text(first)}"
        yield Change(((node, "pass"), (first, text)), rank=1, at=node)


def _indent(site: Site, node: ast.stmt) -> str:
    line = site.source.line(node.lineno)
    return line[: len(line) - len(line.lstrip())]


def _appended(site: Site) -> Iterator[Change]:
    """`A, cache = f(…)` with nothing appended, or `A, caches = f(…)` → `caches.append(cache)` after it."""
    node = site.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        yield from _appended_too(site)
        return
    names = [part.id for part in node.targets[0].elts if isinstance(part, ast.Name)]
    lists = [b.name for b in site.scope.bindings if isinstance(b.value, ast.List) and b.line < site.line]
    for made in dict.fromkeys(lists):
        for word in names[1:]:
            text, given = site.text(node), word
            if word == made:
                given = f"one_of_{made}"
                targets = ", ".join(given if name == made else name for name in names)
                text = f"{targets} = {site.text(node.value)}"
            yield change(node, f"{text}; {made}.append({given})", rank=0, tag=f"appended to {made}")


def _appended_too(site: Site) -> Iterator[Change]:
    """`last = f(…)` → `caches.append(last[1])` after it, where `one = f(…)` has `caches.append(one[1])`."""
    match site.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made):
            alike = {other for other, values in site.scope.values.items() if _calls(values, callee(made))}
            for node in site.source.nodes:
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="append") as append,
                        args=[ast.Subscript(value=ast.Name(id=other), slice=at)],
                    ) if other in alike - {name}:
                        text = f"{site.text(site.node)}; {site.text(append)}({name}[{site.text(at)}])"
                        yield change(site.node, text, rank=0)


def _calls(values: Sequence[ast.expr | None], function: str) -> bool:
    return any(isinstance(value, ast.Call) and callee(value) == function for value in values)
