"""Hidden inputs are such that what guards a logarithm or a denominator changes no result, whatever the seed."""

from __future__ import annotations

import numpy as np
import pytest

from grader.model import Call
from grader.references.networks import EDGE, INSIDE
from grader.rubric.load import load_rubric
from grader.rubric.plan import make_plan

SEEDS = range(150)


def farthest(predictions: list[np.ndarray]) -> float:
    """How near to 0 or 1 one of them comes."""
    return min(float(np.min(np.minimum(A, 1 - A))) for A in predictions)


@pytest.mark.parametrize("function", ["compute_cost", "L_model_backward"])
def test_predictions_of_a_network_stay_clear_of_0_and_1(function: str) -> None:
    rubric = load_rubric("dnn-step-by-step")
    for seed in SEEDS:
        suite = make_plan(rubric, seed).suite
        calls = (*suite.isolated[function], *suite.public[function])
        *mild, far = [farthest([call.steps[-1].args[0]]) for call in sorted(calls, key=_public_first)]
        assert min(mild) > INSIDE, seed
        assert far == pytest.approx(EDGE), seed


def _public_first(call: Call) -> bool:
    return not call.public


def test_predictions_of_a_logistic_regression_stay_clear_of_0_and_1() -> None:
    rubric = load_rubric("logistic-regression")
    for seed in SEEDS:
        calls = make_plan(rubric, seed).suite.isolated["propagate"]
        given = [call.steps[-1].args for call in calls]
        assert farthest([1 / (1 + np.exp(-(w.T @ X + b))) for w, b, X, _ in given]) > INSIDE, seed
