"""Comparing what a student's function gave with what is expected: type, shape, NaN, value, in that order.

Both sides are plain data here: the worker's decoder makes exact types and numeric arrays only, so nothing
that a student wrote takes part. Comparisons are written `not (d <= tolerance)`, so that NaN never passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.judge.components import Absent, count_text, describe_type, keys_text
from grader.model import Opaque, Value

_MOST_AXES = 3
Kind = Literal["absent", "type", "shape", "nan", "value", "length", "in-use", "again"]
#: Tolerances of float32 work: its precision is 6e-8, and a division by 1 - AL may lose three digits of it. Not more:
#: whoever hands in a wrong formula chooses the type of what it gives.
FLOAT32 = 1e-4


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference found. `where` is a path inside the component; `detail` shows no value."""

    kind: Kind
    detail: str
    where: tuple[int | str, ...] = ()


def compare(expected: Value, got: Value, tolerance: float, *, odd_is_odd: bool = False) -> Difference | None:
    """The first difference, or None where they agree.

    `tolerance` is relative to the largest magnitude in the expected array; numbers that the student made
    in float32 are compared at float32's precision. With `odd_is_odd`, NaN and infinities of any kind count as
    the same, and 0 for them: two ways to write one wrong formula may give either.
    """
    if isinstance(got, Absent):
        alike = isinstance(expected, Absent) and expected == got
        return None if alike else Difference("absent", got.why)
    if isinstance(expected, Absent):
        return Difference("type", "a value where none is expected")
    if isinstance(expected, Mapping):
        return _compare_mappings(expected, got, tolerance, odd_is_odd)
    if isinstance(expected, tuple | list):
        return _compare_sequences(expected, got, tolerance, odd_is_odd)
    if expected is None or isinstance(expected, str):
        return None if type(got) is type(expected) and got == expected else _type_difference(got)
    return _compare_arrays(expected, got, tolerance, odd_is_odd)


def _type_difference(got: Value) -> Difference:
    return Difference("type", f"{describe_type(got)} is returned")


def _compare_mappings(
    expected: Mapping[Any, Value], got: Value, tolerance: float, odd_is_odd: bool
) -> Difference | None:
    if not isinstance(got, Mapping):
        return _type_difference(got)
    missing = [key for key in expected if key not in got]
    if missing or len(got) != len(expected):
        return Difference("absent", keys_text(missing))
    return _first(expected, expected, got, tolerance, odd_is_odd)


def _compare_sequences(
    expected: Sequence[Value], got: Value, tolerance: float, odd_is_odd: bool
) -> Difference | None:
    if not isinstance(got, tuple | list):
        return _type_difference(got)
    if len(got) != len(expected):
        return Difference("length", f"{count_text(len(got))} {'entry' if len(got) == 1 else 'entries'}")
    return _first(range(len(expected)), expected, got, tolerance, odd_is_odd)


def _first(keys: Any, expected: Any, got: Any, tolerance: float, odd_is_odd: bool) -> Difference | None:
    for key in keys:
        difference = compare(expected[key], got[key], tolerance, odd_is_odd=odd_is_odd)
        if difference is not None:
            return Difference(difference.kind, difference.detail, (key, *difference.where))
    return None


def as_array(value: Value) -> NDArray[Any] | None:
    """A number or a numeric array as an array, truth values as 0 and 1; None for anything else."""
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind == "b":  # numpy subtracts no truth values
            return array.astype(float)
        return array if array.dtype.kind in "iuf" else None
    return None


def _compare_arrays(expected: Value, got: Value, tolerance: float, odd_is_odd: bool) -> Difference | None:
    right, found = as_array(expected), as_array(got)
    if right is None:
        return None if type(expected) is type(got) else _type_difference(got)
    if found is None:
        return Difference(
            "type", "an object of another kind" if isinstance(got, Opaque) else describe_type(got)
        )
    if found.shape != right.shape:
        return Difference("shape", shape_text(found.shape, right.shape))
    return _compare_numbers(right, found, tolerance, odd_is_odd)


def shape_text(found: tuple[int, ...], right: tuple[int, ...]) -> str:
    """Both shapes in words. Student code has chosen its own on hidden inputs, so sizes that no test has are not told."""
    if len(found) > _MOST_AXES:
        return f"an array of more than {_MOST_AXES} axes, shape {right} is wanted"
    told = ", ".join(str(size) if size in right else count_text(size) for size in found)
    return f"shape ({told}{',' if len(found) == 1 else ''}), {right} is wanted"


def _compare_numbers(
    right: NDArray[Any], found: NDArray[Any], tolerance: float, odd_is_odd: bool
) -> Difference | None:
    if found.dtype == np.float32:
        tolerance = max(tolerance, FLOAT32)
    # Differences of whole numbers wrap round: that of 0 and the least of them is negative, whatever its sign.
    right, found = right.astype(float, copy=False), found.astype(float, copy=False)
    if right.size and _close(right, found, tolerance):
        return None
    odd = ~np.isfinite(right)
    if odd.any() or not np.isfinite(found).all():
        alike = _odd_or_masked(found[odd]) if odd_is_odd else _identical(right[odd], found[odd])
        same = alike and bool(np.isfinite(found[~odd]).all())
        if not same:
            return Difference("nan", "NaN or infinity in it")
        right, found = right[~odd], found[~odd]
    if not right.size:
        return None
    scale = float(np.max(np.abs(right)))
    worst = float(np.max(np.abs(found - right)))
    return Difference("value", "other values") if not (worst <= tolerance * max(scale, 1e-12)) else None


def _close(right: NDArray[Any], found: NDArray[Any], tolerance: float) -> bool:
    """The common case, quickly: finite numbers that agree. False where NaN or infinity take part."""
    with np.errstate(invalid="ignore", over="ignore"):
        worst, scale = float(np.abs(found - right).max()), float(np.abs(right).max())
    return worst <= tolerance * max(scale, 1e-12) < np.inf


def _odd_or_masked(found: NDArray[Any]) -> bool:
    """Infinity times a mask's 0 is NaN; `np.where` with the same mask gives 0."""
    return not np.any(np.isfinite(found) & (found != 0))


def _identical(right: NDArray[Any], found: NDArray[Any]) -> bool:
    return bool(np.array_equal(right, found, equal_nan=True))
