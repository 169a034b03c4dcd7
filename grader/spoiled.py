"""Functions that are right when they are called alone, and with which another one goes wrong.

One that changes what it is handed spoils what its caller goes on using. The caller's own code is not to blame: with
right helpers it is right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from grader.bench import Bench
from grader.diagnose.finding import Finding, Spoiled
from grader.diagnose.matching import Matcher
from grader.judge.compare import Difference
from grader.judge.verdict import Observed, Verdict

ALONE = Difference("in-use", "right alone")


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was found of a function with helpers of the notebook's `own`, before right ones for all made it right."""

    finding: Finding
    own: Collection[str]


def spoilers(
    bench: Bench, matcher: Matcher, findings: Mapping[str, Finding], doubts: Mapping[str, Doubt]
) -> dict[str, Finding]:
    """Those that have to be exchanged for right ones, so that a function that is right stays right."""
    failing: dict[str, Finding] = {}
    for name, doubt in doubts.items():
        own = [helper for helper in doubt.own if findings[helper].is_right and helper not in failing]
        if findings[name].is_right and not doubt.finding.hung:
            helper = _spoiler(bench, matcher, doubt.finding, own)
            if helper:
                failing[helper] = _failing(findings[helper], Spoiled(name, _changed(bench, helper, own)))
    return failing


def _spoiler(bench: Bench, matcher: Matcher, caller: Finding, own: Collection[str]) -> str:
    """The helper that has to be right for its caller to be so, if any has to.

    Right ones come with right helpers, so each is tried after its own.
    """
    helpers = [name for name in caller.spec.helpers if name in own]
    ordered = [name for layer in bench.helpers_first(helpers) for name in layer]
    for helper in ("", *ordered):
        observed = _observed(bench, caller, [name for name in own if name != helper])
        if matcher.verdict(observed, caller.convention).passed:
            return helper
    return ""


def _failing(finding: Finding, spoiled: Spoiled) -> Finding:
    """A right function that fails all the same."""
    parts = {name: ALONE for name in finding.spec.returns if name not in finding.spec.private}
    return replace(
        finding, verdict=Verdict({**dict.fromkeys(finding.spec.returns), **parts}), spoiled=spoiled
    )


def _observed(bench: Bench, caller: Finding, own: Collection[str]) -> Observed:
    name = caller.spec.name
    return bench.observe({name: caller.calls}, lambda _: caller.convention, own)[name]


def _changed(bench: Bench, helper: str, own: Collection[str]) -> tuple[str, ...]:
    """The parameters of a helper whose arguments it changes."""
    calls = [replace(call, watch=True) for call in bench.plan.suite.isolated[helper]]
    outcomes = bench.observe({helper: calls}, lambda _: "L", own)[helper].outcomes
    changed = sorted({index for outcome in outcomes for index in outcome.changed_args})
    parameters = bench.plan.rubric.functions[helper].parameters
    return tuple(parameters[index] for index in changed if index < len(parameters))
