"""Frames between the grader and a worker: header, sequence numbers, parts.

A frame is `u64 sequence, u8 kind, u32 size` and its payload. The host starts each request at a random
sequence number; the worker counts up from it, one for each frame that it sends. One request is in
flight: bytes that come without one, or after its last reply, are a protocol error, and the worker dies.
(The number is readable inside the worker. It stops desynchronisation, not forgery: a reply is only an
answer, so forging one gains nothing.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum

HEADER = struct.Struct("<QBI")
_SIZE = struct.Struct("<I")
_SEQUENCES = 1 << 64


class Kind(IntEnum):
    """What a frame is; odd numbers come from the host."""

    EXTRACT = 1
    LOAD = 3
    CALLS = 5
    ANSWER = 7
    """The host's answer to CALLBACK, with the same sequence number."""
    PROPOSE = 9

    HELLO = 2
    """The worker stands, all its layers in force; or the text of what failed."""
    EXTRACTED = 4
    LOADING = 6
    """Index of the definition about to be executed; only when the host asked for a trace."""
    LOADED = 8
    RESULT = 10
    CALLBACK = 12
    PROPOSED = 14
    FAILED = 16
    """EXTRACT or PROPOSE raised: the exception's type and text."""


class ProtocolError(Exception):
    """The other side broke the rules of the channel."""


def after(sequence: int) -> int:
    """The next sequence number."""
    return (sequence + 1) % _SEQUENCES


def frame(sequence: int, kind: Kind, payload: bytes) -> bytes:
    """The bytes of one frame."""
    return HEADER.pack(sequence, kind, len(payload)) + payload


def join_parts(parts: Iterable[bytes]) -> bytes:
    """Several payloads in one frame."""
    return b"".join(_SIZE.pack(len(part)) + part for part in parts)


def split_parts(payload: bytes) -> list[memoryview]:
    """The parts of `join_parts`. Raises ProtocolError if the sizes do not add up."""
    view, at, parts = memoryview(payload), 0, []
    while at < len(view):
        if at + _SIZE.size > len(view):
            raise ProtocolError("a cut part")
        (size,) = _SIZE.unpack_from(view, at)
        at += _SIZE.size
        if size > len(view) - at:
            raise ProtocolError("a cut part")
        parts.append(view[at : at + size])
        at += size
    return parts
