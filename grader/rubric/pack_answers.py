"""Right and wrong answers of one call as one plain table, each array once.

    outcome = (status, value)  ─▶  shape (the value with its leaves numbered) + one row of leaf numbers

A table's answers are rows `[shape, leaf, leaf …]`. Its keys are form numbers: `()` is right, `(7,)` has one
form built in, `(7, 12)` two. Pairs are looked up only where they are not simply both changes side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.model import Outcome, Raised, Ref, Value
from grader.worker.codec import encode

#: A row of leaf numbers behind the number of the shape; None where no answer is known.
Row = tuple[int, ...]
Key = tuple[int, ...]


@dataclass(slots=True)
class Table:
    """The answers to one call. `keys` maps a convention to the row of each key, -1 for none."""

    shapes: list[Value] = field(default_factory=list)
    leaves: list[Value] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    keys: dict[str, dict[Key, int]] = field(default_factory=dict)

    def row(self, convention: str, key: Key) -> Row | None:
        """The row stored for a key; None where it is unknown. Raises KeyError where nothing is stored."""
        number = self.keys[convention][key]
        return None if number < 0 else self.rows[number]

    def outcome(self, call: str, row: Row) -> Outcome:
        """The outcome that a row stands for."""
        status, value = self.shapes[row[0]]
        if status == "raised":
            return Outcome(call, "raised", raised=Raised(str(value), ""))
        return Outcome(call, "value", _filled(value, [self.leaves[number] for number in row[1:]]))


def merged(right: Row, rows: Iterable[Row]) -> Row | None:
    """All changes side by side; None where two of them change the same thing, or change the form."""
    result = right
    for row in rows:
        if row == right or row == result:
            continue
        if result == right:
            result = row
            continue
        if row[0] != right[0] or result[0] != right[0]:
            return None
        both = _side_by_side(right, result, row)
        if both is None:
            return None
        result = both
    return result


def _side_by_side(right: Row, one: Row, two: Row) -> Row | None:
    mixed = []
    for base, first, second in zip(right, one, two, strict=True):
        if base not in (first, second) and first != second:
            return None
        mixed.append(second if first == base else first)
    return tuple(mixed)


# ----------------------------------------------------------------------------------------- writing


class TableMaker:
    """Collects outcomes into a table."""

    def __init__(self) -> None:
        self.table = Table()
        self._numbers: dict[tuple[str, bytes | Row], int] = {}

    def row(self, outcome: Outcome) -> Row:
        """The row of an outcome: equal values have equal rows."""
        if outcome.status != "value":
            raised = outcome.raised.type if outcome.raised else outcome.status
            return (self._number("shapes", ("raised", raised)),)
        leaves: list[Value] = []
        shape = _shape(outcome.value, leaves)
        return (self._number("shapes", ("value", shape)), *(self._number("leaves", leaf) for leaf in leaves))

    def put(self, convention: str, key: Key, row: Row | None) -> None:
        """Store a key's answer, or that it has none."""
        number = -1 if row is None else self._unique("rows", row, row, self.table.rows)
        self.table.keys.setdefault(convention, {})[key] = number

    def _number(self, kind: str, value: Value) -> int:
        store = self.table.shapes if kind == "shapes" else self.table.leaves
        return self._unique(kind, _fingerprint(value), value, store)

    def _unique(self, kind: str, key: bytes | Row, value: Value, store: list[Value]) -> int:
        known = self._numbers.get((kind, key))
        if known is None:
            known = self._numbers[kind, key] = len(store)
            store.append(value)
        return known


def _fingerprint(value: Value) -> bytes:
    """Equal for equal values only."""
    if type(value) is np.ndarray:
        return f"{value.dtype.str}{value.shape}".encode() + value.tobytes()
    return encode(value, strict=True)


def _shape(value: Value, leaves: list[Value]) -> Value:
    """The value with Ref(n) in place of its nth leaf."""
    if isinstance(value, dict):
        return {key: _shape(item, leaves) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_shape(item, leaves) for item in value)
    leaves.append(value)
    return Ref(len(leaves) - 1)


def _filled(shape: Value, leaves: Sequence[Value]) -> Value:
    if isinstance(shape, Ref):
        return leaves[shape.step]
    if isinstance(shape, dict):
        return {key: _filled(item, leaves) for key, item in shape.items()}
    if isinstance(shape, tuple | list):
        return type(shape)(_filled(item, leaves) for item in shape)
    return shape


# ------------------------------------------------------------------------------------- plain trees


def to_tree(table: Table) -> Value:
    """The table for the codec."""
    keys = {
        convention: tuple(
            _numbers((*key, number) for key, number in of.items() if len(key) == size) for size in range(3)
        )
        for convention, of in table.keys.items()
    }
    lengths = np.array([len(row) for row in table.rows], dtype=np.int32)
    flat = np.array([number for row in table.rows for number in row], dtype=np.int32)
    return table.shapes, table.leaves, lengths, flat, keys


def _numbers(rows: Iterable[Row]) -> Value:
    return np.array(sorted(rows), dtype=np.int32)


def from_tree(tree: Value) -> Table:
    """The table of a tree. Raises ValueError or TypeError for what is none."""
    shapes, leaves, lengths, flat, keys = tree
    rows = _rows(lengths.tolist(), flat.tolist())
    table = Table(shapes, leaves, rows, {str(name): _keys(parts, len(rows)) for name, parts in keys.items()})
    counts = [_leaf_count(value) for _status, value in shapes]
    for row in rows:
        if not row or not 0 <= row[0] < len(shapes) or len(row) != counts[row[0]] + 1:
            raise ValueError("an answer without a form")
        if not all(0 <= number < len(leaves) for number in row[1:]):
            raise ValueError("an answer that refers to nothing")
    return table


def _leaf_count(shape: Value) -> int:
    """How many leaves a shape has, numbered in order. Raises ValueError for another numbering."""
    numbers = list(_refs(shape))
    if numbers != list(range(len(numbers))):
        raise ValueError("a shape with a gap")
    return len(numbers)


def _refs(shape: Value) -> Iterator[int]:
    if isinstance(shape, Ref):
        yield shape.step
    elif isinstance(shape, tuple | list | dict):
        for item in shape.values() if isinstance(shape, dict) else shape:
            yield from _refs(item)


def _rows(lengths: Sequence[int], flat: Sequence[int]) -> list[Row]:
    if min(lengths, default=0) < 0 or sum(lengths) != len(flat):
        raise ValueError("answers of another length")
    at = 0
    rows = []
    for length in lengths:
        rows.append(tuple(flat[at : at + length]))
        at += length
    return rows


def _keys(parts: Iterable[Value], rows: int) -> dict[Key, int]:
    found = {tuple(row[:-1]): row[-1] for part in parts for row in part.tolist()}
    if not all(-1 <= number < rows for number in found.values()):
        raise ValueError("a key that refers to nothing")
    return found
