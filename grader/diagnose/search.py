"""The search for forms that give a function's own numbers, fewest first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from grader.diagnose.sample import finite_sample
from grader.judge.compare import as_array
from grader.judge.components import Absent
from grader.judge.verdict import Observed, Parts, part_difference
from grader.model import Call, Outcome, Value
from grader.rubric.oracle import Oracle
from grader.rubric.schema import Form, Rubric

#: Relative to the largest magnitude. Rearranged float64 formulas agree to 1e-12; two listed
#: misconceptions never agree to 1e-4 on every call.
MATCH = 3e-7
MAX_COMBINATIONS = 300
MAX_PAIRS = 12_000

#: What wrong data raises, here or there. A NameError or an AssertionError is another matter.
_DATA_ERRORS = frozenset(
    {"ValueError", "TypeError", "IndexError", "KeyError", "AttributeError", "LinAlgError"}
)

Forms = tuple[Form, ...]


class Search:
    """One search: the results of one function, its failing components, a convention, the forms to look among.

    `taken_apart` gives the components of what is predicted.
    """

    def __init__(
        self,
        rubric: Rubric,
        oracle: Oracle,
        taken_apart: Callable[[Outcome], Parts],
        observed: Observed,
        failed: tuple[str, ...],
        convention: str,
        candidates: Forms,
    ) -> None:
        self.candidates = candidates
        self.rubric = rubric
        self.oracle = oracle
        self.taken_apart = taken_apart
        self.observed = observed
        self.failed = failed
        self.convention = convention
        self.spec = observed.spec
        self.order = self._cheapest_first()

    def _cheapest_first(self) -> tuple[int, ...]:
        """Indices of calls, those that gave values and have small inputs first: they refute quickly."""
        return tuple(
            sorted(
                range(len(self.observed.calls)),
                key=lambda i: (
                    self.observed.outcomes[i].status != "value",
                    len(str(self.observed.calls[i].id)),
                    i,
                ),
            )
        )

    # ---------------------------------------------------------------- agreement

    def agrees(self, forms: Forms, components: Sequence[str] | None = None) -> bool:
        """Whether the forms reproduce these components (all, by default) on every call."""
        return all(self._agrees_on(index, forms, components) for index in self.order)

    def count_agreeing(self, forms: Forms, *, by_repair: bool) -> int:
        """On how many calls the forms reproduce everything; 0 where another call refutes them, and unless one
        of these is wrong without them: with a value, if values (not a repair alone) can tell the misconception.
        """
        agreeing = [index for index in self.order if self._agrees_on(index, forms, None)]
        if by_repair:
            agreeing = [index for index in agreeing if self._misses_the_same(index, forms)]
        if any(self._refutes(index, forms, by_repair) for index in self.order if index not in agreeing):
            return 0
        wrong = [index for index in agreeing if not self._agrees_on(index, (), None)]
        telling = wrong if by_repair else [i for i in wrong if self.observed.outcomes[i].status == "value"]
        return len(agreeing) if telling else 0

    def _misses_the_same(self, index: int, forms: Forms) -> bool:
        """Whether a call that stops at a layer's key, `W0` or `dW0`, stops at one of the same layer as the forms do."""
        predicted = self.oracle.predict(self.observed.calls[index], forms, self.convention)
        theirs = _missed_layer(self.observed.outcomes[index])
        mine = _missed_layer(predicted) if predicted else None
        return theirs is None or mine is None or theirs == mine

    def count_same_keys(self, forms: Forms) -> int:
        """How many calls stop at the very key at which the forms do: `W0`, of a dictionary that holds no such key."""
        stops = (
            (self.oracle.predict(call, forms, self.convention), outcome.raised)
            for call, outcome in zip(self.observed.calls, self.observed.outcomes, strict=True)
        )
        return sum(
            one is not None
            and one.raised is not None
            and raised is not None
            and raised.type == one.raised.type == "KeyError"
            and raised.message == one.raised.message
            for one, raised in stops
        )

    def _refutes(self, index: int, forms: Forms, by_repair: bool) -> bool:
        """Whether a call that disagrees stopped with what no wrong value raises, or gave another value; where
        values cannot tell the misconception, the repair alone decides."""
        outcome = self.observed.outcomes[index]
        if by_repair:
            return False
        if outcome.raised is not None:
            return outcome.raised.type not in _DATA_ERRORS
        predicted = self.oracle.predict(self.observed.calls[index], forms, self.convention)
        return predicted is not None and predicted.status == outcome.status == "value"

    def _agrees_on(self, index: int, forms: Forms, components: Sequence[str] | None) -> bool:
        predicted = self.oracle.predict(self.observed.calls[index], forms, self.convention)
        outcome = self.observed.outcomes[index]
        if predicted is None or outcome.status not in ("value", "raised"):
            return False
        parts = self.taken_apart(predicted)
        if predicted.status != "value" or outcome.status != "value":
            return _stop_alike(predicted, outcome) or _both_divide_by_zero(parts, outcome)
        got = self.observed.parts[index]
        return all(self._same(parts[name], got[name]) for name in components or self.spec.returns)

    def _same(self, wanted: Value, got: Value) -> bool:
        return part_difference(self.spec, wanted, got, MATCH, odd_is_odd=True) is None

    def telling(self, forms: Forms, components: Sequence[str]) -> bool:
        """Whether, on some call that gave a value, these components are left out, or wrong, finite and no constant."""
        seen: set[float] = set()
        left_out = False
        for index in self.observed.valued:
            call = self.observed.calls[index]
            predicted, right = self._parts(call, forms), self._parts(call, ())
            if predicted is None or right is None:
                continue
            for name in components:
                if not self._same(right[name], predicted[name]):
                    seen.update(finite_sample(predicted[name]))
                    left_out = left_out or _is_left_out(predicted[name])
        return len(seen) > 1 or left_out or (bool(seen) and self.spec.random)

    def changed(self, forms: Forms, others: Forms) -> tuple[str, ...]:
        """The failing components in which two sets of forms differ, on some call."""
        return tuple(
            name for name in self.failed if any(self._differ(i, name, forms, others) for i in self.order)
        )

    def _differ(self, index: int, name: str, forms: Forms, others: Forms) -> bool:
        call = self.observed.calls[index]
        one, two = self._parts(call, forms), self._parts(call, others)
        if one is None or two is None:
            return (one is None) != (two is None)
        return not self._same(two[name], one[name])

    def _parts(self, call: Call, forms: Forms) -> Parts | None:
        predicted = self.oracle.predict(call, forms, self.convention)
        return None if predicted is None or predicted.status != "value" else self.taken_apart(predicted)

    # ---------------------------------------------------------------- search

    def ever_larger(self, depth: int) -> Iterator[list[Forms]]:
        """Explanations, fewest forms first; only sizes at which there is one."""
        if found := self.singles():
            yield found
        for size in range(1, depth + 1):
            if found := self.together(size):
                yield found
        if depth > 1 and (found := self.beside_known_pairs()):
            yield found

    def beside_known_pairs(self) -> list[Forms]:
        """One form more, beside two that are known to be made together: all threes would be too many."""
        threes = (
            (*pair, form)
            for pair in self._known_pairs()
            for form in self.candidates
            if form.misconception not in {one.misconception for one in pair}
            and self.spec.name in self.rubric.functions_of(form)
        )
        return [forms for forms in threes if self.agrees(forms) and self.telling(forms, self.failed)]

    def _known_pairs(self) -> Iterator[Forms]:
        for one in self.candidates:
            other = self.rubric.misconceptions[one.misconception].made_with
            if other and self.spec.name in self.rubric.functions_of(one):
                yield from ((one, form) for form in self.candidates if form.misconception == other)

    def alone(self) -> Iterator[list[Forms]]:
        """Explanations by one misconception."""
        for found in self.ever_larger(1):
            if one := [forms for forms in found if _count_ids(forms) == 1]:
                yield one

    def singles(self) -> list[Forms]:
        """Single forms that reproduce everything."""
        found = [(form,) for form in self.candidates if self.agrees((form,))]
        return [forms for forms in found if self.telling(forms, self.failed)]

    def together(self, depth: int) -> list[Forms]:
        """One explanation for each failing component, of at most `depth` forms, verified together."""
        if self._is_empty():
            return []
        by_component = []
        for name in self._wrong_in_value() or self.failed:
            found = self._for_component(name, depth)
            if not found:
                return []
            by_component.append(found)
        return self._verified(by_component)

    def _is_empty(self) -> bool:
        """Whether nothing at all is returned: that is one error, and not one for each component."""
        parts = (self.observed.parts[index] for index in self.observed.valued)
        return all(isinstance(one, Absent) for made in parts for one in made.values())

    def _wrong_in_value(self) -> tuple[str, ...]:
        """The failing components that are wrong where values came. The others fail where the function stops,
        which may be another component's doing."""
        valued = [
            (self._parts(self.observed.calls[i], ()), self.observed.parts[i]) for i in self.observed.valued
        ]
        return tuple(
            name
            for name in self.failed
            if any(right is not None and not self._same(right[name], got[name]) for right, got in valued)
        )

    def _for_component(self, name: str, depth: int) -> list[Forms]:
        """What gives the component where there are values. How calls stop is a matter of all components together."""
        ones: list[Forms] = [(form,) for form in self.candidates if self._gives((form,), name)]
        if ones or depth == 1:
            return ones
        return [pair for pair in self._pairs(name) if self._gives(pair, name)]

    def _gives(self, forms: Forms, name: str) -> bool:
        valued = [index for index in self.order if self.observed.outcomes[index].status == "value"]
        agrees = all(self._agrees_on(index, forms, (name,)) for index in valued or self.order)
        return agrees and self.telling(forms, (name,))

    def _pairs(self, name: str) -> Iterator[Forms]:
        """Pairs of forms, each of which acts on the component; the function's own before inlined ones. What stops
        calls that gave values comes last: beside another error, it may stop none."""
        acting = [form for form in self.candidates if self._acts(form, name)]
        stopping = [form for form in acting if self._stops_what_ran(form)]
        going = [form for form in acting if form not in stopping]
        own = [form for form in going if self.spec.name in self.rubric.functions_of(form)]
        rest = [form for form in going if form not in own]
        pairs = itertools.chain(
            itertools.combinations(own, 2), itertools.product(own, rest), itertools.combinations(rest, 2),
            itertools.product(stopping, going), itertools.combinations(stopping, 2),
        )  # fmt: skip
        return itertools.islice(pairs, MAX_PAIRS)

    def _stops_what_ran(self, form: Form) -> bool:
        return any(self._parts(self.observed.calls[i], (form,)) is None for i in self.observed.valued)

    def _acts(self, form: Form, name: str) -> bool:
        """Whether a form changes the component, or stops a call."""
        for index in self.order:
            call = self.observed.calls[index]
            parts, right = self._parts(call, (form,)), self._parts(call, ())
            if parts is None or right is None:
                return True
            if not self._same(right[name], parts[name]):
                return True
        return False

    def _verified(self, by_component: Sequence[Sequence[Forms]]) -> list[Forms]:
        unions = {
            tuple(sorted(set(itertools.chain(*choice)), key=lambda form: form.key))
            for choice in itertools.islice(itertools.product(*by_component), MAX_COMBINATIONS)
        }
        # Two errors may make a third component look like another one: neither w nor b is updated, nor are dw and db.
        unions |= {pair for forms in unions if len(forms) > 2 for pair in itertools.combinations(forms, 2)}
        best: list[Forms] = []
        for forms in sorted(unions, key=lambda forms: (_count_ids(forms), len(forms))):
            if best and _count_ids(forms) > _count_ids(best[0]):
                break
            if self.agrees(forms):
                best.append(forms)
        return best


def _stop_alike(predicted: Outcome, outcome: Outcome) -> bool:
    """Whether both stopped with an error, of a kind that one wrong value can give in either's code."""
    one, two = predicted.raised, outcome.raised
    if one is None or two is None:
        return False
    return one.type == two.type or {one.type, two.type} <= _DATA_ERRORS


_LAYER_KEY = re.compile(r"'d?[AWb](\d{1,4})'")


def _missed_layer(outcome: Outcome) -> str | None:
    """`0` of a KeyError for `W0`."""
    if outcome.raised is None or outcome.raised.type != "KeyError":
        return None
    key = _LAYER_KEY.fullmatch(outcome.raised.message)
    return key[1] if key else None


def _both_divide_by_zero(parts: Parts, outcome: Outcome) -> bool:
    """Python's numbers stop at what numpy's arrays answer with infinity or NaN."""
    if outcome.raised is None or outcome.raised.type != "ZeroDivisionError":
        return False
    arrays = (as_array(part) for part in parts.values())
    return any(array is not None and not np.isfinite(array).all() for array in arrays)


def _count_ids(forms: Iterable[Form]) -> int:
    return len({form.misconception for form in forms})


def _is_left_out(part: Value) -> bool:
    """Whether a component is not there, or a list with nothing in it."""
    return isinstance(part, Absent) or (isinstance(part, list | tuple) and not part)
