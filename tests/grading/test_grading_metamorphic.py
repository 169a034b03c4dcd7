"""Errors without a name: facts that a student can check alone, measured on public inputs."""

from __future__ import annotations

import numpy as np
import pytest
from grading_world import GradeCells

from grader.diagnose import metamorphic
from grader.model import Call, Outcome, Step
from grader.rubric.load import load_rubric

SQUARED = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ ** 2, axis=1, keepdims=True)
"""
SUM_OF_SQUARES = """
def compute_cost(AL, Y):
    return np.sum((AL - Y) ** 2 * np.abs(AL))
"""
WEIGHTED_BY_PLACE = """
def compute_cost(AL, Y):
    m = Y.shape[1]
    weights = np.arange(1, m + 1)
    return -np.sum(weights * (Y * np.log(AL) + (1 - Y) * np.log(1 - AL))) / weights.sum()
"""


@pytest.mark.parametrize(
    ("function", "code", "component", "facts"),
    [
        (
            "linear_backward",
            SQUARED,
            "db",
            [
                "To check this yourself, put every example (column) into the batch twice: `db` should stay the same, yours doubles.",
                "Or double every entry of `dZ`: `db` should double, yours becomes four times as large.",
            ],
        ),
        ("compute_cost", SUM_OF_SQUARES, "cost", ["`cost` should stay the same, yours doubles."]),
        (
            "compute_cost",
            WEIGHTED_BY_PLACE,
            "cost",
            ["put the examples (columns) in reverse order: `cost` should stay the same, yours does not."],
        ),
    ],
    ids=["squared", "sum", "order"],
)
def test_what_nothing_explains_is_told_by_its_behaviour(
    grade_functions: GradeCells, function: str, code: str, component: str, facts: list[str]
) -> None:
    graded = grade_functions(**{function: code})
    assert graded.ids == {}
    (detail,) = [part.detail for part in graded[function].components if part.name == component]
    for fact in facts:
        assert fact in detail


def test_right_components_have_no_facts(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_backward=SQUARED)
    assert [part.name for part in graded["linear_backward"].components if part.detail] == ["db"]


def test_what_has_a_name_needs_no_such_fact(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_backward=SQUARED.replace("** 2", "").replace(" / m", ""))
    assert graded.ids == {"linear_backward": {"missing-1-over-m"}}
    assert all("Or double" not in part.detail for part in graded["linear_backward"].components)


@pytest.mark.parametrize(
    ("right", "changed", "told"),
    [((1.0, 0.0, 1.0), (0.0, 1.0, 1.0), False), ((1.0, 0.0, 0.0), (1.0, 1.0, 0.0), True)],
)
def test_what_is_the_same_in_reverse_order_tells_of_no_order(
    right: tuple[float, ...], changed: tuple[float, ...], told: bool
) -> None:
    spec = load_rubric("logistic-regression").functions["predict"]
    call = Call("predict", "predict", (Step("predict", (np.ones((2, 1)), 0.1, np.ones((2, 3)))),))
    trial = metamorphic.trials(spec, call)[-1]
    gave = lambda numbers: Outcome("predict", "value", np.array([numbers]))
    wanted, found = [gave(right), gave(right[::-1])], [gave((1.0, 1.0, 0.0)), gave(changed)]
    facts = metamorphic.facts(spec, "Y_prediction", [trial], wanted, found)
    assert ("be in reverse order" in facts) is told
    assert bool(facts) is told
