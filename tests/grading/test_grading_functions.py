"""What counts as right, what is told of what is not, and whose fault it is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from grading_world import GradeCells

from grader.model import Call, Cell, Outcome, Program, Report
from grader.notebook.extract import extract
from grader.pipeline import Grader
from grader.render import terminal
from grader.render.json_report import to_json
from grader.rubric.load import load_rubric
from grader.worker.running import Parcel, Shift
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import function_texts

LINEAR_FORWARD = "def linear_forward(A, W, b):\n    return {result}\n"


def test_the_reference_gets_full_marks(grade_functions: GradeCells) -> None:
    graded = grade_functions()
    assert graded.full_marks
    assert graded.report.convention == "L"
    assert not graded.ids


@pytest.mark.parametrize(
    ("name", "source"),
    {
        "numpy-matrix": (
            "linear_backward",
            """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, np.matrix(dZ).sum(axis=1) / m
""",
        ),
        "float32-inside": (
            "linear_backward",
            """
def linear_backward(dZ, cache):
    A_prev, W, b = [np.asarray(x, dtype=np.float32) for x in cache]
    dZ = dZ.astype(np.float32)
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m
""",
        ),
        "zero-dimensional-cost": (
            "compute_cost",
            """
def compute_cost(AL, Y):
    return np.squeeze(np.mean(-(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)), keepdims=True))
""",
        ),
        "python-float-cost": (
            "compute_cost",
            """
def compute_cost(AL, Y):
    total = 0.0
    for a, y in zip(AL[0], Y[0]):
        total -= y * np.log(a) + (1 - y) * np.log(1 - a)
    return float(total / AL.shape[1])
""",
        ),
        "update-in-place": (
            "update_parameters",
            """
def update_parameters(parameters, grads, learning_rate):
    for key in parameters:
        parameters[key] -= learning_rate * grads["d" + key]
    return parameters
""",
        ),
        "caches-as-a-tuple": (
            "L_model_forward",
            """
def L_model_forward(X, parameters):
    caches, A, L = (), X, len(parameters) // 2
    for l in range(1, L + 1):
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], "relu" if l < L else "sigmoid")
        caches += (cache,)
    return A, caches
""",
        ),
        "another-generator": (
            "initialize_parameters_deep",
            """
def initialize_parameters_deep(layer_dims):
    rng = np.random.default_rng(7)
    return {k: v for l in range(1, len(layer_dims)) for k, v in (
        ("W%d" % l, rng.normal(0, 0.01, (layer_dims[l], layer_dims[l - 1]))), ("b%d" % l, np.zeros((layer_dims[l], 1))))}
""",
        ),
        "other-parameter-names-and-defaults": (
            "linear_forward",
            """
def linear_forward(eingabe, gewichte, verschiebung, verbose=False):
    return gewichte.dot(eingabe) + verschiebung, (eingabe, gewichte, verschiebung)
""",
        ),
    }.values(),
    ids=lambda value: value if value.isidentifier() else "",
)
def test_right_in_another_way(grade_functions: GradeCells, name: str, source: str) -> None:
    graded = grade_functions({name: source})
    assert graded[name].status == "passed"
    assert graded.full_marks


@pytest.mark.parametrize(
    ("name", "result", "status"),
    [
        ("update_parameters", "{**parameters, **grads}", "failed"),
        ("update_parameters", "{**parameters, 'learning_rate': learning_rate}", "failed"),
        ("initialize_parameters", "{'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2, 'n_h': n_h}", "failed"),
        ("L_model_backward", "{**grads, 'dAL': dAL}", "passed"),
    ],
)
def test_entries_that_nobody_asked_for(
    grade_functions: GradeCells, dnn: Grader, name: str, result: str, status: str
) -> None:
    """Parameters are counted, `len(parameters) // 2`; gradients are looked up."""
    *lines, last = function_texts(dnn.rubric)[name].rstrip().splitlines()
    assert last.startswith("    return ")
    graded = grade_functions({name: "\n".join([*lines, f"    return {result}"])})
    assert [one.name for one in graded.report.functions if one.status != "passed"] == (
        [name] if status == "failed" else []
    )
    assert not graded.ids


def test_one_error_costs_marks_once(grade_functions: GradeCells) -> None:
    """Functions downstream of an error are graded with right helpers."""
    graded = grade_functions(linear_forward=LINEAR_FORWARD.format(result="W @ A, (A, W, b)"))
    assert [function.name for function in graded.report.functions if function.status != "passed"] == [
        "linear_forward"
    ]
    assert graded.ids == {"linear_forward": {"forward-missing-bias"}}


def test_two_errors_in_different_functions(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    return np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))",
        relu_backward="def relu_backward(dA, cache):\n    return np.array(dA)",
    )
    assert graded.ids == {"compute_cost": {"cost-missing-minus"}, "relu_backward": {"relu-mask-missing"}}


def test_two_errors_on_one_line(grade_functions: GradeCells, dnn: Grader) -> None:
    source = function_texts(dnn.rubric)["L_model_backward"].replace(
        "slope = -(first - second)", "slope = (first - second) / m"
    )
    graded = grade_functions(L_model_backward=source)
    assert graded.ids == {"L_model_backward": {"dal-wrong-sign", "dal-includes-1-over-m"}}


def test_a_derivative_of_the_own_wrong_cost_keeps_its_marks(grade_functions: GradeCells, dnn: Grader) -> None:
    source = function_texts(dnn.rubric)["L_model_backward"].replace(
        "slope = -(first - second)", "slope = first - second"
    )
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    return np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))",
        L_model_backward=source,
    )
    assert graded.ids == {"compute_cost": {"cost-missing-minus"}, "L_model_backward": {"dal-wrong-sign"}}
    assert graded["L_model_backward"].score == graded["L_model_backward"].max_score
    details = {part.detail for part in graded["L_model_backward"].components}
    assert details == {"Right for the cost that this notebook computes, which is not the assignment's."}
    assert graded["compute_cost"].score < graded["compute_cost"].max_score


def test_an_inlined_error_is_not_told_twice(grade_functions: GradeCells) -> None:
    shared = """
class Layer:
    @staticmethod
    def back(dZ, cache):
        A_prev, W, b = cache
        return W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True)

"""
    graded = grade_functions(
        linear_backward=shared + "def linear_backward(dZ, cache):\n    return Layer.back(dZ, cache)",
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    back = relu_backward if activation == "relu" else sigmoid_backward
    return Layer.back(back(dA, cache[1]), cache[0])
""",
    )
    assert graded.ids == {"linear_backward": {"missing-1-over-m"}}
    assert graded["linear_activation_backward"].status == "passed"
    assert [note.code for note in graded["linear_activation_backward"].notes] == ["follows-on"]


def test_a_stale_assertion_does_not_decide(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW, db, dA_prev = dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m, W.T @ dZ
    assert isinstance(db, float)
    return dA_prev, dW, db
"""
    )
    assert graded.full_marks
    assert [note.code for note in graded["linear_backward"].notes] == ["stale-assertion"]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (
            "def compute_cost(AL, Y):\n    ### START CODE HERE ###\n    cost = None\n    ### END CODE HERE ###\n    return cost",
            "not-implemented",
        ),
        ("def compute_cost(AL, Y):\n    pass", "not-implemented"),
        (
            "def compute_cost(AL, Y):\n    m = Y.shape[1]\n    # YOUR CODE STARTS HERE\n\n    cost = np.squeeze(cost)\n    return cost",
            "not-implemented",
        ),
        ("def compute_cost(AL, Y):\n    while True:\n        pass", "timeout"),
        ("def compute_cost(AL, Y):\n    return compute_cost(AL, Y)", "error"),
        ("def compute_cost(AL, Y):\n    import os\n    os._exit(1)", "error"),
        ("def compute_cost(AL, Y):\n    x = bytearray(10**12)\n    return 1.0", "error"),
        ("def compute_cost(AL):\n    return 1.0", "error"),
        ("def compute_cost(AL, Y):\n    yield 1.0", "failed"),
        ("async def compute_cost(AL, Y):\n    return 1.0", "failed"),
        ("def compute_cost(AL, Y:\n    return 1.0", "error"),
        ("def compute_cost(AL, Y):\n    print 'cost'\n    return 1.0", "error"),
        ("def compute_cost(AL, Y):\n    print('x' * 10**7)\n    return 1.0", "failed"),
        (
            "class Odd:\n    __array__ = __eq__ = __repr__ = None\ndef compute_cost(AL, Y):\n    return Odd()",
            "failed",
        ),
    ],
)
def test_a_broken_function_costs_itself_alone(grade_functions: GradeCells, source: str, status: str) -> None:
    graded = grade_functions(compute_cost=source)
    assert graded["compute_cost"].status == status
    assert graded["compute_cost"].score == 0
    assert [f.name for f in graded.report.functions if f.status != "passed"] == ["compute_cost"]
    assert graded.report.score == 90
    json.loads(to_json(graded.report))


def test_what_never_gives_a_value_has_no_points_with_a_name_neither(grade_functions: GradeCells) -> None:
    """`credit` is a share of marks for what was compared; the name and the place are told all the same."""
    source = function_texts(load_rubric("dnn-step-by-step"))["linear_activation_backward"]
    graded = grade_functions(
        linear_activation_backward=source.replace(
            "linear_backward(dZ, linear_cache)", "linear_backward(dZ, activation_cache)"
        )
    )
    report = graded["linear_activation_backward"]
    assert (report.status, report.score) == ("error", 0)
    (found,) = report.diagnoses
    assert (found.misconception, found.credit) == ("cache-not-unpacked", 0)
    assert "marks" not in terminal.render(graded.report)


def test_what_hangs_is_told_with_its_place_and_the_limit(grade_functions: GradeCells, dnn: Grader) -> None:
    report = grade_functions(compute_cost="def compute_cost(AL, Y):\n    while True:\n        pass").report
    text = " ".join(terminal.render(report).split())
    error = next(one.error for one in report.functions if one.error)
    assert f"(cell {error.cell}, line 3): The function that begins here did not come to an end;" in text
    assert f"{dnn.runner.call_seconds:g} seconds at most" in text


def test_what_hangs_is_not_run_again(
    grade_functions: GradeCells, dnn: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in place, nor for a proof, nor on public inputs: each would wait for the time limit once more."""
    sent: list[Call] = []
    run = Shift.run

    def recorded(self: Shift, program: Program, parcels: Sequence[Parcel]) -> list[Outcome]:
        sent.extend(parcel.call for parcel in parcels)
        return run(self, program, parcels)

    monkeypatch.setattr(Shift, "run", recorded)
    graded = grade_functions(
        linear_forward="def linear_forward(A, W, b):\n    while True:\n        b = b + 0"
    )
    assert graded["linear_forward"].status == "timeout"
    planned = dnn.plan.suite.isolated["linear_forward"]
    assert len([call for call in sent if call.function == "linear_forward"]) == len(planned)


def test_a_function_that_returns_nothing(grade_functions: GradeCells) -> None:
    graded = grade_functions(compute_cost="def compute_cost(AL, Y):\n    cost = -np.mean(Y * np.log(AL))\n")
    assert graded.ids == {"compute_cost": {"returns-none", "cost-missing-second-term"}}


def test_an_unknown_error_stays_unnamed_and_is_described(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    return 3.5 * np.mean(-(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)))"
    )
    assert not graded.ids
    (part,) = graded["compute_cost"].components
    assert part.status == "failed"
    assert "3.5 times" in part.detail


def _without_times(report: Report) -> object:
    return {**json.loads(to_json(report)), "seconds": 0}


def test_the_same_seed_gives_the_same_report(dnn: Grader) -> None:
    data = nbformat4(
        notebook_cells({"compute_cost": "def compute_cost(AL, Y):\n    return np.sum(AL)"}, "2021")
    ).encode()
    first, second = (dnn.grade(data, "a.ipynb", "a", None) for _ in range(2))
    assert _without_times(first) == _without_times(second)


def test_another_seed_gives_other_hidden_inputs(dnn: Grader) -> None:
    other = Grader(dnn.rubric, dnn.runner, seed=12)
    one, two = dnn.plan.suite.isolated["compute_cost"][0], other.plan.suite.isolated["compute_cost"][0]
    assert (one.steps[0].args[0] != two.steps[0].args[0]).any()
    public = [grader.plan.suite.public["compute_cost"][0].steps[0].args[0] for grader in (dnn, other)]
    assert (public[0] == public[1]).all()


def test_hidden_texts_go_to_the_instructor_only(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        compute_cost="def compute_cost(AL, Y):\n    print('seen', AL)\n    raise ValueError('secret %r' % (AL,))"
    )
    report = graded["compute_cost"]
    assert "secret" in report.instructor["hidden"]
    assert report.error is not None
    hidden = str(graded.report.functions).replace(str(dict(report.instructor)), "")
    assert hidden.count("secret") == 1, "only the error on public inputs"


HANDED_OVER = """
HOW = ["@", "+"]


class array:
    def __new__(cls, A, W, b, how):
        return W @ A + b


def linear_forward(A, W, b):
    Z = array(A, W, b, HOW)
    cache = (A, W, b)
    return Z, cache
"""


def test_what_reads_as_a_blank_and_is_right_has_its_marks(grade_functions: GradeCells) -> None:
    """Reading alone takes no marks from a function."""
    name = "linear_forward"
    facts = extract([Cell(0, HANDED_OVER)], [name], ()).functions[name]
    assert facts.status == "not-implemented"
    graded = grade_functions(linear_forward=HANDED_OVER)
    assert graded.full_marks
    assert not graded.report.problems


def test_what_reads_as_a_blank_and_is_wrong_is_one(grade_functions: GradeCells) -> None:
    wrong = HANDED_OVER.replace("W @ A + b", "W @ A")
    graded = grade_functions(linear_forward=wrong)
    assert graded["linear_forward"].status == "not-implemented"
    assert [problem.code for problem in graded.report.problems] == ["not-implemented"]
