"""Notebooks checked with a student pack: what is named, what is told apart, and on the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pack_samples import forms_of, small_pack, small_plan, small_rubric

from grader.cli.main import cli
from grader.model import Report
from grader.packed import PackGrader
from grader.pipeline import Grader
from grader.rubric.edits import compose
from grader.rubric.load import load_rubric, load_source
from grader.rubric.pack_answers import merged
from grader.rubric.plan import Plan
from grader.rubric.schema import Form, Rubric
from grader.worker.sandbox import Sandbox


@pytest.fixture
def rubric() -> Rubric:
    return small_rubric()


@pytest.fixture
def data() -> bytes:
    return small_pack()


@pytest.fixture
def plan() -> Plan:
    return small_plan()


# --------------------------------------------------------------------------------------- diagnosis


def script(*edited: Form) -> bytes:
    """The reference as a student's script, with the edits of some forms."""
    made = compose(load_source("dnn"), [edit for form in edited for edit in form.edits])
    assert made is not None
    return made.encode()


@pytest.fixture(scope="module")
def graders() -> Iterator[tuple[Grader, PackGrader]]:
    with Sandbox.start("best") as sandbox:
        yield Grader(small_rubric(), sandbox, 11), PackGrader(small_plan(), sandbox)


def named(report: Report) -> set[tuple[str, str]]:
    return {(one.name, found.misconception) for one in report.functions for found in one.diagnoses}


def check(grader: Grader, data: bytes) -> Report:
    return grader.grade(data, "week4.py", "week4", None)


def test_a_right_notebook_passes(graders: tuple[Grader, PackGrader]) -> None:
    report = check(graders[1], script())
    assert [one.status for one in report.functions] == ["passed"] * len(report.functions)
    assert (report.score, report.convention, report.notes) == (100.0, "L", ())


def test_a_notebook_that_keeps_to_J_passes(graders: tuple[Grader, PackGrader]) -> None:
    edits = load_rubric("dnn-step-by-step").conventions["J"].values()
    made = compose(load_source("dnn"), edits)
    assert made is not None
    report = check(graders[1], made.encode())
    assert (report.score, report.convention) == (100.0, "J")


@pytest.mark.parametrize("key", [
    "missing-1-over-m@dW", "doubled-1-over-m@db", "dal-wrong-sign", "dal-missing-second-term", "forward-missing-bias",
    "relu-mask-missing", "update-plus-sign", "cost-missing-minus", "dal-includes-1-over-m", "db-sum-all",
])  # fmt: skip
def test_a_misconception_is_named_as_by_the_rubric(
    key: str, rubric: Rubric, graders: tuple[Grader, PackGrader]
) -> None:
    form = next(form for name, form in forms_of(rubric).items() if name == key or name.startswith(f"{key}@"))
    by_rubric, by_pack = (check(grader, script(form)) for grader in graders)
    assert named(by_pack) == named(by_rubric) != set()
    assert by_pack.score == by_rubric.score
    assert [note.code for note in by_pack.notes][-1:] == ["student-pack"]


def test_what_own_helpers_do_not_separate_is_said(graders: tuple[Grader, PackGrader]) -> None:
    unlisted = script().replace(b"dA_prev = W.T @ dZ", b"dA_prev = W.T @ dZ + 0.25")
    by_rubric, by_pack = ({one.name: one for one in check(grader, unlisted).functions} for grader in graders)
    assert by_rubric["L_model_backward"].status == "passed"
    assert by_pack["L_model_backward"].status == "failed"
    assert by_pack["L_model_backward"].diagnoses == ()
    notes = {note.code: note.message for note in by_pack["L_model_backward"].notes}
    assert "`linear_backward`" in notes["not-separated"]
    assert [note.code for note in by_pack["linear_backward"].notes] == []


def test_an_error_of_its_own_is_named_beside_one_of_a_helper(graders: tuple[Grader, PackGrader]) -> None:
    text = script().decode().replace("db_sum = np.sum(dZ, axis=1, keepdims=True)", "db_sum = np.sum(dZ)")
    own = text.rindex("return dA_prev, dW, db\n")
    text = text[:own] + text[own:].replace("dW, db", "dW * dA.shape[1], db", 1)
    report = check(graders[1], text.encode())
    assert named(report) >= {
        ("linear_backward", "db-sum-all"),
        ("linear_activation_backward", "missing-1-over-m"),
    }
    layer = next(one for one in report.functions if one.name == "linear_activation_backward")
    assert [found.components for found in layer.diagnoses] == [("dW",)]
    assert [note.code for note in layer.notes] == ["follows-on"]


def test_one_function_alone_shows_its_helpers_errors(graders: tuple[Grader, PackGrader]) -> None:
    text = script().replace(b"dW = dW_sum / m", b"dW = dW_sum")
    report = graders[1].grade(text, "week4.py", "week4", None, ["linear_activation_backward"])
    assert named(report) == {("linear_activation_backward", "missing-1-over-m")}


def test_what_a_helper_has_inlined_is_told_once(graders: tuple[Grader, PackGrader]) -> None:
    """relu_backward is nobody's function here: its error is linear_activation_backward's, and told there."""
    text = script().decode()
    start = text.index("def relu_backward")
    text = text[:start] + text[text.index("def initialize_parameters(") :]
    report = check(
        graders[1], text.replace("dZ = relu_backward(dA, activation_cache)", "dZ = np.array(dA)").encode()
    )
    assert named(report) == {("linear_activation_backward", "relu-mask-missing")}
    model = next(one for one in report.functions if one.name == "L_model_backward")
    assert (model.status, [note.code for note in model.notes]) == ("passed", ["follows-on"])


def test_changes_side_by_side() -> None:
    right = (0, 1, 2, 3)
    assert merged(right, [(0, 9, 2, 3), (0, 1, 2, 8)]) == (0, 9, 2, 8)
    assert merged(right, [right, (0, 1, 2, 8)]) == (0, 1, 2, 8)
    assert merged(right, [(0, 9, 2, 3), (0, 8, 2, 3)]) is None
    assert merged(right, [(0, 9, 2, 3), (1, 7)]) is None


def test_course_modules_are_served(graders: tuple[Grader, PackGrader]) -> None:
    cut = script().decode()
    imported = (
        "from dnn_utils_v2 import sigmoid, relu, sigmoid_backward, relu_backward\n"
        + cut[cut.index("def initialize_parameters(") :]
    )
    report = check(graders[1], b"import numpy as np\n" + imported.encode())
    assert report.score == 100.0


# ------------------------------------------------------------------------------- on the command line


@pytest.fixture(scope="module")
def rubric_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rubric folder with three misconceptions."""
    whole = load_rubric("dnn-step-by-step").folder
    assert whole is not None
    folder = tmp_path_factory.mktemp("rubrics") / "small"
    (folder / "misconceptions").mkdir(parents=True)
    shutil.copy(whole / "rubric.yaml", folder)
    for name in ("missing-1-over-m", "dal-wrong-sign", "forward-missing-bias"):
        shutil.copy(whole / "misconceptions" / f"{name}.yaml", folder / "misconceptions")
    return folder


def test_from_a_rubric_to_feedback(rubric_folder: Path, tmp_path: Path) -> None:
    target, notebook = tmp_path / "week4.pack", tmp_path / "week4.py"
    made = CliRunner().invoke(cli, ["rubric", "pack", str(rubric_folder), "-o", str(target), "--seed", "3"])
    assert (made.exit_code, made.output.strip()) == (0, str(target))
    notebook.write_bytes(script().replace(b"dW = dW_sum / m", b"dW = dW_sum"))
    checked = CliRunner().invoke(cli, ["check", str(notebook), "--pack", str(target), "--json"])
    report = json.loads(checked.stdout)
    assert checked.exit_code == 1
    assert report["rubric"]["id"] == "small"
    (found,) = [one for function in report["functions"] for one in function["diagnoses"]]
    assert (found["misconception"], found["evidence"]) == ("missing-1-over-m", "proved")
    assert found["feedback"]["explanation"]
    assert not found["feedback"]["fix"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seed", "1"], "do not go together"),
        (["--rubric", "other"], "not of other"),
        (["linear_forwards"], "no function 'linear_forwards'"),
    ],
)
def test_what_does_not_go_with_a_pack_is_told(
    options: list[str], words: str, data: bytes, tmp_path: Path
) -> None:
    target, notebook = tmp_path / "week4.pack", tmp_path / "week4.py"
    target.write_bytes(data)
    notebook.write_bytes(script())
    result = CliRunner().invoke(cli, ["check", str(notebook), *options, "--pack", str(target)])
    assert result.exit_code == 2
    assert words in result.output
