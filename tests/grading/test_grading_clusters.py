"""Equal wrong answers over a class, and the edit of the reference that gives them."""

from __future__ import annotations

import pytest
import yaml
from grading_world import GradeCells

from grader.diagnose.clusters import find_clusters, misconception_file, smallest_edits
from grader.model import Report
from grader.pipeline import Grader
from tools.samples import function_texts

HALF = "def compute_cost(AL, Y):\n    return np.mean(-(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))) - {}\n"
#: An error outside the catalogue that one generic operator makes: the helper is handed -b.
FORWARD = """
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, -b)
    A, activation_cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, (linear_cache, activation_cache)
"""


def reports(grade_functions: GradeCells) -> list[Report]:
    return [
        *(grade_functions(linear_activation_forward=FORWARD).report for _ in range(3)),
        *(grade_functions(compute_cost=HALF.format(number)).report for number in (0.25, 0.25, 0.5)),
        grade_functions().report,
    ]


def test_clusters_are_counted_and_described(grade_functions: GradeCells) -> None:
    found = find_clusters(reports(grade_functions))
    assert [(one.name, one.count) for one in found] == [
        ("linear_activation_forward-1", 3),
        ("compute_cost-1", 2),
    ]
    assert "A: " in found[0].description


def test_the_smallest_edit_is_found(grade_functions: GradeCells, dnn: Grader) -> None:
    forward, cost = find_clusters(reports(grade_functions))
    (edit,) = smallest_edits(dnn.plan, forward)
    assert edit.old in dnn.plan.oracle.source.text
    assert edit.new in misconception_file(forward, [edit]).replace('\\"', '"')
    assert smallest_edits(dnn.plan, cost) == ()
    assert "write the edit yourself" in misconception_file(cost, ())


@pytest.mark.parametrize("body", ["raise ValueError('x')", "return AL @ Y", "return 'text'"])
def test_what_gave_no_numbers_is_no_cluster(grade_functions: GradeCells, body: str) -> None:
    text = f"def compute_cost(AL, Y):\n    {body}\n"
    assert find_clusters([grade_functions(compute_cost=text).report for _ in range(2)]) == []


@pytest.mark.parametrize(
    ("function", "old", "new", "edits"),
    [
        ("compute_cost", "np.sum(losses)", "3 * np.sum(losses)", ["cost = 3 * (np.sum(losses) / m)"]),
        (
            "compute_cost",
            "np.sum(losses)",
            "-1.7777 * np.sum(losses)",
            ["cost = -1.7777 * (np.sum(losses) / m)"],
        ),
        (
            "compute_cost",
            "np.sum(losses) / m",
            "np.sum(losses) / 7 * m",
            ["cost = m ** 2 * (np.sum(losses) / m) / 7"],
        ),
        (
            "linear_backward",
            "    return ",
            "    dW, db = 3 * dW, -db / (5 * W.shape[1])\n    return ",
            ["dW = 3 * (dW_sum / m)", "db = -(db_sum / m) / 5 / cache[0].shape[0]"],
        ),
        ("linear_forward", "Z = product + b", "Z = 3 * (product + b)", ["Z = 3 * (product + b)"]),
        (
            "L_model_backward",
            "    return grads",
            "    return {k: 3 * v if k.startswith('dW') else v for k, v in grads.items()}",
            ['grads[f"dW{L}"] = 3 * dW', 'grads[f"dW{l + 1}"] = 3 * dW'],
        ),
    ],
)
def test_a_factor_becomes_an_edit(
    grade_functions: GradeCells, dnn: Grader, function: str, old: str, new: str, edits: list[str]
) -> None:
    source = function_texts(dnn.rubric)[function]
    assert source.count(old) == 1
    report = grade_functions({function: source.replace(old, new)}).report
    (cluster,) = find_clusters([report, report])
    found = smallest_edits(dnn.plan, cluster)
    assert [edit.new for edit in found] == edits
    data = yaml.safe_load(misconception_file(cluster, found))
    assert [edit["to"] for edit in data["forms"]["seen"]["edits"]] == edits
