"""What reading alone tells of a function that is missing or left open: in the report, in every text."""

from __future__ import annotations

import json

import pytest
from grading_world import GradeCells

from grader.render import markdown, plain, terminal
from grader.render.html import student
from grader.render.json_report import to_json

#: A cell of the course begins with a comment and an empty line.
HEAD_LINES = 2
LEFT_OPEN = "def compute_cost(AL, Y):\n    m = Y.shape[1]\n    cost = None\n    return cost"
EMPTY_BLOCK = "def compute_cost(AL, Y):\n    for a in AL[0]:\n        # YOUR CODE\n    return cost"
RENAMED = "def {name}(AL, Y):\n    return 1.0"


@pytest.mark.parametrize(
    ("source", "status", "code", "line", "told"),
    [
        (RENAMED.format(name="computeCost"), "missing", "misspelt-name", 1, "defines `computeCost`"),
        (RENAMED.format(name="Compute_Cost"), "missing", "misspelt-name", 1, "defines `Compute_Cost`"),
        (RENAMED.format(name="compute_csot"), "missing", "misspelt-name", 1, "defines `compute_csot`"),
        (
            "class Net:\n    def compute_cost(self, AL, Y):\n        return 1.0",
            "missing",
            "not-at-top-level",
            2,
            "inside `Net`",
        ),
        (LEFT_OPEN, "not-implemented", "not-implemented", 1, "as the template left it"),
        (EMPTY_BLOCK, "not-implemented", "not-implemented", 2, "opens is empty"),
    ],
)
def test_a_clue_is_told_where_the_function_is_and_nowhere_else(
    grade_functions: GradeCells, source: str, status: str, code: str, line: int, told: str
) -> None:
    report = grade_functions(compute_cost=source).report
    line += HEAD_LINES
    as_json = json.loads(to_json(report))
    (function,) = (one for one in as_json["functions"] if one["name"] == "compute_cost")
    assert function["status"] == status
    (problem,) = as_json["problems"]
    assert (problem["code"], problem["line"]) == (code, line)
    assert function["error"] == {"type": code, **{k: problem[k] for k in ("message", "cell", "line")}}
    where = f"cell {problem['cell']}, line {line}"
    for text in (
        " ".join(terminal.render(report).split()),
        markdown.render(report),
        student.render(report).decode().replace("<code>", "`").replace("</code>", "`"),
        plain.report_text(report),
    ):
        assert text.count(told) == 1
        assert f"({where}): " in text
        assert "stopped with this error" not in text


def test_without_a_clue_there_is_none(grade_functions: GradeCells) -> None:
    report = grade_functions(compute_cost=None).report
    assert report.problems == ()
    assert all(function.error is None for function in report.functions)
