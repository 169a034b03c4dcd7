"""report.json ↔ `grader.model.Report`, exactly as docs/report.md says of the schema `grader/report/v1`.

Strict JSON: no NaN and no infinity, UTF-8, lone surrogates replaced. `null` stands for what is not
known (`student`, `location`, `error`, `cell`, `line`); `instructor` is left out where it is empty.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import msgspec

from grader.errors import UsageError
from grader.model import LEVELS, Diagnosis, FunctionReport, Report

SCHEMA = "grader/report/v1"

#: What JSON may hold as it is, though it acts on a terminal or turns the order of what is read.
_ACTING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers, in the contract's order."""
    return {
        "schema": report.schema,
        "grader_version": report.grader_version,
        "rubric": _fields(report.rubric),
        "submission": _fields(report.submission),
        "status": report.status,
        "score": report.score,
        "max_score": report.max_score,
        "convention": report.convention,
        "notes": [_fields(note) for note in report.notes],
        "isolation": {"tier": report.isolation.tier, "layers": list(report.isolation.layers)},
        "functions": [_function(function) for function in report.functions],
        "problems": [_fields(problem) for problem in report.problems],
        "seconds": report.seconds,
    }


def to_json(report: Report, indent: int | None = 2) -> bytes:
    """The report as UTF-8 JSON, ending in a newline. ValueError for a number that is not finite."""
    text = json.dumps(to_dict(report), ensure_ascii=False, allow_nan=False, indent=indent)
    # A student's string can hold half a surrogate pair, which UTF-8 has no bytes for.
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def from_json(data: bytes) -> Report:
    """Read a report back. UsageError says what is wrong with the bytes, and where in them."""
    _require_schema(data)
    try:
        report = msgspec.json.decode(data, type=Report)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"this report does not follow {SCHEMA}: {error}. Grade the submission again."
        ) from None
    except RecursionError:
        raise UsageError(f"this is no report: it is nested more deeply than {SCHEMA} allows.") from None
    return report


def public(report: Report, most: str = LEVELS[-1]) -> Report:
    """The report without what only the instructor may see, and without feedback deeper than the level `most`."""
    functions = tuple(
        dataclasses.replace(
            function, instructor={}, diagnoses=tuple(_shown(one, most) for one in function.diagnoses)
        )
        for function in report.functions
    )
    return dataclasses.replace(report, functions=functions)


def _shown(diagnosis: Diagnosis, most: str) -> Diagnosis:
    deeper = LEVELS[LEVELS.index(most) + 1 :]
    if not deeper:
        return diagnosis
    blank = dict.fromkeys(deeper, "")
    return dataclasses.replace(diagnosis, feedback=dataclasses.replace(diagnosis.feedback, **blank))


class _Head(msgspec.Struct):
    """As much of a report as is needed to know its schema."""

    schema: str


def _require_schema(data: bytes) -> None:
    try:
        found = msgspec.json.decode(data, type=_Head).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"this is no report of the grader: {error}.") from None
    if found != SCHEMA:
        raise UsageError(
            f"this report has the schema {found!r}; this grader reads {SCHEMA}. Grade again with it."
        )


def _fields(value: Any) -> dict[str, Any]:
    """A flat dataclass as a dict, in its own order."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _function(function: FunctionReport) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": function.name,
        "status": function.status,
        "score": function.score,
        "max_score": function.max_score,
        "components": [_fields(component) for component in function.components],
        "diagnoses": [_diagnosis(diagnosis) for diagnosis in function.diagnoses],
        "notes": [_fields(note) for note in function.notes],
        "error": None if function.error is None else _fields(function.error),
        "stdout": function.stdout,
    }
    return data | {"instructor": dict(function.instructor)} if function.instructor else data


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    location = diagnosis.location
    return {
        "misconception": diagnosis.misconception,
        "components": list(diagnosis.components),
        "evidence": diagnosis.evidence,
        "credit": diagnosis.credit,
        "location": None if location is None else _fields(location),
        "title": diagnosis.title,
        "feedback": _fields(diagnosis.feedback),
    }
