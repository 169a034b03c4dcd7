"""What is known of one function of one submission, as it grows from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.diagnose.matching import Explanation
from grader.judge.components import Absent
from grader.judge.verdict import Observed, Verdict
from grader.model import Call, Definition, FunctionFacts, Location, Outcome
from grader.rubric.schema import FunctionSpec


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What a function that is right when called alone does to another."""

    caller: str
    """It is right with right helpers, and wrong with this one."""
    changes: tuple[str, ...]
    """The parameters whose arguments are changed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One function: what was observed, the verdict, and what explains it."""

    spec: FunctionSpec
    facts: FunctionFacts
    observed: Observed | None = None
    verdict: Verdict | None = None
    convention: str = "L"
    explanation: Explanation | None = None
    explained: bool = False
    """Whether an explanation was looked for already."""
    in_place: bool = False
    """Whether it was observed with the student's own helpers, not with right ones."""
    stops_elsewhere: bool = False
    """Whether it stops at another place with its own helpers, which are right, than with right ones."""
    accepted: Literal["", "private-format", "other-convention", "follows-on"] = ""
    """Why the function is right although it fails on its own."""
    stale_assertion: bool = False
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Misconception id → the failing components that it accounts for."""
    aside: tuple[str, ...] = ()
    """Failing components that nothing explains, beside others that have proved names."""
    follows_on: tuple[str, ...] = ()
    """Components that fail only because of an error that is named in another function."""
    follows_functions: tuple[str, ...] = ()
    own_derivative: frozenset[str] = frozenset()
    """Ids here that are the true derivative of the student's own (wrong) cost: they keep their marks."""
    places: Mapping[str, Location] = field(default_factory=dict)
    """Misconception id → a place known without a proof."""
    notebook: tuple[Definition, ...] = ()
    """All definitions of the notebook, where they are known."""
    trusted: frozenset[tuple[int, int]] = frozenset()
    """(cell, line) of definitions that right functions run too: no error of this one is in them."""
    shared: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """(cell, line) of definitions of which right functions run a part at least → those functions."""
    variables: tuple[Definition, ...] = ()
    """Top-level values of the notebook that the function needs."""
    unread: tuple[str, ...] = ()
    """Parameters that the function's code never reads."""
    relations: Mapping[str, str] = field(default_factory=dict)
    """Failing component → what becomes of it when public inputs are changed in a simple way."""
    public: tuple[Outcome, ...] = ()
    """Outcomes on public inputs."""
    shared_with: Mapping[str, str] = field(default_factory=dict)
    """Misconception id → the helper whose own repair mends it here, too: they share the code."""
    spoiled: Spoiled | None = None
    proofs: Mapping[str, Location] = field(default_factory=dict)
    """Misconception id → the first place whose inverse edit makes everything right."""
    also: Mapping[str, tuple[Location, ...]] = field(default_factory=dict)
    """Misconception id → the places that have to be edited besides."""

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls on which it was observed; none where it never was."""
        return self.observed.calls if self.observed else ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What these calls gave."""
        return self.observed.outcomes if self.observed else ()

    @property
    def failed(self) -> tuple[str, ...]:
        """The failing components; none where the function is accepted or was never observed."""
        return () if self.accepted or self.verdict is None else self.verdict.failed

    @property
    def is_right(self) -> bool:
        """Whether it was observed, and nothing was wrong."""
        return self.verdict is not None and not self.failed

    @property
    def hung(self) -> bool:
        """Whether a call did not come to an end: running it again would only wait again."""
        return any(outcome.status == "timeout" for outcome in self.outcomes)

    @property
    def is_riddle(self) -> bool:
        """Whether it gives values, wrong ones, and nothing explains them, or not all."""
        named = (self.named and not self.aside) or self.follows_functions or self.spec.random or self.spoiled
        return (
            not named and self.observed is not None and len(self.observed.valued) == len(self.observed.calls)
        )

    @property
    def lacks_something(self) -> bool:
        """Whether a result has not all components that are asked for."""
        parts = self.observed.parts if self.observed else ()
        return any(isinstance(one, Absent) for made in parts for one in made.values())

    @property
    def says_something(self) -> bool:
        """Whether some call printed, or did not come to a value."""
        return any(outcome.status != "value" or outcome.stdout for outcome in self.outcomes)

    def raised(self, kind: str) -> bool:
        """Whether some call stopped with this exception."""
        return any(outcome.raised is not None and outcome.raised.type == kind for outcome in self.outcomes)
