"""Why a function is missing, where the notebook gives a clue: a slip in its name, a method, an inner function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from grader.model import Problem
from grader.notebook.statements import Function, Statement

#: How alike a misspelt name is; `linear_forward` and `linear_backward` are 0.83.
_ALIKE = 0.88


def missing_hint(name: str, statements: Sequence[Statement], wanted: Sequence[str]) -> Problem | None:
    """A Problem that says where the function seems to be; None without a clue."""
    return _inside_another(name, statements) or _misspelt(name, statements, wanted)


def _misspelt(name: str, statements: Sequence[Statement], wanted: Sequence[str]) -> Problem | None:
    places = {
        other: (statement, node)
        for statement in statements
        for other, node in statement.functions.items()
        if other not in wanted
    }
    close = [other for other in places if _plain(other) == _plain(name)]
    close = close or get_close_matches(name, places, n=1, cutoff=_ALIKE)
    if not close:
        return None
    statement, node = places[close[-1]]
    text = f"There is no `{name}`, but this line defines `{close[-1]}`. Check its name."
    return Problem("misspelt-name", text, statement.cell, statement.line(node.lineno))


def _plain(name: str) -> str:
    """A name without what a slip of the shift key changes: `computeCost` is `compute_cost`."""
    return name.replace("_", "").casefold()


def _inside_another(name: str, statements: Sequence[Statement]) -> Problem | None:
    for statement in statements:
        for holder, node in _held(statement):
            if node.name == name:
                line = statement.line(node.lineno)
                text = (
                    f"There is no function `{name}` of its own: this line defines it inside `{holder}`. Move it "
                    "out, or add a line that gives it this name."
                )
                return Problem("not-at-top-level", text, statement.cell, line)
    return None


def _held(statement: Statement) -> Iterator[tuple[str, Function]]:
    """The functions directly inside a class or a function, with its name."""
    node = statement.node
    if isinstance(node, Function | ast.ClassDef):
        yield from ((node.name, inner) for inner in node.body if isinstance(inner, Function))
