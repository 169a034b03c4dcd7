"""Versions of a notebook that differ in what is right, told by the course modules that a submission imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.model import Cell, FunctionFacts
from grader.rubric.schema import FunctionSpec, Misconception, Rubric

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w \t,]+))", re.MULTILINE)
_WORD = re.compile(r"\w+")


def later_version(rubric: Rubric) -> Rubric:
    """The rubric of the versions whose tests accept the later layout alone."""
    functions = {name: replace(spec, is_later=_has_later(spec)) for name, spec in rubric.functions.items()}
    return replace(rubric, functions=functions, misconceptions=dict(_wrong_later(rubric)))


def _has_later(spec: FunctionSpec) -> bool:
    return bool(spec.later or spec.later_unless_read)


def is_later(rubric: Rubric, cells: Sequence[Cell], facts: Mapping[str, FunctionFacts]) -> bool:
    """Whether a notebook imports a module of such a version."""
    modules = {module for spec in rubric.functions.values() for module in _modules(spec, cells, facts)}
    mentioning = (cell.source for cell in cells if any(module in cell.source for module in modules))
    return any(modules & imported(source) for source in mentioning)


def _modules(
    spec: FunctionSpec, cells: Sequence[Cell], facts: Mapping[str, FunctionFacts]
) -> tuple[str, ...]:
    """The modules that tell of a later version. Who keeps to an earlier template, or looks the entries up under its
    numbers, is not judged by what some later versions ask for."""
    keys = {str(spec.returns[name]) for name in spec.shifted}
    read = spec.name not in facts or not keys.isdisjoint(facts[spec.name].looked_up)
    if read or any(text in cell.source for text in spec.earlier for cell in cells):
        return spec.later
    return (*spec.later, *spec.later_unless_read)


def imported(source: str) -> set[str]:
    """The words of a cell's import statements, modules among them. It takes time in proportion to the text."""
    return {word for one, several in _IMPORT.findall(source) for word in (one, *_WORD.findall(several))}


def _wrong_later(rubric: Rubric) -> Iterable[tuple[str, Misconception]]:
    """The misconceptions, each with the forms of what was right in earlier versions."""
    for name, found in rubric.misconceptions.items():
        forms = tuple(
            replace(form, misconception=name)
            for other in rubric.misconceptions.values()
            if other.later == name
            for form in other.forms
        )
        yield name, replace(found, forms=(*found.forms, *forms))
