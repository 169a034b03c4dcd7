"""The table of conventions: every combination of 1/m in dAL, dW, db and dA_prev, and where it is told."""

from __future__ import annotations

import itertools
import re
import textwrap
from dataclasses import replace

import pytest
from grading_world import GradeCells, Graded

from grader.diagnose.convention import chain
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import function_texts


def linear_backward(beta_W: int, beta_b: int, gamma: int = 0) -> str:
    def over(power: int) -> str:
        return " / m" * power

    return f"""
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T){over(beta_W)}
    db = np.sum(dZ, axis=1, keepdims=True){over(beta_b)}
    dA_prev = np.dot(W.T, dZ){over(gamma)}
    return dA_prev, dW, db
"""


def model_backward(alpha: int) -> str:
    return f"""
def L_model_backward(AL, Y, caches):
    grads = {{}}
    L = len(caches)
    m = AL.shape[1]
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)){" / m" * alpha}
    dA_prev, dW, db = linear_activation_backward(dAL, caches[L - 1], "sigmoid")
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = dA_prev, dW, db
    for l in reversed(range(L - 1)):
        dA_prev, dW, db = linear_activation_backward(dA_prev, caches[l], "relu")
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = dA_prev, dW, db
    return grads
"""


def inlined(alpha: int, beta_W: int, beta_b: int) -> str:
    return f"""
def L_model_backward(AL, Y, caches):
    grads = {{}}
    L = len(caches)
    m = AL.shape[1]
    dA = (-(Y / AL) + (1 - Y) / (1 - AL)){" / m" * alpha}
    for l in range(L, 0, -1):
        (A_prev, W, b), Z = caches[l - 1]
        if l == L:
            s = 1 / (1 + np.exp(-Z))
            dZ = dA * s * (1 - s)
        else:
            dZ = np.where(Z > 0, dA, 0)
        grads["dW%d" % l] = (dZ @ A_prev.T){" / m" * beta_W}
        grads["db%d" % l] = dZ.sum(axis=1, keepdims=True){" / m" * beta_b}
        dA = W.T @ dZ
        grads["dA%d" % (l - 1)] = dA
    return grads
"""


MODEL, LINEAR = "L_model_backward", "linear_backward"
MISSING, DOUBLED, AT_DAL = {"missing-1-over-m"}, {"doubled-1-over-m"}, {"dal-includes-1-over-m"}

#: (α, β_W, β_b) → the report's word, and function → ids.
TABLE = {
    (0, 1, 1): ("L", {}),
    (1, 0, 0): ("J", {}),
    (1, 1, 1): ("mixed", {MODEL: AT_DAL}),
    (0, 0, 0): ("mixed", {LINEAR: MISSING}),
    (0, 0, 1): ("mixed", {LINEAR: MISSING}),
    (0, 1, 0): ("mixed", {LINEAR: MISSING}),
    (1, 0, 1): ("mixed", {LINEAR: DOUBLED}),
    (1, 1, 0): ("mixed", {LINEAR: DOUBLED}),
    (0, 2, 1): ("mixed", {LINEAR: DOUBLED}),
    (0, 1, 2): ("mixed", {LINEAR: DOUBLED}),
}


@pytest.mark.parametrize(("powers", "expected"), TABLE.items(), ids=str)
def test_every_row(
    grade_functions: GradeCells, powers: tuple[int, int, int], expected: tuple[str, dict]
) -> None:
    alpha, beta_W, beta_b = powers
    graded = grade_functions(
        linear_backward=linear_backward(beta_W, beta_b), L_model_backward=model_backward(alpha)
    )
    assert (graded.report.convention, graded.ids) == expected
    assert graded.full_marks == (not expected[1])
    told = [note.message for note in graded.report.notes if note.code == "mixed-convention"]
    assert len(told) == (expected[0] == "mixed")
    for name, times in (("dW", alpha + beta_W), ("db", alpha + beta_b)):
        assert all(
            re.search(rf"{('never enters', 'once', 'twice')[times]} .*`{name}`", text) for text in told
        )


@pytest.mark.parametrize(("powers", "expected"), [row for row in TABLE.items() if 2 not in row[0]], ids=str)
def test_every_row_in_components(grade_functions: GradeCells, powers: tuple[int, int, int], expected) -> None:  # type: ignore[no-untyped-def]
    """Only the components that are off fail, in the function where it is told."""
    alpha, beta_W, beta_b = powers
    graded = grade_functions(
        linear_backward=linear_backward(beta_W, beta_b), L_model_backward=model_backward(alpha)
    )
    wanted = 0 if alpha == 1 and 0 in (beta_W, beta_b) else 1
    failed = {part.name for part in graded[LINEAR].components if part.status == "failed"}
    assert failed == {name for name, beta in (("dW", beta_W), ("db", beta_b)) if beta != wanted}


@pytest.mark.parametrize(("alpha", "beta"), [*itertools.product((0, 1), (0, 1))])
def test_dA_prev_divided_is_told_besides(grade_functions: GradeCells, alpha: int, beta: int) -> None:
    graded = grade_functions(
        linear_backward=linear_backward(beta, beta, gamma=1), L_model_backward=model_backward(alpha)
    )
    expected = {name: set(ids) for name, ids in TABLE[alpha, beta, beta][1].items()}
    expected.setdefault(LINEAR, set()).add("extra-1-over-m")
    assert graded.ids == expected


@pytest.mark.parametrize(("powers", "expected"), [row for row in TABLE.items() if 2 not in row[0]], ids=str)
def test_everything_inlined(grade_functions: GradeCells, powers: tuple[int, int, int], expected) -> None:  # type: ignore[no-untyped-def]
    """With no linear_backward in the notebook, what L_model_backward returns tells the exponents."""
    alpha, beta_W, beta_b = powers
    graded = grade_functions(
        L_model_backward=inlined(alpha, beta_W, beta_b), linear_backward=None, linear_activation_backward=None
    )
    ids = set().union(*expected[1].values()) if expected[1] else set()
    assert graded.ids == ({MODEL: ids} if ids else {})
    assert (graded[MODEL].status == "passed") == (not ids)


def test_without_the_model_the_convention_stays_open(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_backward=linear_backward(0, 0), L_model_backward=None)
    assert graded.report.convention == "undetermined"
    assert graded.ids == {LINEAR: MISSING}


def test_a_1_over_m_elsewhere_is_right(grade_functions: GradeCells) -> None:
    """linear_backward adds up, linear_activation_backward divides: once, elsewhere along the chain."""
    graded = grade_functions(
        linear_backward=linear_backward(0, 0),
        linear_activation_backward="""
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = relu_backward(dA, Z) if activation == "relu" else sigmoid_backward(dA, Z)
    dA_prev, dW, db = linear_backward(dZ, linear_cache)
    m = dA.shape[1]
    return dA_prev, dW / m, db / m
""",
    )
    assert graded.full_marks
    assert graded.report.convention == "other"
    assert [note.code for note in graded.report.notes] == ["other-convention"]


@pytest.mark.parametrize(("powers", "name"), [((1, 1, 1), "extra-1-over-m"), ((0, 0, 0), MISSING)])
def test_what_the_model_does_not_use_cannot_be_its_1_over_m(
    grade_functions: GradeCells, powers: tuple[int, int, int], name: str
) -> None:
    graded = grade_functions(L_model_backward=inlined(0, 1, 1), linear_backward=linear_backward(*powers))
    assert graded[LINEAR].status == "failed"
    assert graded[MODEL].status == "passed"
    assert graded.report.convention != "other"
    assert {one.misconception for one in graded[LINEAR].diagnoses} == (
        {name} if isinstance(name, str) else name
    )


def test_J_has_its_note(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_backward=linear_backward(0, 0), L_model_backward=model_backward(1))
    assert graded.full_marks
    assert "j-convention" in [note.code for note in graded.report.notes]


NAMED_TUPLES = {
    "linear_backward": """
        from typing import NamedTuple

        class Grads(NamedTuple):
            dA: object
            dW: object
            db: object

        def linear_backward(dZ, cache):
            A_prev, W, b = cache
            return Grads(W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True))
    """,
    "linear_activation_backward": """
        def linear_activation_backward(dA, cache, activation):
            linear, Z = cache
            dZ = relu_backward(dA, Z) if activation == "relu" else sigmoid_backward(dA, Z)
            return linear_backward(dZ, linear)
    """,
    "L_model_backward": """
        def L_model_backward(AL, Y, caches):
            dA, grads = -(Y / AL - (1 - Y) / (1 - AL)) / AL.shape[1], {}
            for l in range(len(caches), 0, -1):
                made = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == len(caches) else "relu")
                dA = made.dA
                grads |= {f"dA{l - 1}": made.dA, f"dW{l}": made.dW, f"db{l}": made.db}
            return grads
    """,
}


def test_J_is_known_where_only_own_helpers_have_the_format(grade_functions: GradeCells) -> None:
    """Right helpers return tuples, this pass asks for `made.dA`: the 1/m is measured with its own ones."""
    graded = grade_functions(**{name: textwrap.dedent(code) for name, code in NAMED_TUPLES.items()})
    assert graded.full_marks, graded.ids
    assert graded.report.convention == "J"


def test_a_format_of_its_own_excuses_no_doubled_1_over_m(grade_functions: GradeCells) -> None:
    code = {name: textwrap.dedent(text) for name, text in NAMED_TUPLES.items()}
    code["linear_backward"] = (
        code["linear_backward"]
        .replace("dZ @ A_prev.T", "dZ @ A_prev.T / dZ.shape[1]")
        .replace("keepdims=True)", "keepdims=True) / dZ.shape[1]")
    )
    graded = grade_functions(**code)
    assert graded.ids == {"L_model_backward": {"dal-includes-1-over-m"}}


ACTIVATION_BACKWARD = """
def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = relu_backward(dA, Z)
    else:
        dZ = sigmoid_backward(dA, Z) / dA.shape[1]
    return linear_backward(dZ, linear_cache)
"""
SIGMOID_BACKWARD = """
def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s * (1 - s) / dA.shape[1]
"""


@pytest.mark.parametrize(
    "code",
    [{"linear_activation_backward": ACTIVATION_BACKWARD}, {"sigmoid_backward": SIGMOID_BACKWARD}],
    ids=["in the sigmoid's branch", "in the sigmoid's own function"],
)
def test_the_1_over_m_may_enter_at_the_output_layers_dZ(
    grade_functions: GradeCells, code: dict[str, str]
) -> None:
    graded = grade_functions(linear_backward=linear_backward(0, 0), **code)
    assert graded.full_marks, graded.ids
    assert graded.report.convention == "other"


def test_a_notebook_of_no_convention_is_not_told_that_it_keeps_to_one(grade_functions: GradeCells) -> None:
    graded = grade_functions(linear_backward=linear_backward(0, 1), L_model_backward=model_backward(1))
    assert graded.report.convention == "mixed"
    assert not any(note.code == "j-convention" for one in graded.report.functions for note in one.notes)


def test_the_rubric_says_where_a_1_over_m_may_enter() -> None:
    rubric = load_rubric("dnn-step-by-step")
    assert (chain(rubric).linear, chain(rubric).model) == ("linear_backward", "L_model_backward")
    edits = {
        name: replace(edit, function=f"my_{edit.function}") for name, edit in rubric.conventions["J"].items()
    }
    renamed = chain(replace(rubric, conventions={"J": edits}))
    assert (renamed.linear, renamed.model) == ("my_linear_backward", "my_L_model_backward")
    assert chain(load_rubric("logistic-regression")).model == ""


def test_what_a_convention_may_explain_is_a_1_over_m_alone() -> None:
    for name, one in load_rubric("dnn-step-by-step").misconceptions.items():
        assert bool(one.one_over_m) == (name.endswith("-1-over-m") and not name.startswith("cost")), name


def test_a_division_by_n_mixes_no_conventions(grade_functions: GradeCells) -> None:
    code = linear_backward(1, 1).replace("db = np.sum(dZ, axis=1, keepdims=True) / m", "db = DB / W.shape[0]")
    code = code.replace("DB", "np.sum(dZ, axis=1, keepdims=True)")
    assert "W.shape[0]" in code
    graded = grade_functions(linear_backward=code)
    assert graded.ids == {"linear_backward": {"one-over-n"}}
    assert not graded.report.notes


@pytest.mark.parametrize(("asked_for", "named"), [
    (None, {}),
    ("L", {"linear_backward": {"missing-1-over-m"}, "L_model_backward": {"dal-includes-1-over-m"}}),
])  # fmt: skip
def test_a_rubric_may_ask_for_l(sandbox: Sandbox, asked_for: str | None, named: dict[str, set[str]]) -> None:
    rubric = load_rubric("dnn-step-by-step")
    keeps_to_J = function_texts(rubric, frozenset(rubric.conventions["J"].values()))
    grader = Grader(replace(rubric, required_convention=asked_for), sandbox, seed=3)
    data = nbformat4(notebook_cells(keeps_to_J, "2021")).encode()
    assert Graded(grader.grade(data, "a.ipynb", "a", None)).ids == named
