"""Values of a rubric that would only show while a class is being graded: ranges, words with a meaning, names of others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from grader.model import LEVELS
from grader.nearest import nearest
from grader.rubric.schema import FunctionSpec, Misconception, Rubric
from grader.rubric.yaml_file import YamlFile, read_yaml

DECIDES = ("values", "repair", "status")
VERDICTS = ("wrong", "right")


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that does not do: what is wrong, under which key, and of which function."""

    message: str
    key: str
    function: str = ""


def check_rubric(rubric: Rubric, file: YamlFile) -> None:
    """Raises RubricError, naming file, line and key, for the first value that does not do."""
    for fault in _rubric_faults(rubric):
        found: Any = file.data
        if fault.function:
            found = file.data["functions"][fault.function]
        raise file.error(fault.message, fault.key, found)
    for one in rubric.misconceptions.values():
        for fault in _misconception_faults(one, rubric):
            own = read_yaml(one.path) if one.path else file
            raise own.error(f"misconception {one.id!r}: {fault.message}", fault.key, own.data)


def _rubric_faults(rubric: Rubric) -> Iterator[Fault]:
    yield from _not_among("detail", [rubric.detail], LEVELS)
    if rubric.required_convention is not None:
        yield from _not_among("convention", [rubric.required_convention], ("L",))
    if not rubric.tolerance > 0:
        yield Fault(f"'tolerance' is {rubric.tolerance:g}, and a number above 0 is wanted", "tolerance")
    if not rubric.total > 0:
        yield Fault(f"'total' is {rubric.total:g}, and a number above 0 is wanted", "total")
    for spec in rubric.functions.values():
        yield from _function_faults(spec, rubric)
    if not sum(spec.points for spec in rubric.functions.values() if not spec.optional) > 0:
        yield Fault("no function that everybody has to write has points", "functions")


def _function_faults(spec: FunctionSpec, rubric: Rubric) -> Iterator[Fault]:
    where = f"function {spec.name!r}: "
    faults = [
        *_not_among("helpers", spec.helpers, set(rubric.functions) - {spec.name}),
        *_not_among("private", spec.private, spec.returns),
        *_not_among("shifted", spec.shifted, spec.returns),
    ]
    if spec.points < 0:
        faults.append(Fault(f"'points' is {spec.points:g}, and 0 or more is wanted", "points"))
    if any(weight < 0 for weight in spec.weights.values()):
        faults.append(Fault("a weight is below 0, and 0 or more is wanted", "weights"))
    yield from (Fault(where + fault.message, fault.key, spec.name) for fault in faults)


def _misconception_faults(one: Misconception, rubric: Rubric) -> Iterator[Fault]:
    edits = {name for edits in rubric.conventions.values() for name in edits}
    yield from _not_among("decides", [one.decides], DECIDES)
    yield from _not_among("verdict", [one.verdict], VERDICTS)
    yield from _not_among("drops", {name for form in one.forms for name in form.drops}, edits)
    if not 0 <= one.credit <= 1:
        yield Fault(
            f"'credit' is {one.credit:g}, and 0 to 1 is wanted: the share of the marks that is kept", "credit"
        )


def _not_among(key: str, values: Iterable[str], known: Collection[str]) -> Iterator[Fault]:
    for value in values:
        if value not in known:
            hint = nearest(str(value), known) or f"; known: {', '.join(sorted(known)) or 'none'}"
            yield Fault(f"'{key}' has {value!r}, which is not known here{hint}", key)
