"""Lines that stand at the wrong depth: the last ones of a block put after it, those after a loop put into it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.repairs.change import Change
from grader.repairs.sites import Site
from grader.repairs.slice import bodies, is_block

_MOST = 4


def depth(site: Site) -> Iterator[Change]:
    """The rest of a block, from this statement on, moved out of it; or this and what follows moved into the loop
    above."""
    around, block = _around(site)
    if site.node not in block or is_block(site.node):
        return
    rest = block[block.index(site.node) :]
    if isinstance(around, ast.For | ast.While | ast.If) and len(rest) <= _MOST and _are_simple(rest):
        yield from _moved_out(site, around, rest)
    above = block[block.index(site.node) - 1] if site.node is not block[0] else None
    if isinstance(above, ast.For | ast.While):
        for count in range(1, min(len(rest), _MOST) + 1):
            if _are_simple(rest[:count]) and not is_block(above.body[-1]):
                yield _moved_in(site, above.body[-1], rest[:count])


def _around(site: Site) -> tuple[ast.AST | None, list[ast.stmt]]:
    around = site.parent(site.node)
    for inner in bodies(around) if isinstance(around, ast.stmt) and is_block(around) else ():
        if site.node in inner:
            return around, list(inner)
    return around, list(getattr(around, "body", []))


def _are_simple(statements: Sequence[ast.stmt]) -> bool:
    return not any(is_block(one) or isinstance(one, ast.FunctionDef) for one in statements)


def _moved_out(site: Site, around: ast.stmt, moved: Sequence[ast.stmt]) -> Iterator[Change]:
    outer = around
    while isinstance(above := site.parent(outer), ast.If) and outer in above.orelse:
        outer = above
    last = _last(outer)
    if is_block(last):
        return
    lines = _lines(site, moved, outer)
    kept = "pass" if last in moved else site.text(last)
    edits = tuple((one, "pass") for one in moved if one is not last)
    yield Change(((last, f"{kept}\n{lines}"), *edits), rank=0, at=moved[0])


def _last(node: ast.stmt) -> ast.stmt:
    """The statement with which a block ends in the text."""
    while is_block(node) and (inner := [body for body in bodies(node) if body]):
        node = inner[-1][-1]
    return node


def _moved_in(site: Site, last: ast.stmt, moved: Sequence[ast.stmt]) -> Change:
    edits = tuple((one, "pass") for one in moved)
    return Change(((last, f"{site.text(last)}\n{_lines(site, moved, last)}"), *edits), rank=0, at=moved[0])


def _lines(site: Site, statements: Sequence[ast.stmt], beside: ast.stmt) -> str:
    """The statements, as deep as another one stands."""
    line = site.source.line(beside.lineno)
    indent = line[: len(line) - len(line.lstrip())]
    return "\n".join(f"{indent}{site.text(one)}" for one in statements)
