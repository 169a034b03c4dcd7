"""Inputs for the Step by Step assignment for regression: the nets of the other one, with real numbers as targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from grader.model import Call
from grader.references import dnn_inputs
from grader.references.networks import Array
from grader.references.suite import CallMaker, Functions, Suite


def draw_targets(m: int, rng: np.random.Generator, *, soft: bool = False) -> Array:
    """Targets (1, m) of both signs; `soft` ones lie closer to zero."""
    return rng.normal(size=(1, m)) * (0.6 if soft else 1.7) + 0.4


REGRESSION = dnn_inputs.Kind(("linear", "relu"), ("relu",), draw_targets, probabilities=False)


def make_suite(functions: Functions, seed: int, only: Collection[str] | None = None) -> Suite:
    """All calls for one seed, or those of some functions. `functions` are the reference's (convention L)."""
    suite = dnn_inputs.make_suite(functions, seed, only, REGRESSION)
    return replace(suite, isolated=_with_probabilities(suite.isolated, seed))


def _with_probabilities(
    isolated: Mapping[str, tuple[Call, ...]], seed: int
) -> Mapping[str, tuple[Call, ...]]:
    """Batches that lie between 0 and 1 by chance: there a cross-entropy has a value, and shows."""
    calls = CallMaker(seed, "unit-", only=isolated)
    rng = calls.rng("probabilities")
    for m in (7, 11):
        calls.add("compute_cost", *rng.uniform(0.1, 0.9, size=(2, 1, m)))
    return {name: (*made, *calls.done().get(name, ())) for name, made in isolated.items()}
