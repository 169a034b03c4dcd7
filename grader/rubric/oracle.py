"""Right and wrong answers: the reference's, with any set of misconceptions built in.

A form of a misconception is a set of exact edits of the reference's text. Only the functions that an edit
touches are compiled again; all others share the reference's code. Everything is computed when it is first
asked for and remembered, so that a check of one notebook pays only for what it needs.
"""

from __future__ import annotations

import copy
import types
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from grader.errors import RubricError
from grader.model import Call, Outcome, Raised, Ref, Value
from grader.rubric.edits import Source, edited_function
from grader.rubric.formulas import formulas
from grader.rubric.reference import load_source
from grader.rubric.schema import Edit, Form, Rubric

Edits = frozenset[Edit]
MEMO_SIZE = 200_000


class Oracle(Protocol):
    """Predicts what a call gives when certain misconceptions are built in."""

    def predict(self, call: Call, forms: Iterable[Form] = (), convention: str = "L") -> Outcome | None:
        """The outcome; None where these forms cannot be combined (or are not known)."""
        ...


class ReferenceOracle:
    """Predicts by running the rubric's own reference with the edits made."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.source = load_source(rubric.reference, rubric.folder)
        self._modules: dict[Edits, dict[str, Any] | None] = {}
        #: With the call, which stays alive so, and its id its own.
        self._memo: OrderedDict[tuple[int, Edits], tuple[Call, Outcome]] = OrderedDict()
        #: Under which edits a call, by its id, is in the memo.
        self._known: dict[int, set[Edits]] = {}

    def functions(self, convention: str = "L") -> Mapping[str, Callable[..., Any]]:
        """The right functions of a convention."""
        module = self._module(self._edits((), convention) or frozenset())
        assert module is not None
        return module

    def predict(self, call: Call, forms: Iterable[Form] = (), convention: str = "L") -> Outcome | None:
        edits = self._edits(forms, convention)
        module = None if edits is None else self._module(edits)
        if edits is None or module is None:
            return None
        key = (id(call), edits)
        if key not in self._memo:
            self._memo[key] = call, apply(module, call)
            self._known.setdefault(id(call), set()).add(edits)
            if len(self._memo) > MEMO_SIZE:
                (oldest, other), _ = self._memo.popitem(last=False)
                self._known[oldest].discard(other)
        return self._memo[key][1]

    def formulas(self, function: str) -> tuple[str, ...]:
        """Right formulas with `{name}`s for what a student calls so, which a blank may be filled with."""
        return formulas(self.source, function)

    def forget(self, calls: Iterable[Call]) -> None:
        """Drop what is remembered of one submission's fresh calls."""
        for call in calls:
            for edits in self._known.pop(id(call), ()):
                del self._memo[id(call), edits]

    def _edits(self, forms: Iterable[Form], convention: str) -> Edits | None:
        """All edits of the forms on top of the baseline's; None for a form that needs another baseline."""
        base = self.rubric.edits_of(convention)
        made: set[Edit] = set()
        for form in forms:
            if not set(form.drops) <= set(base):
                return None
            for name in form.drops:
                del base[name]
            made.update(form.edits)
        return frozenset(made | set(base.values()))

    def _module(self, edits: Edits) -> dict[str, Any] | None:
        if edits not in self._modules:
            self._modules[edits] = build_module(self.source, edits)
        return self._modules[edits]


class RightHelper:
    """A right helper for call-backs from the worker.

    `parameters` place its keyword arguments; `uses` are the functions that each one is made of.
    """

    def __init__(self, oracle: ReferenceOracle) -> None:
        self.oracle = oracle
        self.parameters = {name: spec.parameters for name, spec in oracle.rubric.functions.items()}
        self.uses = {
            name: frozenset(
                (*spec.helpers, name.removesuffix("_backward"))
            )  # a derivative tells its function
            for name, spec in oracle.rubric.functions.items()
        }

    def __call__(self, name: str, args: tuple[Value, ...], convention: str) -> Value:
        """Raises ValueError for arguments that the helper refuses, and for a name that is none; TypeError for too many
        or too few."""
        try:
            with np.errstate(all="ignore"):
                return self.oracle.functions(convention)[name](*args)
        except Exception as error:  # noqa: BLE001 - any error of a helper is the caller's, as a value
            raise refusal(name, error) from None


def refusal(name: str, error: Exception) -> Exception:
    """What the caller of a helper is told of its error: of a wrong number of arguments, what Python says of it."""
    text = str(error)
    if isinstance(error, TypeError) and text.startswith(f"{name}()"):
        return TypeError(text[:300])
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return ValueError(f"{name}: {kind}{text}"[:300])


def build_module(source: Source, edits: Edits) -> dict[str, Any] | None:
    """The reference's functions with the edits made, or None where two edits overlap."""
    by_function: dict[str, set[Edit]] = {}
    for edit in edits:
        by_function.setdefault(edit.function, set()).add(edit)
    module: dict[str, Any] = {"np": np, "__builtins__": __builtins__}
    for name in source.spans:
        made = _compiled(source, name, frozenset(by_function.get(name, ())))
        if made is None:
            return None
        module[name] = types.FunctionType(made.__code__, module, name, made.__defaults__)
    return module


@lru_cache(maxsize=8192)
def _compiled(source: Source, function: str, edits: Edits) -> types.FunctionType | None:
    text = edited_function(source, function, edits)
    if text is None:
        return None
    namespace: dict[str, Any] = {"np": np}
    try:
        exec(compile(text, f"<reference {function}>", "exec"), namespace)  # noqa: S102 - the rubric's own reference
    except SyntaxError as error:
        raise RubricError(f"an edit of {function} does not compile: {error.msg}: {error.text}") from None
    made: types.FunctionType = namespace[function]
    return made


def apply(module: Mapping[str, Any], call: Call) -> Outcome:
    """Run a call's steps with these functions, as the worker does with a student's."""
    try:
        return Outcome(call.id, "value", run(module, call))
    except Exception as error:  # noqa: BLE001 - a model may stop with any error
        return Outcome(call.id, "raised", raised=Raised(type(error).__name__, str(error)[:200]))


def run(module: Mapping[str, Any], call: Call) -> Value:
    """What the last step of a call gives. Raises whatever a function raises."""
    results: list[Value] = []
    if call.seed is not None:
        np.random.seed(call.seed)
    with np.errstate(all="ignore"):
        for step in call.steps:
            args = copy.deepcopy([_resolved(arg, results) for arg in step.args])
            results.append(module[step.function](*args))
    return results[-1]


def _resolved(value: Value, results: list[Value]) -> Value:
    if isinstance(value, Ref):
        found = results[value.step]
        for part in value.path:
            found = found[part]
        return found
    return value
