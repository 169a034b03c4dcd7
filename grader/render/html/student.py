"""Report → feedback.html, the terminal's words as one self-contained page for a student. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model import FunctionReport, Report
from grader.render import words
from grader.render.html import page

STYLES = ("base.css", "student.css")


def render(report: Report, *, detail: str = "explanation") -> bytes:
    """The page as UTF-8. `detail` is the deepest level shown (ValueError for an unknown one)."""
    words.levels(detail)
    return page.render(
        "student.html.j2", styles=STYLES, report=report, detail=detail, bars=bars(report.functions)
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A function's share of the marks in the bar under the score, in percent of its width."""

    x: float
    width: float
    filled: float


def bars(functions: tuple[FunctionReport, ...]) -> list[Bar]:
    """One bar a function, as wide as its marks; `filled` is the part that was reached."""
    total = sum(function.max_score for function in functions) or 1.0
    result, x = [], 0.0
    for function in functions:
        width = 100 * function.max_score / total
        filled = width * function.score / function.max_score if function.max_score else 0.0
        result.append(Bar(round(x, 3), round(width, 3), round(filled, 3)))
        x += width
    return result
