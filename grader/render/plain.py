"""Report → plain text: the master of every message that an LMS shows. Pure.

A text is a list of `Block`s; what a platform wants as HTML, Markdown or reStructuredText is derived
from the same blocks, so that the words are the same everywhere. Everything is cleaned here of control
characters, terminal sequences and overrides; markup is the business of whoever derives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from grader.model import Diagnosis, ErrorReport, FunctionReport, Location, Report
from grader.render import escape, read_on, words

_SOURCE_CHARACTERS = 300
_ERROR_CHARACTERS = 500
_STDOUT_CHARACTERS = 2_000

#: What stands for the layers of isolation that were not in force.
NOT_ISOLATED = "Not isolated: the grader ran this code without walls of its own, only those of the platform."


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph. `text` has code in backticks; `code` is verbatim; `label` goes in front of the text."""

    kind: Literal["head", "text", "code"]
    text: str
    label: str = ""


def function_text(report: Report, function: FunctionReport, detail: str = "explanation") -> str:
    """All that a student is told of one function, down to the level `detail` (ValueError for an unknown one)."""
    return as_text(function_blocks(report, function, detail))


def case_text(
    report: Report, function: FunctionReport, detail: str = "explanation", *, why: bool = True
) -> str:
    """What a platform's test of one function says; of a notebook that could not be graded, that it was not tested.

    `why` adds the reason, for places where it is not said anyway.
    """
    if report.status == "ungradable":
        reason = f" {overview_text(report)}" if why else ""
        return escape.one_line(f"{_name(function)}: not tested.{reason}")
    return function_text(report, function, detail)


def report_text(report: Report, detail: str = "explanation") -> str:
    """All that a student is told of the submission."""
    return as_text(report_blocks(report, detail))


def overview_text(report: Report) -> str:
    """The submission as a whole: verdict, problems, notes; what is said of single functions left out."""
    return as_text(overview_blocks(report))


def summary_line(report: Report) -> str:
    """One line for a gradebook's cell: the score and what is to be mended."""
    if report.status == "ungradable":
        reasons = " ".join(words.problem(problem, report) for problem in report.problems[:2])
        return escape.one_line(f"{words.verdict(report)} {reasons}", 400)
    heads = [_head_line(function) for function in words.open_functions(report)]
    score = words.score(report.score, report.max_score)
    return escape.one_line(f"Score {score}. {words.verdict(report)} {' '.join(heads)}", 1_000)


def as_text(blocks: Iterable[Block]) -> str:
    """Blocks as plain text, one line each; verbatim ones are indented by four."""
    return "\n".join(map(_line, blocks))


def function_blocks(report: Report, function: FunctionReport, detail: str = "explanation") -> list[Block]:
    """The blocks of one function of the report."""
    words.levels(detail)
    if function.status == "passed":
        return [Block("head", f"{_name(function)}: {words.fact(function)}"), *_function_notes(function)]
    heads = [_clean(line) for line in words.headlines(function)]
    blocks = []
    facts = list(_facts(report, function))
    for head, diagnosis in zip(heads, function.diagnoses or (None,), strict=True):
        told = _diagnosis(diagnosis, report, function, detail) if diagnosis else _undiagnosed(function)
        blocks += [Block("head", head), *facts, *told]
        facts = []
    return [*blocks, *_function_notes(function)]


def overview_blocks(report: Report) -> list[Block]:
    """Verdict, what is right, problems with the file, notes on the whole."""
    lines = [words.verdict(report), *(words.problem(one, report) for one in words.problems(report))]
    if report.status == "graded":
        lines += [note.message for note in report.notes]
        lines += [words.convention(report), words.counting(report)]
    return [Block("text", _clean(line)) for line in lines if line]


def report_blocks(report: Report, detail: str = "explanation") -> list[Block]:
    """The score, the overview, then each function that did not pass and each remark on one that did."""
    if report.status == "ungradable":
        return overview_blocks(report)
    blocks = [Block("head", f"Score: {words.score(report.score, report.max_score)}")]
    blocks += overview_blocks(report)
    for function in report.functions:
        if function.status != "passed" or function.notes:
            blocks += function_blocks(report, function, detail)
    return blocks


def _line(block: Block) -> str:
    if block.kind == "code":
        return "\n".join(f"    {line}" for line in block.text.splitlines())
    return f"{block.label}: {block.text}" if block.label else block.text


def _head_line(function: FunctionReport) -> str:
    return "; ".join(words.headlines(function)).rstrip(".") + "."


def _facts(report: Report, function: FunctionReport) -> Iterator[Block]:
    for line in (words.right(function), *words.wrong(function)):
        if line:
            yield Block("text", _clean(line))
    if function.error is not None:
        yield from _error(function.error, report)


def _error(error: ErrorReport, report: Report) -> Iterator[Block]:
    where = f" ({words.place(error, report)})" if words.place(error, report) else ""
    if words.plain_error(error):
        yield Block("text", _clean(f"{words.own_error(error)}{where}: {error.message}"))
        return
    yield Block("text", f"{words.own_error(error)}{where}:")
    yield Block("code", escape.one_line(words.error(error), _ERROR_CHARACTERS))


def _undiagnosed(function: FunctionReport) -> Iterator[Block]:
    if words.unexplained(function):
        yield Block("text", words.NO_KNOWN_MISTAKE)
    printed = escape.clean(function.stdout).strip("\n")
    if printed.strip():
        yield Block("text", f"{words.PRINTED}:")
        yield Block("code", printed[:_STDOUT_CHARACTERS])


def _diagnosis(
    diagnosis: Diagnosis, report: Report, function: FunctionReport, detail: str
) -> Iterator[Block]:
    if diagnosis.location is not None:
        yield from _location(diagnosis.location, report)
    yield Block("text", words.evidence(diagnosis))
    if words.credit(diagnosis, function):
        yield Block("text", _clean(words.credit(diagnosis, function)))
    for label, sentences in words.feedback(diagnosis, detail):
        yield Block("text", _clean(sentences), label)
    if more := read_on.explain_hint(diagnosis, report):
        yield Block("text", f"`{escape.one_line(more, 200)}`", "More")


def _location(location: Location, report: Report) -> Iterator[Block]:
    yield Block("text", f"In {words.place(location, report)}:")
    yield Block("code", escape.one_line(location.source, _SOURCE_CHARACTERS))


def _function_notes(function: FunctionReport) -> list[Block]:
    return [Block("text", _clean(note.message)) for note in function.notes if note.message]


def _name(function: FunctionReport) -> str:
    return words.code(escape.clean(function.name))


@lru_cache(maxsize=4096)  # a class makes the same mistakes: most sentences come again and again
def _clean(text: str) -> str:
    return escape.one_line(text)
