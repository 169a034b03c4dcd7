"""The pytest plugin in pytest's own processes."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
#: Where the distribution's entry point is not installed, the plugin is named on the command line.
INSTALLED = any(one.name == "grader" for one in metadata.entry_points(group="pytest11"))
NAMED = [] if INSTALLED else ["-p", "grader.plugins.pytest_plugin"]
OWN_TESTS = """
import numpy as np, pytest

W, b, A = np.ones((2, 4)), np.ones((2, 1)), np.ones((4, 3))

def test_numbers(student):
    Z, cache = student.linear_forward(A, W, b)
    assert np.array_equal(Z, np.full((2, 3), 5.0))

def test_names(student):
    Z, cache = student.linear_forward(A, b=b, W=W)
    assert Z.shape == (2, 3)

def test_an_error_is_the_students(student):
    with pytest.raises(ValueError, match="raised by the student's linear_forward in cell"):
        student.linear_forward(A, np.ones((2, 5)), b)

def test_unknown_argument(student):
    with pytest.raises(TypeError, match="by the rubric's names: A, W, b"):
        student.linear_forward(A, weights=W)

def test_what_is_not_there(student):
    student.nothing(1)

def test_seed(student):
    one, two = (student.initialize_parameters(2, 3, 1, seed=s)["W1"] for s in (4, 4))
    assert np.array_equal(one, two)
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`pytest ARGS` in an empty folder."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        # CodeGrade's reporter, where it is installed, breaks every run under xdist.
        without = ("-p", "no:cacheprovider", "-p", "no:cg_pytest_reporter")
        command = [sys.executable, "-m", "pytest", *without, *NAMED, *map(str, arguments)]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    return run


def test_each_function_is_a_test(run: Run, samples: Path, tmp_path: Path) -> None:
    notebook = samples / "blaise-1-over-m-missing.ipynb"
    done = run("--submission", notebook, "--rubric", "dnn-step-by-step", "--junitxml", "junit.xml", "-v")
    assert done.returncode == 1
    assert "9 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "blaise-1-over-m-missing.ipynb: 96.67 / 100" in done.stdout
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert len(suite) == 10
    failures = {
        case.get("name"): case.findtext("failure") for case in suite if case.find("failure") is not None
    }
    assert list(failures) == ["linear_backward"]
    assert "summed over the batch" in str(failures["linear_backward"])
    assert "Score: 6.67 / 10" in str(failures["linear_backward"])


def test_a_right_notebook_passes_with_own_tests_chosen_by_name(
    run: Run, samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "test_own.py").write_text(OWN_TESTS)
    done = run(
        "--submission", samples / "right-2021.ipynb", "-k", "compute_cost or (test_own and not what_is_not)"
    )
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_a_function_that_is_not_there_is_told(run: Run, samples: Path, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN_TESTS)
    done = run("--submission", samples / "right-2021.ipynb", "-k", "what_is_not_there")
    assert "StudentError: nothing is not defined in this notebook (missing)" in done.stdout


def test_one_function_by_its_address(run: Run, samples: Path, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_bytes((samples / "carl-dal-wrong-sign.ipynb").read_bytes())
    done = run("--submission", "nb.ipynb", "nb.ipynb::L_model_backward", "--feedback-detail", "nudge")
    assert "1 failed" in done.stdout
    assert "Where to look" in done.stdout
    assert "Why it matters" not in done.stdout


@pytest.mark.platform
def test_with_xdist(run: Run, samples: Path) -> None:
    pytest.importorskip("xdist")
    done = run("--submission", samples / "blaise-1-over-m-missing.ipynb", "-n", "2")
    assert "1 failed, 9 passed" in done.stdout


def test_an_ungradable_notebook_fails_and_says_why(run: Run, samples: Path) -> None:
    done = run(
        "--submission",
        samples / "otto-not-a-notebook.ipynb",
        "--rubric",
        "dnn-step-by-step",
        "-k",
        "linear_forward",
    )
    assert "This notebook could not be graded." in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--submission", "nothing.ipynb"], "nothing.ipynb: No such file"),
        (
            ["--submission", "right-2021.ipynb", "--rubric", "dnn-step-by-stop"],
            "the nearest is 'dnn-step-by-step'",
        ),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    arguments: list[str], words: str, run: Run, samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "right-2021.ipynb").write_bytes((samples / "right-2021.ipynb").read_bytes())
    done = run(*arguments)
    assert done.returncode == 4
    assert words in done.stderr + done.stdout


def test_without_a_submission_nothing_happens(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    assert not {'numpy', 'msgspec', 'yaml', 'grader.model', 'grader.pipeline'} & set(sys.modules)\n"
        "def test_skipped(student): ...\n"
    )
    done = run("-rs")
    assert "1 passed, 1 skipped" in done.stdout
    assert "needs --submission" in done.stdout
