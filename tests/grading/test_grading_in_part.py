"""Two errors in one function, of which only one has a name: that one is told where a repair proves it."""

from __future__ import annotations

import pytest
from grading_world import GradeCells, Graded

BACKWARD = """def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = {dW}
    db = {db}
    dA_prev = {dA_prev}
    return dA_prev, dW, db
"""
RIGHT = {
    "dW": "np.dot(dZ, A_prev.T) / m",
    "db": "np.sum(dZ, axis=1, keepdims=True) / m",
    "dA_prev": "np.dot(W.T, dZ)",
}


def _graded(grade_functions: GradeCells, **formulas: str) -> Graded:
    return grade_functions(linear_backward=BACKWARD.format(**RIGHT | formulas))


@pytest.mark.parametrize(
    ("formulas", "named", "first"),
    [
        ({"dA_prev": "2 * np.dot(W.T, dZ) / m", "db": "np.sum(dZ) / m"}, {"db-sum-all": ("db",)}, "db = np.sum(dZ) / m"),
        (
            {"dA_prev": "np.dot(W.T, dZ) ** 2", "dW": "np.dot(dZ, A_prev.T)"},
            {"missing-1-over-m": ("dW",)},
            "dW = np.dot(dZ, A_prev.T)",
        ),
        (
            {"dA_prev": "np.dot(W.T, dZ) ** 2", "dW": "np.dot(dZ, A_prev.T)", "db": "-np.mean(dZ, 1, keepdims=True)"},
            {"missing-1-over-m": ("dW",), "wrong-sign": ("db",)},
            "dW = np.dot(dZ, A_prev.T)",
        ),
        (
            {"dW": "np.dot(dZ, A_prev.T) / m + 0.1 * W", "dA_prev": "np.tanh(dZ).T", "db": "np.sum(dZ, axis=1, keepdims=True)"},
            {"missing-1-over-m": ("db",)},
            "db = np.sum(dZ, axis=1, keepdims=True)",
        ),
    ],
)  # fmt: skip
def test_what_can_be_proved_is_named_beside_what_nothing_explains(
    grade_functions: GradeCells, formulas: dict[str, str], named: dict[str, tuple[str, ...]], first: str
) -> None:
    function = _graded(grade_functions, **formulas)["linear_backward"]
    assert {one.misconception: one.components for one in function.diagnoses} == named
    assert {one.evidence for one in function.diagnoses} == {"proved"}
    assert first in {one.location.source.strip() for one in function.diagnoses if one.location}
    wrong = {one.name for one in function.components if one.status == "failed"}
    assert wrong == formulas.keys()


def test_what_nothing_explains_keeps_its_description_and_earns_nothing(grade_functions: GradeCells) -> None:
    graded = _graded(grade_functions, dA_prev="2 * np.dot(W.T, dZ) / m", db="np.sum(dZ) / m")
    function = graded["linear_backward"]
    told = {one.name: one.detail for one in function.components}
    assert told["dA_prev"].startswith("Wrong by a factor: 2/m times the right values.")
    assert "yours" not in told["db"]  # a fact to check alone is for the riddle, not for what has a name
    credit = function.diagnoses[0].credit
    assert function.score == pytest.approx(function.max_score * (1 + credit) / 3, abs=1e-3)


@pytest.mark.parametrize(
    "formulas",
    [
        {"dW": "np.dot(dZ, A_prev.T) / (m + 1)", "db": "np.sum(dZ, axis=1, keepdims=True) / (m + 1)"},
        {"dA_prev": "np.dot(W.T, dZ * 1.01)", "dW": "np.dot(dZ * 1.01, A_prev.T) / m"},
    ],
)
def test_where_nothing_explains_any_component_nothing_is_named(
    grade_functions: GradeCells, formulas: dict[str, str]
) -> None:
    assert _graded(grade_functions, **formulas)["linear_backward"].diagnoses == ()


def test_a_cache_alone_gets_no_name(grade_functions: GradeCells) -> None:
    """With the activation applied twice the cache holds A; that is no second error."""
    code = """def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    apply = sigmoid if activation == "sigmoid" else relu
    A, activation_cache = apply(apply(Z)[0] * 0.9)
    return A, (linear_cache, activation_cache / 0.9)
"""
    function = grade_functions(linear_activation_forward=code)["linear_activation_forward"]
    assert {one.name for one in function.components if one.status == "failed"} == {"A", "cache"}
    assert function.diagnoses == ()


def test_what_is_left_out_is_no_riddle(grade_functions: GradeCells) -> None:
    code = """def update_parameters(parameters, grads, learning_rate):
    for l in range(len(parameters) // 2):
        parameters["W" + str(l + 1)] = parameters["W" + str(l + 1)] - learning_rate * grads["dW" + str(l + 1)]
        parameters["b" + str(l + 1)] = parameters["b" + str(l + 1)] - learning_rate * grads["db" + str(l + 1)]
    return grads
"""
    assert grade_functions(update_parameters=code)["update_parameters"].diagnoses == ()
