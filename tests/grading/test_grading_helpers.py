"""Which helpers a function gets: the student's own once they are right, right ones in place of all others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grading_world import GradeCells, Graded

from grader import spoiled
from grader.bench import Bench
from grader.diagnose.finding import Finding
from grader.judge.verdict import Verdict, observe
from grader.model import Extraction, FunctionFacts, Outcome
from grader.pipeline import Grader
from grader.render import words
from grader.worker.answers import Answers
from grader.worker.codec import decode

OWN = {
    "sigmoid": "def sigmoid(Z):\n    return 1 / (1 + np.exp(-Z)), Z\n",
    "relu": "def relu(Z):\n    return np.maximum(0, Z), Z\n",
    "sigmoid_backward": "def sigmoid_backward(dA, cache):\n    s, _ = sigmoid(cache)\n    return dA * s * (1 - s)\n",
    "relu_backward": "def relu_backward(dA, cache):\n    return dA * (cache > 0)\n",
}
#: Wrong for whoever comes from `linear_activation_forward`, and right on its own.
TWO_FACED = """
CAME_FROM = []

def linear_forward(A, W, b):
    return W @ A + b * len(CAME_FROM[:1] or [0]) - (1 if CAME_FROM else 0), (A, W, b)
"""
CALLER = """
def linear_activation_forward(A_prev, W, b, activation):
    CAME_FROM.append(activation)
    Z, linear_cache = linear_forward(A_prev, W, b)
    CAME_FROM.clear()
    A, activation_cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, (linear_cache, activation_cache)
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the right helpers that were asked for."""
    names: list[str] = []
    answer = Answers.answer

    def recorded(self: Answers, request: bytes) -> bytes:
        name, *_ = decode(request)  # type: ignore[misc]
        names.append(name)
        return answer(self, request)

    monkeypatch.setattr(Answers, "answer", recorded)
    return names


def test_right_functions_get_their_own_helpers(grade_functions: GradeCells, asked: list[str]) -> None:
    graded = grade_functions(OWN)
    assert graded.full_marks
    assert {function.name for function in graded.report.functions} >= set(OWN)
    assert not asked


def test_what_the_course_hands_out_is_not_asked_for(grade_functions: GradeCells, asked: list[str]) -> None:
    graded = grade_functions()
    assert not {function.name for function in graded.report.functions} & set(OWN)
    assert graded.full_marks
    assert not asked


def test_it_is_where_the_notebook_has_some_of_its_own(grade_functions: GradeCells, asked: list[str]) -> None:
    """sigmoid is graded then, and no code of what tells it is in reach of the notebook's."""
    graded = grade_functions(sigmoid=OWN["sigmoid"])
    assert graded["sigmoid"].status == "passed"
    assert graded.full_marks
    assert set(asked) == set(OWN) - {"sigmoid"}


def test_a_wrong_helper_is_replaced(grade_functions: GradeCells, asked: list[str]) -> None:
    graded = grade_functions(linear_forward="def linear_forward(A, W, b):\n    return W @ A, (A, W, b)\n")
    failed = [function.name for function in graded.report.functions if function.status != "passed"]
    assert failed == ["linear_forward"]
    assert set(asked) == {"linear_forward"}


def test_a_helper_that_fails_its_caller_alone_is_replaced(
    grade_functions: GradeCells, asked: list[str]
) -> None:
    """The caller is not to blame, and the helper is, though it is right in its own tests."""
    graded = grade_functions(linear_forward=TWO_FACED, linear_activation_forward=CALLER)
    assert graded["linear_activation_forward"].status == "passed"
    assert graded["L_model_forward"].status == "passed"
    assert "linear_forward" in asked
    assert _failing(graded) == {"linear_forward": ["Z"]}
    assert "`linear_activation_forward` is right with a right function" in _detail(graded, "linear_forward")


def _failing(graded: Graded) -> dict[str, list[str]]:
    """Function → its failing components."""
    return {
        function.name: [part.name for part in function.components if part.status == "failed"]
        for function in graded.report.functions
        if function.status != "passed"
    }


def _detail(graded: Graded, name: str) -> str:
    return next(part.detail for part in graded[name].components if part.status == "failed")


#: dA and the returned dZ are one array, and the caller has put dA into grads already.
SPOILS = {
    name: code.replace("    return dA * (cache > 0)", "    dA[cache <= 0] = 0\n    return dA")
    for name, code in OWN.items()
}
SIGMOID_IN_PLACE = """
def sigmoid_backward(dA, cache):
    s, _ = sigmoid(cache)
    dA *= s * (1 - s)
    return dA
"""
IN_PLACE = """
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = dA
        dZ[Z <= 0] = 0
    else:
        dZ = sigmoid_backward(dA, Z)
    return linear_backward(dZ, linear_cache)
"""


def test_who_overwrites_what_the_caller_goes_on_using_is_wrong(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_activation_backward=IN_PLACE)
    assert _failing(graded) == {"linear_activation_backward": ["dA_prev", "dW", "db"]}
    assert graded["linear_activation_backward"].score == 0
    detail = _detail(graded, "linear_activation_backward")
    assert "`L_model_backward` is right with a right function in its place" in detail
    assert "changes its own argument `dA`" in detail
    assert not graded.ids
    found = graded["linear_activation_backward"]
    assert words.headlines(found) == [
        "`linear_activation_backward` is right when it is called alone, and not where it is used"
    ]
    assert not words.unexplained(found)


def test_the_deepest_that_overwrites_is_the_one(grade_functions: GradeCells) -> None:
    graded = grade_functions(SPOILS)
    assert _failing(graded) == {"relu_backward": ["dZ"]}
    assert "changes its own argument `dA`" in _detail(graded, "relu_backward")


def test_what_hung_with_own_helpers_is_not_run_with_them_again(
    dnn: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = dnn.rubric.functions["L_model_backward"]
    (call, *_) = dnn.plan.suite.isolated[spec.name]
    facts = FunctionFacts(spec.name, "defined")
    hung = Finding(spec, facts, observe(spec, [call], [Outcome(call.id, "timeout")]))
    helper = Finding(dnn.rubric.functions["linear_backward"], facts, verdict=Verdict({}))
    findings = {spec.name: replace(hung, verdict=Verdict({})), "linear_backward": helper}
    monkeypatch.setattr(spoiled, "_spoiler", lambda *_: "linear_backward")
    bench = Bench(dnn.plan, dnn.runner, Extraction((), {}), ())
    doubts = {spec.name: spoiled.Doubt(hung, ["linear_backward"])}
    assert not spoiled.spoilers(bench, dnn.matcher, findings, doubts)


def test_overwriting_an_argument_that_nobody_needs_is_right(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        SPOILS | {"relu_backward": OWN["relu_backward"]}, sigmoid_backward=SIGMOID_IN_PLACE
    )
    assert graded.full_marks


def test_a_right_helper_may_take_more_than_the_course_asks_for(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_backward="def linear_backward(dZ, cache, m=None):\n    A_prev, W, b = cache\n    m = m or dZ.shape[1]\n"
        "    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m\n",
        linear_activation_backward="def linear_activation_backward(dA, cache, activation):\n    linear, Z = cache\n"
        "    dZ = relu_backward(dA, Z) if activation == 'relu' else sigmoid_backward(dA, Z)\n"
        "    return linear_backward(dZ, linear, m=dA.shape[1])\n",
    )
    assert graded.full_marks


def test_own_sigmoid_that_returns_one_value_stays_a_helper(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        sigmoid="def sigmoid(z):\n    return 1 / (1 + np.exp(-z))",
        linear_activation_forward="""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = sigmoid(Z) if activation == "sigmoid" else np.maximum(0, Z)
    return A, (linear_cache, Z)
""",
    )
    assert graded.full_marks
    assert "sigmoid" not in [function.name for function in graded.report.functions]


def test_own_sigmoid_with_the_course_interface_is_graded(grade_functions: GradeCells) -> None:
    graded = grade_functions(sigmoid="def sigmoid(Z):\n    return 1 / (1 + np.exp(Z)), Z")
    assert graded["sigmoid"].status == "failed"
    assert graded.report.max_score == 100
    assert [function.name for function in graded.report.functions if function.status != "passed"] == [
        "sigmoid"
    ]


@pytest.mark.parametrize(
    "written",
    [
        "def relu(Z):\n    A = np.maximun(0, Z)\n    return A, Z",
        "def relu(Z):\n    A = np.maximum(0, z)\n    return A, Z",
        "relu = lambda Z: (np.maximun(0, Z), Z)",
    ],
)
def test_a_slip_is_no_interface_of_its_own(grade_functions: GradeCells, written: str) -> None:
    graded = grade_functions(relu=written)
    assert graded["relu"].status == "error"
    assert [function.name for function in graded.report.functions if function.status != "passed"] == ["relu"]


def test_a_slip_in_a_helper_that_gives_A_alone_leaves_its_interface(grade_functions: GradeCells) -> None:
    graded = grade_functions(relu="def relu(Z):\n    return np.maximun(0, Z)")
    assert "relu" not in [function.name for function in graded.report.functions]


def test_helpers_with_keyword_parameters_of_their_own_are_not_graded(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        sigmoid="def sigmoid(*, Z):\n    return 1 / (1 + np.exp(-Z))",
        sigmoid_backward="def sigmoid_backward(*, dA, Z):\n    s = sigmoid(Z=Z)\n    return dA * s * (1 - s)",
        relu="def relu(*, Z):\n    return np.maximum(0, Z)",
        relu_backward="def relu_backward(*, dA, Z):\n    return dA * (Z > 0)",
        linear_activation_forward="""
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    return (sigmoid if activation == "sigmoid" else relu)(Z=Z), (linear_cache, Z)
""",
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    back = sigmoid_backward if activation == "sigmoid" else relu_backward
    return linear_backward(back(dA=dA, Z=Z), linear_cache)
""",
    )
    assert graded.full_marks
    assert {"sigmoid", "relu_backward"}.isdisjoint(function.name for function in graded.report.functions)


#: The word of the course is a member of an Enum here.
KINDS = """
import enum

class Kind(enum.Enum):
    RELU = "relu"
    SIGMOID = "sigmoid"
"""


def test_right_helpers_know_a_member_of_an_enum(grade_functions: GradeCells) -> None:
    """With a wrong helper below, a right one stands in, and is handed what the student's own takes."""
    graded = grade_functions(
        linear_activation_forward=KINDS
        + """
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A, Z = relu(Z) if Kind(activation) is Kind.SIGMOID else sigmoid(Z)
    return A, (linear_cache, Z)
""",
        L_model_forward="""
def L_model_forward(X, parameters):
    A, caches, L = X, [], len(parameters) // 2 - 1
    for l in range(1, L + 1):
        kind = Kind.SIGMOID if l == L else Kind.RELU
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], kind)
        caches.append(cache)
    return A, caches
""",
    )
    assert graded.ids == {
        "linear_activation_forward": {"activation-swapped"},
        "L_model_forward": {"forward-layer-missing"},
    }


def test_what_is_explained_with_right_helpers_of_its_own_asks_for_no_others(
    grade_functions: GradeCells, asked: list[str]
) -> None:
    graded = grade_functions(
        L_model_backward="""
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = Y / AL - (1 - Y) / (1 - AL)
    for l in range(L, 0, -1):
        kind = "sigmoid" if l == L else "relu"
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], kind)
        grads[f"dA{l - 1}"], grads[f"dW{l}"], grads[f"db{l}"] = dA, dW, db
    return grads
"""
    )
    (found,) = graded["L_model_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("dal-wrong-sign", "proved")
    assert not asked


def test_an_error_in_a_class_that_two_functions_share_is_one_error(grade_functions: GradeCells) -> None:
    """The model goes round `linear_activation_forward`: what mends the class mends both."""
    graded = grade_functions(
        linear_activation_forward="""
class Relu:
    @staticmethod
    def activate(z):
        return 1 / (1 + np.exp(-z))


class Sigmoid:
    @staticmethod
    def activate(z):
        return 1 / (1 + np.exp(-z))


def layer_of(activation):
    if activation == "relu":
        return Relu()
    return Sigmoid()


def linear_activation_forward(A_prev, W, b, activation):
    Z = W @ A_prev + b
    return layer_of(activation).activate(Z), ((A_prev, W, b), Z)
""",
        L_model_forward="""
def L_model_forward(X, parameters):
    A, caches, L = X, [], len(parameters) // 2
    for l in range(1, L + 1):
        W, b = parameters[f"W{l}"], parameters[f"b{l}"]
        Z = W @ A + b
        caches.append(((A, W, b), Z))
        A = layer_of("sigmoid" if l == L else "relu").activate(Z)
    return A, caches
""",
    )
    assert graded.ids == {"linear_activation_forward": {"activation-swapped"}}
    assert graded["L_model_forward"].status == "passed"  # it follows on, and costs nothing a second time


def test_what_another_function_shares_stays_right_with_what_a_repair_names(
    grade_functions: GradeCells,
) -> None:
    """The table is the forward pass's, too, which has no use of the function that the repair puts in."""
    graded = grade_functions(
        linear_activation_forward="""
def smooth(Z):
    return 1 / (1 + np.exp(-Z))


def smooth_back(dA, Z):
    return dA * smooth(Z) * (1 - smooth(Z))


def gate(Z):
    return np.maximum(0, Z)


def gate_back(dA, Z):
    return dA * (Z > 0)


PAIRS = {"sigmoid": (smooth, smooth_back), "relu": (gate, smooth_back)}


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    return PAIRS[activation][0](Z), (linear_cache, Z)
""",
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    return linear_backward(PAIRS[activation][1](dA, Z), linear_cache)
""",
    )
    (found,) = graded["linear_activation_backward"].diagnoses
    assert (found.misconception, found.evidence) == ("activation-backward-swapped", "proved")
    assert found.location is not None and found.location.source.startswith("PAIRS = ")


def test_a_derivative_may_use_the_courses_own_function(grade_functions: GradeCells, asked: list[str]) -> None:
    """The notebook has a function of the course's module of its own, so that the others are asked for."""
    imported = "from dnn_utils import sigmoid\n\n\n" + OWN["sigmoid_backward"]
    graded = grade_functions(sigmoid_backward=imported)
    assert graded["sigmoid_backward"].status == "passed"
    assert "sigmoid" in asked
