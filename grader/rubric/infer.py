"""Which rubric a notebook is for, from the functions that it defines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from grader.errors import UsageError
from grader.model import Notebook, Problem
from grader.nearest import nearest
from grader.rubric.load import load_rubric
from grader.rubric.schema import Rubric
from grader.rubric.shipped import shipped_rubrics
from grader.rubric.signs import signs_in

#: The share of a rubric's functions that a notebook has to define; neighbouring weeks share three of ten.
FITS = 0.4
OTHER_RUBRIC = "other-rubric"
_DEFINED = re.compile(r"^[ \t]*(?:def[ \t]+(\w+)|(\w+)[ \t]*=[ \t]*lambda\b)", re.MULTILINE)


def defined_names(notebook: Notebook) -> frozenset[str]:
    """Names that the cells seem to define as functions; read by eye, so that broken cells count too."""
    return frozenset(
        first or second for cell in notebook.cells for first, second in _DEFINED.findall(cell.source)
    )


def infer(notebook: Notebook, file: str, asked: Collection[str] = ()) -> tuple[str, str]:
    """(rubric, why). `asked`: the functions that are to be checked, which only some rubrics may have.

    Raises UsageError where none fits, or several fit equally well.
    """
    defined = defined_names(notebook)
    candidates = _with(asked)
    everything = {function for name in shipped_rubrics() for function in load_rubric(name).functions}
    for function in asked:
        if function not in everything:
            raise UsageError(f"the grader has no function {function!r}{nearest(function, everything)}.")
    if asked and len(candidates) == 1 and _share(candidates[0], defined) < FITS:
        return candidates[0], f"it alone has {', '.join(asked)}"
    shares = {name: _share(name, defined) for name in candidates}
    best = max(shares.values(), default=0.0)
    chosen = [name for name, share in shares.items() if share and share >= best - 0.1]
    if best < FITS or not chosen:
        raise UsageError(
            f"{file}: no rubric fits the functions in it ({_names(defined)}). Name one with --rubric: "
            f"{', '.join(shipped_rubrics())}"
        )
    if len(chosen) > 1:
        raise UsageError(f"{file}: {' and '.join(chosen)} fit equally well. Name one with --rubric.")
    found = defined & set(_graded(chosen[0]))
    return chosen[0], f"the notebook defines {len(found)} of its {len(_graded(chosen[0]))} functions"


def look_alikes(rubric: str, notebook: Notebook) -> dict[str, tuple[str, ...]]:
    """The rubrics that opt out of inference, have the same functions and find signs of theirs in the notebook."""
    if rubric not in shipped_rubrics():
        return {}
    others = (name for name in shipped_rubrics() if not load_rubric(name).inferable and name != rubric)
    same = (name for name in others if set(_graded(name)) == set(_graded(rubric)))
    held = {name: signs_in(notebook, load_rubric(name).signs) for name in same}
    return {name: signs for name, signs in held.items() if signs}


def of_another(rubric: Rubric, notebook: Notebook) -> Problem | None:
    """What to say of a notebook with none of a rubric's own functions where another shipped rubric fits it."""
    defined = defined_names(notebook)
    here = defined & set(rubric.functions)
    if len(here) >= FITS * len(rubric.functions):
        return None
    try:
        fits = infer(notebook, "")[0]
    except UsageError:
        return None
    if here - set(load_rubric(fits).functions):
        return None
    name = next(iter(look_alikes(fits, notebook)), fits)
    found, graded = len(defined & set(_graded(name))), len(_graded(name))
    return Problem(
        OTHER_RUBRIC,
        f"This looks like a notebook of another assignment: it has {found} of the {graded} functions of {name}, and "
        f"{len(here)} of the {len(rubric.functions)} of {rubric.id}. To check it as that one: "
        f"`grader check NOTEBOOK --rubric {name}`.",
    )


def _with(asked: Collection[str]) -> list[str]:
    """The rubrics to choose from that have all these functions; all of them where none has."""
    inferable = [name for name in shipped_rubrics() if load_rubric(name).inferable]
    return [name for name in inferable if set(asked) <= set(load_rubric(name).functions)] or inferable


def _graded(name: str) -> Mapping[str, object]:
    return {function: spec for function, spec in load_rubric(name).functions.items() if not spec.optional}


def _share(name: str, defined: frozenset[str]) -> float:
    """The share of a rubric's functions that are defined."""
    graded = _graded(name)
    return len(defined & set(graded)) / len(graded)


def _names(defined: frozenset[str]) -> str:
    listed = ", ".join(sorted(defined)[:6])
    return f"{listed} …" if len(defined) > 6 else listed or "none"
