"""Report → feedback.md: what a student reads, with the terminal's words. Pure, and escaped throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.model import Diagnosis, FunctionReport, Location, Note, Report
from grader.render import escape, words

_STDOUT_CHARACTERS = 2_000


def render(report: Report, *, detail: str = "explanation") -> str:
    """The report as CommonMark. `detail` is the deepest level shown (ValueError for an unknown one)."""
    words.levels(detail)
    return "\n\n".join(_blocks(report, detail)) + "\n"


def code_span(text: str) -> str:
    """Any text as one inline code span: the fence is longer than every run of backticks inside."""
    text = escape.one_line(text)
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def code_block(text: str) -> str:
    """Any text as a fenced block that it cannot leave."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{escape.clean(text)}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _blocks(report: Report, detail: str) -> Iterator[str]:
    yield f"# Feedback on {escape.markdown(escape.one_line(report.submission.file, 200))}"
    yield f"{escape.markdown(report.rubric.id)}: {escape.markdown(words.verdict(report))}"
    if report.status == "ungradable":
        yield from _problems(report)
        return
    yield f"**Score: {words.score(report.score, report.max_score)}**"
    yield _table(report.functions)
    for function in words.open_functions(report):
        yield from _function(function, detail)
    yield from _problems(report)
    yield from _notes(report)


def _table(functions: Sequence[FunctionReport]) -> str:
    rows = [
        f"| {_cell(function.name)} | {words.STATUS[function.status]} "
        f"| {words.score(function.score, function.max_score)} |"
        for function in functions
    ]
    return "\n".join(["| function | status | score |", "| --- | --- | ---: |", *rows])


def _cell(name: str) -> str:
    """A name inside a table: a pipe would end the cell even within a code span."""
    return escape.markdown(escape.one_line(name, 60))


def _function(function: FunctionReport, detail: str) -> Iterator[str]:
    facts = [escape.markdown_prose(line) for line in [words.right(function), *words.wrong(function)] if line]
    for headline, diagnosis in zip(words.headlines(function), function.diagnoses or (None,), strict=True):
        yield f"## {escape.markdown_prose(escape.one_line(headline))}"
        yield from facts
        yield from _diagnosis(diagnosis, detail) if diagnosis else _undiagnosed(function)
        facts = []


def _undiagnosed(function: FunctionReport) -> Iterator[str]:
    if words.unexplained(function):
        yield words.NO_KNOWN_MISTAKE
    if function.error is not None:
        where = f" ({words.place(function.error)})" if words.place(function.error) else ""
        yield code_span(f"{function.error.type}: {function.error.message}"[:500]) + where
    if function.stdout.strip():
        yield "It printed:"
        yield code_block(function.stdout.strip("\n")[:_STDOUT_CHARACTERS])


def _diagnosis(diagnosis: Diagnosis, detail: str) -> Iterator[str]:
    if diagnosis.location is not None:
        yield _location(diagnosis.location)
    yield f"*{escape.markdown(words.EVIDENCE[diagnosis.evidence])}*"
    if words.credit(diagnosis):
        yield escape.markdown(words.credit(diagnosis))
    for label, sentences in words.feedback(diagnosis, detail):
        yield f"**{label}:** {escape.markdown_prose(escape.one_line(sentences))}"
    yield f"More: {code_span(words.explain_hint(diagnosis))}"


def _location(location: Location) -> str:
    return f"At {words.place(location)}: {code_span(location.source)}"


def _problems(report: Report) -> Iterator[str]:
    if report.problems:
        yield "## Problems with the notebook"
        yield "\n".join(f"- {escape.markdown(escape.one_line(words.problem(item)))}" for item in report.problems)


def _notes(report: Report) -> Iterator[str]:
    notes = [_note(note) for note in report.notes]
    notes += [f"{words.code(item.name)}: {_note(note)}" for item in report.functions for note in item.notes]
    if notes:
        yield "## Notes"
        yield "\n".join(f"- {note}" for note in notes)


def _note(note: Note) -> str:
    return escape.markdown_prose(escape.one_line(note.message))
