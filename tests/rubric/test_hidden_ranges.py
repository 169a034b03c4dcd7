"""Hidden inputs reach far enough for what is remembered or cut off to show, whatever the seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from grader.model import Call, Value
from grader.rubric.load import load_rubric
from grader.rubric.plan import make_plan

SEEDS = range(40)
RUBRICS = ("dnn-step-by-step", "logistic-regression", "regression-step-by-step")
#: What is drawn differs in any case; what is made of nothing but sizes does not.
FROM_SIZES = {"initialize_parameters", "initialize_parameters_deep", "initialize_with_zeros"}


def arrays(value: Value) -> Iterator[np.ndarray]:
    """All arrays and numbers in a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            yield from arrays(item)
    elif not isinstance(value, str):
        yield np.asarray(value)


def shapes(call: Call) -> tuple[Value, ...]:
    words = tuple(arg for arg in call.steps[-1].args if isinstance(arg, str))
    return (*words, *(array.shape for array in arrays(call.steps[-1].args)))


def largest(*calls: Call, at: int | None = None) -> float:
    args = [call.steps[-1].args if at is None else call.steps[-1].args[at] for call in calls]
    return max(float(np.abs(array).max()) for array in arrays(args))


@pytest.mark.parametrize("name", RUBRICS)
def test_what_is_remembered_by_shapes_is_wrong_later(name: str) -> None:
    rubric = load_rubric(name)
    for seed in SEEDS:
        plan = make_plan(rubric, seed)
        for function, calls in plan.suite.isolated.items():
            if function in FROM_SIZES:
                continue
            first: dict[tuple[Value, ...], Call] = {}
            found = [(first.setdefault(shapes(call), call), call) for call in calls]
            again = [
                (list(arrays(plan.right(one).value)), list(arrays(plan.right(two).value)))
                for one, two in found
                if one is not two
            ]
            differ = [any(not np.allclose(a, b) for a, b in zip(*pair, strict=True)) for pair in again]
            assert any(differ), (function, seed)


@pytest.mark.parametrize("name", ["dnn-step-by-step", "regression-step-by-step"])
def test_numbers_are_large_in_one_call_each(name: str) -> None:
    rubric = load_rubric(name)
    for seed in SEEDS:
        suite = make_plan(rubric, seed).suite.isolated
        assert 8 < largest(*suite["relu"]) < 11
        assert 8 < largest(*suite["relu_backward"], at=1) < 11
        layers = [call.steps[-1].args for call in suite["linear_activation_forward"]]
        assert (
            8 < max(float(np.max(W @ A + b)) for A, W, b, activation in layers if activation == "relu") < 20
        )
        assert 25 < largest(*suite["update_parameters"], at=1) < 35
        assert max(len(call.steps[-1].args[0]) for call in suite["update_parameters"]) == 10


@pytest.mark.parametrize("threshold", [0.4, 0.45, 0.48, 0.52, 0.55, 0.6])
def test_each_seed_tells_thresholds_apart(threshold: float) -> None:
    rubric = load_rubric("logistic-regression")
    for seed in SEEDS:
        given = [call.steps[-1].args for call in make_plan(rubric, seed).suite.isolated["predict"]]
        A = np.concatenate([1 / (1 + np.exp(-(w.T @ X + b))) for w, b, X in given], axis=None)
        assert np.any((threshold < A) != (A > 0.5)), seed


@pytest.mark.parametrize("name", ["dnn-step-by-step", "regression-step-by-step"])
def test_shapes_come_again_in_place_too(name: str) -> None:
    in_place = make_plan(load_rubric(name), 7).suite.in_place
    for function, calls in in_place.items():
        steps = [tuple(array.shape for array in arrays(call.steps[0].args)) for call in calls]
        assert len(set(steps)) < len(steps), function
