"""Calls whose labels are those of the assignment, 0 and 1.

Some calls have labels in between: they keep apart what is infinite at 0 and 1. But a solution may rightly ask
`if y == 1`, so those calls only help to name an error; they never make one. Which parameter holds the labels, the
rubric says (`labels`); where it names none, every call counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from grader.judge.verdict import Observed, observe
from grader.model import Call


def of_two_classes(observed: Observed) -> Observed:
    """The observations with labels 0 and 1; all of them where none, or all, are such."""
    if observed.spec.labels not in observed.spec.parameters:
        return observed
    at = observed.spec.parameters.index(observed.spec.labels)
    kept = [i for i, call in enumerate(observed.calls) if _two_classes(call, at)]
    if not kept or len(kept) == len(observed.calls):
        return observed
    calls, outcomes = [observed.calls[i] for i in kept], [observed.outcomes[i] for i in kept]
    return replace(observe(observed.spec, calls, outcomes), unsteady=observed.unsteady)


def with_fewer_labels(observed: Observed) -> Iterator[Observed]:
    """The observations; then, for code that asks `y == 1`, those with labels of two classes."""
    yield observed
    if (fewer := of_two_classes(observed)) is not observed:
        yield fewer


def _two_classes(call: Call, at: int) -> bool:
    args = call.steps[-1].args
    labels = args[at] if at < len(args) else None
    return isinstance(labels, np.ndarray) and bool(np.isin(labels, (0, 1)).all())
