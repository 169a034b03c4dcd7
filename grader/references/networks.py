"""Random networks, batches and real forward passes: the material of which calls are made.

Every cache comes from a forward pass that can happen (ERROR-ATLAS.md: an impossible cache fails right
code). Sizes and batch sizes are chosen by the callers; labels hold both classes in every batch of two
or more, and |Z| covers (0, 1), (1, 2) and beyond on both sides of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Functions = Mapping[str, Callable[..., Any]]
#: Probabilities keep this distance from 0 and 1: a guard in a logarithm or a denominator, `AL + 1e-8`, changes nothing.
INSIDE = 0.03
#: The farthest that those of one call of the cost and of backward come, so that predictions that are cut off at 0.05
#: show; nearer, a guard of 1e-7 would show, too.
EDGE = 0.026
#: (m, generator, soft=…) → labels (1, m).
Labels = Callable[..., Array]


@dataclass(frozen=True, slots=True)
class Pass:
    """One real forward pass: X is (n_0, m), Y is (1, m), caches as the course makes them."""

    X: Array
    Y: Array
    parameters: dict[str, Array]
    AL: Array
    caches: list[tuple[tuple[Array, Array, Array], Array]]


def draw_parameters(sizes: Sequence[int], rng: np.random.Generator) -> dict[str, Array]:
    """Weights and biases large enough that every band of Z is visited, small enough that AL stays in (0, 1)."""
    parameters = {}
    for layer in range(1, len(sizes)):
        n, n_prev = sizes[layer], sizes[layer - 1]
        spread = 1.6 if layer < len(sizes) - 1 else 0.7
        parameters[f"W{layer}"] = rng.normal(size=(n, n_prev)) * spread / np.sqrt(n_prev)
        parameters[f"b{layer}"] = rng.normal(size=(n, 1)) * 0.4
    return parameters


def draw_labels(m: int, rng: np.random.Generator, *, soft: bool = False) -> Array:
    """Labels (1, m): about half ones and half zeros, both present for m ≥ 2; `soft` draws from (0, 1)."""
    if soft:
        return rng.uniform(0.1, 0.9, size=(1, m))
    return rng.permuted((np.arange(m) % 2).astype(float)).reshape(1, m)


def forward_pass(
    functions: Functions,
    sizes: Sequence[int],
    m: int,
    rng: np.random.Generator,
    *,
    soft: bool = False,
    labels: Labels = draw_labels,
    probabilities: bool = True,
) -> Pass:
    """A pass through the reference's own L_model_forward; redrawn until no unit of it is dead and, where predictions
    are probabilities, none is all but certain. The output's Z lies on both sides of zero, too, so that a relu there
    shows as more than a zero."""
    run = functions["L_model_forward"]
    for _ in range(200):
        parameters = draw_parameters(sizes, rng)
        X = rng.normal(size=(sizes[0], m))
        AL, caches = run(X, parameters)
        if _alive(caches) and not _on_both_sides(caches[-1][1]):
            parameters[f"b{len(caches)}"] -= _between(caches[-1][1])
            AL, caches = run(X, parameters)
        if _alive(caches) and (not probabilities or is_inside(AL)):
            break
    return Pass(X, labels(m, rng, soft=soft), parameters, AL, caches)


def reaching(functions: Functions, made: Pass) -> Pass:
    """The pass with an output layer that brings predictions, or what would be these, to the edges."""
    Z, last, reach = made.caches[-1][1], len(made.caches), float(np.log(1 / EDGE - 1))
    scale = 2 * reach / float(Z.max() - Z.min())
    parameters = dict(made.parameters)
    parameters[f"W{last}"] = scale * parameters[f"W{last}"]
    parameters[f"b{last}"] = scale * (parameters[f"b{last}"] - Z.min()) - reach
    AL, caches = functions["L_model_forward"](made.X, parameters)
    return replace(made, parameters=parameters, AL=AL, caches=caches)


def is_inside(A: Array) -> bool:
    """Whether no probability is all but certain."""
    return bool(np.all(np.abs(A - 0.5) < 0.5 - INSIDE))


def _between(Z: Array) -> float:
    """A number between the least and the greatest Z, not in the middle: two predictions that add up to 1 hide errors."""
    return float(0.37 * Z.min() + 0.63 * Z.max())


def _on_both_sides(Z: Array) -> bool:
    return bool((Z > 0).any() and (Z < 0).any())


def _alive(caches: Sequence[tuple[Any, Array]]) -> bool:
    """Whether every hidden layer has units on both sides of zero (or one unit and one live example), and some
    example comes through all of them, so that its gradient reaches the first one."""
    hidden = [Z for _, Z in caches[:-1]]
    if not all(bool((Z > 0).any()) and (Z.shape[1] < 4 or bool((Z < 0).any())) for Z in hidden):
        return False
    return not hidden or bool(np.all([(Z > 0).any(axis=0) for Z in hidden], axis=0).any())
