"""Inverse edits of functions that end without a return."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import permutations, takewhile

from grader.repairs.change import Change, change
from grader.repairs.scope import is_text, own_nodes
from grader.repairs.sites import Site
from grader.repairs.slice import bodies

_ENTRY = re.compile(r"d?[AWb]\d+\Z")


def returned(site: Site) -> Iterator[Change]:
    """A return put after the function's last statement, or before the values that stand alone at its ends."""
    if not site.open_end:
        return
    node = site.node
    ends = list(_values_at_ends(node))
    if ends:
        yield Change(tuple((end, f"return {site.text(end.value)}") for end in ends), rank=0)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        shown = [site.text(one) for one in node.value.args if not is_text(one)]
        if shown:
            yield change(node, f"return {', '.join(shown)}", rank=0)
    after = ast.Pass(lineno=_last_line(site), col_offset=0)
    indent = site.source.line(node.lineno)[: node.col_offset]
    kept = "" if isinstance(node, ast.Pass | ast.Return) else f"{site.text(node)}\n{indent}"
    for rank, text in enumerate(_results(site)):
        yield Change(((node, f"{kept}return {text}"),), rank=rank // 20, at=after)


def _last_line(site: Site) -> int:
    """Of the function, the comments at its end included: where its return is missing."""
    last = site.node.end_lineno or site.node.lineno
    rest = enumerate(site.source.text.split("\n")[last:], last + 1)
    below = takewhile(lambda one: not one[1].strip() or one[1].lstrip().startswith("#"), rest)
    return max((number for number, line in below if _indentation(line) >= site.node.col_offset), default=last)


def _indentation(line: str) -> int:
    """Of a line that holds something; -1 of an empty one."""
    return len(line) - len(line.lstrip()) if line.strip() else -1


def _values_at_ends(node: ast.stmt) -> Iterator[ast.Expr]:
    """The statements that are values and nothing else, where a function may end: in each branch the last."""
    if isinstance(node, ast.Expr):
        if not isinstance(node.value, ast.Constant):
            yield node
    elif isinstance(node, ast.If | ast.Match | ast.With | ast.Try):
        for block in bodies(node):
            if block:
                yield from _values_at_ends(block[-1])


def _shown(site: Site) -> list[str]:
    """What is printed where the function should have returned it."""
    node = site.node
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return []
    inside = [inner for argument in node.value.args for inner in ast.walk(argument)]
    parts = [site.text(inner) for inner in inside if isinstance(inner, ast.Subscript)]
    names = [inner.id for inner in inside if isinstance(inner, ast.Name) and site.scope.knows(inner.id)]
    return list(dict.fromkeys((*parts, *names)))


def _entries_set(site: Site) -> list[str]:
    """`fit["cost"]`, where a function keeps its results in a dictionary: the last ones first."""
    function = site.parent(site.node)
    set_here = (
        node
        for node in own_nodes(getattr(function, "body", []))
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    )
    named = [site.text(node) for node in set_here if isinstance(node.slice, ast.Constant)]
    return list(dict.fromkeys(reversed(named)))[:3]


def _results(site: Site) -> list[str]:
    """What the function may have been meant to return: names that it sets and never reads, first."""
    made = [b.name for b in site.scope.bindings if not b.unpacked and not site.scope.counting(b.name)]
    names = list(dict.fromkeys(made))
    unread = [name for name in names if name not in site.scope.read]
    kept = [b.name for b in site.scope.bindings if isinstance(b.value, ast.List | ast.Dict)]
    kept += [name for name in names if name in site.scope.filled and name not in kept]
    kept += _entries_set(site)
    late, given = names[-5:], site.scope.data_parameters
    texts = [
        *_shown(site),
        ", ".join(_shown(site)),
        ", ".join(unread),
        *unread,
        *reversed(late),
        *kept,
        *given,
    ]
    texts += [f"{one}, {other}" for one in reversed(late) for other in kept if one != other]
    texts += [f"{one}, ({', '.join(given)})" for one in reversed(late) if len(given) > 1]
    if entries := [f'"{name}": {name}' for name in names if _ENTRY.match(name)]:
        texts.append("{" + ", ".join(entries) + "}")
    texts += [f"{one}, {other}" for one in late for other in late if one != other]
    texts += [f"{one}, ({two}, {three})" for one, two, three in permutations(names[-4:], 3)]
    texts += [", ".join(group) for group in permutations(names[-4:], 3)]
    return [text for text in dict.fromkeys(texts) if text]
