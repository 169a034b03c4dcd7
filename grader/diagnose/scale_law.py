"""Wrong by a factor: found = c · m^a · n^b · n_prev^d · right, by looking at calls of different sizes.

m is the number of examples, n and n_prev the numbers of units of a layer and of the one before. With
coprime sizes on the calls, one small set of exponents fits or none does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from grader.judge.compare import as_array
from grader.judge.components import split
from grader.judge.verdict import Observed, Predict
from grader.model import Call, Value
from grader.rubric.schema import FunctionSpec

PRECISION = 1e-6
_EXPONENTS = sorted(itertools.product(range(-2, 3), repeat=3), key=lambda e: (sum(map(abs, e)), e))


@dataclass(frozen=True, slots=True)
class ScaleLaw:
    """found = constant · m^m · n^n · n_prev^n_prev · right."""

    constant: float
    m: int
    n: int
    n_prev: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of one call: m columns, n rows of its first array, n_prev rows of its second."""

    m: int
    n: int
    n_prev: int


def fit_scale_law(
    observed: Observed, component: str, right: Predict, pick: Callable[[Value], Value] = lambda value: value
) -> ScaleLaw | None:
    """The law that a component follows on all calls that gave a value, or None.

    `pick` chooses the part of the component to look at (one layer's array, say).
    """
    points = []
    for index in observed.valued:
        expected = right(observed.calls[index])
        if expected is None or expected.status != "value":
            continue
        wanted = pick(split(observed.spec, expected)[component])
        ratio = _ratio(wanted, pick(observed.parts[index][component]))
        if ratio is None:
            return None
        if not math.isnan(ratio):
            points.append((ratio, sizes_of(observed.calls[index], batch_index(observed.spec))))
    return _fit(points)


def _ratio(wanted: Value, found: Value) -> float | None:
    """found / wanted where that is one number for all entries; nan where both are zero, so that any would do."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or set(found) != set(wanted):
            return None
        ratios = [_ratio(wanted[key], found[key]) for key in wanted]
        if any(ratio is None for ratio in ratios):
            return None
        told = [ratio for ratio in ratios if ratio is not None and not math.isnan(ratio)]
        return _common(told) if told or not ratios else math.nan
    right, got = as_array(wanted), as_array(found)
    if right is None or got is None or right.shape != got.shape or not right.size:
        return None
    right, got = right.astype(float).ravel(), got.astype(float).ravel()
    scale = float(np.max(np.abs(right)))
    if not np.isfinite(got).all():
        return None
    if scale == 0:  # behind relu units that are all off
        return None if got.any() else math.nan
    with np.errstate(all="ignore"):  # a student's numbers may be as large as numbers can be
        factor = float(got @ right / (right @ right))
        fits = float(np.max(np.abs(got - factor * right))) <= PRECISION * scale * max(abs(factor), 1e-9)
    return factor if fits and factor != 0 else None


def _common(ratios: Sequence[float]) -> float | None:
    first = ratios[0] if ratios else 0.0
    return first if first and all(abs(ratio / first - 1) <= PRECISION for ratio in ratios) else None


def _fit(points: Sequence[tuple[float, Sizes]]) -> ScaleLaw | None:
    if len({sizes.m for _, sizes in points}) < 2:
        return None
    for a, b, d in _EXPONENTS:
        rest = [ratio / (s.m**a * s.n**b * s.n_prev**d) for ratio, s in points]
        constant = _common(rest)
        if constant is not None:
            return ScaleLaw(constant, a, b, d)
    return None


def batch_index(spec: FunctionSpec) -> int:
    """The first argument that holds examples: `X` where there is one, behind `w` and `b`."""
    return spec.parameters.index("X") if "X" in spec.parameters else 0


def sizes_of(call: Call, start: int = 0) -> Sizes:
    """Sizes of the last step's arguments from that one on."""
    shapes = [shape for arg in call.steps[-1].args[start:] for shape in _shapes(arg)]
    first = shapes[0] if shapes else (1, 1)
    second = shapes[1] if len(shapes) > 1 else first
    return Sizes(m=first[1], n=first[0], n_prev=second[0])


def _shapes(value: Value) -> list[tuple[int, int]]:
    if isinstance(value, np.ndarray):
        return [(value.shape[0], value.shape[1])] if value.ndim == 2 else []
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [shape for item in value for shape in _shapes(item)]
    return []
