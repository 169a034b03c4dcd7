"""What a run shows while it goes."""

import io

from rich.console import Console

from grader.batch.engine import Done, FunctionRow, Row, Task
from grader.batch.found import Source, SubmissionFile
from grader.batch.progress import Display, Lines, for_stream, line, picture
from grader.batch.summary import Tally


def tally() -> Tally:
    counted = Tally(10)
    task = Task(SubmissionFile("s", None, "s.ipynb", Source("/s"), 1), "policy")
    wrong = Row(
        "s", None, "s.ipynb", "graded", 50.0, 100.0, "L", "none",
        (FunctionRow("f", "failed", 50.0),), ("missing-1-over-m",), (), 0.1,
    )  # fmt: skip
    for row in (wrong, wrong, None):
        counted.add(Done(task, "key", row))
    return counted


def test_one_line() -> None:
    assert line(tally(), 1.5) == (
        "3/10 done, 1.3/s, 5 s left: 0 passed, 2 failed, 0 ungradable; 1 kept from before"
    )
    assert "starting" in line(Tally(10), 0.0)
    assert line(Tally(3, kept=3), 0.1) == "3/3 done: 3 kept from before"


def test_picture_has_counts_and_misconceptions() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(picture(tally(), 90.0))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("3/10", "2 failed", "1 kept", "2 missing-1-over-m", "left"):
        assert words in text


def test_lines_only_where_there_is_no_terminal() -> None:
    assert isinstance(for_stream(io.StringIO()), Lines)


def test_display_draws_on_a_terminal() -> None:
    stream = io.StringIO()
    display = Display(Console(file=stream, force_terminal=True, width=80))
    display.begin(tally())
    display.update()
    display.end()
    assert "2 failed" in stream.getvalue()
