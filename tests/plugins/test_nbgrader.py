"""A real nbgrader course: release, collect, autograde with this grader, feedback, export."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.rubric.load import load_source

pytestmark = pytest.mark.platform
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader")

CONFIG = """
from grader.plugins.nbgrader_preprocessor import install
c = get_config()
c.CourseDirectory.course_id = "ml"
c.Exchange.root = {exchange!r}
c.Exchange.assignment_dir = {home!r}
install(c, rubric="dnn-step-by-step", seed=4, execute={execute})
"""
FUNCTIONS = ["linear_forward", "linear_backward", "compute_cost"]


def function(name: str) -> str:
    source = load_source("dnn")
    start, end = source.spans[name]
    return source.text[start:end].rstrip()


def solution(name: str, number: int) -> Any:
    head, _, body = function(name).partition("\n")
    text = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    return cell(text, grade=False, solution=True, locked=False, grade_id=f"cell-{number}")


def cell(source: str, **nbgrader: Any) -> Any:
    settings = {"schema_version": 3, "task": False, **nbgrader}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": settings})


def check(name: str, points: int) -> Any:
    return cell(
        f"assert callable({name})",
        grade=True,
        solution=False,
        locked=True,
        points=points,
        grade_id=f"test_{name}",
    )


class Course:
    """The instructor's course folder, and what students hand in."""

    def __init__(self, root: Path, execute: bool) -> None:
        self.root = root / "course"
        self.home = root / "home"
        self.exchange = root / "exchange"
        for folder in (self.root, self.home, self.exchange):
            folder.mkdir()
        self.exchange.chmod(0o777)
        config = CONFIG.format(exchange=str(self.exchange), home=str(self.home), execute=execute)
        (self.root / "nbgrader_config.py").write_text(config)

    def run(self, *command: str, user: str = "teacher", cwd: Path | None = None) -> str:
        programs = Path(sys.executable).parent  # nbgrader calls alembic by its name
        path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
        env = {**os.environ, "HOME": str(self.home), "USER": user, "JUPYTER_PLATFORM_DIRS": "1", "PATH": path}
        program = programs / "nbgrader"
        done = subprocess.run(
            [str(program), *command],
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd or self.root,
            env=env,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def write_source(self) -> None:
        cells = [nbformat.v4.new_code_cell("import numpy as np")]
        for number, name in enumerate(FUNCTIONS):
            cells += [solution(name, number), check(name, 4)]
        cells.append(cell("assert True", grade=True, solution=False, locked=True, points=1, grade_id="style"))
        folder = self.root / "source" / "week4"
        folder.mkdir(parents=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "week4.ipynb")

    def submit(self, student: str, edit: Callable[[str], str]) -> None:
        """The released notebook, its blanks filled in with the edited solution, collected."""
        released = self.root / "release" / "week4" / "week4.ipynb"
        notebook = nbformat.read(released, as_version=4)
        for one in notebook.cells:
            for name in FUNCTIONS:
                if one.source.startswith(f"def {name}("):
                    one.source = edit(function(name))
        folder = self.root / "submitted" / student / "week4"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "week4.ipynb")


def spoilt(text: str) -> str:
    return text.replace("dW = dW_sum / m", "dW = dW_sum")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    made = Course(tmp_path_factory.mktemp("nbgrader"), execute=True)
    made.write_source()
    made.run("generate_assignment", "week4", "--create")
    made.run("release_assignment", "week4")
    hand_in(made)
    made.run("collect", "week4")
    made.submit("bea", str)
    made.submit(
        "cleo",
        lambda text: (
            text if "cost" in text else text[: text.index("\n")] + "\n    raise NotImplementedError()"
        ),
    )
    made.run("autograde", "week4")
    made.run("generate_feedback", "week4")
    yield made


def hand_in(course: Course) -> None:
    """One student goes all the way through the exchange."""
    work = course.home
    course.run("fetch_assignment", "week4", "--course=ml", f"--Exchange.root={course.exchange}", cwd=work)
    path = work / "week4" / "week4.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for one in notebook.cells:
        for name in FUNCTIONS:
            if one.source.startswith(f"def {name}("):
                one.source = spoilt(function(name))
    nbformat.write(notebook, path)
    course.run("submit", "week4", "--course=ml", f"--Exchange.root={course.exchange}", cwd=work)


def gradebook(course: Course) -> Any:
    from nbgrader.api import Gradebook  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")


def scores(course: Course, student: str) -> dict[str, tuple[float, float]]:
    with gradebook(course) as book:
        found = book.find_submission_notebook("week4", "week4", student)
        return {grade.name: (grade.auto_score, grade.max_score) for grade in found.grades}


def comments(course: Course, student: str) -> dict[str, str]:
    with gradebook(course) as book:
        found = book.find_submission_notebook("week4", "week4", student)
        return {comment.name: comment.auto_comment or "" for comment in found.comments}


def exchanged(course: Course) -> str:
    """The student who came through the exchange: nbgrader takes the name of who runs it."""
    (name,) = {path.name for path in (course.root / "submitted").iterdir()} - {"bea", "cleo"}
    return name


def test_a_right_notebook_has_full_points(course: Course) -> None:
    assert scores(course, "bea") == {**{f"test_{name}": (4, 4) for name in FUNCTIONS}, "style": (1, 1)}


def test_a_misconception_costs_its_part_and_is_explained_beside_the_solution(course: Course) -> None:
    """dW is a third of linear_backward, of which half is kept: 4 × (1 − 1/6)."""
    student = exchanged(course)
    assert scores(course, student)["test_linear_backward"] == (pytest.approx(4 * 5 / 6, abs=0.001), 4)
    assert scores(course, student)["test_linear_forward"] == (4, 4)
    said = comments(course, student)
    assert "summed over the batch" in said["cell-1"]
    assert "all tests passed" in said["cell-0"]


def test_blanks_have_no_points_though_their_asserts_pass(course: Course) -> None:
    found = scores(course, "cleo")
    assert (found["test_linear_forward"][0], found["test_compute_cost"][0]) == (0, 4)


def test_feedback_pages_show_the_explanation(course: Course) -> None:
    page = (course.root / "feedback" / exchanged(course) / "week4" / "week4.html").read_text()
    assert "summed over the batch" in page
    assert "missing-1-over-m" in page


def test_a_score_set_by_a_person_stays(course: Course) -> None:
    with gradebook(course) as book:
        grade = book.find_grade("test_compute_cost", "week4", "week4", "bea")
        grade.manual_score = 3.5
        book.db.commit()
    course.run("autograde", "week4", "--student=bea", "--force")
    with gradebook(course) as book:
        grade = book.find_grade("test_compute_cost", "week4", "week4", "bea")
        assert (grade.manual_score, grade.auto_score, grade.score) == (3.5, 4, 3.5)
        assert grade.needs_manual_grade


def test_export(course: Course, tmp_path: Path) -> None:
    target = tmp_path / "grades.csv"
    exporter = "grader.plugins.nbgrader_preprocessor.FeedbackExport"
    course.run("export", f"--exporter={exporter}", f"--to={target}")
    rows = {row["student_id"]: row for row in csv.DictReader(target.open(encoding="utf-8"))}
    assert set(rows) == {"bea", "cleo", exchanged(course)}
    assert rows["bea"]["max_score"] == "13"
    assert "summed over the batch" in rows[exchanged(course)]["feedback"]
    assert "<p>" not in rows[exchanged(course)]["feedback"]


def test_without_execution_other_cells_wait_for_a_person(tmp_path: Path) -> None:
    made = Course(tmp_path, execute=False)
    made.write_source()
    made.run("generate_assignment", "week4", "--create")
    escaped = tmp_path / "escaped"
    made.submit("ada", lambda text: f"{text}\n\nopen({str(escaped)!r}, 'w').close()")
    made.run("autograde", "week4")
    with gradebook(made) as book:
        style = book.find_grade("style", "week4", "week4", "ada")
        assert (style.auto_score, style.needs_manual_grade) == (None, True)
        assert book.find_grade("test_linear_forward", "week4", "week4", "ada").auto_score == 4
    assert not escaped.exists()
