"""What stops a beginner's function, and what is said of it: names without their module, helpers given too little,
blocks left out, lines copied into a loop."""

from __future__ import annotations

import os
from pathlib import Path

from grading_world import GradeCells, Graded

from grader.notebook.read import MAX_BYTES
from grader.pipeline import Grader, check
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox


def _told(graded: Graded, name: str) -> str:
    return " ".join(component.detail for component in graded[name].components)


def test_what_the_course_hands_out_is_not_said_to_be_missing(dnn: Grader) -> None:
    """A script of a few functions comes without their helpers, and right ones stand in their place."""
    code = 'import numpy as np\n\ndef linear_activation_forward(A_prev, W, b, activation):\n    return relu(linear_forward(A_prev, W, b)), "?"\n'
    graded = Graded(dnn.grade(code.encode(), "a.py", "a", None))
    assert "assigned nowhere" not in _told(graded, "linear_activation_forward")


def test_a_function_of_numpy_without_its_module_is_told(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    return -np.mean(Y * log(AL) + (1 - Y) * log(1 - AL))"
    )
    assert "`log` is assigned nowhere in the notebook; numpy's is called `np.log`." in _told(
        graded, "compute_cost"
    )


def test_a_helper_that_is_given_too_little_says_so_itself(grade_functions: GradeCells) -> None:
    code = "def linear_activation_forward(A_prev, W, b, activation):\n    return relu(linear_forward(A_prev, W)[0])"
    error = grade_functions(linear_activation_forward=code)["linear_activation_forward"].error
    assert error is not None and error.type == "TypeError"
    assert error.message.startswith("linear_forward() missing 1 required positional argument")


def test_a_format_of_the_notebooks_own_is_no_error_on_public_inputs(grade_functions: GradeCells) -> None:
    """With right helpers, which know nothing of it, the function would stop at the format."""
    record = "class Step(NamedTuple):\n    dA_prev: object\n    dW: object\n    db: object\n"
    backward = """
def linear_activation_backward(dA, cache, activation):
    (A, W, b), Z = cache
    s = 1 / (1 + np.exp(-Z))
    dZ = np.array(dA)
    if activation == "sigmoid":
        dZ = dA * s * (1 - s)
    else:
        dZ[Z <= 0] = 0
    return Step(W.T @ dZ, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True))
"""
    model = """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = (1 - Y) / (1 - AL) - Y / AL
    for l in range(L, 0, -1):
        step = linear_activation_backward(dAL, caches[l - 1], "sigmoid" if l == L else "relu")
        grads |= {f"dA{l - 1}": step.dA_prev, f"dW{l}": step.dW, f"db{l}": step.db}
    return grads
"""
    cells = {
        "linear_activation_backward": f"from typing import NamedTuple\n{record}\n{backward}",
        "L_model_backward": model,
    }
    error = grade_functions(**cells)["L_model_backward"].error
    assert error is not None and error.type == "IndexError"


def test_the_lines_of_the_output_layer_copied_into_the_loop_are_three_errors(
    grade_functions: GradeCells,
) -> None:
    """Seen in several repositories: another slope, another gradient, and another layer's cache."""
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    current = caches[-1]
    grads[f"dA{L - 1}"], grads[f"dW{L}"], grads[f"db{L}"] = linear_activation_backward(dAL, current, "sigmoid")
    for l in reversed(range(L - 1)):
        current = caches[1]
        step = linear_activation_backward(dAL, current, "sigmoid")
        grads[f"dA{l}"], grads[f"dW{l + 1}"], grads[f"db{l + 1}"] = step
    return grads
"""
    )
    assert graded.ids == {
        "L_model_backward": {"backward-hidden-layers-sigmoid", "backward-not-chained", "backward-wrong-cache"}
    }
    assert {one.evidence for one in graded["L_model_backward"].diagnoses} == {"proved"}


def test_a_block_that_was_left_out_is_told(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="""
def compute_cost(AL, Y):
    # YOUR CODE STARTS HERE
    m = Y.shape[1]
    # YOUR CODE ENDS HERE
    # (1 line)
    # YOUR CODE STARTS HERE

    # YOUR CODE ENDS HERE
    return AL / m
"""
    )
    assert "The template's block 2 of 2 for your code is empty." in _told(graded, "compute_cost")


def test_the_number_of_the_last_layer_may_come_from_the_loop_before_it(grade_functions: GradeCells) -> None:
    """Seen in several repositories; all nets of the course have a hidden layer, so that the loop has run."""
    graded = grade_functions(
        L_model_forward="""
def L_model_forward(X, parameters):
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(l + 1)], parameters["b" + str(l + 1)], "sigmoid")
    caches.append(cache)
    return AL, caches
"""
    )
    assert graded.ids == {} and graded["L_model_forward"].status == "passed"


def test_the_sizes_of_the_test_case_may_not_be_typed_in(grade_functions: GradeCells) -> None:
    """Seen in a real notebook: right for `initialize_parameters(3, 2, 1)`, and nowhere else."""
    graded = grade_functions(
        initialize_parameters="""
def initialize_parameters(n_x, n_h, n_y):
    W1 = np.random.randn(2, 3) * 0.01
    b1 = np.zeros((2, 1))
    W2 = np.random.randn(1, 2) * 0.01
    b2 = np.zeros((1, 1))
    assert W1.shape == (n_h, n_x)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
"""
    )
    assert graded.ids == {"initialize_parameters": {"init-size-fixed"}}
    assert graded["initialize_parameters"].diagnoses[0].evidence == "proved"


def test_caches_that_nothing_is_appended_to_are_told(grade_functions: GradeCells) -> None:
    """Seen in a real notebook: the template's own `None` stands where the cache is to be appended."""
    graded = grade_functions(
        L_model_forward="""
def L_model_forward(X, parameters):
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        None
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    None
    return AL, caches
"""
    )
    assert graded.ids == {"L_model_forward": {"forward-cache-missing"}}


def test_a_file_that_is_too_large_has_the_functions_of_the_rubric_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "huge.ipynb"
    path.touch()
    os.truncate(path, MAX_BYTES + 2**20)
    report = check(path, rubric="dnn-step-by-step", seed=1)
    assert (report.status, report.max_score, report.problems[0].code) == ("ungradable", 100.0, "too-large")
    assert {function.status for function in report.functions} == {"missing"}


def test_names_that_numpy_had_then_still_work(grade_functions: GradeCells) -> None:
    """Seen in real notebooks of 2017 to 2019: `np.float` and `np.int` were right, and numpy has them no more."""
    graded = grade_functions(
        compute_cost="""
def compute_cost(AL, Y):
    m = np.int(Y.shape[1])
    cost = np.zeros((1, 1), dtype=np.float) - np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
    assert np.alltrue(cost < np.Inf)
    return np.asscalar(cost)
"""
    )
    assert graded.ids == {} and graded["compute_cost"].status == "passed"


def test_a_loop_that_is_only_pass_is_told(sandbox: Sandbox) -> None:
    """Seen in a real notebook: all but the template's loop was written."""
    code = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def predict(w, b, X):
    Y_prediction = np.zeros((1, X.shape[1]))
    A = sigmoid(np.dot(w.T, X) + b)
    for i in range(A.shape[1]):
        # Convert probabilities A[0,i] to actual predictions
        pass
    return Y_prediction
"""
    grader = Grader(load_rubric("logistic-regression"), sandbox, seed=11)
    graded = Graded(grader.grade(code.encode(), "a.py", "a", None))
    (found,) = graded["predict"].diagnoses
    assert (found.misconception, found.location and found.location.source) == ("loop-left-empty", "pass")


def test_layers_that_an_empty_loop_leaves_out_are_the_loops(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    dA, dW, db = linear_activation_backward(dAL, caches[L - 1], "sigmoid")
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = dA, dW, db
    for l in reversed(range(L - 1)):
        pass
    return grads
"""
    )
    (found,) = graded["L_model_backward"].diagnoses
    assert (found.misconception, found.location and found.location.source) == ("loop-left-empty", "pass")


def test_what_follows_from_a_block_that_was_left_out_has_one_name(grade_functions: GradeCells) -> None:
    """Seen in a real notebook: the layers are not chained and their caches not stored, for nothing is written."""
    graded = grade_functions(
        L_model_forward="""
def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        ### START CODE HERE ### (≈ 2 lines of code)

        ### END CODE HERE ###
    ### START CODE HERE ### (≈ 2 lines of code)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    ### END CODE HERE ###
    return AL, caches
"""
    )
    (found,) = graded["L_model_forward"].diagnoses
    assert found.misconception == "not-implemented" and found.location is not None
    assert found.location.source == "### START CODE HERE ### (≈ 2 lines of code)"


def test_errors_behind_what_stops_are_told_where_they_are_made_together(grade_functions: GradeCells) -> None:
    """Seen in a real notebook: the output layer's lines copied, with the whole list for one layer's cache."""
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    current = caches[-1]
    step = linear_backward(sigmoid_backward(dAL, current[1]), current[0])
    grads[f"dA{L - 1}"], grads[f"dW{L}"], grads[f"db{L}"] = step
    for l in reversed(range(L - 1)):
        current = caches[l]
        step = linear_backward(sigmoid_backward(dAL, caches[1]), caches[0])
        grads[f"dA{l}"], grads[f"dW{l + 1}"], grads[f"db{l + 1}"] = step
    return grads
"""
    )
    found = {one.misconception: one.evidence for one in graded["L_model_backward"].diagnoses}
    assert found == dict.fromkeys(
        ("backward-wrong-cache", "backward-hidden-layers-sigmoid", "backward-not-chained"), "proved"
    )
