"""A rubric and a seed → the calls to make and the oracle that knows what they should give."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from grader.model import Call, Outcome
from grader.references.suite import Suite
from grader.rubric.edits import edited_function
from grader.rubric.oracle import ReferenceOracle, RightHelper
from grader.rubric.reference import check_suite, input_maker, locate, told
from grader.rubric.schema import Rubric


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls by function for one seed. `make_suite` makes the same kind of calls for another seed."""

    rubric: Rubric
    seed: int
    suite: Suite
    oracle: ReferenceOracle
    helper: RightHelper
    make_suite: Callable[..., Suite] = field(repr=False)
    handed_out: Mapping[str, str] = field(default_factory=dict)
    """Functions that the course's own modules hand out to every student → their source: no secret."""
    _bound: dict[tuple[int, tuple[str, ...], str, bool], Call] = field(default_factory=dict, repr=False)

    def fresh(self, submission: bytes, only: Collection[str]) -> Suite:
        """Calls that no other submission gets: their seed is an HMAC of the run's seed and the bytes."""
        key = hmac.new(str(self.seed).encode(), submission, hashlib.sha256).digest()
        return self.make_suite(self.oracle.functions(), int.from_bytes(key[:6], "big"), only=only)

    def bound(self, call: Call, bind: tuple[str, ...], convention: str, *, watched: bool = True) -> Call:
        """The call with right helpers of a convention: one object for all submissions, so that it is packed once.

        Fresh calls are made for one submission and are not kept. Unless `watched`, it is run but once, and what
        it changes is not looked at.
        """
        letter, watch = _letter(convention), call.watch and watched
        if not self._planned(call):
            return replace(call, bind=bind, convention=letter, watch=watch)
        key = (id(call), bind, letter, watch)
        if key not in self._bound:
            self._bound[key] = replace(call, bind=bind, convention=letter, watch=watch)
        return self._bound[key]

    def _planned(self, call: Call) -> bool:
        return any(call is one for one in self.suite.isolated.get(call.function, ()))

    def right(self, call: Call, convention: str = "L") -> Outcome | None:
        """The right outcome of a call."""
        return self.oracle.predict(call, (), convention)


def _letter(convention: str) -> Literal["L", "J"]:
    return "J" if convention.startswith("J") else "L"


def make_plan(rubric: Rubric, seed: int) -> Plan:
    """Plan a rubric's calls. Raises RubricError for a maker of inputs that stops or gives no Suite of its functions."""
    oracle = ReferenceOracle(rubric)
    make_suite = input_maker(rubric.reference, rubric.folder)
    with told(locate(rubric.reference, rubric.folder), oracle.source):
        functions = oracle.functions()
    suite = make_suite(functions, seed)
    check_suite(suite, rubric.reference, rubric.folder, rubric.functions)
    return Plan(
        rubric,
        seed,
        suite,
        oracle,
        RightHelper(oracle),
        make_suite,
        {name: edited_function(oracle.source, name, ()) or "" for name in _handed_out(rubric)},
    )


def _handed_out(rubric: Rubric) -> Iterable[str]:
    """What a course module offers, need not be in the notebook, and calls nothing else: its code stands alone."""
    offered = {name for stand_in in rubric.stand_ins for name in stand_in.offers}
    functions = rubric.functions.items()
    return (name for name, spec in functions if spec.optional and name in offered and not spec.helpers)
