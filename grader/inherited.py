"""A function that is wrong just as a right one would be with one of the notebook's own helpers.

Both run the same code (a class's method, say), so the caller asks for no helper by its name, and none can be exchanged in it.
But the reference can be run with the student's helper in the place of its own: if that gives what the caller gave, all
that is wrong with the caller is the helper's, and costs nothing a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from grader.bench import Bench
from grader.diagnose.finding import Finding
from grader.judge.components import split
from grader.judge.verdict import Observed, part_difference
from grader.model import Call, Step, Value
from grader.rubric.oracle import apply

PRECISION = 1e-6
#: A loop that a helper's wrong values keep going would ask for ever.
_MOST_CALLS = 60


def inherited(bench: Bench, findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """Findings that nothing explains, and that a helper's error accounts for altogether."""
    changed = {}
    for name, finding in findings.items():
        if not finding.failed or not finding.is_riddle or finding.in_place:
            continue
        wrong = [one for one in finding.spec.helpers if one in findings and findings[one].failed]
        helper = next((one for one in wrong if _accounts_for(bench, finding, one)), None)
        if helper is not None:
            changed[name] = replace(finding, follows_on=finding.failed, follows_functions=(helper,))
    return changed


def _accounts_for(bench: Bench, finding: Finding, helper: str) -> bool:
    functions = bench.plan.oracle.functions(finding.convention)
    if finding.observed is None or not functions:  # a student pack has no reference
        return False
    module = _with(functions, helper, _asked_of(bench, helper, finding.convention))
    return all(_is_same(finding.observed, index, module) for index in range(len(finding.observed.calls)))


def _with(functions: Mapping[str, Any], helper: str, own: Callable[..., Value]) -> dict[str, Any]:
    """The reference's functions, which call each other, with another one for this helper."""
    module: dict[str, Any] = dict(functions)
    for name, made in functions.items():
        if isinstance(made, FunctionType):
            module[name] = FunctionType(made.__code__, module, name, made.__defaults__)
    module[helper] = own
    return module


def _asked_of(bench: Bench, helper: str, convention: str) -> Callable[..., Value]:
    """The student's own function, which runs in the sandbox."""
    asked = 0

    def own(*args: Value) -> Value:
        nonlocal asked
        asked += 1
        call = Call(f"{helper}/within-{asked}", helper, (Step(helper, args),))
        outcome = bench.run([bench.bound(call, convention)])[0] if asked <= _MOST_CALLS else None
        if outcome is None or outcome.status != "value":
            raise ValueError(f"{helper} gives no value here")
        return outcome.value

    return own


def _is_same(observed: Observed, index: int, module: Mapping[str, Any]) -> bool:
    made = apply(module, observed.calls[index])
    if made.status != "value":
        return False
    parts, got = split(observed.spec, made), observed.parts[index]
    return all(part_difference(observed.spec, parts[name], got[name], PRECISION) is None for name in parts)
