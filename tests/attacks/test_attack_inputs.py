"""Attacks before and after the worker (G): files, names, texts and archives that the trusted side meets.

No wall of the kernel helps here. One class of hostile files is graded once; each test looks at one of them.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attack_arena import RUBRIC, SEED, Arena
from attack_case import notebook
from attack_inputs import BIDI, ESCAPES, MARKUP, RIGHT, cell, raw_notebook, right, write_class

from grader.batch.engine import JobSpec
from grader.batch.run import grade_many
from grader.batch.summary import RunSummary
from grader.errors import RubricError
from grader.notebook.neutralise import neutralise
from grader.render import escape, terminal
from grader.rubric.yaml_file import read_yaml

BEST = pytest.mark.parametrize("arena", ["strong"], indirect=True)
_RIGHT_SHARE = 10.0


@dataclass(frozen=True)
class Graded:
    """The class of hostile files, graded."""

    root: Path
    summary: RunSummary
    seconds: float

    @property
    def out(self) -> Path:
        return self.root / "work" / "out"

    def report(self, start: str) -> dict[str, Any]:
        found = [path for path in self.out.rglob("report.json") if path.parent.name.startswith(start)]
        assert len(found) == 1, f"{start}: {[str(path) for path in found]}"
        report: dict[str, Any] = json.loads(found[0].read_text())
        return report

    def problems(self, start: str) -> set[str]:
        return {problem["code"] for problem in self.report(start)["problems"]}

    def reasons(self) -> dict[str, str]:
        return {one.path: one.reason for one in self.summary.found.skipped}

    def texts(self) -> Iterator[tuple[str, str]]:
        for path in self.out.rglob("*"):
            if path.is_file():
                yield str(path.relative_to(self.out)), path.read_bytes().decode(errors="surrogateescape")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("class")
    (root / "work").mkdir()
    write_class(root / "work" / "in", root / "outside")
    spec = JobSpec(rubric=RUBRIC, seed=SEED, tier="none", unsafe=True, html=True)
    began = time.monotonic()
    summary = grade_many(spec, [root / "work" / "in"], root / "work" / "out", jobs=2, html=True)
    return Graded(root, summary, time.monotonic() - began)


def linear_forward(report: dict[str, Any]) -> str:
    return next(
        function["status"] for function in report["functions"] if function["name"] == "linear_forward"
    )


def test_the_right_notebook_among_them_is_graded_as_ever(graded: Graded) -> None:
    assert linear_forward(graded.report("right")) == "passed"
    assert graded.summary.internal_errors == ()


def test_nothing_is_written_outside_of_the_output_folder(graded: Graded) -> None:
    assert {path.name for path in graded.root.iterdir()} == {"work", "outside"}
    assert {path.name for path in (graded.root / "work").iterdir()} == {"in", "out"}
    assert {path.name for path in (graded.root / "outside").iterdir()} == {"secret.ipynb"}


def test_104_large_files_are_not_read(graded: Graded) -> None:
    assert graded.problems("104-large") == {"too-large"}
    assert graded.problems("104-over") == {"too-large"}


def test_105_deep_json_is_one_ungradable_submission(graded: Graded) -> None:
    assert graded.problems("105-deep-in") == {"nested-too-deeply"}
    assert graded.report("105-deep-in")["status"] == "ungradable"


def test_106_cells_are_counted(graded: Graded) -> None:
    assert graded.problems("106-many") == {"too-many-cells"}
    assert linear_forward(graded.report("106-just")) == "passed"


def test_107_a_source_of_another_type_costs_that_cell(graded: Graded) -> None:
    assert {"bad-cell", "bad-cell-source"} <= graded.problems("107-")
    assert linear_forward(graded.report("107-")) == "passed"


@pytest.mark.parametrize(
    "name", ["minus", "parentheses", "nested-lists", "a-long-sum", "a-large-number", "null"]
)
def test_108_source_that_breaks_the_parser_costs_one_submission_at_most(graded: Graded, name: str) -> None:
    report = graded.report(f"108-{name}")
    assert linear_forward(report) == "passed" or report["problems"]
    assert "internal-error" not in {problem["code"] for problem in report["problems"]}


def test_109_a_zip_bomb_is_not_unpacked(graded: Graded) -> None:
    assert graded.problems("109-bomb") == {"too-large"}
    assert linear_forward(graded.report("109-beside")) == "passed"


def test_110_names_in_a_zip_lead_nowhere(graded: Graded) -> None:
    known = [*graded.reasons(), *(one.id for one in graded.summary.found.submissions)]
    for name in ("110-up", "110-absolute", "110-drive", "110-in-between"):
        assert any(name in text for text in known), "graded or skipped with a reason, never dropped"
    for one in graded.summary.found.submissions:
        assert (graded.out / one.id).resolve().is_relative_to(graded.out.resolve())


def test_111_ids_hold_no_sign_that_means_anything_to_a_system(graded: Graded) -> None:
    for one in graded.summary.found.submissions:
        assert not re.search(r"[\x00-\x1f\x7f\\:*?\"<>|%]", one.id), one.id
        assert not any(part in ("", ".", "..") or len(part.encode()) > 255 for part in one.id.split("/"))
    ids = [one.id.casefold() for one in graded.summary.found.submissions]
    assert len(ids) == len(set(ids))


def test_112_links_pipes_and_devices_are_skipped_with_a_reason(graded: Graded) -> None:
    reasons = graded.reasons()
    for name in ("112-link.ipynb", "112-device.ipynb", "112-pipe.ipynb", "112-folder"):
        assert any(name in path for path in reasons), f"{name} is not in {sorted(reasons)}"
    assert not any("outside-secret" in text for _, text in graded.texts())


def test_114_no_markup_of_a_student_is_in_a_page(graded: Graded) -> None:
    pages = [(where, text) for where, text in graded.texts() if where.endswith(".html")]
    assert pages
    for where, text in pages:
        assert "<img" not in text, where
        assert "alert(2)</script>" not in text, where
        assert "Content-Security-Policy" in text


def test_115_and_117_no_control_character_of_a_student_is_in_a_file(graded: Graded) -> None:
    for where, text in graded.texts():
        if where.startswith(".grader"):
            continue  # its own state: file names as they are on disk, quoted as JSON
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), where


def test_116_no_cell_of_the_gradebook_is_a_formula(graded: Graded) -> None:
    rows = list(csv.reader(io.StringIO((graded.out / "grades.csv").read_text())))
    assert len(rows) > 20
    cells = [cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.]+", cell)]
    assert not [cell for cell in cells if re.match(r"[=+\-@\t\r]", cell)]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells), "the name is there, as a text"


def test_118_outputs_metadata_and_attachments_are_ignored(graded: Graded) -> None:
    plain = graded.report("right")["functions"]
    assert graded.report("118-outputs-of")["functions"] == plain
    assert not any("onerror" in text for where, text in graded.texts() if where.startswith("118-outputs"))


def test_the_class_is_graded_in_time(graded: Graded) -> None:
    assert graded.seconds < 90


# ---------------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("!!python/object/apply:os.system ['touch PATH']", "mapping|constructor"),
        ("a: &x [1]\nb: *x\n", "refused"),
        (
            "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9) or 1}]" for i in range(1, 10)),
            "refused|alias",
        ),
        ("a: " + "[" * 20_000, "."),
    ],
    ids=["a-python-object", "an-alias", "a-billion-laughs", "deep"],
)
def test_113_yaml(tmp_path: Path, text: str, said: str) -> None:
    path, canary = tmp_path / "rubric.yaml", tmp_path / "canary"
    path.write_text(text.replace("PATH", str(canary)))
    began = time.monotonic()
    with pytest.raises(RubricError, match=said):
        read_yaml(path)
    assert time.monotonic() - began < 20
    assert not canary.exists()


_TEXT = f"{ESCAPES}{BIDI}{MARKUP}\0=cmd\ud800"


@BEST
def test_114_115_117_the_text_of_an_exception_is_shown_and_does_nothing(arena: Arena) -> None:
    data = notebook("import numpy as np", f"def linear_forward(A, W, b):\n    raise ValueError({_TEXT!r})")
    found = arena.function(data)
    assert found.error is not None
    assert MARKUP in found.error.message
    report = arena.grade(data, "linear_forward")
    shown = terminal.render(report, color=False)
    assert "onerror" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    from grader.render.html.student import render

    page = render(report).decode()
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize("kernel", [{"name": "evil", "argv": ["touch"]}, {"name": "../../evil"}, 7])
@BEST
def test_119_a_kernel_is_never_started(arena: Arena, kernel: Any) -> None:
    data = right(metadata={"kernelspec": kernel, "language_info": {"name": "bash"}})
    assert arena.function(data).status == "passed"


@pytest.mark.parametrize(
    "magic",
    [
        "!touch PATH",
        "x = !touch PATH",
        "%sx touch PATH",
        "%%bash\ntouch PATH",
        "%%script sh\ntouch PATH",
        "%run PATH",
        "get_ipython().system('touch PATH')",
        "get_ipython().getoutput('touch PATH')",
        "import os; os.system('touch PATH')",
        "__import__('os').system('touch PATH')",
        "NAME = __import__('os').system('touch PATH')",
    ],
)
@pytest.mark.parametrize("arena", ["none", "strong"], indirect=True)
def test_120_magics_and_loose_statements_are_never_executed(arena: Arena, magic: str, tmp_path: Path) -> None:
    """Not even in tier none: what no function needs is not run at all."""
    path = tmp_path / "canary"
    data = raw_notebook(cell("import numpy as np"), cell(magic.replace("PATH", str(path))), cell(RIGHT))
    assert arena.function(data).status == "passed"
    assert not path.exists()


@pytest.mark.parametrize("arena", ["none"], indirect=True)
def test_120_the_canary_sings_where_a_function_needs_the_statement(arena: Arena, tmp_path: Path) -> None:
    path = tmp_path / "canary"
    needed = f"NAME = open({str(path)!r}, 'w').close()"
    used = RIGHT.replace("return", "NAME\n    return")
    arena.function(raw_notebook(cell("import numpy as np"), cell(needed), cell(used)))
    assert path.exists()


_HOSTILE = (
    "\x1b]" * 20_000,
    "\x1b[" + "0;" * 40_000,
    "`" * 40_000,
    " " * 40_000 + "=",
    "\u200b" * 40_000 + "x",
    "%" * 40_000,
    "!" * 40_000,
    "x = " * 10_000 + "!ls",
    "'" * 40_001,
    '"""' * 13_001,
    "(" * 40_000,
    "\\\n" * 20_000,
    "a.b" * 13_000,
    "x=?" * 10_000,
)
_TEXTS: dict[str, Callable[[str], Any]] = {
    name: getattr(escape, name)
    for name in (
        "terminal",
        "one_line",
        "csv_cell",
        "html",
        "xml",
        "markdown",
        "rst",
        "html_prose",
        "markdown_prose",
    )
}


@pytest.mark.parametrize("name", [*_TEXTS, "neutralise"])
def test_121_no_expression_of_ours_takes_long(name: str) -> None:
    act = _TEXTS.get(name, neutralise)
    for text in _HOSTILE:
        began = time.process_time()
        act(text)
        assert time.process_time() - began < 2.0, f"{text[:10]!r}…"


def test_123_a_fault_of_the_grader_is_no_mark_of_a_student(tmp_path: Path) -> None:
    """It has a status and a reference of its own, and is tried again by the next run."""
    handed_in, out = tmp_path / "in", tmp_path / "out"
    handed_in.mkdir()
    (handed_in / "victim.ipynb").write_bytes(right())
    spec = JobSpec(rubric=RUBRIC, seed=SEED, tier="none", unsafe=True)
    summary = grade_many(spec, [handed_in], out, jobs=1, make_grader=broken_grader)
    assert summary.internal_errors == ("victim",)
    report = json.loads((out / "victim" / "report.json").read_text())
    assert report["status"] == "ungradable"
    assert "the grader's fault" in report["problems"][0]["message"]
    again = grade_many(spec, [handed_in], out, jobs=1)
    assert again.internal_errors == ()
    assert again.graded == 1


class _Broken:
    """A grader with a bug."""

    def __init__(self, spec: JobSpec) -> None:
        from grader.pipeline import make_grader

        self.real = make_grader(spec)

    def grade(self, data: bytes, file: str, submission_id: str, student: str | None) -> Any:
        if submission_id == "victim":
            raise ZeroDivisionError("a bug")
        return self.real.grade(data, file, submission_id, student)

    def close(self) -> None:
        self.real.close()


def broken_grader(spec: JobSpec) -> Any:
    return _Broken(spec)
