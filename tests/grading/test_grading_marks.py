"""No way to better marks but better functions: a second error, a store of the notebook's own, or a smaller type
of number gains nothing."""

from __future__ import annotations

import pytest
from grading_world import GradeCells

INLINED = """def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = np.abs(Z) if activation == "relu" else 1 / (1 + np.exp(-Z))
    return A, (linear_cache, Z)
"""
RIGHT_RELU = "def relu(Z):\n    return np.maximum(0, Z), Z\n"
WRONG_RELU = "def relu(Z):\n    return np.abs(Z), Z\n"
SHARED = """def relu(Z):
    return np.abs(Z), Z
ACTIVATIONS = {"relu": relu, "sigmoid": lambda Z: (1 / (1 + np.exp(-Z)), Z)}
"""
SHARING = """def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A, activation_cache = ACTIVATIONS[activation](Z)
    return A, (linear_cache, activation_cache)
"""
FORWARD = """CACHES = []
def L_model_forward(X, parameters):
    global CACHES
    A, caches = X, []
    L = len(parameters) // 2
    for l in range(1, L + 1):
        activation = "relu" if l < L else "sigmoid"
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], activation)
        caches.append(cache)
    CACHES = caches
    return A, {returned}
"""
BACKWARD = """def L_model_backward(AL, Y, caches):
    grads, L, caches = {}, len(CACHES), CACHES
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in reversed(range(L)):
        activation = "sigmoid" if l == L - 1 else "relu"
        dA, dW, db = linear_activation_backward(dA, caches[l], activation)
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = dA, dW, db
    return grads
"""


def test_an_error_that_is_made_once_more_is_charged_once_more(grade_functions: GradeCells) -> None:
    """The helper's error is in the helper; what the caller has of its own is not in it."""
    alone = grade_functions(relu=RIGHT_RELU, linear_activation_forward=INLINED)
    both = grade_functions(relu=WRONG_RELU, linear_activation_forward=INLINED)
    assert alone.ids == {"linear_activation_forward": {"relu-abs"}}
    assert both.ids == {"relu": {"relu-abs"}, "linear_activation_forward": {"relu-abs"}}
    assert both.report.score < alone.report.score


def test_an_error_in_shared_code_is_charged_in_the_helper(grade_functions: GradeCells) -> None:
    graded = grade_functions(relu=SHARED, linear_activation_forward=SHARING)
    assert graded.ids == {"relu": {"relu-abs"}}
    assert graded["linear_activation_forward"].status == "passed"
    assert "follows-on" in {note.code for note in graded["linear_activation_forward"].notes}


@pytest.mark.parametrize("returned", ["0", "caches"])
def test_caches_that_are_handed_on_in_the_notebook_are_no_format(
    grade_functions: GradeCells, returned: str
) -> None:
    """The last forward pass is not always the one whose caches are handed in."""
    forward = FORWARD.replace("{returned}", returned)
    graded = grade_functions(L_model_forward=forward, L_model_backward=BACKWARD)
    assert graded["L_model_backward"].status != "passed"


def test_a_table_of_shapes_is_no_format_either(grade_functions: GradeCells) -> None:
    forward = "STORE = {}\ndef linear_forward(A, W, b):\n    STORE[len(W), A.shape[1]] = A, W, b\n    return W @ A + b, None\n"
    backward = """def linear_backward(dZ, cache):
    A_prev, W, b = STORE[dZ.shape]
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m
"""
    graded = grade_functions(linear_forward=forward, linear_backward=backward)
    assert graded["linear_backward"].status != "passed"


@pytest.mark.parametrize("guard", ["2e-4", "1e-3"])
def test_float32_hides_no_wrong_formula(grade_functions: GradeCells, guard: str) -> None:
    code = "def compute_cost(AL, Y):\n    return np.{kind}(np.squeeze(-np.mean(Y * np.log(AL + {guard}) + (1 - Y) * np.log(1 - AL + {guard}))))\n"
    for kind in ("float32", "float64"):
        graded = grade_functions(compute_cost=code.format(kind=kind, guard=guard))
        assert graded["compute_cost"].status == "failed"


@pytest.mark.parametrize("written", ["1 * value", "value - 0 * learning_rate"])
def test_an_update_that_updates_nothing_keeps_nothing(grade_functions: GradeCells, written: str) -> None:
    code = f"def update_parameters(parameters, grads, learning_rate):\n    return {{key: {written} for key, value in parameters.items()}}\n"
    update = grade_functions(update_parameters=code)["update_parameters"]
    assert update.score == 0
    assert {one.misconception: one.credit for one in update.diagnoses} == {
        "update-weights-missing": 0,
        "update-bias-missing": 0,
    }


ONE_LAYER = """def L_model_forward(X, parameters):
    A, cache = linear_activation_forward(X, parameters["W1"], parameters["b1"], {0})
    return A, [cache]
"""
FIRST_LAYER = """def initialize_parameters_deep(layer_dims):
    return {"W1": np.random.randn(layer_dims[1], layer_dims[0]) * 0.01, "b1": np.zeros((layer_dims[1], 1))}
"""


@pytest.mark.parametrize(
    ("function", "code"),
    [
        ("L_model_forward", ONE_LAYER.format('"relu"')),
        ("L_model_forward", ONE_LAYER.format('"sigmoid"')),
        ("initialize_parameters_deep", FIRST_LAYER),
    ],
)
def test_one_layer_without_any_loop_is_no_line_at_a_wrong_depth(
    grade_functions: GradeCells, function: str, code: str
) -> None:
    graded = grade_functions({function: code})
    assert graded.ids == {}
    assert graded[function].score == 0
