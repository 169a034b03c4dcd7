"""What an instructor or a student gets wrong: no notebook, a strange setting, a part's misspelt function."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from platform_world import NOTEBOOK, World

from grader.platforms.run import Pipeline

WHERE = {
    "gradescope": ("autograder/submission/a.ipynb", "autograder/results/results.json"),
    "prairielearn": ("grade/student/a.ipynb", "grade/results/results.json"),
    "coursera": ("shared/submission/a.ipynb", "shared/feedback.json"),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"%PDF-1.4"])
def test_what_is_no_notebook_is_a_result_even_without_a_rubric(world: World, data: bytes) -> None:
    world.put(WHERE["prairielearn"][0], data)
    assert world.run("prairielearn", Pipeline(None)) == 0
    result = world.json(WHERE["prairielearn"][1])
    assert result["gradable"] is False
    assert "not your fault" not in json.dumps(result)


@pytest.mark.parametrize("seconds", ["-4", "nan", "inf", "soon"])
def test_a_strange_limit_is_passed_over(world: World, seconds: str) -> None:
    world.env["GRADER_SECONDS"] = seconds
    world.put(WHERE["gradescope"][0], NOTEBOOK)
    assert world.run("gradescope") == 0


@pytest.mark.parametrize(
    ("parts", "words"),
    [(b'{"p1": "linear_bakward"}', "names 'linear_bakward'"), (b"{", "not readable as JSON")],
)
def test_a_part_is_never_graded_on_other_functions_than_meant(world: World, parts: bytes, words: str) -> None:
    world.put(WHERE["coursera"][0], NOTEBOOK)
    world.put("grader/parts.json", parts)
    world.env["partId"] = "p1"
    assert world.run("coursera") == 2
    result = world.json(WHERE["coursera"][1])
    assert (result["fractionalScore"], words in str(result["feedback"])) == (0, True)
