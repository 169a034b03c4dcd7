"""What a blank may be filled with: the reference's right-hand sides, in a student's names."""

from __future__ import annotations

import ast
import re

import pytest

from grader.rubric.edits import read_source
from grader.rubric.formulas import formulas
from grader.rubric.load import load_source

_TEXT = """
def f(x, y, kind):
    m = x.shape[1]
    half = x @ y / m
    for l in range(m):
        y = x[f"W{l}"] - half
    if kind == "up":
        z, memory = up(y)
    else:
        z, memory = down(y)
    return z


def up(y):
    return y, y


def down(y):
    return -y, y
"""


def test_values_are_given_with_marks_for_names() -> None:
    found = formulas(read_source(_TEXT), "f")
    assert "{x} @ {y} / {m}" in found
    assert "{x}['W' + str({l})] - {half}" in found


def test_locals_that_are_set_once_stand_for_their_values() -> None:
    found = formulas(read_source(_TEXT), "f")
    assert "{x}['W' + str({l})] - {x} @ {y} / {x}.shape[1]" in found


def test_a_layers_number_may_be_counted_from_nought() -> None:
    assert "{x}['W' + str(({l} + 1))] - {half}" in formulas(read_source(_TEXT), "f")


def test_only_an_elif_makes_one_value_of_two_branches() -> None:
    assert not any("if" in text for text in formulas(read_source(_TEXT), "f"))
    chained = _TEXT.replace("    else:\n", '    elif kind == "down":\n')
    found = formulas(read_source(chained), "f")
    assert "up({y}) if {kind} == 'up' else down({y})" in found
    assert "(up({y}) if {kind} == 'up' else down({y}))[0]" in found


def test_a_function_that_the_reference_lacks_has_none() -> None:
    assert formulas(read_source(_TEXT), "g") == ()


@pytest.mark.parametrize("reference", ["dnn", "regression", "logistic"])
def test_all_formulas_of_the_references_are_expressions(reference: str) -> None:
    source = load_source(reference)
    texts = [text for name in source.spans for text in formulas(source, name)]
    assert len(texts) > 20
    for text in texts:
        ast.parse(re.sub(r"\{(\w+)\}", r"\1", text), mode="eval")
