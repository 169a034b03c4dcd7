"""Facts that a student can check alone: what becomes of a result when the inputs are changed in a simple way.

"Put every example into the batch twice: `dW` should stay the same, yours doubles." What should become of it is
read off the reference's results, so that nothing here knows a formula. Only public inputs are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judge.compare import as_array, compare
from grader.judge.components import Absent, split
from grader.model import Call, Outcome, Value
from grader.rubric.schema import FunctionSpec

PRECISION = 1e-6
MOST_FACTS = 2
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A call with changed inputs, and what was changed, in words."""

    words: str
    call: Call


# ------------------------------------------------------------------------------------------- changes


def trials(spec: FunctionSpec, call: Call) -> list[Trial]:
    """The call with its examples doubled, with its derivative doubled, and with its examples in reverse order."""
    found = []
    for number, (words, change) in enumerate(_CHANGES):
        made = None if spec.random else change(spec, call.steps[-1].args)
        if made is not None:
            step = replace(call.steps[-1], args=made[1])
            changed = replace(call, id=f"{call.id}-changed-{number}", steps=(*call.steps[:-1], step))
            found.append(Trial(words.format(made[0]), changed))
    return found


Changed = tuple[str, tuple[Value, ...]] | None


def _twice(spec: FunctionSpec, args: tuple[Value, ...]) -> Changed:
    return _on_examples(spec, args, lambda array: np.concatenate((array, array), axis=1))


def _reversed(spec: FunctionSpec, args: tuple[Value, ...]) -> Changed:
    return _on_examples(spec, args, lambda array: np.ascontiguousarray(array[:, ::-1]))


def _on_examples(spec: FunctionSpec, args: tuple[Value, ...], change: Callable[[Array], Array]) -> Changed:
    """A change of every array that has as many columns as there are examples."""
    first = args[spec.parameters.index("X") if "X" in spec.parameters else 0]
    if not isinstance(first, np.ndarray) or first.ndim != 2 or first.shape[1] < 2:
        return None
    return "", tuple(_mapped(arg, first.shape[1], change) for arg in args)


def _mapped(value: Value, m: int, change: Callable[[Array], Array]) -> Value:
    if isinstance(value, np.ndarray):
        return change(value) if value.ndim == 2 and value.shape[1] == m else value
    if isinstance(value, tuple | list):
        return type(value)(_mapped(item, m, change) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(item, m, change) for key, item in value.items()}
    return value


def _derivative_doubled(spec: FunctionSpec, args: tuple[Value, ...]) -> Changed:
    name, first = spec.parameters[0], args[0]
    if not name.startswith("d") or not isinstance(first, np.ndarray):
        return None
    return name, (2.0 * first, *args[1:])


_CHANGES: tuple[tuple[str, Callable[[FunctionSpec, tuple[Value, ...]], Changed]], ...] = (
    ("put every example (column) into the batch twice", _twice),
    ("double every entry of `{}`", _derivative_doubled),
    ("put the examples (columns) in reverse order", _reversed),
)


# ------------------------------------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of a result: after "should", after "yours", and whether that is so for an array."""

    should: str
    yours: str
    holds: Callable[[Array, Array], bool]


def _is(one: Array, other: Array) -> bool:
    return compare(one, other, PRECISION) is None


_EFFECTS = (
    Effect("stay the same", "stays the same", lambda one, other: _is(one, other)),
    Effect("double", "doubles", lambda one, other: _is(2 * one, other)),
    Effect("halve", "halves", lambda one, other: _is(one / 2, other)),
    Effect(
        "become four times as large", "becomes four times as large", lambda one, other: _is(4 * one, other)
    ),
    Effect(
        "have each column twice",
        "has each column twice",
        lambda one, other: one.ndim > 0 and _is(np.concatenate((one, one), axis=-1), other),
    ),
    Effect(
        "be in reverse order, too",
        "is in reverse order",
        lambda one, other: one.ndim > 0 and one.shape[-1] > 1 and _is(one[..., ::-1], other),
    ),
)


def facts(
    spec: FunctionSpec,
    component: str,
    made: Sequence[Trial],
    right: Sequence[Outcome | None],
    found: Sequence[Outcome],
) -> str:
    """Sentences on one component. `right` and `found` are the outcomes of the unchanged call, then of each trial.

    What is right has to tell which effect is meant: labels 1, 0, 1 are the same in reverse order.
    """
    told: list[str] = []
    for trial, wanted, got in zip(made, right[1:], found[1:], strict=True):
        should, yours = _effects(spec, component, right[0], wanted), _effects(spec, component, found[0], got)
        if should and len(should) == 1 and yours is not None and should[0] not in yours:
            does = yours[0].yours if yours else "does not"
            start = "Or" if told else "To check this yourself,"
            told.append(f"{start} {trial.words}: `{component}` should {should[0].should}, yours {does}.")
    return " ".join(told[:MOST_FACTS])


def _effects(
    spec: FunctionSpec, component: str, before: Outcome | None, after: Outcome | None
) -> list[Effect] | None:
    """The effects that hold for all arrays of a component; None where nothing can be compared."""
    if before is None or after is None or not before.status == after.status == "value":
        return None
    pairs = list(_arrays(split(spec, before)[component], split(spec, after)[component]))
    if not all(one.size and np.isfinite(one).all() and one.any() for one, _ in pairs):
        return None
    with np.errstate(all="ignore"):  # a student's numbers may be as large as numbers can be
        return [effect for effect in _EFFECTS if all(effect.holds(one, other) for one, other in pairs)]


def _arrays(before: Value, after: Value) -> Iterator[tuple[Array, Array]]:
    """Pairs of arrays at the same place; an empty one where there is no such pair."""
    if isinstance(before, dict) and isinstance(after, dict) and set(before) == set(after):
        for key in before:
            yield from _arrays(before[key], after[key])
        return
    one, other = (None if isinstance(item, Absent) else as_array(item) for item in (before, after))
    nothing = np.empty(0)
    yield (nothing, nothing) if one is None or other is None else (one, other)
