"""Whether a rubric keeps its promise: every misconception is found again, and is taken for no other.

The self-test: the answers that a form gives are explained by exactly its misconception. Separability:
every pair of models with different words is told apart by what the calls give. Both are computed on the
calls of one fixed seed, and written down as a certificate that names the twins that remain.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from grader.diagnose.matching import Matcher
from grader.diagnose.sample import finite_sample
from grader.diagnose.search import MATCH
from grader.judge.components import split
from grader.judge.ready import ready_plan
from grader.judge.verdict import Observed, observe, part_difference
from grader.model import Call, Outcome, Ref, Value
from grader.rubric.plan import Plan
from grader.rubric.schema import Form, FunctionSpec, Misconception, Place, Rubric

#: The certificate is about these calls; a run's own seed draws others of the same sizes.
SEED = 20171


@dataclass(frozen=True, slots=True)
class Twins:
    """Two forms whose numbers are the same on every call of a function, and what decides between them."""

    function: str
    first: Form
    second: Form
    decides: str

    @property
    def undeclared(self) -> bool:
        return not self.decides


@dataclass(frozen=True, slots=True)
class LintReport:
    """`problems` are for the author to mend, `warnings` to think about; `certificate` is for the rubric's reader."""

    problems: tuple[str, ...]
    certificate: str
    warnings: tuple[str, ...] = ()


def lint(rubric: Rubric) -> LintReport:
    """Self-test and separability of a rubric. Takes some seconds."""
    plan = ready_plan(rubric, SEED)
    matcher = Matcher(rubric, plan.oracle)
    found = (
        pair
        for convention in rubric.baselines
        for spec in rubric.functions.values()
        for pair in _twins(plan, matcher, spec, convention)
    )
    twins = list({(pair.function, pair.first.key, pair.second.key): pair for pair in found}.values())
    problems = [
        *_self_test(plan, matcher),
        *(_twin_problem(rubric, pair) for pair in twins if pair.undeclared),
    ]
    return LintReport(tuple(problems), _certificate(plan, matcher, twins), tuple(_unread(plan)))


# ------------------------------------------------------------------------------- formats of one's own


def _unread(plan: Plan) -> Iterator[str]:
    """A private component is right if the notebook's own functions agree on it: some call in place has to read it."""
    for spec in plan.rubric.functions.values():
        for name in spec.private:
            if not any(_reads(call, spec, name) for calls in plan.suite.in_place.values() for call in calls):
                yield (
                    f"function {spec.name!r}: no call in place reads {name!r}, so that with `private` every format of "
                    f"it is wrong but the reference's; add a call that has `result(0, …)` of {spec.name} among its arguments"
                )


def _reads(call: Call, spec: FunctionSpec, component: str) -> bool:
    refs = (arg for step in call.steps for arg in step.args if isinstance(arg, Ref))
    return any(
        call.steps[ref.step].function == spec.name and _within(ref.path, spec.returns[component])
        for ref in refs
    )


def _within(path: tuple[int | str, ...], place: Place) -> bool:
    """Whether what a path leads to, or what it is taken from, is the component."""
    own = place if isinstance(place, tuple) else () if place is None else (place,)
    return all(one == other for one, other in zip(path, own, strict=False))


# ------------------------------------------------------------------------------------- the self-test


def _self_test(plan: Plan, matcher: Matcher) -> Iterator[str]:
    """Every form is wrong somewhere and taken for nothing else; every misconception has one that is found."""
    for found in plan.rubric.misconceptions.values():
        if found.verdict != "wrong" or not found.forms:
            continue
        results = [
            _recognised(plan, matcher, form, name) for form in found.forms for name in _places(plan, form)
        ]
        yield from (f"{found.path}: {text}" for _, text in results if text)
        if found.decides == "values" and not any(recognised for recognised, _ in results):
            yield f"{found.path}: no form of it is recognised in its own numbers{_why_not(plan, found)}"


def _why_not(plan: Plan, found: Misconception) -> str:
    """Why numbers do not tell a misconception, and what its author can do."""
    wrong = [
        part
        for form in found.forms
        for name in _places(plan, form)
        for part in _wrong_parts(plan, form, name)
    ]
    if any(True for part in wrong for _ in finite_sample(part)):
        return ""
    reason = "its wrong values are NaN or infinite" if wrong else "it only stops with an error"
    return f": {reason}, which other errors give, too. Let the repair tell it: `decides: repair`, with `replacements`"


def _wrong_parts(plan: Plan, form: Form, name: str) -> Iterator[Value]:
    """What a form makes wrong, where its calls come to an end."""
    spec = plan.rubric.functions[name]
    baseline = _baseline(plan, form)
    for call, outcome in zip(
        plan.suite.isolated[name], imagined(plan, spec, form, baseline).outcomes, strict=True
    ):
        right = plan.right(call, baseline)
        if right is None or outcome.status != "value":
            continue
        wanted, got = split(spec, right), split(spec, outcome)
        yield from (got[part] for part in got if part_difference(spec, wanted[part], got[part], MATCH))


def _baseline(plan: Plan, form: Form) -> str:
    return next(name for name in plan.rubric.baselines if set(form.drops) <= set(plan.rubric.edits_of(name)))


def _places(plan: Plan, form: Form) -> list[str]:
    return sorted(plan.rubric.functions_of(form) & set(plan.rubric.functions))


def _recognised(plan: Plan, matcher: Matcher, form: Form, function: str) -> tuple[bool, str]:
    """Whether a form is found in its own numbers, and what is wrong with it.

    One that only ever stops with an error is not found by numbers; its repair may still name it.
    """
    convention = _baseline(plan, form)
    observed = imagined(plan, plan.rubric.functions[function], form, convention)
    verdict = matcher.verdict(observed, convention)
    if verdict.passed:
        return False, f"form {form.name!r} gives nothing wrong in {function} on any call"
    explanation = matcher.explain(observed, verdict.failed, convention)
    mine = frozenset({form.misconception})
    if explanation is not None and mine not in (explanation.ids, *explanation.rivals):
        return False, f"form {form.name!r} in {function} is taken for {', '.join(sorted(explanation.ids))}"
    return explanation is not None, ""


def imagined(plan: Plan, spec: FunctionSpec, form: Form, convention: str = "L") -> Observed:
    """What a function with exactly this form would give on the plan's calls."""
    calls = plan.suite.isolated[spec.name]
    predicted = [plan.oracle.predict(call, (form,), convention) for call in calls]
    return observe(
        spec,
        calls,
        [outcome or Outcome(call.id, "not-run") for call, outcome in zip(calls, predicted, strict=True)],
    )


# ------------------------------------------------------------------------------------- separability


def _twins(plan: Plan, matcher: Matcher, spec: FunctionSpec, convention: str) -> Iterator[Twins]:
    """Pairs of forms of different misconceptions that no call of the function tells apart under a convention."""
    forms = [
        form for form in matcher.candidates(spec.name, convention) if _acts(plan, spec, form, convention)
    ]
    for first, second in itertools.combinations(forms, 2):
        if first.misconception != second.misconception and not _apart(plan, spec, first, second, convention):
            yield Twins(spec.name, first, second, _decides(plan.rubric, spec.name, first, second))


def _acts(plan: Plan, spec: FunctionSpec, form: Form, convention: str) -> bool:
    return any(
        not _same(spec, plan.right(call, convention), plan.oracle.predict(call, (form,), convention))
        for call in plan.suite.isolated[spec.name]
    )


def _apart(plan: Plan, spec: FunctionSpec, first: Form, second: Form, convention: str) -> bool:
    return any(
        not _same(
            spec,
            plan.oracle.predict(call, (first,), convention),
            plan.oracle.predict(call, (second,), convention),
        )
        for call in plan.suite.isolated[spec.name]
    )


def _same(spec: FunctionSpec, one: Outcome | None, two: Outcome | None) -> bool:
    if one is None or two is None or one.status != "value" or two.status != "value":
        return one is not None and two is not None and one.status == two.status
    left, right = split(spec, one), split(spec, two)
    return all(
        part_difference(spec, left[name], right[name], MATCH, odd_is_odd=True) is None for name in left
    )


def _decides(rubric: Rubric, function: str, first: Form, second: Form) -> str:
    """What decides between two twins; empty where nothing does."""
    one, two = rubric.misconceptions[first.misconception], rubric.misconceptions[second.misconception]
    if two.id in one.same_text_as or one.id in two.same_text_as:
        return "the same words"
    own = [function in rubric.functions_of(form) for form in (first, second)]
    if own[0] != own[1]:
        return "the function that it is in"
    if one.sure != two.sure:
        return "only one of them is ever sure"
    if not any(own):
        return "the source line, where a callee is inlined"
    if "repair" in (one.decides, two.decides):
        return "the repair that mends it"
    return ""


def _twin_problem(rubric: Rubric, pair: Twins) -> str:
    paths = [rubric.misconceptions[form.misconception].path for form in (pair.first, pair.second)]
    return (
        f"{paths[0]} (form {pair.first.name!r}) and {paths[1]} (form {pair.second.name!r}) give the same numbers in "
        f"{pair.function}: declare `same_text_as`, or change one of them"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _count_forms(rubric: Rubric) -> int:
    return sum(len(found.forms) for found in rubric.misconceptions.values())


def _certificate(plan: Plan, matcher: Matcher, twins: list[Twins]) -> str:
    rubric = plan.rubric
    lines = [
        f"Separability of the rubric {rubric.id}, version {rubric.version}",
        f"sha256 {rubric.sha256}",
        f"{_counted(len(rubric.misconceptions), 'misconception')}, {_counted(_count_forms(rubric), 'form')}",
        "Models of a function are its own forms and those of its helpers, which a student may have inlined.",
        "",
    ]
    for name in rubric.functions:
        forms = matcher.candidates(name, "L")
        calls = len(plan.suite.isolated[name])
        pairs = _counted(len(forms) * (len(forms) - 1) // 2, "pair")
        lines.append(f"{name}: {_counted(len(forms), 'model')} on {_counted(calls, 'call')}, {pairs}")
        lines += [
            f"  {pair.first.key} = {pair.second.key}: decided by {pair.decides or 'nothing'}"
            for pair in twins
            if pair.function == name
        ]
    return "\n".join(lines) + "\n"
