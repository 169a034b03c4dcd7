"""The name that was probably meant: one helper with one measure, for every door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import grader
from grader.nearest import nearest


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("chek", "; the nearest is 'check'"),
        ("CHEK", "; the nearest is 'check'"),
        ("week4.ipynb", "; the nearest is 'Week 4.ipynb'"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_is_found_whatever_the_case(name: str, hint: str) -> None:
    assert nearest(name, ["check", "grade", "Week 4.ipynb"]) == hint


def test_no_other_place_says_it() -> None:
    sources = Path(grader.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "the nearest is {" in path.read_text("utf-8")] == ["nearest.py"]


def test_explaining_from_a_program_needs_no_command_line() -> None:
    code = (
        "import sys; sys.modules['click'] = None\n"
        "import grader\n"
        "print(grader.explain('missing-1-over-m'))\n"
        "try: grader.explain('missing-1-over-n')\n"
        "except grader.errors.UsageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the nearest is 'missing-1-over-m'" in done.stdout
