"""Values ⇄ bytes across the wall to student code: a tagged binary tree, exact types only, never pickle.

A worker's results, call-backs and facts travel so, and student packs. (What the grader sends: see `wire`.)

A value is one tag byte and its content, little endian:

    N T F              None, True, False
    i  u8 n, n bytes   int, two's complement
    f  8 bytes         float            c  16 bytes  complex
    s  u32 n, UTF-8    str
    l t u32 n, values  list, tuple      d  u32 n, (key, value)…  dict; keys are int or str
    g  u8 dtype, item  numpy scalar     a  u8 dtype, u8 ndim, u64 dims, items  numpy array, C order
    o  as s            Opaque: stands for an object that is not carried
    r  u32 step, l     Ref, host → worker only

The decoder trusts nothing: lengths are checked before anything is allocated, and whatever is not exactly
this raises `Reject`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from grader.model import Opaque, Ref, Value
from grader.worker.caps import DEFAULT_CAPS, DTYPES, TEXT_CAPS, Caps, Reject
from grader.worker.encoder import encode

__all__ = ["DEFAULT_CAPS", "DTYPES", "TEXT_CAPS", "Caps", "Reject", "decode", "encode"]

_OPAQUE_BYTES = 200
_MAX_SIZE = 1 << 40


def decode(
    data: bytes | memoryview, caps: Caps = DEFAULT_CAPS, *, writable: bool = False, refs: bool = False
) -> Value:
    """The value that `data` encodes, all of it. Arrays are read-only unless `writable`.

    Raises:
        Reject: the bytes are malformed, exceed the caps, or hold a Ref although `refs` is false.
    """
    if len(data) > caps.total_bytes:
        raise Reject(f"{len(data)} bytes, more than {caps.total_bytes}")
    decoder = _Decoder(data, caps, writable, refs)
    try:
        value = decoder.value(0)
    except (IndexError, struct.error):
        raise Reject("truncated") from None
    if decoder.at != decoder.size:
        raise Reject("bytes after the value")
    return value


_F8, _C16, _U4 = struct.Struct("<d"), struct.Struct("<dd"), struct.Struct("<I")
_SHAPES = tuple(struct.Struct(f"<{ndim}Q") for ndim in range(DEFAULT_CAPS.ndim + 1))


class _Decoder:
    """A cursor over hostile bytes. Reading beyond their end raises IndexError or struct.error."""

    __slots__ = ("at", "caps", "data", "nodes", "refs", "size", "writable")

    def __init__(self, data: bytes | memoryview, caps: Caps, writable: bool, refs: bool) -> None:
        self.data = memoryview(data)
        self.size = len(data)
        self.caps = caps
        self.writable = writable
        self.refs = refs
        self.at = 0
        self.nodes = 0

    def value(self, depth: int) -> Value:
        self.nodes += 1
        if self.nodes > self.caps.nodes or depth >= self.caps.depth:
            raise Reject("nested too deeply or too many values")
        return _READERS.get(self.byte(), _unknown)(self, depth)

    def byte(self) -> int:
        at = self.at
        self.at = at + 1
        return self.data[at]

    def take(self, size: int) -> memoryview:
        start, end = self.at, self.at + size
        if end > self.size:
            raise Reject("truncated")
        self.at = end
        return self.data[start:end]

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        at = self.at
        self.at = at + form.size
        return form.unpack_from(self.data, at)

    def count(self, least: int) -> int:
        """A length whose items take at least `least` bytes each."""
        count: int = self.unpack(_U4)[0]
        if count * least > self.size - self.at:
            raise Reject("a length that exceeds the frame")
        return count

    def text(self, cap: int) -> str:
        size = self.count(1)
        if size > cap:
            raise Reject("a text that is too long")
        try:
            return str(self.take(size), "utf-8", "strict")
        except UnicodeDecodeError:
            raise Reject("a text that is not UTF-8") from None

    def dtype(self) -> np.dtype[Any]:
        code = self.byte()
        if code >= len(DTYPES):
            raise Reject(f"unknown dtype {code}")
        return DTYPES[code]

    def items(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """The next items of the frame as an array of this shape."""
        size = 1
        for side in shape:
            size *= side or 1  # the sides beside a 0 are bounded too: numpy multiplies them
            if size > _MAX_SIZE:
                raise Reject("an array that is too large")
        if 0 in shape:
            if size > self.caps.nodes:
                raise Reject("an empty array of too many rows")
            return np.empty(shape, dtype)
        raw = self.take(size * dtype.itemsize)
        if dtype.kind == "b" and bytes(raw).translate(None, b"\0\1"):
            raise Reject("a bool that is neither 0 nor 1")
        array = np.frombuffer(raw, dtype).reshape(shape)
        if self.writable:
            return array.copy()
        array.flags.writeable = False
        return array


def _unknown(source: _Decoder, depth: int) -> NoReturn:
    raise Reject("unknown tag")


def _get_int(source: _Decoder, depth: int) -> int:
    size = source.byte()
    if not 0 < size <= source.caps.int_bytes:
        raise Reject("an int that is too large or empty")
    return int.from_bytes(source.take(size), "little", signed=True)


def _get_list(source: _Decoder, depth: int) -> list[Value]:
    return [source.value(depth + 1) for _ in range(source.count(1))]


def _get_dict(source: _Decoder, depth: int) -> dict[int | str, Value]:
    result: dict[int | str, Value] = {}
    for _ in range(source.count(2)):
        key = source.value(depth + 1)
        if type(key) not in (int, str) or key in result:
            raise Reject("a key that is repeated, or neither str nor int")
        result[key] = source.value(depth + 1)
    return result


def _get_scalar(source: _Decoder, depth: int) -> np.generic:
    dtype = source.dtype()
    raw = source.take(dtype.itemsize)
    if dtype.kind == "b" and raw[0] > 1:
        raise Reject("a bool that is neither 0 nor 1")
    scalar: np.generic = np.frombuffer(raw, dtype)[0]
    return scalar


def _get_array(source: _Decoder, depth: int) -> np.ndarray[Any, Any]:
    source.nodes += source.caps.array_nodes - 1
    dtype = source.dtype()
    ndim = source.byte()
    if ndim > min(source.caps.ndim, len(_SHAPES) - 1):
        raise Reject("too many dimensions")
    return source.items(dtype, source.unpack(_SHAPES[ndim]))


def _get_ref(source: _Decoder, depth: int) -> Ref:
    if not source.refs:
        raise Reject("a Ref from the worker")
    step: int = source.unpack(_U4)[0]
    return Ref(step, tuple(source.value(depth + 1)))


_READERS: dict[int, Callable[[_Decoder, int], Value]] = {
    ord("N"): lambda source, depth: None,
    ord("T"): lambda source, depth: True,
    ord("F"): lambda source, depth: False,
    ord("i"): _get_int,
    ord("f"): lambda source, depth: source.unpack(_F8)[0],
    ord("c"): lambda source, depth: complex(*source.unpack(_C16)),
    ord("s"): lambda source, depth: source.text(source.caps.text_bytes),
    ord("l"): _get_list,
    ord("t"): lambda source, depth: tuple(_get_list(source, depth)),
    ord("d"): _get_dict,
    ord("g"): _get_scalar,
    ord("a"): _get_array,
    ord("o"): lambda source, depth: Opaque(source.text(_OPAQUE_BYTES)),
    ord("r"): _get_ref,
}
