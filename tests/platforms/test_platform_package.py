"""`grader package`: what is uploaded, and that it installs and runs as the platform would have it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.platforms import PLATFORMS, package_platform
from grader.platforms.recipes import RECIPES
from grader.platforms.wheel import build_wheel
from grader.rubric.load import find_rubric

RUBRIC = "dnn-step-by-step"


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(package_platform("gradescope", RUBRIC, tmp_path_factory.mktemp("gs")))


def test_gradescope_s_zip_has_its_scripts_at_the_root(autograder: zipfile.ZipFile) -> None:
    assert autograder.testzip() is None
    names = {info.filename: info for info in autograder.infolist()}
    assert set(names) > {"setup.sh", "run_autograder"}
    for name in ("setup.sh", "run_autograder"):
        assert names[name].external_attr >> 16 & stat.S_IXUSR
        assert autograder.read(name).startswith(b"#!/usr/bin/env bash\n")
        assert b"\r" not in autograder.read(name)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_scripts_are_valid_and_name_the_rubric(platform: str, tmp_path: Path) -> None:
    folder = package_platform(platform, RUBRIC, tmp_path / "out")
    if platform == "gradescope":
        zipfile.ZipFile(folder).extractall(tmp_path / "out")
        folder = tmp_path / "out"
    texts = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".whl", ".zip")]
    assert any(RUBRIC in path.read_text() for path in texts)
    for path in texts:
        if path.read_bytes().startswith(b"#!"):
            subprocess.run(["bash", "-n", str(path)], check=True)
        if path.suffix == ".json":
            json.loads(path.read_text())
        if path.suffix == ".py":
            compile(path.read_text(), str(path), "exec")
    assert len(list(folder.rglob("*.whl"))) == 1


def test_every_platform_has_a_recipe() -> None:
    assert set(RECIPES) == set(PLATFORMS)


def test_the_wheel_is_whole_and_holds_one_rubric_and_no_tests() -> None:
    name, data = build_wheel(find_rubric(RUBRIC))
    wheel = zipfile.ZipFile(io.BytesIO(data))
    names = set(wheel.namelist())
    assert {"grader/__init__.py", "grader/py.typed", f"grader/_rubrics/{RUBRIC}/rubric.yaml"} <= names
    assert not any("test" in one.split("/")[0] or "__pycache__" in one for one in names)
    info = f"{name.removesuffix('-py3-none-any.whl')}.dist-info"
    records = {row[0]: row[1:] for row in csv.reader(io.StringIO(wheel.read(f"{info}/RECORD").decode()))}
    assert set(records) == names
    for one in names - {f"{info}/RECORD"}:
        digest = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(one)).digest()).rstrip(b"=").decode()
        assert records[one] == [f"sha256={digest}", str(len(wheel.read(one)))]


def test_a_rubric_of_one_s_own_is_packed_under_its_name(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    (own / "rubric.yaml").write_text("title: mine\n")
    (own / ".secret").write_text("not packed")
    _, data = build_wheel(own)
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "grader/_rubrics/mine/rubric.yaml" in names
    assert not any(".secret" in name for name in names)


def test_the_same_rubric_gives_the_same_bytes() -> None:
    assert build_wheel(find_rubric(RUBRIC)) == build_wheel(find_rubric(RUBRIC))


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rubric"):
        package_platform("gradescope", "no-such-rubric", tmp_path)
    with pytest.raises(UsageError, match="no platform"):
        package_platform("gradescoop", RUBRIC, tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        package_platform("coursera", RUBRIC, blocked)
    assert package_platform("gradescope", RUBRIC, tmp_path / "mine.zip") == tmp_path / "mine.zip"


def test_classroom50_s_autograder_installs_its_wheel_and_takes_nothing_from_the_checkout(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pip")
    bundle, checkout = package_platform("classroom50", RUBRIC, tmp_path / "bundle"), tmp_path / "checkout"
    checkout.mkdir()
    for name in ("pip.py", "grader.py", "numpy.py"):
        (checkout / name).write_text("open('stolen', 'w')\n")
    (checkout / "notes.ipynb").write_text("{}")
    # pip says what it would install, and changes nothing where the tests run.
    env = {**os.environ, "PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_FORCE_REINSTALL": "1",
           "PIP_QUIET": "0", "PIP_LOG": str(tmp_path / "pip.log")}  # fmt: skip
    subprocess.run([sys.executable, str(bundle / "autograder.py")], cwd=checkout, env=env, check=True)
    assert json.loads((checkout / "result.json").read_bytes())["schema"] == "classroom50/result/v1"
    assert not (checkout / "stolen").exists()
    assert next(bundle.glob("*.whl")).name in (tmp_path / "pip.log").read_text()


@pytest.mark.platform
def test_gradescope_s_own_steps(tmp_path: Path) -> None:
    """Unpack to source, run setup.sh once, run run_autograder for a submission: as Gradescope's image does."""
    base = tmp_path / "autograder"
    (base / "source").mkdir(parents=True)
    zipfile.ZipFile(package_platform("gradescope", RUBRIC, tmp_path / "a.zip")).extractall(base / "source")
    env = {**os.environ, "AUTOGRADER": str(base), "GRADER_ROOT": str(tmp_path), "PYTHONPATH": ""}
    subprocess.run(["bash", str(base / "source" / "setup.sh")], env=env, check=True, capture_output=True)
    (base / "run_autograder").write_bytes((base / "source" / "run_autograder").read_bytes())
    (base / "run_autograder").chmod(0o755)
    (base / "submission").mkdir()
    source = "import numpy as np\ndef linear_forward(A, W, b):\n    return np.dot(W, A) + b, (A, W, b)\n"
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (base / "submission" / "week4.ipynb").write_text(json.dumps(notebook))
    subprocess.run([str(base / "run_autograder")], env=env, check=True, cwd="/")
    results = json.loads((base / "results" / "results.json").read_bytes())
    statuses = {test["name"]: test["status"] for test in results["tests"]}
    assert statuses["linear_forward"] == "passed"
    assert statuses["linear_backward"] == "failed"
    assert 0 < results["score"] < 100
    python = str(base / "venv" / "bin" / "python")
    said = subprocess.run(
        [python, "-c", "import grader; print(grader.__file__)"], cwd=tmp_path, env=env, capture_output=True, check=True
    ).stdout.decode()  # fmt: skip
    assert str(base / "venv") in said
    assert sys.prefix not in said
