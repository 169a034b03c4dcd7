"""Inverse edits of products and quotients."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.repairs.change import Change, callee, change
from grader.repairs.sites import Site

_SYMBOLS: dict[type[ast.operator], str] = {ast.Mult: "/", ast.Div: "*"}
_CALLS = {"multiply": "divide", "divide": "multiply"}


def operator(site: Site) -> Iterator[Change]:
    """`g / rate` → `g * rate` and back; `rate * (w - g)` → `w - rate * g`."""
    for node in site.nodes():
        if isinstance(node, ast.BinOp) and not site.count(node):
            yield from _other_operator(site, node)
            yield from _moved_factor(site, node)
        elif isinstance(node, ast.Call) and callee(node) in _CALLS and isinstance(node.func, ast.Attribute):
            stem = site.text(node.func).removesuffix(node.func.attr)
            yield change(node.func, f"{stem}{_CALLS[node.func.attr]}", rank=0)
    match site.node:
        case ast.AugAssign(op=ast.Mult() | ast.Div() as op):
            text = f"{site.text(site.node.target)} {_SYMBOLS[type(op)]}= {site.text(site.node.value)}"
            yield change(site.node, text, rank=0)


def _other_operator(site: Site, node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in _SYMBOLS:
        left, right = site.atom(node.left), site.atom(node.right)
        yield change(node, f"{left} {_SYMBOLS[type(node.op)]} {right}", rank=0)


def _moved_factor(site: Site, node: ast.BinOp) -> Iterator[Change]:
    """A factor of a whole sum that belongs to its last term only."""
    if not isinstance(node.op, ast.Mult):
        return
    for factor, inner in ((node.left, node.right), (node.right, node.left)):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            sign = "+" if isinstance(inner.op, ast.Add) else "-"
            last = f"{site.atom(factor)} * {site.atom(inner.right)}"
            yield change(node, f"({site.atom(inner.left)} {sign} {last})", rank=0)
