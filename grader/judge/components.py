"""A function's result, taken apart into the components that are graded.

A component is a position of a tuple (`dW` of `dA_prev, dW, db`), the whole result (`cost`), all keys of a
dictionary that are its prefix and a number (`dW1`, `dW2` …), or what stands at the end of a path: a position,
then keys (`dw` of `grads, cost`), or keys alone (`dW1` of `grads`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.model import Outcome, Value
from grader.rubric.schema import FunctionSpec

#: No test has a batch, a layer or a result that is larger, but for one net, whose sizes are those of what is right.
LARGEST_TOLD = 13
_NUMBER = "(?:0|[1-9][0-9]{0,3})"
#: Stands for the entries of a dictionary that are no component, among those of one that is.
_OTHERS = -1


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a component that the result does not have; `why` is said to the student."""

    why: str


def split(spec: FunctionSpec, outcome: Outcome) -> dict[str, Value]:
    """Component name → value, or Absent."""
    if outcome.status != "value":
        return dict.fromkeys(spec.returns, Absent(outcome.status))
    places = list(spec.returns.values())
    if places == [None]:
        return {next(iter(spec.returns)): outcome.value}
    if isinstance(places[0], int):
        return _positions(spec, outcome.value)
    if isinstance(places[0], tuple):
        return _paths(spec, outcome.value)
    return _prefixes(spec, outcome.value)


def _positions(spec: FunctionSpec, value: Value) -> dict[str, Value]:
    if (other := _not_so_many(value, len(spec.returns))) is not None:
        return dict.fromkeys(spec.returns, other)
    return {name: value[place] for name, place in spec.returns.items() if isinstance(place, int)}


def _not_so_many(value: Value, wanted: int) -> Absent | None:
    """Why a result is not a tuple of so many values; None where it is one."""
    if not isinstance(value, tuple | list):
        return Absent(f"{describe_type(value)} is returned, not {wanted} values")
    return (
        None
        if len(value) == wanted
        else Absent(f"{count_text(len(value))} values are returned, not {wanted}")
    )


def _paths(spec: FunctionSpec, value: Value) -> dict[str, Value]:
    paths = {name: place for name, place in spec.returns.items() if isinstance(place, tuple)}
    positions = [path[0] for path in paths.values() if isinstance(path[0], int)]
    if positions and (other := _not_so_many(value, 1 + max(positions))) is not None:
        return dict.fromkeys(paths, other)
    return {name: _at_end(value, path) for name, path in paths.items()}


def _at_end(value: Value, path: Sequence[int | str]) -> Value:
    first, *keys = path
    return _followed(value[first], keys) if isinstance(first, int) else _followed(value, path)


def _followed(value: Value, keys: Sequence[int | str]) -> Value:
    for key in keys:
        if not isinstance(value, dict):
            return Absent(f"{describe_type(value)} is returned where a dictionary is wanted")
        if key not in value:
            return Absent(f"there is no key `{key}`")
        value = value[key]
    return value


def _prefixes(spec: FunctionSpec, value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        return dict.fromkeys(spec.returns, Absent(f"{describe_type(value)} is returned, not a dictionary"))
    found = {name: numbered(value, str(prefix)) for name, prefix in spec.returns.items()}
    layers = max((_count(found[name]) for name in found if name not in spec.shifted), default=0)
    left_out = sum(layers - min(len(values), layers) for values in found.values())
    others = len(value) - sum(len(values) for values in found.values())
    if spec.counted and others > left_out:  # as many as are left out may be these, spelt otherwise
        found = {name: {**values, _OTHERS: others} if values else values for name, values in found.items()}
    for name in spec.shifted:
        found[name] = _as_later(found[name], layers, first=not spec.is_later)
    return {name: values or _no_keys(value, str(spec.returns[name])) for name, values in found.items()}


def _no_keys(value: Mapping[Value, Value], prefix: str) -> Absent:
    spelt = re.compile(re.escape(prefix) + _NUMBER, re.IGNORECASE)
    if any(isinstance(key, str) and spelt.fullmatch(key) for key in value):
        return Absent("no such keys are returned: capital and small letters differ")
    return Absent("no such keys are returned")


def _count(values: Mapping[int, Value]) -> int:
    """How many layers there seem to be, also where their numbers are wrong or one is left out."""
    return max(max(values, default=0), len(values))


def numbered(value: Mapping[Value, Value], prefix: str) -> dict[int, Value]:
    """The entries whose key is the prefix and a number, by number; one that is still `None` beside others that
    are not is no entry."""
    key_of = re.compile(f"{re.escape(prefix)}({_NUMBER})")
    matches = ((key_of.fullmatch(key), item) for key, item in value.items() if isinstance(key, str))
    found = {int(match[1]): item for match, item in matches if match}
    written = {number: item for number, item in found.items() if item is not None}
    return written or found


def _as_later(values: dict[int, Value], layers: int, *, first: bool) -> dict[int, Value]:
    """dA0..dA(L-1), whichever layout was used: that one (2018 on), or the `first`, dA1..dAL (2017).

    A key dAL beside dA0 is the derivative at the output itself, which some write down too.
    """
    if first and values and 0 not in values and layers in values:
        return {number - 1: item for number, item in values.items()}
    return {number: item for number, item in values.items() if number < layers or not layers}


def count_text(count: int) -> str:
    """A number that student code has chosen on hidden inputs: a large one could carry them out."""
    return str(count) if count <= LARGEST_TOLD else "many"


def keys_text(missing: object) -> str:
    """What is off with the keys of a dictionary, without naming any."""
    return (
        "keys are missing, or still hold `None`"
        if missing
        else "there are other keys, too, than those wanted"
    )


def describe_type(value: Value) -> str:
    """A value's type in a learner's words; never the value."""
    if value is None:
        return "`None`"
    names = {
        "ndarray": "an array",
        "dict": "a dictionary",
        "str": "a text",
        "tuple": "a tuple",
        "list": "a list",
    }
    kind = type(value).__name__
    alone = getattr(value, "ndim", None) == 0  # np.squeeze of a number
    if kind in names and not alone:
        return names[kind]
    return "a number" if alone or isinstance(value, bool | int | float | complex) else "an object"
