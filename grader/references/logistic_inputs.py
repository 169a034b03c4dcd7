"""Inputs for "Logistic Regression with a Neural Network mindset".

Numbers of features and of examples are coprime; with as many examples as features, or one feature, a product of
the wrong order runs and leaves its numbers. Labels hold both classes, or are soft. The last call of a function has the
shapes of an earlier one and other numbers: what is remembered by shapes shows. There are always two examples or more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from grader.model import Call
from grader.references.networks import Array, draw_labels, is_inside
from grader.references.suite import CallMaker, Functions, Suite

#: (n features, m examples, soft labels).
BATCHES = (
    (4, 7, False),
    (3, 11, False),
    (2, 5, True),
    (3, 13, True),
    (3, 3, False),
    (1, 5, False),
    (5, 2, False),
    (4, 7, False),
)
#: (n, m, iterations, learning rate): a cost is kept every 100 iterations.
RUNS = (
    (4, 7, 3, 0.37),
    (3, 5, 2, 0.8),
    (2, 3, 1, 0.05),
    (3, 4, 102, 0.11),
    (2, 5, 201, 0.09),
    (3, 5, 2, 0.3),
)
#: Probabilities on both sides of any threshold that somebody may take for one half.
BETWEEN = (0.38, 0.425, 0.465, 0.49, 0.51, 0.535, 0.575, 0.62)
Batch = tuple[Array, float, Array, Array]


def make_suite(functions: Functions, seed: int, only: Collection[str] | None = None) -> Suite:
    """All calls for one seed, or those of some functions."""
    isolated, in_place = CallMaker(seed, only=only), CallMaker(seed, "in-place-", only=only)
    _sigmoid(isolated)
    _initialize(isolated)
    _propagate(isolated)
    _optimize(isolated)
    _predict(isolated)
    for add in (_propagate, _optimize, _predict):
        add(in_place)
    if only is not None:
        return Suite(isolated.done(), in_place.done())
    return Suite(isolated.done(), in_place.done(), _public())


def _batch(rng: np.random.Generator, n: int, m: int, *, soft: bool = False) -> Batch:
    """w (n, 1), b, X (n, m), Y (1, m): of such sizes that A stays clear of 0 and 1."""
    for _ in range(200):
        w = rng.normal(size=(n, 1)) * 1.1 / np.sqrt(n)
        b = float(rng.choice([-1, 1]) * rng.uniform(0.4, 0.8))
        X = rng.normal(size=(n, m)) + 0.3
        if is_inside(1 / (1 + np.exp(-(w.T @ X + b)))):
            break
    return w, b, X, draw_labels(m, rng, soft=soft)


def _sigmoid(calls: CallMaker) -> None:
    rng = calls.rng("sigmoid")
    for shape in ((1, 7), (4, 3), (5,), (4, 3)):
        calls.add("sigmoid", rng.normal(size=shape) * 1.6)
    calls.add("sigmoid", float(rng.normal()))


def _initialize(calls: CallMaker) -> None:
    rng = calls.rng("initialize")
    for dim in (3, 1, 7):
        calls.add("initialize_with_zeros", dim, seed=int(rng.integers(1, 2**31)))


def _propagate(calls: CallMaker) -> None:
    rng = calls.rng("propagate")
    for n, m, soft in BATCHES:
        calls.add("propagate", *_batch(rng, n, m, soft=soft))


def _optimize(calls: CallMaker) -> None:
    rng = calls.rng("optimize")
    for n, m, iterations, rate in RUNS:
        calls.add("optimize", *_batch(rng, n, m), iterations, rate)


def _predict(calls: CallMaker) -> None:
    rng = calls.rng("predict")
    for n, m in ((4, 23), (3, 29), (2, 31), (1, 13), (4, 23)):
        w, b, X, _ = _batch(rng, n, m)
        calls.add("predict", 2 * w, b, _between(2 * w, b, X, rng) if n > 1 else X)


def _between(w: Array, b: float, X: Array, rng: np.random.Generator) -> Array:
    """The batch with examples among it whose probabilities are those between the thresholds."""
    at = rng.permutation(X.shape[1])[: len(BETWEEN)]
    p = np.array(BETWEEN) + rng.uniform(-0.004, 0.004, size=len(BETWEEN))
    moved = X.copy()
    moved[:, at] += w * (np.log(p / (1 - p)) - b - w.T @ X[:, at]) / np.sum(w * w)
    return moved


def _public() -> dict[str, tuple[Call, ...]]:
    """Small inputs that are the same for everybody: a student may see what their code does on them."""
    calls = CallMaker(2017, "public-")
    batch = _batch(calls.rng("public"), 2, 3)
    calls.add("sigmoid", np.array([0.0, 2.0, -1.0]))
    calls.add("initialize_with_zeros", 2)
    calls.add("propagate", *batch)
    calls.add("optimize", *batch, 101, 0.009)
    calls.add("predict", *batch[:3])
    return {name: tuple(replace(call, public=True) for call in made) for name, made in calls.done().items()}
