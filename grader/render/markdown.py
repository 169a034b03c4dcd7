"""Report → feedback.md: what a student reads, with the terminal's words. Pure, and escaped throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.model import Diagnosis, ErrorReport, FunctionReport, Location, Report
from grader.render import escape, read_on, words

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
    yield f"# Feedback on {code_span(escape.one_line(words.file_name(report), 200))}"
    yield f"{_text(report.rubric.id)}: {_text(words.verdict(report))}"
    if report.status == "ungradable":
        yield from _problems(report)
        return
    yield f"**Score: {words.score(report.score, report.max_score)}**"
    if words.right_functions(report):
        yield _prose(words.right_functions(report))
    yield _table(report.functions)
    for function in words.told_functions(report):
        yield from _function(report, function, detail)
    if words.missing_functions(report):
        yield _prose(words.missing_functions(report))
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
    return words.code(escape.clean(name)).replace("|", "\\|")


def _function(report: Report, function: FunctionReport, detail: str) -> Iterator[str]:
    for number, (headline, wrong, diagnosis) in enumerate(words.sections(function)):
        yield f"## {_prose(headline)}"
        if number == 0 and words.right(function):
            yield _prose(words.right(function))
        yield from map(_prose, wrong)
        if number == 0 and function.error is not None:
            yield _error(function.error, report)
        yield from _diagnosis(diagnosis, report, function, detail) if diagnosis else _undiagnosed(function)


def _undiagnosed(function: FunctionReport) -> Iterator[str]:
    if words.unexplained(function):
        yield words.NO_KNOWN_MISTAKE
    if function.stdout.strip():
        yield f"{words.PRINTED}:"
        yield code_block(function.stdout.strip("\n")[:_STDOUT_CHARACTERS])


def _diagnosis(diagnosis: Diagnosis, report: Report, function: FunctionReport, detail: str) -> Iterator[str]:
    if diagnosis.location is not None:
        yield _location(diagnosis.location, report)
    yield f"*{_text(words.evidence(diagnosis))}*"
    if words.credit(diagnosis, function):
        yield _prose(words.credit(diagnosis, function))
    for label, sentences in words.feedback(diagnosis, detail):
        yield f"**{label}:** {_prose(sentences)}"
    if more := read_on.explain_hint(diagnosis, report):
        yield f"More: {code_span(more)}"


def _location(location: Location, report: Report) -> str:
    return f"{words.place(location, report)}: {code_span(location.source)}"


def _problems(report: Report) -> Iterator[str]:
    if words.problems(report):
        yield "## Problems with the notebook"
        yield "\n".join(f"- {_prose(words.problem(item, report))}" for item in words.problems(report))


def _error(error: ErrorReport, report: Report) -> str:
    where = f" ({words.place(error, report)})" if words.place(error, report) else ""
    told = _prose(error.message) if words.plain_error(error) else code_span(words.error(error)[:500])
    return f"{words.own_error(error)}{where}: {told}"


def _notes(report: Report) -> Iterator[str]:
    notes = [*words.notes(report), words.convention(report), words.counting(report)]
    if any(notes):
        yield "## Notes"
        yield "\n".join(f"- {_prose(note)}" for note in notes if note)


def _prose(text: str) -> str:
    return _readable(escape.markdown_prose(escape.one_line(text)))


#: Backslashes that `escape.markdown` sets for other places than these, where they only tire who reads the file raw.
_NEEDLESS = re.compile(
    r"(?:(?<=[^\W\d_])|(?<=[`)])|(?<= \d))\\([.])(?=\s|$)"  # a sentence's end, not a list's number
    r"|(?<=\d)\\([.])(?=\d)"  # 0.01
    r"|(?<=[\w`])\\([:])(?=\s)"  # a colon in a sentence
    r"|(?<=\w)\\([-])(?=\w)"  # a compound
    r"|\\([-])(?=\d)"  # -1: a list's dash has a space behind it
    r"|(?<=\w )\\([=])(?= \w)"  # m = 4
    r"|(?<!\])\\([(])|(?:(?<=[^\d\n])|(?<=[ (]\d)|(?<=[ (]\d\d))\\([)])"  # no link, as ] stays escaped; no list's 1)
)


def _readable(escaped: str) -> str:
    """The same text with fewer backslashes: what CommonMark makes of it does not change."""
    return _NEEDLESS.sub(lambda match: match[0][1:], escaped)


def _text(text: str) -> str:
    return _readable(escape.markdown(escape.one_line(text)))
