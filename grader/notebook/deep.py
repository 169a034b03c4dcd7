"""Statements that parse, but are nested too deeply for their names to be read: they cost themselves alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from grader.model import Problem
from grader.notebook.names import usage
from grader.notebook.syntax import Block, Broken
from grader.notebook.wording import lost_with_it


def without_too_deep(piece: Block | Broken) -> Iterator[Block | Broken]:
    """The piece, one statement at a time; those that are nested too deeply are broken."""
    if isinstance(piece, Broken):
        yield piece
        return
    for node in piece.nodes:
        try:
            usage(node)
        except RecursionError:
            yield _too_deep(piece, node)
        else:
            yield replace(piece, nodes=(node,))


def _too_deep(block: Block, node: ast.stmt) -> Broken:
    names = list(dict.fromkeys(_made(node)))
    line, end = block.offset + node.lineno, block.offset + (node.end_lineno or node.lineno)
    text = f"What begins in this line is nested too deeply to be read. Simplify it.{lost_with_it(names)}"
    problem = Problem("syntax-error", text, block.cell, line)
    return Broken(block.cell, line, end, tuple((name, line) for name in names), problem)


def _made(node: ast.stmt) -> Iterator[str]:
    """The functions that a statement makes, as far as it shows without going into it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
