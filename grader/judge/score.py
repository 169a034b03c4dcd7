"""Points of a function and of a notebook (docs/report.md, "Points")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.model import Diagnosis
from grader.rubric.schema import FunctionSpec


def share(spec: FunctionSpec, failed: Iterable[str], diagnoses: Iterable[Diagnosis]) -> float:
    """The share of a function's points: weights of right components, and what the diagnoses leave of others.

    A failed component keeps the smallest credit among the sure diagnoses that cover it, nothing without one.
    """
    sure = [diagnosis for diagnosis in diagnoses if diagnosis.evidence != "suspected"]
    wrong = set(failed)
    total = 0.0
    for name, weight in spec.weights.items():
        credits = [diagnosis.credit for diagnosis in sure if name in diagnosis.components]
        total += weight * (1.0 if name not in wrong else min(credits, default=0.0))
    return total


def points(
    specs: Iterable[FunctionSpec], total: float, counted: Iterable[FunctionSpec]
) -> Mapping[str, float]:
    """Function → its maximum, scaled so that those that count sum to the rubric's total."""
    everything = sum(spec.points for spec in counted)
    return {spec.name: spec.points * total / everything for spec in specs}
