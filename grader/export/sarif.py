"""SARIF 2.1.0: what is wrong, for code hosts that annotate files. One rule a misconception.

A line of the notebook's cell is no line of the file, so the place is in the message and in `properties`:
a wrong `region` would mark an innocent line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.export.scores import strict_json
from grader.model import Diagnosis, FunctionReport, Location
from grader.render import read_on, words
from grader.render.escape import one_line, sarif
from grader.render.plain import function_text

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_RESULTS = 25_000
_UNEXPLAINED = "unexplained"


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """results.sarif."""
    results: list[dict[str, Any]] = []
    rules: dict[str, dict[str, Any]] = {}
    version = "0"
    for stored in reports:
        version = stored.report.grader_version
        for result, rule in _results(stored, options.detail):
            rules.setdefault(rule["id"], rule)
            results.append(result)
    if len(results) > _MOST_RESULTS:
        sink.note(
            f"SARIF holds at most {_MOST_RESULTS:,} results: {len(results) - _MOST_RESULTS:,} are left out."
        )
        results = results[:_MOST_RESULTS]
    sink.write("results.sarif", strict_json(_log(results, list(rules.values()), version)))


def _log(results: list[dict[str, Any]], rules: list[dict[str, Any]], version: str) -> dict[str, Any]:
    driver = {"name": "whywrong", "semanticVersion": version, "rules": rules}
    if not version[:1].isdigit():
        del driver["semanticVersion"]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(stored: StoredReport, detail: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for problem in stored.report.problems:
        text = words.problem(problem, stored.report)
        yield _result(stored, "", problem.code, "error", text, None), _rule(problem.code, problem.code)
    if stored.report.status == "graded":
        for function in words.open_functions(stored.report):
            yield from _function(stored, function, detail)


def _function(
    stored: StoredReport, function: FunctionReport, detail: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    text = function_text(stored.report, function, detail)
    if not function.diagnoses:
        name = _UNEXPLAINED if function.status == "failed" else function.status
        place = _error_place(function)
        yield _result(stored, function.name, name, "error", text, place), _rule(name, _WORDS[name])
    for diagnosis in function.diagnoses:
        level = "warning" if diagnosis.evidence == "suspected" else "error"
        more = read_on.explain_hint(diagnosis, stored.report)
        shown = diagnosis if detail != "nudge" else None
        rule = _rule(diagnosis.misconception, diagnosis.title, shown, more)
        result = _result(
            stored, function.name, diagnosis.misconception, level, _head(function, diagnosis, text), diagnosis.location
        )  # fmt: skip
        yield result, rule


_WORDS = {
    _UNEXPLAINED: "wrong values that no known mistake explains",
    "error": "the function stopped with an error",
    "timeout": "the function took longer than its time limit",
    "missing": "the function is not defined in this notebook",
    "not-implemented": "the function is not finished: it still has blanks of the template",
    "passed": "all tests passed",
}


def _head(function: FunctionReport, diagnosis: Diagnosis, text: str) -> str:
    """The whole text where there is one diagnosis; else this one's headline."""
    if len(function.diagnoses) == 1:
        return text
    return one_line(f"{words.code(function.name)}: {words.title(diagnosis)}")


def _error_place(function: FunctionReport) -> Location | None:
    error = function.error
    if error is None or error.cell is None or error.line is None:
        return None
    return Location(error.cell, error.line, "")


def _result(
    stored: StoredReport, function: str, rule: str, level: str, text: str, place: Location | None
) -> dict[str, Any]:
    uri = quote(stored.report.submission.file.lstrip("/") or stored.id)
    properties: dict[str, Any] = {"submission": stored.id}
    if place is not None:
        properties |= {"cell": place.cell, "line": place.line, "source": one_line(place.source, 300)}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri}}}
    if function:
        location["logicalLocations"] = [{"name": one_line(function, 100), "kind": "function"}]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": sarif(text)},
        "locations": [location],
        "partialFingerprints": {"whywrong/v1": _fingerprint(stored.id, function, rule)},
        "properties": properties,
    }


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _rule(name: str, title: str, diagnosis: Diagnosis | None = None, more: str = "") -> dict[str, Any]:
    title = one_line(title.replace("`", ""), 300)
    why = one_line(diagnosis.feedback.explanation) if diagnosis else title
    run = f" Run `{more}` for more." if more else ""
    help_ = f"{why or title}{run}" if diagnosis else f"{title}."
    return {
        "id": name,
        "shortDescription": {"text": title},
        "fullDescription": {"text": (why or title)[:1_000]},
        "help": {"text": help_},
        "properties": {"tags": ["education", "misconception" if diagnosis else "submission"]},
    }


EXPORTER = Exporter("sarif", "SARIF", export, single="results.sarif")
