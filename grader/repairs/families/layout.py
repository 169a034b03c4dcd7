"""Keys of one letter, and positions in one list: moved together, and each its own way."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from grader.repairs.change import Change
from grader.repairs.families.numbers import indices, shifted
from grader.repairs.sites import Site
from grader.repairs.text import text_of

_LETTERS = re.compile(r"d?[AWb]")
_MOST_GROUPS = 3

_Groups = Mapping[tuple[str, bool], list[ast.expr]]


def layout(site: Site) -> Iterator[Change]:
    """`grads["dA" + str(L)]` stored and `grads["dA" + str(l)]` read → numbers L - 1 and l + 1.

    Two slips that hide each other, or of which the first one stops the function. Proposed at the first of them.
    """
    for groups in _numbered(site).values():
        first = next(iter(groups.values()))[0]
        if 2 <= len(groups) <= _MOST_GROUPS and _is_here(site, first):
            yield from _moved_apart(site, groups)


def typed_positions(site: Site) -> Iterator[Change]:
    """`caches[1]` for the output layer and `caches[0]` in the loop, as in a net of two layers → `caches[-1]` and
    `caches[l]`."""
    for name in site.scope.data_parameters:
        typed = [node for node in site.source.nodes if _is_typed(node, name)]
        counted = {node: _counter_around(site, node) for node in typed}
        if None in counted.values() and any(counted.values()) and _is_here(site, typed[0]):
            for shift in ("", " - 1"):
                edits = ((node.slice, f"{at}{shift}" if at else "-1") for node, at in counted.items())
                yield Change(tuple(edits), rank=2, joined=True)


def _is_typed(node: ast.AST, name: str) -> TypeGuard[ast.Subscript]:
    match node:
        case ast.Subscript(value=ast.Name(id=base), slice=ast.Constant(value=int())):
            return base == name
    return False


def _counter_around(site: Site, node: ast.expr) -> str | None:
    """The variable of the loop that a node stands in."""
    loops = (
        one for one in site.source.nodes if isinstance(one, ast.For) and isinstance(one.target, ast.Name)
    )
    around = (text_of(site.source, one.target) for one in loops if node in ast.walk(one))
    return next(around, None)


def _is_here(site: Site, node: ast.expr) -> bool:
    return any(node in ast.walk(part) for part in site.parts)


def _numbered(site: Site) -> dict[str, dict[tuple[str, bool], list[ast.expr]]]:
    """Letter → (number's text, whether it is stored) → the numbers in keys of this letter, as they stand."""
    found: dict[str, dict[tuple[str, bool], list[ast.expr]]] = {}
    keys = [node for node in site.source.nodes if isinstance(node, ast.Subscript)]
    for node in sorted(keys, key=lambda one: (one.lineno, one.col_offset)):
        for letter, at in _parts(node.slice):
            kind = (text_of(site.source, at), isinstance(node.ctx, ast.Store))
            found.setdefault(letter, {}).setdefault(kind, []).append(at)
    return found


def _parts(key: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The letter and the number of `"dA" + str(l)`, `f"dA{l}"` and `"dA%d" % l`."""
    words = [
        one.value for one in ast.walk(key) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    match = _LETTERS.match(words[0]) if words else None
    inner = (one for one in ast.walk(key) if isinstance(one, ast.expr))
    numbers = [at for one in inner for at in indices(one) if isinstance(at, ast.Name | ast.BinOp)]
    if match and numbers:
        yield match[0], numbers[-1]


def _moved_apart(site: Site, groups: _Groups) -> Iterator[Change]:
    for steps in itertools.product((0, 1, -1), repeat=len(groups)):
        if len([step for step in steps if step]) > 1:
            yield Change(tuple(_edits(site, groups, steps)), rank=2, joined=True)


def _edits(site: Site, groups: _Groups, steps: Sequence[int]) -> Iterator[tuple[ast.AST, str]]:
    for ((text, _), numbers), step in zip(groups.items(), steps, strict=True):
        yield from ((at, shifted(text, step)) for at in numbers if step)
