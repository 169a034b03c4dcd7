"""Equal wrong answers over a class, and the edit of the reference that gives them."""

from __future__ import annotations

from grading_world import GradeCells

from grader.diagnose.clusters import find_clusters, misconception_file, smallest_edit
from grader.model import Report
from grader.pipeline import Grader

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
    edit = smallest_edit(dnn.plan, forward)
    assert edit is not None
    assert edit.old in dnn.plan.oracle.source.text
    assert edit.new in misconception_file(forward, edit).replace('\\"', '"')
    assert smallest_edit(dnn.plan, cost) is None
    assert "write the edit yourself" in misconception_file(cost, None)
