"""The result files of autograders and CI, against the rules that their documents give."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from export_samples import (
    ALL,
    broken,
    everything,
    failed,
    hostile,
    passed,
    perfect,
    report,
    stored,
    ungradable,
)
from jsonschema import Draft202012Validator
from result_schemas import GRADESCOPE, PRAIRIELEARN

from grader.export import MemorySink, Options, StoredReport, exporter
from grader.export.classroom50 import result as classroom50
from grader.export.coursera import files as coursera_files
from grader.export.edx import reply
from grader.export.gradescope import results as gradescope
from grader.export.prairielearn import results as prairielearn
from grader.export.scores import scaled, strict_json
from grader.export.vpl import plain_line
from grader.model import Problem, Report
from grader.render.json_report import from_json
from grader.render.plain import case_text


def run(name: str, *reports: Report, **options: object) -> MemorySink:
    sink = MemorySink()
    stored_reports = [stored(one) for one in reports]
    exporter(name).export(stored_reports, sink, Options(**options))  # type: ignore[arg-type]
    return sink


# ------------------------------------------------------------------------------------------ points


def test_functions_sum_to_what_the_platform_wants() -> None:
    one = report(passed("f", 60), failed("g", score=30, points=60))
    points = scaled(one, 20)
    assert sum(item.max_score for item in points) == pytest.approx(20)
    assert sum(item.score for item in points) == pytest.approx(20 * one.score / 100)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        strict_json({"score": float("nan")})


# -------------------------------------------------------------------------------------- Gradescope


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("points", [None, 20.0])
def test_gradescope_follows_its_schema(one: Report, points: float | None) -> None:
    data = json.loads(strict_json(gradescope(one, points=points)))
    Draft202012Validator(GRADESCOPE).validate(data)
    assert sum(test["max_score"] for test in data["tests"]) == pytest.approx(points or 100, abs=0.01)
    assert data["score"] <= (points or 100)


def test_gradescope_says_failed_where_the_score_alone_would_say_passed() -> None:
    data = gradescope(report(failed("g", score=10.0)))
    assert data["tests"][0]["status"] == "failed"


def test_the_schema_can_fail() -> None:
    data = gradescope(perfect())
    data["tests"][0]["score"] = "10"
    assert not Draft202012Validator(GRADESCOPE).is_valid(data)


# ------------------------------------------------------------------------------------ PrairieLearn


@pytest.mark.parametrize("one", ALL)
def test_prairielearn_follows_its_rules(one: Report) -> None:
    data = json.loads(strict_json(prairielearn(one)))
    Draft202012Validator(PRAIRIELEARN).validate(data)
    assert data["gradable"] == (one.status == "graded")


def test_prairielearn_stays_small_whatever_was_printed() -> None:
    noisy = report(*[broken(f"f{number}", "e" * 9_000, "p" * 90_000) for number in range(400)])
    assert len(strict_json(prairielearn(noisy))) < 250 * 1024


# --------------------------------------------------------------------------------- Coursera, edX


@pytest.mark.parametrize("one", ALL)
def test_coursera_s_fields(one: Report) -> None:
    files = coursera_files(one)
    data = json.loads(files["feedback.json"])
    assert set(data) == {"fractionalScore", "feedback", "feedbackType"}
    assert type(data["fractionalScore"]) in (float, int)
    assert 0 <= data["fractionalScore"] <= 1
    assert len(data["feedback"].encode()) < 64_000
    assert b"<script>" not in files["htmlFeedback.html"]


@pytest.mark.parametrize("one", ALL)
def test_edx_gets_one_well_formed_element(one: Report) -> None:
    data = reply(one, detail="fix")
    assert set(data) == {"correct", "score", "msg"}
    root = ElementTree.fromstring(data["msg"])
    assert root.tag == "div"
    assert not any(element.tag in ("script", "img", "br") for element in root.iter())
    assert data["correct"] == (one.score == 100.0)


# ------------------------------------------------------------------------------------- JUnit XML

_TIME = re.compile(r"^\d+\.\d{3}$")


def test_junit_keeps_to_the_subset_that_jenkins_allows() -> None:
    root = ElementTree.fromstring(run("junit", *ALL).files["junit.xml"])
    assert root.tag == "testsuites"
    assert [suite.tag for suite in root] == ["testsuite"] * 4
    for suite in root:
        assert set(suite.attrib) == {"name", "tests", "failures", "errors", "time"}
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for kind, attribute in (("failure", "failures"), ("error", "errors")):
            assert int(suite.attrib[attribute]) == sum(case.find(kind) is not None for case in cases)
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert _TIME.match(case.attrib["time"])
            assert {child.tag for child in case} <= {"failure", "error"}


def test_junit_tells_wrong_from_broken() -> None:
    root = ElementTree.fromstring(run("junit", everything()).files["junit.xml"])
    kinds = {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}
    assert kinds["linear_forward"] == []
    assert kinds["linear_backward"] == kinds["update_parameters"] == ["failure"]
    assert kinds["L_model_backward"] == kinds["L_model_forward"] == ["error"]


# ------------------------------------------------------------------------------------------- SARIF


def test_sarif_has_a_rule_for_each_result_and_stable_fingerprints() -> None:
    first, second = (json.loads(run("sarif", *ALL).files["results.sarif"]) for _ in range(2))
    assert first == second
    sarif = first["runs"][0]
    rules = {rule["id"] for rule in sarif["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in sarif["results"]} == rules
    prints = [result["partialFingerprints"]["whywrong/v1"] for result in sarif["results"]]
    assert len(set(prints)) == len(prints)
    assert all(result["message"]["text"] for result in sarif["results"])


def test_sarif_marks_no_line_that_is_not_the_file_s() -> None:
    data = json.loads(run("sarif", everything()).files["results.sarif"])
    results = data["runs"][0]["results"]
    assert not any("region" in place["physicalLocation"] for one in results for place in one["locations"])
    assert any(
        one["properties"].get("line") == 7 and "cell 23, line 7" in one["message"]["text"] for one in results
    )


def test_a_student_s_text_is_no_link_in_sarif() -> None:
    problem = Problem("syntax-error", "no [text](http://evil) here", 3, 1)
    sink = run("sarif", replace(ungradable(), problems=(problem,)))
    (result,) = json.loads(sink.files["results.sarif"])["runs"][0]["results"]
    assert r"no \[text\](http://evil) here" in result["message"]["text"]


def test_sarif_is_cut_at_github_s_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.export.sarif._MOST_RESULTS", 3)
    sink = run("sarif", everything())
    assert len(json.loads(sink.files["results.sarif"])["runs"][0]["results"]) == 3
    assert "left out" in sink.notes[0]


# --------------------------------------------------------------------------------- CSV, JSON Lines


def test_csv_neutralises_formulas_and_holds_every_submission() -> None:
    data = run("csv", *ALL).files["grades.csv"]
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["student"] for row in rows] == ["ada", "'=cmd|' /C calc'!A0", "bob", "eve"]
    assert rows[0]["score"] == "25"
    assert rows[0]["linear_backward"] == "5"  # 4 of 10, where all functions have 80: in the score's units
    assert "missing-1-over-m" in rows[0]["misconceptions"]
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row.values() if cell)


def test_csv_scales_to_the_points_asked_for() -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(run("csv", everything(), points=8.0).files["grades.csv"].decode("utf-8-sig"))
        )
    )
    assert (rows[0]["score"], rows[0]["max_score"], rows[0]["percent"]) == ("2", "8", "25")
    assert rows[0]["linear_backward"] == "0.4"


@pytest.mark.parametrize("name", ["csv", "nbgrader"])
def test_a_grade_list_names_whom_it_gives_no_grade_and_whom_0(name: str) -> None:
    sink = run(name, ungradable("ada", "a.ipynb", code="internal-error"), ungradable("bob", "b.ipynb"))
    rows = list(csv.DictReader(io.StringIO(sink.files["grades.csv"].decode("utf-8-sig"))))
    scores = {row.get("student") or row["student_id"]: row["score"] for row in rows}
    assert scores.get("ada", "") == ""
    assert scores["bob"] == "0"
    assert [(one.what, "cost no points" in one.reason) for one in sink.skipped] == [("a", True)]
    assert any("got 0 points: b." in note for note in sink.notes)


def test_vpl_has_no_grade_where_the_grader_broke() -> None:
    files = run(
        "vpl", ungradable("ada", "a.ipynb", code="internal-error"), ungradable("bob", "b.ipynb")
    ).files
    assert b"Grade :=>>" not in files["a/evaluation.txt"]
    assert files["b/evaluation.txt"].endswith(b"Grade :=>> 0\n")


def test_jsonl_can_be_read_back() -> None:
    lines = run("jsonl", *ALL).files["reports.jsonl"].splitlines()
    assert [from_json(line).submission.id for line in lines] == ["ada", "hostile", "bob", "eve"]
    assert all(not one.instructor for line in lines for one in from_json(line).functions)


def test_an_ungradable_submission_is_told_apart() -> None:
    assert prairielearn(ungradable())["gradable"] is False
    assert "could not be graded" in gradescope(ungradable())["output"]
    assert 'errors="1"' in run("junit", ungradable()).files["junit.xml"].decode()


def test_what_was_not_tested_is_not_called_missing() -> None:
    """In a file that is no notebook nobody knows which functions are defined."""
    made = (
        run("codegrade", ungradable()).files["bob/autotest.jsonl"],
        strict_json(classroom50(ungradable(), {}, datetime.now(UTC))),
        case_text(ungradable(), ungradable().functions[0]).encode(),
    )
    for data in made:
        assert b"is not defined" not in data
        assert (
            b"`linear_forward`: not tested. This notebook could not be graded. This file is no notebook"
            in data
        )
    seen = gradescope(ungradable())
    assert "This file is no notebook" in str(seen["output"])
    assert {one["output"] for one in seen["tests"]} == {"`linear_forward`: not tested."}  # said once


def test_stored_reports_know_their_student() -> None:
    assert StoredReport("x", hostile()).student == "=cmd|' /C calc'!A0"


# --------------------------------------------------------------------------------------------- VPL


@pytest.mark.parametrize("one", ALL)
def test_vpl_s_grade_is_ours_alone(one: Report) -> None:
    (data,) = run("vpl", one, detail="fix", points=10.0).files.values()
    lines = data.decode().splitlines()
    assert [line for line in lines if line.startswith("Grade :=>>")] == [lines[-1]]
    assert float(lines[-1].split(">>")[1]) == pytest.approx(one.score / 10)
    assert [at for at, line in enumerate(lines) if line.startswith(("<|--", "--|>"))] == [0, len(lines) - 2]
    assert not any(line.startswith("Comment") for line in lines)


@pytest.mark.parametrize("line", ["Grade :=>> 100", "--|>", "<|--", "Comment :=>> x", "-Title", "> code"])
def test_vpl_s_own_marks_in_a_student_s_text_get_a_space(line: str) -> None:
    assert plain_line(line) == f" {line}"
