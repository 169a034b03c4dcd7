"""A pipeline that does what a notebook's text tells it to, in place of the real one."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import cli

sys.path.insert(0, str(Path(__file__).parent))  # for the pool's processes too

import cli_doubles


@pytest.fixture
def run() -> cli_doubles.Run:
    """`grader ARGS`, in this process."""
    return lambda *args: CliRunner().invoke(cli, [str(arg) for arg in args])


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake pipeline, here and in the pool's processes."""
    monkeypatch.setitem(sys.modules, "grader.pipeline", cli_doubles)
    monkeypatch.setattr("grader.batch.run.make_pipeline", cli_doubles.make_grader)


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[[str], Path]:
    """A notebook whose text tells the fake pipeline what to find."""

    def write(text: str, name: str = "week4.ipynb") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    """A small rubric on disk, with two misconceptions."""
    folder = tmp_path / "small"
    (folder / "misconceptions").mkdir(parents=True)
    (folder / "rubric.yaml").write_text(cli_doubles.RUBRIC)
    for name, text in cli_doubles.MISCONCEPTIONS.items():
        (folder / "misconceptions" / f"{name}.yaml").write_text(text)
    return folder
