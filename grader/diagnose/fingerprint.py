"""What a wrong function gave, in a few characters: equal wrong answers have equal fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
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
#: Of one component: no right answer has more, and a wrong one is told apart by these.
MAX_TOKENS = 2_000


def fingerprint(observed: Observed) -> str:
    """A digest of what a function gave, the same for numbers that agree to five digits of their scale."""
    digest = hashlib.sha256()
    for outcome, parts in zip(observed.outcomes, observed.parts, strict=True):
        digest.update(outcome.status.encode())
        for name in sorted(parts):
            for token in islice(_tokens(parts[name]), MAX_TOKENS):
                digest.update(token.encode() + b"\0")
    return digest.hexdigest()[:20]


def _tokens(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield str(key)
            yield from _tokens(value[key])
    elif isinstance(value, tuple | list):
        yield str(len(value))
        for item in value:
            yield from _tokens(item)
    elif isinstance(value, Absent) or (array := as_array(value)) is None:
        yield type(value).__name__
    else:
        yield str(array.shape)
        yield _rounded(array.astype(float))


def _rounded(array: NDArray[Any]) -> str:
    scale = float(np.max(np.abs(array), initial=0.0)) if np.isfinite(array).all() else 1.0
    with np.errstate(all="ignore"):  # next to the largest numbers, rounding overflows
        rounded = np.round(array / (scale or 1.0), DIGITS) + 0.0
    return f"{scale:.{DIGITS}g} {rounded.tolist()}"
