"""What travels to a worker, and the frozen values of `grader.model` that come back from one.

To a worker: pickle, since whoever reads is trusted less than whoever writes. From a worker: plain trees for
the codec, never pickle. A dataclass becomes the tuple of its fields, and unpacking checks every type, because
facts about a notebook come from a process that has parsed hostile source.
"""

from __future__ import annotations

import pickle
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from io import BytesIO
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args, get_origin

import numpy as np

from grader.model import (
    Call,
    Cell,
    Definition,
    Opaque,
    Program,
    Ref,
    RepairRequest,
    StandIn,
    Step,
    Value,
)
from grader.worker.codec import Reject

T = TypeVar("T")
#: Arrays come out of protocol 4 as writable copies; those of protocol 5 may be read-only.
_PROTOCOL = 4
_VALUES = (Call, Cell, Definition, Opaque, Program, Ref, RepairRequest, StandIn, Step)


def to_worker(value: Any) -> bytes:
    """The bytes of a value that the grader made, for a worker. Never for the other way: see `from_grader`."""
    written = BytesIO()
    _Writer(written, _PROTOCOL).dump(value)
    return written.getvalue()


def from_grader(data: bytes | memoryview) -> Any:
    """In a worker: the value, all of whose arrays are new and writable. The grader itself must not call this."""
    return _Reader(BytesIO(data)).load()


def _reducer(cls: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    """How a value of a dataclass is pickled: as a call of its class. Of one with slots, Python code would gather
    the fields, and set them again."""
    parts = [attrgetter(field.name) for field in fields(cls)]
    return lambda value: (cls, tuple(part(value) for part in parts))


class _Writer(pickle.Pickler):
    dispatch_table = MappingProxyType({cls: _reducer(cls) for cls in _VALUES})


class _Reader(pickle.Unpickler):
    """Knows a few classes by name, whatever student code has done to the modules that they come from."""

    def find_class(self, module: str, name: str) -> Any:
        return _CLASSES[module, name]


def _named_in_pickles() -> Iterator[Any]:
    """The classes of the grader's values, and what makes arrays and numpy's scalars."""
    yield from _VALUES
    yield from (np.ndarray, np.dtype, np.empty(0).__reduce__()[0], np.float64(0).__reduce__()[0])


_CLASSES = {(known.__module__, known.__qualname__): known for known in _named_in_pickles()}


def pack(value: Any) -> Value:
    """The plain tree of a model value (a dataclass, or a tuple, list or mapping of them)."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_pack_field(value, name, plain) for name, plain in _pack_plan(type(value)))
    if isinstance(value, tuple | list):
        return tuple(pack(item) for item in value)
    if isinstance(value, Mapping):
        return {key: pack(item) for key, item in value.items()}
    return value


def _pack_field(value: Any, name: str, plain: bool) -> Value:
    content = getattr(value, name)
    return content if plain else pack(content)


@cache
def _pack_plan(cls: type) -> tuple[tuple[str, bool], ...]:
    """(field, whether it goes as it is): student values hold no dataclasses but Ref and Opaque."""
    hints = typing.get_type_hints(cls)
    return tuple((field.name, _is_plain(hints[field.name])) for field in fields(cls))


def _is_plain(hint: Any) -> bool:
    return hint is Any or hint in (str, int, float, bool) or hint == tuple[Any, ...]


def pack_call(call: Call) -> bytes:
    """What a worker is told of a call: not its name, nor whether students see it."""
    steps = tuple((step.function, step.args) for step in call.steps)
    return to_worker((steps, call.bind, call.convention, call.seed, call.watch))


def unpack_call(data: bytes | memoryview) -> Call:
    """The call, with inputs of its own."""
    steps, bind, convention, seed, watch = from_grader(data)
    applied = tuple(Step(function, args) for function, args in steps)
    return Call("", "", applied, bind, convention, seed=seed, watch=watch)


def unpack(cls: type[T], tree: Value) -> T:
    """The value of dataclass `cls` that `tree` stands for.

    Raises:
        Reject: the tree does not have the fields and types of `cls`.
    """
    value: T = _reader(cls)(tree)  # type: ignore[arg-type]  # mypy: type[T] is hashable, of course
    return value


@cache
def _reader(hint: Any) -> Callable[[Value], Any]:
    if hint is Any:
        return lambda tree: tree
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_reader(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda tree: _checked(tree, tree in args)
    if origin is tuple:
        return _tuple_reader(args[0])
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_reader(args[1])
    if origin in (types.UnionType, typing.Union):
        return _union_reader(args)
    return lambda tree: _checked(tree, type(tree) is hint)


def _dataclass_reader(cls: type) -> Callable[[Value], Any]:
    hints = typing.get_type_hints(cls)
    readers = [_reader(hints[field.name]) for field in fields(cls)]

    def read(tree: Value) -> Any:
        _checked(tree, type(tree) is tuple and len(tree) == len(readers))
        return cls(*(reader(item) for reader, item in zip(readers, tree, strict=True)))

    return read


def _tuple_reader(hint: Any) -> Callable[[Value], Any]:
    reader = _reader(hint)
    return lambda tree: tuple(reader(item) for item in _checked(tree, type(tree) is tuple))


def _mapping_reader(hint: Any) -> Callable[[Value], Any]:
    reader = _reader(hint)
    return lambda tree: {
        _checked(key, type(key) is str): reader(item)
        for key, item in _checked(tree, type(tree) is dict).items()
    }


def _union_reader(hints: tuple[Any, ...]) -> Callable[[Value], Any]:
    """Reads `X | None` and unions of plain types."""
    readers = [_reader(hint) for hint in hints if hint is not type(None)]

    def read(tree: Value) -> Any:
        if tree is None and type(None) in hints:
            return None
        for reader in readers[:-1]:
            try:
                return reader(tree)
            except Reject:
                continue
        return readers[-1](tree)

    return read


def _checked(tree: Value, holds: bool) -> Any:
    if not holds:
        raise Reject(f"an unexpected {type(tree).__name__}")
    return tree
