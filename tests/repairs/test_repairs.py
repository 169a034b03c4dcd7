"""Proposals: where they stand, in which order they come, and what odd source does to them."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proposals_of import function, lines_of, proposed

from grader.model import Definition, RepairRequest
from grader.repairs.propose import FAMILY_NAMES, MAX_OF_FAMILY, MAX_PROPOSALS, propose

BACKWARD = """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T)
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db
"""


# -------------------------------------------------------------------------------------- where it is


def test_a_proposal_says_definition_cell_line_text_and_family() -> None:
    other = function("def other():\n    pass")
    made = propose([other, function(BACKWARD, cell=7, line=4)], RepairRequest("linear_backward", ("over_m",)))
    wanted = [p for p in made if "dW = np.dot(dZ, A_prev.T) / m\n" in p.source]
    assert [(p.definition, p.cell, p.line, p.text, p.family) for p in wanted] == [
        (1, 7, 7, "dW = np.dot(dZ, A_prev.T)", "over_m")
    ]


def test_only_the_edited_line_changes() -> None:
    old = function(BACKWARD).source.split("\n")
    for proposal in proposed(BACKWARD, "over_m sign axis", name="linear_backward"):
        new = proposal.source.split("\n")
        changed = [number for number, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1]]
        assert changed == [proposal.line]


def test_a_decorated_function_keeps_its_decorator_and_its_lines() -> None:
    text = "@timed\n@checked(1)\ndef f(a, b):\n    return a - b"
    made = proposed(text, "sign")
    assert "@timed\n@checked(1)\ndef f(a, b):\n    return a + b" in [p.source for p in made]
    assert {p.line for p in made} == {4}


def test_columns_are_counted_in_bytes() -> None:
    made = proposed("def f(ñ, Δ):\n    é = 'ΔΔ'; z = ñ - Δ\n    return z", "sign")
    assert "é = 'ΔΔ'; z = ñ + Δ" in lines_of(made, 2)


def test_tabs_and_statements_that_share_a_line() -> None:
    made = proposed("def f(a, b):\n\tx = a - b; y = a / b\n\treturn x, y", "sign drop")
    assert "x = a + b; y = a / b" in lines_of(made, 2)
    assert "x = a - b; y = a" in lines_of(made, 2)


def test_an_expression_over_several_lines_stays_in_brackets() -> None:
    text = "def f(a, b, m):\n    m = a.shape[1]\n    x = (a\n         + b)\n    return x * 2"
    for proposal in proposed(text, "over_m sign add drop"):
        ast.parse(proposal.source)
    assert any(
        "(a\n         + b) / m" in p.source or "(a\n         + b)) / m" in p.source
        for p in proposed(text, "over_m")
    )


def test_words_do_not_grow_together() -> None:
    made = proposed("def f(x, m):\n    return(1/m)*x", "over_m")
    assert "return x" in lines_of(made, 2)
    assert not any("returnx" in p.source for p in made)


def test_a_name_inside_an_f_string() -> None:
    text = """
    def f(grads, l):
        out = {}
        for l in range(3):
            out[f"dW{l}"] = grads[l]
        return out
    """
    made = proposed(text, "key")
    assert any("dW{l + 1}" in p.source for p in made)
    assert all(p.line == 4 for p in made if "dW{l + 1}" in p.source)


# ----------------------------------------------------------------------------------------- in order


def test_places_that_compute_come_before_what_is_returned() -> None:
    made = proposed(BACKWARD, "over_m", name="linear_backward")
    texts = [
        p.text for p in made if ") / m" in p.source.split("\n")[p.line - 1] or p.text.startswith("return")
    ]
    assert texts.index("dW = np.dot(dZ, A_prev.T)") < texts.index("return dA_prev, dW, db")
    assert made[-1].text == "return dA_prev, dW, db"


def test_storing_by_key_comes_last_although_it_stands_first() -> None:
    text = """
    def f(a, b):
        grads = {}
        x = np.dot(a, b)
        grads["x"] = x
        y = np.dot(b, a)
        grads["y"] = y
        return grads
    """
    negated = [p.line for p in proposed(text, "sign") if "-(" in p.source]
    assert negated.index(5) < negated.index(4)


def test_a_helper_comes_before_the_statement_that_calls_it() -> None:
    helper = function("def helper(x):\n    return np.dot(x, x) / 2", cell=1)
    main = function("def f(a, b):\n    u = np.dot(a, b) / 3\n    v = helper(u) / 4\n    return v / 5", cell=2)
    made = propose([helper, main], RepairRequest("f", ("over_m",)))
    restored = [(p.cell, p.line) for p in made if p.source.count("/") < 3 and p.source.count("/") != 1]
    assert list(dict.fromkeys(restored)) == [(2, 2), (1, 2), (2, 3), (2, 4)]


def test_taking_back_comes_before_putting_in() -> None:
    made = proposed("def f(a, b):\n    x = np.dot(a, b)\n    y = -x\n    return y", "sign")
    assert made[0].source.split("\n")[2].strip() == "y = x"


def test_edits_of_several_lines_come_after_single_ones() -> None:
    text = """
    def f(A, Y):
        one = Y * np.log2(A)
        two = (1 - Y) * np.log2(1 - A)
        return one + two
    """
    made = [p.source for p in proposed(text, "call") if "log2" not in p.source or p.source.count("log2") == 1]
    both = [source for source in made if "log2" not in source]
    assert len(both) == 1
    assert made.index(both[0]) > 1


# ------------------------------------------------------------------------------------- what is asked


def test_the_last_definition_of_a_name_counts() -> None:
    first, last = function("def f(a, b):\n    return a - b"), function("def f(a, b):\n    return b / a")
    assert {p.definition for p in propose([first, last], RepairRequest("f", ("sign", "drop")))} == {1}


def test_a_function_wrapped_afterwards_is_still_found() -> None:
    wrapped = Definition(("f",), "f = timed(f)", 1, 1, "value")
    made = propose([function("def f(a, b):\n    return a - b"), wrapped], RepairRequest("f", ("sign",)))
    assert any("a + b" in p.source for p in made)


def test_a_local_name_hides_a_helper_of_the_same_name() -> None:
    helper = function("def scale(x):\n    return x - 1")
    main = function("def f(a, b):\n    scale = a - b\n    return scale")
    assert {p.definition for p in propose([helper, main], RepairRequest("f", ("sign",)))} == {1}


def test_methods_are_reached_through_attributes_and_no_others() -> None:
    text = textwrap.dedent("""
    class Layer:
        def __init__(self, w):
            self.w = w - 0.5
        def used(self, x):
            return x - self.w
        def unused(self, x):
            return x - 2.5
    """).strip()
    layer = Definition(("Layer",), text, 0, 1, "class")
    made = propose(
        [layer, function("def f(w, x):\n    return Layer(w).used(x)")], RepairRequest("f", ("sign",))
    )
    assert any("x + self.w" in p.source for p in made)
    assert not any("x + 2.5" in p.source for p in made)


def test_statements_that_cannot_reach_the_result_are_left_alone() -> None:
    text = """
    def f(a, b):
        note = a - b
        print(a - b)
        assert (a - b) is not None
        x = a - b
        return x
    """
    assert {p.line for p in proposed(text, "sign drop")} == {5, 6}


def test_an_alias_that_is_changed_counts() -> None:
    text = "def f(a, b):\n    out = {}\n    alias = out\n    alias['x'] = a - b\n    return out"
    assert "alias['x'] = a + b" in lines_of(proposed(text, "sign"), 4)


@pytest.mark.parametrize("request_", [RepairRequest("g", ("sign",)), RepairRequest("f", ("telepathy",))])
def test_nothing_for_a_function_or_a_family_that_is_not_there(request_: RepairRequest) -> None:
    assert propose([function("def f(a, b):\n    return a - b")], request_) == ()


def test_a_helper_that_does_not_parse_costs_only_itself() -> None:
    broken = Definition(("helper",), "def helper(:\n  return", 0, 1, "function")
    made = propose(
        [broken, function("def f(a, b):\n    return helper(a - b)")], RepairRequest("f", ("sign",))
    )
    assert any("a + b" in p.source for p in made)


# ------------------------------------------------------------------------------------- the formulas


def test_placeholders_are_the_students_parameters() -> None:
    made = proposed("def f(a, y):\n    x = a - y\n    return x", "formula", "{1} / {0}")
    assert "x = y / a" in lines_of(made, 2)


def test_a_named_placeholder_needs_that_name_in_any_case() -> None:
    text = "def f(AL, y):\n    x = AL - y\n    return x"
    assert "x = AL * 2" in lines_of(proposed(text, "formula", "{AL} * 2"), 2)
    assert "x = AL * y" in lines_of(proposed(text, "formula", "{AL} * {Y}"), 2)
    assert proposed(text, "formula", "{AL} * {T}") == ()


def test_a_helper_of_two_may_have_the_formulas_names_in_either_order() -> None:
    texts = ("def f(w, X, Y):\n    A = w * X\n    return g(Y, A)", "def g(t, p):\n    return t - p")
    made = propose([function(text) for text in texts], RepairRequest("f", ("formula",), ("{A} / {Y}",)))
    inside = {proposal.source.split("\n")[1].strip() for proposal in made if proposal.definition == 1}
    assert {"return t / p", "return p / t"} <= inside


def test_numpy_goes_by_the_notebooks_name() -> None:
    numpy = Definition(("xp",), "import numpy as xp", 0, 1, "import")
    request = RepairRequest("f", ("formula",), ("np.sum({0})",))
    made = propose([numpy, function("def f(a, y):\n    x = a - y\n    return x")], request)
    assert any("x = xp.sum(a)" in p.source for p in made)


def test_a_formula_element_by_element() -> None:
    text = """
    def f(AL, Y):
        d = np.zeros(AL.shape)
        for i in range(AL.shape[0]):
            for k in range(AL.shape[1]):
                d[i, k] = AL[i, k] - Y[i, k]
        return d
    """
    assert "d[i, k] = Y[i, k] / AL[i, k]" in lines_of(proposed(text, "formula", "{1} / {0}"), 5)


def test_a_replacement_that_is_no_python_gives_nothing() -> None:
    assert proposed("def f(a, y):\n    x = a - y\n    return x", "formula", "{0} +* {1}") == ()


# ------------------------------------------------------------------------------------------ numbers


def test_the_number_of_examples_is_the_students_own_name_for_it() -> None:
    made = proposed(BACKWARD, "over_m", name="linear_backward")
    assert lines_of(made, 4)[0] == "dW = np.dot(dZ, A_prev.T) / m"
    text = "def f(dZ, c):\n    A, W = c\n    x = np.dot(dZ, A.T)\n    return x"
    assert "x = np.dot(dZ, A.T) / dZ.shape[1]" in lines_of(proposed(text, "over_m"), 3)


def test_a_minus_goes_when_its_factor_stays() -> None:
    made = proposed("def f(x, m):\n    y = -1 / m * np.sum(x)\n    return y", "over_m")
    assert "y = -np.sum(x)" in lines_of(made, 2)


def test_each_text_comes_once_and_their_number_is_bounded() -> None:
    body = "\n".join(
        f"    x{i} = np.dot(a, b{i}) - c / {i} + np.sum(x{i - 1}, axis=0)" for i in range(1, 120)
    )
    text = f"def f(a, c, x0):\n{body}\n    return x119"
    made = proposed(text, " ".join(FAMILY_NAMES), "{0}")
    assert len({p.source for p in made}) == len(made) == MAX_PROPOSALS
    assert len(proposed(text, "sign")) == MAX_OF_FAMILY


# ---------------------------------------------------------------------------------------- odd source


@pytest.mark.parametrize(
    "text",
    [
        "def f(*args, **kwargs):\n    return args[0] - kwargs['a'](*args, **kwargs)",
        "async def f(a):\n    async for x in a:\n        yield x - 1",
        "def f(a):\n    match a:\n        case [x, *_] if x > 1:\n            return x - 1\n        case {'k': y}:\n            return y",
        "def f(a):\n    try:\n        return a - 1\n    except* ValueError:\n        return f(a + 1)",
        "def f(a):\n    return sum(x - 1 for x in a)",
        "def f(a):\n    return f'{a - 1!r:>{a + 2}} {{}}' f\"{a['k']}\" 'x'",
        "def f(a):\n    with a as b, open(a - 1): return (yield b - a)",
        "def f(a):\n    global g\n    g = a - 1",
        "def f(a): return a[1:, ..., None, ::-1] - (lambda *b, c=1: b[0] - c)(a)",
        "def f(a): pass",
        "def f(a):\n    ...",
        "class f:\n    x = 1 - 2\n    def __call__(self, a):\n        return a - self.x",
        "f = [lambda a: a - 1][0]",
        "def f():\n    return f() - f()",
        "if True:\n    def f(a):\n        return a - 1\nelse:\n    f = None",
        "def f(a):\n    x: int\n    (x) = a - 1\n    del a\n    return x",
        "def f(a, \ud800=1):\n    return a - 1",
    ],
)
def test_odd_source_raises_nothing_and_every_proposal_parses(text: str) -> None:
    definition = Definition(("f",), text, 0, 1, "function")
    for family in FAMILY_NAMES:
        for proposal in propose([definition], RepairRequest("f", (family,), ("{0} * 2",))):
            ast.parse(proposal.source)
            assert proposal.source != text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_source_with_holes_raises_nothing(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(BACKWARD)))
    length = data.draw(st.integers(0, 12))
    filling = data.draw(st.sampled_from(["", "(", ")", "-", "/ m", " if m else ", "\n", "*a", "é", '"', "@"]))
    text = (BACKWARD[:start] + filling + BACKWARD[start + length :]).strip("\n")
    made = Definition(("linear_backward",), text, 0, 1, "function")
    families = data.draw(st.sets(st.sampled_from(FAMILY_NAMES), min_size=1, max_size=3))
    for proposal in propose([made], RepairRequest("linear_backward", tuple(families), ("{0}",))):
        ast.parse(proposal.source)


def test_a_deeply_nested_expression_raises_nothing() -> None:
    propose([function(f"def f(a):\n    return {'-' * 3000}a")], RepairRequest("f", FAMILY_NAMES))
