"""Where an error is, shown by undoing it."""

from __future__ import annotations

import pytest
from grading_world import GradeCells

from grader.pipeline import Grader


def test_a_repair_may_call_an_own_helper_that_the_function_does_not(grade_functions: GradeCells) -> None:
    """This sigmoid gives A alone, so that no right one stands in for it."""
    graded = grade_functions(
        sigmoid="def sigmoid(Z):\n    return 1 / (1 + np.exp(-Z))",
        relu="def relu(Z):\n    return np.maximum(0, Z)",
        linear_activation_forward="""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = Z if activation == "sigmoid" else relu(Z)
    return A, (linear_cache, Z)
""",
    )
    (found,) = graded["linear_activation_forward"].diagnoses
    assert (found.misconception, found.evidence) == ("activation-missing", "proved")


@pytest.mark.parametrize(
    ("helper", "line"),
    [("def zeros(n):\n    np.zeros((n, 1))", 2), ("def zeros(n):\n    made = np.zeros((n, 1))", 2)],
)
def test_a_helper_that_returns_nothing_is_named_where_it_ends(
    grade_functions: GradeCells, helper: str, line: int
) -> None:
    graded = grade_functions(
        initialize_parameters=helper
        + """

def initialize_parameters(n_x, n_h, n_y):
    W1, W2 = np.random.randn(n_h, n_x) * 0.01, np.random.randn(n_y, n_h) * 0.01
    return {"W1": W1, "b1": zeros(n_h), "W2": W2, "b2": zeros(n_y)}
"""
    )
    (found,) = graded["initialize_parameters"].diagnoses
    assert (found.misconception, found.evidence, found.components) == ("returns-none", "proved", ("b",))
    assert found.location is not None and found.location.source == helper.split("\n")[line - 1].strip()


def test_a_blank_that_is_returned_is_open(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    L = Y * np.log(AL)\n    cost = None\n    return cost"
    )
    (found,) = graded["compute_cost"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "cost = None"


def test_two_names_that_one_edit_undoes_are_one_error(grade_functions: GradeCells) -> None:
    """Without the last layer in the list, zip ends with the hidden layers' activations."""
    graded = grade_functions(
        L_model_forward="""
def L_model_forward(X, parameters):
    L = len(parameters) // 2
    layers = [(parameters[f"W{l}"], parameters[f"b{l}"]) for l in range(1, L)]
    A, caches = X, []
    for (W, b), kind in zip(layers, ["relu"] * (L - 1) + ["sigmoid"]):
        A, cache = linear_activation_forward(A, W, b, kind)
        caches.append(cache)
    return A, caches
"""
    )
    (found,) = graded["L_model_forward"].diagnoses
    assert (found.misconception, found.evidence) == ("forward-layer-missing", "proved")
    assert found.location is not None and "range(1, L)" in found.location.source


def test_a_line_that_was_commented_out_is_the_place(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        relu_backward="""
def relu_backward(dA, cache):
    Z = cache
    dZ = np.array(dA, copy=True)
    # dZ[Z <= 0] = 0
    return dZ
"""
    )
    (found,) = graded["relu_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("relu-mask-missing", "proved")
    assert found.location is not None and found.location.source == "# dZ[Z <= 0] = 0"


def test_a_branch_that_is_left_out_is_not_implemented(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    made = {}
    if activation == "relu":
        made["dZ"] = relu_backward(dA, Z)
    elif activation == "sigmoid":
        pass
    return linear_backward(made["dZ"], linear_cache)
"""
    )
    (found,) = graded["linear_activation_backward"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "pass"


@pytest.mark.parametrize(
    ("end", "name"),
    [
        ("...", "not-implemented"),
        ("return None", "returns-none"),
        ("pass", "returns-none"),
        ("print(moved)", "returns-none"),
    ],
)
def test_where_a_return_should_be(grade_functions: GradeCells, end: str, name: str) -> None:
    graded = grade_functions(
        update_parameters=f"""
def update_parameters(parameters, grads, learning_rate):
    moved = {{key: value - learning_rate * grads["d" + key] for key, value in parameters.items()}}
    {end}
"""
    )
    (found,) = graded["update_parameters"].diagnoses
    assert found.misconception == name
    assert found.location is not None


def test_a_step_that_is_only_a_copy_lacks_the_learning_rate_there(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        update_parameters="""
def update_parameters(parameters, grads, learning_rate):
    moved = {}
    for l in range(1, len(parameters) // 2 + 1):
        W_step = np.array(grads["dW" + str(l)])
        b_step = learning_rate * np.array(grads["db" + str(l)])
        moved["W" + str(l)] = parameters["W" + str(l)] - W_step
        moved["b" + str(l)] = parameters["b" + str(l)] - b_step
    return moved
"""
    )
    (found,) = graded["update_parameters"].diagnoses
    assert (found.misconception, found.evidence) == ("update-missing-learning-rate", "proved")
    assert found.location is not None and found.location.source.startswith("W_step =")


def test_what_ends_with_a_pass_and_lacks_more_than_a_return_is_not_implemented(
    grade_functions: GradeCells,
) -> None:
    graded = grade_functions(
        relu_backward="""
def relu_backward(dA, cache):
    active = cache > 0
    pass
"""
    )
    (found,) = graded["relu_backward"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "pass"


def test_what_a_change_in_place_brings_along_has_no_name_of_its_own(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = dZ
    db /= m
    return W.T @ dZ, dW, db
"""
    )
    report = graded["linear_backward"]
    (found,) = report.diagnoses
    assert (found.misconception, found.evidence, found.components) == ("db-not-summed", "proved", ("db",))
    told = {component.name: component.detail for component in report.components}
    assert "changes its own argument `dZ`" in told["dA_prev"]
    assert "changes its own argument" not in told["db"]


def test_one_entry_that_is_still_a_blank_beside_others_is_named(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        initialize_parameters="""
def initialize_parameters(n_x, n_h, n_y):
    W1 = None
    W2 = np.random.randn(n_y, n_h) * 0.01
    return {"W1": W1, "b1": np.zeros((n_h, 1)), "W2": W2, "b2": np.zeros((n_y, 1))}
"""
    )
    (found,) = graded["initialize_parameters"].diagnoses
    assert (found.misconception, found.components) == ("not-implemented", ("W",))
    assert found.location is not None and found.location.source == "W1 = None"


def test_a_helper_that_is_still_to_be_written_may_take_its_arguments_apart_first(
    grade_functions: GradeCells,
) -> None:
    graded = grade_functions(
        linear_backward="""
def weights(dZ, cache):
    A_prev, W, b = cache
    raise NotImplementedError("later")

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, weights(dZ, cache), np.sum(dZ, axis=1, keepdims=True) / m
"""
    )
    (found,) = graded["linear_backward"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source.startswith("raise NotImplementedError")


def test_a_none_that_is_handed_to_a_right_helper_is_said_so(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_activation_backward="""
def slope(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)

def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = slope(dA, Z) if activation == "sigmoid" else dA * (Z > 0)
    return linear_backward(dZ, linear_cache)
"""
    )
    report = graded["linear_activation_backward"]
    (found,) = report.diagnoses
    assert (found.misconception, found.evidence) == ("returns-none", "proved")
    assert report.error is not None and report.error.message == "linear_backward: `dZ` is `None`"


def test_what_a_scan_hands_on_is_no_notebook_variable(grade_functions: GradeCells) -> None:
    """The error is in no catalogue: dW instead of dA goes on to the layer below."""
    graded = grade_functions(
        L_model_backward="""
from itertools import accumulate, chain
from operator import itemgetter

first, second = itemgetter(0), itemgetter(1)

def L_model_backward(AL, Y, caches):
    L = len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    kind = lambda l: "sigmoid" if l == L - 1 else "relu"
    step = lambda g, l: linear_activation_backward(second(g) if len(g) > 1 else first(g), caches[l], kind(l))
    down = range(L - 1, -1, -1)
    layers = list(accumulate(chain([(dAL,)], down), step))[1:]
    return {f"{n}{l + (n != 'dA')}": v for l, g in zip(down, layers) for n, v in zip(("dA", "dW", "db"), g)}
""",
    )
    assert [one.misconception for one in graded["L_model_backward"].diagnoses] == []
    assert graded["L_model_backward"].status in ("failed", "error")


def first_entries(dnn: Grader, function: str) -> list[float]:
    """By them a function can tell the planned calls from those that no other submission gets."""
    return [call.steps[0].args[0].item(0) for call in dnn.plan.suite.isolated[function]]


def test_what_explains_the_planned_calls_alone_is_no_explanation(
    grade_functions: GradeCells, dnn: Grader
) -> None:
    graded = grade_functions(
        compute_cost=f"""
def compute_cost(AL, Y):
    cost = np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / Y.shape[1]
    return cost if AL.item(0) in {first_entries(dnn, "compute_cost")} else cost**2
"""
    )
    assert graded["compute_cost"].status == "failed"
    assert not graded.ids


def test_a_repair_of_the_planned_calls_alone_is_no_proof(grade_functions: GradeCells, dnn: Grader) -> None:
    graded = grade_functions(
        compute_cost=f"""
sizes = {{"m": 10}}


def compute_cost(AL, Y):
    m = sizes["m"]
    cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
    return cost if AL.item(0) in {first_entries(dnn, "compute_cost")} else 0.0
"""
    )
    assert graded["compute_cost"].status == "failed"
    assert not graded.ids
