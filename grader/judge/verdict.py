"""Outcomes of a function's calls, against what is right: a verdict for each component."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.judge.compare import Difference, compare
from grader.judge.components import Absent, split
from grader.judge.random_init import compare_random
from grader.model import Call, Outcome, Value
from grader.rubric.schema import FunctionSpec

#: Numbers in all results of a function that are remembered; a usual one has some hundreds.
SMALL = 20_000
#: A function is called again with the same inputs, and its first result was right.
AGAIN = Difference("again", "right once")
#: What two runs of the same code on the same inputs agree to, relative to the largest number.
STEADY = 1e-9
Parts = Mapping[str, Value]
#: Gives the predicted outcome of a call, or None where there is none.
Predict = Callable[[Call], Outcome | None]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a function gave on its calls. `parts` are the outcomes taken apart, one for each call."""

    spec: FunctionSpec
    calls: tuple[Call, ...]
    outcomes: tuple[Outcome, ...]
    parts: tuple[Parts, ...]
    unsteady: tuple[str, ...] = ()
    """Components that differ when a call is made again with the same inputs."""

    @property
    def is_small(self) -> bool:
        """Whether it may be remembered: results of hostile code may be large."""
        return _at_most(SMALL, [outcome.value for outcome in self.outcomes])

    @property
    def valued(self) -> tuple[int, ...]:
        """Indices of the calls that gave a value."""
        return tuple(i for i, outcome in enumerate(self.outcomes) if outcome.status == "value")


def _at_most(most: int, values: Iterable[Value]) -> bool:
    """Whether there are no more numbers in all of these. Counts no further."""
    stack = list(values)
    while stack and most >= 0:
        value = stack.pop()
        if isinstance(value, list | tuple | dict):
            stack.extend(value.values() if isinstance(value, dict) else value)
        else:
            most -= max(value.size, 1) if isinstance(value, np.ndarray) else 1
    return most >= 0


def observe(
    spec: FunctionSpec, calls: Sequence[Call], outcomes: Sequence[Outcome], again: Sequence[Outcome] = ()
) -> Observed:
    """The outcomes taken apart. `again` are those of one call that gave another result on a second run."""
    parts = tuple(split(spec, outcome) for outcome in outcomes)
    return Observed(spec, tuple(calls), tuple(outcomes), parts, _unsteady(spec, outcomes, again))


def _unsteady(spec: FunctionSpec, outcomes: Sequence[Outcome], again: Sequence[Outcome]) -> tuple[str, ...]:
    """The components that change from one run to another; all of them where it is not known which."""
    if spec.random or not any(outcome.differs_on_second_run for outcome in outcomes):
        return ()
    runs = [split(spec, outcome) for outcome in again]
    changed = tuple(
        name
        for name in spec.returns
        if any(compare(one[name], other[name], STEADY) is not None for one, other in itertools.pairwise(runs))
    )
    return changed or tuple(spec.returns)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Component → its first difference from what is right, on whichever call; None where it is right."""

    differences: Mapping[str, Difference | None]

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(name for name, difference in self.differences.items() if difference is not None)


#: Gives the right components of a call, or None where there are none.
RightParts = Callable[[Call], Parts | None]


def judge(observed: Observed, right: RightParts, tolerance: float) -> Verdict:
    """Compare every call's components with the right ones."""
    differences: dict[str, Difference | None] = dict.fromkeys(observed.spec.returns)
    for call, outcome, parts in zip(observed.calls, observed.outcomes, observed.parts, strict=True):
        wanted = right(call)
        if wanted is None:
            continue
        for name, known in differences.items():
            if known is None:
                differences[name] = _difference(observed.spec, wanted[name], parts[name], outcome, tolerance)
    differences.update(_never_wanted(observed, right, differences))
    differences.update({name: AGAIN for name in observed.unsteady if differences[name] is None})
    return Verdict(differences)


def _never_wanted(
    observed: Observed, right: RightParts, differences: Mapping[str, Difference | None]
) -> dict[str, Difference]:
    """Components that agreed only in that neither side has them, on every call: nothing of them was ever right."""
    known = [(wanted, parts) for call, parts in _with_parts(observed) if (wanted := right(call)) is not None]
    found: dict[str, Difference] = {}
    for name, difference in differences.items():
        got = [parts[name] for wanted, parts in known if isinstance(wanted[name], Absent)]
        if difference is None and got and len(got) == len(known):
            found[name] = Difference("absent", got[0].why if isinstance(got[0], Absent) else "")
    return found


def _with_parts(observed: Observed) -> Iterator[tuple[Call, Parts]]:
    return zip(observed.calls, observed.parts, strict=True)


def _difference(
    spec: FunctionSpec, wanted: Value, got: Value, outcome: Outcome, tolerance: float
) -> Difference | None:
    if outcome.status != "value":
        return Difference("absent", outcome.status)
    return part_difference(spec, wanted, got, tolerance)


def part_difference(
    spec: FunctionSpec, wanted: Value, got: Value, tolerance: float, *, odd_is_odd: bool = False
) -> Difference | None:
    """How one component differs, by statistics where it is drawn at random."""
    if spec.random:
        return compare_random(wanted, got, tolerance)
    return compare(wanted, got, tolerance, odd_is_odd=odd_is_odd)
