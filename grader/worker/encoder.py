"""Values → bytes, in the form that `codec` describes.

The encoder runs beside student code, so it is there for good manners only.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import CoroutineType, GeneratorType
from typing import Any

import numpy as np

from grader.model import Opaque, Ref, Value
from grader.worker.caps import DEFAULT_CAPS, DTYPES, Caps, Reject

_CODE_OF = {(dtype.kind, dtype.itemsize): code for code, dtype in enumerate(DTYPES)}
#: The dtypes that go as they are, whatever the byte order of the machine.
_PLAIN_CODES = {dtype: code for code, dtype in enumerate(DTYPES)}
_U4, _F8, _C16 = struct.Struct("<I"), struct.Struct("<d"), struct.Struct("<dd")
_ARRAY_HEADS = tuple(struct.Struct(f"<cBB{ndim}Q") for ndim in range(DEFAULT_CAPS.ndim + 1))
_WIDEST = {"f": np.dtype("<f8"), "c": np.dtype("<c16")}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value's bytes, in its place in a larger value."""

    data: bytes


def encode(value: Value, caps: Caps = DEFAULT_CAPS, *, strict: bool = False, depth: int = 0) -> bytes:
    """The bytes of `value`; what cannot be carried becomes an `Opaque` in its place.

    `depth` is that at which it will stand in a larger value.

    Raises:
        Reject: `strict`, and something cannot be carried.
    """
    encoder = _Encoder(caps, strict)
    encoder.put(value, depth)
    return b"".join(encoder.chunks)


class _Encoder:
    """Collects chunks; counts nodes and bytes so that a huge value becomes an Opaque, not a huge frame."""

    def __init__(self, caps: Caps, strict: bool) -> None:
        self.caps = caps
        self.strict = strict
        self.chunks: list[bytes] = []
        self.nodes = 0
        self.bytes_left = caps.total_bytes // 2
        self.most_nodes = caps.nodes // 2
        self.most_depth = caps.depth - 1

    def put(self, value: Any, depth: int) -> None:
        self.nodes += 1
        if self.nodes > self.most_nodes or depth >= self.most_depth:
            return self.opaque("something nested too deeply or too large")
        kind = type(value)
        (_WRITERS.get(kind) or _writer_of(kind))(self, value, depth)

    def opaque(self, name: str) -> None:
        if self.strict:
            raise Reject(f"cannot be sent: {name}")
        raw = name.encode("utf-8", "replace")[:60].decode("utf-8", "ignore").encode()
        self.chunks.append(b"o" + _U4.pack(len(raw)) + raw)

    def text(self, tag: bytes, text: str) -> None:
        raw = text.encode("utf-8", "replace")
        if len(raw) > self.caps.text_bytes or not self.afford(len(raw)):
            return self.opaque("a text that is too long")
        self.chunks.append(tag + _U4.pack(len(raw)) + raw)

    def afford(self, size: int) -> bool:
        if size > self.bytes_left:
            return False
        self.bytes_left -= size
        return True


def _put_none(out: _Encoder, value: None, depth: int) -> None:
    out.chunks.append(b"N")


def _put_bool(out: _Encoder, value: bool, depth: int) -> None:
    out.chunks.append(b"T" if value else b"F")


def _put_int(out: _Encoder, value: int, depth: int) -> None:
    size = int.bit_length(value) // 8 + 1
    if size > out.caps.int_bytes:
        return out.opaque("an int that is too large")
    out.chunks.append(b"i" + bytes((size,)) + int.to_bytes(value, size, "little", signed=True))


def _put_float(out: _Encoder, value: float, depth: int) -> None:
    out.chunks.append(b"f" + _F8.pack(value))


def _put_complex(out: _Encoder, value: complex, depth: int) -> None:
    out.chunks.append(b"c" + _C16.pack(value.real, value.imag))


def _put_str(out: _Encoder, value: str, depth: int) -> None:
    out.text(b"s", value)


def _put_list(out: _Encoder, value: list[Any], depth: int) -> None:
    _put_items(out, b"l", value, depth)


def _put_tuple(out: _Encoder, value: tuple[Any, ...], depth: int) -> None:
    _put_items(out, b"t", value, depth)


def _put_items(out: _Encoder, tag: bytes, items: list[Any] | tuple[Any, ...], depth: int) -> None:
    if len(items) > out.caps.nodes // 2:
        return out.opaque("a list or tuple that is too long")
    out.chunks.append(tag + _U4.pack(len(items)))
    for item in items:
        out.put(item, depth + 1)


def _put_dict(out: _Encoder, value: dict[Any, Any], depth: int) -> None:
    keys = [_plain_key(key) for key in value]
    if len(keys) > out.caps.nodes // 2 or any(key is None for key in keys) or len(set(keys)) < len(keys):
        return out.opaque("a dict with keys that are not short str or int")
    out.chunks.append(b"d" + _U4.pack(len(keys)))
    for key, item in zip(keys, value.values(), strict=True):
        out.put(key, depth + 1)
        out.put(item, depth + 1)


def _plain_key(key: Any) -> int | str | None:
    """An exact str or int, or None for a key that is not carried."""
    kind = type(key)
    if issubclass(kind, str):
        plain = str.__str__(key)
        return plain if len(plain) < 1000 else None
    if issubclass(kind, np.integer):
        return int(key)
    if issubclass(kind, int) and int.bit_length(key) < 900:
        return int.__int__(key)
    return None


def _put_array(out: _Encoder, value: np.ndarray[Any, Any], depth: int) -> None:
    out.nodes += out.caps.array_nodes - 1
    shape = value.shape
    ndim = len(shape)
    if ndim >= len(_ARRAY_HEADS) or ndim > out.caps.ndim or not out.afford(value.nbytes):
        return out.opaque("ndarray that is too large")
    if not value.size and math.prod(side or 1 for side in shape) > out.caps.nodes:
        return out.opaque("an empty ndarray of too many rows")
    code = _PLAIN_CODES.get(value.dtype)
    if code is None:
        code, value = _plain_array(value)
    if code is None and ndim == 0 and value.dtype.kind == "O" and value[()] is None:
        return _put_none(out, None, depth)  # np.squeeze(None): a blank is still open
    if code is None:
        return out.opaque(f"ndarray of dtype {_dtype_name(value.dtype)}")
    out.chunks.append(_ARRAY_HEADS[ndim].pack(b"a", code, ndim, *shape))
    out.chunks.append(value.tobytes())


def _plain_array(value: np.ndarray[Any, Any]) -> tuple[int | None, np.ndarray[Any, Any]]:
    """The dtype's code (None if it is not carried) and the array in that dtype."""
    code = _CODE_OF.get((value.dtype.kind, value.dtype.itemsize))
    if code is None and value.dtype.kind in _WIDEST:
        code = _CODE_OF[(value.dtype.kind, _WIDEST[value.dtype.kind].itemsize)]
    return code, value if code is None else value.astype(DTYPES[code], copy=False)


def _dtype_name(dtype: np.dtype[Any]) -> str:
    return "object" if dtype.kind == "O" else str(dtype)[:30]


def _put_subarray(out: _Encoder, value: np.ndarray[Any, Any], depth: int) -> None:
    """A subclass of ndarray, as a plain array; a masked array with its fill values."""
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.MaskedArray.filled(value)
    _put_array(out, np.ndarray.view(value, np.ndarray), depth)


def _put_scalar(out: _Encoder, value: np.generic, depth: int) -> None:
    code, plain = _plain_array(np.asarray(value))
    if code is None:
        return out.opaque(type(value).__name__)
    out.chunks.append(b"g" + bytes((code,)) + plain.tobytes())


def _put_member(out: _Encoder, value: Enum, depth: int) -> None:
    """A member of an Enum as the word or number that it stands for: right helpers know these."""
    plain = getattr(value, "_value_", None)
    if type(plain) in (str, int, float):
        out.put(plain, depth + 1)
    else:
        out.opaque(type(value).__name__)


def _put_opaque(out: _Encoder, value: Opaque, depth: int) -> None:
    out.opaque(value.type)


def _put_ref(out: _Encoder, value: Ref, depth: int) -> None:
    out.chunks.append(b"r" + _U4.pack(value.step))
    _put_items(out, b"l", value.path, depth)


def _put_encoded(out: _Encoder, value: Encoded, depth: int) -> None:
    out.chunks.append(value.data)


def _put_other(out: _Encoder, value: Any, depth: int) -> None:
    out.opaque(_OPAQUE_NAMES.get(type(value)) or str(type(value).__name__))


_OPAQUE_NAMES: dict[type, str] = {GeneratorType: "generator", CoroutineType: "coroutine"}
_Writer = Callable[[_Encoder, Any, int], None]
_WRITERS: dict[type, _Writer] = {
    type(None): _put_none,
    bool: _put_bool,
    int: _put_int,
    float: _put_float,
    complex: _put_complex,
    str: _put_str,
    list: _put_list,
    tuple: _put_tuple,
    dict: _put_dict,
    np.ndarray: _put_array,
    Opaque: _put_opaque,
    Ref: _put_ref,
    Encoded: _put_encoded,
}
#: For types that are not in the table: the first base that fits. numpy's scalars come before float and
#: complex, from which np.float64 and np.complex128 inherit; np.str_ is a str.
_BASES: tuple[tuple[type, _Writer], ...] = (
    (np.ndarray, _put_subarray),
    (Enum, _put_member),
    (str, lambda out, value, depth: out.text(b"s", str.__str__(value))),
    (np.generic, _put_scalar),
    (int, lambda out, value, depth: _put_int(out, int.__int__(value), depth)),
    (float, lambda out, value, depth: _put_float(out, float.__float__(value), depth)),
    (complex, lambda out, value, depth: _put_complex(out, complex.__complex__(value), depth)),
    (list, lambda out, value, depth: _put_list(out, list(list.__iter__(value)), depth)),
    (tuple, lambda out, value, depth: _put_tuple(out, tuple(tuple.__iter__(value)), depth)),
    (dict, lambda out, value, depth: _put_dict(out, dict(dict.items(value)), depth)),
)


def _writer_of(kind: type) -> _Writer:
    return next((writer for base, writer in _BASES if issubclass(kind, base)), _put_other)
