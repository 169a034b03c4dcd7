"""How well errors are named: coding styles × every marked misconception × pairs, mutants, rewrites.

    python benchmarks/diagnosis.py [--quick] [--mutants 2000] [--pairs 40] [--no-ablations]
                                   [--misses FILE] [--update docs/diagnosis.md]

Prints shares with 95 % Clopper–Pearson intervals, per function and in all, and what is lost when a part of
the method is taken away. Mutants are random changes that know nothing of the catalogue; whether a name
given to one is true is decided here, on inputs of this benchmark's own: the mutant has to give what the
reference with that misconception built in gives. One process; nothing but the sandbox runs beside it.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import itertools
import platform
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import diagnosis_tally as tally
from benchmarks import diagnosis_truth as truth
from benchmarks.diagnosis_mutants import Mutant, mutants
from benchmarks.diagnosis_styles import (
    GRADED,
    OPTIONAL,
    Case,
    Style,
    load_styles,
    pair_cases,
    render,
    single_cases,
    strip_magics,
)
from grader import session
from grader.diagnose.convention import Exponents
from grader.model import Call
from grader.pipeline import Grader
from grader.references.suite import Suite
from grader.rubric.load import load_rubric
from grader.rubric.oracle import build_module
from grader.rubric.plan import Plan
from grader.rubric.schema import Form
from grader.worker.sandbox import Sandbox

SEED = 20
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"
#: Ids that the shape of the code tells, not a wrong number: a mutant that returns None has them truly.
_BY_STATUS = frozenset(
    {"not-implemented", "returns-none", "uses-global", "loop-left-empty", "stale-assertion"}
)


def grade(grader: Grader, cases: Iterable[Case]) -> Iterator[tally.Result]:
    for case in cases:
        yield tally.Result(case, grader.grade(case.notebook(), case.name, case.name, None))


# ------------------------------------------------------------------------------- mutants


def mutant_cases(style: Style, count: int, helpers: Mapping[str, Any], rng: random.Random) -> list[Case]:
    """`count` mutants that change a result, evenly over the functions, and those without effect met on the way."""
    right = render(style)
    names = [name for name in (*GRADED, *OPTIONAL) if name in truth.namespace(right, helpers)]
    quota = dict.fromkeys(names, -(-count // len(names)))
    made: list[Case] = []
    for number, mutant in enumerate(mutants(style, rng)):
        if not any(quota.values()) or number > 40 * count:
            break
        if quota.get(mutant.function, 0) and (case := _mutant_case(mutant, right, helpers, number)):
            quota[mutant.function] -= case.kind == "mutant"
            made.append(case)
    return made


def _mutant_case(mutant: Mutant, right: str, helpers: Mapping[str, Any], number: int) -> Case | None:
    """None for a mutant that does not parse or never ends."""
    try:
        ast.parse(strip_magics(mutant.source))
    except SyntaxError:
        return None
    if _endless(mutant, right, helpers):
        return None
    wrong = truth.wrong_functions(mutant.source, right, helpers)
    name = f"{mutant.style}/{number} {mutant.function} {mutant.operator}: {mutant.before} → {mutant.after}"
    kind = "mutant" if wrong else "equal"
    return Case(name[:180].replace("\n", " "), kind, mutant.source, frozenset(), (mutant.function,))


def _endless(mutant: Mutant, right: str, helpers: Mapping[str, Any]) -> bool:
    mine, others = truth.namespace(mutant.source, helpers), truth.namespace(right, helpers)
    name = mutant.function
    return name in mine and "too slow" in [r for r in truth.results(name, mine, others) if isinstance(r, str)]


def checked(result: tally.Result, right: str, plan: Plan) -> tally.Result:
    """The result, with those sure names that are not true: what the form gives is not what the function gives."""
    untrue = {
        misconception
        for function in result.report.functions
        for misconception in _untrue(result, function.name, _sure(result, function.name), right, plan)
    }
    return replace(result, untrue=frozenset(untrue))


def _sure(result: tally.Result, function: str) -> frozenset[str]:
    found = next(f for f in result.report.functions if f.name == function)
    return frozenset(d.misconception for d in found.diagnoses if d.evidence in ("matched", "proved"))


def _untrue(
    result: tally.Result, function: str, ids: frozenset[str], right: str, plan: Plan
) -> frozenset[str]:
    if "uses-global" in ids and not truth.makes_every_name(result.case.source):
        return ids  # there is no such variable in the notebook
    if not ids or ids <= _BY_STATUS:
        return frozenset()
    helpers = plan.oracle.functions()
    mine = truth.with_right_helpers(function, result.case.source, right, helpers)
    inputs = truth.namespace(right, helpers)
    got = list(truth.results(function, mine, inputs))
    for forms in _combinations(plan, ids - _BY_STATUS):
        wrong = build_module(plan.oracle.source, frozenset(edit for form in forms for edit in form.edits))
        if wrong and all(map(truth.same, got, truth.results(function, wrong, helpers))):
            return frozenset()
    return ids


def _combinations(plan: Plan, ids: Iterable[str]) -> Iterator[tuple[Form, ...]]:
    """Sets of forms with exactly these ids: one or two forms of each."""
    choices = []
    for name in sorted(ids):
        forms = plan.rubric.misconceptions[name].forms
        choices.append([*((form,) for form in forms), *itertools.combinations(forms, 2)])
    for chosen in itertools.islice(itertools.product(*choices), 4000):
        yield tuple(form for group in chosen for form in group)


# ------------------------------------------------------------------------------- ablations


def _filtered(suite: Suite, keep: Callable[[Sequence[Call]], Sequence[Call]]) -> Suite:
    isolated = {name: tuple(keep(calls)) for name, calls in suite.isolated.items()}
    in_place = {name: tuple(keep(calls)) for name, calls in suite.in_place.items()}
    return replace(suite, isolated=isolated, in_place=in_place)


def with_suite(
    grader: Grader, keep: Callable[[Sequence[Call]], Sequence[Call]], *, fresh: bool = True
) -> Grader:
    """A grader whose plan keeps some calls only; without `fresh`, no explanation is tried on new calls."""
    made = Grader(grader.rubric, grader.runner, SEED)
    plan = made.plan

    def make_suite(*args: Any, **options: Any) -> Suite:
        fresh_suite = plan.make_suite(*args, **options)
        return _filtered(fresh_suite, keep if fresh else lambda calls: ())

    made.plan = replace(plan, suite=_filtered(plan.suite, keep), make_suite=make_suite)
    return made


def one_call(calls: Sequence[Call]) -> Sequence[Call]:
    """One course-like case: the first; for a random function or one with two branches, one of each."""
    seen: dict[object, Call] = {}
    for call in calls:
        words = tuple(arg for arg in call.steps[-1].args if isinstance(arg, str))
        seen.setdefault(words, call)
    return tuple(seen.values())


def no_squares(calls: Sequence[Call]) -> Sequence[Call]:
    """Without calls that hold a square matrix of weights; all of them where nothing would be left."""
    return tuple(call for call in calls if not _has_square(call.steps)) or calls


def _has_square(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.shape[0] == value.shape[1] > 1
    if isinstance(value, dict):
        return any(map(_has_square, value.values()))
    if isinstance(value, tuple | list):
        return any(map(_has_square, value))
    return hasattr(value, "args") and _has_square(value.args)


def ablated(
    grader: Grader, cases: Sequence[Case], right: Mapping[str, str]
) -> Iterator[tuple[str, list[tally.Result]]]:
    def run(made: Grader) -> list[tally.Result]:
        return [_with_truth(r, right, made.plan) for r in grade(made, cases)]

    everything: Callable[[Sequence[Call]], Sequence[Call]] = lambda calls: calls
    yield "the whole method", run(with_suite(grader, everything))
    yield "one course-like case only", run(with_suite(grader, one_call, fresh=False))
    yield "no fresh calls", run(with_suite(grader, everything, fresh=False))
    yield "no square shapes", run(with_suite(grader, no_squares))
    with mock.patch.object(session, "measure", lambda *_: Exponents()):
        yield "no convention solver", run(with_suite(grader, everything))


def _with_truth(result: tally.Result, right: Mapping[str, str], plan: Plan) -> tally.Result:
    if result.case.kind not in tally.UNKNOWN_KINDS or not result.sure:
        return result
    return checked(result, right[result.case.name.split("/")[0]], plan)


# ------------------------------------------------------------------------------- the run


def populations(styles: Sequence[Style], options: argparse.Namespace, plan: Plan) -> list[Case]:
    cases: list[Case] = []
    for style in styles:
        rng = random.Random(f"{SEED}/{style.name}")
        singles = single_cases(style)
        if options.quick:
            singles = [c for c in singles if c.kind in ("clean", "j")] + rng.sample(
                [c for c in singles if c.kind not in ("clean", "j")], 20
            )
        cases += singles
        cases += pair_cases(style, options.pairs // len(styles) or 1, rng)
        cases += mutant_cases(style, options.mutants // len(styles) or 1, plan.oracle.functions(), rng)
    return cases


def report(results: Sequence[tally.Result], rows: Sequence[tuple[str, Sequence[tally.Result]]]) -> str:
    kinds = {
        kind: sum(r.case.kind == kind for r in results)
        for kind in ("clean", "ok", "j", "equal", "bug", "pair", "x", "mutant")
    }
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, seed {SEED}"
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    parts = [
        f"Measured {datetime.date.today().isoformat()}, {versions}. Notebooks: {counts}.",
        tally.overall(results),
        _times(results),
        "Per function (single errors and errors outside the catalogue):",
        tally.by_function(results, (*GRADED, *OPTIONAL)),
    ]
    if rows:
        parts += [f"Ablations, on {len(rows[0][1])} of the notebooks:", tally.ablations(rows)]
    return "\n\n".join(parts)


def _times(results: Sequence[tally.Result]) -> str:
    right = statistics.median(r.report.seconds for r in results if r.full_marks)
    wrong = statistics.median(r.report.seconds for r in results if r.case.kind in tally.BUG_KINDS)
    return (
        f"Median time of a wrong submission, diagnosed and proved, over that of a right one, in one run: "
        f"{wrong / right:.1f} ({1000 * wrong:.0f} ms / {1000 * right:.0f} ms; the machine was shared)."
    )


def _interleaved(cases: Sequence[Case]) -> list[Case]:
    """In random order, so that a busy minute of the machine falls on right and wrong ones alike."""
    return random.Random(SEED).sample(list(cases), len(cases))


def main() -> int:
    options = _options()
    styles = load_styles()
    right = {style.name: render(style) for style in styles}
    with Sandbox.start("best") as sandbox:
        grader = Grader(load_rubric("dnn-step-by-step"), sandbox, SEED)
        cases = populations(styles, options, grader.plan)
        list(grade(grader, [c for c in cases if c.kind == "clean"]))  # what is made once is made before
        results = [_with_truth(r, right, grader.plan) for r in grade(grader, _interleaved(cases))]
        _tell_misses(results, options.misses)
        sample = random.Random(SEED).sample(cases, min(len(cases), options.ablation))
        sample += [c for c in cases if c.kind == "j" and c not in sample]
        rows = [] if options.no_ablations else list(ablated(grader, sample, right))
    text = report(results, rows)
    print(text)
    if options.update:
        _update(options.update, text)
    return 0


def _tell_misses(results: Sequence[tally.Result], path: Path | None) -> None:
    lines = [tally.miss(r) for r in results if not r.good]
    lines += [
        f"unplaced {tally.miss(r)} places {r.case.places}"
        for r in results
        if r.good and r.case.kind in tally.BUG_KINDS and r.placed() < len(r.case.expected)
    ]
    lines += [
        f"true name {tally.miss(r)}"
        for r in results
        if r.good and r.case.kind in tally.UNKNOWN_KINDS and r.sure
    ]
    if path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _update(path: Path, text: str) -> None:
    """Put the figures between the page's marks."""
    page = path.read_text(encoding="utf-8")
    new = re.sub(f"{_BEGIN}.*{_END}", lambda _: f"{_BEGIN}\n{text}\n{_END}", page, flags=re.DOTALL)
    path.write_text(new, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few notebooks of each kind")
    parser.add_argument("--mutants", type=int, default=2000, help="in all, over the styles")
    parser.add_argument("--pairs", type=int, default=240, help="in all, over the styles")
    parser.add_argument("--ablation", type=int, default=300, help="notebooks for each ablation")
    parser.add_argument("--no-ablations", action="store_true")
    parser.add_argument("--misses", type=Path, help="write one line for each miss")
    parser.add_argument("--update", type=Path, help="a page with the marks between which the figures go")
    options = parser.parse_args()
    if options.quick:
        options.mutants, options.pairs = min(options.mutants, 60), min(options.pairs, 12)
        options.ablation = min(options.ablation, 60)
    return options


if __name__ == "__main__":
    sys.exit(main())
