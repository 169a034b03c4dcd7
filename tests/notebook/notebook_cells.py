"""Notebooks made of cells written in a test: extracted, executed, listed."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from grader.model import Cell, Extraction, StandIn
from grader.notebook.extract import extract

WANTED = ("sigmoid", "linear_forward", "linear_backward", "compute_cost", "update_parameters")
STAND_INS = (
    StandIn(("dnn_utils*",), ("sigmoid", "relu")),
    StandIn(("dnn_app_utils*",), ("sigmoid", "relu", "linear_forward")),
    StandIn(("testCases*", "public_tests*"), ()),
)


def extracted(*sources: str, wanted: tuple[str, ...] = WANTED) -> Extraction:
    """The extraction of the cells 0, 1, … with these sources."""
    cells = [Cell(index, dedent(source).strip("\n")) for index, source in enumerate(sources)]
    return extract(cells, wanted, STAND_INS)


def executed(extraction: Extraction, name: str) -> Any:
    """The function, from a namespace in which just what it needs was executed, in the given order."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for index in extraction.functions[name].needs:
        exec(extraction.definitions[index].source, namespace)
    return namespace[name]


def bound(extraction: Extraction, name: str) -> list[str]:
    """What a function needs, as the names bound, in execution order; a change in place is its source."""
    needed = [extraction.definitions[index] for index in extraction.functions[name].needs]
    return [" ".join(item.binds) or item.source for item in needed]


def reads(extraction: Extraction, name: str) -> list[tuple[str, int, int, str]]:
    """The doubtful reads of a function as (name, cell, line, kind)."""
    return [(read.name, read.cell, read.line, read.kind) for read in extraction.functions[name].reads]


def status(extraction: Extraction, name: str) -> str:
    return extraction.functions[name].status
