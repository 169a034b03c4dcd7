"""Inverse edits of whole formulas and whole statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.notebook.repair_change import COMPUTED, PASSED, Change, change, places
from grader.notebook.repair_sites import Site

_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def formula(site: Site, replacements: Sequence[str]) -> Iterator[Change]:
    """A computed value replaced by a right formula; `{0}`, `{1}` … are the student's parameters."""
    for place in places(site):
        if isinstance(place.node, ast.Constant) and not isinstance(place.node.value, float):
            continue
        for text in replacements:
            made = filled(site, text)
            if made is not None:
                rank = 0 if place.level == COMPUTED else 1
                yield change(place.node, made, place.level, rank, "formula")


def filled(site: Site, text: str) -> str | None:
    """The formula in the student's names; None where a name has no value there."""
    names = _parameters(site)
    wanted = {int(number) for number in _PLACEHOLDER.findall(text)}
    if any(number >= len(names) for number in wanted):
        return None
    made = _PLACEHOLDER.sub(lambda match: names[int(match[1])], text)
    return re.sub(r"\bnp\.", f"{site.world.numpy}.", made)


def _parameters(site: Site) -> tuple[str, ...]:
    """The graded function's parameters if they can be read here too, else the helper's own ones."""
    mine = site.world.parameters
    return mine if all(site.scope.knows(name) for name in mine) else site.scope.data_parameters


def statement(site: Site) -> Iterator[Change]:
    """A statement taken out, moved out of or into a loop; a missing return put in."""
    node = site.node
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
        yield change(node, "pass", PASSED, 1)
    yield from _moved_out(site)
    yield from _moved_in(site)
    yield from _appended(site)
    yield from _returned(site)


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
    parent, block = _block(site)
    if isinstance(parent, ast.For | ast.While) and block[-1] is site.node and len(block) > 1:
        yield Change(((site.node, "pass"), (parent, _after(site, parent, site.node))), rank=1)


def _after(site: Site, loop: ast.AST, node: ast.stmt) -> str:
    body = site.text(loop)
    inner = site.text(node)
    indent = " " * getattr(loop, "col_offset", 0)
    head = body[: body.rindex(inner)].rstrip(" \t;")
    return (
        f"{head}{_pass_if_empty(head)}\n{indent}{inner}"
        if head.endswith("\n")
        else f"{head}\n{indent}{inner}"
    )


def _pass_if_empty(head: str) -> str:
    return "" if head.strip() else "pass"


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
            yield Change(((last, text), (site.node, "pass")), rank=1)


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


def _returned(site: Site) -> Iterator[Change]:
    """A return put after the function's last statement, or before the value that stands there alone."""
    function, block = _block(site)
    while isinstance(function, ast.If | ast.For | ast.While | ast.With):
        function = site.parent(function)
    if not isinstance(function, ast.FunctionDef) or _returns(function):
        return
    node = site.node
    if isinstance(node, ast.Expr):
        yield change(node, f"return {site.text(node.value)}", rank=0)
    if node is function.body[-1]:
        yield from _return_after(site, node)


def _returns(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


def _return_after(site: Site, node: ast.stmt) -> Iterator[Change]:
    names = list(dict.fromkeys(b.name for b in site.scope.bindings))
    results = [*reversed(names), *site.scope.data_parameters]
    texts = results[:8] + [f"{a}, {b}" for a in results[:6] for b in results[:6] if a != b]
    if len(names) >= 3:
        texts.append(", ".join(sorted(names[-3:])))
    texts += [", ".join(names[at : at + 3]) for at in range(max(len(names) - 2, 0))]
    indent = " " * node.col_offset
    for text in texts:
        yield change(node, f"{site.text(node)}\n{indent}return {text}", rank=1)


__all__ = ["filled", "formula", "statement"]
