"""What each platform hands in beside the notebook, and the form that it wants its result in."""

from __future__ import annotations

import json

import pytest
from platform_world import NOTEBOOK, WHERE, World, broken, fake_grade

from grader.model import Report

METADATA = {
    "id": 77,
    "created_at": "2026-11-20T10:00:00.000000-08:00",
    "assignment": {"due_date": "2026-11-20T17:30:00.000000+00:00", "total_points": "20.0", "group_size": None},
    "submission_method": "upload",
    "users": [{"email": "ada@x.org", "id": 1, "name": "Ada"}, {"email": "bob@x.org", "id": 2, "name": "Bob"}],
    "previous_submissions": [{"submission_time": "x", "score": "12.5"}, {"submission_time": "y", "score": None}],
}  # fmt: skip


# -------------------------------------------------------------------------------------- Gradescope


def test_gradescope_s_metadata_is_passed_through(world: World) -> None:
    seen: list[object] = []

    def look(*args: object) -> Report:
        seen.append(args[1:])
        return fake_grade(*args)  # type: ignore[arg-type]

    world.put(WHERE["gradescope"][0], NOTEBOOK)
    world.put("autograder/submission_metadata.json", METADATA)
    world.env["GRADER_POINTS"] = "20"
    world.run("gradescope", look)
    assert seen == [("week4.ipynb", "77", "ada@x.org")]
    data = world.json(WHERE["gradescope"][1])
    assert data["score"] == 5
    assert str(data["output"]).startswith("Handed in 30 minutes after the due date.")
    assert "submission number 3. The best score before was 12.5." in str(data["output"])
    extra = data["extra_data"]
    assert isinstance(extra, dict)
    assert (extra["students"], extra["late_seconds"]) == (["ada@x.org", "bob@x.org"], 1800)


@pytest.mark.parametrize(
    "metadata", [b"{", b"[]", {"users": 3, "assignment": [], "previous_submissions": {}, "created_at": 5}]
)
def test_strange_metadata_does_no_harm(world: World, metadata: object) -> None:
    world.put(WHERE["gradescope"][0], b"good")
    world.put("autograder/submission_metadata.json", metadata)
    assert world.run("gradescope") == 0
    assert world.json(WHERE["gradescope"][1])["score"] == 100


# ------------------------------------------------------------------- PrairieLearn, Coursera, others


def test_prairielearn_failures_cost_no_attempt(world: World) -> None:
    world.put(WHERE["prairielearn"][0], NOTEBOOK)
    world.run("prairielearn", broken)
    assert world.json(WHERE["prairielearn"][1])["gradable"] is False


def test_coursera_parts_are_functions(world: World) -> None:
    world.put(WHERE["coursera"][0], NOTEBOOK)
    world.put("grader/parts.json", {"p1": ["linear_forward", "linear_backward"], "p2": "update_parameters"})
    for part, wanted in (("p1", 0.7), ("p2", 0.0), ("other", 0.25)):
        world.env["partId"] = part
        assert world.run("coursera") == 0
        assert world.json(WHERE["coursera"][1])["fractionalScore"] == pytest.approx(wanted)


def test_vpl_prints_its_grade_last_and_between_its_limits(world: World) -> None:
    world.env |= {"VPL_SUBFILE0": "mine.ipynb", "VPL_GRADEMIN": "1", "VPL_GRADEMAX": "5"}
    world.put("work/mine.ipynb", NOTEBOOK)
    world.put("work/other.ipynb", b"good")
    assert world.run("vpl") == 0
    lines = world.stdout.decode().splitlines()
    assert lines[0] == "<|--"
    assert lines[-2:] == ["--|>", "Grade :=>> 2"]
    assert sum(line.startswith("Grade :=>>") for line in lines) == 1


def test_vpl_gets_no_grade_when_nothing_was_graded(world: World) -> None:
    world.put("work/mine.ipynb", NOTEBOOK)
    assert world.run("vpl", broken) == 3
    assert b"Grade :=>>" not in world.stdout
    assert world.stdout.startswith(b"<|--\n")


def message(response: str) -> bytes:
    body = {
        "student_response": response,
        "grader_payload": "{}",
        "student_info": json.dumps({"anonymous_student_id": "s1"}),
    }
    return json.dumps({"xqueue_header": "{}", "xqueue_body": json.dumps(body), "xqueue_files": "{}"}).encode()


@pytest.mark.parametrize(("response", "wanted"), [("good", 1.0), ("{}", 0.25), ("", 0.0)])
def test_edx_answers_a_message(world: World, response: str, wanted: float) -> None:
    world.stdin = message(response)
    assert world.run("edx") == 0
    reply = json.loads(world.stdout)
    assert set(reply) == {"correct", "score", "msg"}
    assert reply["score"] == wanted


@pytest.mark.parametrize("noise", [b"", b"{", b"[1]", b'{"xqueue_body": 7}', b"[" * 100_000])
def test_edx_survives_noise(world: World, noise: bytes) -> None:
    world.stdin = noise
    assert world.run("edx") == 0
    assert json.loads(world.stdout)["score"] == 0


def test_inginious_reads_its_input(world: World) -> None:
    world.put("files/up.ipynb", b"good")
    answers = {
        "@username": "ada",
        "q1": {"filename": "week4.ipynb", "value": "/files/up.ipynb"},
        "q2": "a text",
    }
    world.put(".__input/__inputdata.json", json.dumps({"input": answers}).encode() + b"\0\n")
    assert world.run("inginious") == 0
    data = world.json(".__output/__feedback.json")
    assert (data["result"], data["grade"]) == ("success", 100)
    assert world.run("inginious", broken) == 3
    assert world.json(".__output/__feedback.json")["result"] == "crash"


def test_classroom50_follows_its_schema(world: World) -> None:
    from jsonschema import Draft202012Validator
    from result_schemas import CLASSROOM50

    validator = Draft202012Validator(CLASSROOM50)
    world.env = {
        "CLASSROOM": "ml", "ASSIGNMENT": "week4", "SUBMISSION_TAG": "submit/2026-11-20", "USERNAME": "ada",
        "ASSIGNMENT_TYPE": "individual", "COMMIT_URL": "u", "RELEASE_URL": "u", "REVIEW_URL": "u",
    }  # fmt: skip
    world.put("work/week4.ipynb", NOTEBOOK)
    for grade in (fake_grade, broken):
        world.run("classroom50", grade)
        validator.validate(world.json("work/result.json"))
    world.env = {}
    world.run("classroom50")
    data = world.json("work/result.json")
    validator.validate(data)
    assert not validator.is_valid({**data, "score": 1.5})
