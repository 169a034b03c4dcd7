"""A few numbers of a value: enough to see that it is no constant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.judge.compare import as_array
from grader.model import Value


def finite_sample(value: Value) -> Iterator[float]:
    """The first finite numbers of each array in a value, rounded."""
    if isinstance(value, dict):
        for item in value.values():
            yield from finite_sample(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from finite_sample(item)
    else:
        array = as_array(value)
        if array is not None:
            yield from (round(float(x), 9) for x in array.ravel()[:12] if np.isfinite(x))
