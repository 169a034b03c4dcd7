"""Cells that do not parse, blanks left from the template, placeholders below a written function."""

from __future__ import annotations

import sys

import pytest
from notebook_cells import executed, extracted, reads, status

GOOD = "def linear_forward(A):\n    return A + 1"


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        ("def sigmoid(z)\n    return z", 1, "syntax-error"),
        ("def sigmoid(z):\n    a = (1\n    return a", 2, "syntax-error"),
        ("x = 1\n\ndef sigmoid(z):\n    return z z", 4, "syntax-error"),
        ("def sigmoid(z):\n  if z:\n  return z + 1\n    y", 3, "syntax-error"),
        ("def sigmoid(z):\n    return z + \u201ca\u201d", 2, "syntax-error"),
        ("def sigmoid(z):\n    for l un range(3):\n        pass\n    return z", 2, "syntax-error"),
        ("def sigmoid(z):\n    print 'z', z\n    return z", 2, "python2-print"),
        ('def sigmoid(z):\n    print "z"\n    return z', 2, "python2-print"),
        ("def sigmoid(z):\n    print z\n    return z", 2, "python2-print"),
        ("def sigmoid(z):\n    if z <> 1:\n        return z", 2, "python2"),
        ("def sig moid(z):\n    return z", 1, "syntax-error"),
        ("def sigmoid(z):\n    x = 1\nreturn x", 3, "syntax-error"),
        ("def sigmoid(z):\n    x = 1\ny = 2\n    return x", 4, "syntax-error"),
        ("def sigmoid(z):\n    x = 1\nfor i in z:\n        x = 2\n    return x", 5, "syntax-error"),
        ("def relu(z):\n    return z\n\n  def sigmoid(z):\n    return z", 4, "syntax-error"),
        ("\ufeffdef sigmoid(z):\n    return z", 1, "syntax-error"),
        ("def sigmoid(z):\n    x = 1\nif x:\n    x = 2\nreturn x", 5, "syntax-error"),
        ("def sigmoid(z):\n    return '\x00'", 2, "syntax-error"),
    ],
)
def test_a_function_in_a_broken_cell(source, line, code):
    facts = extracted(source).functions["sigmoid"]
    assert (facts.status, facts.needs) == ("syntax-error", ())
    assert facts.problem is not None
    assert (facts.problem.code, facts.problem.cell, facts.problem.line) == (code, 0, line)
    assert "`sigmoid`" in facts.problem.message
    assert f"line {line}" not in facts.problem.message, "whoever shows it puts the place in front"


def test_a_broken_function_costs_only_itself():
    extraction = extracted(
        f"import numpy as np\n{GOOD}\n\ndef sigmoid(z)\n    return z\n\nX = 3\ndef compute_cost(a):\n    return a\n"
    )
    assert status(extraction, "sigmoid") == "syntax-error"
    assert executed(extraction, "linear_forward")(1) == 2
    assert executed(extraction, "compute_cost")(7) == 7
    assert extraction.functions["compute_cost"].line == 9
    assert [(problem.code, problem.cell, problem.line) for problem in extraction.problems] == [
        ("syntax-error", 0, 5)
    ]


def test_prose_in_a_code_cell_costs_nothing_else():
    extraction = extracted("This is my answer: it works!", GOOD, "pip install numpy")
    assert executed(extraction, "linear_forward")(1) == 2
    assert [(problem.code, problem.cell) for problem in extraction.problems] == [
        ("syntax-error", 0),
        ("syntax-error", 2),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["def sigmoid(z)\n    return z", "def sigmoid(z):\n    return z"], "defined"),
        (["def sigmoid(z):\n    return z + 1", "def sigmoid(z)\n    return z"], "defined"),
        (["def sigmoid(z):\n    s = None\n    return s", "def sigmoid(z)\n    return z"], "syntax-error"),
    ],
)
def test_a_broken_cell_defines_nothing(cells, expected):
    assert status(extracted(*cells), "sigmoid") == expected


def test_python_2_test_cells_are_told_once():
    extraction = extracted("print 1", "print 2", GOOD, "print 3")
    assert [(problem.code, problem.cell) for problem in extraction.problems] == [("python2-print", 0)]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 reads it")
@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ('def sigmoid(z):\n    d = {}\n    print(f"{d["z"]}")\n    return z', "use the other kind inside"),
        ("def sigmoid(z):\n    print(f\"a: {', '.join(z)} {', '.join(\\'a\\')}\")\n    return z", "above"),
        ("def sigmoid(z):\n    print(f'{', '.join(z)}')\n    return z", "use the other kind inside"),
        ("def sigmoid[T](z: T) -> T:\n    return z", "leave them out"),
        ("def sigmoid(z):\n    class A[T]:\n        pass\n    return z", "leave them out"),
        ("def sigmoid(z):\n    type A = int\n    return z", "leave the word `type` out"),
    ],
)
def test_what_a_newer_python_reads_is_told_so(cell, advice):
    extraction = extracted(cell)
    (problem,) = extraction.problems
    assert problem.message.startswith(f"Python 3.{sys.version_info[1]} cannot read this line, ")
    assert "3.12" in problem.message and advice in problem.message
    assert problem.message.endswith("Lost with it: `sigmoid`.")
    assert status(extraction, "sigmoid") == "syntax-error"


@pytest.mark.parametrize("line", ['print(f"W{z")', 'print(f"{z} W{z", z)', "type (z) = 3", "def f[z: 1"])
def test_what_no_python_reads_is_not_of_a_newer_one(line):
    (problem,) = extracted(f"def sigmoid(z):\n    {line}\n    return z").problems
    assert "3.12" not in problem.message


def test_a_broken_helper_is_an_undefined_name():
    extraction = extracted("def helper(z)\n    return z", "def sigmoid(z):\n    return helper(z)")
    assert reads(extraction, "sigmoid") == [("helper", 1, 2, "undefined")]
    assert "`helper`" in extraction.problems[0].message


# ------------------------------------------------------------------------------------- blanks


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def sigmoid(z):\n    # YOUR CODE STARTS HERE\n\n    # YOUR CODE ENDS HERE", 1),
        ("def sigmoid(z):\n    pass", 1),
        ("def sigmoid(z):\n    ...", 1),
        ("def sigmoid(z):\n    '''Says what.'''", 1),
        ("def sigmoid(z):\n    raise NotImplementedError", 1),
        ("def sigmoid(z):\n    s = None\n    return s", 1),
        ("def sigmoid(z):\n    # (≈ 1 line of code)\n    # YOUR CODE STARTS HERE\n    return s", 1),
        (
            "def sigmoid(z):\n    m = z.shape[1]\n    A, cache = None, None\n    assert A.shape == z.shape\n    return A, cache",
            1,
        ),
        ("def sigmoid(z):\n    for l in range(3):\n        # here\n    return z", 2),
        ("def sigmoid(z):\n    if z > 0:\n        # here\n    elif z < 0:\n        # here\n    return z", 2),
        ("def sigmoid(z):\n    y = z * 2 + 1\n    if z > 0:\n        # here\n    return y", 3),
        ("sigmoid = None", None),
    ],
)
def test_blanks_are_not_implemented(source, line):
    facts = extracted(source).functions["sigmoid"]
    if line is None:
        assert facts.status in ("missing", "not-implemented")
        return
    assert facts.status == "not-implemented"
    assert facts.problem is not None
    assert (facts.problem.cell, facts.problem.line) == (0, line)


def test_an_untouched_loop_is_not_implemented():
    source = "def update_parameters(parameters, grads):\n    L = len(parameters) // 2\n    for l in range(L):\n        pass\n"
    facts = extracted(source + "    return parameters").functions["update_parameters"]
    assert facts.status == "not-implemented"
    assert facts.problem is not None
    assert facts.problem.code == "loop-left-empty"


@pytest.mark.parametrize(
    "source",
    [
        "def sigmoid(z):\n    return z",
        "def sigmoid(z):\n    s = None\n    s = 1 / (1 + z)\n    return s",
        "def sigmoid(z):\n    return 2 * z",
        "sigmoid = lambda z: None",
        "def sigmoid(z):\n    A, cache = None, z * 2\n    return A, cache",
        "def sigmoid(z):\n    y = np.array(z)\n    for i in range(3):\n        if z[i, 0] <= 0:\n            y[i, 0] = 0\n    return y",
        "ZERO = 0.0\n\ndef sigmoid(z):\n    return ZERO",
        "def sigmoid(z):\n    y = []\n    for i in range(N * 3):\n        y.append([0.0])\n    return y",
        "def sigmoid(z):\n    y = np.array(z, dtype=FP)\n    return y",
    ],
)
def test_written_functions(source):
    assert status(extracted(source), "sigmoid") == "defined"


def test_a_placeholder_below_a_written_function_counts_and_is_told():
    extraction = extracted(
        "def sigmoid(z):\n    return 1 / z", "x = 1\ndef sigmoid(z):\n    s = None\n    return s"
    )
    assert status(extraction, "sigmoid") == "not-implemented"
    (problem,) = extraction.problems
    assert (problem.code, problem.cell, problem.line) == ("later-placeholder", 1, 2)


def test_a_placeholder_above_the_written_function_is_nothing():
    extraction = extracted("def sigmoid(z):\n    s = None\n    return s", "def sigmoid(z):\n    return 1 / z")
    assert status(extraction, "sigmoid") == "defined"
    assert extraction.problems == ()


def test_a_loop_that_checks_is_no_blank():
    name = "initialize_parameters"
    zeros = f"def {name}(n_x, n_h, n_y):\n    W1 = np.zeros((n_h, n_x))\n    p = {{'W1': W1}}\n"
    checked = zeros + "    for key in p:\n        assert p[key].ndim == 2\n    return p"
    assert status(extracted(checked, wanted=(name,)), name) == "defined"
    left = zeros + "    for l in range(2):\n        assert l < 3\n    return p"
    assert status(extracted(left, wanted=(name,)), name) == "not-implemented"


def test_pythons_words_count_lines_as_the_notebook_does():
    """Python is given a piece of the cell, and counts from where that begins."""
    source = "X = 1\n\n\ndef sigmoid(z):\n    a = [z,\n         1)\n    return a"
    problem = extracted(source).functions["sigmoid"].problem
    assert problem.line == 6
    assert "does not match opening parenthesis '[' on line 5" in problem.message


def test_thousands_of_broken_pieces_are_counted_and_not_told_one_by_one():
    cells = [f"def broken_{i}(:" for i in range(300)]
    extraction = extracted(*cells, "def sigmoid(z:")
    assert len(extraction.problems) < 30
    assert "more pieces of code, from cell" in " ".join(problem.message for problem in extraction.problems)
    assert extraction.functions["sigmoid"].status == "syntax-error"


def test_of_a_broken_piece_that_begins_thousands_of_functions_the_first_are_named():
    names = [*(f"f{i}" for i in range(300)), "g" * 5_000, "sigmoid"]
    extraction = extracted("x = (\n" + "\n".join(f" def {name}(:" for name in names))
    problem = extraction.functions["sigmoid"].problem
    assert problem.message.endswith(", `f19` and 282 more.")
    assert extraction.functions["sigmoid"].status == "syntax-error"
    (long,) = extracted("def " + "g" * 5_000 + "(:").problems
    assert len(long.message) < 300


DEEP = {
    "a thousand branches": "    if z < 0: z\n" + "".join(f"    elif z == {i}: z\n" for i in range(1000)),
    "a thousand indices": "    z" + "[0]" * 1000 + "\n",
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP.keys())
def test_a_long_chain_is_no_blank_and_costs_nothing(body):
    extraction = extracted("def sigmoid(z):\n" + body + "    return z\n")
    assert not extraction.problems
    assert extraction.functions["sigmoid"].status == "defined"


@pytest.mark.parametrize("code", ["def sigmoid(z):\n    f = {}\n    return z", "sigmoid = {}"])
def test_what_is_nested_too_deeply_costs_itself_alone(code):
    deep = "lambda: " * 800 + "1"
    cell = "import numpy as np\n\ndef linear_forward(z):\n    return np.maximum(0, z)\n\n"
    extraction = extracted(cell + code.format(deep))
    assert extraction.functions["linear_forward"].status == "defined"
    lost = extraction.functions["sigmoid"]
    assert (lost.status, lost.cell, lost.line) == ("syntax-error", 0, 6)
    assert lost.problem.message.endswith(
        "is nested too deeply to be read. Simplify it. Lost with it: `sigmoid`."
    )
    assert list(extraction.problems) == [lost.problem]
