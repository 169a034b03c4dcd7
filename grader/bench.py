"""The bench on which one submission's functions are called: which are graded, which helpers are right ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from grader.diagnose import private_format
from grader.judge.verdict import Observed, observe
from grader.model import Call, Extraction, FunctionFacts, Outcome, Program, Runner
from grader.rubric.plan import Plan
from grader.rubric.schema import FunctionSpec


class Bench:
    """Runs calls of one submission, with right helpers bound or with the student's own."""

    def __init__(self, plan: Plan, runner: Runner, extraction: Extraction, only: Collection[str]) -> None:
        self.plan = plan
        self.runner = runner
        self.extraction = extraction
        self.only = only
        self.program = Program(extraction.definitions, plan.rubric.stand_ins, handed_out=self._handed_out())
        self.kept: dict[str, Collection[str]] = {}
        """Function → helpers of the student's that are right, with which all that it gets wrong is explained."""
        self.own_interface = self._own_interfaces()

    def facts(self, name: str) -> FunctionFacts:
        """What reading alone told of a function."""
        return self.extraction.functions.get(name) or FunctionFacts(name, "missing")

    def written(self, name: str) -> FunctionFacts:
        """The facts of a function that had been taken for a template's blank; from now on it is one like others."""
        facts = replace(self.facts(name), status="defined", problem=None)
        self.extraction = replace(self.extraction, functions={**self.extraction.functions, name: facts})
        return facts

    def counted(self) -> tuple[FunctionSpec, ...]:
        """The rubric's functions, and the optional ones that the notebook defines with its interface."""
        return tuple(
            spec
            for name, spec in self.plan.rubric.functions.items()
            if not spec.optional or (self.facts(name).status != "missing" and name not in self.own_interface)
        )

    def graded(self) -> tuple[FunctionSpec, ...]:
        """All that count, or those that were asked for, be they there or not."""
        asked = tuple(spec for name, spec in self.plan.rubric.functions.items() if name in self.only)
        return asked if self.only else self.counted()

    def bound(self, call: Call, convention: str, *, own: Collection[str] = (), watched: bool = True) -> Call:
        """The call with right helpers, but for the student's `own`, those that are kept, and those that the notebook
        gives another interface."""
        helpers = self.plan.rubric.functions[call.function].helpers
        own = {*own, *self.own_helpers(call.function)}
        bind = tuple(name for name in helpers if name not in own)
        return self.plan.bound(call, bind, convention, watched=watched)

    def own_helpers(self, name: str) -> frozenset[str]:
        """The helpers of a function that are the student's own whenever it is called."""
        helpers = frozenset(self.plan.rubric.functions[name].helpers)
        return helpers & {*self.kept.get(name, ()), *self.own_interface}

    def uses_own(self, name: str, own: Collection[str]) -> bool:
        """Whether a function has other helpers with the student's `own` than with right ones for all."""
        call = self.plan.suite.isolated[name][0]
        return self.bound(call, "L", own=own) is not self.bound(call, "L")

    def helpers_first(self, names: Collection[str]) -> list[list[str]]:
        """The functions in layers: none has a helper in its own or a later one."""
        functions = self.plan.rubric.functions
        layers: list[list[str]] = []
        rest = [name for name in functions if name in names]
        while rest:
            free = [name for name in rest if not set(functions[name].helpers) & set(rest)] or rest
            layers.append(free)
            rest = [name for name in rest if name not in free]
        return layers

    def own_chain(self, name: str, hung: Collection[str]) -> tuple[Call, ...]:
        """The in-place calls of a function all of whose steps the notebook defines, and none of which `hung`."""
        return tuple(
            call
            for call in self.plan.suite.in_place[name]
            if all(self._can_run(step.function, hung) for step in call.steps)
        )

    def _can_run(self, name: str, hung: Collection[str]) -> bool:
        return self.facts(name).status == "defined" and name not in hung

    def program_of(self, functions: Iterable[str]) -> Program:
        """The part of the notebook that these functions need, quicker to load again and again."""
        needed = sorted({index for name in set(functions) for index in self.facts(name).needs})
        return replace(self.program, definitions=tuple(self.program.definitions[i] for i in needed))

    def strip_asserts(self) -> None:
        """From now on, function bodies run without their assert statements."""
        self.program = replace(self.program, strip_asserts=True)

    def run(self, calls: Sequence[Call]) -> list[Outcome]:
        return self.runner.run(self.program, calls, self.plan.helper) if calls else []

    def observe(
        self,
        calls: Mapping[str, Sequence[Call]],
        convention: Callable[[str], str] | None,
        own: Collection[str] = (),
    ) -> dict[str, Observed]:
        """Run the calls of several functions in one go.

        `convention` gives the one whose right helpers a function gets, but for the student's `own`; None leaves
        it all of its own.
        """
        sent = [
            self.bound(call, convention(name), own=own) if convention else call
            for name, made in calls.items()
            for call in made
        ]
        outcomes = iter(self.run(sent))
        bound = iter(sent)
        return {
            name: self._observed(name, made, [next(bound) for _ in made], [next(outcomes) for _ in made])
            for name, made in calls.items()
        }

    def _observed(
        self, name: str, calls: Sequence[Call], sent: Sequence[Call], outcomes: Sequence[Outcome]
    ) -> Observed:
        """A function's outcomes. Where a second run gave another result, two more tell of which component."""
        spec = self.plan.rubric.functions[name]
        unsteady = () if spec.random else zip(sent, outcomes, strict=True)
        call = next((one for one, outcome in unsteady if outcome.differs_on_second_run), None)
        if call is None:
            return observe(spec, calls, outcomes)
        twice = [replace(call, id=f"{call.id}-run-{number}", watch=False) for number in (1, 2)]
        return observe(spec, calls, outcomes, self.run(twice))

    def observe_with(self, name: str, calls: Sequence[Call], helper: str) -> Observed:
        """A function's calls with the student's own helpers but for one, which is a right one, as are those that
        the notebook does not define: a course module's."""
        spec = self.plan.rubric.functions[name]
        others = tuple(other for other in spec.helpers if self.facts(other).status == "missing")
        sent = [self.plan.bound(call, (helper, *others), "L") for call in calls]
        return self._observed(name, calls, sent, self.run(sent))

    def _handed_out(self) -> str:
        """The code of what the course hands out, where the notebook has none of its own of which this could tell."""
        own = any(self.facts(name).status != "missing" for name in self.plan.handed_out)
        return "" if own else "\n".join(self.plan.handed_out.values())

    def _own_interfaces(self) -> frozenset[str]:
        """Optional functions that the notebook defines with an interface of its own: `sigmoid` → A alone."""
        probes = [
            call for name, call in self.plan.suite.interface.items() if self.facts(name).status == "defined"
        ]
        specs = self.plan.rubric.functions
        return frozenset(
            call.function
            for call, outcome in zip(probes, self.run(probes), strict=True)
            if not private_format.has_course_interface(
                specs[call.function], outcome, self.facts(call.function).gives
            )
        )
