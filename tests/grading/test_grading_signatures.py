"""A function that takes other parameters than the rubric's: how it is called is said, and nothing misleading."""

from __future__ import annotations

import ast

import pytest
from grading_world import GradeCells

from grader.notebook.signature import signature
from grader.render import terminal

BACK = "    dA_prev = 2 * activation\n    return dA_prev, dA, cache"
CALLED = "It is called as `linear_activation_backward(dA, cache, activation)`"


@pytest.mark.parametrize(
    ("head", "defined"),
    [
        ("def linear_activation_backward(dA, cache):", "(dA, cache)"),
        ("def linear_activation_backward():", "()"),
        (
            "def linear_activation_backward(dA, cache, activation, m, eps=1e-8):",
            "(dA, cache, activation, m, eps=…)",
        ),
        ("def linear_activation_backward(a, b, c, d, *rest, e=1):", "(a, b, c, d, *rest, e=…)"),
        ("def linear_activation_backward(dA, cache, *, activation):", "(dA, cache, *, activation)"),
        ("def linear_activation_backward(dA, cache, **activation):", "(dA, cache, **activation)"),
    ],
)
def test_other_parameters(grade_functions: GradeCells, head: str, defined: str) -> None:
    graded = grade_functions(linear_activation_backward=f"{head}\n{BACK}")
    report = graded["linear_activation_backward"]
    assert (report.status, report.score) == ("error", 0)
    assert report.error is not None
    assert report.error.message == f"{CALLED}, but defined here as `linear_activation_backward{defined}`."
    assert (report.error.cell is not None, report.error.line) == (True, 3)
    text = " ".join(terminal.render(graded.report).split())
    assert "takes other parameters than it is called with" in text
    assert "assigned nowhere" not in text
    assert "never reads" not in text


@pytest.mark.parametrize(
    "head",
    [
        "def linear_activation_backward(dA, cache, activation, m=None):",
        "def linear_activation_backward(*args, **rest):",
        "def linear_activation_backward(dA, cache, *rest):",
    ],
)
def test_parameters_that_can_be_had_are_none(grade_functions: GradeCells, head: str) -> None:
    report = grade_functions(
        linear_activation_backward=f"{head}\n    raise TypeError('f() takes 2 arguments')"
    )
    assert report["linear_activation_backward"].error is not None
    assert "called as" not in report["linear_activation_backward"].error.message


@pytest.mark.parametrize(
    "source",
    [
        "class compute_cost:\n    def __init__(self, AL):\n        self.AL = AL",
        "def outer(f):\n    return lambda AL: f(AL, AL)\n\n@outer\ndef compute_cost(AL, Y):\n    return AL @ Y",
        "from functools import partial\n\ndef compute_cost(AL, Y):\n    return AL @ Y\n\ncompute_cost = partial(compute_cost, 1)",
    ],
)
def test_no_parameters_are_told_of_what_wraps_a_function(grade_functions: GradeCells, source: str) -> None:
    error = grade_functions(compute_cost=source)["compute_cost"].error
    assert error is not None
    assert error.message == "It is called as `compute_cost(AL, Y)`, by position, and does not take these."


def test_a_lambda(grade_functions: GradeCells) -> None:
    error = grade_functions(compute_cost="compute_cost = lambda AL: 1.0")["compute_cost"].error
    assert error is not None
    assert error.message.endswith("defined here as `compute_cost(AL)`.")


def test_a_long_list_of_parameters_is_cut() -> None:
    (node,) = ast.parse(f"def f({', '.join(f'a{i}' for i in range(99))}): pass").body
    assert len(signature(node) or "") < 80
