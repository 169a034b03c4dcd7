"""Python files as cells: percent format (Jupytext, VS Code), nbconvert exports, plain scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.model import Cell

_PERCENT = re.compile(r"^#[ \t]*%%(?!%)[ \t]*(.*)$")
_EXPORTED = re.compile(r"^# In ?\[[ \d*]*\]:?[ \t]*$|^# <codecell>[ \t]*$")
#: What makes a text a program, even one that does not parse: a definition, an import, something set.
_PROGRAM = re.compile(
    r"^[ \t]*+(?:(?:async[ \t]+)?def[ \t]+\w|class[ \t]+\w+[ \t]*[:(]|import[ \t]+\w|from[ \t]+[\w.]+[ \t]+import\b"
    r"|[\w.,\[\] \t]+?[-+*/]?=[^=])",
    re.MULTILINE,
)
_TEXT_CELL = re.compile(r"\[(?:markdown|md|raw)\]")


def is_program(cells: Iterable[Cell]) -> bool:
    """Whether some line looks like Python. What is none, and does not parse either, is some other text."""
    return any(_PROGRAM.search(cell.source) for cell in cells)


def script_cells(text: str) -> tuple[Cell, ...]:
    """The code cells of a Python file.

    With `# %%` marks: one cell for each, text cells counted. With nbconvert's `# In[3]:`: one cell for each.
    Otherwise one cell, so that its line numbers are the file's.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if any(_PERCENT.match(line) for line in lines):
        return _split(lines, _PERCENT)
    if any(_EXPORTED.match(line) for line in lines):
        return _split(lines, _EXPORTED)
    return (Cell(0, "\n".join(lines), 0),)


def _split(lines: list[str], header: re.Pattern[str]) -> tuple[Cell, ...]:
    """Line 1 of a cell is the one below its mark. What stands above the first mark is a cell if it is code."""
    starts = [number for number, line in enumerate(lines) if header.match(line)]
    cells: list[Cell] = []
    index = 0
    if _has_code(lines[: starts[0]]):
        cells.append(Cell(0, "\n".join(lines[: starts[0]]), 0))
        index = 1
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        if not _TEXT_CELL.search(lines[start]):
            cells.append(Cell(index, "\n".join(lines[start + 1 : end]), start + 1))
        index += 1
    return tuple(cells)


def _has_code(lines: list[str]) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)
