"""Leaks through feedback (20 to 22): nothing that student code says on hidden calls reaches a student.

The attacker carries hidden inputs out in everything that it controls. The markers of hidden calls are known
here, because the recorder sees the calls; each text that a student can see is searched for them. The same
markers must be found where an instructor looks, or the search would prove nothing.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import attack_arena
import numpy as np
import pytest
from attack_arena import Arena, Recorder
from attack_case import notebook
from click.testing import CliRunner

from grader.batch.engine import JobSpec
from grader.batch.run import grade_many
from grader.cli.main import cli
from grader.export.folder import export_folder
from grader.export.registry import format_names
from grader.model import Call, Report
from grader.pipeline import Grader
from grader.render import markdown, plain, terminal
from grader.render.html.student import render as render_html
from grader.render.json_report import public, to_json
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox

TIERS = pytest.mark.parametrize("arena", ["none", "strong"], indirect=True)

#: `leak` is a word that tells the first number of the inputs: unlike any other input's.
_LEAK = """
def leak(array):
    return "LEAK" + "".join(str(int(digit)) for digit in f"{abs(float(array.flat[0])):.9f}" if digit != ".")
"""


@dataclass(frozen=True)
class Way:
    """One way to carry a hidden input out: what linear_forward does after `word = leak(A)`."""

    name: str
    code: str
    top: str = ""


WAYS = (
    Way("20-exception-text", "raise ValueError(word)"),
    Way("20-exception-of-a-chain", "raise ValueError('x') from KeyError(word)"),
    Way("20-exception-note", "error = ValueError('x'); error.add_note(word); raise error"),
    Way("20-name-of-a-name-error", "raise NameError(word, name=word)"),
    Way("20-name-that-is-looked-up", "eval(word)"),
    Way("20-assertion-text", "assert False, word"),
    Way("20-exception-group", "raise ExceptionGroup(word, [ValueError(word)])"),
    Way("20-syntax-error", "eval(word + ' (')"),
    Way("20-file-name-of-code", "exec(compile('1/0', word, 'exec'))"),
    Way("20-key-error", "{}[word]"),
    Way("20-missing-module", "__import__(word).use"),
    Way("21-standard-output", "print(word)"),
    Way("21-standard-error", "import sys; print(word, file=sys.stderr)"),
    Way("21-warning", "import warnings; warnings.simplefilter('always'); warnings.warn(word)"),
    Way("22-exception-class", "raise type(word, (Exception,), {})(word)"),
    Way("22-class-of-the-result", "return type(word, (), {})(), type(word, (dict,), {})()"),
    Way("22-text-result", "return word, word"),
    Way("22-key-of-a-dictionary", "return {word: 1}"),
    Way(
        "22-name-of-the-function",
        "linear_forward.__name__ = linear_forward.__qualname__ = word; raise ValueError",
    ),
    Way("22-docstring", "linear_forward.__doc__ = word; return A, (A, W, b)"),
)


def hidden_words(calls: list[Call]) -> set[str]:
    """The words that the attack makes of inputs that are not public."""
    words: set[str] = set()
    shown: set[str] = set()
    for call in calls:
        if call.function == "linear_forward" and call.steps[-1].function == "linear_forward":
            (shown if call.public else words).add(word_of(np.asarray(call.steps[-1].args[0])))
    return words - shown


def word_of(array: np.ndarray) -> str:
    return "LEAK" + f"{abs(float(array.flat[0])):.9f}".replace(".", "")


def student_texts(report: Report) -> dict[str, str]:
    """Everything that a student can see of a report, by where."""
    texts: dict[str, str] = {"check --json": to_json(public(report)).decode()}
    for detail in ("nudge", "explanation", "fix"):
        texts[f"feedback.md at {detail}"] = markdown.render(report, detail=detail)
        texts[f"feedback.html at {detail}"] = render_html(report, detail=detail).decode()
        texts[f"the terminal at {detail}"] = terminal.render(report, detail=detail)
        texts[f"an LMS at {detail}"] = plain.report_text(report, detail)
    return texts


def leaks(texts: dict[str, str], words: set[str]) -> list[str]:
    return [where for where, text in texts.items() for word in words if word in text]


def leaking_notebook(way: Way) -> bytes:
    body = "\n    ".join(way.code.split("; ")) if "import" not in way.code else way.code
    return notebook(
        "import numpy as np",
        _LEAK,
        f"def linear_forward(A, W, b):\n    word = leak(A)\n    {body}\n    return W @ A + b, (A, W, b)",
    )


@TIERS
@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.name}-HELD")
def test_hidden_inputs_do_not_reach_a_student(arena: Arena, way: Way) -> None:
    report = arena.grade(leaking_notebook(way), "linear_forward")
    words = hidden_words(arena.recorder.calls)
    assert len(words) >= 3, "there are hidden calls"
    assert leaks(student_texts(report), words) == []


@pytest.mark.parametrize("arena", ["strong"], indirect=True)
@pytest.mark.parametrize("name", ["20-exception-text", "21-standard-output"])
def test_the_instructor_sees_what_the_student_does_not(arena: Arena, name: str) -> None:
    """The canary sings: the words are in the report, and only under `instructor`."""
    way = next(way for way in WAYS if way.name == name)
    wrong = Way(way.name, way.code.replace("print(word)", "print(word); return A, A"))
    report = arena.grade(leaking_notebook(wrong), "linear_forward")
    words = hidden_words(arena.recorder.calls)
    assert leaks({"report.json": to_json(report).decode()}, words)
    function = report.functions[0]
    assert leaks({"instructor": json.dumps(dict(function.instructor))}, words)
    assert len(function.instructor["hidden"]) <= 1000


@TIERS
def test_022_hidden_inputs_are_not_remembered_until_a_public_call(arena: Arena) -> None:
    """Kept where a fresh namespace does not reach, and told when a call is public."""
    data = notebook(
        "import sys\nimport numpy as np",
        _LEAK,
        "def linear_forward(A, W, b):\n"
        "    kept = sys.__dict__.setdefault('kept', [])\n"
        "    kept.append(leak(A))\n"
        "    print(*kept)\n"
        "    raise ValueError(' '.join(kept))",
    )
    report = arena.grade(data, "linear_forward")
    assert report.functions[0].stdout, "public calls are shown"
    assert leaks(student_texts(report), hidden_words(arena.recorder.calls)) == []


def numbers_of(texts: dict[str, str]) -> set[str]:
    return {number for text in texts.values() for number in re.findall(r"\d+", text)}


_AS_A_NUMBER = "n = 1000 + int(abs(float(FIRST.setdefault('A', A).flat[0])) * 1000)"


@pytest.mark.parametrize("arena", ["strong"], indirect=True)
@pytest.mark.parametrize(
    "result",
    [
        pytest.param("np.arange(2.0 * n).reshape(n, 2), (A, W, b)", id="22-shape"),
        pytest.param("(1.0,) * n", id="22-number-of-results"),
        pytest.param("(W @ A + b) * n, (A, W, b)", id="22-factor"),
        pytest.param("(W @ A + b) + n, (A, W, b)", id="22-offset"),
    ],
)
def test_hidden_inputs_do_not_reach_a_student_as_numbers(arena: Arena, result: str) -> None:
    """A number that is told of a hidden result is a number that the student has chosen."""
    data = notebook(
        "import numpy as np\nFIRST = {}",
        f"def linear_forward(A, W, b):\n    {_AS_A_NUMBER}\n    return {result}",
    )
    report = arena.grade(data, "linear_forward")
    first = [call for call in arena.recorder.calls if call.function == "linear_forward" and not call.public]
    secrets = {str(1000 + int(abs(float(call.steps[-1].args[0].flat[0])) * 1000)) for call in first}
    assert not secrets & numbers_of(student_texts(report))


# -------------------------------------------------------------------------------- whole folders


def test_020_to_022_no_file_of_a_graded_folder_but_report_json_holds_hidden_words(tmp_path: Path) -> None:
    """Nor any export. The words are those of the same seed, made here once more."""
    handed_in, out = tmp_path / "in", tmp_path / "out"
    handed_in.mkdir()
    for number, way in enumerate((WAYS[0], WAYS[11], WAYS[14])):
        (handed_in / f"student{number}.ipynb").write_bytes(leaking_notebook(way))
    spec = JobSpec(rubric=attack_arena.RUBRIC, seed=attack_arena.SEED, tier="strong", unsafe=True, html=True)
    grade_many(spec, [handed_in], out, jobs=1, html=True)
    words = _words_of_the_seed(handed_in)
    _export_all(out, tmp_path)
    assert CliRunner().invoke(cli, ["report", str(out)]).exit_code == 0
    texts = dict(_texts(out))
    found = {where for where in leaks(texts, words) if not where.endswith("report.json")}
    assert found == set()
    assert any(where.endswith("report.json") for where in leaks(texts, words)), (
        "the search finds what is there"
    )
    assert any(where.startswith("exports") for where in texts)
    assert {"exports/moodle/feedback.zip", "exports/canvas/gradebook.csv", "class.html"} <= texts.keys()
    assert any(where.startswith("exports/moodle/feedback.zip!") for where in texts)
    assert any(where.endswith("feedback.html") for where in texts)


#: What each LMS gives its instructor, with a row for every student; its grades are filled in.
GRADEBOOKS = {
    "canvas": (
        "Student,ID,SIS Login ID,Section,Week 4 (7)\n    Points Possible,,,,100\n",
        "{0},{1},{0},S,\n",
    ),
    "moodle": (
        "Identifier,Full name,Status,Grade,Maximum Grade,Grade can be changed,Last modified (grade),Feedback comments\n",
        "Participant {1},{0},,,100.00,Yes,-,\n",
    ),
    "blackboard": ("Last Name,First Name,Username,Week 4 [Total Pts: 100 Score] |123\n", "L,F,{0},\n"),
    "brightspace": (
        "OrgDefinedId,Username,Week 4 Points Grade <Numeric MaxPoints:100>,End-of-Line Indicator\n",
        "#{1},#{0},,#\n",
    ),
}


def _export_all(out: Path, work: Path) -> None:
    """Every format, at the deepest level; where an LMS has a gradebook of its own, all rows are filled in."""
    for name in format_names():
        if name not in GRADEBOOKS:
            export_folder(out, name, detail="fix")
            continue
        head, row = GRADEBOOKS[name]
        gradebook = work / f"{name}.csv"
        gradebook.write_text(head + "".join(row.format(f"student{at}", at + 1) for at in range(3)))
        summary = export_folder(out, name, gradebook=gradebook, detail="fix")
        assert [one for one in summary.skipped if one.what.startswith("student")] == []


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder, and every file in a zip there, by where."""
    for path in folder.rglob("*"):
        if path.is_file():
            where = path.relative_to(folder).as_posix()
            yield where, path.read_bytes().decode(errors="replace")
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{where}!{name}", archive.read(name).decode(errors="replace")


def _words_of_the_seed(handed_in: Path) -> set[str]:
    with Sandbox.start("none", attack_arena.LIMITS) as sandbox:
        recorder = Recorder(sandbox)
        grader = Grader(load_rubric(attack_arena.RUBRIC), recorder, attack_arena.SEED)
        for path in handed_in.iterdir():
            grader.grade(path.read_bytes(), path.name, path.stem, None)
    return hidden_words(recorder.calls)
