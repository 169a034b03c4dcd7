"""Solutions in a dozen personal styles: right ones get full marks, marked bugs are named exactly."""

from __future__ import annotations

from functools import cache

import pytest
from grading_world import Graded

from benchmarks.diagnosis_styles import STYLES, Case, Style, parse, single_cases
from grader.pipeline import Grader

NAMES = sorted(path.stem for path in STYLES.glob("*.txt"))
#: A few bugs of each style whose form is its own: (style, function, marker).
BUGS = (
    ("terse_french", "linear_backward", "missing-1-over-m@dW"),
    ("terse_french", "linear_backward", "db-missing-keepdims"),
    ("terse_french", "L_model_forward", "hidden-layers-sigmoid"),
    ("terse_french", "L_model_backward", "dal-wrong-sign"),
    ("einsum", "linear_forward", "forward-transposed-weights"),
    ("einsum", "linear_backward", "doubled-1-over-m@db"),
    ("einsum", "relu_backward", "relu-mask-on-da"),
    ("einsum", "compute_cost", "cost-half-factor"),
    ("caches_and_tables", "linear_forward", "forward-cache-order"),
    ("caches_and_tables", "linear_backward", "one-over-n"),
    ("caches_and_tables", "L_model_backward", "dal-includes-1-over-m"),
    ("caches_and_tables", "update_parameters", "update-bias-missing"),
    ("recursive", "initialize_parameters_deep", "init-shape-swapped"),
    ("recursive", "L_model_forward", "forward-not-chained"),
    ("recursive", "linear_backward", "missing-1-over-m"),
    ("recursive", "L_model_backward", "backward-not-chained"),
    ("lambdas", "compute_cost", "cost-wrong-sign-between-terms"),
    ("lambdas", "linear_backward", "wrong-sign@db"),
    ("lambdas", "linear_activation_backward", "activation-backward-swapped"),
    ("lambdas", "update_parameters", "update-plus-sign"),
    ("columns_russian", "linear_forward", "forward-missing-bias"),
    ("columns_russian", "compute_cost", "cost-missing-1-over-m"),
    ("columns_russian", "linear_backward", "extra-1-over-m"),
    ("columns_russian", "L_model_backward", "backward-layer-missing"),
    ("numpy_functions", "L_model_forward", "forward-layer-missing"),
    ("numpy_functions", "compute_cost", "cost-missing-minus"),
    ("numpy_functions", "linear_backward", "doubled-1-over-m@dW"),
    ("numpy_functions", "L_model_backward", "backward-da-not-stored"),
    ("examples_and_closures", "L_model_forward", "hidden-layers-sigmoid"),
    ("examples_and_closures", "compute_cost", "cost-log-base"),
    ("examples_and_closures", "linear_backward", "one-over-n@dW"),
    ("examples_and_closures", "L_model_backward", "dal-is-dz"),
    ("folds", "L_model_forward", "last-layer-relu"),
    ("folds", "L_model_backward", "returns-none"),
    ("physicist", "L_model_backward", "backward-wrong-cache@index"),
    ("physicist", "update_parameters", "update-bias-missing"),
    ("beginner_german", "L_model_backward", "backward-key-off-by-one@keys"),
    ("beginner_german", "update_parameters", "update-missing-learning-rate@W"),
    ("torch_modules", "L_model_backward", "dal-includes-1-over-m"),
)


@cache
def style(name: str) -> Style:
    return parse(STYLES / f"{name}.txt")


def cases(name: str, kind: str) -> list[Case]:
    return [case for case in single_cases(style(name)) if case.kind == kind]


def graded(dnn: Grader, case: Case) -> Graded:
    return Graded(dnn.grade(case.notebook(), "style.ipynb", case.name, None))


@pytest.mark.parametrize("name", NAMES)
def test_a_right_solution_gets_full_marks(dnn: Grader, name: str) -> None:
    (case,) = cases(name, "clean")
    found = graded(dnn, case)
    assert found.full_marks, found.report.functions
    assert not found.ids
    assert found.report.convention == "L"


@pytest.mark.parametrize("name", NAMES)
def test_rewrites_get_full_marks(dnn: Grader, name: str) -> None:
    rewrites = cases(name, "ok")
    assert len(rewrites) >= 5
    for case in rewrites:
        found = graded(dnn, case)
        assert found.full_marks, (case.name, found.report.functions)
        assert not found.ids, case.name


@pytest.mark.parametrize("name", NAMES)
def test_a_consistent_J_gets_full_marks(dnn: Grader, name: str) -> None:
    (case,) = cases(name, "j")
    found = graded(dnn, case)
    assert found.full_marks, found.report.functions
    assert found.report.convention == "J"


@pytest.mark.parametrize(("name", "function", "label"), BUGS)
def test_a_bug_is_named_exactly(dnn: Grader, name: str, function: str, label: str) -> None:
    wanted = f"{name}/{function}:{label}"
    case = next(case for case in cases(name, "bug") if case.name == wanted)
    found = graded(dnn, case).ids
    assert found[function] == case.expected
    assert set().union(*found.values()) == case.expected, "named elsewhere too, but as nothing else"


@pytest.mark.parametrize("name", NAMES)
def test_errors_outside_the_catalogue_are_caught(dnn: Grader, name: str) -> None:
    for case in cases(name, "x")[::4]:
        assert not graded(dnn, case).full_marks, case.name


@pytest.mark.parametrize("name", NAMES)
def test_a_style_has_enough_markers(name: str) -> None:
    made = style(name).markers
    assert len([marker for marker in made if marker.kind == "bug"]) >= 40
    assert all(marker.function for marker in made), "a marker outside of the graded functions"
