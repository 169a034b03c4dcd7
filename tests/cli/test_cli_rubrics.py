"""`grader explain` and `grader rubric`: what they print of a rubric on disk."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from cli_doubles import Run

from grader.cli import catalogue
from grader.rubric.shipped import shipped_rubrics


def test_explains_at_three_levels(run: Run, rubric: Path) -> None:
    text = run("explain", "missing-1-over-m", "--rubric", rubric).stdout
    for wanted in (
        "missing-1-over-m: summed over the batch, not averaged",
        "linear_backward",
        "Compare how `dW` grows with m.",
        "The cost is a mean, so its slope is one too.",
        "Divide by m.",
        "See also: cost-missing-minus",
    ):
        assert wanted in text


def test_rubrics_that_tell_an_error_otherwise_have_a_section_each(run: Run) -> None:
    text = " ".join(run("explain", "last-layer-relu").stdout.split())
    first, second = text.index("In dnn-step-by-step: "), text.index("In regression-step-by-step: ")
    assert 'Pass `"sigmoid"`' in text[first:second]
    assert 'Pass `"linear"`' in text[second:]
    alone = run("explain", "last-layer-relu", "--rubric", "regression-step-by-step").stdout
    assert '`"sigmoid"`' not in alone
    assert "In regression" not in alone


def test_explains_no_deeper_than_the_rubric_lets_students_see(run: Run, rubric: Path) -> None:
    file = rubric / "rubric.yaml"
    file.write_text(file.read_text() + "detail: nudge\n")
    text = run("explain", "missing-1-over-m", "--rubric", rubric).stdout
    assert "Compare how `dW` grows with m." in text
    assert "The cost is a mean" not in text
    assert "Divide by m." not in text
    assert "shows students no more" in text


def test_rubrics_with_the_same_words_are_told_once(run: Run) -> None:
    text = run("explain", "relu-leaky").stdout
    assert "In dnn-step-by-step" not in text
    assert text.count("Where to look") == 1


def test_lists_by_function_without_an_id(run: Run, rubric: Path) -> None:
    lines = run("explain", "--rubric", rubric).stdout.splitlines()
    assert lines[0] == "small: A small one"
    assert lines[3] == "linear_backward"
    assert lines[4].split(maxsplit=1) == ["missing-1-over-m", "summed over the batch, not averaged"]
    assert "compute_cost" in lines


def test_lists_each_rubric_under_its_own_name(run: Run) -> None:
    text = run("explain").stdout
    heads = [text.index(f"{one.id}: {one.title}\n===") for one in catalogue.rubrics(None)]
    assert heads[0] == 0
    assert len(heads) == len(shipped_rubrics())
    assert text.index("cost-cross-entropy ") > text.index("regression-step-by-step: ")


def test_a_typo_names_the_nearest(run: Run, rubric: Path) -> None:
    result = run("explain", "mising-1-over-m", "--rubric", rubric)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'missing-1-over-m'" in result.stderr


def test_shows_functions_points_and_misconceptions(run: Run, rubric: Path) -> None:
    text = run("rubric", "show", rubric).stdout
    assert "A small one" in text
    assert any(line.split()[:3] == ["linear_backward", "10", "points"] for line in text.splitlines())
    assert "2 misconceptions:" in text


def test_lists_the_shipped_rubrics(run: Run) -> None:
    result = run("rubric", "list")
    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert "Building your Deep Neural Network: Step by Step (14 functions" in dict(lines)["dnn-step-by-step"]
    assert set(dict(lines)) == set(shipped_rubrics())


def test_a_broken_rubric_says_where(run: Run, rubric: Path) -> None:
    file = rubric / "rubric.yaml"
    file.write_text(file.read_text().replace("points: 5", "pionts: 5"))
    result = run("rubric", "show", rubric)
    assert result.exit_code == 2
    assert "'pionts'" in result.stderr
    assert "'points'" in result.stderr


def test_python_dash_m() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "grader", "rubric", "list"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0
    assert "dnn-step-by-step" in result.stdout


def test_every_shipped_explanation_is_without_gaps() -> None:
    for rubric in catalogue.rubrics(None):
        for name in rubric.misconceptions:
            text = "\n".join(catalogue.page(name, [rubric]))
            assert not re.search(r"\{(components|function|ratio)\}", text), name
            assert "What to change" in text


def test_what_a_report_fills_in_is_told_in_general(run: Run) -> None:
    assert "Look for m in the lines that compute `dW` or `db`." in " ".join(
        run("explain", "missing-1-over-m").stdout.split()
    )


def test_the_example_in_contributing_is_a_misconception(tmp_path: Path, run: Run) -> None:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    folder = tmp_path / "dnn"
    shutil.copytree(shipped_rubrics()["dnn-step-by-step"], folder)
    (folder / "misconceptions" / "as-documented.yaml").write_text(text.split("```yaml\n")[1].split("```")[0])
    result = run("explain", "as-documented", "--rubric", folder)
    assert result.exit_code == 0, result.stderr
    assert "as-documented: the cost has an extra factor ½" in result.stdout
