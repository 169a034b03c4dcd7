"""JUnit XML for any CI: a suite a submission, a case a function; the subset that Jenkins' schema allows."""

from __future__ import annotations

from collections.abc import Iterator

from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.model import FunctionReport, Report
from grader.render import words
from grader.render.escape import one_line, xml
from grader.render.plain import function_text, overview_text

_ERRORS = ("error", "timeout")


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """junit.xml."""
    sink.write("junit.xml", _document(reports, options))


def _document(reports: Reports, options: Options) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for stored in reports:
        yield suite(stored, options.detail).encode("utf-8", "replace")
    yield b"</testsuites>\n"


def suite(stored: StoredReport, detail: str = "explanation") -> str:
    """One submission. An ungradable one has a single case, which is an error."""
    report = stored.report
    name = xml(one_line(stored.student or stored.id, 200))
    if report.status == "ungradable":
        body = _case("submission", name, "error", words.verdict(report), overview_text(report))
        counts = 'tests="1" failures="0" errors="1"'
    else:
        body = "".join(_function(report, one, name, detail) for one in report.functions)
        counts = _counts(report)
    return f'<testsuite name="{name}" {counts} time="{report.seconds:.3f}">\n{body}{_summary(report)}</testsuite>\n'


def _counts(report: Report) -> str:
    errors = sum(one.status in _ERRORS for one in report.functions)
    failures = sum(one.status not in ("passed", *_ERRORS) for one in report.functions)
    return f'tests="{len(report.functions)}" failures="{failures}" errors="{errors}"'


def _function(report: Report, function: FunctionReport, suite_name: str, detail: str) -> str:
    # Points have no place in JUnit XML; they go to the message that every reader shows.
    score = words.score(function.score, function.max_score)
    if function.status == "passed":
        return f'  <testcase name="{_name(function)}" classname="{suite_name}" time="0.000"/>\n'
    kind = "error" if function.status in _ERRORS else "failure"
    message = f"{'; '.join(words.headlines(function))} ({score})"
    text = function_text(report, function, detail)
    return _case(_name(function), suite_name, kind, message, text, function)


def _case(
    name: str,
    suite_name: str,
    kind: str,
    message: str,
    text: str,
    function: FunctionReport | None = None,
) -> str:
    type_ = xml(_type(function))
    return (
        f'  <testcase name="{name}" classname="{suite_name}" time="0.000">\n'
        f'    <{kind} message="{xml(one_line(message, 300))}" type="{type_}">{xml(text)}</{kind}>\n'
        "  </testcase>\n"
    )


def _type(function: FunctionReport | None) -> str:
    if function is None:
        return "ungradable"
    return function.diagnoses[0].misconception if function.diagnoses else function.status


def _summary(report: Report) -> str:
    if report.status == "ungradable":
        return ""
    text = f"Score: {words.score(report.score, report.max_score)}\n{overview_text(report)}"
    return f"  <system-out>{xml(text)}</system-out>\n"


def _name(function: FunctionReport) -> str:
    return xml(one_line(function.name, 100))


EXPORTER = Exporter("junit", "JUnit XML", export, single="junit.xml")
