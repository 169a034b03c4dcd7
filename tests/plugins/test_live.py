"""`grader.check` on live functions: the same judgement as in the sandbox, and nothing left behind."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader
from grader.errors import UsageError
from grader.model import FunctionReport
from grader.plugins import live
from grader.plugins.result import CheckResult
from grader.rubric.load import load_rubric

Cells = Callable[..., dict[str, Any]]


def check(namespace: dict[str, Any], *functions: str, **options: Any) -> CheckResult:
    return grader.check(*functions, namespace=namespace, seed=5, **options)


def the_function(result: CheckResult) -> FunctionReport:
    (found,) = result.report.functions
    return found


def named(result: CheckResult) -> list[tuple[str, str]]:
    return [(one.name, found.misconception) for one in result.report.functions for found in one.diagnoses]


def test_right_functions_pass(reference: str, run_cells: Cells) -> None:
    result = check(run_cells(reference))
    assert result.passed
    assert result.report.score == result.report.max_score == 100.0
    assert result.report.submission.file == "this notebook"


def test_a_misconception_is_named_proved_and_located(reference: str, run_cells: Cells) -> None:
    spoilt = reference.replace("dW = dW_sum / m", "dW = dW_sum")
    result = check(run_cells("import numpy as np", spoilt), "linear_backward")
    assert not result
    (found,) = the_function(result).diagnoses
    assert (found.misconception, found.evidence) == ("missing-1-over-m", "proved")
    assert found.location is not None
    assert found.location.cell == 2
    assert spoilt.splitlines()[found.location.line - 1].strip() == found.location.source
    assert found.location.source.startswith(("dW_sum =", "dW ="))
    assert f"In [2], line {found.location.line}" in repr(result)


def test_the_live_definition_counts_whatever_was_run_before(reference: str, run_cells: Cells) -> None:
    wrong = "def linear_forward(A, W, b):\n    Z = W @ A - b\n    return Z, (A, W, b)\n"
    right = wrong.replace("- b", "+ b")
    namespace = run_cells(reference, wrong, right)
    assert check(namespace, "linear_forward").passed
    namespace = run_cells(reference, right, wrong)
    (found,) = the_function(check(namespace, "linear_forward")).diagnoses
    assert (found.misconception, found.location and found.location.cell) == ("forward-bias-subtracted", 3)


def test_each_function_has_right_helpers(reference: str, run_cells: Cells) -> None:
    """An error in linear_backward does not show in those that call it; and the student's own is back after."""
    namespace = run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum + 1"))
    own = namespace["linear_backward"]
    statuses = {one.name: one.status for one in check(namespace).report.functions}
    assert statuses["linear_backward"] == "failed"
    assert statuses["linear_activation_backward"] == statuses["L_model_backward"] == "passed"
    assert namespace["linear_backward"] is own


def test_nothing_is_left_behind(reference: str, run_cells: Cells, capfd: pytest.CaptureFixture[str]) -> None:
    noisy = reference.replace("dW = dW_sum / m", "print('noise'); np.log(np.zeros(1)); dW = dW_sum")
    namespace = run_cells(
        "import sys\n" + noisy.replace("db = db_sum / m", "print('err', file=sys.stderr); db = db_sum / m")
    )
    before = dict(namespace)
    np.random.seed(12345)
    random.seed(12345)
    check(namespace)
    drawn = np.random.rand(), random.random()
    np.random.seed(12345)
    random.seed(12345)
    assert drawn == (np.random.rand(), random.random())
    assert namespace == before
    assert capfd.readouterr() == ("", "")


def test_what_it_prints_on_public_inputs_is_shown(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference.replace("dW = dW_sum / m", "print('noise'); dW = dW_sum + 7"))
    result = check(namespace, "linear_backward")
    assert "noise" in the_function(result).stdout


def test_arguments_that_are_changed_do_not_spoil_later_calls(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference.replace("dA_prev = W.T @ dZ", "dA_prev = W.T @ dZ\n    dZ *= 0; W += 1"))
    assert check(namespace, "linear_backward").passed


@pytest.mark.parametrize(
    "returned",
    [
        "np.matrix(dW)",
        "dW.astype(np.longdouble)",
        "dW.tolist()",
        "np.ma.array(dW)",
        "type('Odd', (), {'__array__': lambda self, *a, **k: dW})()",
    ],
)
def test_values_are_judged_as_those_that_come_through_the_sandbox(
    returned: str, reference: str, run_cells: Cells, tmp_path: Path
) -> None:
    text = reference.replace("return dA_prev, dW, db", f"return dA_prev, {returned}, db", 1)
    live_report = the_function(check(run_cells(text), "linear_backward"))
    path = tmp_path / "week4.py"
    path.write_text(text)
    sandboxed = the_function(grader.check(path, "linear_backward", seed=5))
    assert (live_report.status, live_report.components) == (sandboxed.status, sandboxed.components)


def test_an_endless_loop_ends(reference: str, run_cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.LiveRunner.__init__, "__defaults__", (0.2,))
    namespace = run_cells(
        reference.replace(
            "Z = product + b",
            "while True:\n        try:\n            Z = product + b\n        except Exception:\n            pass",
        )
    )
    assert the_function(check(namespace, "linear_forward")).status == "timeout"


def test_an_exit_is_an_error_of_the_function(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference.replace("Z = product + b", "raise SystemExit(3)"))
    found = the_function(check(namespace, "linear_forward"))
    assert found.status == "error"
    assert found.error is not None
    assert (found.error.type, found.error.cell) == ("SystemExit", 1)


def test_an_interrupt_stops_the_check(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference.replace("Z = product + b", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        check(namespace, "linear_forward")


def test_an_untouched_blank_is_not_implemented(reference: str, run_cells: Cells) -> None:
    blank = "def linear_forward(A, W, b):\n    # YOUR CODE HERE\n    Z = None\n    cache = (A, W, b)\n    return Z, cache\n"
    assert the_function(check(run_cells(reference, blank), "linear_forward")).status == "not-implemented"


def test_what_is_not_defined_is_missing(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference)
    del namespace["compute_cost"]
    assert the_function(check(namespace, "compute_cost")).status == "missing"


def test_functions_without_source_are_checked_too(reference: str) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(reference.replace("dW = dW_sum / m", "dW = dW_sum"), namespace)
    (found,) = the_function(check(namespace, "linear_backward")).diagnoses
    assert (found.misconception, found.evidence, found.location) == ("missing-1-over-m", "matched", None)


def test_a_stale_assertion_costs_nothing(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(
        reference.replace("Z = product + b", "Z = product + b\n    assert Z.shape == (1, 1)")
    )
    own = namespace["linear_forward"]
    found = the_function(check(namespace, "linear_forward"))
    assert (found.status, [note.code for note in found.notes]) == ("passed", ["stale-assertion"])
    assert namespace["linear_forward"] is own


def test_an_unknown_function_is_told(reference: str, run_cells: Cells) -> None:
    with pytest.raises(UsageError, match="no function 'linear_forwards'; the nearest is 'linear_forward'"):
        check(run_cells(reference), "linear_forwards")


def test_a_notebook_that_fits_no_rubric_is_told(run_cells: Cells) -> None:
    with pytest.raises(UsageError, match=r"no rubric fits .*rubric="):
        check(run_cells("def f(): ..."))


def test_a_function_can_be_checked_before_the_others_are_written(run_cells: Cells) -> None:
    begun = run_cells("def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)\n")
    assert check(begun, "linear_forward").passed
    assert the_function(check(begun, "linear_backward")).status == "missing"


def test_a_function_works_by_its_name(reference: str, run_cells: Cells) -> None:
    namespace = run_cells("import numpy as np", reference)
    result = grader.check(namespace["linear_backward"], namespace=namespace, seed=5)
    assert (the_function(result).name, result.passed) == ("linear_backward", True)


@pytest.mark.parametrize("what", [7, None, np.zeros(3), ["linear_backward"]])
def test_what_is_no_function_and_no_name_is_told(what: Any, reference: str, run_cells: Cells) -> None:
    with pytest.raises(UsageError, match=f"functions or their names, .*, not {type(what).__name__}"):
        grader.check(what, namespace=run_cells(reference))


def test_in_a_live_notebook_no_cells_are_counted_from_0(reference: str, run_cells: Cells) -> None:
    result = check(run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum")), "linear_backward")
    for shown in (repr(result), result._repr_markdown_(), result._repr_html_()):
        assert "In [1]" in shown
        assert "counted from 0" not in shown


def test_an_unknown_detail_is_told(reference: str, run_cells: Cells) -> None:
    with pytest.raises(UsageError, match="nudge, explanation, fix"):
        check(run_cells(reference), detail="much")


# ----------------------------------------------------------------------------------------- shown


def test_html_is_one_element_without_script(reference: str, run_cells: Cells) -> None:
    result = check(run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum")), "linear_backward")
    html = result._repr_html_()
    assert html.startswith('<div class="whywrong">')
    assert html.endswith("</div>")
    assert "<script" not in html
    assert "In [1], line" in html
    assert "summed over the batch" in html


def test_html_escapes_what_a_student_wrote(reference: str, run_cells: Cells) -> None:
    namespace = run_cells(reference.replace("dW = dW_sum / m", "print('<img src=x>'); dW = dW_sum + 7"))
    html = check(namespace, "linear_backward")._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


def test_the_three_forms_say_the_same(reference: str, run_cells: Cells) -> None:
    result = check(run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum")), "linear_backward")
    for text in (repr(result), result._repr_markdown_(), result._repr_html_()):
        assert "missing-1-over-m" in text
        assert "Where to look" in text


def test_text_is_no_number(reference: str, run_cells: Cells) -> None:
    """nbgrader takes a result that is one for points."""
    with pytest.raises(ValueError, match="could not convert"):
        float(repr(check(run_cells(reference), "linear_backward")))


# ------------------------------------------------------------------------------------------ packs


@pytest.fixture(scope="module")
def week4_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataclasses import replace

    from grader.rubric.pack import pack

    whole = load_rubric("dnn-step-by-step")
    few = {
        name: whole.misconceptions[name]
        for name in ("missing-1-over-m", "doubled-1-over-m", "dal-wrong-sign")
    }
    path = tmp_path_factory.mktemp("pack") / "week4.pack"
    path.write_bytes(pack(replace(whole, misconceptions=few), seed=3))
    return path


def test_a_pack_checks_live_functions(reference: str, run_cells: Cells, week4_pack: Path) -> None:
    assert grader.check(namespace=run_cells(reference), pack=week4_pack).passed
    spoilt = run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum"))
    result = grader.check(namespace=spoilt, pack=week4_pack)
    assert named(result) == [("linear_backward", "missing-1-over-m")]
    assert [note.code for note in result.report.notes] == ["mixed-convention", "student-pack"]


def test_a_pack_checks_a_file(samples: Path, week4_pack: Path) -> None:
    result = grader.check(samples / "blaise-1-over-m-missing.ipynb", pack=week4_pack)
    assert named(result) == [("linear_backward", "missing-1-over-m")]


def test_a_pack_of_another_rubric_is_told(reference: str, run_cells: Cells, week4_pack: Path) -> None:
    with pytest.raises(UsageError, match="is a pack of the rubric dnn-step-by-step, not of other"):
        grader.check(namespace=run_cells(reference), pack=week4_pack, rubric="other")


def test_a_missing_pack_is_told(reference: str, run_cells: Cells, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        grader.check(namespace=run_cells(reference), pack=tmp_path / "nothing.pack")


def test_a_rubric_that_was_edited_in_the_meantime_is_read_again(
    reference: str, run_cells: Cells, tmp_path: Path
) -> None:
    shutil.copytree(load_rubric("dnn-step-by-step").folder or "", tmp_path / "mine")
    rubric, namespace = tmp_path / "mine" / "rubric.yaml", run_cells(reference)
    assert check(namespace, rubric=str(rubric.parent)).report.max_score == 100
    rubric.write_text(rubric.read_text().replace("total: 100", "total: 50"))
    assert check(namespace, rubric=str(rubric.parent)).report.max_score == 50


def test_a_keyword_does_not_take_the_place_of_an_argument_that_was_left_out() -> None:
    right = live._proxy(lambda name, args, convention: args, "backward", ("dA", "cache", "activation"), "L")
    assert right(1, activation="relu", cache=2) == (1, 2, "relu")
    with pytest.raises(TypeError, match="backward"):
        right(1, activation="relu")


def test_feedback_is_no_deeper_than_the_rubric_allows(
    reference: str, run_cells: Cells, tmp_path: Path
) -> None:
    shutil.copytree(load_rubric("dnn-step-by-step").folder or "", tmp_path / "strict")
    rubric = tmp_path / "strict" / "rubric.yaml"
    rubric.write_text(rubric.read_text().replace("detail: fix", "detail: nudge"))
    namespace = run_cells(reference.replace("dW = dW_sum / m", "dW = dW_sum"))
    result = check(namespace, "linear_backward", rubric=str(rubric.parent), detail="fix")
    assert "Where to look" in repr(result)
    assert "What to change" not in repr(result)
