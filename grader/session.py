"""One submission's examination: which calls are run, in which order, and what each answer leads to.

    isolated ─▶ stale asserts ─▶ loss ─▶ convention ─▶ in place ─▶ explained ─▶ fresh calls
             ─▶ follows on ─▶ proved ─▶ public ─▶ related ─▶ spoiled

Only the runner touches student code; what its answers mean is decided by pure functions, and kept here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.bench import Bench
from grader.diagnose import alternative, carried, metamorphic, private_format, special
from grader.diagnose.convention import UPDATED_BY, Exponents, Measured, chain, measure
from grader.diagnose.finding import Finding
from grader.diagnose.matching import Matcher
from grader.diagnose.symptoms import unread_parameters
from grader.diagnose.trusted import with_trust
from grader.judge.verdict import Observed, Predict
from grader.model import Call, Extraction, Runner
from grader.proofs import Proofs
from grader.references.suite import Suite
from grader.rubric.plan import Plan
from grader.rubric.schema import FunctionSpec
from grader.spoiled import Doubt, spoilers

FRESH_CALLS = 4


@dataclass(frozen=True, slots=True)
class Examined:
    """What a submission's examination gave."""

    findings: Mapping[str, Finding]
    exponents: Exponents
    counted: Collection[FunctionSpec]
    """Those that share the rubric's points, whether they were asked for or not."""
    other_convention: bool = False


class Session:
    """Examines one submission. Holds no state beyond it."""

    def __init__(
        self,
        plan: Plan,
        matcher: Matcher,
        runner: Runner,
        extraction: Extraction,
        data: bytes,
        only: Collection[str] = (),
    ) -> None:
        self.plan = plan
        self.matcher = matcher
        self.runner = runner
        self.extraction = extraction
        self.data = data
        self.bench = Bench(plan, runner, extraction, only)
        self.findings: dict[str, Finding] = {}
        self.chain = chain(plan.rubric)
        self.exponents = Exponents()
        self.other = False
        self.doubts: dict[str, Doubt] = {}  # on functions that are right with right helpers alone
        self.alternative = ""  # another baseline of the rubric (another loss) that the notebook keeps to

    def examine(self) -> Examined:
        self._isolated()
        self._without_stale_asserts()
        self._settle_alternative()
        self._settle_convention()
        self._in_place()
        self._explain()
        self._verify()
        self._follow_on()
        self._prove()
        self._on_public_inputs()
        self._relate()
        self.findings |= spoilers(self.bench, self.matcher, self.findings, self.doubts)
        return Examined(self.findings, self.exponents, self.bench.counted(), self.other)

    # ------------------------------------------------------------------ running

    def _observe(
        self, calls: Mapping[str, Sequence[Call]], *, bind: bool, convention: str | None = None
    ) -> dict[str, Observed]:
        """Run the calls of several functions in one go.

        With `bind`, right helpers of a convention (by default, the one that each function is judged under)
        take the place of the student's own.
        """
        chosen = (lambda name: convention or self._convention(name)) if bind else None
        return self.bench.observe(calls, chosen)

    def _convention(self, name: str) -> str:
        return self.findings[name].convention if name in self.findings else self._under("L")

    def _under(self, convention: str) -> str:
        """L or J, with the alternative that the notebook keeps to."""
        return f"{convention}+{self.alternative}" if self.alternative else convention

    def _judged(self, finding: Finding, observed: Observed, convention: str = "L") -> Finding:
        """The finding with a verdict on these observations."""
        verdict = self.matcher.verdict(observed, convention)
        judged = replace(finding, observed=observed, verdict=verdict, convention=convention)
        return replace(judged, explanation=None, explained=False, named={})

    def _hung(self) -> set[str]:
        return {name for name, finding in self.findings.items() if finding.hung}

    def _failing(self) -> list[str]:
        return [name for name, finding in self.findings.items() if finding.failed and not finding.hung]

    # ------------------------------------------------------------------ the stages

    def _isolated(self) -> None:
        """Every defined function on its own: with helpers of the student's that have been found right already,
        which spares asking the grader, and with right ones in place of all others. What fails so and has no explanation
        gets right ones for all: a helper may be right in its own tests alone."""
        for spec in self.bench.graded():
            self.findings[spec.name] = self._finding(spec)
        written = ("defined", "not-implemented")
        defined = [name for name, finding in self.findings.items() if finding.facts.status in written]
        for names in self.bench.helpers_first(defined):
            own = [name for name in defined if self.findings[name].is_right]
            self._observe_isolated(names, own)
            self._doubt_what_was_read(names)
            uses = [name for name in names if self.findings[name].failed and self.bench.uses_own(name, own)]
            before = {name: self._explain_one(name) for name in uses}
            kept = {name: finding for name, finding in before.items() if finding.explanation is not None}
            again = [name for name in uses if name not in kept]
            self._observe_isolated(again, ())
            self.doubts |= {name: Doubt(before[name], own) for name in again if self.findings[name].is_right}
            self.findings.update(kept)
            self.bench.kept.update(dict.fromkeys(kept, own))

    def _observe_isolated(self, names: Sequence[str], own: Collection[str]) -> None:
        calls = {name: self.plan.suite.isolated[name] for name in names}
        for name, observed in self.bench.observe(calls, self._convention, own).items():
            self.findings[name] = self._judged(self.findings[name], observed)

    def _doubt_what_was_read(self, names: Sequence[str]) -> None:
        """What reads as the template left it may be right for all that; where it is not, that was all to say of it."""
        for name in names:
            finding = self.findings[name]
            if finding.facts.status == "not-implemented":
                right = replace(finding, facts=self.bench.written(name)) if finding.is_right else None
                self.findings[name] = right or self._finding(finding.spec)

    def _finding(self, spec: FunctionSpec) -> Finding:
        facts = self.bench.facts(spec.name)
        needed = (self.extraction.definitions[index] for index in facts.needs)
        values = tuple(made for made in needed if made.kind == "value")
        return Finding(spec, facts, variables=values)

    def _without_stale_asserts(self) -> None:
        """An assertion that was left over from a template does not decide: the numbers before it do."""
        stopped = {
            name: finding.observed.calls
            for name, finding in self.findings.items()
            if finding.failed and finding.observed and finding.raised("AssertionError")
        }
        if not stopped:
            return
        self.bench.strip_asserts()
        for name, observed in self._observe(stopped, bind=True).items():
            self.findings[name] = replace(self._judged(self.findings[name], observed), stale_assertion=True)

    def _settle_alternative(self) -> None:
        """Where the notebook keeps to an alternative of the rubric (another loss), judge it by that."""
        self.alternative = alternative.kept_to(self.plan.rubric, self._shown)
        for name in alternative.functions(self.plan.rubric, self.alternative):
            if (finding := self.findings.get(name)) and finding.observed:
                self.findings[name] = self._judged(finding, finding.observed, self._under("L"))

    def _shown(self, name: str, baseline: str) -> frozenset[str] | None:
        """The misconceptions that a function shows under a baseline; None where nothing is known of it."""
        if not (finding := self.findings.get(name)) or not finding.observed:
            return None
        judged = self._judged(finding, finding.observed, baseline)
        if not judged.failed:
            return frozenset()
        found = self.matcher.explain(finding.observed, judged.failed, baseline, self._called(finding))
        return None if found is None else found.ids

    def _settle_convention(self) -> None:
        """Measure α and β under L; where the notebook keeps to J, judge it under J."""
        for name in (self.chain.linear, self.chain.model):
            if name in self.findings:
                self._explain_one(name)
        right: Predict = lambda call: self.plan.right(call, self._under("L"))
        linear, model = (_measured(self.findings.get(name)) for name in (self.chain.linear, self.chain.model))
        self.exponents = measure(self.chain, linear, model, right)
        if model is None and (own := self._own_model()) is not None:
            self.exponents = replace(self.exponents, alpha=measure(self.chain, None, own, right).alpha)
        wanted = self.plan.rubric.required_convention
        if wanted == "L" or not (self.exponents.inlined or self.exponents.judged_under == "J"):
            return
        for name in self._failing():
            if self._touches_convention(name):
                self._judge_under_J(name)

    def _own_model(self) -> Measured | None:
        """The backward pass with the student's own helpers, where it needs a format that right ones do not have."""
        name = self.chain.model
        finding = self.findings.get(name)
        if (
            finding is None
            or finding.observed is None
            or not (calls := self.bench.own_chain(name, self._hung()))
        ):
            return None
        return _measured(self._judged(finding, self._observe({name: calls}, bind=False)[name]))

    def _touches_convention(self, name: str) -> bool:
        edited = {edit.function for edit in self.plan.rubric.conventions.get("J", {}).values()}
        return bool(edited & {name, *self.plan.rubric.functions[name].helpers})

    def _judge_under_J(self, name: str) -> None:
        finding = self.findings[name]
        if finding.observed is None or (name == self.chain.linear and self.exponents.judged_under == "L"):
            return
        observed = finding.observed
        inlined = name == self.chain.model and self.exponents.inlined
        if self.plan.rubric.functions[name].helpers and not inlined:
            observed = self._observe({name: observed.calls}, bind=True, convention="J")[name]
        self.findings[name] = self._judged(finding, observed, self._under("J"))

    def _in_place(self) -> None:
        """With the student's own helpers: formats that they agree on, and a 1/m that enters elsewhere."""
        failing = [name for name in self._failing() if self.plan.suite.in_place.get(name)]
        wanted = private_format.needed(failing, self.findings, self.plan)
        if self.chain.model in self.findings and any(self._touches_convention(name) for name in failing):
            wanted = list(dict.fromkeys((*wanted, self.chain.model)))
        due = [name for name in wanted if self.findings[name].observed]
        calls = {name: made for name in due if (made := self.bench.own_chain(name, self._hung()))}
        found = self._observe(calls, bind=False)
        judged = {
            name: replace(
                self._judged(self.findings[name], observed, self.findings[name].convention), in_place=True
            )
            for name, observed in found.items()
        }
        self._accept_other(judged)
        for name, finding in private_format.settled(self.findings, judged).items():
            self.findings[name] = finding

    def _accept_other(self, in_place: Mapping[str, Finding]) -> None:
        """A 1/m that enters exactly once, elsewhere along the chain: right, with a note."""
        backward = [name for name in self._failing() if self._touches_convention(name)]
        model = in_place.get(self.chain.model)
        if not backward or model is None or model.verdict is None or not model.observed:
            return
        for name in self._failing():
            self._explain_one(name)
        backward += [name for name in self._failing() if name not in backward and self._only_shifts(name)]
        if UPDATED_BY & set(model.verdict.failed) or self.plan.rubric.required_convention:
            return
        if self.chain.only(self.findings[name].explanation for name in backward):
            for name in backward:
                if name == self.chain.model or self._compensates(name, backward, model.observed.calls):
                    self.other = True
                    self.findings[name] = replace(self.findings[name], accepted="other-convention")

    def _only_shifts(self, name: str) -> bool:
        """Whether an activation's backward function differs by nothing but a 1/m."""
        helped = self.plan.rubric.functions[self.chain.model].helpers
        below = {helper for one in helped for helper in self.plan.rubric.functions[one].helpers}
        return name in below and self.chain.only([self.findings[name].explanation])

    def _compensates(self, name: str, others: Collection[str], calls: Sequence[Call]) -> bool:
        """Whether the model's gradients need a function's own 1/m: with a right one in its place they are wrong.

        A right one brings right helpers with it, so one whose helpers differ, too, is taken to be in step with them.
        """
        if set(self.plan.rubric.functions[name].helpers) & set(others):
            return True
        observed = self.bench.observe_with(self.chain.model, calls, name)
        verdict = self.matcher.verdict(observed, self._under("L"))
        return bool(UPDATED_BY & set(verdict.failed)) or not observed.valued

    def _explain(self) -> None:
        for name in self._failing():
            self._explain_one(name)
        for name in self._failing():
            rubric, definitions = self.plan.rubric, self.extraction.definitions
            found = special.named_by_status(self.findings[name], rubric, definitions)
            found = special.with_lines(special.unfinished(found, rubric, definitions), definitions)
            unread = unread_parameters(name, definitions)
            self.findings[name] = replace(found, unread=tuple(unread))

    def _explain_one(self, name: str) -> Finding:
        """The finding with what explains it, which is looked for once."""
        finding = self.findings[name]
        if finding.explained or finding.observed is None or not finding.failed:
            return finding
        observed, failed, convention = finding.observed, finding.failed, finding.convention
        found = self.matcher.explain(observed, failed, convention, self._called(finding))
        named = self.matcher.components(observed, found, failed, convention) if found else {}
        self.findings[name] = replace(finding, explanation=found, explained=True, named=named)
        return self.findings[name]

    def _called(self, finding: Finding) -> frozenset[str]:
        """The right helpers that the function calls by name, itself or through another helper."""
        if not self._was_bound(finding.spec.name):
            return frozenset()
        needed = {name for index in finding.facts.needs for name in self.extraction.definitions[index].binds}
        return frozenset(
            name for name in finding.spec.helpers if name in needed and name not in self.bench.own_interface
        )

    def _verify(self) -> None:
        """An explanation has to hold on calls that no other submission gets."""
        due = [name for name in self._failing() if self.findings[name].explanation is not None]
        if not due:
            return
        fresh = self.plan.fresh(self.data, due)
        for bind in (True, False):
            calls = {name: self._fresh_calls(fresh, name) for name in due if self._was_bound(name) == bind}
            for name, observed in self._observe(calls, bind=bind).items():
                self._keep_if_holds(name, observed)
        self.plan.oracle.forget(
            call for made in (fresh.isolated, fresh.in_place) for c in made.values() for call in c
        )

    def _was_bound(self, name: str) -> bool:
        return not self.findings[name].in_place

    def _fresh_calls(self, fresh: Suite, name: str) -> tuple[Call, ...]:
        return (fresh.isolated if self._was_bound(name) else fresh.in_place)[name][:FRESH_CALLS]

    def _keep_if_holds(self, name: str, observed: Observed) -> None:
        finding = self.findings[name]
        forms = finding.explanation.forms if finding.explanation else ()
        if not self.matcher.agrees(observed, forms, finding.convention):
            self.findings[name] = replace(finding, explanation=None, named={})

    def _follow_on(self) -> None:
        self.findings.update(carried.contradicted(self.findings, self.plan.rubric))
        self.findings.update(with_trust(self.findings))
        self.findings.update(carried.own_derivative(self.findings, self.plan.rubric))

    def _prove(self) -> None:
        may_name, fresh = self._may_name_by_repair, self._fresh_calls_of
        proofs = Proofs(self.bench, self.matcher, self._called, may_name, fresh, dict(self.findings))
        for names in self.bench.helpers_first(self._failing()):
            self.findings |= {name: proofs.of(self.findings[name]) for name in names}
        self.findings.update(carried.shared_code(self.findings, self.plan.rubric))

    def _may_name_by_repair(self, finding: Finding) -> bool:
        return not finding.follows_functions

    def _fresh_calls_of(self, finding: Finding) -> tuple[Call, ...]:
        name = finding.spec.name
        return self._fresh_calls(self.plan.fresh(self.data, [name]), name)

    def _on_public_inputs(self) -> None:
        """A student sees their own error and prints, where there are any, on inputs that are no secret."""
        due = {
            name: self.plan.suite.public[name]
            for name in self._failing()
            if name in self.plan.suite.public and self.findings[name].says_something
        }
        for bind in (True, False):  # with right helpers, a format that they do not have would be the error
            stops = {name for name in due if self.findings[name].stops_elsewhere}
            bound = {name for name in due if self._was_bound(name)} - stops
            calls = {name: made for name, made in due.items() if (name in bound) == bind}
            for name, observed in self._observe(calls, bind=bind).items():
                self.findings[name] = replace(self.findings[name], public=observed.outcomes)

    def _relate(self) -> None:
        """Where nothing explains an error: facts on public inputs that a student can check alone."""
        for name in self._failing():
            finding, public = self.findings[name], self.plan.suite.public.get(name)
            if not public or not finding.is_riddle:
                continue
            trials = metamorphic.trials(finding.spec, public[0])
            calls = [public[0], *(trial.call for trial in trials)]
            found = self._observe({name: calls}, bind=True)[name].outcomes
            right = [self.plan.right(call, finding.convention) for call in calls]
            self.plan.oracle.forget(calls[1:])
            parts = finding.aside or finding.failed
            facts = {part: metamorphic.facts(finding.spec, part, trials, right, found) for part in parts}
            self.findings[name] = replace(finding, relations=facts)


def _measured(finding: Finding | None) -> Measured | None:
    """What is known of a backward function, if it gave any value."""
    if finding is None or finding.observed is None or finding.verdict is None or not finding.observed.valued:
        return None
    return Measured(finding.observed, finding.verdict, finding.explanation)
