"""Updates and loops: twin lines, what is done in some rounds alone, one example of an array, one result of two."""

from __future__ import annotations

import re

import pytest
from proposals_of import lines_of, proposed

UPDATES = """
def f(w, b, rate, steps):
    for _ in range(steps):
        dw, db = slope(w, b)
        w = w - dw
        b = b - db
    return w, b
"""


@pytest.mark.parametrize(
    ("families", "replacements"),
    [("add", ()), ("formula", ("w = {w} - {rate} * {dw}", "b = {b} - {rate} * {db}"))],
)
def test_twin_lines_are_mended_at_once(families: str, replacements: tuple[str, ...]) -> None:
    both = [one.source for one in proposed(UPDATES, families, *replacements) if one.also]
    assert any(re.search(r"w = w - \(?rate \* dw\)?\n +b = b - \(?rate \* db", text) for text in both)


def test_a_formula_for_one_name_is_for_no_other() -> None:
    made = proposed(UPDATES, "formula", "w = {w} - {rate} * {dw}")
    assert {line for one in made for line in one.source.split("\n") if "rate *" in line} == {
        "        w = w - rate * dw"
    }


def test_what_is_done_in_some_rounds_alone() -> None:
    text = "def f(n):\n    kept = []\n    for k in range(n):\n        kept.append(k)\n    return kept"
    assert lines_of(proposed(text, "condition", "{i} % 100 == 0"), 4) == ["if k % 100 == 0: kept.append(k)"]
    text = text.replace("kept.append(k)", "if k % 10 == 0: kept.append(k)")
    assert "if k % 100 == 0: kept.append(k)" in lines_of(proposed(text, "condition", "{i} % 100 == 0"), 4)


def test_a_comma_at_the_end_of_a_line() -> None:
    text = "def f(a, b):\n    x = a * b,\n    y = (a,)\n    return x, y"
    made = proposed(text, "comma")
    assert "x = a * b" in lines_of(made, 2)
    assert "y = a" in lines_of(made, 3)
    assert not lines_of(made, 4)


def test_an_example_of_what_is_handed_in_beside_a_number_of_its_own() -> None:
    text = """
        def f(w, Y):
            for i in range(9):
                a = g(w, i)
                loss = Y[0, i] * a
            return loss
    """
    assert "loss = Y[0, i] / a" in lines_of(proposed(text, "formula", "{Y} / {A}"), 4)


def test_what_is_computed_once_before_a_loop() -> None:
    text = """
        def f(w, n):
            slope = g(w)
            for _ in range(n):
                w = w - slope
            return w
    """
    mended = [one.source for one in proposed(text, "statement") if one.line == 2]
    assert any(
        "pass\n    for _ in range(n):\n        slope = g(w)\n        w = w - slope" in one for one in mended
    )


def test_one_row_for_the_whole() -> None:
    text = "def f(a):\n    y = a * 1.0\n    return y[0]"
    assert "return y" in lines_of(proposed(text, "drop"), 3)


def test_one_result_of_two() -> None:
    text = "def f(z):\n    s = 1 / z\n    return s, z"
    assert lines_of(proposed(text, "results"), 3)[:2] == ["return s", "return z"]
