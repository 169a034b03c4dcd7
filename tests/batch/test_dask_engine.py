"""The Dask engine on a real LocalCluster: the same reports, and a killed worker costs nobody else anything."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_graders
import pytest

from grader.batch.engine import JobSpec
from grader.batch.run import grade_many
from grader.errors import CannotGrade, NotIsolated, UsageError

pytestmark = pytest.mark.platform
distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as running:
        yield running


@pytest.fixture
def klass(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(60):
        (folder / f"s{number:02}.ipynb").write_text(f"score {number}")
    (folder / "empty.ipynb").write_text("")
    return folder


def files(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in [*out.glob("*/report.json"), *out.glob("*/feedback.md")]:
        text = path.read_text()
        found[str(path.relative_to(out))] = (
            (json.loads(text) | {"seconds": 0}) if path.suffix == ".json" else text
        )
    return found


def grade(klass: Path, out: Path, **options: Any) -> Any:
    return grade_many(JobSpec("fake", seed=3), [klass], out, jobs=2, make_grader=fake_graders.make, **options)


def test_same_bytes_as_the_local_engine_and_resume(cluster: Any, klass: Path, tmp_path: Path) -> None:
    grade(klass, tmp_path / "local")
    options = {"engine": "dask", "scheduler": cluster.scheduler_address}
    assert grade(klass, tmp_path / "dask-out", **options).graded == 61
    assert files(tmp_path / "local") == files(tmp_path / "dask-out")
    assert (tmp_path / "local/grades.csv").read_bytes() == (tmp_path / "dask-out/grades.csv").read_bytes()
    assert grade(klass, tmp_path / "dask-out", **options).kept == 61


def test_a_poisoned_notebook_ends_as_its_own_report(cluster: Any, klass: Path, tmp_path: Path) -> None:
    (klass / "poison.ipynb").write_text("die")
    (klass / "bug.ipynb").write_text("bug")
    summary = grade(klass, tmp_path / "out", engine="dask", scheduler=cluster.scheduler_address)
    assert summary.internal_errors == ("bug", "poison") or set(summary.internal_errors) == {"bug", "poison"}
    report = json.loads((tmp_path / "out/poison/report.json").read_text())
    assert (report["status"], report["problems"][0]["code"]) == ("ungradable", "internal-error")
    assert summary.graded == 63
    assert summary.ungradable == 3


def test_a_worker_killed_in_mid_run_costs_nothing(cluster: Any, klass: Path, tmp_path: Path) -> None:
    for number in range(60):
        (klass / f"t{number:02}.ipynb").write_text("sleep 0.05")

    def kill() -> None:
        while not list((tmp_path / "out").glob("s*/report.json")):
            time.sleep(0.02)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    summary = grade(klass, tmp_path / "out", engine="dask", scheduler=cluster.scheduler_address)
    killer.join()
    assert (summary.graded, summary.internal_errors) == (121, ())


def test_errors_in_words(cluster: Any, klass: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--scheduler ADDRESS"):
        grade(klass, tmp_path / "a", engine="dask")
    with pytest.raises(CannotGrade, match="does not answer"):
        grade(klass, tmp_path / "b", engine="dask", scheduler="tcp://127.0.0.1:1")
    (klass / "s00.ipynb").write_text("not-isolated")
    with pytest.raises(NotIsolated):
        grade(klass, tmp_path / "c", engine="dask", scheduler=cluster.scheduler_address)
