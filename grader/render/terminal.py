"""Report → text for a terminal. Pure: width and colour are the caller's to say (NO_COLOR, isatty).

Student-controlled text goes through `escape.terminal` and is only ever put into `rich.text.Text`, which
knows no markup.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from statistics import fmean, median

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.model import Diagnosis, ErrorReport, FunctionReport, Location, Report
from grader.render import escape, read_on, words

_STATUS_STYLE = {"passed": "green", "failed": "red", "error": "red", "timeout": "red"}
_EVIDENCE_STYLE = {"proved": "magenta", "matched": "magenta", "suspected": "yellow"}
_STDOUT_LINES = 5
_SUMMARY_ROWS = 8


def render(report: Report, *, detail: str = "explanation", width: int = 80, color: bool = False) -> str:
    """One screen for a finished notebook; below the table, what did not pass and why.

    `detail` is the deepest feedback level shown: nudge, explanation or fix (ValueError for another).
    """
    words.levels(detail)
    return _export(Group(*_report(report, detail)), width, color)


def render_class_summary(
    reports: Iterable[Report], out_dir: str | PurePath, *, width: int = 80, color: bool = False
) -> str:
    """Counts, scores, the commonest misconceptions, what could not be graded, and where the reports are."""
    return _export(Group(*_summary(tuple(reports), str(out_dir))), width, color)


def _export(content: RenderableType, width: int, color: bool) -> str:
    # An empty environment: COLUMNS, TERM and NO_COLOR are read once, by the command line.
    console = Console(
        file=io.StringIO(),
        width=max(width, 40),
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        console.print(content)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _text(text: str, style: str = "") -> Text:
    return Text(escape.terminal(text), style=style)


def _prose(text: str, style: str = "") -> Text:
    """Our sentences, with `code` in colour; the backticks stay, as there may be no colour."""
    result = _text(text, style)
    result.highlight_regex(r"`[^`\n]+`", "cyan")
    return result


def _line(text: str, style: str = "") -> Text:
    """Student-controlled text that has to stay on one line."""
    result = Text(escape.one_line(text), style=style, no_wrap=True, overflow="ellipsis")
    return result


# --------------------------------------------------------------------------------------- one report


def _report(report: Report, detail: str) -> Iterator[RenderableType]:
    yield _line(report.submission.file, "bold")
    # Without a rubric there is none to name: the file was no notebook.
    rubric = f"{report.rubric.id}: " if report.rubric.version else ""
    yield _text(f"{rubric}{words.verdict(report)}")
    if report.status == "ungradable":
        yield from _problems(report)
        return
    if words.right_functions(report):
        yield _prose(words.right_functions(report), "green")
    yield _table(report)
    for function in words.told_functions(report):
        yield from _function(report, function, detail)
    if words.missing_functions(report):
        yield _prose(f"{words.missing_functions(report)}\n", "bold")
    yield from _problems(report)
    yield from _notes(report)
    if report.isolation.tier == "none":
        yield _text(words.NOT_ISOLATED, "yellow")


def _table(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("function", footer=_text("total", "bold"), overflow="fold")  # it gives way first
    table.add_column("status", no_wrap=True)
    total = _text(words.score(report.score, report.max_score), "bold")
    table.add_column("score", footer=total, justify="right", no_wrap=True)
    for function in report.functions:
        table.add_row(*_row(function))
    return table


def _row(function: FunctionReport) -> tuple[Text, Text, Text]:
    status = _text(words.STATUS[function.status], _STATUS_STYLE.get(function.status, "yellow"))
    return _line(function.name), status, _text(words.score(function.score, function.max_score))


def _function(report: Report, function: FunctionReport, detail: str) -> Iterator[RenderableType]:
    for number, (headline, wrong, diagnosis) in enumerate(words.sections(function)):
        yield _prose(headline, "bold")
        yield from map(_indented, _facts(report, function, wrong, first=number == 0))
        yield from map(
            _indented,
            _diagnosis(diagnosis, report, function, detail) if diagnosis else _undiagnosed(function),
        )
        yield Text()


def _error(error: ErrorReport, report: Report) -> Text:
    where = f" ({words.place(error, report)})" if words.place(error, report) else ""
    told = error.message if words.plain_error(error) else words.error(error)
    return _text(f"{words.own_error(error)}{where}: {escape.one_line(told, 300)}", "red")


def _facts(report: Report, function: FunctionReport, wrong: Sequence[str], *, first: bool) -> Iterator[Text]:
    """Under the first headline what is right, then what is wrong, then the student's own error."""
    if first and words.right(function):
        yield _prose(words.right(function), "green")
    yield from map(_prose, wrong)
    if first and function.error is not None:
        yield _error(function.error, report)


def _undiagnosed(function: FunctionReport) -> Iterator[RenderableType]:
    if words.unexplained(function):
        yield _text(words.NO_KNOWN_MISTAKE)
    yield from _stdout(function.stdout)


def _stdout(stdout: str) -> Iterator[Text]:
    lines = escape.terminal(stdout).strip().splitlines()
    if lines:
        yield _text(f"{words.PRINTED}:", "dim")
    yield from (_line(f"| {line}", "dim") for line in lines[:_STDOUT_LINES])
    if len(lines) > _STDOUT_LINES:
        yield _text(f"| … {words.count(len(lines) - _STDOUT_LINES, 'more line')}", "dim")


def _diagnosis(
    diagnosis: Diagnosis, report: Report, function: FunctionReport, detail: str
) -> Iterator[RenderableType]:
    if diagnosis.location is not None:
        yield _location(diagnosis.location, report)
    yield _text(words.evidence(diagnosis), _EVIDENCE_STYLE[diagnosis.evidence])
    if words.credit(diagnosis, function):
        yield _prose(words.credit(diagnosis, function))
    for label, sentences in words.feedback(diagnosis, detail):
        yield Text.assemble((f"{label}: ", "bold"), _prose(sentences))
    if more := read_on.explain_hint(diagnosis, report):
        yield _text("More: ").append(_line(more, "cyan"))


def _location(location: Location, report: Report) -> Text:
    line = _text(f"{words.place(location, report)}: ", "bold")
    line.append(f"`{escape.one_line(location.source)}`", "cyan")
    return line


def _problems(report: Report) -> Iterator[RenderableType]:
    for problem in words.problems(report):
        yield _text(words.problem(problem, report), "yellow")


def _notes(report: Report) -> Iterator[RenderableType]:
    for note in words.notes(report):
        yield _prose(f"Note: {note}")
    for remark in filter(None, (words.convention(report), words.counting(report))):
        yield _prose(remark)


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)


# ---------------------------------------------------------------------------------- the whole class


def _summary(reports: Sequence[Report], out_dir: str) -> Iterator[RenderableType]:
    graded = [report for report in reports if report.status == "graded"]
    ungradable = [report for report in reports if report.status == "ungradable"]
    yield _text(_counts(len(graded), len(ungradable)), "bold")
    if graded:
        yield _text(_scores(graded))
        yield _functions(graded)
    yield from _misconceptions(graded)
    yield from _ungradable(ungradable)
    yield _text(f"Reports: {out_dir}", "bold")
    yield _text("  grades.csv, and a folder for each submission with report.json and feedback.md")


def _counts(graded: int, ungradable: int) -> str:
    broken = f", {ungradable:,} could not be graded" if ungradable else ""
    return f"{words.count(graded, 'submission')} graded{broken}."


def _scores(graded: Sequence[Report]) -> str:
    scores = [report.score for report in graded]
    full = sum(report.score >= report.max_score for report in graded)
    numbers = f"mean {words.number(fmean(scores))}, median {words.number(median(scores))}"
    return f"Score: {numbers} of {words.number(graded[0].max_score)}; full marks: {full:,}."


def _functions(graded: Sequence[Report]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("function", overflow="fold")
    table.add_column("passed", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    total = Counter(function.name for report in graded for function in report.functions)
    passed = Counter(
        function.name for report in graded for function in report.functions if function.status == "passed"
    )
    for name in total:
        table.add_row(_line(name), f"{passed[name]:,}", f"{total[name]:,}")
    return table


def _misconceptions(graded: Sequence[Report]) -> Iterator[RenderableType]:
    found = Counter(
        misconception
        for report in graded
        for misconception in {
            item.misconception for function in report.functions for item in function.diagnoses
        }
    )
    if found:
        yield _text("Misconceptions:", "bold")
    for misconception, students in sorted(found.items(), key=lambda item: (-item[1], item[0]))[
        :_SUMMARY_ROWS
    ]:
        share = f"{100 * students / len(graded):3.0f} %"
        yield Text(f"  {students:5,}  {share}  ").append(_line(misconception))
    if len(found) > _SUMMARY_ROWS:
        yield _text(f"  and {len(found) - _SUMMARY_ROWS} others; grader report shows them all")


def _ungradable(reports: Sequence[Report]) -> Iterator[RenderableType]:
    if reports:
        yield _text("Could not be graded:", "bold")
    for report in reports[:_SUMMARY_ROWS]:
        reason = "; ".join(problem.message for problem in report.problems) or "no reason given"
        yield _text(f"  {escape.one_line(report.submission.file, 60)}: {escape.one_line(reason, 200)}")
    if len(reports) > _SUMMARY_ROWS:
        yield _text(f"  and {words.count(len(reports) - _SUMMARY_ROWS, 'other')}")
