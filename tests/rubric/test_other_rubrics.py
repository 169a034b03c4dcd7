"""The rubrics besides the anchor: their files, the places of components, baselines, and which notebook is whose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.diagnose import alternative
from grader.diagnose.separability import lint
from grader.errors import RubricError, UsageError
from grader.feedback.lint import problems
from grader.judge.components import Absent, split
from grader.model import Cell, Notebook, Outcome, Value
from grader.notebook.read import Unreadable, read_notebook
from grader.rubric.infer import infer, look_alikes, of_another
from grader.rubric.load import load_rubric, load_source
from grader.rubric.schema import FunctionSpec, Rubric
from grader.rubric.signs import signs_in

LOGISTIC, REGRESSION = (load_rubric(name) for name in ("logistic-regression", "regression-step-by-step"))
RUBRICS = (LOGISTIC, REGRESSION)
FILES = [
    pytest.param(rubric, name, id=f"{rubric.id}:{name}")
    for rubric in RUBRICS
    for name in rubric.misconceptions
]


@pytest.mark.parametrize(("rubric", "name"), FILES)
def test_words_and_keys(rubric: Rubric, name: str) -> None:
    assert problems(rubric.misconceptions[name], rubric) == []


@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.id)
def test_every_misconception_is_found_and_separable(rubric: Rubric) -> None:
    assert lint(rubric).problems == ()


@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.id)
def test_points(rubric: Rubric) -> None:
    assert sum(spec.points for spec in rubric.functions.values() if not spec.optional) == 100


def test_right_answers_of_squared_error_are_no_errors() -> None:
    assert not {"dal-is-dz", "dal-squared-error", "cost-squared-error"} & set(REGRESSION.misconceptions)
    assert {"dal-wrong-sign", "dal-includes-1-over-m", "missing-1-over-m"} <= set(REGRESSION.misconceptions)


# ------------------------------------------------------------------------------------------ places


PROPAGATE, OPTIMIZE = LOGISTIC.functions["propagate"], LOGISTIC.functions["optimize"]


def taken(spec: FunctionSpec, value: Value) -> Mapping[str, Value]:
    return split(spec, Outcome("call", "value", value))


def test_a_path_leads_to_a_key_of_a_position() -> None:
    assert PROPAGATE.returns == {"dw": (0, "dw"), "db": (0, "db"), "cost": (1,)}
    assert taken(PROPAGATE, ({"dw": 1, "db": 2}, 3)) == {"dw": 1, "db": 2, "cost": 3}
    assert taken(OPTIMIZE, ({"w": 1, "b": 2}, {"dw": 3, "db": 4}, [5]))["costs"] == [5]


@pytest.mark.parametrize(
    ("value", "absent", "why"),
    [
        (({"dw": 1}, 3), {"db"}, "no key `db`"),
        ((7, 3), {"dw", "db"}, "a number is returned where a dictionary is wanted"),
        (({"dw": 1, "db": 2},), {"dw", "db", "cost"}, "1 values are returned, not 2"),
        (None, {"dw", "db", "cost"}, "`None` is returned, not 2 values"),
    ],
)
def test_what_a_path_does_not_find_is_absent(value: Value, absent: set[str], why: str) -> None:
    parts = taken(PROPAGATE, value)
    missing = {name: part for name, part in parts.items() if isinstance(part, Absent)}
    assert set(missing) == absent
    assert all(why in part.why for part in missing.values())


def test_paths_and_prefixes_do_not_mix(tmp_path: Path) -> None:
    assert LOGISTIC.folder is not None
    text = (LOGISTIC.folder / "rubric.yaml").read_text(encoding="utf-8")
    (tmp_path / "rubric.yaml").write_text(text.replace("{dw: 0.dw, db: 0.db", "{dw: 0.dw, db: db"))
    with pytest.raises(RubricError, match="key prefixes or paths"):
        load_rubric(str(tmp_path))


# ------------------------------------------------------------------------------------------ baselines


def test_baselines_are_composed() -> None:
    assert LOGISTIC.baselines == ("L",)
    assert REGRESSION.baselines == ("L", "J", "L+squared", "J+squared")
    assert REGRESSION.edits_of("L") == {}
    assert set(REGRESSION.edits_of("J+squared")) == {"dAL", "dW", "db", "losses", "slope"}


def test_an_alternative_edits_no_helper(tmp_path: Path) -> None:
    assert REGRESSION.folder is not None
    text = (REGRESSION.folder / "rubric.yaml").read_text(encoding="utf-8")
    planted = 'losses: {in: linear_forward, from: "Z = product + b", to: "Z = product"}'
    (tmp_path / "rubric.yaml").write_text(re.sub(r"losses: \{.*\}", planted, text))
    with pytest.raises(RubricError, match="linear_forward, a right helper"):
        load_rubric(str(tmp_path))


FITS = frozenset[str]()
ODD = frozenset({"some-error"})


@pytest.mark.parametrize(
    ("cost", "gradient", "kept"),
    [
        ((FITS, None), (FITS, None), ""),
        ((None, FITS), (None, FITS), "squared"),
        ((None, FITS), (FITS, ODD), "squared"),  # the cost says which loss it is
        ((FITS, ODD), (None, FITS), ""),
        ((None, None), (None, FITS), "squared"),  # no cost that could say so
        ((None, None), (None, None), ""),
        ((ODD | {"another"}, ODD), (FITS, ODD), ""),  # what is right says more than what is nearer
        ((ODD, ODD), (None, FITS), "squared"),
        ((ODD | {"another"}, ODD), (None, None), "squared"),  # the nearer one, where none is right
        ((ODD, ODD), (None, None), ""),
    ],
)
def test_the_first_function_that_is_right_decides_which_loss_it_is(
    cost: tuple[frozenset[str] | None, ...], gradient: tuple[frozenset[str] | None, ...], kept: str
) -> None:
    shows = {"compute_cost": cost, "L_model_backward": gradient}

    def shown(function: str, baseline: str) -> frozenset[str] | None:
        return shows[function][baseline == "L+squared"]

    assert alternative.kept_to(REGRESSION, shown) == kept


# ------------------------------------------------------------------------------------------ whose notebook


def notebook(functions: object) -> Notebook:
    return Notebook(tuple(Cell(i, f"def {name}():\n    pass") for i, name in enumerate(list(functions))))  # type: ignore[call-overload]


def test_each_notebook_is_taken_for_its_own_assignment() -> None:
    anchor = load_rubric("dnn-step-by-step")
    assert infer(notebook([*LOGISTIC.functions, "model"]), "a.ipynb")[0] == "logistic-regression"
    assert infer(notebook(["sigmoid", "propagate"]), "a.ipynb")[0] == "logistic-regression"
    # Week 4, with the helpers of its own module in the notebook too.
    assert infer(notebook(anchor.functions), "a.ipynb")[0] == "dnn-step-by-step"
    assert infer(notebook(["sigmoid", "predict", *REGRESSION.functions]), "a.ipynb")[0] == "dnn-step-by-step"


SAMPLES = Path(__file__).parents[2] / "sample_submissions"


@pytest.mark.parametrize(
    ("assignment", "other"),
    [("regression-step-by-step", {"regression-step-by-step"}), ("dnn-step-by-step", set())],
)
def test_signs_tell_a_rubric_that_is_never_inferred_from_the_one_with_its_functions(
    assignment: str, other: set[str]
) -> None:
    for path in sorted((SAMPLES / assignment).glob("*.ipynb")):
        try:
            read = read_notebook(path.read_bytes(), path.name)
        except Unreadable:
            continue
        assert set(look_alikes("dnn-step-by-step", read)) == other, path.name
        assert look_alikes("logistic-regression", read) == look_alikes("undetermined", read) == {}


@pytest.mark.parametrize(
    ("code", "held"),
    [
        ("AL, cache = linear_activation_forward(A, W, b, activation='linear')", True),
        ('A, cache = forward(A, W, b, "relu" if l < L else "linear")', True),
        ('ACTIVATIONS = ["relu"] * (L - 1) + ["linear"]', True),
        ('"""broken\nAL = forward(A, "linear")', False),
        ('print("half of a line\nAL = forward(A, "linear")', True),
        ('if activation == "linear": pass', False),
        ('elif activation in ("linear", "identity"): pass', False),
        ('match activation:\n    case "linear": pass', False),
        ('cache = {"linear": linear_cache, "activation": Z}', False),
        ('Z = cache["linear"]', False),
        ('Cache = namedtuple("Cache", ["linear", "activation"])', False),
        ('x = 1  # AL = forward(A, "linear")', False),
        ('print("a linear unit")', False),
    ],
)
def test_a_sign_is_handed_on_as_a_whole_text(code: str, held: bool) -> None:
    assert bool(signs_in(Notebook((Cell(0, code),)), ["linear", "identity"])) is held


def test_signs_are_read_in_time_that_grows_with_the_text() -> None:
    for text in ('\\"' * 10**6, '"' * 10**6, "'\\" * 10**6, '"""' + "x" * 10**6, "(" * 10**6):
        assert signs_in(Notebook((Cell(0, text),)), ["linear"]) == ()


def test_a_notebook_of_another_assignment_is_told_with_the_command() -> None:
    anchor = load_rubric("dnn-step-by-step")
    of_week_4 = notebook(name for name in REGRESSION.functions)
    problem = of_another(LOGISTIC, of_week_4)
    assert problem is not None
    assert "10 of the 10 functions of dnn-step-by-step, and 0 of the 5 of" in problem.message
    assert "`grader check NOTEBOOK --rubric dnn-step-by-step`" in problem.message
    signed = replace(of_week_4, cells=(*of_week_4.cells, Cell(99, 'OUTPUT = "linear"')))
    problem = of_another(LOGISTIC, signed)
    assert problem is not None
    assert problem.message.endswith("--rubric regression-step-by-step`.")
    assert of_another(anchor, of_week_4) is None
    assert of_another(LOGISTIC, notebook(["something_else"])) is None
    assert of_another(LOGISTIC, notebook(["sigmoid", *REGRESSION.functions])) is not None  # both have it
    assert of_another(LOGISTIC, notebook(["propagate", *REGRESSION.functions])) is None
    assert of_another(REGRESSION, of_week_4) is None


def test_sigmoid_alone_tells_nothing() -> None:
    with pytest.raises(UsageError):
        infer(notebook(["sigmoid", "image2vector", "normalizeRows"]), "a.ipynb")


def test_a_function_that_is_asked_for_tells_early_on() -> None:
    begun = notebook(["linear_forward"])
    assert infer(begun, "a.ipynb", ["linear_backward"]) == (
        "dnn-step-by-step",
        "it alone has linear_backward",
    )
    assert infer(begun, "a.ipynb", ["propagate"])[0] == "logistic-regression"
    for asked in ([], ["sigmoid"], ["no_such_function"]):
        with pytest.raises(UsageError):
            infer(begun, "a.ipynb", asked)


# ------------------------------------------------------------------------------------------ numbers


def test_gradients_of_the_references_are_those_of_their_costs() -> None:
    """Central differences, step 1e-6: an error of the order of 1e-9."""
    rng = np.random.default_rng(3)
    namespace: dict[str, Value] = {}
    exec(load_source("logistic").text, namespace)
    w, b, X, Y = rng.normal(size=(3, 1)), 0.4, rng.normal(size=(3, 7)), rng.uniform(size=(1, 7))
    grads, _ = namespace["propagate"](w, b, X, Y)
    for row in range(3):
        step = np.zeros((3, 1))
        step[row] = 1e-6
        up, down = (namespace["propagate"](w + sign * step, b, X, Y)[1] for sign in (1, -1))
        assert abs((up - down) / 2e-6 - grads["dw"][row, 0]) < 1e-8
    up, down = (namespace["propagate"](w, b + sign * 1e-6, X, Y)[1] for sign in (1, -1))
    assert abs((up - down) / 2e-6 - grads["db"]) < 1e-8


@pytest.mark.parametrize("baseline", REGRESSION.baselines)
def test_every_baseline_of_regression_gives_the_gradient_of_its_cost(baseline: str) -> None:
    from grader.rubric.oracle import build_module

    made = build_module(load_source("regression"), frozenset(REGRESSION.edits_of(baseline).values()))
    assert made is not None
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(3, 7)), rng.normal(size=(1, 7))
    parameters = {
        "W1": rng.normal(size=(4, 3)),
        "b1": rng.normal(size=(4, 1)),
        "W2": rng.normal(size=(1, 4)),
        "b2": rng.normal(size=(1, 1)),
    }
    AL, caches = made["L_model_forward"](X, parameters)
    grads = made["L_model_backward"](AL, Y, caches)
    for name, value in parameters.items():
        step = np.zeros_like(value)
        step[0, 0] = 1e-6
        costs = [
            made["compute_cost"](made["L_model_forward"](X, {**parameters, name: moved})[0], Y)
            for moved in (value + step, value - step)
        ]
        assert abs((costs[0] - costs[1]) / 2e-6 - grads[f"d{name}"][0, 0]) < 1e-7


def test_the_lint_sees_a_twin() -> None:
    """Planted: the same error under two names."""
    found = LOGISTIC.misconceptions["wrong-sign"]
    forms = tuple(replace(form, misconception="sign-again") for form in found.forms)
    again = replace(found, id="sign-again", forms=forms, path=Path("sign-again.yaml"))
    planted = replace(LOGISTIC, misconceptions={**LOGISTIC.misconceptions, "sign-again": again})
    assert any("sign-again" in problem for problem in lint(planted).problems)
