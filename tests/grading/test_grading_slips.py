"""Errors of whole notebooks: slips of the pen, variables of test cells, tables for all layers, faults of ours."""

from __future__ import annotations

import pytest
from grading_world import GradeCells, Graded

from grader.diagnose.symptoms import unread_parameters
from grader.model import Definition
from grader.pipeline import Grader
from tools.samples import function_texts


@pytest.mark.parametrize("both", ["linear_backward(dZ, linear_cache)", "{}_backward(dA, Z)"])
def test_the_whole_cache_in_both_branches_is_one_error(grade_functions: GradeCells, both: str) -> None:
    code = "def linear_activation_backward(dA, cache, activation):\n    linear_cache, Z = cache\n"
    for test, name in (('if activation == "relu"', "relu"), ("else", "sigmoid")):
        code += f"    {test}:\n        dZ = {name}_backward(dA, Z)\n"
        code += "        made = linear_backward(dZ, linear_cache)\n"
    code += "    return made\n"
    for name in ("relu", "sigmoid"):
        right = both.format(name)
        code = code.replace(right, right.replace("linear_cache", "cache").replace("Z)", "cache)"))
    (diagnosis,) = grade_functions(linear_activation_backward=code)["linear_activation_backward"].diagnoses
    assert (diagnosis.misconception, diagnosis.evidence) == ("cache-not-unpacked", "proved")


GLOBAL_CACHE = """
def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A, activation_cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, (linear_cache, activation_cache)

dZ, linear_cache = linear_backward_test_case()
"""
GLOBAL_M = """
def compute_cost(AL, Y):
    return np.squeeze(-1 / m * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)))

X, parameters = L_model_forward_test_case_2hidden()
m = X.shape[1]
"""


@pytest.mark.parametrize(
    ("name", "code", "line"), [("linear_activation_forward", GLOBAL_CACHE, 4), ("compute_cost", GLOBAL_M, 2)]
)
def test_a_variable_of_a_test_cell_is_named_where_it_is_read(
    grade_functions: GradeCells, name: str, code: str, line: int
) -> None:
    """The course's own test data is not there in grading; that is no error of the student's to be shown."""
    graded = grade_functions(**{name: code})[name]
    (diagnosis,) = graded.diagnoses
    assert diagnosis.misconception == "uses-global" and diagnosis.location is not None
    assert diagnosis.location.source == code.strip().splitlines()[line - 1].strip()
    assert graded.error is None or "test_case" not in graded.error.message


def test_a_list_that_is_too_short_is_told_so(grade_functions: GradeCells) -> None:
    code = """
def L_model_forward(X, parameters):
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], "relu")
    if L > 1:
        caches.append(cache)
    A, cache = linear_activation_forward(A, parameters[f"W{L}"], parameters[f"b{L}"], "sigmoid")
    return A, [*caches, cache]
"""
    details = {
        one.name: one.detail for one in grade_functions(L_model_forward=code)["L_model_forward"].components
    }
    assert "entries" in details["caches"] and "numbers are right" not in details["caches"]


@pytest.mark.parametrize(
    ("right", "wrong", "meant"),
    [
        ("W.T @ dZ", "W.T @ dz", "dZ"),
        ("dW_sum / m", "dW_summ / m", "dW_sum"),
        ("np.sum(dZ", "np.sum(d_Z", "dZ"),
    ],
)
def test_a_slip_of_the_pen_is_no_notebook_variable(
    grade_functions: GradeCells, dnn: Grader, right: str, wrong: str, meant: str
) -> None:
    """No cell makes such a name, so there is nothing that an earlier cell left behind."""
    code = function_texts(dnn.rubric)["linear_backward"]
    assert right in code
    graded = grade_functions(linear_backward=code.replace(right, wrong))
    assert graded.ids == {}
    detail = graded["linear_backward"].components[0].detail
    assert "is assigned nowhere in the notebook" in detail and f"`{meant}` is meant" in detail


def test_a_name_in_other_letters_is_the_same_name(grade_functions: GradeCells, dnn: Grader) -> None:
    """Python reads `ﬁne` as `fine`: what it does not find is not meant in its own place."""
    code = function_texts(dnn.rubric)["linear_backward"].replace("dW_sum / m", "undefined_ﬁne / m")
    detail = grade_functions(linear_backward=code)["linear_backward"].components[0].detail
    assert "`undefined_fine` is assigned nowhere in the notebook" in detail and "is meant" not in detail


@pytest.mark.parametrize("noise", ["+ 1e-3 * np.random.randn()", "* (1 + np.random.rand())"])
def test_noise_is_no_constant(grade_functions: GradeCells, dnn: Grader, noise: str) -> None:
    code = function_texts(dnn.rubric)["compute_cost"]
    noisy = grade_functions(compute_cost=f"{code.rstrip()} {noise}")["compute_cost"]
    assert noisy.status == "failed" and not noisy.diagnoses
    assert "same on all inputs" not in noisy.components[0].detail


def test_a_parameter_that_is_read_in_other_letters_is_read() -> None:
    made = Definition(("f",), "def f(W, b):\n    return \N{MATHEMATICAL ITALIC CAPITAL W}", 0, 1, "function")
    assert unread_parameters("f", [made]) == ["b"]


def test_a_factor_of_no_size_at_all_is_described(grade_functions: GradeCells, dnn: Grader) -> None:
    code = function_texts(dnn.rubric)["L_model_backward"].replace(
        "return grads", "return {k: g * 1e-309 for k, g in grads.items()}"
    )
    graded = grade_functions(L_model_backward=code)
    assert graded.report.status == "graded" and graded["L_model_backward"].status == "failed"


def test_a_fault_of_ours_costs_one_submission(
    grade_functions: GradeCells, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **rest: object) -> None:
        raise OverflowError("hidden 0.123")

    monkeypatch.setattr("grader.pipeline.function_report", broken)
    report = grade_functions().report
    (problem,) = report.problems
    assert report.status == "ungradable" and problem.code == "internal-error"
    assert "OverflowError" in problem.message and "0.123" not in problem.message


def test_of_very_many_parameters_a_few_are_named(grade_functions: GradeCells) -> None:
    extra = ", ".join(f"p{number}=0" for number in range(2000))
    graded = grade_functions(linear_forward=f"def linear_forward(A, W, b, {extra}):\n    return W, A, b\n")
    assert graded["linear_forward"].components[0].detail.count("`p") == 5


def test_variables_in_the_place_of_a_cache_are_no_cache_that_was_not_taken_apart(
    grade_functions: GradeCells,
) -> None:
    code = """
def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    else:
        dZ = sigmoid_backward(dA, activation_cache)
    return linear_backward(dZ, (A, W, b))

A, W, b = np.ones((3, 2)), np.ones((1, 3)), np.zeros((1, 1))
"""
    (found,) = grade_functions(linear_activation_backward=code)["linear_activation_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("uses-global", "proved")
    assert found.location is not None and "(A, W, b)" in found.location.source


def test_a_bias_read_from_the_notebook_is_no_missing_bias(grade_functions: GradeCells) -> None:
    """Its numbers are those of a missing one, for the notebook's bias is zero; the line says what it is."""
    code = """
def linear_forward(A, W, b):
    Z = W @ A + parameters["b1"][0]
    return Z, (A, W, b)

parameters = {"W1": np.ones((3, 2)), "b1": np.zeros((3, 1))}
"""
    (diagnosis,) = grade_functions(linear_forward=code)["linear_forward"].diagnoses
    assert (diagnosis.misconception, diagnosis.evidence) == ("uses-global", "proved")
    assert diagnosis.location is not None and "parameters" in diagnosis.location.source


TABLES = {
    "activations of all layers": (
        "L_model_forward",
        """
class Stage:
    def __init__(self, number):
        self.number = number

def L_model_forward(X, parameters):
    A, caches, plan = X, [], [Stage(l) for l in range(1, len(parameters) // 2 + 1)]
    for stage in plan:
        W, b = parameters[f"W{stage.number}"], parameters[f"b{stage.number}"]
        A, cache = linear_activation_forward(A, W, b, "sigmoid")
        caches.append(cache)
    return A, caches
""",
        "hidden-layers-sigmoid",
    ),
    "one function for all": (
        "linear_activation_backward",
        """
gate = lambda dA, Z: dA * (Z > 0)
slope_sigmoid = lambda dA, Z: dA * (1 / (1 + np.exp(-Z))) * (1 - 1 / (1 + np.exp(-Z)))
slope_relu = lambda dA, Z: gate(dA, Z)
slopes = dict.fromkeys(("sigmoid", "relu"), slope_sigmoid)

def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    return linear_backward(slopes[activation](dA, Z), linear_cache)
""",
        "activation-backward-swapped",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_what_is_the_same_for_all_is_proved(grade_functions: GradeCells, case: str) -> None:
    name, code, wanted = TABLES[case]
    (diagnosis,) = grade_functions(**{name: code})[name].diagnoses
    assert (diagnosis.misconception, diagnosis.evidence) == (wanted, "proved")


def test_a_constant_in_place_of_the_own_name_is_not_read_from_the_notebook(
    grade_functions: GradeCells,
) -> None:
    """What is named is what the numbers say; the place is where the constant is."""
    graded = grade_functions(
        L_model_forward="""
SIGMOID = "sigmoid"
RELU = "relu"

def L_model_forward(X, parameters):
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L + 1):
        activation = SIGMOID if l == L else RELU
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], SIGMOID)
        caches.append(cache)
    return A, caches
""",
    )
    (found,) = graded["L_model_forward"].diagnoses
    assert (found.misconception, found.evidence) == ("hidden-layers-sigmoid", "proved")


TEMPLATE_BACKWARD = """
def L_model_backward(AL, Y, caches):
    grads = {{}}
    L = len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(
        dAL, caches[L - 1], "sigmoid"
    )
    for l in reversed(range(L - 1)):
        dA_prev_temp, dW_temp, db_temp = linear_activation_backward(grads["{read}"], caches[l], "relu")
        {store}
        grads["dW" + str(l + 1)] = dW_temp
        grads["db" + str(l + 1)] = db_temp
    return grads
"""


@pytest.mark.parametrize(
    ("read", "store", "wanted"),
    [
        ('dA" + str(l + 1) + "', "pass", {"backward-da-not-stored"}),
        ('dA" + str(l + 1) + "', 'grads["dA" + str(l - 1)] = dA_prev_temp', {"backward-key-off-by-one"}),
        ('dW" + str(l + 1) + "', 'grads["dA" + str(l)] = dA_prev_temp', set[str]()),
    ],
    ids=["not stored", "stored under another number", "another letter is read"],
)
def test_gradients_that_the_next_layer_does_not_find(
    grade_functions: GradeCells, read: str, store: str, wanted: set[str]
) -> None:
    """The numbers of the first two are the same: the repair decides."""
    graded = grade_functions(L_model_backward=TEMPLATE_BACKWARD.format(read=read, store=store))
    assert graded.ids.get("L_model_backward", set()) == wanted


def test_the_output_layer_passed_over(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    g, L = {}, len(caches)
    d = (1 - Y) / (1 - AL) - Y / AL
    for l in range(L - 1, 0, -1):
        d, w, b = linear_activation_backward(d, caches[l - 1], "relu" if l < L else "sigmoid")
        g.update({f"dA{l - 1}": d, f"dW{l}": w, f"db{l}": b})
    return g
"""
    )
    assert graded.ids == {"L_model_backward": {"backward-layer-missing"}}


def test_the_direction_of_the_loop_is_no_key(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    g, L, Y = {}, len(caches), Y.reshape(AL.shape)
    d = (1 - Y) / (1 - AL) - Y / AL
    for l in range(1, L + 1):
        d, w, b = linear_activation_backward(d, caches[l - 1], "relu" if l < L else "sigmoid")
        g.update({f"dA{l - 1}": d, f"dW{l}": w, f"db{l}": b})
    return g
"""
    )
    (found,) = graded["L_model_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("backward-not-reversed", "proved")


def test_layers_counted_from_zero_are_one_error(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        L_model_backward="""
def kind(l, L):
    return "sigmoid" if l == L else "relu"

def L_model_backward(AL, Y, caches):
    grads = {}
    dA = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for l, cache in reversed(list(enumerate(caches))):
        dA, dW, db = linear_activation_backward(dA, cache, kind(l, len(caches)))
        grads.update({f"dA{l - 1}": dA, f"dW{l}": dW, f"db{l}": db})
    return grads
"""
    )
    (found,) = graded["L_model_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("backward-key-off-by-one", "proved")
    assert found.location is not None and "enumerate(caches)" in found.location.source


def _details(graded: Graded, name: str) -> dict[str, str]:
    return {part.name: part.detail for part in graded[name].components if part.status == "failed"}


def test_zeros_of_a_wrong_shape_are_wrong_in_shape_alone(grade_functions: GradeCells) -> None:
    code = """
def initialize_parameters(n_x, n_h, n_y):
    W1, W2 = np.random.randn(n_h, n_x) * 0.01, np.random.randn(n_y, n_h) * 0.01
    return {"W1": W1, "b1": np.zeros((n_x, 2)), "W2": W2, "b2": np.zeros((n_h, 2))}
"""
    told = _details(grade_functions(initialize_parameters=code), "initialize_parameters")
    assert "same number" not in told["b"] and "The shape is wrong" in told["b"]


def test_one_layer_that_is_wrong_is_off_by_no_constant(grade_functions: GradeCells) -> None:
    code = """
def update_parameters(parameters, grads, learning_rate):
    L = len(parameters) // 2
    for l in range(1, L + 1):
        parameters[f"W{l}"] = parameters[f"W{l}"] - learning_rate * grads[f"dW{l}"]
        if l < L:
            parameters[f"b{l}"] = parameters[f"b{l}"] - learning_rate * grads[f"db{l}"]
    return parameters
"""
    told = _details(grade_functions(update_parameters=code), "update_parameters")
    assert "constant" not in told["b"]


def test_the_entry_of_another_type_is_said(grade_functions: GradeCells) -> None:
    code = """
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = sigmoid(Z)[0] if activation == "sigmoid" else relu(Z)[0]
    return A, (Z, linear_cache)
"""
    told = _details(grade_functions(linear_activation_forward=code), "linear_activation_forward")
    assert told["cache"].startswith("Its first entry is of another type than wanted: an array.")


def test_python_stops_where_numpy_gives_infinity(grade_functions: GradeCells) -> None:
    code = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    share = 1 / (A_prev.shape[1] - 1)
    return W.T @ dZ, share * dZ @ A_prev.T, share * np.sum(dZ, axis=1, keepdims=True)
"""
    assert grade_functions(linear_backward=code).ids == {"linear_backward": {"divides-by-m-minus-one"}}
