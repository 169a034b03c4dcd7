"""What counts as right: keys as they are spelt, entries that callers count, a second call."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from grader.errors import RubricError
from grader.judge.compare import compare
from grader.judge.components import Absent, split
from grader.judge.score import share
from grader.judge.verdict import AGAIN, Verdict, judge, observe
from grader.model import Call, Diagnosis, Feedback, Outcome, Value
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox
from tools.notebooks import nbformat4

FUNCTIONS = load_rubric("dnn-step-by-step").functions
RIGHT = {"W1": 1.0, "b1": 2.0, "W2": 3.0, "b2": 4.0}


def judged(name: str, right: Value, got: Value, *, differs: bool = False) -> Verdict:
    spec = FUNCTIONS[name]
    outcome = Outcome("call", "value", got, differs_on_second_run=differs)
    wanted = split(spec, Outcome("call", "value", right))
    return judge(observe(spec, [Call("call", name, ())], [outcome]), lambda _: wanted, 1e-5)


def parts_of(got: Value) -> Mapping[str, Value]:
    return split(FUNCTIONS["update_parameters"], Outcome("call", "value", got))


@pytest.mark.parametrize("key", ["W01", "W\uff11", "w1", "W1 ", "W+1", "W1_0"])
def test_a_key_is_taken_as_it_is_spelt(key: str) -> None:
    got = {key: 1.0, "W2": 3.0, "b1": 2.0, "b2": 4.0}
    assert parts_of(got) == {"W": {2: 3.0}, "b": {1: 2.0, 2: 4.0}}


def test_keys_that_are_all_misspelt_make_no_others_wrong() -> None:
    parts = parts_of({"w1": 1.0, "w2": 3.0, "b1": 2.0, "b2": 4.0})
    assert isinstance(parts["W"], Absent)
    assert parts["b"] == {1: 2.0, 2: 4.0}


def test_an_entry_too_many_is_wrong_where_callers_count_them() -> None:
    assert judged("update_parameters", RIGHT, RIGHT).passed
    assert judged("update_parameters", RIGHT, RIGHT | {"L": 2}).failed == ("W", "b")


def test_the_least_whole_number_is_not_0() -> None:
    """Its difference from 0 is itself, and so is its absolute value: below every tolerance."""
    least = np.full((2, 3), np.iinfo(np.int64).min)
    assert compare(np.zeros((2, 3), dtype=np.int64), least, 1e-5) is not None
    assert compare(0, int(least[0, 0]), 1e-5) is not None
    assert compare(np.ones(2, dtype=np.uint8), np.array([1, 0], dtype=np.uint8), 1e-5) is not None


@pytest.mark.parametrize(("dtype", "off", "right"), [
    (np.float64, 5e-5, False), (np.float32, 5e-5, True), (np.float32, 5e-4, False),
])  # fmt: skip
def test_float32_is_allowed_its_own_precision_and_no_more(dtype: type, off: float, right: bool) -> None:
    wanted = np.array([[1.0, -2.0, 3.0]])
    got = (wanted + off * 3.0).astype(dtype)
    assert (compare(wanted, got, 1e-5) is None) == right


def test_of_two_sure_diagnoses_the_smaller_credit_counts() -> None:
    spec = FUNCTIONS["linear_backward"]
    words = Feedback("", "", "")
    found = [
        Diagnosis("one", ("dW", "db"), "proved", 0.5, None, "", words),
        Diagnosis("two", ("dW",), "matched", 0.2, None, "", words),
        Diagnosis("three", ("dW",), "suspected", 0.0, None, "", words),
    ]
    kept = spec.weights["dA_prev"] + 0.2 * spec.weights["dW"] + 0.5 * spec.weights["db"]
    assert share(spec, ("dW", "db"), found) == pytest.approx(kept)


def test_what_is_right_once_and_differs_then_is_wrong() -> None:
    assert judged("compute_cost", 1.0, 1.0).passed
    assert judged("compute_cost", 1.0, 1.0, differs=True).differences == {"cost": AGAIN}


def test_a_component_that_changes_on_a_second_run_is_wrong_beside_one_that_is_wrong_at_once() -> None:
    spec = FUNCTIONS["linear_backward"]
    first = Outcome("call", "value", (1.0, 2.0, -3.0), differs_on_second_run=True)
    again = [Outcome("run", "value", (1.0, dW, -3.0)) for dW in (1.0, 0.5)]
    wanted = split(spec, Outcome("call", "value", (1.0, 2.0, 3.0)))
    observed = observe(spec, [Call("call", spec.name, ())], [first], again)
    differences = judge(observed, lambda _: wanted, 1e-5).differences
    assert differences["dA_prev"] is None
    assert differences["dW"] == AGAIN
    assert differences["db"] is not None and differences["db"].kind == "value"


COUNTED = """_runs = {{}}
def linear_backward(dZ, cache):
    A, W, b = cache
    k = float(dZ[0, 0]); _runs[k] = _runs.get(k, 0) + 1
    m = A.shape[1] * _runs[k]
    return W.T @ dZ, dZ @ A.T / m, {minus}dZ.sum(1, keepdims=True) / A.shape[1]"""


@pytest.mark.parametrize(("minus", "kept"), [("", ["dA_prev", "db"]), ("-", ["dA_prev"])])
def test_a_notebook_is_told_which_components_change(minus: str, kept: list[str]) -> None:
    notebook = nbformat4([("code", "import numpy as np"), ("code", COUNTED.format(minus=minus))]).encode()
    with Sandbox.start("best") as sandbox:
        grader = Grader(load_rubric("dnn-step-by-step"), sandbox, 7)
        (report,) = grader.grade(notebook, "u.ipynb", "u", None, ["linear_backward"]).functions
    assert [one.name for one in report.components if one.status == "passed"] == kept
    told = {one.name: one.detail for one in report.components}
    assert told["dW"].startswith("Right on the first call, and not on a second one.")
    assert {name for one in report.diagnoses for name in one.components} == ({"db"} if minus else set())


def test_a_random_initialisation_may_differ_on_a_second_call() -> None:
    rng = np.random.default_rng(1)
    drawn = {"W1": rng.normal(size=(4, 3)), "b1": np.zeros((4, 1))}
    assert judged("initialize_parameters", drawn, drawn, differs=True).passed


def test_what_neither_side_has_is_not_right() -> None:
    spec = FUNCTIONS["update_parameters"]
    calls = [Call("one", spec.name, ()), Call("two", spec.name, ())]
    wanted = {"one": {"b1": 2.0}, "two": {"b1": 2.0}}

    def failed() -> tuple[str, ...]:
        outcomes = [Outcome(call.id, "value", {"b1": 2.0}) for call in calls]
        right = lambda call: split(spec, Outcome(call.id, "value", wanted[call.id]))
        return judge(observe(spec, calls, outcomes), right, 1e-5).failed

    assert failed() == ("W",)
    wanted["two"] = RIGHT
    assert failed() == ("W", "b")


def test_a_part_that_is_wanted_on_some_calls_only_is_judged_on_those() -> None:
    spec = FUNCTIONS["update_parameters"]
    given = {"one": {"b1": 2.0}, "two": {"W1": 1.0, "b1": 2.0}}
    calls = [Call(name, spec.name, ()) for name in given]
    outcomes = [Outcome(name, "value", value) for name, value in given.items()]
    right = lambda call: split(spec, Outcome(call.id, "value", given[call.id]))
    assert judge(observe(spec, calls, outcomes), right, 1e-5).passed


def test_what_the_rubrics_own_files_break_is_not_said_to_be_the_graders_fault(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        try:
            raise KeyError("a secret")
        except KeyError as error:
            raise RubricError("inputs.py, line 3: KeyError: a secret") from error

    grader = Grader(load_rubric("logistic-regression"), sandbox, seed=3)
    monkeypatch.setattr(grader, "_grade", broken)
    report = grader.grade(nbformat4([("code", "a = 1")]).encode(), "a.ipynb", "a", None)
    assert report.status == "ungradable"
    assert "The rubric broke" in report.problems[0].message
    assert "secret" not in report.problems[0].message
