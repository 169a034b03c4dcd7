"""What a student reads: no sentence twice, none that contradicts another, ratios as one would write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnose.describe import law_text
from grader.diagnose.scale_law import ScaleLaw, fit_scale_law
from grader.feedback.words import fill, listed
from grader.judge.verdict import observe
from grader.model import (
    Call,
    Component,
    Diagnosis,
    ErrorReport,
    Feedback,
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
from grader.rubric.schema import FunctionSpec

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
