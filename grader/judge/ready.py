"""A rubric that can be graded with: its reference gives every component that the rubric asks for.

What the reference never gives would be compared with nothing, and anything would be right.
"""

from __future__ import annotations

from grader.errors import RubricError
from grader.judge.components import Absent, split
from grader.model import Call, Outcome
from grader.rubric.oracle import run
from grader.rubric.plan import Plan, make_plan
from grader.rubric.reference import fault, locate
from grader.rubric.schema import FunctionSpec, Place, Rubric
from grader.rubric.yaml_file import read_yaml


def ready_plan(rubric: Rubric, seed: int) -> Plan:
    """The plan of a rubric whose reference gives what is asked for. Raises RubricError for any other."""
    plan = make_plan(rubric, seed)
    for group in (plan.suite.isolated, plan.suite.in_place, plan.suite.public):
        for name in rubric.functions.keys() & group.keys():
            for call in group[name]:
                _check_runs(plan, call)
    for spec in rubric.functions.values():
        _check_components(plan, spec)
    return plan


def _check_runs(plan: Plan, call: Call) -> None:
    """The reference comes to an end of each call: what it cannot do, nobody can be asked for."""
    right = plan.right(call)
    if right is None or right.raised is None:
        return
    try:
        run(plan.oracle.functions(), call)
    except Exception as error:
        found = locate(plan.rubric.reference, plan.rubric.folder)
        raise fault(error, found, plan.oracle.source, call.id) from error


def _check_components(plan: Plan, spec: FunctionSpec) -> None:
    outcomes = [outcome for call in plan.suite.isolated[spec.name] if (outcome := plan.right(call))]
    made = [split(spec, outcome) for outcome in outcomes]
    for name, place in spec.returns.items():
        absent = [part for parts in made if isinstance(part := parts[name], Absent)]
        if len(absent) == len(made):
            raise _error(plan.rubric, spec, name, f"{absent[0].why}. {_advice(name, place, outcomes[0])}")


def _advice(name: str, place: Place, outcome: Outcome) -> str:
    if isinstance(place, str) and isinstance(outcome.value, dict) and place in outcome.value:
        return f"`{name}: {place}` stands for keys that are `{place}` and a number; the key itself is `{name}: .{place}`."
    return "Write under `returns` where its result has this component, or take the component out."


def _error(rubric: Rubric, spec: FunctionSpec, component: str, why: str) -> RubricError:
    told = (
        f"function {spec.name!r}: the reference gives no component {component!r} on any isolated call: {why}"
    )
    if rubric.folder is None:
        return RubricError(told)
    file = read_yaml(rubric.folder / "rubric.yaml")
    function = file.data["functions"][spec.name]
    in_returns = isinstance(function["returns"], dict)
    return file.error(
        told, component if in_returns else "returns", function["returns"] if in_returns else function
    )
