"""A notebook as HTML with the grader's words beside its cells → one self-contained page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from grader.model import Cell, FunctionReport, Report
from grader.render import words
from grader.render.html import page, student


@dataclass(frozen=True, slots=True)
class Placed:
    """Feedback by the index of the cell that it stands below, and what has no place in the notebook."""

    below: dict[int, Markup] = field(default_factory=dict)
    unplaced: tuple[tuple[str, FunctionReport], ...] = ()


def place(report: Report, cells: Sequence[Cell], *, detail: str) -> Placed:
    """Each function below the last cell that defines it, else where its first error or diagnosis is.

    ValueError for an unknown `detail`.
    """
    words.levels(detail)
    placed, unplaced = Placed(), []
    for number, function in enumerate(report.functions, 1):
        index = _cell_of(function, cells)
        if index is None:
            unplaced.append((f"f{number}", function))
        else:
            card = ("function_beside", report, function, f"f{number}", detail, words)
            block = page.fragment("parts.html.j2", *card)
            placed.below[index] = placed.below.get(index, Markup()) + block
    return Placed(placed.below, tuple(unplaced))


def _cell_of(function: FunctionReport, cells: Sequence[Cell]) -> int | None:
    defining = [cell.index for cell in cells if _defines(cell.source, function.name)]
    return next(iter([*defining[-1:], *_told(function)]), None)


def _defines(source: str, name: str) -> bool:
    return any(
        line.startswith(f"def {name}") and line[len(name) + 4 :].lstrip()[:1] == "("
        for line in source.splitlines()
    )


def _told(function: FunctionReport) -> Iterable[int]:
    """Cells that the report itself names."""
    yield from (item.location.cell for item in function.diagnoses if item.location is not None)
    if function.error is not None and function.error.cell is not None:
        yield function.error.cell


def render(report: Report, body: str, placed: Placed, *, detail: str) -> str:
    """The page. `body` is the notebook as sanitised HTML with the feedback in it; the page's policy runs no script."""
    return page.render(
        "notebook.html.j2",
        styles=(*student.STYLES, "notebook.css"),
        csp=page.foreign_policy(),
        report=report,
        body=Markup(body),  # sanitised by nbconvert, and powerless under the policy
        bars=student.bars(report.functions),
        unplaced=placed.unplaced,
        detail=detail,
    ).decode()
