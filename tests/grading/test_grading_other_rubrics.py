"""The catalogues of the other rubrics: each misconception's own sample names exactly that misconception."""

from __future__ import annotations

import itertools
import re

import pytest

from grader.model import Report
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.rubric.schema import Misconception, Rubric
from grader.worker.sandbox import Sandbox
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import LAYOUTS, function_texts, misconception_sample
from tools.samples_others import BLANK_2021, style_2017

RUBRICS = {name: load_rubric(name) for name in ("logistic-regression", "regression-step-by-step")}
CASES = [
    pytest.param(rubric, found, id=f"{name}:{found.id}")
    for name, rubric in RUBRICS.items()
    for found in rubric.misconceptions.values()
    if found.forms
]


@pytest.fixture(scope="module")
def graders(sandbox: Sandbox) -> dict[str, Grader]:
    return {name: Grader(rubric, sandbox, seed=11) for name, rubric in RUBRICS.items()}


def grade(grader: Grader, notebook: str) -> Report:
    return grader.grade(notebook.encode(), "sample.ipynb", "sample", None)


@pytest.mark.parametrize(("rubric", "found"), CASES)
def test_its_own_sample(graders: dict[str, Grader], rubric: Rubric, found: Misconception) -> None:
    report = grade(graders[rubric.id], misconception_sample(rubric, found.forms[:1]))
    named = {diagnosis.misconception for function in report.functions for diagnosis in function.diagnoses}
    wrong = [function for function in report.functions if function.status != "passed"]
    if found.verdict == "right":
        assert not named
        assert report.score == report.max_score
        return
    assert named == {found.id}
    assert wrong
    assert all(function.diagnoses for function in wrong)


@pytest.mark.parametrize("name", RUBRICS)
def test_the_reference_gets_full_marks(graders: dict[str, Grader], name: str) -> None:
    report = grade(graders[name], misconception_sample(RUBRICS[name], ()))
    assert report.score == report.max_score == 100
    assert not any(function.diagnoses or function.notes for function in report.functions)


# ------------------------------------------------------------------------------------------ logistic regression


def replaced(rubric: Rubric, **functions: str) -> str:
    """A right notebook with some functions written otherwise."""
    texts = {**function_texts(rubric), **functions}
    return nbformat4(notebook_cells(texts, LAYOUTS[rubric.id], rubric.title))


LOOPS = """
def propagate(w, b, X, Y):
    n, m = X.shape
    J, dw, db = 0, np.zeros((n, 1)), 0
    for i in range(m):
        z = b
        for j in range(n):
            z += w[j, 0] * X[j, i]
        a = sigmoid(z)
        J += -(Y[0, i] * np.log(a) + (1 - Y[0, i]) * np.log(1 - a))
        for j in range(n):
            dw[j, 0] += X[j, i] * (a - Y[0, i])
        db += a - Y[0, i]
    return {"dw": dw / m, "db": db / m}, J / m
"""
COPIES = """
def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009, print_cost=False):
    w = copy.deepcopy(w)
    b = copy.deepcopy(b)
    costs = []
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w -= learning_rate * grads["dw"]
        b -= learning_rate * grads["db"]
        if i % 100 == 0:
            costs.append(cost)
            if print_cost:
                print("Cost after iteration %i: %f" % (i, cost))
    return {"w": w, "b": b}, {"dw": grads["dw"], "db": grads["db"]}, costs
"""
PREDICT = "def predict(w, b, X):\n    return {0}\n"
A = "sigmoid(np.dot(w.T, X) + b)"


@pytest.mark.parametrize(
    ("function", "source"),
    [
        (
            "initialize_with_zeros",
            "def initialize_with_zeros(dim):\n    return np.zeros(shape=(dim, 1)), 0\n",
        ),
        ("propagate", LOOPS),
        ("optimize", COPIES),
        ("predict", PREDICT.format(f"{A} > 0.5")),
        ("predict", PREDICT.format(f"({A} >= 0.5).astype(int)")),
        ("predict", PREDICT.format(f"np.round({A})")),
        ("predict", PREDICT.format("(np.dot(w.T, X) + b > 0).astype(float)")),
        ("predict", PREDICT.format(f"np.array([[1 if a > 0.5 else 0 for a in {A}[0]]])")),
        ("sigmoid", "def sigmoid(z):\n    return np.exp(z) / (np.exp(z) + 1)\n"),
        ("sigmoid", "def sigmoid(z):\n    return 0.5 * (1 + np.tanh(z / 2))\n"),
    ],
    ids=lambda text: text.split("\n")[-2].strip()[:40] if "\n" in text else text,
)
def test_right_ways_to_write_logistic_regression(
    graders: dict[str, Grader], function: str, source: str
) -> None:
    report = grade(
        graders["logistic-regression"], replaced(RUBRICS["logistic-regression"], **{function: source})
    )
    assert report.score == 100
    assert not any(made.diagnoses for made in report.functions)


@pytest.mark.parametrize("seed", [2, 7, 8])
@pytest.mark.parametrize("threshold", ["0.45", "0.52", "0.55"])
def test_another_threshold_is_one_error_at_its_line(sandbox: Sandbox, threshold: str, seed: int) -> None:
    predict = (
        f"def predict(w, b, X):\n    z = w.T @ X + b\n    A = sigmoid(z)\n    return (A > {threshold}) * 1.0"
    )
    grader = Grader(RUBRICS["logistic-regression"], sandbox, seed)
    report = grade(grader, replaced(RUBRICS["logistic-regression"], predict=predict))
    (diagnosis,) = next(one for one in report.functions if one.name == "predict").diagnoses
    assert (diagnosis.misconception, diagnosis.evidence) == ("predict-threshold", "proved")
    assert diagnosis.location is not None
    assert threshold in diagnosis.location.source


def test_the_template_of_2017(graders: dict[str, Grader]) -> None:
    notebook = nbformat4(notebook_cells(style_2017(), "logistic-2017"))
    assert grade(graders["logistic-regression"], notebook).score == 100


def test_an_own_sigmoid_with_another_interface_costs_its_own_marks_only(graders: dict[str, Grader]) -> None:
    notebook = replaced(
        RUBRICS["logistic-regression"],
        sigmoid="def sigmoid(z):\n    s = 1 / (1 + np.exp(-z))\n    return s, z\n",
        predict=PREDICT.format("(sigmoid(np.dot(w.T, X) + b)[0] > 0.5) * 1.0"),
    )
    report = grade(graders["logistic-regression"], notebook)
    passed = {function.name for function in report.functions if function.status == "passed"}
    assert {"predict", "propagate", "optimize", "initialize_with_zeros"} == passed


def test_a_helper_of_another_interface_excuses_no_value(graders: dict[str, Grader]) -> None:
    notebook = replaced(
        RUBRICS["logistic-regression"],
        sigmoid="def sigmoid(z):\n    s = 1 / (1 + np.exp(-z))\n    return s, z\n",
        predict=PREDICT.format("(sigmoid(np.dot(w.T, X))[0] > 0.5) * 1.0"),
    )
    report = grade(graders["logistic-regression"], notebook)
    assert "predict" in {function.name for function in report.functions if function.status == "failed"}


def test_two_errors_are_named_each_at_its_line(graders: dict[str, Grader]) -> None:
    wrong = """
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return {"dw": np.dot(X, (A - Y).T), "db": np.sum(A - Y) / m}, cost
"""
    report = grade(graders["logistic-regression"], replaced(RUBRICS["logistic-regression"], propagate=wrong))
    found = {d.misconception: d for function in report.functions for d in function.diagnoses}
    assert set(found) == {"cost-missing-minus", "missing-1-over-m"}
    assert found["missing-1-over-m"].components == ("dw",)
    assert {name: d.location.line for name, d in found.items() if d.location} == {
        "cost-missing-minus": 6,
        "missing-1-over-m": 7,
    }


# ------------------------------------------------------------------------------------------ regression

COSTS = {
    "half": "np.sum((AL - Y) ** 2) / (2 * Y.shape[1])",
    "plain": "np.mean((AL - Y) ** 2)",
    "sum": "np.sum((AL - Y) ** 2)",
    "broken": "np.sum((AL - Y) ** 4) / 17",
}
SLOPES = {"half": "AL - Y", "plain": "2 * (AL - Y)", "reversed": "(Y - AL) / Y.shape[1]"}
BACKWARD = """
def L_model_backward(AL, Y, caches):
    grads = {{}}
    L = len(caches)
    dAL = {0}
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(
        dAL, caches[L - 1], "linear"
    )
    for l in reversed(range(L - 1)):
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_activation_backward(
            grads["dA" + str(l + 1)], caches[l], "relu"
        )
    return grads
"""
IN_J = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T), np.sum(dZ, axis=1, keepdims=True)
"""


@pytest.mark.parametrize(
    ("cost", "slope", "in_J", "named"),
    [
        ("half", SLOPES["half"], False, set()),
        ("plain", SLOPES["plain"], False, set()),
        ("half", f"({SLOPES['half']}) / Y.shape[1]", True, set()),
        ("plain", f"{SLOPES['plain']} / Y.shape[1]", True, set()),
        ("half", SLOPES["plain"], False, {"dal-factor-two"}),
        ("plain", SLOPES["half"], False, {"dal-factor-two"}),
        ("plain", f"{SLOPES['plain']} / Y.shape[1]", False, {"dal-includes-1-over-m"}),
        ("plain", SLOPES["plain"], True, {"missing-1-over-m"}),
        ("half", SLOPES["reversed"], True, {"dal-wrong-sign"}),
        ("half", SLOPES["reversed"], False, {"dal-wrong-sign", "dal-includes-1-over-m"}),
        ("sum", SLOPES["plain"], False, {"cost-missing-1-over-m"}),
        ("broken", SLOPES["plain"], False, set()),
    ],
)
def test_cost_and_gradient_of_regression_have_to_agree(
    graders: dict[str, Grader], cost: str, slope: str, in_J: bool, named: set[str]
) -> None:
    rubric = RUBRICS["regression-step-by-step"]
    written = {
        "compute_cost": f"def compute_cost(AL, Y):\n    return {COSTS[cost]}\n",
        "L_model_backward": BACKWARD.format(slope),
        **({"linear_backward": IN_J} if in_J else {}),
    }
    report = grade(graders[rubric.id], replaced(rubric, **written))
    assert {d.misconception for function in report.functions for d in function.diagnoses} == named
    assert (report.score == 100) == (not named and cost != "broken")
    backward = next(function for function in report.functions if function.name == "L_model_backward")
    assert (backward.status == "passed") == (not {name for name in named if name.startswith("dal")})


# ------------------------------------------------------------------------------------------ blanks


def blank_2017(source: str, *lines: str) -> str:
    """A function of the template of 2017 as it was handed out: one line of blanks for each marked place."""
    parts = re.split(r"(?<=### START CODE HERE ###).*?(?= *### END CODE HERE ###)", source, flags=re.DOTALL)
    return "\n".join(part + line for part, line in itertools.zip_longest(parts, lines, fillvalue=""))


@pytest.mark.parametrize("in_loop", ["pass", "Y_prediction[0, i] = None"])
def test_blanks_of_2017_are_not_implemented(graders: dict[str, Grader], in_loop: str) -> None:
    right = style_2017()
    blank = {
        "sigmoid": blank_2017(right["sigmoid"], "\n    s = None"),
        "initialize_with_zeros": blank_2017(right["initialize_with_zeros"], "\n    w = None\n    b = None"),
        "propagate": blank_2017(
            right["propagate"], "\n    A = None\n    cost = None", "\n    dw = None\n    db = None"
        ),
        "optimize": blank_2017(
            right["optimize"], "\n        grads, cost = None", "\n        w = None\n        b = None"
        ),
        "predict": blank_2017(right["predict"], "\n    A = None", f"\n        {in_loop}"),
    }
    notebook = nbformat4(notebook_cells(blank, "logistic-2017"))
    report = grade(graders["logistic-regression"], notebook)
    assert {function.name: function.status for function in report.functions} == dict.fromkeys(
        blank, "not-implemented"
    )


def test_blanks_of_2021_are_not_implemented(graders: dict[str, Grader]) -> None:
    propagate = """
def propagate(w, b, X, Y):
    m = X.shape[1]
    # YOUR CODE STARTS HERE

    # YOUR CODE ENDS HERE
    cost = np.squeeze(np.array(cost))
    grads = {"dw": dw,
             "db": db}
    return grads, cost
"""
    notebook = replaced(RUBRICS["logistic-regression"], propagate=propagate, predict=BLANK_2021)
    report = grade(graders["logistic-regression"], notebook)
    statuses = {function.name: function.status for function in report.functions}
    assert statuses["propagate"] == statuses["predict"] == "not-implemented"


def test_a_product_of_the_cost_is_not_taken_for_one_of_the_gradient(graders: dict[str, Grader]) -> None:
    """Both only stop; the place where a transpose helps tells them apart."""
    code = """import numpy as np

def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * (np.dot(Y, np.log(A)) + np.dot(1 - Y, np.log(1 - A)))
    dw = np.dot(X, (A - Y).T) / m
    return {"dw": dw, "db": np.sum(A - Y) / m}, np.squeeze(cost)
"""
    report = graders["logistic-regression"].grade(code.encode(), "a.py", "a", None)
    (function,) = [one for one in report.functions if one.name == "propagate"]
    assert [one.misconception for one in function.diagnoses] == ["cost-missing-transpose"]
