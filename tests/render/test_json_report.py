"""report.json follows docs/report.md: keys and order, strictness, round trip, and errors in words."""

import dataclasses
import json

import pytest

from grader.errors import UsageError
from grader.model import (
    Component,
    Diagnosis,
    ErrorReport,
    Feedback,
    FunctionReport,
    Isolation,
    Location,
    Note,
    Problem,
    Report,
    RubricStamp,
    SubmissionStamp,
)
from grader.render.json_report import from_json, public, to_dict, to_json

REPORT = Report(
    grader_version="0.1.0",
    rubric=RubricStamp("dnn-step-by-step", "1.0", "ab" * 32),
    submission=SubmissionStamp("sec1/zoë", "zoë", "sec1/zoë.ipynb", "cd" * 32),
    status="graded",
    score=72.5,
    max_score=100.0,
    convention="J",
    isolation=Isolation("strong", ("process", "seccomp")),
    functions=(
        FunctionReport(
            name="linear_backward",
            status="failed",
            score=6.7,
            max_score=10.0,
            components=(Component("dW", "failed", "is m times the right one"), Component("db", "passed")),
            diagnoses=(
                Diagnosis(
                    misconception="missing-1-over-m",
                    components=("dW",),
                    evidence="proved",
                    credit=0.5,
                    location=Location(23, 7, "dW = np.dot(dZ, A_prev.T)"),
                    title="summed over the batch",
                    feedback=Feedback("n", "e", "f"),
                ),
            ),
            notes=(Note("stale-assertion", "an assert is out of date"),),
            error=ErrorReport("ValueError", "no", 3, 1),
            stdout="hello\n",
            instructor={"hidden": "secret"},
        ),
        FunctionReport("update_parameters", "missing", 0.0, 10.0),
    ),
    notes=(Note("j-convention", "1/m is in dAL"),),
    problems=(Problem("syntax-error", "line 3 does not parse", 12, 3),),
    seconds=0.012,
)


def test_keys_and_order_are_the_contracts():
    data = json.loads(to_json(REPORT))
    assert list(data) == [
        "schema", "grader_version", "rubric", "submission", "status", "score", "max_score", "convention",
        "notes", "isolation", "functions", "problems", "seconds",
    ]  # fmt: skip
    function = data["functions"][0]
    assert list(function) == [
        "name", "status", "score", "max_score", "components", "diagnoses", "notes", "error", "stdout", "instructor",
    ]  # fmt: skip
    assert list(function["diagnoses"][0]) == [
        "misconception", "components", "evidence", "credit", "location", "title", "feedback",
    ]  # fmt: skip
    assert function["diagnoses"][0]["location"] == {
        "cell": 23,
        "line": 7,
        "source": "dW = np.dot(dZ, A_prev.T)",
    }
    assert data["problems"] == [
        {"code": "syntax-error", "message": "line 3 does not parse", "cell": 12, "line": 3}
    ]


def test_a_report_survives_the_round_trip():
    assert from_json(to_json(REPORT)) == REPORT


def test_what_is_not_known_is_null_and_no_instructor_key_without_instructor_data():
    function = to_dict(REPORT)["functions"][1]
    assert function["error"] is None
    assert "instructor" not in function


def test_public_drops_only_the_instructors_part():
    shown = public(REPORT)
    assert b"secret" not in to_json(shown)
    assert shown.functions[0] == dataclasses.replace(REPORT.functions[0], instructor={})
    assert shown.functions[1:] == REPORT.functions[1:]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_never_written(number):
    with pytest.raises(ValueError, match="JSON"):
        to_json(dataclasses.replace(REPORT, score=number))


def test_half_a_surrogate_pair_is_replaced_and_names_stay_whole():
    report = dataclasses.replace(REPORT, submission=SubmissionStamp("李/Zoë", "a\ud800b", "f", "s"))
    read = from_json(to_json(report))
    assert read.submission.student == "a\ufffdb"
    assert "李/Zoë".encode() in to_json(report)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no report of the grader"),
        (b"[1]", "no report of the grader"),
        (b"\xff\xfe", "no report of the grader"),
        (b"[" * 100_000, "no report of the grader"),
        (b'{"schema": "grader/report/v1", "a":' + b"[" * 100_000, "no report of the grader"),
        (b'{"schema": "grader/report/v9"}', "this grader reads grader/report/v1"),
        (b'{"schema": "grader/report/v1"}', "grader_version"),
        (to_json(REPORT).replace(b"72.5", b"NaN"), "no report of the grader"),
        (to_json(REPORT).replace(b"72.5", b'"72.5"'), r"\$\.score"),
        (to_json(REPORT).replace(b'"graded"', b'"done"'), r"\$\.status"),
        (to_json(REPORT).replace(b'"proved"', b'"sure"'), r"\$\.functions\[0\]\.diagnoses\[0\]"),
    ],
)
def test_bytes_that_are_no_report_are_a_usage_error_in_words(data, words):
    with pytest.raises(UsageError, match=words):
        from_json(data)
