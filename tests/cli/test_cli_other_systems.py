"""macOS and Windows, as far as Linux can pretend to be one of them (`pretend.py`): what works there, and what is said."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing has to be pretended")
pytestmark = linux_only

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_submissions" / "logistic-regression"
WRONG = "bertha-1-over-m-missing"
RIGHT = "right-2021"


def grader(system: str, *args: object, root: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, Path(__file__).with_name("pretend.py"), system, *args]
    env = os.environ | ({"GRADER_ROOT": str(root)} if root else {})
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=env
    )
    assert "itself broke" not in done.stderr + done.stdout, done.stderr
    return done


@pytest.fixture(scope="module", params=["darwin", "win32"])
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def class_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for name in (WRONG, RIGHT):
        shutil.copy(SAMPLES / f"{name}.ipynb", folder)
    (folder / "empty.ipynb").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def graded(system: str, class_: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "graded"
    done = grader(system, "grade", class_, "--rubric", "logistic-regression", "--out", out, "--seed", 7, "--unsafe")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


def test_a_class_is_graded_as_anywhere_and_marked_as_not_isolated(graded: Path, system: str) -> None:
    rows = {
        row["submission"]: row
        for row in csv.DictReader((graded / "grades.csv").read_text("utf-8").splitlines())
    }
    assert {name: row["score"] for name, row in rows.items()} == {"empty": "0", WRONG: "88.33", RIGHT: "100"}
    assert rows[WRONG]["misconceptions"] == "missing-1-over-m"
    isolation = json.loads((graded / "run.json").read_text())["isolation"]
    layers = ["process"] if system == "win32" else ["process", "rlimits"]
    assert isolation == {"tier": "none", "layers": layers}


def test_what_is_graded_is_kept(system: str, class_: Path, graded: Path) -> None:
    done = grader(system, "grade", class_, "--rubric", "logistic-regression", "--out", graded, "--unsafe")
    assert (done.returncode, "3 kept" in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr


def test_without_unsafe_nothing_is_graded(system: str, class_: Path, tmp_path: Path) -> None:
    done = grader(system, "grade", class_, "--rubric", "logistic-regression", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "needs Linux" in done.stderr
    assert "--unsafe" in done.stderr


def test_shards_share_a_folder(system: str, tmp_path: Path) -> None:
    out, class_ = tmp_path / "out", tmp_path / "class"
    class_.mkdir()
    for name in ("a", "ä"):
        (class_ / f"{name}.ipynb").write_bytes(b"")
    for part in ("1/2", "2/2"):
        done = grader(system, "grade", class_, "--rubric", "logistic-regression", "--out", out, "--shard", part, "--unsafe")  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(list(csv.DictReader((out / "grades.csv").read_text("utf-8").splitlines()))) == 2


def test_a_student_checks(system: str) -> None:
    done = grader(system, "check", SAMPLES / f"{WRONG}.ipynb", "--json", "--seed", 7)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["functions"][2]["diagnoses"]
    assert [(one["misconception"], one["evidence"]) for one in found] == [("missing-1-over-m", "proved")]


@pytest.mark.parametrize(
    "command",
    [
        ("report", "GRADED"),
        ("export", "GRADED", "--to", "nbgrader"),
        ("export", "GRADED", "--to", "gradescope"),
        ("explain", "missing-1-over-m"),
        ("rubric", "list"),
        ("rubric", "name-cluster", "GRADED"),
        ("rubric", "lint", "logistic-regression"),
        ("doctor",),
    ],
    ids=lambda command: "-".join(command[:2]),
)  # fmt: skip
def test_other_commands_work(system: str, graded: Path, command: tuple[str, ...]) -> None:
    done = grader(system, *(word.replace("GRADED", str(graded)) for word in command))
    assert done.returncode == 0, done.stderr


def test_a_container_s_command_gives_a_result(system: str, tmp_path: Path) -> None:
    (tmp_path / "autograder" / "submission").mkdir(parents=True)
    shutil.copy(SAMPLES / f"{RIGHT}.ipynb", tmp_path / "autograder" / "submission")
    done = grader(system, "run", "gradescope", "--rubric", "logistic-regression", root=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "autograder" / "results" / "results.json").read_text())
    assert result["score"] == 100


def test_its_clock_ends_it_everywhere(system: str, tmp_path: Path) -> None:
    (tmp_path / "autograder" / "submission").mkdir(parents=True)
    shutil.copy(SAMPLES / f"{RIGHT}.ipynb", tmp_path / "autograder" / "submission")
    done = grader(
        system, "run", "gradescope", "--rubric", "logistic-regression", "--seconds", 0.05, root=tmp_path
    )
    assert (done.returncode, "ran out of time" in done.stderr) == (3, True), done.stderr


LOCK = """
import os, sys
sys.path.insert(0, {here!r})
import pretend
pretend.be({system!r})
sys.path.insert(0, {root!r})
from grader.batch.locks import lock
file = os.open({path!r}, os.O_RDWR | os.O_CREAT)
try:
    lock(file, shared={shared})
except BlockingIOError:
    print("held")
else:
    print("taken", flush=True)
    sys.stdin.readline()
"""


def locker(system: str, path: Path, shared: bool) -> subprocess.Popen[str]:
    """A process that tries to take the lock, and holds it; what became of it is on its standard output."""
    here = str(Path(__file__).parent)
    code = LOCK.format(here=here, system=system, root=str(ROOT), path=str(path), shared=shared)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [(False, False, "held"), (False, True, "held"), (True, False, "held"), (True, True, "taken")],
)
def test_locks(system: str, tmp_path: Path, first: bool, second: bool, outcome: str) -> None:
    with locker(system, tmp_path / "lock", first) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with locker(system, tmp_path / "lock", second) as other:
            assert other.communicate("\n")[0] == f"{outcome}\n"
        holder.communicate("\n")
