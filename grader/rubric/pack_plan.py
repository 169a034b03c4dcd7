"""A student pack → a Plan whose answers are looked up: what `grader check --pack` and the notebook use.

A pack has no reference, so no right helpers: each function runs with the student's own helpers, and what
those get wrong shows in it too: `grader.packed` has the words for that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grader.model import Call, Outcome, Step, Value
from grader.references.suite import Suite
from grader.rubric import pack_answers, pack_file, pack_words
from grader.rubric.pack import form_numbers, reach
from grader.rubric.pack_answers import Key, Row, Table, merged
from grader.rubric.plan import Plan
from grader.rubric.schema import Form, Rubric

#: What reading a pack that is none may raise, once the codec has accepted its values.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, OverflowError)


def load_pack(path: Path) -> Plan:
    """The plan in a pack file. Raises UsageError for a file that is none."""
    return read_pack(pack_file.read_file(path), path.name)


def read_pack(data: bytes, name: str) -> Plan:
    """The plan in a pack's bytes; `name` is the file's. Raises UsageError for bytes that are none."""
    tree = pack_file.from_bytes(data, name)
    try:
        text, suites, blobs = tree
        rubric, _ = pack_words.from_text(text)
        first, second = _suite(suites["first"]), _suite(suites["second"])
        _check_functions(rubric, (first, second))
        oracle = PackOracle(rubric, {str(call): bytes(blob) for call, blob in blobs.items()}, name)
    except _MALFORMED as error:
        raise pack_file.damaged(name, f"{type(error).__name__} while reading it") from None
    # A Plan asks its oracle and helper for no more than these two offer.
    helper: Any = PackHelper(rubric)
    return PackPlan(rubric, 0, first, oracle, helper, _no_suite, second=second)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class PackPlan(Plan):
    """A plan whose second calls are in the pack, too, and whose calls have no right helpers to bind."""

    second: Suite = field(default_factory=lambda: Suite({}), repr=False)

    def fresh(self, submission: bytes, only: Collection[str]) -> Suite:
        """The pack's second calls: the same for everybody."""
        return Suite(_only(self.second.isolated, only), _only(self.second.in_place, only))

    def bound(self, call: Call, bind: tuple[str, ...], convention: str, *, watched: bool = True) -> Call:
        """As it is: it runs with the student's own helpers."""
        return call


def _no_suite(*args: object, **kwargs: object) -> Suite:
    raise NotImplementedError("a pack cannot make further calls")


def _only(group: Mapping[str, tuple[Call, ...]], names: Collection[str]) -> dict[str, tuple[Call, ...]]:
    return {name: group.get(name, ()) for name in names}


def _suite(tree: Value) -> Suite:
    isolated, in_place, public, interface = tree
    groups = (_group(isolated), _group(in_place), _group(public))
    return Suite(*groups, {name: calls[0] for name, calls in _group(interface).items()})


def _group(tree: Mapping[str, Value]) -> dict[str, tuple[Call, ...]]:
    return {str(name): tuple(map(_call, calls)) for name, calls in tree.items()}


def _call(tree: Value) -> Call:
    name, function, steps, seed, public, watch = tree
    made = tuple(Step(str(applied), tuple(args)) for applied, args in steps)
    if seed is not None and not 0 <= seed < 1 << 32:
        raise ValueError("a seed that is none")
    return Call(str(name), str(function), made, seed=seed, public=bool(public), watch=bool(watch))


def _check_functions(rubric: Rubric, suites: Iterable[Suite]) -> None:
    """Every call is of the rubric's functions, and every function that is graded has calls."""
    for suite in suites:
        for group in (
            suite.isolated,
            suite.in_place,
            suite.public,
            {k: (c,) for k, c in suite.interface.items()},
        ):
            for name, calls in group.items():
                steps = [step.function for call in calls for step in call.steps]
                if not {name, *steps} <= set(rubric.functions) or any(
                    call.function != name for call in calls
                ):
                    raise ValueError("a call of another function")
                if not all(call.steps for call in calls):
                    raise ValueError("a call without a step")
        if suite.isolated.keys() != rubric.functions.keys():
            raise ValueError("functions without calls")


class PackOracle:
    """Answers from the pack's tables: exact for no form, one form and pairs; else changes side by side."""

    def __init__(self, rubric: Rubric, blobs: Mapping[str, bytes], name: str) -> None:
        self.rubric = rubric
        self._blobs = blobs
        self._name = name
        self._numbers = form_numbers(rubric)
        self._reach: dict[str, frozenset[str]] = {}
        self._tables: dict[str, Table] = {}
        self._memo: dict[tuple[str, str, Key], Outcome | None] = {}

    def functions(self, convention: str = "L") -> Mapping[str, Callable[..., Any]]:
        """None: a pack has no code."""
        return {}

    def forget(self, calls: Iterable[Call]) -> None:
        """Nothing to do: a pack's calls are the same for everybody."""

    def predict(self, call: Call, forms: Iterable[Form] = (), convention: str = "L") -> Outcome | None:
        """What a call gives with these forms built in; None where the pack does not know."""
        if call.id not in self._blobs:
            return None
        key = tuple(sorted({self._numbers[form.key] for form in forms if self._can_show(form, call)}))
        where = (call.id, convention, key)
        if where not in self._memo:
            table = self._table(call.id)
            row = self._row(table, convention, key)
            self._memo[where] = None if row is None else table.outcome(call.id, row)
        return self._memo[where]

    def _can_show(self, form: Form, call: Call) -> bool:
        if call.id not in self._reach:
            self._reach[call.id] = frozenset(reach(self.rubric, call))
        return not self.rubric.functions_of(form).isdisjoint(self._reach[call.id])

    def _row(self, table: Table, convention: str, key: Key) -> Row | None:
        under = _nearest(convention, table)
        stored = table.keys[under]
        if key in stored:
            return table.row(under, key)
        if any((one,) not in stored for one in key) or len(key) < 2:
            return None
        parts = [table.row(under, (one,)) for one in key]
        right = table.row(under, ())
        known = [part for part in parts if part is not None]
        if right is None or len(known) < len(parts) or _with_a_pair(key, stored):
            return None
        return merged(right, known)

    def _table(self, call: str) -> Table:
        if call not in self._tables:
            try:
                tree = pack_file.decoded(self._blobs[call], self._name)
                self._tables[call] = _checked(pack_answers.from_tree(tree))
            except _MALFORMED as error:
                raise pack_file.damaged(self._name, f"{type(error).__name__} in an answer") from None
        return self._tables[call]


def _nearest(convention: str, table: Table) -> str:
    """The baseline that a table has for this one: without what does not touch the call."""
    first, _, other = convention.partition("+")
    names = (convention, f"L+{other}", first, "L")
    return next(name for name in names if name in table.keys)


def _checked(table: Table) -> Table:
    if () not in table.keys["L"]:
        raise ValueError("a call without a right answer")
    return table


def _with_a_pair(key: Key, stored: Mapping[Key, int]) -> bool:
    """Whether two of three or more forms do not simply give both changes side by side."""
    return any((one, two) in stored for i, one in enumerate(key) for two in key[i + 1 :])


class PackHelper:
    """What a notebook imports from the course's helper module: the activations, which the course hands out."""

    def __init__(self, rubric: Rubric) -> None:
        self.parameters = {name: spec.parameters for name, spec in rubric.functions.items()}

    def __call__(self, name: str, args: tuple[Value, ...], convention: str) -> Value:
        """Raises ValueError for a name that a pack cannot serve, and for arguments that do not fit."""
        if name not in _HANDED_OUT:
            raise ValueError(f"{name} is not served with a student pack; define it in the notebook")
        try:
            with np.errstate(all="ignore"):
                return _HANDED_OUT[name](*args)
        except Exception as error:  # noqa: BLE001 - a student's own arguments
            raise ValueError(f"{name}: {type(error).__name__}: {error}"[:300]) from None


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


_HANDED_OUT: dict[str, Callable[..., Value]] = {
    "sigmoid": lambda z: (_logistic(z), z),
    "relu": lambda z: (np.maximum(z, 0), z),
    "sigmoid_backward": lambda da, z: da * _logistic(z) * (1 - _logistic(z)),
    "relu_backward": lambda da, z: np.where(z > 0, da, 0.0),
}
