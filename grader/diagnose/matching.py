"""Which misconceptions, built into the reference, give exactly the numbers that the student's function gave.

Fewest first: one form of one misconception; then one for each failing component, verified together; then
pairs that act on the same component. Nothing is guessed: every explanation equals the student's results on
every call, at the precision that the student's numbers have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grader.diagnose.labels import of_two_classes, with_fewer_labels
from grader.diagnose.search import Forms, Search
from grader.judge.components import split
from grader.judge.verdict import Observed, Parts, Verdict, judge
from grader.model import Call, Outcome
from grader.rubric.oracle import Oracle
from grader.rubric.schema import Form, FunctionSpec, Rubric

#: So many forms may act on one component.
DEPTH = 2
MAX_NEAR = 3
#: Of a function that always stops, which many misconceptions do: only their repairs tell them apart, and soon.
MAX_NEAR_STOPPED = 9
T = TypeVar("T")
_KEPT_RIGHT = 4096
_KEPT_PARTS = 8192
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
        self._concluded: dict[tuple[object, ...], tuple[Observed, Any]] = {}
        self._taken_apart: dict[int, tuple[Outcome, Parts]] = {}

    def right_parts(self, call: Call, convention: str) -> Parts | None:
        """The right components of a planned call; remembered, since it is the same for every submission."""
        key = (id(call), convention)
        if key not in self._right:
            if len(self._right) >= _KEPT_RIGHT:
                self._right.clear()  # a submission's own calls are among them
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
        key = (
            *question,
            observed.unsteady,
            observed.spec.name,
            *map(id, observed.calls),
            *map(id, observed.outcomes),
        )
        if key not in self._concluded:
            if len(self._concluded) >= _KEPT:
                self._concluded.clear()
            self._concluded[key] = (observed, conclude())
        conclusion: T = self._concluded[key][1]
        return conclusion

    def explain(
        self,
        observed: Observed,
        failed: Sequence[str],
        convention: str,
        called: Collection[str] = (),
        depth: int = DEPTH,
    ) -> Explanation | None:
        """The smallest explanation of all components together, or None; of one component, by `depth` forms at most.

        `called` are helpers that the function calls by name: while it was observed they were right ones,
        so their misconceptions are looked for last, and alone; those of what they use, not at all.
        """
        if not observed.valued or not failed:
            return None
        question = ("explain", tuple(failed), convention, frozenset(called), depth)
        search = lambda: self._explained(observed, failed, convention, called, depth)
        return self._once(observed, question, search)

    def _explained(
        self, observed: Observed, failed: Sequence[str], convention: str, called: Collection[str], depth: int
    ) -> Explanation | None:
        everything = self._possible(observed.spec.name, convention, called)
        likely = tuple(form for form in everything if self._can_show(form, observed.spec.name, called))
        for one in with_fewer_labels(observed):
            for candidates, most in ((likely, depth), (everything, 1)):
                search = self._search(one, tuple(failed), convention, candidates)
                # With labels 0 and 1 alone, some pairs of formulas are the same.
                sets = search.ever_larger(most) if one is observed else search.alone()
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
        searches = (self._search(one, (), convention, ()) for one in with_fewer_labels(observed))
        return any(search.agrees(forms) for search in searches)

    def near(self, observed: Observed, convention: str) -> list[str]:
        """Misconceptions of the function itself that agree with most of its calls, the nearest first; of those that
        are as near, the ones with the fewest kinds of repairs.

        Too little to name one; enough to try whether its repair makes everything right.
        """
        search = self._search(observed, tuple(observed.spec.returns), convention, ())
        best: dict[str, tuple[int, int]] = {}
        for form in self.candidates(observed.spec.name, convention):
            if observed.spec.name in self.rubric.functions_of(form):
                by_repair = self.rubric.misconceptions[form.misconception].decides == "repair"
                count = search.count_agreeing((form,), by_repair=by_repair)
                if 2 * count >= len(observed.calls):
                    likeness = count, search.count_same_keys((form,))
                    best[form.misconception] = max(likeness, best.get(form.misconception, (0, 0)))
        most = MAX_NEAR if observed.valued else MAX_NEAR_STOPPED
        narrow = lambda name: (best[name], -len(self.rubric.misconceptions[name].repairs))
        return sorted(best, key=narrow, reverse=True)[:most]

    def components(
        self, observed: Observed, explanation: Explanation, failed: Sequence[str], convention: str
    ) -> dict[str, tuple[str, ...]]:
        """Misconception id → the failing components that change when its forms are taken out."""
        search = self._search(observed, tuple(failed), convention, ())
        found: dict[str, tuple[str, ...]] = {}
        for form in explanation.forms:
            rest = tuple(other for other in explanation.forms if other.misconception != form.misconception)
            touched = search.changed(explanation.forms, rest)
            found[form.misconception] = touched or tuple(failed)
        return found

    def _search(
        self, observed: Observed, failed: tuple[str, ...], convention: str, candidates: Forms
    ) -> Search:
        taken_apart = lambda predicted: self._predicted_parts(observed.spec, predicted)
        return Search(self.rubric, self.oracle, taken_apart, observed, failed, convention, candidates)

    def _predicted_parts(self, spec: FunctionSpec, predicted: Outcome) -> Parts:
        """What is predicted of a planned call is the same object for every submission."""
        known = self._taken_apart.get(id(predicted))
        if known is None:
            if len(self._taken_apart) >= _KEPT_PARTS:
                self._taken_apart.clear()  # predictions of a submission's own calls are among them
            known = self._taken_apart[id(predicted)] = predicted, split(spec, predicted)
        return known[1]

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
