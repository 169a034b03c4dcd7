"""Which misconceptions, built into the reference, give exactly the numbers that the student's function gave.

Fewest first: one form of one misconception; then one for each failing component, verified together; then
pairs that act on the same component. Nothing is guessed: every explanation equals the student's results on
every call, at the precision that the student's numbers have.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grader.diagnose.labels import of_two_classes, with_fewer_labels
from grader.diagnose.sample import finite_sample
from grader.judge.components import Absent, split
from grader.judge.verdict import Observed, Parts, Verdict, judge, part_difference
from grader.model import Call, Outcome, Value
from grader.rubric.oracle import Oracle
from grader.rubric.schema import Form, Rubric

#: Relative to the largest magnitude. Rearranged float64 formulas agree to 1e-12; two listed
#: misconceptions never agree to 1e-4 on every call.
MATCH = 3e-7
MAX_COMBINATIONS = 300
MAX_PAIRS = 12_000
MAX_NEAR = 3

#: What wrong data raises, here or there. A NameError or an AssertionError is another matter.
_DATA_ERRORS = frozenset(
    {"ValueError", "TypeError", "IndexError", "KeyError", "AttributeError", "LinAlgError"}
)

Forms = tuple[Form, ...]
T = TypeVar("T")
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Explanation:
    """Forms that reproduce a function's results, and which other sets of ids would do so too."""

    forms: Forms
    rivals: tuple[frozenset[str], ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(form.misconception for form in self.forms)


class Matcher:
    """Explains results of one rubric's functions by its misconceptions."""

    def __init__(self, rubric: Rubric, oracle: Oracle) -> None:
        self.rubric = rubric
        self.oracle = oracle
        self._candidates: dict[tuple[str, str], Forms] = {}
        self._right: dict[tuple[int, str], tuple[Call, Parts | None]] = {}
        self._concluded: dict[tuple[object, ...], tuple[Observed, object]] = {}

    def right_parts(self, call: Call, convention: str) -> Parts | None:
        """The right components of a planned call; remembered, since it is the same for every submission."""
        key = (id(call), convention)
        if key not in self._right:
            right = self.oracle.predict(call, (), convention)
            spec = self.rubric.functions[call.function]
            self._right[key] = (call, None if right is None else split(spec, right))
        return self._right[key][1]

    def verdict(self, observed: Observed, convention: str) -> Verdict:
        """Each component of the observations against the right one, for labels of two classes."""
        return self._once(observed, ("verdict", convention), lambda: self._judged(observed, convention))

    def _judged(self, observed: Observed, convention: str) -> Verdict:
        right = lambda call: self.right_parts(call, convention)
        return judge(of_two_classes(observed), right, self.rubric.tolerance)

    def _once(self, observed: Observed, question: tuple[object, ...], conclude: Callable[[], T]) -> T:
        """What is concluded of these outcomes: remembered, for in a class many functions give the same ones,
        and the sandbox gives equal outcomes of a planned call as one object.
        """
        if not observed.is_small:
            return conclude()
        key = (*question, observed.spec.name, *map(id, observed.calls), *map(id, observed.outcomes))
        if key not in self._concluded:
            if len(self._concluded) >= _KEPT:
                self._concluded.clear()
            self._concluded[key] = (observed, conclude())
        conclusion: T = self._concluded[key][1]  # type: ignore[assignment]  # what was put there
        return conclusion

    def explain(
        self, observed: Observed, failed: Sequence[str], convention: str, called: Collection[str] = ()
    ) -> Explanation | None:
        """The smallest explanation of all components together, or None.

        `called` are helpers that the function calls by name: while it was observed they were right ones,
        so their misconceptions are looked for last, and alone; those of what they use, not at all.
        """
        if not observed.valued or not failed:
            return None
        question = ("explain", tuple(failed), convention, frozenset(called))
        return self._once(observed, question, lambda: self._explained(observed, failed, convention, called))

    def _explained(
        self, observed: Observed, failed: Sequence[str], convention: str, called: Collection[str]
    ) -> Explanation | None:
        everything = self._possible(observed.spec.name, convention, called)
        likely = tuple(form for form in everything if self._can_show(form, observed.spec.name, called))
        for one in with_fewer_labels(observed):
            for candidates, depth in ((likely, 2), (everything, 1)):
                search = Search(self, one, tuple(failed), convention, candidates)
                # With labels 0 and 1 alone, some pairs of formulas are the same.
                sets = search.ever_larger(depth) if one is observed else search.alone()
                for found in sets:
                    return self._chosen(found, observed.spec.name)
        return None

    def _possible(self, function: str, convention: str, called: Collection[str]) -> Forms:
        """The forms that can show in a function that calls these right helpers."""
        used = {helper for name in called for helper in self.rubric.functions[name].helpers}
        hidden = used - set(called)
        return tuple(
            form for form in self.candidates(function, convention) if self._can_show(form, function, hidden)
        )

    def _can_show(self, form: Form, function: str, right: Collection[str]) -> bool:
        places = self.rubric.functions_of(form)
        return function in places or not places <= set(right)

    def agrees(self, observed: Observed, forms: Forms, convention: str) -> bool:
        """Whether the forms give every component of every call, or of every one with labels of two classes."""
        searches = (Search(self, one, (), convention, ()) for one in with_fewer_labels(observed))
        return any(search.agrees(forms) for search in searches)

    def near(self, observed: Observed, convention: str) -> list[str]:
        """Misconceptions of the function itself that agree with most of its calls, the nearest first.

        Too little to name one; enough to try whether its repair makes everything right.
        """
        search = Search(self, observed, tuple(observed.spec.returns), convention, ())
        best: dict[str, int] = {}
        for form in self.candidates(observed.spec.name, convention):
            if observed.spec.name in self.rubric.functions_of(form):
                by_repair = self.rubric.misconceptions[form.misconception].decides == "repair"
                count = search.count_agreeing((form,), by_repair=by_repair)
                if 2 * count >= len(observed.calls):
                    best[form.misconception] = max(count, best.get(form.misconception, 0))
        return sorted(best, key=lambda name: -best[name])[:MAX_NEAR]

    def components(
        self, observed: Observed, explanation: Explanation, failed: Sequence[str], convention: str
    ) -> dict[str, tuple[str, ...]]:
        """Misconception id → the failing components that change when its forms are taken out."""
        search = Search(self, observed, tuple(failed), convention, ())
        found: dict[str, tuple[str, ...]] = {}
        for form in explanation.forms:
            rest = tuple(other for other in explanation.forms if other.misconception != form.misconception)
            touched = search.changed(explanation.forms, rest)
            found[form.misconception] = touched or tuple(failed)
        return found

    def candidates(self, function: str, convention: str) -> Forms:
        """Forms that can show in a function: its own first, then its callees', which it may have inlined."""
        key = (function, convention)
        if key not in self._candidates:
            spec = self.rubric.functions[function]
            self._candidates[key] = tuple(
                form
                for name in (function, *spec.helpers)
                for form in self.rubric.forms_in(name)
                if not form.drops or convention != "L"
            )
        return self._candidates[key]

    def _chosen(self, found: Sequence[Forms], function: str) -> Explanation:
        """Own forms before callees'; what else has the same numbers and other words is a rival."""
        ranked = sorted(found, key=lambda forms: self._rank(forms, function))
        best = ranked[0]
        own = self._rank(best, function)
        ids = frozenset(form.misconception for form in best)
        rivals = {
            frozenset(form.misconception for form in forms)
            for forms in ranked[1:]
            if self._rank(forms, function) == own
        }
        return Explanation(best, tuple(rival for rival in rivals if not self._same_words(ids, rival)))

    def _rank(self, forms: Forms, function: str) -> tuple[int, int, int]:
        callees = sum(function not in self.rubric.functions_of(form) for form in forms)
        unsure = sum(not self.rubric.misconceptions[form.misconception].sure for form in forms)
        return len({form.misconception for form in forms}), callees, unsure

    def _same_words(self, ids: frozenset[str], others: frozenset[str]) -> bool:
        apart = ids ^ others
        return all(
            any(other in self.rubric.misconceptions[name].same_text_as for other in apart if other != name)
            or any(name in self.rubric.misconceptions[other].same_text_as for other in apart if other != name)
            for name in apart
        )


class Search:
    """One search: the results of one function, its failing components, a convention, the forms to look among."""

    def __init__(
        self,
        matcher: Matcher,
        observed: Observed,
        failed: tuple[str, ...],
        convention: str,
        candidates: Forms,
    ) -> None:
        self.candidates = candidates
        self.matcher = matcher
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
        if any(self._refutes(index, forms, by_repair) for index in self.order if index not in agreeing):
            return 0
        wrong = [index for index in agreeing if not self._agrees_on(index, (), None)]
        telling = wrong if by_repair else [i for i in wrong if self.observed.outcomes[i].status == "value"]
        return len(agreeing) if telling else 0

    def _refutes(self, index: int, forms: Forms, by_repair: bool) -> bool:
        """Whether a call that disagrees stopped with what no wrong value raises, or gave another value; where
        values cannot tell the misconception, the repair alone decides."""
        outcome = self.observed.outcomes[index]
        if by_repair:
            return False
        if outcome.raised is not None:
            return outcome.raised.type not in _DATA_ERRORS
        predicted = self.matcher.oracle.predict(self.observed.calls[index], forms, self.convention)
        return predicted is not None and predicted.status == outcome.status == "value"

    def _agrees_on(self, index: int, forms: Forms, components: Sequence[str] | None) -> bool:
        predicted = self.matcher.oracle.predict(self.observed.calls[index], forms, self.convention)
        outcome = self.observed.outcomes[index]
        if predicted is None or outcome.status not in ("value", "raised"):
            return False
        if predicted.status != "value" or outcome.status != "value":
            return _stop_alike(predicted, outcome)
        parts = split(self.spec, predicted)
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
                    left_out = left_out or isinstance(predicted[name], Absent)
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
        predicted = self.matcher.oracle.predict(call, forms, self.convention)
        return None if predicted is None or predicted.status != "value" else split(self.spec, predicted)

    # ---------------------------------------------------------------- search

    def ever_larger(self, depth: int) -> Iterator[list[Forms]]:
        """Explanations, fewest forms first; only sizes at which there is one."""
        if found := self.singles():
            yield found
        for size in range(1, depth + 1):
            if found := self.together(size):
                yield found

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
        by_component = []
        for name in self.failed:
            found = self._for_component(name, depth)
            if not found:
                return []
            by_component.append(found)
        return self._verified(by_component)

    def _for_component(self, name: str, depth: int) -> list[Forms]:
        ones: list[Forms] = [(form,) for form in self.candidates if self.agrees((form,), (name,))]
        ones = [forms for forms in ones if self.telling(forms, (name,))]
        if ones or depth == 1:
            return ones
        twos = [pair for pair in self._pairs(name) if self.agrees(pair, (name,))]
        return [pair for pair in twos if self.telling(pair, (name,))]

    def _pairs(self, name: str) -> Iterator[Forms]:
        """Pairs of forms, each of which acts on the component; the function's own before inlined ones."""
        acting = [form for form in self.candidates if self._acts(form, name)]
        own = [form for form in acting if self.spec.name in self.matcher.rubric.functions_of(form)]
        rest = [form for form in acting if form not in own]
        pairs = itertools.chain(
            itertools.combinations(own, 2), itertools.product(own, rest), itertools.combinations(rest, 2)
        )
        return itertools.islice(pairs, MAX_PAIRS)

    def _acts(self, form: Form, name: str) -> bool:
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


def _count_ids(forms: Iterable[Form]) -> int:
    return len({form.misconception for form in forms})
