"""Applying edits to the reference source. Edits at different places compose; overlapping ones do not."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.errors import RubricError
from grader.rubric.schema import Edit


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A reference module's text and the span (start, end) of each top-level function in it."""

    text: str
    spans: Mapping[str, tuple[int, int]]

    def span_of(self, edit: Edit) -> tuple[int, int]:
        """Where the edit's old text stands. Raises RubricError unless it stands there exactly once."""
        if edit.function not in self.spans:
            raise RubricError(f"the reference has no function {edit.function!r}")
        start, end = self.spans[edit.function]
        count = self.text.count(edit.old, start, end)
        if count != 1:
            raise RubricError(
                f"edit {edit.old!r} matches {count} places in the reference's {edit.function}, must match 1"
            )
        at = self.text.index(edit.old, start, end)
        return at, at + len(edit.old)


def read_source(text: str) -> Source:
    """Split a reference module into its functions."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    spans = {
        node.name: (starts[node.lineno - 1], starts[node.end_lineno or node.lineno])
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    return Source(text, spans)


def compose(source: Source, edits: Iterable[Edit]) -> str | None:
    """The whole source with all edits made, or None where two of them overlap."""
    return _edited(source, edits, 0, len(source.text))


def edited_function(source: Source, function: str, edits: Iterable[Edit]) -> str | None:
    """The text of one function with its edits made, or None where two of them overlap."""
    return _edited(source, edits, *source.spans[function])


def _edited(source: Source, edits: Iterable[Edit], start: int, end: int) -> str | None:
    placed = sorted((source.span_of(edit), edit.new) for edit in set(edits))
    for (first, _), (second, _) in itertools.pairwise(placed):
        if second[0] < first[1]:
            return None
    text = source.text[:end]
    for (old_start, old_end), new in reversed(placed):
        text = text[:old_start] + _indented(new, _indent_at(text, old_start)) + text[old_end:]
    return text[start:]


def _indent_at(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]


def _indented(new: str, indent: str) -> str:
    """Continuation lines of a replacement are indented like the line that it starts in."""
    first, *rest = new.split("\n")
    return "\n".join([first, *(indent + line if line else line for line in rest)])
