"""Labels are 0 or 1: code that relies on it is right, and its errors are named all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grading_world import GradeCells

from grader.diagnose.labels import of_two_classes
from grader.judge.verdict import observe
from grader.model import Call, Outcome, Step
from grader.rubric.load import load_rubric
from grader.rubric.schema import FunctionSpec

BY_LABEL = """
def compute_cost(AL, Y):
    likelihood = np.where(Y == 1, AL, 1 - AL)
    return {cost}
"""
SLOPE_BY_LABEL = """
def L_model_backward(AL, Y, caches):
    grads = {{}}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dA = {slope}
    for l in range(L, 0, -1):
        kind = "sigmoid" if l == L else "relu"
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], kind)
        grads["dA%d" % (l - 1)], grads["dW%d" % l], grads["db%d" % l] = dA, dW, db
    return grads
"""
BRANCHES = """
def compute_cost(AL, Y):
    total = 0.0
    for a, y in zip(AL[0], Y[0]):
        if y:
            total -= np.log(a)
        else:
            total -= np.log(1 - a)
    return total / Y.shape[1]
"""


def test_a_cost_that_asks_for_the_label_is_right(grade_functions: GradeCells) -> None:
    for text in (BY_LABEL.format(cost="-np.mean(np.log(likelihood))"), BRANCHES):
        found = grade_functions(compute_cost=text)
        assert found.full_marks
        assert not found.ids


@pytest.mark.parametrize(
    ("cost", "name"),
    [
        ("np.mean(np.log(likelihood))", "cost-missing-minus"),
        ("-np.sum(np.log(likelihood))", "cost-missing-1-over-m"),
        ("-np.mean(np.log10(likelihood))", "cost-log-base"),
    ],
)
def test_its_error_is_named_and_placed(grade_functions: GradeCells, cost: str, name: str) -> None:
    found = grade_functions(compute_cost=BY_LABEL.format(cost=cost))["compute_cost"]
    assert [(d.misconception, d.evidence) for d in found.diagnoses] == [(name, "proved")]


def test_a_slope_that_asks_for_the_label(grade_functions: GradeCells) -> None:
    right = "np.where(Y == 1, -1 / AL, 1 / (1 - AL))"
    assert grade_functions(L_model_backward=SLOPE_BY_LABEL.format(slope=right)).full_marks
    found = grade_functions(L_model_backward=SLOPE_BY_LABEL.format(slope=f"{right} / AL.shape[1]"))
    assert found.ids == {"L_model_backward": {"dal-includes-1-over-m"}}


def test_labels_and_predictions_exchanged_are_still_told_from_another_infinity(
    grade_functions: GradeCells,
) -> None:
    swapped = "return -np.mean(AL * np.log(Y) + (1 - AL) * np.log(1 - Y))"
    found = grade_functions(compute_cost=f"def compute_cost(AL, Y):\n    {swapped}\n")
    assert found.ids == {"compute_cost": {"cost-swapped-y-a"}}
    other = grade_functions(compute_cost="def compute_cost(AL, Y):\n    return np.mean(np.log(Y * AL))\n")
    assert other["compute_cost"].status == "failed"
    assert not other.ids


def test_the_place_of_an_error_is_not_in_a_tool_that_a_right_function_uses(
    grade_functions: GradeCells,
) -> None:
    tool = "def per(total, array):\n    return total / array.shape[1]\n\n\n"
    found = grade_functions(
        linear_backward=tool
        + """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    return W.T @ dZ, per(dZ @ A_prev.T, A_prev), per(np.sum(dZ, axis=1, keepdims=True), dZ)
""",
        compute_cost="""
def compute_cost(AL, Y):
    return per(np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)), Y)
""",
    )
    (diagnosis,) = found["compute_cost"].diagnoses
    assert diagnosis.misconception == "cost-missing-minus"
    assert diagnosis.location is not None
    assert "total / array" not in diagnosis.location.source, diagnosis.location


def test_a_word_of_a_class_is_no_notebook_variable(grade_functions: GradeCells) -> None:
    """The table that forward and backward share is wrong: that is one error, and no global is read."""
    found = grade_functions(
        linear_activation_forward="""
import enum


class Act(str, enum.Enum):
    RELU = "relu"
    SIGMOID = "sigmoid"


def forward_of(kind):
    return (lambda Z: np.maximum(0, Z)) if Act(kind) is Act.SIGMOID else (lambda Z: 1 / (1 + np.exp(-Z)))


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    return forward_of(activation)(Z), (linear_cache, Z)
""",
    )
    assert found.ids == {"linear_activation_forward": {"activation-swapped"}}


@pytest.mark.parametrize(
    ("blank", "place"), [("dW", None), ("slope", "return None")], ids=["an entry", "a helper's value"]
)
def test_a_blank_in_code_that_takes_labels_of_two_classes_only(
    grade_functions: GradeCells, blank: str, place: str | None
) -> None:
    """Some calls have other labels, and are refused whatever is in the blank."""
    right = "(1 - Y) / (1 - AL) - Y / AL"
    found = grade_functions(
        L_model_backward=f"""
def slope(AL, Y):
    if not np.isin(Y, (0, 1)).all():
        raise ValueError("labels have to be 0 or 1")
    return {"None" if blank == "slope" else right}


def L_model_backward(AL, Y, caches):
    grads, L = {{}}, len(caches)
    dA = slope(AL, Y)
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads[f"dA{{l - 1}}"] = dA
        grads[f"dW{{l}}"] = {"None" if blank == "dW" else "dW"}
        grads[f"db{{l}}"] = db
    return grads
"""
    )
    (diagnosis,) = found["L_model_backward"].diagnoses
    assert diagnosis.misconception == "not-implemented"
    assert diagnosis.location is not None
    assert diagnosis.location.source == (place or 'grads[f"dW{l}"] = None')


def test_what_holds_labels_the_rubric_says() -> None:
    """A parameter that is called Y may hold anything in another rubric."""
    spec = FunctionSpec("error", 1.0, ("A", "Y"), {"error": None}, {"error": 1.0})
    made = [np.array([[0.0, 1.0]]), np.array([[0.3, 0.7]])]
    calls = [Call(str(at), "error", (Step("error", (Y, Y)),)) for at, Y in enumerate(made)]
    observed = observe(spec, calls, [Outcome(call.id, "value", 1.0) for call in calls])
    assert of_two_classes(observed).calls == tuple(calls)
    labelled = observe(replace(spec, labels="Y"), calls, observed.outcomes)
    assert of_two_classes(labelled).calls == (calls[0],)


@pytest.mark.parametrize("rubric", ["dnn-step-by-step", "logistic-regression"])
def test_the_rubrics_with_labels_say_so(rubric: str) -> None:
    functions = load_rubric(rubric).functions.values()
    assert [spec.labels for spec in functions] == ["Y" * ("Y" in spec.parameters) for spec in functions]
