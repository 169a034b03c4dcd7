"""A function that always stops hides its other errors: without what stops it, they have names, too."""

from __future__ import annotations

import pytest
from grading_world import GradeCells

COST = """
def compute_cost(AL, Y):
    cost = 1 / m * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return np.squeeze(cost)
"""
INITIALIZE = """
def initialize_parameters_deep(layer_dims):
    parameters = {}
    L = len(layer_dims)
    for l in range(1, L + 1):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters
"""
BACKWARD = """
def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dAL = np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)
    dA, dW, db = linear_activation_backward(dAL, caches[L], "sigmoid")
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = dA, dW, db
    for l in reversed(range(L - 1)):
        dA, dW, db = linear_activation_backward(grads["dA" + str(l + 1)], caches[l], "relu")
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = dA, dW, db
    return grads
"""


@pytest.mark.parametrize(
    ("code", "stops", "hidden", "line"),
    [
        (INITIALIZE, "init-layer-extra", "init-missing-scale", 5),
        (BACKWARD, "backward-wrong-cache", "dal-wrong-sign", 4),
    ],
)
def test_both_errors_are_named_and_proved(
    grade_functions: GradeCells, code: str, stops: str, hidden: str, line: int
) -> None:
    name = code.split("def ")[1].split("(")[0]
    graded = grade_functions(**{name: code})
    found = {one.misconception: one for one in graded[name].diagnoses}
    assert set(found) == {stops, hidden}
    assert {one.evidence for one in found.values()} == {"proved"}
    place = found[hidden].location
    assert place is not None and place.source == code.strip().splitlines()[line - 1].strip()


def test_behind_a_missing_return_errors_have_names_too(grade_functions: GradeCells) -> None:
    code = BACKWARD.replace("caches[L]", "caches[L - 1]").replace("    return grads\n", "")
    graded = grade_functions(L_model_backward=code)
    found = {one.misconception: one.evidence for one in graded["L_model_backward"].diagnoses}
    assert found == {"returns-none": "proved", "dal-wrong-sign": "proved"}


@pytest.mark.parametrize("result", ["dW, db, dA_prev", "np.ravel(dA_prev), dW, db"])
def test_what_a_guessed_return_may_have_brought_has_no_name(grade_functions: GradeCells, result: str) -> None:
    """The order and the shape of what is returned are the guess's, not the student's."""
    code = BLANKS.replace("db = None", "db = np.sum(dZ, axis=1, keepdims=True) / m")
    code = code.replace("    return dA_prev, dW, db\n", f"    out = {result}\n    del out\n")
    assert grade_functions(linear_backward=code).ids == {"linear_backward": {"returns-none"}}


@pytest.mark.parametrize("code", [COST, BACKWARD.replace("grads = {}", "", 1)], ids=["m", "grads"])
def test_a_name_that_is_missing_is_not_guessed(grade_functions: GradeCells, code: str) -> None:
    """Any name at hand would let it run, and make errors that nobody has made."""
    name = code.split("def ")[1].split("(")[0]
    assert grade_functions(**{name: code}).ids == {}


def test_what_stays_unknown_behind_it_has_no_name(grade_functions: GradeCells) -> None:
    """The repair lets it run, but nothing explains what it then gives: a guess would be worse than none."""
    code = BACKWARD.replace("return grads", "return {key: value ** 3 for key, value in grads.items()}")
    graded = grade_functions(L_model_backward=code)
    assert graded.ids == {}
    assert graded["L_model_backward"].status == "error"


BLANKS = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = None
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db
"""
HELPER = """
def slope(Z):
    pass

def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = slope(Z) if activation == "relu" else sigmoid_backward(dA, Z)
    return linear_backward(dZ, linear_cache)
"""


@pytest.mark.parametrize(
    ("code", "name", "components", "source", "evidence"),
    [
        (BLANKS, "linear_backward", ("db",), "db = None", "proved"),
        (HELPER, "linear_activation_backward", ("dA_prev", "dW", "db"), "pass", "matched"),
    ],
)
def test_an_open_blank_is_named_with_its_place(
    grade_functions: GradeCells, code: str, name: str, components: tuple[str, ...], source: str, evidence: str
) -> None:
    """It is proved where a right formula, put into the blank, makes everything right."""
    (diagnosis,) = grade_functions(**{name: code})[name].diagnoses
    assert (diagnosis.misconception, diagnosis.components) == ("not-implemented", components)
    assert diagnosis.evidence == evidence and diagnosis.location is not None
    assert diagnosis.location.source == source


def test_where_all_is_missing_because_of_a_pass_it_is_a_blank(grade_functions: GradeCells) -> None:
    """By the values alone, neither the weights nor the biases are updated."""
    code = """
def step(parameters, grads, rate, number):
    pass


def update_parameters(parameters, grads, learning_rate):
    for number in range(1, len(parameters) // 2 + 1):
        step(parameters, grads, learning_rate, number)
    return parameters
"""
    (diagnosis,) = grade_functions(update_parameters=code)["update_parameters"].diagnoses
    assert diagnosis.misconception == "not-implemented"
    assert diagnosis.location is not None and diagnosis.location.source == "pass"


def test_a_none_that_does_not_matter_is_no_blank(grade_functions: GradeCells) -> None:
    code = BLANKS.replace("db = None", "unused = None\n    db = np.sum(dZ, 1, keepdims=True) / m + dZ[:, :1]")
    assert grade_functions(linear_backward=code).ids == {}


def test_an_assertion_for_the_wrong_result_does_not_hide_the_place(grade_functions: GradeCells) -> None:
    """A template of 2017 demands that `db` is a float, which it is where one number stands for all biases."""
    db = "db = 1.0 / m * np.sum(dZ)"
    code = BLANKS.replace("db = None", db).replace("return", "assert isinstance(db, float)\n    return")
    (diagnosis,) = grade_functions(linear_backward=code)["linear_backward"].diagnoses
    assert (diagnosis.misconception, diagnosis.evidence) == ("db-sum-all", "proved")
    assert diagnosis.location is not None and diagnosis.location.source == db


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("", "not-implemented"),
        ("    z = AL\n" * 200, "returns-none"),
        ("    z = '" + "x " * 200 + "'\n", "returns-none"),
    ],
    ids=["short", "many lines", "a long line"],
)
def test_a_blank_is_looked_for_in_short_functions_only(
    grade_functions: GradeCells, body: str, name: str
) -> None:
    """The grader's own process looks at the text, and takes the square of its length: it has to be bounded."""
    code = f"def compute_cost(AL, Y):\n    L = Y * np.log(AL)\n    cost = None\n{body}    return cost\n"
    assert {one.misconception for one in grade_functions(compute_cost=code)["compute_cost"].diagnoses} == {
        name
    }


@pytest.mark.parametrize(
    ("code", "ids"),
    [
        (
            BLANKS.replace("np.dot(W.T, dZ)", "np.dot(W, dZ)").replace(
                "None", "np.sum(dZ, 1, keepdims=True)"
            ),
            {"da-prev-missing-transpose", "missing-1-over-m"},
        ),
        (
            "def linear_forward(A, W, b):\n    Z = np.dot(W.T, A)\n    return Z, (A, W, b)\n",
            {"forward-transposed-weights", "forward-missing-bias"},
        ),
    ],
)
def test_what_only_stops_on_some_layers_hides_nothing(
    grade_functions: GradeCells, code: str, ids: set[str]
) -> None:
    """On square layers the untransposed product runs, and there both errors show."""
    name = code.split("def ")[1].split("(")[0]
    graded = grade_functions(**{name: code})
    assert graded.ids == {name: ids}
    assert {one.evidence for one in graded[name].diagnoses} == {"proved"}


def test_a_blank_that_cannot_be_unpacked_is_open(grade_functions: GradeCells) -> None:
    """Nothing reads the three names, but the statement stops the function."""
    code = BACKWARD.replace("caches[L]", "caches[L - 1]").replace(
        "np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)", "-(Y / AL - (1 - Y) / (1 - AL))"
    )
    loop = code.index("        dA, dW, db = linear_activation_backward(grads")
    code = (
        code[:loop]
        + '        dA_prev, dW_temp, db_temp = None\n        grads["dA" + str(l)] = None\n    return grads\n'
    )
    (diagnosis,) = grade_functions(L_model_backward=code)["L_model_backward"].diagnoses
    assert diagnosis.misconception == "not-implemented"


@pytest.mark.parametrize("first", ["dA_prev", "dW", "db"])
def test_a_missing_return_hides_nothing_whatever_was_computed_first(
    grade_functions: GradeCells, first: str
) -> None:
    lines = {
        "dW": "    dW = np.dot(dZ, A_prev.T)\n",
        "db": "    db = np.sum(dZ, axis=1, keepdims=True)\n",
        "dA_prev": "    dA_prev = np.dot(W.T, dZ)\n",
    }
    order = sorted(lines, key=lambda name: name != first)
    code = "def linear_backward(dZ, cache):\n    A_prev, W, b = cache\n    m = A_prev.shape[1]\n"
    graded = grade_functions(linear_backward=code + "".join(lines[name] for name in order))
    found = {one.misconception: one.evidence for one in graded["linear_backward"].diagnoses}
    assert found == {"returns-none": "proved", "missing-1-over-m": "proved"}


STOPS = """
class Kind(Enum):
    Sigmoid = 0
    Relu = 1

def slope_applied(dA, Z, kind):
    if kind is Kind.Sigmoid:
        s = 1 / (1 + np.exp(-Z))
        return dA * s * (1 - s)
    dZ = dA.copy()
    dZ[Z <= 0] = 0
    return dZ

def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    for l in range(L, 0, -1):
        (A_prev, W, b), Z = caches[l - 1]
        dZ = slope_applied(dAL, Z, Kind.Sigmoid if l == L else Kind.Relu)
        m = dZ.shape[1]
        grads[f"dA{l - 1}"] = W.T @ dZ
        grads[f"dW{l}"] = dZ @ A_prev.T / m
        grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True) / m
    return grads
"""


def test_an_edit_that_makes_two_errors_of_one_names_none(grade_functions: GradeCells) -> None:
    """With `Relu = 0`, which is sigmoid's number, nothing stops any more, and the hidden layers are sigmoid's."""
    graded = grade_functions(L_model_backward="from enum import Enum\n" + STOPS)
    assert graded["L_model_backward"].status == "failed"
    assert graded.ids.get("L_model_backward", set()) <= {"backward-not-chained"}


SHARED = """
def slope_applied(dA, Z, activation):
    if activation == "relu":
        return dA * (Z > 0)
    s = 1 / (1 + np.exp(-Z))
    return dA * s * s * (1 - s)
"""
ONE_LAYER = """
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    return linear_backward(slope_applied(dA, Z, activation), linear_cache)
"""
ALL_LAYERS = """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in range(L, 0, -1):
        linear_cache, Z = caches[l - 1]
        dZ = slope_applied(dA, Z, "sigmoid" if l == L else "relu")
        dA, grads[f"dW{l}"], grads[f"db{l}"] = linear_backward(dZ, linear_cache)
        grads[f"dA{l - 1}"] = dA
    return grads
"""


def test_what_a_callee_contradicts_is_not_named_in_its_caller(grade_functions: GradeCells) -> None:
    """s²(1 - s) with the right dAL is s with dAL = AL - Y; but not where linear_activation_backward is called alone."""
    graded = grade_functions(linear_activation_backward=SHARED + ONE_LAYER, L_model_backward=ALL_LAYERS)
    failed = {one.name for one in graded.report.functions if one.status == "failed"}
    assert failed == {"linear_activation_backward", "L_model_backward"}
    assert not graded.ids
