"""Runs the variants that a proof asks for, in the sandbox, in order, until one suffices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from grader.diagnose import proof
from grader.diagnose.proof import MAX_PLACES, Goal, Mended
from grader.model import (
    Call,
    Definition,
    Helper,
    Location,
    Outcome,
    Program,
    Proposal,
    RepairRequest,
    Runner,
    Search,
)

Edits = tuple[Proposal, ...]
#: Edits with the definitions that they are made in: those of another function may be the same ones.
Repair = tuple[tuple[Definition, Proposal], ...]
MAX_REVIVED = 4
MAX_FIRST = 2
MAX_BLANKS = 8
MAX_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Other:
    """A right function that shares code with the one in question: it has to stay right."""

    program: Program
    calls: Sequence[Call]
    is_right: Callable[[list[Outcome]], bool]


class Prover:
    """Tries inverse edits of one submission's source. `bound` binds a call's helpers as they were bound; `other`
    gives a right function by its name; `right` are helpers of the student's own that are right. `program` is what the
    function seems to need, `whole` the notebook, `spare` what may have been meant instead."""

    def __init__(
        self,
        runner: Runner,
        program: Program,
        whole: Program,
        spare: tuple[Definition, ...],
        helper: Helper,
        bound: Callable[[Call], Call],
        other: Callable[[str], Other],
        right: Collection[str] = (),
    ) -> None:
        self.runner = runner
        self.right = frozenset(right)
        self.helper = helper
        self.bound = bound
        self.other = other
        self.spare = spare
        self.repairs: list[Repair] = []
        self._spare_names = tuple(name for made in spare for name in made.binds)
        #: Without assertions: one that a student wrote for the wrong result would stop the right one.
        part = replace(program, strip_asserts=True)
        self.whole = part if whole is program else replace(whole, strip_asserts=True)
        self._take(part)

    def _take(self, program: Program) -> None:
        """Look for repairs in this program, and in what is spare."""
        self.program = program
        #: Those of the program, which proposals count, and the spare ones after them.
        self.definitions = (*program.definitions, *(x for x in self.spare if x not in program.definitions))
        self._proposed: dict[RepairRequest, tuple[Proposal, ...]] = {}

    def prove(self, goal: Goal, *, places: int = MAX_PLACES) -> Location | None:
        """The place of a misconception, or None where no edit that was tried suffices.

        With `places` of 1, edits at several places are not tried together.
        """
        return _first(self.edits(goal, places))

    def prove_anew(self, goal: Goal, holds: Callable[[Program], bool]) -> Location | None:
        """The place of a misconception that only a repair tells: the program with it has to hold on new calls, too."""
        chosen = self.edits(goal, 1)
        mended = self._mended(chosen) if chosen else None
        if mended is not None and holds(mended):
            return _first(chosen)
        if chosen:
            self.repairs.pop()
        return None

    def edits(self, goal: Goal, places: int) -> Edits:
        """The edits that suffice; none where there are no such."""
        proposals = self._proposals(goal)
        if not proposals:
            return ()
        chosen = self.runner.explore(self._search(goal, proposals, places), self.helper)
        if chosen is None:
            self._take(self.whole)
            return self.edits(goal, places)
        if chosen:
            self.repairs.append(tuple((self.definitions[one.definition], one) for one in chosen))
        return chosen

    def mended_by(self, goal: Goal, repairs: Sequence[Repair]) -> Location | None:
        """The place of the first of another function's repairs that suffices here."""
        at = {_mark(made): index for index, made in enumerate(self.definitions)}
        here = [
            tuple(replace(one, definition=at[_mark(made)]) for made, one in repair)
            for repair in repairs
            if all(_mark(made) in at for made, _ in repair)
        ]
        return _first(self.runner.explore(self._sufficing(goal, here), self.helper)) if here else None

    def _sufficing(self, goal: Goal, candidates: Sequence[Edits]) -> Search[Edits]:
        for edits in candidates:
            if (yield from self._suffices(goal, edits)):
                return edits
        return ()

    def locate(self, goal: Goal) -> Location | None:
        """The place of a misconception that has its name from elsewhere: any repair that suffices may tell it."""
        found = self.prove(proof.first_tried(goal)) or self.prove(proof.otherwise(goal), places=1)
        if found is not None or self.program is self.whole:
            return found
        self._take(self.whole)  # where a function of another one may have been meant
        return self.prove(proof.forgotten(goal), places=1)

    def open_blank(
        self, function: str, calls: Sequence[Call], is_open: Callable[[int, Outcome], bool]
    ) -> Location | None:
        """The blank without which no call is open any more; None where there is no such."""
        proposals = self.runner.propose(self.definitions, RepairRequest(function, ("blank",)))
        if not proposals:
            return None
        chosen = self.runner.explore(self._filled(proposals, calls, is_open), self.helper)
        return proof.place(chosen[0]) if chosen else None

    def _filled(
        self, proposals: Sequence[Proposal], calls: Sequence[Call], is_open: Callable[[int, Outcome], bool]
    ) -> Search[Edits]:
        sent = [self.bound(call) for call in calls]
        for edits in ((), *((one,) for one in proposals), tuple(proposals[:MAX_BLANKS])):
            definitions = proof.variant(self.definitions, edits)
            if definitions is not None:
                outcomes = yield replace(self.program, definitions=definitions), sent
                if not any(is_open(number, outcome) for number, outcome in enumerate(outcomes)):
                    return edits  # none, where it is not the blanks that matter
        return ()

    def revived(self, goal: Goal, *, only_numbers: bool = False) -> list[Proposal]:
        """The first edits after which a function that stopped, or gave nothing, gives a value on every call;
        `only_numbers`: of the right form."""
        proposals = [one for one in self._proposals(goal) if one.family not in proof.UNREVEALING]
        search = self._revived(goal, proposals, only_numbers)
        return self.runner.explore(search, self.helper) if proposals else []

    def _revived(
        self, goal: Goal, proposals: Sequence[Proposal], only_numbers: bool
    ) -> Search[list[Proposal]]:
        found: list[Proposal] = []
        for one in proposals:
            outcomes = yield from self._try(goal, (one,), range(len(goal.wanted)))
            if outcomes and all(
                proof.gives_numbers(goal, index, outcome)
                if only_numbers
                else proof.gives_values(goal, outcome)
                for index, outcome in enumerate(outcomes)
            ):
                found.append(one)
            if len(found) == MAX_REVIVED:
                break
        return found

    def _proposals(self, goal: Goal) -> list[Proposal]:
        """The edits to try, in execution order; asked for once."""
        request = replace(goal.request, without=self._settled(goal))
        if request not in self._proposed:
            self._proposed[request] = self.runner.propose(self.definitions, request)
        return list(self._proposed[request])

    def _settled(self, goal: Goal) -> tuple[int, ...]:
        """Helpers that right ones stand in for, where an edit could change nothing, and those that a right
        function runs too."""
        right = self.right.union(self.bound(goal.observed.calls[0]).bind)
        return tuple(
            index
            for index, made in enumerate(self.definitions)
            if (made.cell, made.line) in goal.trusted or not right.isdisjoint(made.binds)
        )

    def _place(self, proposal: Proposal) -> tuple[int, int]:
        """Where the edited definition begins."""
        edited = self.definitions[proposal.definition]
        return edited.cell, edited.line

    def _search(self, goal: Goal, proposals: Sequence[Proposal], places: int) -> Search[Edits | None]:
        """The edit, or the few edits at several places, that make everything as wanted; none where none do, and
        None where the program lacks something: a table that decorators of other functions fill."""
        if self.program is not self.whole:
            outcomes = yield from self._try(goal, (), [goal.telling])
            if not outcomes or not proof.is_as_before(goal, goal.telling, outcomes[0]):
                return None
        tried: list[tuple[Proposal, Outcome]] = []
        for one in proposals:
            outcomes = yield from self._try(goal, (one,), [goal.telling])
            if not outcomes:
                continue
            if proof.agrees_on(goal, goal.telling, outcomes[0]) and (yield from self._suffices(goal, (one,))):
                return (one,)
            tried.append((one, outcomes[0]))
        if places == 1 or len(goal.everything - goal.before) < 2:
            return ()
        return (yield from self._several(goal, tried))

    def _several(self, goal: Goal, tried: Sequence[tuple[Proposal, Outcome]]) -> Search[Edits]:
        """Edits at several places: each mends a part and breaks none, together they suffice.

        First those that mend a part of the telling call, then all.
        """
        likely = [one for one, outcome in tried if proof.mends_a_part(goal, goal.telling, outcome)]
        rest = [one for one, _ in tried if one not in likely]
        order = [one for one, _ in tried]
        parts: list[tuple[Proposal, Mended]] = []
        for proposals in (likely, rest):
            for one in proposals:
                outcomes = yield from self._try(goal, (one,), range(len(goal.wanted)))
                now = proof.mended(goal, outcomes) if outcomes else frozenset()
                if now > goal.before:
                    parts.append((one, now))
            chosen = self._cover(goal, sorted(parts, key=lambda part: order.index(part[0])))
            if chosen and (yield from self._suffices(goal, chosen)):
                return chosen
        return (yield from self._in_turn(goal, parts, order))

    def _in_turn(
        self, goal: Goal, parts: Sequence[tuple[Proposal, Mended]], order: Sequence[Proposal]
    ) -> Search[Edits]:
        """Two edits of which the second mends nothing without the first: a layer's cache, and the cache of all
        layers that its gradient goes on to."""
        for first, _ in sorted(parts, key=lambda part: -len(part[1]))[:MAX_FIRST]:
            for second in order:
                outcomes = yield from self._try(goal, (first, second), [goal.telling])
                agrees = bool(outcomes) and proof.agrees_on(goal, goal.telling, outcomes[0])
                if agrees and (yield from self._suffices(goal, (first, second))):
                    return first, second
        return ()

    def _cover(self, goal: Goal, parts: Sequence[tuple[Proposal, Mended]]) -> Edits:
        """Few edits that mend all between them: the first of all, or else those that mend most; none if none do."""
        by_gain = sorted(parts, key=lambda part: -len(part[1]))
        for ordered in (parts, by_gain):
            chosen: list[Proposal] = []
            reached = goal.before
            for one, now in ordered:
                if not now <= reached:
                    chosen.append(one)
                    reached |= now
            if reached == goal.everything and 1 < len(chosen) <= MAX_PLACES:
                return tuple(chosen)
        return ()

    def _suffices(self, goal: Goal, edits: Edits) -> Search[bool]:
        """Whether the edits make everything as wanted, and leave right what shares the code that they change."""
        outcomes = yield from self._try(goal, edits, range(len(goal.wanted)))
        if not outcomes or proof.mended(goal, outcomes) != goal.everything:
            return False
        names = (name for one in edits for name in goal.shared.get(self._place(one), ()))
        for name in tuple(dict.fromkeys(names))[:MAX_OTHERS]:
            if not (yield from self._stays_right(name, edits)):
                return False
        return True

    def _stays_right(self, name: str, edits: Edits) -> Search[bool]:
        other = self.other(name)
        changed = proof.variant(self.definitions, edits) or ()
        new = {
            _mark(old): made
            for old, made in zip(self.definitions, changed, strict=True)
            if made is not old or any(word in one.source for one in edits for word in made.binds)
        }
        new = {_mark(made): made for made in other.program.definitions} | new
        definitions = tuple(sorted(new.values(), key=lambda made: (made.cell, made.line)))
        outcomes = yield replace(other.program, definitions=definitions, strip_asserts=True), other.calls
        return other.is_right(outcomes)

    def _try(self, goal: Goal, edits: Edits, indices: Sequence[int]) -> Search[list[Outcome]]:
        """The outcomes of some calls with these edits made; none where they cannot be made together."""
        program = self._mended(edits)
        if program is None:
            return []
        return (yield program, [self.bound(goal.observed.calls[index]) for index in indices])

    def _mended(self, edits: Edits) -> Program | None:
        """The program with these edits made, and what is spare where they name it; None where they exclude each other."""
        definitions = proof.variant(self.definitions, edits)
        if definitions is None:
            return None
        if any(name in one.source for one in edits for name in self._spare_names):
            definitions = tuple(sorted(definitions, key=lambda made: (made.cell, made.line)))
        else:
            definitions = definitions[: len(self.program.definitions)]
        return replace(self.program, definitions=definitions)


def _mark(made: Definition) -> tuple[int, int, str]:
    return made.cell, made.line, made.source


def _first(edits: Edits) -> Location | None:
    return proof.place(min(edits, key=lambda one: (one.cell, one.line))) if edits else None
