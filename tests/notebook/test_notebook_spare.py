"""What no graded function uses, and may have been meant instead of what it does use."""

from __future__ import annotations

import pytest
from notebook_cells import extracted

from grader.notebook.alike import alike


def test_functions_that_nothing_uses_are_spare_those_like_a_used_one_first():
    extraction = extracted(
        "rows = lambda z: z.sum(1)",
        "def act_relu(z):\n    return z\ndef act_sigmoid(z):\n    return -z",
        "table = {'sigmoid': act_sigmoid, 'relu': act_relu}\nnumbers = {'sigmoid': 1}",
        "def sigmoid(z):\n    return act_relu(z)",
    )
    spare = [one.binds[0] for one in extraction.spare]
    assert spare.index("act_sigmoid") < spare.index("table")
    assert set(spare) == {"rows", "act_sigmoid", "act_relu", "table"}
    assert not {"act_sigmoid", "rows"} & {name for one in extraction.definitions for name in one.binds}


def test_what_spare_functions_need_comes_along_unless_it_computes_something():
    extraction = extracted(
        "def inner(z):\n    return z\nbig = [0] * 10 ** 9",
        "def outer(z):\n    return inner(z) + big[0]",
        "def sigmoid(z):\n    return z",
    )
    assert [one.binds for one in extraction.spare] == [("inner",), ("outer",)]


def test_another_version_of_a_used_function_is_not_spare():
    extraction = extracted(
        "def act_relu(z):\n    return 1",
        "def act_relu(z):\n    return z",
        "def sigmoid(z):\n    return act_relu(z)",
    )
    assert extraction.spare == ()


def test_constants_beside_a_used_one_are_spare_be_they_used_elsewhere_or_not():
    extraction = extracted(
        "RELU = 0\nSIGMOID = 1\nTANH = 2\nstart = make()",
        "OTHER = 3",
        "def sigmoid(z):\n    return z + RELU",
        "def relu(z):\n    return z + SIGMOID",
    )
    constants = [one.binds for one in extraction.spare if one.kind == "value"]
    assert constants == [("RELU",), ("SIGMOID",), ("TANH",)]


def test_an_older_value_of_a_used_constant_is_not_spare():
    extraction = extracted("RELU = 0\nRELU = 1", "def sigmoid(z):\n    return z + RELU")
    assert [one.source for one in extraction.spare] == ["RELU = 1"]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("relu_backward", "sigmoid_backward", True),
        ("_hidden_layer", "_output_layer", True),
        ("colsums", "rowsums", True),
        ("ReLU", "Sigmoid", True),
        ("sigmoid", "sigmoid", False),
        ("plot", "sigmoid", False),
        ("linear_forward", "compute_cost", False),
        ("f", "g", False),
    ],
)
def test_names_that_are_alike(one, other, wanted):
    assert alike(one, other) is wanted and alike(other, one) is wanted
