"""What repairs tell: proofs of what was named, names that only a repair can give, errors that another one hid."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.bench import Bench
from grader.diagnose import after_proofs, proof, special
from grader.diagnose.finding import Finding
from grader.diagnose.labels import of_two_classes
from grader.diagnose.matching import DEPTH, Matcher
from grader.diagnose.proof import Goal
from grader.judge.components import split
from grader.judge.verdict import Observed, observe
from grader.model import Call, Location, Outcome, Program, Proposal
from grader.prover import Other, Prover, Repair

#: Of a right function that has to stay right.
MAX_CALLS = 4


@dataclass(frozen=True, slots=True)
class Proofs:
    """Tries repairs of one submission's functions."""

    bench: Bench
    matcher: Matcher
    called: Callable[[Finding], frozenset[str]]
    """The right helpers that a function calls."""
    may_name: Callable[[Finding], bool]
    """Whether a repair may give a function a name."""
    fresh: Callable[[Finding], Sequence[Call]]
    """Calls of a function that it has not had yet."""
    others: Mapping[str, Finding]
    """All functions of the submission."""
    repairs: dict[str, list[Repair]] = field(default_factory=dict)
    """Function → the repairs that have proved what its numbers tell: of shared code, they are its callers' too."""

    def of(self, finding: Finding) -> Finding:
        """The finding with a place for each name that can be proved, and with names where a repair gives them."""
        prover = self._prover(finding, self.bench.program_of(self._needed(finding)), self.bench.program)
        told = self._of(prover, finding)
        return after_proofs.with_all_places(told, [[edit for _, edit in made] for made in prover.repairs])

    def _of(self, prover: Prover, finding: Finding) -> Finding:
        if finding.named:
            told = after_proofs.only_if_certain(after_proofs.as_left_open(self._proved(prover, finding)))
            told = after_proofs.only_by_repair(told, self.bench.plan.rubric)
            if finding.explanation is not None and told.proofs:
                self.repairs[finding.spec.name] = prover.repairs
            return self._behind_nothing(prover, told) if told.named and not told.proofs else told
        return self._decided(prover, finding) if self.may_name(finding) else finding

    def _needed(self, finding: Finding) -> set[str]:
        """The functions that calls apply, and own helpers, which a repair may call although the function does not."""
        applied = {step.function for call in finding.calls for step in call.steps}
        helpers = finding.spec.helpers
        own = helpers if finding.in_place else self.bench.own_helpers(finding.spec.name)
        return applied.union(own)

    def _prover(self, finding: Finding, program: Program, whole: Program) -> Prover:
        bench, name = self.bench, finding.spec.name
        bound = lambda call: self._bound(finding, call)
        right = () if finding.in_place else bench.kept.get(name, ())
        spare = bench.extraction.spare
        return Prover(bench.runner, program, whole, spare, bench.plan.helper, bound, self._other, right)

    def _other(self, name: str) -> Other:
        """A right function, with some of its calls."""
        finding = self.others[name]
        calls = finding.calls[:MAX_CALLS]

        def is_right(outcomes: list[Outcome]) -> bool:
            return self.matcher.verdict(observe(finding.spec, calls, outcomes), finding.convention).passed

        sent = [self._bound(finding, call) for call in calls]
        return Other(self.bench.program_of(self._needed(finding)), sent, is_right)

    def _bound(self, finding: Finding, call: Call) -> Call:
        """The call with its helpers bound as they were when the function was observed; it is run once."""
        return call if finding.in_place else self.bench.bound(call, finding.convention, watched=False)

    # ------------------------------------------------------------------ what has a name

    def _proved(self, prover: Prover, finding: Finding) -> Finding:
        plan = self.bench.plan
        if (read := self._of_a_variable(prover, finding)) is not None:
            return read
        finding = self._one_of_rivals(prover, finding)
        if finding.proofs:
            return finding
        if len(finding.named) > 1 and (one := self._of_one_edit(prover, finding)) is not None:
            return one
        for name in finding.named:
            rest = proof.rest_of(finding, name)
            found = plan.rubric.misconceptions[name]
            left = name == proof.NOT_IMPLEMENTED
            if left and (returned := self._only_returned(prover, finding)) is not None:
                return returned
            if left:
                right = plan.oracle.formulas(finding.spec.name)
                found = proof.to_be_filled(plan.rubric, finding.spec.name, right)
            goal = proof.goal(found, finding, plan.oracle, rest)
            if goal is None:
                continue
            helper, where = self._as_in_a_helper(prover, finding, goal)
            if helper:
                finding = replace(finding, shared_with={**finding.shared_with, name: helper})
            where = where or prover.locate(goal)
            # A blank is where it is, or a line above with another one, whatever else would do.
            if where is not None and (
                not left or after_proofs.is_there(where, finding.places.get(name, where))
            ):
                finding = proof.with_proof(finding, name, where)
        return after_proofs.without_what_follows(finding)

    def _only_returned(self, prover: Prover, finding: Finding) -> Finding | None:
        """The finding with `returns-none` alone, where all is done and a `return None` keeps it back."""
        blank = finding.places.get(proof.NOT_IMPLEMENTED)
        known = self.bench.plan.rubric.misconceptions.get(special.RETURNS_NONE)
        if known is None or blank is None or blank.source.split("#")[0].strip() != "return None":
            return None
        goal = proof.goal(known, finding, self.bench.plan.oracle, ())
        where = prover.locate(goal) if goal else None
        if where is None:
            return None
        return proof.with_proof(replace(finding, named={known.id: finding.failed}), known.id, where)

    def _one_of_rivals(self, prover: Prover, finding: Finding) -> Finding:
        """The finding without the names that only a repair could decide for, and with the one that it decides for:
        where one name has the numbers of another, it has to show at a place."""
        found = finding.explanation
        if found is None or not found.rivals or any(len(ids) > 1 for ids in (found.ids, *found.rivals)):
            return finding
        known = [
            self.bench.plan.rubric.misconceptions[name] for ids in (found.ids, *found.rivals) for name in ids
        ]
        alone = replace(finding, explanation=replace(found, rivals=()))
        for one in known:
            goal = proof.goal(proof.deciding(one), finding, self.bench.plan.oracle, ())
            if one.decides == "repair" and goal and (where := self._told_by_repair(prover, finding, goal)):
                return proof.with_proof(replace(alone, named={one.id: finding.failed}), one.id, where)
        left = [one for one in known if one.decides != "repair"]
        return replace(alone, named={left[0].id: finding.failed}) if len(left) == 1 else finding

    def _as_in_a_helper(self, prover: Prover, finding: Finding, goal: Goal) -> tuple[str, Location | None]:
        """The helper that is wrong, too, and where it is mended, if that mends this function: they share the code."""
        for name in finding.spec.helpers:
            if (where := prover.mended_by(goal, self.repairs.get(name, ()))) is not None:
                return name, where
        return "", None

    def _of_a_variable(self, prover: Prover, finding: Finding) -> Finding | None:
        """The finding with `uses-global` alone, where a notebook variable in its place makes everything right: whatever
        the numbers look like, that is why. A bias that is read from the notebook looks like none, for it is zero."""
        known = self.bench.plan.rubric.misconceptions.get(special.USES_GLOBAL)
        if known is None or special.USES_GLOBAL in finding.named or not special.reads_variables(finding):
            return None
        goal = proof.goal(known, finding, self.bench.plan.oracle, ())
        where = self._told_by_repair(prover, finding, goal) if goal else None
        if where is None or special.is_slip(finding, where):
            return None
        return proof.with_proof(replace(finding, named={known.id: finding.failed}), known.id, where)

    def _of_one_edit(self, prover: Prover, finding: Finding) -> Finding | None:
        """The finding with one name of several, where one edit of what a loop counts makes everything right, or of
        what only a repair tells.

        A layer too few may look like that and another activation; `A > 0.52`, like `z > 0.1`. Of other errors both
        names are true: a turned comparison gives hidden layers the sigmoid, and the last one relu.
        """
        plan = self.bench.plan
        for name in finding.named:
            known = plan.rubric.misconceptions[name]
            found = proof.deciding(replace(known, decides="values"))
            if "range" not in found.repairs and known.decides != "repair":
                continue
            goal = proof.goal(found, finding, plan.oracle, ())
            where = self._told_by_repair(prover, finding, goal) if goal else None
            if where is not None:
                return proof.with_proof(replace(finding, named={name: finding.failed}), name, where)
        return None

    # ------------------------------------------------------------------ what has none

    def _decided(self, prover: Prover, finding: Finding) -> Finding:
        """What no numbers explain, a repair may: it names the misconception where it makes all right."""
        goals = self._goals(finding)
        for goal in goals:
            where = self._told_by_repair(prover, finding, goal)
            if (
                where is not None
                and goal.misconception == special.USES_GLOBAL
                and special.is_slip(finding, where)
            ):
                continue
            if where is not None:
                name = self._or_a_variable(prover, finding, goal.misconception, where)
                return proof.with_proof(replace(finding, named={name: finding.failed}), name, where)
        return (
            self._unfinished(prover, finding)
            or self._in_part(prover, finding)
            or self._uncovered(prover, finding, goals)
        )

    def _or_a_variable(self, prover: Prover, finding: Finding, name: str, where: Location) -> str:
        """`uses-global` where the repair takes the place of a notebook variable: `linear_backward(dZ, (A, W, b))`, with
        what the notebook happens to hold, passes on no cache that was not unpacked."""
        known = special.USES_GLOBAL in self.bench.plan.rubric.misconceptions
        edits = prover.repairs[-1] if prover.repairs and known else ()
        read = special.variables_at(finding, where)
        gone = any(special.reads_less(made.source, edit.source, one) for made, edit in edits for one in read)
        return special.USES_GLOBAL if gone else name

    def _unfinished(self, prover: Prover, finding: Finding) -> Finding | None:
        """A blank of the template that is still open, if that is why the function fails."""
        if finding.observed is not None:
            finding = replace(finding, observed=of_two_classes(finding.observed))
        failing = [i for i, outcome in enumerate(finding.outcomes) if special.left_open(finding, i, outcome)]
        known = proof.NOT_IMPLEMENTED in self.bench.plan.rubric.misconceptions
        if not failing or not known or not special.may_have_blanks(prover.definitions):
            return None
        calls = [finding.calls[i] for i in failing]
        is_open = lambda number, outcome: special.left_open(finding, failing[number], outcome)
        where = prover.open_blank(finding.spec.name, calls, is_open)
        if where is None:
            return None
        missing = special.without_value(finding)
        named = {proof.NOT_IMPLEMENTED: missing, **self._beside(prover, finding, missing).named}
        return self._proved(prover, replace(finding, named=named, places={proof.NOT_IMPLEMENTED: where}))

    def _in_part(self, prover: Prover, finding: Finding) -> Finding | None:
        """The finding with proved names for some of its components, where nothing explains the others. A cache alone
        gets none, for it may only follow from what is wrong with the rest."""
        sizes = range(1, len(finding.failed)) if finding.is_riddle and not finding.lacks_something else ()
        for aside in itertools.chain(*(itertools.combinations(finding.failed, size) for size in sizes)):
            beside = self._beside(prover, finding, aside, depth=1)
            if set(itertools.chain(*beside.named.values())).difference(finding.spec.private):
                told = self._proved(prover, replace(beside, aside=aside))
                if told.named and told.proofs.keys() >= told.named.keys():
                    return told
        return None

    def _beside(
        self, prover: Prover, finding: Finding, missing: Sequence[str], depth: int = DEPTH
    ) -> Finding:
        """The finding with names for what is wrong with the other components, as if these were right; without any
        where there are none."""
        failed = tuple(name for name in finding.failed if name not in missing)
        if finding.observed is None or not failed:
            return finding
        observed = self._filled(finding, finding.observed, missing)
        found = self.matcher.explain(observed, failed, finding.convention, self.called(finding), depth)
        fresh = self._observed(finding, prover.program, self.fresh(finding)).observed if found else None
        if found is None or fresh is None:
            return finding
        if not self.matcher.agrees(self._filled(finding, fresh, missing), found.forms, finding.convention):
            return finding
        named = self.matcher.components(observed, found, failed, finding.convention)
        return replace(finding, explanation=found, named=named)

    def _filled(self, finding: Finding, observed: Observed, missing: Sequence[str]) -> Observed:
        """What a function gave, with right values for some of its components."""
        predicted = (self.bench.plan.oracle.predict(call, (), finding.convention) for call in observed.calls)
        right = (None if one is None else split(finding.spec, one) for one in predicted)
        parts = (
            {**got, **({name: one[name] for name in missing} if one else {})}
            for got, one in zip(observed.parts, right, strict=True)
        )
        return replace(observed, parts=tuple(parts))

    def _goals(self, finding: Finding) -> list[Goal]:
        if finding.observed is None:
            return []
        plan = self.bench.plan
        ids = self.matcher.near(finding.observed, finding.convention)
        near = proof.decided_by_repair(plan.rubric, ids)
        ordered = special.likely(finding, plan.rubric, near)
        made = (proof.goal(found, finding, plan.oracle, ()) for found in ordered)
        return [goal for goal in made if goal is not None]

    # ------------------------------------------------------------------ what an error hides

    def _uncovered(self, prover: Prover, finding: Finding, goals: Sequence[Goal]) -> Finding:
        """A function that stops hides its other errors. Without what stops it, they may have names."""
        if finding.observed is None or not any(one.raised for one in finding.observed.outcomes):
            return finding
        for goal in goals:
            for edit in prover.revived(goal):
                if (found := self._named_without(prover, finding, goal, edit)) is not None:
                    return found
        return finding

    def _behind_nothing(self, prover: Prover, finding: Finding) -> Finding:
        """A function that returns nothing hides its other errors. With a return, they may have names; but what ends
        with a `pass` is not written to its end."""
        plan = self.bench.plan
        if set(finding.named) != {special.RETURNS_NONE}:
            return finding
        if (blank := special.ends_with_pass(finding, prover.definitions)) is not None:
            return replace(
                finding, named={proof.NOT_IMPLEMENTED: finding.failed}, places={proof.NOT_IMPLEMENTED: blank}
            )
        goal = proof.goal(plan.rubric.misconceptions[special.RETURNS_NONE], finding, plan.oracle, ())
        for edit in prover.revived(goal, only_numbers=True) if goal else ():
            if (
                goal
                and (found := self._named_without(prover, finding, goal, edit, only_numbers=True)) is not None
            ):
                return found
        return finding

    def _named_without(
        self, prover: Prover, finding: Finding, goal: Goal, edit: Proposal, *, only_numbers: bool = False
    ) -> Finding | None:
        """The names of what stops the function and of what is wrong without it; None where it has none, or several:
        an edit that makes more errors than it mends is no repair.

        `only_numbers`: none either where the form of a result is wrong, too, for it may be our edit's.
        """
        definitions = proof.variant(prover.definitions, (edit,))
        if definitions is None:
            return None
        program = replace(prover.program, definitions=definitions)
        again = self._observed(finding, program, finding.calls)
        if only_numbers and not _only_numbers_differ(again):
            return None
        explanation = (
            self.matcher.explain(again.observed, again.failed, again.convention, self.called(finding))
            if again.observed
            else None
        )
        if explanation is None or again.observed is None or goal.misconception in explanation.ids:
            return None
        known = self.bench.plan.rubric.misconceptions
        together = {known[name].made_with for name in explanation.ids} & set(explanation.ids)
        if len(explanation.ids) > 1 + len(together) and not only_numbers:
            return None
        if only_numbers and all(known[name].absent for name in explanation.ids):
            return None  # of what was not returned at all, nothing can be said to be missing
        fresh = self._observed(finding, program, self.fresh(finding)).observed
        if fresh is None or not self.matcher.agrees(fresh, explanation.forms, again.convention):
            return None
        named = self.matcher.components(again.observed, explanation, again.failed, again.convention)
        rest = self._proved(
            self._prover(finding, program, program), replace(again, explanation=explanation, named=named)
        )
        if together and not rest.proofs.keys() >= named.keys():
            return None  # three names are told only if each is certain
        first: Mapping[str, tuple[str, ...]] = {goal.misconception: finding.failed}
        mended = proof.place(edit)  # as the student wrote it, which the others' places must be, too
        proofs = {
            name: mended if after_proofs.is_there(where, mended) else where
            for name, where in rest.proofs.items()
        }
        proofs[goal.misconception] = mended
        return replace(finding, named={**first, **named}, proofs=proofs)

    def _told_by_repair(self, prover: Prover, finding: Finding, goal: Goal) -> Location | None:
        """The place of a misconception whose name a repair alone would give."""
        return prover.prove_anew(goal, lambda program: self._holds(finding, program))

    def _holds(self, finding: Finding, program: Program) -> bool:
        """Whether a program is right on calls that the student's code has not seen: one that is mended by a word may
        have made a table of the others."""
        fresh = self.fresh(finding)
        verdict = self._observed(finding, program, fresh).verdict
        self.bench.plan.oracle.forget(fresh)
        return verdict is not None and verdict.passed

    def _observed(self, finding: Finding, program: Program, calls: Sequence[Call]) -> Finding:
        """The finding as it would be with another program."""
        sent = [self._bound(finding, call) for call in calls]
        outcomes = self.bench.runner.run(program, sent, self.bench.plan.helper)
        observed = observe(finding.spec, calls, outcomes)
        return replace(finding, observed=observed, verdict=self.matcher.verdict(observed, finding.convention))


def _only_numbers_differ(finding: Finding) -> bool:
    differences = finding.verdict.differences.values() if finding.verdict else ()
    return all(difference is None or difference.kind == "value" for difference in differences)
