"""The losses against derivatives taken numerically, and against relations that need no reference."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.losses import (
    BINARY_CROSS_ENTROPY,
    HALF_SQUARED_ERROR,
    LOSSES,
    SOFTMAX_CROSS_ENTROPY,
    SQUARED_ERROR,
    Loss,
)

SHAPES = [(1, 1), (1, 7), (3, 5), (4, 4)]
COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-5
IDENTITY = 1e-12

by_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
by_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def softmax(z: Any) -> Any:
    exp = np.exp(z)
    return exp / exp.sum(axis=0)


def batch(shape: tuple[int, int], seed: int = 0) -> tuple[Any, Any]:
    """Activations well inside (0, 1), and labels that are 0, 1 and soft."""
    rng = np.random.default_rng([seed, *shape])
    a = rng.uniform(0.05, 0.95, shape)
    y = rng.choice([0.0, 1.0, 0.3, 0.8], shape)
    y.flat[0], y.flat[-1] = 1.0, 0.0 if y.size > 1 else 0.7
    return a, y


def numerical_gradient(function: Any, a: Any, step: complex) -> Any:
    """∂(function(a))/∂a entry by entry: complex step where `step` is imaginary, else central differences."""
    gradient = np.zeros(a.shape)
    for index in np.ndindex(a.shape):
        nudge = np.zeros(a.shape, complex if step.imag else float)
        nudge[index] = step if step.imag else step.real
        if step.imag:
            gradient[index] = np.imag(function(a + nudge)) / step.imag
        else:
            gradient[index] = (function(a + nudge) - function(a - nudge)) / (2 * step.real)
    return gradient


def relative_error(got: Any, want: Any) -> float:
    return float(np.linalg.norm(got - want) / (np.linalg.norm(got) + np.linalg.norm(want)))


# --------------------------------------------------------- each check gives the size of the disagreement


def complex_step_error(loss: Loss, a: Any, y: Any) -> float:
    return relative_error(
        loss.d_cost(a, y), numerical_gradient(lambda x: loss.cost(x, y), a, 1j * COMPLEX_STEP)
    )


def central_difference_error(loss: Loss, a: Any, y: Any) -> float:
    return relative_error(loss.d_cost(a, y), numerical_gradient(lambda x: loss.cost(x, y), a, CENTRAL_STEP))


def adjoint_error(loss: Loss, a: Any, y: Any) -> float:
    """⟨∂J/∂a, v⟩ has to be the derivative of J along v, for any v."""
    v = np.random.default_rng(9).normal(size=a.shape)
    forward = np.imag(loss.cost(a + 1j * COMPLEX_STEP * v, y)) / COMPLEX_STEP
    backward = float(np.sum(loss.d_cost(a, y) * v))
    return abs(forward - backward) / (np.linalg.norm(loss.d_cost(a, y)) * np.linalg.norm(v))


CHECKS = {
    complex_step_error: 1e-13,
    central_difference_error: 1e-7,
    adjoint_error: 1e-13,
}
by_check = pytest.mark.parametrize(
    ("check", "limit"), CHECKS.items(), ids=lambda x: getattr(x, "__name__", "")
)


@by_loss
@by_shape
@by_check
def test_derivatives_are_those_of_the_cost(loss: Loss, shape: Any, check: Any, limit: float) -> None:
    assert check(loss, *batch(shape)) < limit


@by_loss
@by_check
@pytest.mark.parametrize("factor", [1.0005, 0.9995, -1.0])
def test_a_planted_fault_is_detected(loss: Loss, check: Any, limit: float, factor: float) -> None:
    """A derivative off by 0.05 % is far outside every limit, so the checks above can fail."""
    faulty = replace(loss, d_per_example=lambda a, y: factor * loss.d_per_example(a, y))
    a, y = batch((3, 5))
    # Along one v the error may partly cancel, so the bound is 10 limits, not a fixed share of the fault.
    assert check(faulty, a, y) > 10 * limit


@by_loss
@by_check
def test_a_fault_in_a_single_entry_is_detected(loss: Loss, check: Any, limit: float) -> None:
    def off_in_one_entry(a: Any, y: Any) -> Any:
        slopes = loss.d_per_example(a, y).copy()
        slopes[0, 0] *= 1.0005
        return slopes

    assert check(replace(loss, d_per_example=off_in_one_entry), *batch((3, 5))) > 10 * limit


@by_loss
@by_check
def test_the_other_convention_is_not_the_derivative_of_the_cost(loss: Loss, check: Any, limit: float) -> None:
    """∂L/∂a is not ∂J/∂a for m > 1, and is for m = 1: m = 1 cannot show a missing 1/m."""
    without_m = replace(loss, d_per_example=lambda a, y: a.shape[1] * loss.d_per_example(a, y))
    assert check(without_m, *batch((1, 7))) > 10 * limit
    assert check(without_m, *batch((1, 1))) < limit


@by_loss
@by_shape
def test_per_example_slopes_are_those_of_each_loss_alone(loss: Loss, shape: Any) -> None:
    a, y = batch(shape)
    for i in range(shape[1]):
        alone = numerical_gradient(
            lambda x, i=i: loss.per_example(x, y[:, i : i + 1])[0], a[:, i : i + 1], 1j * COMPLEX_STEP
        )
        np.testing.assert_allclose(loss.d_per_example(a, y)[:, i : i + 1], alone, rtol=IDENTITY)


# ------------------------------------------------------------------ relations that need no reference

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 5), st.integers(1, 8))
losses = st.sampled_from(LOSSES)
relation = settings(max_examples=60, deadline=None)


@relation
@given(losses, sizes, seeds, st.integers(2, 4))
def test_a_repeated_batch_keeps_the_cost_and_shares_the_slope(
    loss: Loss, shape: Any, seed: int, times: int
) -> None:
    a, y = batch(shape, seed)
    a_again, y_again = np.tile(a, times), np.tile(y, times)
    np.testing.assert_allclose(loss.cost(a_again, y_again), loss.cost(a, y), rtol=IDENTITY)
    np.testing.assert_allclose(
        loss.d_cost(a_again, y_again), np.tile(loss.d_cost(a, y), times) / times, rtol=IDENTITY
    )
    np.testing.assert_array_equal(
        loss.d_per_example(a_again, y_again), np.tile(loss.d_per_example(a, y), times)
    )


@relation
@given(losses, sizes, seeds)
def test_the_cost_is_the_mean_of_the_costs_of_single_examples(loss: Loss, shape: Any, seed: int) -> None:
    a, y = batch(shape, seed)
    m = shape[1]
    columns = [(a[:, i : i + 1], y[:, i : i + 1]) for i in range(m)]
    np.testing.assert_allclose(loss.cost(a, y), sum(loss.cost(*c) for c in columns) / m, rtol=IDENTITY)
    singles = np.hstack([loss.d_cost(*c) for c in columns])
    np.testing.assert_allclose(loss.d_cost(a, y), singles / m, rtol=IDENTITY)


@relation
@given(losses, sizes, seeds)
def test_the_gradient_of_a_shared_weight_is_the_mean_over_examples(loss: Loss, shape: Any, seed: int) -> None:
    """a = softmax(z + b): db from ∂J/∂a summed, equals the mean of the single examples' db."""
    _, y = batch(shape, seed)
    z = np.random.default_rng(seed).normal(size=shape)

    def cost_of_b(b: Any, columns: slice) -> Any:
        return loss.cost(1 / (1 + np.exp(-(z[:, columns] + b))), y[:, columns])

    b = np.zeros((shape[0], 1))
    whole = numerical_gradient(lambda x: cost_of_b(x, slice(None)), b, 1j * COMPLEX_STEP)
    singles = [
        numerical_gradient(lambda x, i=i: cost_of_b(x, slice(i, i + 1)), b, 1j * COMPLEX_STEP)
        for i in range(shape[1])
    ]
    np.testing.assert_allclose(whole, np.mean(singles, axis=0), rtol=1e-10, atol=1e-14)


@relation
@given(losses, sizes, seeds)
def test_the_order_of_examples_does_not_matter(loss: Loss, shape: Any, seed: int) -> None:
    a, y = batch(shape, seed)
    order = np.random.default_rng(seed).permutation(shape[1])
    np.testing.assert_allclose(loss.cost(a[:, order], y[:, order]), loss.cost(a, y), rtol=IDENTITY)
    np.testing.assert_array_equal(loss.d_cost(a[:, order], y[:, order]), loss.d_cost(a, y)[:, order])


@relation
@given(st.sampled_from([BINARY_CROSS_ENTROPY, SQUARED_ERROR, HALF_SQUARED_ERROR]), sizes, seeds)
def test_swapping_the_two_classes_keeps_the_loss_and_turns_the_slope(
    loss: Loss, shape: Any, seed: int
) -> None:
    a, y = batch(shape, seed)
    np.testing.assert_allclose(loss.per_example(1 - a, 1 - y), loss.per_example(a, y), rtol=1e-10)
    np.testing.assert_allclose(
        loss.d_per_example(1 - a, 1 - y), -loss.d_per_example(a, y), rtol=1e-10, atol=1e-12
    )


@relation
@given(losses, sizes, seeds)
def test_a_small_step_against_the_slope_lowers_the_cost(loss: Loss, shape: Any, seed: int) -> None:
    a, y = batch(shape, seed)
    slope = loss.d_cost(a, y)
    assert loss.cost(a - 1e-5 * slope, y) < loss.cost(a, y) or not slope.any()


@by_shape
def test_one_half_everywhere_costs_ln_2(shape: tuple[int, int]) -> None:
    _, y = batch(shape)
    half = np.full(shape, 0.5)
    assert BINARY_CROSS_ENTROPY.cost(half, y) == pytest.approx(shape[0] * math.log(2), rel=1e-15)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_equal_shares_cost_the_logarithm_of_the_number_of_classes(classes: int) -> None:
    y = np.eye(classes)
    assert SOFTMAX_CROSS_ENTROPY.cost(np.full(y.shape, 1 / classes), y) == pytest.approx(math.log(classes))


@by_loss
def test_a_perfect_prediction_costs_exactly_nothing(loss: Loss) -> None:
    y = np.eye(3)
    assert loss.cost(y, y) == 0
    assert np.isfinite(loss.d_cost(y, y)).all()


@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY], ids=lambda x: x.name)
def test_ruling_out_what_happened_costs_infinity(loss: Loss) -> None:
    assert loss.cost([[0.0], [1.0]], [[1.0], [0.0]]) == math.inf


def test_two_classes_as_softmax_are_binary_cross_entropy() -> None:
    a, y = batch((1, 7))
    two = (np.vstack([a, 1 - a]), np.vstack([y, 1 - y]))
    np.testing.assert_allclose(
        SOFTMAX_CROSS_ENTROPY.per_example(*two), BINARY_CROSS_ENTROPY.per_example(a, y), rtol=IDENTITY
    )


def test_through_the_softmax_the_slope_is_a_minus_y() -> None:
    z = np.random.default_rng(3).normal(size=(4, 5))
    y = softmax(np.random.default_rng(4).normal(size=(4, 5)))
    slope = numerical_gradient(lambda x: SOFTMAX_CROSS_ENTROPY.cost(softmax(x), y), z, 1j * COMPLEX_STEP)
    np.testing.assert_allclose(slope, (softmax(z) - y) / 5, rtol=1e-10, atol=1e-14)


def test_through_the_sigmoid_the_slope_is_a_minus_y() -> None:
    a, y = batch((1, 7))
    dz = BINARY_CROSS_ENTROPY.d_per_example(a, y) * a * (1 - a)
    np.testing.assert_allclose(dz, a - y, rtol=1e-10)


def test_the_half_is_a_half() -> None:
    a, y = batch((3, 5))
    np.testing.assert_array_equal(HALF_SQUARED_ERROR.per_example(a, y), SQUARED_ERROR.per_example(a, y) / 2)
    np.testing.assert_array_equal(HALF_SQUARED_ERROR.d_per_example(a, y), a - y)


# ------------------------------------------------------------------------------- shapes, types, errors


@by_loss
@by_shape
def test_shapes(loss: Loss, shape: tuple[int, int]) -> None:
    a, y = batch(shape)
    assert loss.per_example(a, y).shape == (shape[1],)
    assert loss.d_per_example(a, y).shape == loss.d_cost(a, y).shape == shape
    assert np.shape(loss.cost(a, y)) == ()


@by_loss
def test_lists_of_whole_numbers_and_float32_are_taken(loss: Loss) -> None:
    assert loss.cost([[1, 0]], [[1, 0]]) == 0
    a, y = batch((2, 3))
    single = loss.d_cost(a.astype(np.float32), y.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, loss.d_cost(a, y), rtol=1e-5)


@by_loss
@pytest.mark.parametrize(
    ("a", "y", "words"),
    [
        (np.ones(3), np.ones((1, 3)), r"a has shape \(3,\), not \(n units, m examples\)"),
        (np.ones((1, 3)), np.ones(3), r"y has shape \(3,\).*each column is one example"),
        (np.ones((1, 3)), np.ones((3, 1)), r"a has shape \(1, 3\) and y has shape \(3, 1\)"),
        (0.5, 1.0, r"a has shape \(\)"),
        (np.ones((1, 0)), np.ones((1, 0)), r"a has shape \(1, 0\): at least one"),
    ],
)
def test_wrong_shapes_are_errors_with_words(loss: Loss, a: Any, y: Any, words: str) -> None:
    for function in (loss.per_example, loss.d_per_example, loss.cost, loss.d_cost):
        with pytest.raises(ValueError, match=words):
            function(a, y)
