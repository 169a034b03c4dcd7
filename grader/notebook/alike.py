"""Names that are easily taken for each other: `relu_backward` and `sigmoid_backward`, `colsums` and `rowsums`."""

from __future__ import annotations

_SHARED = 4


def alike(one: str, other: str) -> bool:
    """Whether one part of two names differs, or they begin or end alike."""
    if one == other:
        return False
    one, other = one.lower(), other.lower()
    if one.replace("relu", "sigmoid") == other.replace("relu", "sigmoid"):
        return True
    parts, others = one.split("_"), other.split("_")
    if len(parts) == len(others) and len([part for part in parts if part]) > 1:
        return sum(a != b for a, b in zip(parts, others, strict=True)) == 1
    shared = max(_common(one, other), _common(one[::-1], other[::-1]))
    return shared >= _SHARED and 2 * shared >= min(len(one), len(other))


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
