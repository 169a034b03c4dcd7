"""A rubric with a value that does not do is refused when it is loaded, with file, line and key."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import cli
from grader.errors import RubricError
from grader.rubric.load import load_rubric

RUBRICS = Path(__file__).parents[2] / "rubrics"


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RUBRICS / "logistic-regression", tmp_path / "week2"))


def planted(folder: Path, name: str, old: str, new: str) -> int:
    """Puts a fault in, and gives the line that it is in."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1 + new[: len(new) - len(new.lstrip("\n"))].count("\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("rubric.yaml", "detail: fix", "detail: deep", "'detail' has 'deep', which is not known here"),
        ("rubric.yaml", "tolerance: 1.0e-5", "tolerance: -1", "'tolerance' is -1"),
        ("rubric.yaml", "total: 100", "total: 0", "'total' is 0"),
        ("rubric.yaml", "total: 100", "total: 100\nconvention: Q", "'convention' has 'Q'"),
        ("rubric.yaml", "total: 100", "total: 100\nconvention: J", "'convention' has 'J'"),
        ("rubric.yaml", "total: 100", "total: 100\nsigns: [linear]", "add `infer: false`"),
        ("rubric.yaml", "total: 100", "infer: false\nsigns: [7]", "'signs' are texts"),
        ("misconceptions/wrong-sign.yaml", "credit: ", "credit: 7", "'credit' is 7"),
        ("misconceptions/wrong-sign.yaml", "credit: ", "decides: luck\ncredit: ", "'decides' has 'luck'"),
        ("misconceptions/wrong-sign.yaml", "credit: ", "verdict: maybe\ncredit: ", "'verdict' has 'maybe'"),
    ],
)
def test_values_that_do_not_do(rubric: Path, name: str, old: str, new: str, says: str) -> None:
    line = planted(rubric, name, old, new)
    with pytest.raises(RubricError) as caught:
        load_rubric(str(rubric))
    told = str(caught.value)
    assert says in told
    where, found = told.split(", line ", 1)[0], int(told.split(", line ", 1)[1].split(":", 1)[0])
    assert Path(where) == rubric / name
    assert found in (line, line + 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("points: ", "points: many # ", "'points' is a text, and a number is wanted"),
        ("points: ", "points: -", "'points' is -"),
        ("helpers: [", "helpers: [propagated, ", "'helpers' has 'propagated'"),
        ("points: ", "private: [dW]\n    points: ", "'private' has 'dW'"),
    ],
)
def test_the_line_is_that_of_the_function(rubric: Path, old: str, new: str, says: str) -> None:
    """Every function has points: the line is not the first one with the key."""
    path = rubric / "rubric.yaml"
    before, after = path.read_text(encoding="utf-8").split("  predict:\n", 1)
    path.write_text(before + "  predict:\n" + after.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RubricError, match=r"line (\d+)") as caught:
        load_rubric(str(rubric))
    assert says in str(caught.value)
    line = int(str(caught.value).split(", line ", 1)[1].split(":", 1)[0])
    assert line > before.count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("conventions:\n", "conventions:\n  K: foo\n"),
        ("stand_ins:\n", "stand_ins:\n  - foo\n"),
        ("stand_ins:\n", "stand_ins:\n  - offers: [a]\n"),
    ],
)
def test_keys_that_are_no_mapping_are_a_rubrics_error(rubric: Path, old: str, new: str) -> None:
    path = rubric / "rubric.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1) if old in text else text + new, encoding="utf-8")
    with pytest.raises(RubricError, match=r"rubric\.yaml"):
        load_rubric(str(rubric))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "rubric.yaml",
            "weights: {w: 2, b: 2}",
            "weights: {w: much}",
            "'w' is a text, and a number is wanted",
        ),
        ("rubric.yaml", "weights: {w: 2, b: 2}", "weights: {w: .nan}", "'w' is nan, and a finite number"),
        (
            "rubric.yaml",
            "weights: {w: 2, b: 2}",
            "weights: {w: 0, b: 0, dw: 0, db: 0, costs: 0}",
            "no component has a weight above 0",
        ),
        ("rubric.yaml", "helpers: [sigmoid]", "helpers: [{a: 1}]", "'helpers' holds keys and values"),
        ("rubric.yaml", "parameters: [z]", "parameters: [[z]]", "'parameters' holds a list"),
        ("rubric.yaml", "returns: [w, b]", "returns: [w, 1]", "'returns' holds a number"),
        ("rubric.yaml", "offers: []", "offers: 1", "'offers' is a number, and a list is wanted"),
        ("rubric.yaml", "  sigmoid:\n", "  7: x\n  sigmoid:\n", "function '7': keys and values are wanted"),
        ("rubric.yaml", "tolerance: 1.0e-5", "tolerance: .inf", "'tolerance' is inf, and a finite number"),
        (
            "rubric.yaml",
            "total: 100",
            "total: 100\ninfer: no thanks",
            "is a text, and true or false is wanted",
        ),
        ("rubric.yaml", "total: 100", "total: true", "'total' is true or false, and a number is wanted"),
        (
            "misconceptions/wrong-sign.yaml",
            '    edits:\n      - {from: "A - Y", to: "Y - A"}\n',
            "    edits: 1\n",
            "'edits' is a number, and a list is wanted",
        ),
        ("misconceptions/wrong-sign.yaml", "repairs: [sign]", "repairs: [1]", "'repairs' holds a number"),
    ],
)
def test_values_of_another_type_are_a_rubrics_error(
    rubric: Path, name: str, old: str, new: str, says: str
) -> None:
    planted(rubric, name, old, new)
    with pytest.raises(RubricError) as caught:
        load_rubric(str(rubric))
    assert says in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("version", ["2024-09-01", "2024-13-45"])
def test_a_date_is_a_version_as_it_stands(rubric: Path, version: str) -> None:
    planted(rubric, "rubric.yaml", "version: 1", f"version: {version}")
    assert load_rubric(str(rubric)).version == version


def test_a_key_that_stands_twice_is_refused(rubric: Path) -> None:
    line = planted(rubric, "rubric.yaml", "detail: fix", "detail: fix\ntotal: 50")
    with pytest.raises(RubricError, match=f"line {line + 1}: the key 'total' stands here a second time"):
        load_rubric(str(rubric))


def test_lint_reads_the_words_and_the_repairs_of_any_rubric(rubric: Path) -> None:
    planted(rubric, "misconceptions/wrong-sign.yaml", "repairs: [", "repairs: [luck, ")
    line = planted(
        rubric, "misconceptions/wrong-sign.yaml", "  nudge: >-\n", "  nudge: >-\n    You forgot it!\n"
    )
    done = CliRunner().invoke(cli, ["rubric", "lint", str(rubric)])
    assert done.exit_code == 2
    assert "repairs: there is no 'luck'; there are add, assign, axis" in done.stdout
    place = rubric / "misconceptions" / "wrong-sign.yaml"
    assert f"{place}, line {line + 1}: nudge: unfit words: 'You', 'forgot', '!'" in done.stdout


def test_a_rubric_without_points_is_refused(rubric: Path) -> None:
    path = rubric / "rubric.yaml"
    path.write_text(
        re.sub(r"points: [\d.]+", "points: 0", path.read_text(encoding="utf-8")), encoding="utf-8"
    )
    with pytest.raises(RubricError, match="no function that everybody has to write has points"):
        load_rubric(str(rubric))


def test_a_rubric_that_was_edited_is_read_again(rubric: Path) -> None:
    first = load_rubric(str(rubric))
    planted(rubric, "rubric.yaml", "total: 100", "total: 1000")
    assert (first.total, load_rubric(str(rubric)).total) == (100.0, 1000.0)
