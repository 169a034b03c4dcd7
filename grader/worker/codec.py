"""Values ⇄ bytes across the wall to student code: a tagged binary tree, exact types only, never pickle.

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
this raises `Reject`. The encoder runs beside student code, so it is there for good manners only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import CoroutineType, GeneratorType
from typing import Any, NoReturn

import numpy as np

from grader.model import Opaque, Ref, Value

#: The 14 numeric types, by their code on the wire.
DTYPES: tuple[np.dtype[Any], ...] = tuple(
    np.dtype(name).newbyteorder("<")
    for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)
_CODE_OF = {(dtype.kind, dtype.itemsize): code for code, dtype in enumerate(DTYPES)}
_WIDEST = {"f": np.dtype("<f8"), "c": np.dtype("<c16")}


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


DEFAULT_CAPS = Caps()
#: For sources and facts about them, which are trees of texts.
TEXT_CAPS = Caps(text_bytes=32 << 20, nodes=1_000_000)
_OPAQUE_BYTES = 200
_MAX_SIZE = 1 << 40

# ---------------------------------------------------------------------------------------- encoding


def encode(value: Value, caps: Caps = DEFAULT_CAPS, *, strict: bool = False) -> bytes:
    """The bytes of `value`; what cannot be carried becomes an `Opaque` in its place.

    Raises:
        Reject: `strict`, and something cannot be carried.
    """
    encoder = _Encoder(caps, strict)
    encoder.put(value, 0)
    return b"".join(encoder.chunks)


class _Encoder:
    """Collects chunks; counts nodes and bytes so that a huge value becomes an Opaque, not a huge frame."""

    def __init__(self, caps: Caps, strict: bool) -> None:
        self.caps = caps
        self.strict = strict
        self.chunks: list[bytes] = []
        self.nodes = 0
        self.bytes_left = caps.total_bytes // 2

    def put(self, value: Any, depth: int) -> None:
        self.nodes += 1
        if self.nodes > self.caps.nodes // 2 or depth >= self.caps.depth - 1:
            return self.opaque("something nested too deeply or too large")
        kind = type(value)
        writer = _WRITERS.get(kind) or _writer_of(kind)
        writer(self, value, depth)

    def opaque(self, name: str) -> None:
        if self.strict:
            raise Reject(f"cannot be sent: {name}")
        raw = name.encode("utf-8", "replace")[:60].decode("utf-8", "ignore").encode()
        self.chunks.append(b"o" + struct.pack("<I", len(raw)) + raw)

    def text(self, tag: bytes, text: str) -> None:
        raw = text.encode("utf-8", "replace")
        if len(raw) > self.caps.text_bytes or not self.afford(len(raw)):
            return self.opaque("a text that is too long")
        self.chunks.append(tag + struct.pack("<I", len(raw)) + raw)

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
    out.chunks.append(b"f" + struct.pack("<d", value))


def _put_complex(out: _Encoder, value: complex, depth: int) -> None:
    out.chunks.append(b"c" + struct.pack("<dd", value.real, value.imag))


def _put_str(out: _Encoder, value: str, depth: int) -> None:
    out.text(b"s", value)


def _put_list(out: _Encoder, value: list[Any], depth: int) -> None:
    _put_items(out, b"l", value, depth)


def _put_tuple(out: _Encoder, value: tuple[Any, ...], depth: int) -> None:
    _put_items(out, b"t", value, depth)


def _put_items(out: _Encoder, tag: bytes, items: list[Any] | tuple[Any, ...], depth: int) -> None:
    if len(items) > out.caps.nodes // 2:
        return out.opaque("a list or tuple that is too long")
    out.chunks.append(tag + struct.pack("<I", len(items)))
    for item in items:
        out.put(item, depth + 1)


def _put_dict(out: _Encoder, value: dict[Any, Any], depth: int) -> None:
    keys = [_plain_key(key) for key in value]
    if len(keys) > out.caps.nodes // 2 or any(key is None for key in keys) or len(set(keys)) < len(keys):
        return out.opaque("a dict with keys that are not short str or int")
    out.chunks.append(b"d" + struct.pack("<I", len(keys)))
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
    if value.ndim > out.caps.ndim or not out.afford(value.size * max(value.itemsize, 1)):
        return out.opaque("ndarray that is too large")
    code, plain = _plain_array(value)
    if code is None:
        return out.opaque(f"ndarray of dtype {_dtype_name(value.dtype)}")
    out.chunks.append(b"a" + struct.pack(f"<BB{plain.ndim}Q", code, plain.ndim, *plain.shape))
    out.chunks.append(plain.tobytes())


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


def _put_opaque(out: _Encoder, value: Opaque, depth: int) -> None:
    out.opaque(value.type)


def _put_ref(out: _Encoder, value: Ref, depth: int) -> None:
    out.chunks.append(b"r" + struct.pack("<I", value.step))
    _put_items(out, b"l", value.path, depth)


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
}
#: For types that are not in the table: the first base that fits. numpy's scalars come before float and
#: complex, from which np.float64 and np.complex128 inherit; np.str_ is a str.
_BASES: tuple[tuple[type, _Writer], ...] = (
    (np.ndarray, _put_subarray),
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


# ---------------------------------------------------------------------------------------- decoding


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
    return source.items(source.dtype(), ())[()]  # type: ignore[return-value]


def _get_array(source: _Decoder, depth: int) -> np.ndarray[Any, Any]:
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
