"""Which formats there are: an explicit table, and third parties through the entry points `grader.exporters`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from grader.errors import UsageError
from grader.export.base import Exporter
from grader.nearest import nearest

GROUP = "grader.exporters"

#: Format → its module. Each module has one `EXPORTER`; it is imported when it is used.
OURS: Mapping[str, str] = {
    "canvas": "grader.export.canvas",
    "moodle": "grader.export.moodle",
    "gradescope": "grader.export.gradescope",
    "prairielearn": "grader.export.prairielearn",
    "coursera": "grader.export.coursera",
    "nbgrader": "grader.export.nbgrader",
    "edx": "grader.export.edx",
    "junit": "grader.export.junit",
    "sarif": "grader.export.sarif",
    "csv": "grader.export.table",
    "jsonl": "grader.export.jsonl",
    "vpl": "grader.export.vpl",
    "inginious": "grader.export.inginious",
    "codegrade": "grader.export.codegrade",
    "blackboard": "grader.export.blackboard",
    "brightspace": "grader.export.brightspace",
}


def format_names() -> tuple[str, ...]:
    """All formats, ours first. Nothing is imported for it."""
    return (*OURS, *sorted({point.name for point in _installed()} - OURS.keys()))


def exporters() -> dict[str, Exporter]:
    """Every format by name. An installed one cannot take the name of one of ours."""
    return {name: exporter(name) for name in format_names()}


def exporter(name: str) -> Exporter:
    """One format. UsageError if there is none of that name, or an installed one cannot be loaded."""
    if name in OURS:
        found: Exporter = import_module(OURS[name]).EXPORTER
        return found
    for point in _installed():
        if point.name == name:
            return _load(point)
    names = format_names()
    raise UsageError(f"there is no format {name!r}{nearest(name, names)}. Formats: {', '.join(names)}.")


def _installed() -> Iterator[EntryPoint]:
    yield from entry_points(group=GROUP)


def _load(point: EntryPoint) -> Exporter:
    try:
        found = point.load()
    except Exception as error:
        raise UsageError(
            f"the format {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}. "
            "Update or remove the package that brings it."
        ) from error
    if not isinstance(found, Exporter):
        raise UsageError(f"the format {point.name!r} ({point.value}) is no grader.export.Exporter.")
    return found
