"""Where an error is: code that several functions share, tables that others fill, helpers and what calls them."""

from __future__ import annotations

import pytest
from grading_world import GradeCells, Graded

ENTROPY = """
def entropy(a, y):
    value = -(y * np.log(a) + (1 - y) * np.log(1 - a))

    def pullback(t):
        return t * ((1 - y) / (1 - a) - y / a)

    return value, pullback


def compute_cost(AL, Y):
    losses, _ = entropy(AL, Y)
    return np.sum(losses) / Y.shape[1]
"""
MODEL = """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    _, pullback = entropy(AL, Y.reshape(AL.shape))
    dA = pullback(1.0)
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads["dA" + str(l - 1)], grads["dW" + str(l)], grads["db" + str(l)] = dA, dW, db
    return grads
"""


def place(graded: Graded, name: str, misconception: str) -> str:
    """The source at the place of the only diagnosis of a function, which is proved."""
    (found,) = graded[name].diagnoses
    assert (found.misconception, found.evidence) == (misconception, "proved")
    assert found.location is not None
    return found.location.source


@pytest.mark.parametrize(
    ("right", "wrong", "function", "misconception"),
    [
        (
            "t * ((1 - y) / (1 - a) - y / a)",
            "t * (y / a - (1 - y) / (1 - a))",
            "L_model_backward",
            "dal-wrong-sign",
        ),
        ("t * ((1 - y) / (1 - a) - y / a)", "t * (a - y)", "L_model_backward", "dal-is-dz"),
        (
            "-(y * np.log(a) + (1 - y)",
            "-(y * np.log(a) - (1 - y)",
            "compute_cost",
            "cost-wrong-sign-between-terms",
        ),
    ],
)
def test_in_a_function_that_a_right_one_uses_for_something_else(
    grade_functions: GradeCells, right: str, wrong: str, function: str, misconception: str
) -> None:
    assert right in ENTROPY
    graded = grade_functions(compute_cost=ENTROPY.replace(right, wrong), L_model_backward=MODEL)
    assert wrong in place(graded, function, misconception)


@pytest.mark.parametrize(
    ("right", "wrong", "misconception"),
    [
        ("pullback(1.0)", "pullback(-1.0)", "dal-wrong-sign"),
        ("entropy(AL, Y.reshape(AL.shape))", "entropy(Y.reshape(AL.shape), AL)", "dal-swapped-division"),
    ],
)
def test_in_the_call_and_not_in_what_is_called(
    grade_functions: GradeCells, right: str, wrong: str, misconception: str
) -> None:
    assert right in MODEL
    graded = grade_functions(compute_cost=ENTROPY, L_model_backward=MODEL.replace(right, wrong))
    assert wrong in place(graded, "L_model_backward", misconception)


SCALED = """
def scaled(x, m, twice=False):
    if twice:
        x = 2 * x
    return x


def compute_cost(AL, Y):
    losses = Y * np.log(AL) + (1 - Y) * np.log(1 - AL)
    return scaled(-np.sum(losses), Y.shape[1]) / Y.shape[1]
"""


def test_a_repair_that_breaks_a_right_function_is_none(grade_functions: GradeCells) -> None:
    """`x / m` in the helper would mend the gradients, and divide the cost twice."""
    graded = grade_functions(
        compute_cost=SCALED,
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = scaled(np.dot(dZ, A_prev.T), m)
    db = scaled(np.sum(dZ, axis=1, keepdims=True), m)
    return np.dot(W.T, dZ), dW, db
""",
    )
    assert graded["compute_cost"].status == "passed"
    assert "dW = scaled" in place(graded, "linear_backward", "missing-1-over-m")


def test_a_helper_that_a_right_function_runs_in_part_is_not_where_it_is_mended(
    grade_functions: GradeCells,
) -> None:
    """`np.dot(x, y) / m` in the helper comes first and would do, but for Z."""
    graded = grade_functions(
        linear_forward="""
def product(x, y, m, turned=False):
    if turned:
        y = y.T
    return np.dot(x, y)


def linear_forward(A, W, b):
    return product(W, A, A.shape[1]) + b, (A, W, b)
""",
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = product(dZ, A_prev, m, turned=True)
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return np.dot(W.T, dZ), dW, db
""",
    )
    assert "dW = product" in place(graded, "linear_backward", "missing-1-over-m")


REGISTRY = """
TABLE = {}


def register(name):
    def keep(function):
        TABLE[name] = function
        return function
    return keep


@register("sigmoid")
def slope_of_sigmoid(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    return dA * s * (1 - s)


@register("relu")
def slope_of_relu(dA, Z):
    return dA * (Z > 0)


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = TABLE[activation](np.ones_like(dA), Z)
    return linear_backward(dZ, linear_cache)
"""


def test_with_a_table_that_decorators_fill(grade_functions: GradeCells) -> None:
    """What the function's names lead to lacks the functions in the table: the whole notebook is taken."""
    graded = grade_functions(linear_activation_backward=REGISTRY)
    wanted = "np.ones_like(dA)"
    assert wanted in place(graded, "linear_activation_backward", "activation-derivative-missing-da")


def test_a_helper_that_only_names_an_operation_is_looked_at_last(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
def cross(x, y):
    return x @ y.T


def row_sums(x):
    return x.sum(axis=1, keepdims=True)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    fit = {"m": A_prev.shape[1]}
    fit["dW"] = cross(dZ, A_prev)
    fit["db"] = row_sums(dZ) / fit["m"]
    return W.T @ dZ, fit["dW"], fit["db"]
"""
    )
    assert place(graded, "linear_backward", "missing-1-over-m") == 'fit["dW"] = cross(dZ, A_prev)'


def test_an_entry_of_a_variable_of_the_notebook(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="""
sizes = {"m": 10}


def compute_cost(AL, Y):
    m = sizes["m"]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
"""
    )
    assert place(graded, "compute_cost", "uses-global") == 'm = sizes["m"]'


@pytest.mark.parametrize(("key", "number"), [("dW", "l - 1"), ("db", "l + 1")])
def test_the_number_of_a_key_that_a_helper_puts_together(
    grade_functions: GradeCells, key: str, number: str
) -> None:
    code = """
def put(grads, key, number, value):
    grads[key + str(number)] = value


def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = (1 - Y) / (1 - AL) - Y / AL
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        put(grads, "dA", l - 1, dA)
        put(grads, "dW", l, dW)
        put(grads, "db", l, db)
    return grads
"""
    wrong = f'put(grads, "{key}", {number}, {key})'
    graded = grade_functions(L_model_backward=code.replace(f'put(grads, "{key}", l, {key})', wrong))
    assert place(graded, "L_model_backward", "backward-key-off-by-one") == wrong


def test_a_property_of_a_class_knows_the_number_of_examples(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
class Grads:
    def __init__(self, dZ, cache):
        self.dZ = dZ
        self.A_prev, self.W, _ = cache

    @property
    def m(self):
        return self.A_prev.shape[1]

    @property
    def dW(self):
        return np.dot(self.dZ, self.A_prev.T)

    @property
    def db(self):
        return np.sum(self.dZ, axis=1, keepdims=True) / self.m


def linear_backward(dZ, cache):
    made = Grads(dZ, cache)
    return np.dot(made.W.T, dZ), made.dW, made.db
"""
    )
    wanted = "return np.dot(self.dZ, self.A_prev.T)"
    assert place(graded, "linear_backward", "missing-1-over-m") == wanted


def test_all_lines_that_it_takes_are_told(grade_functions: GradeCells) -> None:
    code = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    dW = dZ @ A_prev.T
    db = np.sum(dZ, axis=1, keepdims=True)
    return W.T @ dZ, dW, db
"""
    graded = grade_functions(linear_backward=code)
    (found,) = graded["linear_backward"].diagnoses
    assert found.evidence == "proved" and found.location is not None
    assert found.location.source == "dW = dZ @ A_prev.T"
    (note,) = graded["linear_backward"].notes
    assert note.code == "more-lines"
    assert "`db = np.sum(dZ, axis=1, keepdims=True)`" in note.message
    graded = grade_functions(linear_backward=code.replace("@ A_prev.T", "@ A_prev.T / dZ.shape[1]"))
    assert not graded["linear_backward"].notes
