"""The Otter plugin in the real `otter generate` and `otter run`."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.rubric.load import load_rubric

pytestmark = pytest.mark.platform
pytest.importorskip("otter")

PLUGIN = "grader.plugins.otter_plugin.WhyWrong"


def otter(folder: Path, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "otter", *map(str, arguments)],
        check=False, capture_output=True, text=True, cwd=folder, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def graded(folder: Path, notebook: Path, **settings: Any) -> dict[str, Any]:
    """results.json of a notebook under the plugin with these settings."""
    subprocess.run(
        [sys.executable, "-m", "grader.plugins.otter_plugin", "tests", "--rubric", "dnn-step-by-step"],
        check=True, capture_output=True, cwd=folder, timeout=60,
    )  # fmt: skip
    (folder / "tests" / "handwritten.py").write_text(
        'OK_FORMAT = True\ntest = {"name": "handwritten", "points": 2, "suites": [{"type": "doctest", "cases": '
        '[{"code": ">>> 1 + 1\\n2", "hidden": False}]}]}\n'
    )
    config = {
        "show_hidden": True,
        "force_public_test_summary": False,
        "plugins": [{PLUGIN: {"rubric": "dnn-step-by-step", **settings}}],
    }
    (folder / "otter_config.json").write_text(json.dumps(config))
    otter(
        folder,
        "generate",
        "-t",
        "tests",
        "-c",
        "otter_config.json",
        "-o",
        "autograder.zip",
        "--no-environment",
    )
    assert "tests/linear_backward.py" in zipfile.ZipFile(folder / "autograder.zip").namelist()
    (folder / "nb.ipynb").write_bytes(notebook.read_bytes())
    otter(folder, "run", "nb.ipynb", "-a", "autograder.zip", "-o", ".")
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results


def by_name(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in results["tests"]}


def writing(notebook: Path, target: Path, folder: Path) -> Path:
    """The notebook with a first line that makes the file `target`."""
    document = json.loads(notebook.read_text())
    code = next(cell for cell in document["cells"] if cell["cell_type"] == "code")
    code["source"] = [f"open({str(target)!r}, 'w').close()\n", *code["source"]]
    path = folder / "writing.ipynb"
    path.write_text(json.dumps(document))
    return path


def test_scores_and_feedback_are_ours(samples: Path, tmp_path: Path) -> None:
    escaped = tmp_path / "escaped"
    results = graded(tmp_path, writing(samples / "blaise-1-over-m-missing.ipynb", escaped, tmp_path))
    found = by_name(results)
    specs = load_rubric("dnn-step-by-step").functions.values()
    assert set(found) == {*(spec.name for spec in specs if not spec.optional), "handwritten"}
    assert found["linear_backward"]["score"] == pytest.approx(10 * 2 / 3, abs=0.001)
    assert "summed over the batch" in found["linear_backward"]["output"]
    others = [one for name, one in found.items() if name != "linear_backward"]
    assert [one["score"] for one in others] == [one["max_score"] for one in others]
    assert results["output"].startswith("Score: 96.67 / 100")
    assert escaped.exists()


def test_student_code_does_not_run_outside_the_sandbox_if_that_is_wished(
    samples: Path, tmp_path: Path
) -> None:
    escaped = tmp_path / "escaped"
    results = graded(tmp_path, writing(samples / "right-2021.ipynb", escaped, tmp_path), execute=False)
    assert not escaped.exists()
    assert by_name(results)["linear_backward"]["score"] == 10


def test_a_setting_that_is_none_is_told() -> None:
    from grader.errors import UsageError
    from grader.plugins.otter_plugin import WhyWrong

    with pytest.raises(UsageError, match="no setting 'rubrics'"):
        WhyWrong("nb.ipynb", {}, {"rubrics": "x"}).before_grading(None)
