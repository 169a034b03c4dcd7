"""Otter, nbgrader and dlai-grader on the same notebooks, each installed in its own environment, each in its best mode.

Every peer gets the same single check, of `linear_backward` on one input, so none is slowed by its tests.
The time is of grading alone: environments, assignments and images are made before the clock starts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_CHECK = """import numpy as np
_rng = np.random.default_rng(3)
_dZ, _A, _W, _b = (_rng.standard_normal(shape) for shape in ((3, 5), (4, 5), (3, 4), (3, 1)))
_dA, _dW, _db = linear_backward(_dZ, (_A, _W, _b))
assert np.allclose(_dW, _dZ @ _A.T / 5)
assert np.allclose(_db, _dZ.mean(axis=1, keepdims=True))
assert np.allclose(_dA, _W.T @ _dZ)
"""
#: A loop of one process imports numpy once, for all notebooks.
_TIMES = 20
_COURSE_MODULES = ("dnn_utils", "dnn_utils_v2", "public_tests", "testCases", "testCases_v3")
_NOTHING = "__all__ = []\ndef __getattr__(name): return lambda *args, **kwargs: None\n"
_PACKAGES = {
    "otter": ("otter-grader", "ipykernel", "numpy", "matplotlib", "h5py", "scipy", "pillow"),
    "nbgrader": ("nbgrader", "ipykernel", "numpy", "matplotlib", "h5py", "scipy", "pillow"),
    "dlai": ("dlai-grader", "numpy", "matplotlib", "h5py", "scipy", "pillow"),
}


def measure_peers(notebooks: Sequence[bytes], environments: Path) -> Iterator[dict[str, Any]]:
    """One row a peer: name, count, seconds, peak_mb (0: not measured), note. A peer that cannot run says why."""
    for name, measure in (("otter", _otter), ("nbgrader", _nbgrader), ("dlai", _dlai)):
        with tempfile.TemporaryDirectory(prefix=f"peer-{name}-") as folder:
            yield _row(name, measure, notebooks, environments, Path(folder))


def _row(
    name: str,
    measure: Callable[[Sequence[bytes], Path, Path], tuple[float, str]],
    notebooks: Sequence[bytes],
    environments: Path,
    folder: Path,
) -> dict[str, Any]:
    try:
        python = _environment(name, environments)
        seconds, note = measure(notebooks, folder, python)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        return {
            "name": name,
            "count": 0,
            "seconds": 0.0,
            "peak_mb": 0.0,
            "note": f"did not run: {' '.join(detail)}",
        }
    return {"name": name, "count": len(notebooks), "seconds": seconds, "peak_mb": 0.0, "note": note}


def _environment(name: str, folder: Path) -> Path:
    """The Python of a peer's own environment, made and filled at the first call."""
    place = folder / name
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        _call([python, "-m", "pip", "install", "-q", *_PACKAGES[name]], folder)
        (place / "complete").touch()
    return python


def _otter(notebooks: Sequence[bytes], folder: Path, python: Path) -> tuple[float, str]:
    """`otter run`, two at a time."""
    (folder / "tests").mkdir()
    (folder / "tests" / "q1.py").write_text(
        "OK_FORMAT = False\nfrom otter.test_files import test_case\nname = 'q1'\npoints = 1\n"
        "@test_case(points=1)\ndef check(env):\n    linear_backward = env['linear_backward']\n"
        + "".join(f"    {line}\n" for line in _CHECK.splitlines())
    )
    otter = python.parent / "otter"
    _call([otter, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder)
    places = [_put(folder / f"s{number}" / "submission.ipynb", data) for number, data in enumerate(notebooks)]

    def run(place: Path) -> bool:
        command = [otter, "run", place.name, "-a", "../autograder.zip", "-o", ".", "--no-logo"]
        return _succeeds(command, place.parent)

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        good = sum(pool.map(run, places))
    return time.perf_counter() - began, f"otter run, two at a time; {good} of {len(places)} gave a result"


def _nbgrader(notebooks: Sequence[bytes], folder: Path, python: Path) -> tuple[float, str]:
    """`nbgrader autograde` of all at once: one process, one gradebook, as it is meant to be used."""
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'c'\n")
    _put(folder / "source" / "a" / "nb.ipynb", json.dumps(_notebook([])).encode())
    nbgrader = python.parent / "nbgrader"
    _call([nbgrader, "generate_assignment", "a"], folder)
    for number, data in enumerate(notebooks):
        cells = json.loads(data)["cells"]
        _put(folder / "submitted" / f"s{number}" / "a" / "nb.ipynb", json.dumps(_notebook(cells)).encode())
    began = time.perf_counter()
    good = _succeeds([nbgrader, "autograde", "a", "--ExecutePreprocessor.allow_errors=True"], folder)
    count = len(list(folder.glob("autograded/*/a/nb.ipynb")))
    return (
        time.perf_counter() - began,
        f"nbgrader autograde; {count} of {len(notebooks)} graded{'' if good else ', exit code not 0'}",
    )


def _dlai(notebooks: Sequence[bytes], folder: Path, python: Path) -> tuple[float, str]:
    """dlai-grader's loop within one process: no isolation, no time limit, the tagged cells alone."""
    for number, data in enumerate([*notebooks] * _TIMES):
        _put(folder / "in" / f"s{number}.ipynb", data)
    (folder / "loop.py").write_text(_DLAI_LOOP)
    for module in _COURSE_MODULES:  # it stops at an import that fails
        (folder / f"{module}.py").write_text(_NOTHING)
    answer = json.loads(_call([python, "loop.py"], folder))
    passed = f"{answer['passed']} of {len(notebooks) * _TIMES} passed the check"
    return answer["seconds"] / _TIMES, f"in one process, each {_TIMES} times; {passed}"


_DLAI_LOOP = f"""
import contextlib, glob, io, json, time
import nbformat
from dlai_grader.notebook import notebook_to_script, keep_tagged_cells
from dlai_grader.compiler import compile_module
from dlai_grader.grading import test_case, compute_grading_score

CHECK = {_CHECK!r}
tag = keep_tagged_cells("graded")

def grade(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and ("def " in cell.source or "import numpy" in cell.source):
            cell.metadata["tags"] = ["graded"]
    module = compile_module(notebook_to_script(tag(notebook)), "student", verbose=False)
    case = test_case()
    try:
        exec(CHECK, dict(vars(module)))
    except Exception as error:
        case.failed, case.msg, case.want, case.got = True, str(error), "right", "wrong"
    return compute_grading_score([case])

paths = sorted(glob.glob("in/*.ipynb"))
passed = 0
began = time.perf_counter()
for path in paths:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            passed += grade(path)[0] == 1.0
        except Exception:
            pass
print(json.dumps({{"seconds": time.perf_counter() - began, "passed": passed}}))
"""


def _notebook(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A notebook with these cells and, last, nbgrader's locked test cell."""
    marks = {
        "grade": True,
        "grade_id": "q1",
        "locked": True,
        "points": 1,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    test: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {"nbgrader": marks},
        "source": _CHECK,
        "outputs": [],
        "execution_count": None,
    }
    plain = [{key: value for key, value in cell.items() if key != "id"} for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [*plain, test], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _call(command: Sequence[Any], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=_environ(command[0]),
        timeout=1200,
    )
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _succeeds(command: Sequence[Any], folder: Path) -> bool:
    try:
        _call(command, folder)
    except subprocess.SubprocessError as error:
        print(
            f"{command[0]}: {(getattr(error, 'stderr', None) or str(error)).strip()[-300:]}", file=sys.stderr
        )
        return False
    return True


def _environ(program: Any) -> dict[str, str]:
    """The peers call their neighbours by name, so their environment's folder of programs goes first."""
    path = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path, "MPLBACKEND": "Agg", "JUPYTER_PLATFORM_DIRS": "1"}
