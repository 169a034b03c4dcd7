"""Runs the variants that a proof asks for, in the sandbox, in order, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.diagnose import proof
from grader.diagnose.proof import CHUNK, MAX_PLACES, Goal, Mended
from grader.model import Call, Helper, Location, Outcome, Program, Proposal, Runner


class Prover:
    """Tries inverse edits of one submission's source. `bound` binds a call's helpers as they were bound."""

    def __init__(
        self, runner: Runner, program: Program, helper: Helper, bound: Callable[[Call], Call]
    ) -> None:
        self.runner = runner
        self.program = program
        self.helper = helper
        self.bound = bound

    def prove(self, goal: Goal, *, places: int = MAX_PLACES) -> Location | None:
        """The place of a misconception, or None where no edit that was tried suffices.

        With `places` of 1, edits at several places are not tried together.
        """
        proposals = [
            one
            for one in self.runner.propose(self.program.definitions, goal.request)
            if not self._replaced(goal, one)
        ]
        single = self._single(goal, proposals)
        if single is not None:
            return proof.place(single)
        several = self._several(goal, proposals) if places > 1 else ()
        return proof.place(min(several, key=lambda one: (one.cell, one.line))) if several else None

    def _replaced(self, goal: Goal, proposal: Proposal) -> bool:
        """Whether an edit is in a helper that a right one stands in for: it could change nothing."""
        right = self.bound(goal.observed.calls[0]).bind
        return any(name in right for name in self.program.definitions[proposal.definition].binds)

    def _single(self, goal: Goal, proposals: Sequence[Proposal]) -> Proposal | None:
        """The earliest edit that makes everything as wanted."""
        for start in range(0, len(proposals), CHUNK):
            chunk = proposals[start : start + CHUNK]
            first = self._run(goal, [(one,) for one in chunk], [goal.telling])
            for one, outcomes in zip(chunk, first, strict=True):
                if (
                    outcomes
                    and proof.agrees_on(goal, goal.telling, outcomes[0])
                    and self._suffices(goal, (one,))
                ):
                    return one
        return None

    def _several(self, goal: Goal, proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
        """Edits at several places: each mends a part and breaks none, together they suffice."""
        if len(goal.everything - goal.before) < 2:
            return ()
        everything = range(len(goal.wanted))
        parts: list[tuple[Proposal, Mended]] = []
        for start in range(0, len(proposals), CHUNK):
            chunk = proposals[start : start + CHUNK]
            for one, outcomes in zip(
                chunk, self._run(goal, [(one,) for one in chunk], everything), strict=True
            ):
                now = proof.mended(goal, outcomes) if outcomes else frozenset()
                if now > goal.before:
                    parts.append((one, now))
        return self._cover(goal, parts)

    def _cover(self, goal: Goal, parts: Sequence[tuple[Proposal, Mended]]) -> tuple[Proposal, ...]:
        chosen: list[Proposal] = []
        reached = goal.before
        for one, now in parts:
            if len(chosen) < MAX_PLACES and not now <= reached:
                chosen.append(one)
                reached |= now
        complete = reached == goal.everything and len(chosen) > 1
        return tuple(chosen) if complete and self._suffices(goal, tuple(chosen)) else ()

    def _suffices(self, goal: Goal, proposals: tuple[Proposal, ...]) -> bool:
        outcomes = self._run(goal, [proposals], range(len(goal.wanted)))[0]
        return bool(outcomes) and proof.mended(goal, outcomes) == goal.everything

    def _run(
        self, goal: Goal, variants: Sequence[tuple[Proposal, ...]], indices: Sequence[int]
    ) -> list[list[Outcome]]:
        """The outcomes of some calls under each variant; none for a variant that cannot be made."""
        calls = [self.bound(goal.observed.calls[index]) for index in indices]
        made = [proof.variant(self.program.definitions, proposals) for proposals in variants]
        jobs = [(replace(self.program, definitions=one), calls) for one in made if one is not None]
        results = iter(self.runner.run_many(jobs, self.helper) if jobs else ())
        return [[] if one is None else next(results) for one in made]
