"""What a template left open, in the function or in a helper, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from grading_world import GradeCells

from grader.pipeline import Grader


def test_a_helper_that_raises_not_implemented_is_the_place(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        update_parameters="""
def step(value, gradient, rate):
    '''One step: TODO.'''

    raise NotImplementedError

def update_parameters(parameters, grads, learning_rate):
    return {key: step(value, grads["d" + key], learning_rate) for key, value in parameters.items()}
"""
    )
    (found,) = graded["update_parameters"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "raise NotImplementedError"


def test_an_unknown_word_that_is_refused_is_not_unfinished(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_activation_forward="""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        return sigmoid(Z)[0], (linear_cache, Z)
    elif activation == "ReLU":
        return relu(Z)[0], (linear_cache, Z)
    else:
        raise NotImplementedError
"""
    )
    names = {found.misconception for found in graded["linear_activation_forward"].diagnoses}
    assert "not-implemented" not in names


def test_a_case_that_is_only_passed_over_is_left_to_do(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    match activation:
        case "relu":
            pass
        case "sigmoid":
            pull = sigmoid_backward
        case _:
            raise ValueError(activation)
    return linear_backward(pull(dA, Z), linear_cache)
"""
    )
    (found,) = graded["linear_activation_backward"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "pass"


def test_what_a_notebook_calls_nothing_is_no_blank(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
Nothing = None

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dA_prev = Nothing
    return dA_prev, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m
"""
    )
    assert graded["linear_backward"].status == "failed"
    assert not any(
        found.location and "Nothing =" in found.location.source
        for found in graded["linear_backward"].diagnoses
    )


@pytest.mark.parametrize("condition", ['elif activation == "relu":', "else:"])
def test_a_branch_for_one_kind_that_raises_not_implemented_is_left_to_do(
    grade_functions: GradeCells, condition: str
) -> None:
    """But the branch for all other words may be met by a word that is spelt wrongly."""
    graded = grade_functions(
        linear_activation_forward=f"""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    {condition}
        raise NotImplementedError(activation)
    return A, (linear_cache, activation_cache)
"""
    )
    wanted = {"not-implemented"} if "relu" in condition else set()
    assert graded.ids.get("linear_activation_forward", set()) == wanted


def test_a_raise_at_the_end_of_a_method_is_left_to_do(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        update_parameters="""
class Descent:
    def __init__(self, rate):
        self.rate = rate

    def apply(self, parameters, grads):
        updated = {key: value - self.rate * grads["d" + key] for key, value in parameters.items()}
        raise NotImplementedError


def update_parameters(parameters, grads, learning_rate):
    return Descent(learning_rate).apply(parameters, grads)
"""
    )
    assert graded.ids == {"update_parameters": {"not-implemented"}}


def test_a_blank_that_is_only_squeezed_is_a_blank(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="""
def compute_cost(AL, Y):
    m = Y.shape[1]
    losses = Y * np.log(AL) + (1 - Y) * np.log(1 - AL)
    cost = None

    cost = np.squeeze(cost)  # e.g. this turns [[17]] into 17
    assert(cost.shape == ())
    return cost
"""
    )
    (found,) = graded["compute_cost"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "cost = None"


@pytest.mark.parametrize(
    "stored", ['parameters.update({"W" + str(l): None})', 'parameters.setdefault("W" + str(l), None)']
)
def test_a_blank_that_is_handed_to_a_container_is_left_to_do(
    grade_functions: GradeCells, stored: str
) -> None:
    graded = grade_functions(
        update_parameters=f"""
def update_parameters(parameters, grads, learning_rate):
    before = dict(parameters)
    parameters = {{}}
    for l in range(1, len(before) // 2 + 1):
        {stored}
        parameters.update({{"b" + str(l): before["b" + str(l)] - learning_rate * grads["db" + str(l)]}})
    return parameters
"""
    )
    (found,) = graded["update_parameters"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == stored


def test_a_blank_of_three_names_is_proved_by_what_another_branch_gives_them(
    grade_functions: GradeCells,
) -> None:
    graded = grade_functions(
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = relu_backward(dA, Z) if activation == "relu" else sigmoid_backward(dA, Z)
    if activation == "relu":
        dA_prev, dW, db = linear_backward(dZ, linear_cache)
    elif activation == "sigmoid":
        dA_prev, dW, db = None, None, None
    return dA_prev, dW, db
"""
    )
    (found,) = graded["linear_activation_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("not-implemented", "proved")
    assert found.location is not None and found.location.source == "dA_prev, dW, db = None, None, None"


@pytest.mark.parametrize(
    "blank",
    [
        "    A, activation_cache = None, None\n",
        "    A, activation_cache = None\n",
        "    A = None\n    activation_cache = Z\n",
    ],
)
def test_a_blank_is_proved_by_what_belongs_there(grade_functions: GradeCells, blank: str) -> None:
    graded = grade_functions(
        linear_activation_forward=f"""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
{blank}    cache = (linear_cache, activation_cache)
    return A, cache
"""
    )
    (found,) = graded["linear_activation_forward"].diagnoses
    assert (found.misconception, found.evidence) == ("not-implemented", "proved")
    assert found.location is not None and found.location.source == blank.strip().split("\n")[0]


def test_a_blank_before_another_error_is_not_proved(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_activation_forward="""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = None
    return A, (Z, Z)
"""
    )
    assert not any(found.evidence == "proved" for found in graded["linear_activation_forward"].diagnoses)


@pytest.mark.parametrize("nothing", ["...", "pass"])
def test_a_function_inside_that_says_nothing_is_left_to_do(grade_functions: GradeCells, nothing: str) -> None:
    graded = grade_functions(
        update_parameters=f"""
def update_parameters(parameters, grads, learning_rate):
    def stepped(key, value):
        {nothing}

    return {{key: stepped(key, value) for key, value in parameters.items()}}
"""
    )
    (found,) = graded["update_parameters"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == nothing


def test_a_blank_before_a_loop_that_reads_it_is_left_to_do(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dA = None
    for l in range(L, 0, -1):
        kind = "sigmoid" if l == L else "relu"
        dA_prev, dW, db = linear_activation_backward(dA, caches[l - 1], kind)
        grads.update({f"dA{l - 1}": dA_prev, f"dW{l}": dW, f"db{l}": db})
        dA = dA_prev
    return grads
"""
    )
    (found,) = graded["L_model_backward"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and found.location.source == "dA = None"


def test_what_is_wrong_beside_a_blank_has_its_name_too(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True)
    return None, dW, db
"""
    )
    named = {found.misconception: found.components for found in graded["linear_backward"].diagnoses}
    assert named == {"not-implemented": ("dA_prev",), "missing-1-over-m": ("db",)}


def test_what_is_wrong_beside_a_blank_and_has_no_name_gets_none(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / (m + 7)
    return None, dW, db
"""
    )
    named = {found.misconception: found.components for found in graded["linear_backward"].diagnoses}
    assert named == {"not-implemented": ("dA_prev",)}


def test_a_helper_that_ends_with_pass_is_not_written_to_its_end(grade_functions: GradeCells) -> None:
    code = """
class Step:
    def __init__(self, rate):
        self.rate = rate

    def taken(self, parameters, grads):
        for key, value in parameters.items():
            parameters[key] = value - self.rate * grads["d" + key]
        # done
        pass

def update_parameters(parameters, grads, learning_rate):
    return Step(learning_rate).taken(dict(parameters), grads)
"""
    graded = grade_functions(update_parameters=code)
    (found,) = graded["update_parameters"].diagnoses
    assert (found.misconception, found.evidence) == ("not-implemented", "proved")
    assert found.location is not None and found.location.source == "pass"
    graded = grade_functions(update_parameters=code.replace("        pass\n", ""))
    assert graded.ids == {"update_parameters": {"returns-none"}}


def test_a_name_beside_a_blank_holds_on_calls_that_nobody_else_gets(
    grade_functions: GradeCells, dnn: Grader
) -> None:
    """Wrong in sign on the calls that everybody gets, and by another factor on all others."""
    calls = dnn.plan.suite.isolated["linear_backward"]
    known = [round(float(np.asarray(call.steps[-1].args[0]).flat[0]), 9) for call in calls]
    code = f"""
KNOWN = {known}

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return None, dW, db * (-1 if round(float(dZ.flat[0]), 9) in KNOWN else 7)
"""
    graded = grade_functions(linear_backward=code)
    assert graded.ids == {"linear_backward": {"not-implemented"}}
    graded = grade_functions(linear_backward=code.replace("else 7", "else -1"))
    assert graded.ids == {"linear_backward": {"not-implemented", "wrong-sign"}}


@pytest.mark.parametrize(
    "branches",
    {
        "beside-what-is-written": """
    if activation == "relu":
        dZ = relu_backward(dA, cache[1])
        res = linear_backward(dZ, cache[0])
        dA_prev, dW, db = res[0], res[1], res[2]
    elif activation == "sigmoid":
        dZ = sigmoid_backward(dA, cache[1])
        dA_prev, dW, db = None, None, None
""",
        "all-of-a-branch": """
    if activation == "relu":
        pass
    else:
        dZ = sigmoid_backward(dA, cache[1])
        dA_prev, dW, db = linear_backward(dZ, cache[0])
""",
        "in-a-match": """
    match activation:
        case "relu":
            dZ = relu_backward(dA, cache[1])
            dA_prev, dW, db = linear_backward(dZ, cache[0])
        case "sigmoid":
            dZ = None
            dA_prev, dW, db = None, None, None
""",
        "for-both": """
    dZ = None
    dA_prev, dW, db = linear_backward(dZ, cache[0])
""",
    }.values(),
)
def test_a_blank_is_proved_with_what_the_other_branch_has(grade_functions: GradeCells, branches: str) -> None:
    code = f"def linear_activation_backward(dA, cache, activation):{branches}    return dA_prev, dW, db\n"
    graded = grade_functions(linear_activation_backward=code)
    (found,) = graded["linear_activation_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("not-implemented", "proved")
    assert found.location is not None
    assert found.location.source.endswith("None") or found.location.source == "pass"


@pytest.mark.parametrize("result", ["NotImplemented", "...", "{key: ... for key in parameters}"])
def test_what_stands_for_nothing_is_a_blank(grade_functions: GradeCells, result: str) -> None:
    code = f"""
def update_parameters(parameters, grads, learning_rate):
    step = learning_rate * grads["dW1"]
    return {result}
"""
    graded = grade_functions(update_parameters=code)
    (found,) = graded["update_parameters"].diagnoses
    assert found.misconception == "not-implemented"
    assert found.location is not None and result in found.location.source
