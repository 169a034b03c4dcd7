"""Calls that no other submission gets: what explains the planned ones has to hold on them, too."""

from __future__ import annotations

from typing import Any

import numpy as np
from grading_world import GradeCells

from grader.pipeline import Grader
from grader.rubric.plan import Plan, make_plan

FROM_MEMORY = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    known = round(float(dZ.flat[0]), 9) in {known}
    dW = dZ @ A_prev.T / {divisor}
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
"""


def _first(plan: Plan, data: bytes) -> Any:
    return plan.fresh(data, ["linear_backward"]).isolated["linear_backward"][0].steps[-1].args[0]


def test_each_submission_has_calls_of_its_own_and_the_same_again(dnn: Grader) -> None:
    assert np.array_equal(_first(dnn.plan, b"one"), _first(dnn.plan, b"one"))
    assert not np.array_equal(_first(dnn.plan, b"one"), _first(dnn.plan, b"another"))
    assert not np.array_equal(_first(dnn.plan, b"one"), _first(make_plan(dnn.rubric, 12), b"one"))


def test_what_only_the_planned_calls_show_has_no_name(dnn: Grader, grade_functions: GradeCells) -> None:
    calls = dnn.plan.suite.isolated["linear_backward"]
    known = {round(float(call.steps[-1].args[0].flat[0]), 9) for call in calls}
    always = FROM_MEMORY.format(known=known, divisor="1")
    assert grade_functions(linear_backward=always).ids == {"linear_backward": {"missing-1-over-m"}}
    on_planned_calls = FROM_MEMORY.format(known=known, divisor="(1 if known else np.exp(dZ[0, 0]))")
    graded = grade_functions(linear_backward=on_planned_calls)
    assert graded.ids == {}
    assert graded["linear_backward"].status == "failed"
