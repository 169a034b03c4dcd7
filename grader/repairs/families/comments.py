"""Inverse edits of lines that were commented out."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator

from grader.repairs.change import FORGOTTEN, Change, change
from grader.repairs.sites import Site
from grader.repairs.slice import is_block
from grader.repairs.text import parsed

_MAX_LINES = 6


def uncommented(site: Site) -> Iterator[Change]:
    """A line of code that was made a comment, as code again: where it stands, or in place of the line next to it."""
    for number in _comments_around(site):
        line = site.source.line(number)
        code = line.strip().lstrip("#").strip()
        target = _target_of(code)
        if target is None:
            continue
        start, end = len(line) - len(line.lstrip()), len(line.encode())
        there = ast.Pass(lineno=number, col_offset=start, end_lineno=number, end_col_offset=end)
        indent = site.node.col_offset - start
        if indent >= 0:
            yield change(there, " " * indent + code, FORGOTTEN, rank=0)
        if target and target == _target_of(site.text(site.node)):
            yield change(site.node, code, FORGOTTEN, rank=0)


def _comments_around(site: Site) -> Iterator[int]:
    """Lines of comments right above and below a simple statement."""
    if is_block(site.node) or site.open_end:
        return
    last = site.node.end_lineno or site.node.lineno
    for step, first in ((1, last + 1), (-1, site.node.lineno - 1)):
        for number in range(first, first + step * _MAX_LINES, step):
            line = site.source.line(number).strip()
            if line.startswith("#"):
                yield number
            elif line or number < 1:
                break


def _target_of(code: str) -> str | None:
    """What a statement sets; "" for a return and a call, None for what is no such statement, or computes nothing."""
    tree = parsed(code)
    match tree.body if tree else []:
        case [ast.Assign(value=ast.Constant(value=types.EllipsisType()))]:
            return None  # a hint of the template: `# dAL = ...`
        case [ast.Expr(value=ast.Call(func=ast.Name(id="print")))]:
            return None
        case [ast.Assign(targets=[target]) | ast.AugAssign(target=target)]:
            return ast.unparse(target)
        case [ast.Return() | ast.Expr(value=ast.Call())]:
            return ""
    return None
