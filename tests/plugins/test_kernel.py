"""`grader.check` and the magics in a real kernel, as a student's notebook runs them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pytest

WRONG = "def linear_forward(A, W, b):\n    Z = W @ A - b\n    return Z, (A, W, b)"
CELLS = {
    "solution": "{reference}",
    "quiet import": "import grader",
    "check": "grader.check('linear_backward')",
    "all": "grader.check().report.score",
    "extension": "%load_ext grader",
    "cell magic": "%%check linear_forward\n" + WRONG,
    "line magic": "%check linear_forward --detail nudge",
    "unknown function": "%check linear_backwards",
    "unknown option": "%check --rubrics x",
    "a cell that breaks": "%%check linear_forward\nraise LookupError('mine')",
    "nothing of ours is left": "[name for name in dir() if 'grader' in name or 'check' in name]",
}


@pytest.fixture(scope="module")
def outputs() -> Mapping[str, list[Any]]:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    from grader.rubric.load import load_source

    reference = load_source("dnn").text.replace("dW = dW_sum / m", "dW = dW_sum")
    sources = [source.replace("{reference}", reference) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def shown(outputs: Mapping[str, list[Any]], cell: str) -> Mapping[str, str]:
    (output,) = outputs[cell]
    assert output.output_type == "execute_result"
    data: Mapping[str, str] = output.data
    return data


def test_no_cell_writes_to_a_stream(outputs: Mapping[str, list[Any]]) -> None:
    assert [name for name, made in outputs.items() for one in made if one.output_type == "stream"] == []


def test_check_is_shown_in_three_forms(outputs: Mapping[str, list[Any]]) -> None:
    data = shown(outputs, "check")
    assert set(data) == {"text/plain", "text/html", "text/markdown"}
    assert "summed over the batch" in data["text/plain"]
    assert "In [1], line" in data["text/plain"]
    assert data["text/html"].startswith('<div class="whywrong">')


def test_check_of_all(outputs: Mapping[str, list[Any]]) -> None:
    assert 90 < float(shown(outputs, "all")["text/plain"]) < 100


def test_the_cell_magic_runs_its_cell_and_counts_lines_as_they_are_seen(
    outputs: Mapping[str, list[Any]],
) -> None:
    text = shown(outputs, "cell magic")["text/plain"]
    number = list(CELLS).index("cell magic") + 1
    assert "the bias is subtracted" in text
    assert f"In [{number}], line 3" in text


def test_the_line_magic_takes_options(outputs: Mapping[str, list[Any]]) -> None:
    text = shown(outputs, "line magic")["text/plain"]
    assert "Where to look" in text
    assert "Why it matters" not in text


def test_errors_of_use_are_said_without_a_traceback(outputs: Mapping[str, list[Any]]) -> None:
    assert "has no function 'linear_backwards'" in shown(outputs, "unknown function")["text/plain"]
    assert "no option --rubrics" in shown(outputs, "unknown option")["text/plain"]


def test_a_cell_that_breaks_shows_its_own_error_alone(outputs: Mapping[str, list[Any]]) -> None:
    (output,) = outputs["a cell that breaks"]
    assert (output.output_type, output.ename, output.evalue) == ("error", "LookupError", "mine")


def test_the_namespace_is_as_it_was(outputs: Mapping[str, list[Any]]) -> None:
    assert shown(outputs, "nothing of ours is left")["text/plain"] == "['grader']"
