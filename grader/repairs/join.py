"""Changes made at once: the same mistake in several lines is one mistake. And what becomes of one in a call that fills."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from grader.repairs.change import TAKEN, Change, callee
from grader.repairs.sites import Site
from grader.repairs.slice import filled_by

#: A change, its statement, and where that stands in execution order.
Found = tuple[int, Site, Change]


def together(found: Sequence[Found]) -> Iterator[Found]:
    """Changes with the same tag, made at once: in one statement, for one kind of target, in one function.

    A tag that begins with "here" joins those of one statement only, "twin" also those of lines that differ in names
    alone.
    """
    groups: dict[tuple[object, ...], list[Found]] = {}
    for item in found:
        _, site, made = item
        for group in _groups(site, made.tag):
            groups.setdefault((site.definition, made.tag, group), []).append(item)
    for items in groups.values():
        if len(items) > 1:
            yield _joined(items)
    yield from _mixed(found)


def _groups(site: Site, tag: str) -> tuple[object, ...]:
    if not tag:
        return ()
    if tag.startswith("here"):
        return (id(site.node),)
    if tag.startswith("twin"):
        return id(site.node), _shape(site)
    near: tuple[object, ...] = (id(site.node), _stem(site), id(site.scope))
    if tag.startswith("index") and not _of_activations(site):
        near = (*near, "parameters")
    return near if tag.startswith("order") else (*near, _shape(site), "all")


def _shape(site: Site) -> str:
    """The statement without its names: `_ = _ - _ * _` of `w = w - rate * dw` and of `b = b - rate * db`."""
    return "shape " + _NAME.sub("_", site.text(site.node)[:_LONGEST])


_NAME = re.compile(r"\w+")
_LONGEST = 300


def _of_activations(site: Site) -> bool:
    """`grads["dA" + str(l)] = dA`, whose numbers are another layer's than those of dW and db beside it."""
    texts = (node.value for node in site.nodes() if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and text.lstrip("d").startswith("A") for text in texts)


def _joined(items: Sequence[Found]) -> Found:
    at, site, first = items[0]
    edits = dict(chain.from_iterable(made.edits for _, _, made in items))
    joined = len({id(site.node) for _, site, _ in items}) - 1
    level = TAKEN if _is_one_slip(items) else first.level
    rank = first.rank - first.tag.startswith("twin")  # the same slip in both is likelier than in one
    return at, site, Change(tuple(edits.items()), level, rank, at=first.at, joined=joined)


def _is_one_slip(items: Sequence[Found]) -> bool:
    """`AL / Y` for `Y / AL` twice, or labels in a logarithm. Where turning them makes all right, it is likelier than
    arguments exchanged in the call of a helper."""
    edits = [(site, node) for _, site, made in items for node, _ in made.edits]
    exchanged = " and " in items[0][2].tag and any(_is_log_of_labels(*edit) for edit in edits)
    return items[0][2].tag == "turned Div" or exchanged


_LABELS = re.compile(r"(?:y|t|target|label|truth)(?!.*(?:hat|prob|pred|score))", re.IGNORECASE)


def _is_log_of_labels(site: Site, node: ast.AST) -> bool:
    """`np.log(Y)`, `np.log(1 - target)`."""
    around = site.parent(node)
    while isinstance(around, ast.BinOp | ast.UnaryOp | ast.Subscript):
        around = site.parent(around)
    in_log = isinstance(around, ast.Call) and callee(around).startswith("log")
    return in_log and isinstance(node, ast.Name) and _LABELS.match(node.id) is not None


def _mixed(found: Sequence[Found]) -> Iterator[Found]:
    """The same list asked in two places, one index up and the other down."""
    moved = [item for item in found if item[2].tag in ("index +1", "index -1")]
    asked: dict[tuple[int, str], list[Found]] = {}
    for item in moved:
        base = item[1].parent(item[2].edits[0][0])
        if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name):
            asked.setdefault((item[1].definition, base.value.id), []).append(item)
    for items in asked.values():
        if len(items) == 4:
            yield from (
                _joined([one, other])
                for one in items[:2]
                for other in items[2:]
                if one[2].tag != other[2].tag
            )


def _stem(site: Site) -> str:
    """`W` for `W1 = …` and `W2 = …`."""
    targets = getattr(site.node, "targets", None) or [getattr(site.node, "target", site.node)]
    target = targets[0]
    while isinstance(target, ast.Subscript):
        target = target.value
    return "stem " + ast.unparse(target).rstrip("0123456789") if isinstance(target, ast.Name) else "all"


def stored(site: Site, made: Change) -> Change:
    """`np.matmul(W, A, out=Z) + b` gives nothing to anybody: `Z[...] = np.matmul(W, A, out=Z) + b`."""
    filled = filled_by(site.node)
    if filled is None or not any(site.parent(node) is site.node for node, _ in made.edits):
        return made
    text = site.text(filled)
    edits = (
        (site.node, f"{text}[...] = {new}") if site.parent(node) is site.node else (node, new)
        for node, new in made.edits
    )
    return replace(made, edits=tuple(edits))
