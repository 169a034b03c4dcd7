"""What the codec carries, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The 14 numeric types, by their code on the wire.
DTYPES: tuple[np.dtype[Any], ...] = tuple(
    np.dtype(name).newbyteorder("<")
    for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)


class Reject(ValueError):
    """The bytes are not an encoded value within the caps."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a decoder accepts and an encoder sends."""

    total_bytes: int = 64 << 20
    depth: int = 16
    nodes: int = 100_000
    text_bytes: int = 64 << 10
    int_bytes: int = 128
    ndim: int = 8
    array_nodes: int = 1
    """As how many values an array counts, however small it is: making one takes its time."""


DEFAULT_CAPS = Caps()
#: For sources and facts about them, which are trees of texts.
TEXT_CAPS = Caps(text_bytes=32 << 20, nodes=1_000_000)
