"""Keys of layers, and positions in one list: moved together, and each its own way."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from grader.repairs.change import Change
from grader.repairs.families.numbers import indices, shifted
from grader.repairs.sites import Site
from grader.repairs.slice import names_in
from grader.repairs.text import text_of

_LETTERS = re.compile(r"d?[AWb]")
_MOST_GROUPS = 3
#: What is added to the layer's number, or to a counter from 0: for dA that is read, dA that is stored, and dW and db.
_COUNTED = ((1, 0, 1), (0, -1, 0))

_Groups = Mapping[tuple[str, bool], list[ast.expr]]
_Edits = tuple[tuple[ast.expr, str], ...]


def layout(site: Site) -> Iterator[Change]:
    """`grads["dA" + str(L)]` stored and `grads["dA" + str(l)]` read → numbers L - 1 and l + 1.

    Slips that hide each other, or of which the first one stops the function. Proposed at the first of them.
    """
    keys = _keys(site)
    if not any(_is_here(site, number) for _, number, _ in keys):
        return
    several = [one for one in _grouped(site, keys).values() if 2 <= len(one) <= _MOST_GROUPS]
    made = (_moved_apart(groups) for groups in several)
    for edits in (*itertools.chain.from_iterable(made), *_as_counted(site, keys)):
        first = min((node for node, _ in edits), key=lambda node: (node.lineno, node.col_offset))
        if _is_here(site, first):
            yield Change(edits, rank=2, joined=1)


def _keys(site: Site) -> list[tuple[str, ast.expr, ast.expr]]:
    """Letter, number and whole of `"dA" + str(l)`, `f"dA{l}"` and `"dA%d" % l`, as they stand in the text."""
    found = []
    for node in site.source.nodes:
        if isinstance(node, ast.BinOp | ast.JoinedStr):
            words = [one.value for one in ast.iter_child_nodes(node) if isinstance(one, ast.Constant)]
            match = _LETTERS.fullmatch(words[0]) if words and isinstance(words[0], str) else None
            inner = (one for one in ast.walk(node) if isinstance(one, ast.expr))
            numbers = [at for one in inner for at in indices(one) if isinstance(at, ast.Name | ast.BinOp)]
            if match and numbers:
                found.append((match[0], numbers[-1], node))
    return sorted(found, key=lambda key: (key[2].lineno, key[2].col_offset))


def _grouped(
    site: Site, keys: Sequence[tuple[str, ast.expr, ast.expr]]
) -> dict[str, dict[tuple[str, bool], list[ast.expr]]]:
    """Letter → (number's text, whether it is stored) → the numbers in keys of this letter."""
    found: dict[str, dict[tuple[str, bool], list[ast.expr]]] = {}
    for letter, number, whole in keys:
        kind = (text_of(site.source, number), isinstance(getattr(site.parent(whole), "ctx", None), ast.Store))
        found.setdefault(letter, {}).setdefault(kind, []).append(number)
    return found


def _moved_apart(groups: _Groups) -> Iterator[_Edits]:
    for steps in itertools.product((0, 1, -1), repeat=len(groups)):
        if len([step for step in steps if step]) > 1:
            yield tuple(_moved(groups, steps))


def _moved(groups: _Groups, steps: Sequence[int]) -> Iterator[tuple[ast.expr, str]]:
    for ((text, _), numbers), step in zip(groups.items(), steps, strict=True):
        yield from ((at, shifted(text, step)) for at in numbers if step)


def _as_counted(site: Site, keys: Sequence[tuple[str, ast.expr, ast.expr]]) -> Iterator[_Edits]:
    """All keys of gradients numbered anew: L - 1, L and L for the output layer, and in the loop by its counter."""
    keys = [key for key in keys if key[0].startswith("d")]
    if len({letter for letter, _, _ in keys}) < 2:
        return
    looped = [key for key in keys if _in_loop(site, key[1])]
    read = next((number for letter, number, _ in looped if letter == "dA"), None)
    only = len([letter for letter, _, _ in looped if letter == "dA"]) == 1
    for of_read, of_stored, of_rest in _COUNTED:
        edits = []
        for letter, number, whole in keys:
            step = of_read if number is read and not only else of_stored if letter == "dA" else of_rest
            step = step if (letter, number, whole) in looped else -(letter == "dA")
            base = number.left if isinstance(number, ast.BinOp) else number
            if isinstance(base, ast.Name):
                edits.append((number, shifted(base.id, step) if step else base.id))
        other = tuple((number, new) for number, new in edits if new != ast.unparse(number))
        if len(other) > 1:
            yield other


def _in_loop(site: Site, node: ast.expr) -> bool:
    loops = (one for one in site.source.nodes if isinstance(one, ast.For | ast.While))
    return any(one.lineno < node.lineno <= (one.end_lineno or one.lineno) for one in loops)


def typed_positions(site: Site) -> Iterator[Change]:
    """`caches[1]` for the output layer and `caches[0]` in the loop, as in a net of two layers → `caches[-1]` and
    `caches[l]`."""
    for name in site.scope.data_parameters:
        typed = [node for node in site.source.nodes if _is_typed(node, name)]
        counted = {node: _counter_around(site, node) for node in typed}
        if None in counted.values() and any(counted.values()) and _is_here(site, typed[0]):
            for shift in ("", " - 1"):
                edits = ((node.slice, f"{at}{shift}" if at else "-1") for node, at in counted.items())
                yield Change(tuple(edits), rank=2, joined=1)


def taken_from_the_list(site: Site) -> Iterator[Change]:
    """`f(dAL, caches[1], caches[0])` → `f(dAL, current[1], current[0])`, where `current = caches[l]`: a part of the
    whole list for a part of one layer's."""
    for name in site.scope.data_parameters:
        typed = [node for node in site.nodes() if _is_typed(node, name)]
        layers = [
            one
            for one in site.visible(site.node)
            if any(
                isinstance(value, ast.Subscript) and names_in(value.value) == {name}
                for value in site.scope.values.get(one, ())
            )
        ]
        if len(typed) > 1:
            yield from (Change(tuple((node.value, one) for node in typed), rank=0) for one in layers)


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
