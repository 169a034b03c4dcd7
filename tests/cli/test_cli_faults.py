"""How commands end: errors in words, Ctrl-C, a reader that leaves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

from grader.cli import output
from grader.errors import CannotWrite

HERE = Path(__file__).parent
#: A shell's background job ignores Ctrl-C, and hands that on to its children.
_START = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import cli_doubles; cli_doubles.install()
from grader.cli.main import main; main()
"""
NAMED = ("--rubric", "dnn-step-by-step")
Write = Callable[..., Path]


def start(*args: object, **settings: object) -> subprocess.Popen[str]:
    """`grader ARGS` as a process, with the fake pipeline."""
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    command = [sys.executable, "-c", _START, *map(str, args)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | settings
    return subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


@pytest.mark.usefixtures("pipeline")
class TestInWords:
    def test_a_bug_of_ours_has_no_traceback(self, run: Run, notebook: Write) -> None:
        result = run("check", notebook("bug"), *NAMED)
        assert result.exit_code == 3
        assert "the grader itself broke: ZeroDivisionError" in result.stderr
        assert "Traceback" not in result.stderr

    def test_unless_asked(self, run: Run, notebook: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GRADER_DEBUG", "1")
        assert "Traceback" in run("check", notebook("bug"), *NAMED).stderr

    def test_ctrl_c(self, run: Run, notebook: Write) -> None:
        result = run("check", notebook("interrupt"), *NAMED)
        assert result.exit_code == 130
        assert "interrupted" in result.stderr
        assert "Traceback" not in result.stderr


def test_ctrl_c_keeps_what_was_graded(tmp_path: Path, notebook: Write) -> None:
    folder = notebook("right", "class/a.ipynb").parent
    notebook("slow 60", "class/b.ipynb")
    out = tmp_path / "out"
    process = start("grade", folder, "--rubric", "dnn-step-by-step", "--out", out, "--jobs", 2)
    _wait_for(out / ".grader" / "ledger.jsonl")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert f"What was graded is kept in {out}" in errors
    assert "a,," in (out / "grades.csv").read_text()


def test_ctrl_c_during_a_check(notebook: Write) -> None:
    for seconds in (1.0, 5.0):
        process = start("check", notebook("slow 60"), *NAMED)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        if process.returncode != -signal.SIGINT:  # else, on a busy machine, Python itself was still starting
            break
    assert (process.returncode, "Traceback" in errors) == (130, False)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_leaves(options: list[str], notebook: Write) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("check", notebook("score 50"), *NAMED, *options, stdout=write)
    os.close(write)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1, errors
    assert "Broken" not in errors
    assert "Traceback" not in errors


def test_help_for_a_reader_that_leaves() -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("--help", stdout=write)
    os.close(write)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_an_old_terminal_gets_escapes(notebook: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start("check", notebook("score 50", "zoë.ipynb"), *NAMED)
    text, errors = process.communicate(timeout=20)
    assert process.returncode == 1, errors
    assert "zo\\xeb.ipynb" in text


def _wait_for(path: Path) -> None:
    limit = time.monotonic() + 20
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < limit, f"{path} never came"
        time.sleep(0.05)


def test_a_full_disk_behind_the_output_is_said(notebook: Write) -> None:
    with open("/dev/full", "w") as full:
        process = start("check", notebook("right"), *NAMED, "--json", stdout=full)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "the output cannot be written: No space left on device" in errors
    assert "the grader itself broke" not in errors


def test_a_stderr_that_takes_nothing_costs_no_result(notebook: Write) -> None:
    with open("/dev/full", "w") as full:
        process = start("check", notebook("right"), *NAMED, "--json", stderr=full)
        text, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert '"schema": "grader/report/v1"' in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_end_is_an_interruption(number: int, tmp_path: Path, notebook: Write) -> None:
    folder = notebook("right", "class/a.ipynb").parent
    notebook("slow 60", "class/b.ipynb")
    out = tmp_path / "out"
    process = start("grade", folder, "--rubric", "dnn-step-by-step", "--out", out, "--jobs", 2)
    _wait_for(out / ".grader" / "ledger.jsonl")
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert '"interrupted": true' in (out / "run.json").read_text()


@pytest.mark.usefixtures("pipeline")
def test_an_error_cannot_act_on_the_terminal(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path / "\x1b]0;title\x07\x1b[31mred.ipynb")
    assert (result.exit_code, "\x1b" in result.stderr) == (2, False)


def test_a_closed_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`grader check … >&-`: Python then has no stdout at all."""
    monkeypatch.setattr(sys, "stdout", None)
    for write in (lambda: output.show("text"), lambda: output.show_bytes(b"{}")):
        with pytest.raises(CannotWrite, match="the output is closed"):
            write()
    assert not output.wants_color(sys.stdout)
