"""The misconception files of dnn-step-by-step: complete, well worded, real edits, no two alike."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from grader.feedback.lint import problems
from grader.model import Call, Feedback, Outcome, Step, Value
from grader.references.dnn_inputs import make_suite
from grader.rubric.edits import compose
from grader.rubric.load import load_rubric, load_source
from grader.rubric.oracle import apply, build_module
from grader.rubric.schema import Edit, Form

RUBRIC = load_rubric("dnn-step-by-step")
SOURCE = load_source("dnn")
FORMS = {form.key: form for found in RUBRIC.misconceptions.values() for form in found.forms if form.edits}

#: Ids that reports and other systems rely on: none may be renamed or dropped.
FIXED = re.findall(
    r"\S+",
    """
init-zeros init-missing-scale init-scale-other init-shape-swapped init-bias-random forward-missing-bias
forward-transposed-weights forward-cache-order activation-swapped activation-missing hidden-layers-sigmoid
last-layer-relu forward-not-chained forward-layer-missing forward-cache-missing cost-missing-minus
cost-missing-1-over-m cost-doubled-1-over-m cost-missing-second-term cost-wrong-sign-between-terms cost-log-base
cost-not-squeezed cost-half-factor cost-squared-error cost-swapped-y-a missing-1-over-m doubled-1-over-m one-over-n
extra-1-over-m wrong-sign db-missing-keepdims db-wrong-axis db-sum-all dw-transposed da-prev-missing-transpose
activation-derivative-missing-da sigmoid-derivative-of-a sigmoid-derivative-wrong relu-mask-missing relu-mask-on-da
activation-backward-swapped dal-wrong-sign dal-includes-1-over-m dal-is-dz dal-missing-second-term
dal-wrong-sign-between-terms dal-squared-error dal-swapped-division backward-last-layer-relu
backward-hidden-layers-sigmoid backward-not-chained backward-wrong-cache backward-key-off-by-one
backward-layer-missing update-plus-sign update-missing-learning-rate update-layer-missing update-bias-missing
uses-global returns-none not-implemented backward-passes-al backward-da-key-fixed cache-not-unpacked
forward-stale-input stale-assertion loop-left-empty
""",
)

#: Errors in one function that learners make together: their edits must not overlap.
TOGETHER = re.findall(
    r"(\S+) (\S+)",
    """
cost-missing-minus@missing cost-missing-1-over-m@sum
cost-missing-minus@missing cost-missing-second-term@missing
cost-missing-1-over-m@sum cost-half-factor@half
cost-missing-1-over-m@sum cost-not-squeezed@matrix
cost-log-base@log2 cost-wrong-sign-between-terms@minus
cost-squared-error@mean cost-missing-1-over-m@sum
missing-1-over-m@dW db-missing-keepdims@vector
missing-1-over-m@db db-wrong-axis@row
missing-1-over-m@db db-sum-all@scalar
wrong-sign@dW missing-1-over-m@dW
wrong-sign@dW dw-transposed@transposed
wrong-sign@db db-missing-keepdims@vector
wrong-sign@dA_prev da-prev-missing-transpose@untransposed
extra-1-over-m@dA_prev da-prev-missing-transpose@untransposed
dal-wrong-sign@plus dal-is-dz@difference
dal-wrong-sign@plus dal-includes-1-over-m@divided
dal-wrong-sign@plus dal-missing-second-term@missing
dal-is-dz@difference dal-includes-1-over-m@divided
backward-not-chained@hidden backward-hidden-layers-sigmoid@all
backward-da-key-fixed@output-gradient backward-wrong-cache@hidden-reversed
hidden-layers-sigmoid@all last-layer-relu@output
forward-not-chained@hidden forward-cache-missing@output
forward-missing-bias@missing forward-cache-order@W-A-b
init-missing-scale@both init-shape-swapped@both
init-missing-scale@W1 init-bias-random@both
update-plus-sign@W update-missing-learning-rate@W
update-plus-sign@W update-bias-missing@b
""",
)


# ------------------------------------------------------------------------------------------ words and keys


def test_no_fixed_id_is_missing() -> None:
    assert sorted(set(FIXED) - set(RUBRIC.misconceptions)) == []


def test_the_catalogue_is_large_and_names_what_is_accepted() -> None:
    assert len(RUBRIC.misconceptions) >= 120
    assert sum(found.verdict == "right" for found in RUBRIC.misconceptions.values()) >= 4


@pytest.mark.parametrize("name", RUBRIC.misconceptions)
def test_words_and_keys(name: str) -> None:
    assert problems(RUBRIC.misconceptions[name], RUBRIC) == []


GOOD = RUBRIC.misconceptions["missing-1-over-m"]


@pytest.mark.parametrize(
    ("level", "text", "said"),
    [
        ("nudge", "Look at how you deal with m.", "'you'"),
        ("nudge", "Is m used?", "'?'"),
        ("nudge", "Divide by m: `np.dot(dZ, A_prev.T) / m`.", "given away"),
        ("nudge", "Remove the sum.", "names the change"),
        ("nudge", "x" * 250 + ".", "characters"),
        ("nudge", "One. Two. Three. Four.", "4 sentences"),
        ("nudge", "Look at `dW.", "backticks"),
        ("nudge", "Look at {where}.", "placeholders"),
        ("fix", "Divide by m", "no full stop at the end"),
        ("explanation", "The sum is " + "very " * 30 + "large.", "a sentence of"),
    ],
)
def test_the_lint_sees_unfit_words(level: str, text: str, said: str) -> None:
    words = {name: getattr(GOOD.feedback, name) for name in ("nudge", "explanation", "fix")}
    planted = replace(GOOD, feedback=Feedback(**{**words, level: text}))
    assert any(said in problem for problem in problems(planted, RUBRIC))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": "The gradient is wrong."}, "title"),
        ({"repairs": ("magic",)}, "repairs"),
        ({"see": ("no-such-id",)}, "see"),
        ({"credit": 1.0}, "credit"),
        ({"forms": ()}, "forms"),
        ({"replacements": ("np.dot({0}, {1}",), "repairs": ("formula",)}, "does not parse"),
        ({"replacements": ("{dz} / 2",), "repairs": ("formula",)}, "neither a parameter"),
    ],
)
def test_the_lint_sees_unfit_keys(changed: Mapping[str, object], said: str) -> None:
    planted = replace(GOOD, **changed)  # type: ignore[arg-type]
    assert any(said in problem for problem in problems(planted, RUBRIC))


# ------------------------------------------------------------------------------------------ numbers


def _extra_calls() -> dict[str, tuple[Call, ...]]:
    """Beyond the suite: layers in which every product has a value, Z with an exact 0, saturated predictions."""
    rng = np.random.default_rng(11)
    square = (rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 1)))
    Z, dA = np.array([[0.0, 1.0, -1.0], [2.0, -3.0, 0.5]]), rng.normal(size=(2, 3))
    return {
        "linear_forward": (_call("linear_forward", *square),),
        "linear_backward": (_call("linear_backward", rng.normal(size=(3, 3)), square),),
        "relu_backward": (_call("relu_backward", dA, Z),),
        "compute_cost": (_call("compute_cost", np.array([[0.0, 0.3, 1.0]]), np.array([[0.0, 1.0, 1.0]])),),
    }


def _call(function: str, *args: Value) -> Call:
    return Call(f"{function}/extra", function, (Step(function, args),))


RIGHT = build_module(SOURCE, frozenset()) or {}
EXTRA = _extra_calls()
CALLS = {name: (*calls, *EXTRA.get(name, ())) for name, calls in make_suite(RIGHT, 5).isolated.items()}


def _rounded(value: Value) -> Value:
    """A value with every float at nine digits, so that equal answers compare equal."""
    if isinstance(value, dict):
        return tuple(sorted((str(key), _rounded(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(_rounded(item) for item in value)
    if isinstance(value, str) or value is None:
        return value
    array = np.asarray(value, dtype=float)
    return array.shape, tuple(f"{float(x) + 0.0:.8e}" for x in array.ravel())


def _print_of(outcome: Outcome) -> Value:
    return ("raised",) if outcome.raised else _rounded(outcome.value)


@lru_cache(maxsize=4096)
def answers(edits: frozenset[Edit], function: str, first: int | None = None) -> tuple[Value, ...] | None:
    """What the edited reference gives on every (or the first) calls of a function; None where edits overlap."""
    module = build_module(SOURCE, edits)
    return (
        None if module is None else tuple(_print_of(apply(module, call)) for call in CALLS[function][:first])
    )


def right_answers(function: str) -> tuple[Value, ...]:
    found = answers(frozenset(), function)
    assert found is not None
    return found


def shows(given: Iterable[Value], function: str) -> bool:
    """Whether some answer is a value, and another one than the reference's."""
    return any(
        one not in (("raised",), wanted) for one, wanted in zip(given, right_answers(function), strict=True)
    )


def test_the_reference_is_not_wrong() -> None:
    assert not any(shows(right_answers(function), function) for function in CALLS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_compiles_and_is_another_program(form: Form) -> None:
    text = compose(SOURCE, form.edits)
    assert text is not None
    compile(text, form.key, "exec")
    (function,) = {edit.function for edit in form.edits}
    assert answers(frozenset(form.edits), function) != right_answers(function)


@pytest.mark.parametrize("name", RUBRIC.misconceptions)
def test_what_values_decide_shows_in_values(name: str) -> None:
    found = RUBRIC.misconceptions[name]
    if found.decides == "values":
        assert any(
            shows(answers(frozenset(f.edits), f.edits[0].function) or (), f.edits[0].function)
            for f in found.forms
            if f.edits
        )


def test_no_two_ids_have_the_same_numbers() -> None:
    groups = defaultdict(set)
    for form in FORMS.values():
        function = form.edits[0].function
        given = answers(frozenset(form.edits), function)
        if given is not None and shows(given, function):
            groups[function, given].add(form.misconception)
    assert [sorted(ids) for ids in groups.values() if len(ids) > 1] == []


def test_no_added_id_is_two_fixed_ones_together() -> None:
    """Such an id would hide a pair that is told as a pair."""
    added = defaultdict(list)
    for form in FORMS.values():
        if form.misconception not in FIXED:
            function = form.edits[0].function
            added[function, answers(frozenset(form.edits), function, 2)].append(form)
    some = {name: [form for form in RUBRIC.misconceptions[name].forms if form.edits][:3] for name in FIXED}
    shadows: list[tuple[str, str, str]] = []
    for one, two in itertools.combinations(itertools.chain(*some.values()), 2):
        function, edits = one.edits[0].function, frozenset((*one.edits, *two.edits))
        if one.misconception != two.misconception and two.edits[0].function == function:
            likely = added.get((function, answers(edits, function, 2)), ())
            shadows.extend(
                (form.key, one.key, two.key) for form in likely if _same_answers(form, edits, function)
            )
    assert shadows == []


def _same_answers(form: Form, edits: frozenset[Edit], function: str) -> bool:
    given = answers(edits, function)
    return given is not None and shows(given, function) and given == answers(frozenset(form.edits), function)


@pytest.mark.parametrize(("one", "two"), TOGETHER)
def test_errors_that_come_together_compose(one: str, two: str) -> None:
    edits = (*FORMS[one].edits, *FORMS[two].edits)
    text = compose(SOURCE, edits)
    assert text is not None
    compile(text, one, "exec")
    function = edits[0].function
    both = answers(frozenset(edits), function)
    assert both not in (
        answers(frozenset(FORMS[one].edits), function),
        answers(frozenset(FORMS[two].edits), function),
    )


@pytest.mark.parametrize("drop", ["dW", "db"])
def test_a_doubled_1_over_m_exists_in_convention_j(drop: str) -> None:
    forms = RUBRIC.misconceptions["doubled-1-over-m"].forms
    assert any(form.drops == (drop,) and not form.edits for form in forms)
