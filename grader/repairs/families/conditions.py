"""Inverse edits of when something is done in a loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.repairs.change import Change, callee, change
from grader.repairs.sites import Site


def condition(site: Site, replacements: Sequence[str]) -> Iterator[Change]:
    """`costs.append(cost)` in every round → `if i % 100 == 0: costs.append(cost)`, and the same test for another one;
    `{i}` is what the loop around counts."""
    counter = _counter(site)
    tests = [text.replace("{i}", counter) for text in replacements] if counter else []
    match site.node:
        case ast.If(test=test):
            yield from (change(test, text, rank=0) for text in tests)
        case ast.Expr(value=ast.Call() as made) if callee(made) == "append":
            yield from (change(site.node, f"if {text}: {site.text(site.node)}", rank=0) for text in tests)


def _counter(site: Site) -> str:
    around = site.parent(site.node)
    while around is not None and not isinstance(around, ast.For):
        around = site.parent(around)
    target = around.target if isinstance(around, ast.For) else None
    if isinstance(target, ast.Tuple):
        target = target.elts[0]
    return target.id if isinstance(target, ast.Name) else ""
