"""Formats: keys of other versions of the notebook, caches of a notebook's own, and what is in a cache of the course's."""

from __future__ import annotations

import pytest
from grading_world import GradeCells, Graded

from grader.pipeline import Grader
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import function_texts


def test_dA_keys_of_2017_are_right(dnn: Grader) -> None:
    source = function_texts(dnn.rubric)["L_model_backward"]
    source = source.replace('grads[f"dA{L - 1}"]', 'grads[f"dA{L}"]').replace(
        'grads[f"dA{l}"]', 'grads[f"dA{l + 1}"]'
    )
    source = source.replace('dA = grads[f"dA{l + 1}"]', 'dA = grads[f"dA{l + 2}"]')
    cells = notebook_cells({**function_texts(dnn.rubric), "L_model_backward": source}, "2017")
    assert Graded(dnn.grade(nbformat4(cells).encode(), "a.ipynb", "a", None)).full_marks


SHIFTED = """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in range(L, 0, -1):
        kind = "sigmoid" if l == L else "relu"
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], kind)
        grads[f"dA{l}"] = dA
        grads[f"dW{l}"] = dW
        grads[f"db{l}"] = db
    return grads
"""


READ_BACK = SHIFTED.replace(
    "dA, dW, db = linear_activation_backward(dA,", "dA, dW, db = linear_activation_backward(above,"
).replace("        kind =", '        above = dA if l == L else grads[f"dA{l + 1}"]\n        kind =')


@pytest.mark.parametrize(
    ("imports", "right"),
    [
        ("", True),
        ("from testCases_v4 import *", True),
        ("from testCases_v4a import *", False),
        ("from testCases import *\n# from public_tests import *", True),
        ("from testCases import *\nfrom public_tests import *", False),
        ("import numpy as np, public_tests as tests", False),
    ],
)
def test_dA_keys_of_2017_are_wrong_where_the_notebooks_own_tests_refuse_them(
    dnn: Grader, imports: str, right: bool
) -> None:
    """Twice, for right answers are remembered from one notebook to the next."""
    cells = notebook_cells({**function_texts(dnn.rubric), "L_model_backward": SHIFTED}, "2017")
    cells[1] = ("code", imports + "\nimport numpy as np")
    for _ in range(2):
        graded = Graded(dnn.grade(nbformat4(cells).encode(), "a.ipynb", "a", None))
        assert graded.full_marks == right
        assert graded.ids == ({} if right else {"L_model_backward": {"backward-key-off-by-one"}})
    if not right:
        (found,) = graded["L_model_backward"].diagnoses
        assert found.evidence == "proved"
        assert found.components == ("dA",)
        assert found.location is not None
        assert 'grads[f"dA{l}"] = dA' in found.location.source


@pytest.mark.parametrize(
    ("imports", "right"), [("from testCases_v4a import *", True), ("from public_tests import *", False)]
)
@pytest.mark.parametrize("source", [READ_BACK, SHIFTED + '# Inputs: "grads["dA" + str(l + 2)], caches"'])
def test_dA_keys_of_2017_that_are_read_back_or_are_those_of_a_template(
    dnn: Grader, source: str, imports: str, right: bool
) -> None:
    cells = notebook_cells({**function_texts(dnn.rubric), "L_model_backward": source}, "2017")
    cells[1] = ("code", imports + "\nimport numpy as np")
    assert Graded(dnn.grade(nbformat4(cells).encode(), "a.ipynb", "a", None)).full_marks == right


def test_a_key_dAL_beside_dA0_is_nobodys_error(dnn: Grader) -> None:
    source = function_texts(dnn.rubric)["L_model_backward"].replace(
        "return grads", 'return {**grads, f"dA{L}": slope}'
    )
    cells = notebook_cells({**function_texts(dnn.rubric), "L_model_backward": source}, "2021")
    assert Graded(dnn.grade(nbformat4(cells).encode(), "a.ipynb", "a", None)).full_marks


def test_a_private_cache_format_is_right(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_forward="def linear_forward(A, W, b):\n    return W @ A + b, {'A': A, 'W': W, 'b': b}",
        linear_backward="""
def linear_backward(dZ, cache):
    m = cache['A'].shape[1]
    return cache['W'].T @ dZ, dZ @ cache['A'].T / m, dZ.sum(axis=1, keepdims=True) / m
""",
    )
    assert graded.full_marks
    assert [note.code for note in graded["linear_forward"].notes] == ["private-format"]
    assert [note.code for note in graded["linear_backward"].notes] == ["private-format"]


READS_NO_B = """
def linear_backward(dZ, cache):
    A_prev, W, _ = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m
"""
OVERWRITES_Z = """
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A = 1 / (1 + np.exp(-Z))
    else:
        A = Z
        A[A < 0] = 0
    return A, (linear_cache, Z)
"""


def test_what_is_in_a_cache_of_the_courses_format_counts(grade_functions: GradeCells) -> None:
    """Nobody needs it, and everything in place is right; but who reads the cache takes it for the course's."""
    graded = grade_functions(
        linear_forward="def linear_forward(A, W, b):\n    Z = W @ A + b\n    return Z, (A, W, Z)",
        linear_backward=READS_NO_B,
    )
    assert [part.name for part in graded["linear_forward"].components if part.status == "failed"] == ["cache"]
    graded = grade_functions(linear_activation_forward=OVERWRITES_Z)
    assert graded.ids == {"linear_activation_forward": {"activation-cache-holds-a"}}


def test_a_format_with_more_in_it_is_right(grade_functions: GradeCells) -> None:
    """The course's cache can be read like it."""
    graded = grade_functions(
        linear_forward="def linear_forward(A, W, b):\n    Z = W @ A + b\n    return Z, (A, W, b, Z)",
        linear_backward=READS_NO_B.replace("W, _ = cache", "W, *_ = cache"),
    )
    assert graded.full_marks


def test_a_private_format_excuses_no_value(grade_functions: GradeCells) -> None:
    graded = grade_functions(
        linear_forward="def linear_forward(A, W, b):\n    return W @ A + b, {'A': A, 'W': W, 'b': b}",
        linear_backward="""
def linear_backward(dZ, cache):
    return cache['W'].T @ dZ, dZ @ cache['A'].T, dZ.sum(axis=1, keepdims=True)
""",
    )
    assert graded.ids == {"linear_backward": {"missing-1-over-m"}}


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("sigmoid(Z):\n    A = 1 / (1 + np.exp(-Z))\n    return A, A", "sigmoid_backward(dA, cache):\n    return dA * cache * (1 - cache)"),
        ("relu(Z):\n    mask = Z > 0\n    return Z * mask, mask", "relu_backward(dA, cache):\n    return dA * cache"),
    ],
)  # fmt: skip
def test_another_array_in_a_cache_is_right_where_its_reader_needs_it(
    grade_functions: GradeCells, forward: str, backward: str
) -> None:
    written = {code.partition("(")[0]: f"def {code}" for code in (forward, backward)}
    assert grade_functions(**written).full_marks


ADDS_TO_THE_CACHE = {
    "linear_forward": "def linear_forward(A, W, b):\n    return W @ A + b, {'A': A, 'W': W, 'b': b}",
    "linear_activation_forward": """
def linear_activation_forward(A_prev, W, b, activation):
    Z, cache = linear_forward(A_prev, W, b)
    cache["Z"] = Z
    return (sigmoid(Z) if activation == "sigmoid" else relu(Z))[0], cache
""",
    "linear_backward": """
def linear_backward(dZ, cache):
    m = cache["A"].shape[1]
    return cache["W"].T @ dZ, dZ @ cache["A"].T / m, dZ.sum(axis=1, keepdims=True) / m
""",
    "linear_activation_backward": """
def linear_activation_backward(dA, cache, activation):
    back = sigmoid_backward if activation == "sigmoid" else relu_backward
    return linear_backward(back(dA, cache["Z"]), cache)
""",
}


def test_a_function_that_adds_to_its_helpers_own_cache_is_right(grade_functions: GradeCells) -> None:
    """With a right helper, which gives the course's tuple, it always stops."""
    graded = grade_functions(**ADDS_TO_THE_CACHE)
    assert graded.full_marks
    assert [note.code for note in graded["linear_activation_forward"].notes] == ["private-format"]


def test_a_cache_that_is_added_to_excuses_no_value(grade_functions: GradeCells) -> None:
    forward = ADDS_TO_THE_CACHE["linear_activation_forward"].replace('"sigmoid"', '"relu"')
    graded = grade_functions(**{**ADDS_TO_THE_CACHE, "linear_activation_forward": forward})
    failed = {part.name for part in graded["linear_activation_forward"].components if part.status == "failed"}
    assert "A" in failed
