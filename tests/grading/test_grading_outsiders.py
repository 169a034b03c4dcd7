"""Errors as authors wrote them who knew nothing of the catalogue: in the other two rubrics, and in one layer of two."""

from __future__ import annotations

import pytest

from grader.model import FunctionReport
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import LAYOUTS, function_texts

RUBRICS = {name: load_rubric(name) for name in ("logistic-regression", "regression-step-by-step")}
WEEK_2, REGRESSION = RUBRICS


@pytest.fixture(scope="module")
def graders(sandbox: Sandbox) -> dict[str, Grader]:
    return {name: Grader(rubric, sandbox, seed=11) for name, rubric in RUBRICS.items()}


def graded(
    graders: dict[str, Grader], rubric: str, name: str, *edits: tuple[str, str]
) -> dict[str, FunctionReport]:
    """The report of the reference's functions, with edits in one of them, by function."""
    texts = function_texts(RUBRICS[rubric])
    for old, new in edits:
        assert texts[name].count(old) == 1, old
        texts[name] = texts[name].replace(old, new)
    notebook = nbformat4(notebook_cells(texts, LAYOUTS[rubric]))
    report = graders[rubric].grade(notebook.encode(), "a.ipynb", "a", None)
    return {function.name: function for function in report.functions}


def ids(functions: dict[str, FunctionReport]) -> dict[str, set[str]]:
    """Function → what is named in it, for all that are not right."""
    wrong = (one for one in functions.values() if one.status != "passed")
    return {one.name: {diagnosis.misconception for diagnosis in one.diagnoses} for one in wrong}


@pytest.mark.parametrize(
    ("name", "old", "new", "wanted"),
    [
        ("sigmoid", "1 + np.exp(-z)", "2. + np.exp(-z)", {"sigmoid-wrong-formula"}),
        ("propagate", "np.log(A)", "np.log10(A)", {"cost-log-base"}),
        ("propagate", "np.sum(losses)", "losses[0, -1]", {"cost-not-summed"}),
        ("propagate", "np.sum(dz)", "dz[0, -1]", {"db-not-summed"}),
        ("optimize", "i % 100 == 0", "i % 10 == 0", {"costs-other-iterations"}),
        ("predict", "(A > 0.5) * 1.0", "np.where(A > 0.5, A, 0.0)", {"predict-probabilities"}),
        ("predict", "A > 0.5", "A > 0.05", {"predict-threshold"}),
        ("predict", "A > 0.5", "A > A.mean()", {"predict-threshold"}),
    ],
)
def test_slips_of_week_2(graders: dict[str, Grader], name: str, old: str, new: str, wanted: set[str]) -> None:
    assert ids(graded(graders, WEEK_2, name, (old, new))) == {name: wanted}


def test_a_bias_that_counts_twice_is_no_threshold(graders: dict[str, Grader]) -> None:
    """Labels alone are right on most calls of either; only the number that is compared may tell of a threshold."""
    wrong = graded(graders, WEEK_2, "predict", ("z = product + b", "z = product + 2. * b"))
    assert ids(wrong) == {"predict": set()}


def test_parameters_that_are_never_updated_are_two_errors_and_not_three(graders: dict[str, Grader]) -> None:
    """Gradients that stay the same look like ones that are not renewed; they only follow."""
    edits = (
        ("w = w - learning_rate * dw", "w_next = w - learning_rate * dw"),
        ("b = b - learning_rate * db", "b_next = b - learning_rate * db"),
    )
    wrong = graded(graders, WEEK_2, "optimize", *edits)
    assert ids(wrong) == {"optimize": {"update-weights-missing", "update-bias-missing"}}


def test_a_number_and_an_array_without_axes_are_the_same_slip(graders: dict[str, Grader]) -> None:
    edits = (("return grads, np.squeeze(cost)", "return np.squeeze(np.array(cost)), grads"),)
    assert ids(graded(graders, WEEK_2, "propagate", *edits)) == {"propagate": {"return-order"}}


@pytest.mark.parametrize(
    ("name", "old", "new", "wanted"),
    [
        ("initialize_parameters", "np.zeros((n_h, 1))", "np.zeros((1, n_h))", {"init-bias-shape"}),
        ("initialize_parameters", "np.zeros((n_y, 1))", "np.ones((n_y, 1))", {"init-bias-ones"}),
        ("initialize_parameters", "np.zeros((n_y, 1))", "np.random.randn(n_y, 1) * 0.01", {"init-bias-random"}),
        ("linear_forward", "Z = product + b", "Z = (W + b) @ A", {"forward-bias-inside-product"}),
        ("linear_forward", "cache = (A, W, b)", "cache = (A, W, Z)", {"forward-cache-contents"}),
        ("linear_backward", "return dA_prev, dW, db", "return dW, db", {"results-left-out"}),
        ("update_parameters", 'grads[f"dW{l}"]', 'grads[f"dW{L}"]', {"update-other-layer"}),
    ],
)  # fmt: skip
def test_slips_in_one_of_several(
    graders: dict[str, Grader], name: str, old: str, new: str, wanted: set[str]
) -> None:
    assert ids(graded(graders, REGRESSION, name, (old, new))) == {name: wanted}


@pytest.mark.parametrize("inside", ["n_prev * SCALE", "SCALE * n_prev"])
def test_a_factor_among_the_sizes_may_be_applied_as_well(graders: dict[str, Grader], inside: str) -> None:
    old = "np.random.randn(n, n_prev) * 0.01"
    new = f"np.random.randn(n, {inside.replace('SCALE', '0.01')}) * 0.01"
    wrong = graded(graders, REGRESSION, "initialize_parameters_deep", (old, new))
    assert ids(wrong) == {"initialize_parameters_deep": {"init-scale-in-size"}}


def test_a_right_gradient_decides_which_cost_was_meant(graders: dict[str, Grader]) -> None:
    """The root of either cost is an error of the cost alone."""
    wrong = graded(
        graders,
        REGRESSION,
        "compute_cost",
        ("cost = np.sum(losses) / m", "cost = np.sqrt(2 * np.sum(losses) / m)"),
    )
    assert ids(wrong) == {"compute_cost": {"cost-is-root"}}


def test_what_a_loop_appends_is_work(graders: dict[str, Grader]) -> None:
    """`[0.0]` for each of a notebook variable's: a wrong size, and no blank of the template."""
    code = (
        "w = np.zeros((dim, 1))",
        "rows = []\n    for i in range(num_px * 3):\n        rows.append([0.0])\n    w = np.array(rows)",
    )
    wrong = graded(graders, WEEK_2, "initialize_with_zeros", code)
    assert wrong["initialize_with_zeros"].status != "not-implemented"
