"""What crosses the wall: exactly the listed types, and nothing that hostile bytes could make of them."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from collections import OrderedDict
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.model import Opaque, Ref
from grader.worker.codec import DTYPES, Caps, Reject, decode, encode
from grader.worker.limits import Limits, reply_caps

_ARRAYS = hnp.arrays(
    st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=20).filter(lambda text: text.isprintable())
    | _ARRAYS
    | _ARRAYS.filter(lambda array: array.ndim == 0).map(lambda array: array[()])
)
_KEYS = st.text("abcdé", max_size=5) | st.integers(-(2**70), 2**70)
VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Equal in type, shape, dtype and bits, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    return bool(one == other)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_carried_value_comes_back_the_same(value: Any) -> None:
    assert same(decode(encode(value)), value)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_an_encoding_is_the_only_one_of_its_value(value: Any) -> None:
    data = encode(value)
    assert encode(decode(data)) == data


def test_order_of_the_array_in_memory_does_not_matter() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for view in (array.T, array[::-1, ::2], np.asfortranarray(array), np.broadcast_to(array, (2, 3, 4))):
        assert same(decode(encode(view)), np.ascontiguousarray(view))


def test_big_endian_and_long_double_arrays_come_as_ordinary_ones() -> None:
    assert decode(encode(np.array([1.5], ">f8"))).dtype == "<f8"
    assert decode(encode(np.array([1.5], np.longdouble))).dtype == "<f8"


def test_subclasses_come_as_what_they_hold() -> None:
    class Point(NamedTuple):
        x: int
        y: int

    assert decode(encode(Point(1, 2))) == (1, 2)
    assert type(decode(encode(OrderedDict(a=1)))) is dict
    assert type(decode(encode(np.array([[1.0]]).view(np.matrix)))) is np.ndarray
    assert type(decode(encode(type("Sub", (float,), {})(1.5)))) is float
    assert type(decode(encode(np.str_("x")))) is str


def test_a_member_of_an_enum_comes_as_its_word_or_number_and_nothing_more() -> None:
    kinds = Enum("Kinds", {"RELU": "relu", "ONE": 1, "PAIR": (1, 2), "LIST": [1]})
    members = [kinds["RELU"], kinds["ONE"], kinds["PAIR"], kinds["LIST"]]
    assert decode(encode(members)) == ["relu", 1, Opaque("Kinds"), Opaque("Kinds")]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (object(), "object"),
        (len, "builtin_function_or_method"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        ((_ for _ in "ab"), "generator"),
        (np.array([None]), "ndarray of dtype object"),
        (np.array(["text"]), "ndarray of dtype <U4"),
        (np.array([(1, 2.0)], "i4,f8"), "ndarray of dtype [('f0', '<i4'), ('f1', '<f8')]"),
        (np.datetime64("2020"), "datetime64"),
        (2**2000, "an int that is too large"),
        ({1.5: 0}, "a dict with keys that are not short str or int"),
        (np.broadcast_to(0.0, (10**9,)), "ndarray that is too large"),
        ("x" * 70_000, "a text that is too long"),
    ],
)
def test_what_is_not_carried_becomes_opaque(value: Any, name: str) -> None:
    got = decode(encode([value]))[0]
    assert type(got) is Opaque
    assert got.type.startswith(name[:30])
    with pytest.raises(Reject):
        encode([value], strict=True)


def test_nothing_in_an_array_is_nothing() -> None:
    assert decode(encode([np.squeeze(None)])) == [None]  # type: ignore[call-overload]


def test_an_object_that_contains_itself_ends_in_opaque() -> None:
    value: list[Any] = []
    value.append(value)
    assert "Opaque" in repr(decode(encode(value)))


def test_huge_values_become_small_frames() -> None:
    assert len(encode([np.zeros(10**6)] * 100)) < 64 << 20
    assert len(encode([0] * 10**6)) < 100


def test_arrays_are_read_only_for_the_host_and_writable_for_the_student() -> None:
    data = encode(np.zeros(3))
    assert not decode(data).flags.writeable
    first, second = (decode(data, writable=True) for _ in range(2))
    first += 1
    assert second.sum() == 0


def test_refs_go_one_way_only() -> None:
    data = encode(Ref(2, (0, "key")))
    assert decode(data, refs=True) == Ref(2, (0, "key"))
    with pytest.raises(Reject, match="Ref"):
        decode(data)


# ---------------------------------------------------------------------------------------- hostile


def _array(dtype: int, shape: tuple[int, ...], items: bytes = b"") -> bytes:
    return b"a" + struct.pack(f"<BB{len(shape)}Q", dtype, len(shape), *shape) + items


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"NN",
        b"f1234",
        b"i\x00",
        b"i\x81" + bytes(129),
        b"s" + struct.pack("<I", 2**32 - 1) + b"x",
        b"s" + struct.pack("<I", 1) + b"\xff",
        b"l" + struct.pack("<I", 2**31) + b"N",
        b"d" + struct.pack("<I", 1) + b"NN",
        b"d" + struct.pack("<I", 1) + b"f" + struct.pack("<d", float("nan")) + b"N",
        b"d" + struct.pack("<I", 2) + b"i\x01\x05N" + b"i\x01\x05N",
        (b"l" + struct.pack("<I", 1)) * 40 + b"N",
        b"l" + struct.pack("<I", 200_000) + b"N" * 200_000,
        _array(11, (2**40,)),
        _array(11, (2**32, 2**32)),
        _array(11, (0, 2**62, 2**62)),
        _array(11, (2,), bytes(8)),
        _array(99, (1,), bytes(8)),
        _array(0, (1,), b"\x02"),
        b"a" + bytes([11, 60]) + bytes(60 * 8),
        b"g\x63" + bytes(8),
        b"g\x00\x07",
        b"o" + struct.pack("<I", 5000) + b"x" * 5000,
        b"r" + struct.pack("<I", 0) + b"l" + struct.pack("<I", 0),
    ],
)
def test_malformed_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(Reject):
        decode(data)


def test_more_bytes_than_the_cap_are_rejected_unread() -> None:
    with pytest.raises(Reject, match="more than"):
        decode(bytes(100), Caps(total_bytes=99))


def test_an_array_counts_as_several_values() -> None:
    """A thousand small arrays are more work than a thousand numbers."""
    caps = Caps(nodes=100, array_nodes=10)
    few, many = [np.ones(2)] * 9, [np.ones(2)] * 11
    assert len(decode(encode(few), caps)) == 9
    assert len(decode(encode([1.0] * 90), caps)) == 90
    with pytest.raises(Reject, match="too many values"):
        decode(encode(many), caps)
    sent = decode(encode(few, caps))
    assert [type(item) for item in sent[4:7]] == [np.ndarray, Opaque, Opaque], "half of what is accepted"


def test_a_result_may_not_hold_thousands_of_arrays() -> None:
    caps = reply_caps(Limits())
    assert len(decode(encode([1.0] * 2_600, caps), caps)) == 2_600
    with pytest.raises(Reject, match="too many values"):
        decode(encode([np.ones(2)] * 2_600), caps)


def hostile_samples() -> list[bytes]:
    """Encoded values to be mutated."""
    values: list[Any] = [
        {"W1": np.ones((3, 2)), "b1": np.zeros((3, 1)), "cost": 0.5, "names": ["a", ("b", None, True)]},
        [np.float64(1.0), np.int8(3), np.array(2 + 1j), 10**30, -1, "é" * 30],
        ((np.zeros((0, 3)), np.array([True, False])), {1: {2: {3: [4, 5.0]}}}),
        [[[[[[[[[[1]]]]]]]]]],
    ]
    return [encode(value) for value in values]


def mutated(sample: bytes, rng: random.Random) -> bytes:
    """A frame as a hostile worker might send it: flipped, cut, doubled, spliced."""
    data = bytearray(sample)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        choice = rng.random()
        if choice < 0.5 and at < len(data):
            data[at] = rng.choice((rng.randrange(256), 0, 255, *b"NTFifcsltdgaor"))
        elif choice < 0.7:
            data[at : at + rng.randint(0, 9)] = rng.randbytes(rng.randint(0, 9))
        elif choice < 0.85:
            data = data[:at]
        else:
            data[at:at] = data[max(0, at - rng.randint(1, 30)) : at]
    return bytes(data)


def judge_frame(data: bytes) -> bool:
    """Whether a frame decodes. It may be rejected; if it decodes, what it gives encodes to a like value."""
    try:
        value = decode(data)
    except Reject:
        return False
    again = decode(encode(value))  # whose nesting may have one level less than the decoder allows
    assert same(again, value) or "nested too deeply" in repr(again)
    return True


def test_100_000_hostile_frames_are_rejected_or_sound() -> None:
    rng, samples = random.Random(20), hostile_samples()
    tracemalloc.start()
    began = time.monotonic()
    sound = sum(judge_frame(mutated(rng.choice(samples), rng)) for _ in range(100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1000 < sound < 99_000, "the mutations are too mild or too wild to prove anything"
    assert peak < 64 << 20
    assert time.monotonic() - began < 120


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_are_rejected_or_sound(data: bytes) -> None:
    judge_frame(data)
