"""Judging a random initialisation: by shape, zero biases, scale, shape of the distribution, seeded replay.

Never by one literal: `rng.normal`, another order of drawing, and `np.random.randn` are all right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judge.compare import Difference, as_array, shape_text
from grader.judge.components import Absent, keys_text
from grader.model import Value

#: Arrays with fewer entries are too small to say anything of their distribution.
ENOUGH = 1000
SOME = 20
#: So many numbers that two layers begin with, in the same proportions, were drawn from the same seed.
REPEATED = 6
#: The share of a layer's numbers that another one has, too, from which on they are no draws of their own.
SHARED = 0.2
#: So many of them are compared.
MOST_COMPARED = 5_000
DRAWN_AGAIN = "the random numbers of another layer again"
IN_COMMON = "many random numbers of another layer"
#: A spread is told as a number where it is no smaller part of the wanted one, or as large a multiple.
LEAST_TOLD = 1e-3
#: A correlation that no two rows of independent draws ever have.
ALIKE = 0.99


def compare_random(expected: Value, got: Value, tolerance: float) -> Difference | None:
    """Compares numbered arrays (W1, W2 …) with what the reference drew.

    An expected array of zeros is compared by value; every other one by its statistics: the standard
    deviation within 20 % and the mean within some standard errors where there are enough entries, no
    repeated entries, no heavy or missing tails. What is right has to be right for whole classes, which share a seed:
    less than once in a million runs may chance alone say otherwise.
    """
    if isinstance(got, Absent):
        alike = isinstance(expected, Absent) and expected == got
        return None if alike else Difference("absent", got.why)
    if isinstance(expected, Absent) or not isinstance(got, Mapping) or not isinstance(expected, Mapping):
        return Difference("type", "it is no dictionary of layers")
    if set(expected) != set(got):
        return Difference("absent", keys_text(set(expected) - set(got)))
    for number, array in expected.items():
        difference = _compare_one(array, got[number])
        if difference is not None:
            return Difference(difference.kind, difference.detail, (number, *difference.where))
    again = _drawn_again(got)
    return again if again is not None and _drawn_again(expected) is None else None


def _drawn_again(layers: Mapping[Any, Value]) -> Difference | None:
    """The first array that begins with the numbers of an earlier one, whatever their scales, by rows or by columns,
    or that has a large part of its numbers in common with it, wherever they stand; None where none does."""
    seen: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for number, value in layers.items():
        array = as_array(value)
        if array is None or array.size < REPEATED or not array.flat[0] or np.ptp(array) == 0:
            continue
        begun, marks = _beginnings(array.astype(float)), _neighbours(array.astype(float))
        if any(_begin_alike(begun, one) for one, _ in seen):
            return Difference("value", DRAWN_AGAIN, (number,))
        if any(_share(marks, other) >= SHARED for _, other in seen):
            return Difference("value", IN_COMMON, (number,))
        seen.append((begun, marks))
    return None


def _begin_alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return bool(np.isclose(one, other, rtol=1e-6, atol=0).all(axis=1).any())


def _neighbours(array: NDArray[Any]) -> NDArray[Any]:
    """Each number by the one before it, by rows and whatever the scale, to nine digits: two draws agree in none."""
    numbers = array.ravel()[: MOST_COMPARED + 1]
    with np.errstate(all="ignore"):  # of zeros
        quotients = numbers[1:] / numbers[:-1]
    return np.array([float(f"{one:.8e}") for one in quotients if np.isfinite(one)])


def _share(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The part of the shorter one that the other has, too."""
    short, long = sorted((one, other), key=len)
    return float(np.isin(short, long).mean()) if len(short) else 0.0


def _beginnings(array: NDArray[Any]) -> NDArray[Any]:
    """The first numbers by rows, and by columns, in units of the very first."""
    begun = np.array([array.ravel(order)[:REPEATED] for order in ("C", "F")])
    with np.errstate(all="ignore"):  # of 1e-300 and 1e300
        return np.asarray(begun / array.flat[0])


def _compare_one(expected: Value, got: Value) -> Difference | None:
    right, found = as_array(expected), as_array(got)
    if right is None or found is None:
        return Difference("type", "not an array")
    if right.shape != found.shape:
        return Difference("shape", shape_text(found.shape, right.shape))
    found = found.astype(float)
    if not np.isfinite(found).all():
        return Difference("nan", "NaN or infinity in it")
    if not right.any():
        return Difference("value", "not all zero") if found.any() else None
    return _compare_statistics(right, found)


def _compare_statistics(right: NDArray[Any], found: NDArray[Any]) -> Difference | None:
    if np.allclose(right, found, rtol=1e-6, atol=0):
        return None
    if not found.any():
        return Difference("value", "all zero")
    if right.size > 1 and right.max() == right.min():
        return Difference("value", "other values")  # a wrong constant is no random draw
    if np.unique(found).size < found.size or _rows_repeat(found) or _rows_repeat(found.T):
        return Difference("value", "entries that repeat")
    if found.size < SOME:
        return None
    return _compare_moments(right, found)


def _rows_repeat(found: NDArray[Any]) -> bool:
    """Whether two units of a layer begin all but alike: no training would tell them apart."""
    if found.ndim != 2 or found.shape[0] < 2 or found.shape[1] < SOME:
        return False
    with np.errstate(all="ignore"):
        alike = np.corrcoef(found)
    return bool(np.any(np.abs(alike - np.diag(np.diag(alike))) > ALIKE))


def _compare_moments(right: NDArray[Any], found: NDArray[Any]) -> Difference | None:
    """The fewer entries, the wider the bounds: both arrays are draws, and so are their spreads."""
    with np.errstate(all="ignore"):  # of 1e-200 and 1e300
        return _moments_differ(right, found)


def _moments_differ(right: NDArray[Any], found: NDArray[Any]) -> Difference | None:
    spread, wanted = float(np.std(found)), float(np.std(right))
    ratio, shift = (
        (max(0.2, 6 / np.sqrt(found.size)), 8) if found.size >= ENOUGH else (9 / np.sqrt(found.size), 12)
    )
    if not (abs(np.log(spread / wanted)) <= ratio):
        return Difference("value", f"a spread that is {_about(spread / wanted)}")
    if not (abs(float(np.mean(found)) - float(np.mean(right))) <= shift * wanted / np.sqrt(found.size)):
        return Difference("value", "a mean that is not zero")
    if found.size < ENOUGH:
        return None
    if _is_flat(right) != _is_flat(found) or not 1.5 <= _tails(found) <= 4.2:
        return Difference("value", "another distribution than the wanted one")
    return None


def _about(ratio: float) -> str:
    """A ratio in words, to one digit: student code has chosen it, and more digits could carry a hidden value out."""
    if not LEAST_TOLD <= ratio <= 1 / LEAST_TOLD:
        return f"far {'larger' if ratio > 1 else 'smaller'} than the wanted one"
    told = float(f"{ratio:.0e}")
    if told == 1:
        return f"{'larger' if ratio > 1 else 'smaller'} than the wanted one"
    return f"about {told:g} times the wanted one"


def _is_flat(array: NDArray[Any]) -> bool:
    """Whether it has the tails of a uniform distribution (1.8), not those of the normal one (3)."""
    return _tails(array) < 2.3


def _tails(array: NDArray[Any]) -> float:
    """The fourth moment, in units of the spread."""
    return float(np.mean(((array - np.mean(array)) / np.std(array)) ** 4))
