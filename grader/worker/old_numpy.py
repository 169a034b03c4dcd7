"""Names that numpy had when the notebooks of 2017 to 2021 were written, and has no more: what they did still works.

`np.zeros((dim, 1), dtype=np.float)` was right, and is nobody's error today.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _as_scalar(array: Any) -> Any:
    return np.asarray(array).item()


#: Removed in numpy 1.23 (asscalar), 1.24 (names of Python's types) and 2.0 (the rest).
_NAMES: dict[str, Any] = {
    "alltrue": np.all,
    "asscalar": _as_scalar,
    "bool": bool,
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "in1d": np.isin,
    "Inf": np.inf,
    "Infinity": np.inf,
    "infty": np.inf,
    "int": int,
    "mat": np.asmatrix,
    "NaN": np.nan,
    "NINF": -np.inf,
    "object": object,
    "PINF": np.inf,
    "product": np.prod,
    "round_": np.round,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "str": str,
    "unicode_": np.str_,
}


def restore() -> None:
    """Give numpy the names that the installed version lacks."""
    for name, value in _NAMES.items():
        if not hasattr(np, name):
            setattr(np, name, value)
