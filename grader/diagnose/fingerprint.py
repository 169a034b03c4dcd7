"""What a wrong function gave, in a few characters: equal wrong answers have equal fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judge.compare import as_array
from grader.judge.components import Absent
from grader.judge.verdict import Observed
from grader.model import Value

#: The key under which a report keeps it, among what is for the instructor only.
FINGERPRINT = "fingerprint"
DIGITS = 5
#: Entries of one component that count: no right answer has more, and a wrong one is told apart by these.
MAX_ENTRIES = 5_000
#: As how many entries an array counts, or what stands in its place, beside its own.
_EACH = 10


def fingerprint(observed: Observed) -> str:
    """A digest of what a function gave, the same for numbers that agree to five digits of their scale."""
    digest = hashlib.sha256()
    for outcome, parts in zip(observed.outcomes, observed.parts, strict=True):
        digest.update(outcome.status.encode())
        for name in sorted(parts):
            for token in _tokens(parts[name]):
                digest.update(token.encode() + b"\0")
    return digest.hexdigest()[:20]


def gave_numbers(observed: Observed) -> bool:
    """Whether there is anything to be equal in: calls that ended without a value have no numbers in common."""
    leaves = (leaf for parts in observed.parts for value in parts.values() for leaf in _leaves(value))
    return any(not isinstance(leaf, str) for leaf in leaves)


def _tokens(value: Value) -> Iterator[str]:
    left = MAX_ENTRIES
    for leaf in _leaves(value):
        if left <= 0:
            return
        left -= _EACH
        if isinstance(leaf, str):
            yield leaf
        else:
            yield str(leaf.shape)
            yield _rounded(leaf, max(left, _EACH))
            left -= leaf.size


def _leaves(value: Value) -> Iterator[str | NDArray[Any]]:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield str(key)
            yield from _leaves(value[key])
    elif isinstance(value, tuple | list):
        yield str(len(value))
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Absent) or (array := as_array(value)) is None:
        yield type(value).__name__
    else:
        yield array.astype(float)


def _rounded(array: NDArray[Any], most: int) -> str:
    """The numbers, in units of the largest; of very many the first."""
    scale = float(np.max(np.abs(array), initial=0.0)) if np.isfinite(array).all() else 1.0
    told = array if array.size <= most else array.ravel()[:most]
    with np.errstate(all="ignore"):  # next to the largest numbers, rounding overflows
        rounded = np.round(told / (scale or 1.0), DIGITS) + 0.0
    return f"{scale:.{DIGITS}g} {rounded.tolist()}"
