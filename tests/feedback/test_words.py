"""What a student reads: no sentence twice, none that contradicts another, ratios as one would write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from grader.diagnose.describe import describe, law_text
from grader.diagnose.finding import Finding
from grader.diagnose.scale_law import ScaleLaw, fit_scale_law
from grader.feedback.inline import listed
from grader.feedback.words import diagnosis as made
from grader.feedback.words import fill
from grader.judge.components import split
from grader.judge.verdict import judge, observe
from grader.model import (
    Call,
    Component,
    Diagnosis,
    ErrorReport,
    Feedback,
    FunctionFacts,
    FunctionReport,
    Isolation,
    Outcome,
    Problem,
    Report,
    RubricStamp,
    Step,
    SubmissionStamp,
)
from grader.render import markdown, plain, terminal, words
from grader.rubric.load import load_rubric
from grader.rubric.schema import FunctionSpec, Misconception

RUBRIC = load_rubric("dnn-step-by-step")


def diagnosis(name: str = "a", components: tuple[str, ...] = ("dW",), credit: float = 0.5) -> Diagnosis:
    return Diagnosis(name, components, "matched", credit, None, name, Feedback("Look.", "Why.", "Do."))


def function(*diagnoses: Diagnosis) -> FunctionReport:
    return FunctionReport("linear_backward", "failed", 0, 10, diagnoses=diagnoses)


def report(*functions: FunctionReport, problems: tuple[Problem, ...] = ()) -> Report:
    return Report(
        "1",
        RubricStamp("r", "1", "0"),
        SubmissionStamp("s", None, "s.ipynb", "0"),
        "graded",
        0,
        100,
        "L",
        Isolation("strong"),
        functions,
        problems=problems,
    )


def rendered(one: Report) -> list[str]:
    texts = (
        terminal.render(one, width=1000),
        markdown.render(one),
        plain.as_text(plain.report_blocks(one)),
    )
    return [" ".join(text.split()) for text in texts]


# ---------------------------------------------------------------------------------------- ratios


@pytest.mark.parametrize(
    ("law", "text"),
    [
        (ScaleLaw(1, 1, 0, 0), "m times"),
        (ScaleLaw(1, -1, 0, 0), "1/m times"),
        (ScaleLaw(1 / 3, 1, 0, 0), "m/3 times"),
        (ScaleLaw(0.5, 0, 0, 0), "1/2 times"),
        (ScaleLaw(0.5, -1, 0, 0), "1/(2·m) times"),
        (ScaleLaw(2, 1, -1, 0), "2·m/n times"),
        (ScaleLaw(1, 1, -1, -1), "m/(n·n_prev) times"),
        (ScaleLaw(-1, 0, 0, 0), "-1 times"),
        (ScaleLaw(-1, 1, 0, 0), "-m times"),
        (ScaleLaw(1, -2, 0, 0), "1/m^2 times"),
        (ScaleLaw(2, 0, 0, 0), "2 times"),
    ],
)
def test_a_ratio_is_written_as_by_hand(law: ScaleLaw, text: str) -> None:
    assert law_text(law) == text


SPEC = FunctionSpec("f", 1, ("x",), {"dA": "dA"}, {"dA": 1.0})


def law_of(factor_at: dict[int, float], dead: float = 0.0) -> ScaleLaw | None:
    """The law of a `dA` whose second layer is wrong by a factor for each m, and whose first is 0, found as `dead`."""
    calls = tuple(Call(str(m), "f", (Step("f", (np.ones((2, m)),)),)) for m in factor_at)
    values = {m: {"dA2": np.full((2, m), 0.7), "dA1": np.zeros((3, m))} for m in factor_at}
    found = [
        Outcome(str(m), "value", {"dA2": value["dA2"] * factor_at[m], "dA1": value["dA1"] + dead})
        for m, value in values.items()
    ]
    right = {str(m): Outcome(str(m), "value", value) for m, value in values.items()}
    return fit_scale_law(observe(SPEC, calls, found), "dA", lambda call: right[call.id])


def test_a_layer_whose_units_are_all_off_does_not_hide_a_law() -> None:
    law = law_of({3: 1 / 3, 5: 1 / 5})
    assert law is not None
    assert (round(law.constant, 9), law.m) == (1, -1)


def test_something_where_nothing_belongs_follows_no_law() -> None:
    assert law_of({3: 1 / 3, 5: 1 / 5}, dead=1e-3) is None


# ----------------------------------------------------------------------------------------- marks


def test_the_marks_kept_are_told_once_where_errors_share_a_part() -> None:
    one, two = diagnosis("one", ("dW", "db"), 0.5), diagnosis("two", ("db",), 0.25)
    assert words.credit(one, function(one)) == "50 % of the marks for `dW` and `db` kept."
    both = function(one, two)
    assert words.credit(one, both) == "50 % of the marks for `dW` kept."
    assert words.credit(two, both) == "25 % of the marks for `db` kept."
    assert (
        words.credit(replace(one, components=("db",)), function(replace(one, components=("db",)), two)) == ""
    )


def test_no_marks_are_promised_for_a_suspicion() -> None:
    one = replace(diagnosis(), evidence="suspected")
    assert words.credit(one, function(one)) == ""
    sure = diagnosis("two", ("dW",), 0.9)
    assert words.credit(sure, function(one, sure)) != ""


# --------------------------------------------------------------------------------- nothing twice


def test_a_syntax_error_is_told_once() -> None:
    message = "Python cannot read this cell"
    broken = FunctionReport("f", "error", 0, 10, error=ErrorReport("SyntaxError", message, 3, 1))
    other = Problem("magic", "a line was left out", 4, 1)
    one = report(broken, problems=(Problem("syntax-error", message, 3, 1), other))
    for text in rendered(one):
        assert text.count(message) == 1
        assert "a line was left out" in text
        assert "stopped" not in text


def test_a_syntax_error_in_a_cell_without_a_graded_function_is_told() -> None:
    one = report(function(diagnosis()), problems=(Problem("syntax-error", "cannot read", 3, 1),))
    assert all("cannot read" in text for text in rendered(one))


def test_a_time_out_is_told_without_a_word_on_parts() -> None:
    absent = Component("W", "failed", "There is nothing to compare: no end in time.")
    error = ErrorReport("TimeoutError", "The function did not come to an end.")
    one = report(FunctionReport("f", "timeout", 0, 5, (absent,), error=error))
    for text in rendered(one):
        assert "nothing to compare" not in text
        assert "Your code was stopped" in text


# ------------------------------------------------------------------------------ placeholders


@pytest.mark.parametrize("name", RUBRIC.misconceptions)
def test_words_read_well_with_one_part_and_with_several(name: str) -> None:
    """A list of parts is never a subject: `dW` and `db` would ask for another verb than `dW`."""
    feedback = RUBRIC.misconceptions[name].feedback
    for level in (feedback.nudge, feedback.explanation, feedback.fix):
        after = level.partition("{components}")[2]
        assert "{components}" not in level or after.lstrip().startswith(
            (".", ",", ";", "with", "in", "from")
        ), name


def test_placeholders_are_filled_with_one_part_and_with_several() -> None:
    nudge = RUBRIC.misconceptions["missing-1-over-m"].feedback.nudge
    assert fill(nudge, {"components": listed(["db"])}).endswith("in the lines that compute `db`.")
    assert fill(nudge, {"components": listed(["dW", "db"])}).endswith("that compute `dW` and `db`.")


# ------------------------------------------------------------------- several errors, nothing contradicted


def test_a_hint_beside_another_error_does_not_say_what_is_right() -> None:
    found = RUBRIC.misconceptions["missing-1-over-m"]
    fields = {"components": "`dW`"}
    one = made(found, ("dW",), "matched", None, fields)
    assert one.feedback.nudge.startswith("The direction of the gradient is right, but")
    both = made(found, ("dW",), "matched", None, fields, alone=False)
    assert both.feedback.nudge == "Look for m in the lines that compute `dW`."
    assert both.feedback.explanation == one.feedback.explanation


WRONG = [one for one in RUBRIC.misconceptions.values() if one.verdict == "wrong"]


@pytest.mark.parametrize("found", WRONG, ids=lambda one: one.id)
def test_such_a_hint_still_says_where_to_look(found: Misconception) -> None:
    """It stands without the sentence in front of it."""
    hint = made(found, ("dW",), "matched", None, {"components": "`dW`"}, alone=False).feedback.nudge
    assert re.match(r"(Look|Compare|Count|Follow|Check|Write|List|`|[A-Z]\w+ )", hint)
    assert not re.match(r"\w+ (at |for )?(it|its|them|their|there|that)\b", hint)
    assert "is right" not in hint or found.feedback.nudge == hint


# ---------------------------------------------------------------------------------- what is described


Arrays = list[np.ndarray]  # type: ignore[type-arg]


def described(wanted: Arrays, found: Sequence[np.ndarray | None]) -> str:  # type: ignore[type-arg]
    """The words on a component that is wrong by no known misconception, on calls of several sizes."""
    spec = FunctionSpec("f", 1, ("x",), {"out": None}, {"out": 1.0})
    calls = tuple(Call(str(i), "f", (Step("f", (np.ones((2, 3 + 2 * i)),)),)) for i in range(len(wanted)))
    right = {call.id: Outcome(call.id, "value", value) for call, value in zip(calls, wanted, strict=True)}
    outcomes = [
        Outcome(call.id, "raised" if value is None else "value", value)
        for call, value in zip(calls, found, strict=True)
    ]
    observed = observe(spec, calls, outcomes)
    verdict = judge(observed, lambda call: split(spec, right[call.id]), 1e-5)
    finding = Finding(spec, FunctionFacts("f", "defined"), observed, verdict)
    return describe(finding, "out", lambda call: right[call.id])


RNG = np.random.default_rng(5)
LARGE, SINGLE, SQUARE = RNG.normal(size=(3, 4)), RNG.normal(size=(1, 1)), RNG.normal(size=(2, 2))


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        ([LARGE, SINGLE], [LARGE + 0.1, SINGLE + 0.1], "Off by one constant"),
        (
            [SINGLE, 2 * SINGLE],
            [SINGLE + 0.1, 2 * SINGLE + 0.1],
            "Off by one constant that is the same on all",
        ),
        ([0.3, 0.7, 0.4], [1.3, 1.7, 1.4], "Off by one constant that is the same on all inputs."),
        ([0.3, 0.7, 0.4], [0.5, 0.5, 0.5], "The same number comes out whatever the inputs are."),
        ([0.3, 0.7, 0.4], [0.5, 0.5, 0.6], "The values are wrong."),
        ([0.3, 0.3], [0.5, 0.5], "Wrong by a factor: 5/3 times"),
        ([0.3], [0.5], "The values are wrong."),
        ([0.3, 0.7], [1.7777 * 0.3, 1.7777 * 0.7], "Wrong by a factor that is the same on all inputs."),
        (
            [LARGE, SQUARE],
            [-1.7777 * LARGE, -1.7777 * SQUARE],
            "Wrong by a negative factor that is the same on all",
        ),
        (
            [LARGE, SQUARE],
            [3 * 1.7777 * LARGE, 5 * 1.7777 * SQUARE],
            "m times the right values, and by a factor that is the same on all inputs.",
        ),
        ([LARGE, SINGLE], [np.full((3, 4), 7.0), np.full((1, 1), 2.0)], "Every entry is the same number."),
        ([LARGE, SINGLE], [LARGE[::-1], SINGLE], "The right numbers are there, but in other places."),
        ([LARGE, SQUARE], [LARGE.T, SQUARE.T], "rows and columns are swapped"),
        ([SINGLE[0, 0]], [SINGLE], "The numbers are right, but the shape is not."),
        ([LARGE, SQUARE], [LARGE**2, SQUARE**2], "The values are wrong."),
        ([LARGE], [LARGE[:2]], "The shape is wrong: (2, 4), where (3, 4) is wanted."),
        ([LARGE, SQUARE], [-LARGE, -SQUARE], "Wrong in sign only: -1 times the right values."),
        (
            [LARGE, SQUARE],
            [-LARGE / 3 * 3.000000001, -SQUARE],
            "Wrong in sign only: -1 times the right values.",
        ),
        (
            [LARGE, SQUARE],
            [3 * LARGE, 5 * SQUARE],
            "put every example into the batch twice; the right numbers stay",
        ),
    ],
)
def test_what_differs_is_told(wanted: Arrays, found: Arrays, said: str) -> None:
    assert said in described(wanted, found)


@pytest.mark.parametrize(
    ("second", "said", "headline"),
    [
        (None, "There is nothing to compare: the function stops with an error each time.", "differs"),
        (SQUARE, "The function stops with an error on some inputs; on the others this is right.", "stops"),
        (SQUARE + RNG.normal(size=(2, 2)), "on some inputs, and on others this is wrong.", "differs"),
        (SQUARE + 3e-5, "The function stops with an error on some inputs.", "stops"),
    ],
)
def test_of_a_function_that_stops_on_some_inputs_one_true_sentence_is_told(
    second: np.ndarray | None,  # type: ignore[type-arg]
    said: str,
    headline: str,
) -> None:
    detail = described([LARGE, SQUARE], [None, second])
    assert said in detail
    assert ("nothing to compare" in detail) == (second is None)
    one = FunctionReport("f", "failed", 0, 10, (Component("A", "failed", detail),))
    for text in rendered(report(one)):
        assert ("differs from the expected" in text) == (headline == "differs")
        assert ("`f` stops with" in text.replace("`f`: ", "`f` ")) == (headline == "stops")


ODD = [np.inf, -np.inf, np.nan, np.finfo(float).max, -np.finfo(float).max, 5e-324]


@pytest.mark.parametrize("first", ODD)
@pytest.mark.parametrize("second", ODD)
def test_no_number_makes_numpy_warn_on_a_student_s_screen(first: float, second: float) -> None:
    found = [np.where(LARGE > 0, first, second), np.where(SQUARE > 0, second, first)]
    assert described([LARGE, SQUARE], found)
