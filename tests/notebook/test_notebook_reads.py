"""Reads of notebook variables, and of names that nothing defines."""

from __future__ import annotations

import pytest
from notebook_cells import bound, extracted, reads

COST = "def compute_cost(AL, Y):\n    return {} * AL * Y"


def cost_reading(name: str, *cells: str) -> list[str]:
    """The kinds under which `compute_cost` reads a name of a notebook with these cells."""
    extraction = extracted("import numpy as np", *cells, COST.format(name))
    return [read.kind for read in extraction.functions["compute_cost"].reads if read.name == name]


@pytest.mark.parametrize(
    "cell",
    [
        "X = np.random.randn(3, 4)\nv = X.shape[1]",
        "v = np.array([[1, 2]])",
        "v = unknown_test_case()",
        "a, v = unknown_test_case()",
        "(a, [v, *b]) = unknown_test_case()",
        "v = open('x').read()",
        "v: float = float(input())",
        "for v in range(3):\n    pass",
        "with open('x') as v:\n    pass",
        "if True:\n    v = np.zeros(3)",
        "v = 3\nv = unknown_test_case()",
        "v = 0\nv += 1",
        "from testCases import *\nv = linear_forward_test_case()",
        "def case():\n    return np.ones(3)\nv = case()",
        "class v:\n    X = np.zeros(3)\n    rate = 0.1",
        "v = {'a': np.zeros(3)}",
        "v = [np.zeros(3) for _ in range(3)]",
    ],
)
def test_data_is_doubtful(cell):
    assert cost_reading("v", cell) == ["variable"]


@pytest.mark.parametrize(
    "cell",
    [
        "v = 1e-8",
        "v = -1",
        "v = 2 ** 10",
        "v = ('W', 'b')",
        "v = {'a': 1, 'b': [2]}",
        "V = v = 0.01",
        "v = np.log",
        "v = np.finfo(float).eps",
        "v = lambda z: z",
        "v = {'relu': max, 'sigmoid': min}",
        "v = np.vectorize(max)",
        "def v(z):\n    return z",
        "class v:\n    def f(self):\n        pass",
        "class v:\n    pass",
        "import numpy as v",
        "from nowhere import v",
        "from collections import namedtuple\nv = namedtuple('v', 'a b')",
        "from typing import Dict\nv = Dict[str, np.ndarray]",
        "class N:\n    def f(self):\n        pass\nv = N()",
        "def make():\n    def inner(z):\n        return z\n    return inner\nv = make()",
        "calls = {}\nv = calls",
        "try:\n    import numpy as v\nexcept ImportError:\n    v = None",
        "from dnn_utils import *\nv = sigmoid",
        "from math import *\nv = pi",
    ],
)
def test_constants_helpers_and_imports_are_right(cell):
    assert cost_reading("v", cell) == []


@pytest.mark.parametrize("name", ["print", "len", "__name__", "display", "get_ipython", "ValueError", "np"])
def test_known_names_are_right(name):
    assert cost_reading(name) == []


def test_star_imports_give_what_their_module_offers_and_no_more():
    assert cost_reading("sigmoid", "from dnn_utils import *") == []
    assert cost_reading("exp", "from numpy import *") == []
    assert cost_reading(
        "sigmoyd", "from dnn_utils import *\nfrom testCases import *\nfrom numpy import *"
    ) == ["undefined"]


# ------------------------------------------------- literals that may stand for a parameter


def test_a_literal_named_as_a_parameter_is_doubtful():
    extraction = extracted(
        "m = 5\nEPS = 1",
        "def compute_cost(A, m):\n    return A / m",
        "def sigmoid(z):\n    return z / m * EPS",
    )
    assert reads(extraction, "sigmoid") == [("m", 2, 2, "variable")]


def test_a_literal_read_where_a_parameter_is_not_is_doubtful():
    source = "def update_parameters(parameters, grads, learning_rate):\n    return parameters['W'] - ALPHA * grads['dW']"
    assert reads(extracted("ALPHA = 0.1", source), "update_parameters") == [("ALPHA", 1, 2, "variable")]


def test_a_literal_that_the_notebook_hands_over_is_doubtful():
    source = "def update_parameters(p, rate):\n    return p['W'] - ALR + rate"
    assert reads(extracted("ALR = 0.1", source), "update_parameters") == []
    called = extracted("ALR = 0.1", source, "for i in range(3):\n    p = update_parameters(p, rate=ALR)")
    assert reads(called, "update_parameters") == [("ALR", 1, 2, "variable")]


# ------------------------------------------------------------------------------------- scopes


@pytest.mark.parametrize(
    "body",
    [
        "return v",
        "return lambda: v",
        "return [v for _ in a]",
        "return [a for a in a if v]",
        "return [x for x in v]",
        "def inner():\n        return v\n    return inner()",
        "class K:\n        x = v\n    return K",
        "class K:\n        def f(self):\n            return v\n    return K",
        "v.append(1)",
        "v[0] = 1",
        "v.x = 1",
        "return f'{v}'",
        "return f'{a:{v}}'",
        "global v\n    v = v + 1\n    return v",
        "(lambda x=v: x)()",
        "match a:\n        case 1 if v:\n            return 1",
        "return (lambda a: [a + v for a in range(a)])(a)",
        "del v[0]",
        "assert v",
        "raise ValueError(v)",
        "with v as x:\n        pass",
        "return {**v}",
        "return a[v:]",
        "yield v",
        "async def g():\n        await v\n    return g",
    ],
)
def test_reads_from_inside_a_function(body):
    extraction = extracted("v = unknown_test_case()", f"def sigmoid(a):\n    {body}")
    kinds = {(read.name, read.kind) for read in extraction.functions["sigmoid"].reads}
    assert kinds == {("v", "variable")}
    assert bound(extraction, "sigmoid") == ["v", "sigmoid"]


@pytest.mark.parametrize(
    "body",
    [
        "v = 1\n    return v",
        "for v in a:\n        return v",
        "for i, (v, *w) in a:\n        return v",
        "with a as v:\n        return v",
        "import v\n    return v",
        "import v.w\n    return v",
        "from a import b as v\n    return v",
        "def v(): pass\n    return v",
        "class v: pass\n    return v",
        "return [v for v in a]",
        "return {v: w for v, w in a}",
        "return lambda v, *w, **x: (v, w, x)",
        "if (v := a):\n        return v",
        "[v := x for x in a]\n    return v",
        "try:\n        pass\n    except ValueError as v:\n        return v",
        "match a:\n        case [v, *w]:\n            return v, w\n        case {'x': 1, **y}:\n            return y",
        "v: int = 1\n    return v",
        "v += 1\n    return v",
        "v = 1\n    def inner():\n        nonlocal v\n        v += 1\n        return v\n    return inner",
        "v = 1\n    return [v for _ in a]",
        "v = 1\n    class K:\n        x = v\n    return K",
        "x: v = 1\n    return x",
        "class K:\n        v = 1\n        w = v\n    return K",
        "return a.v, a['v'], dict(v=1)",
        "del a",
    ],
)
def test_local_names_are_no_reads(body):
    extraction = extracted("v = unknown_test_case()", f"def sigmoid(a):\n    {body}")
    assert reads(extraction, "sigmoid") == []
    assert bound(extraction, "sigmoid") == ["sigmoid"]


def test_each_line_that_reads_is_told():
    extraction = extracted(
        "# first\n\nY = unknown_test_case()", "\n\n# here\ndef sigmoid(z):\n    a = Y\n\n    return a + Y + Z"
    )
    assert reads(extraction, "sigmoid") == [
        ("Y", 1, 3, "variable"),
        ("Y", 1, 5, "variable"),
        ("Z", 1, 5, "undefined"),
    ]


def test_a_global_statement_reaches_past_the_enclosing_function():
    source = (
        "def sigmoid(z):\n    v = 1\n    def inner():\n        global v\n        return v\n    return inner"
    )
    assert reads(extracted("v = unknown()", source), "sigmoid") == [
        ("v", 1, 4, "variable"),
        ("v", 1, 5, "variable"),
    ]


def test_reads_of_helpers_are_told_with_their_place():
    extraction = extracted(
        "def helper(z):\n    return z * rate * m",
        "m = X.shape[1]",
        "TABLE = {'h': helper}",
        "def sigmoid(z):\n    return TABLE['h'](z)",
    )
    assert reads(extraction, "sigmoid") == [("m", 0, 2, "variable"), ("rate", 0, 2, "undefined")]


def test_a_stale_value_is_kept_with_all_that_it_comes_from():
    extraction = extracted(
        "import numpy as np",
        "def compute_cost(AL):\n    return AL / m",
        "X = np.ones((2, 3))\nm = X.shape[1]\nprint(compute_cost(X))",
    )
    assert bound(extraction, "compute_cost") == ["np", "compute_cost", "X", "m"]


def test_reads_of_functions_that_only_made_the_stale_value_are_not_told():
    extraction = extracted(
        "def train():\n    return nowhere", "parameters = train()", "def sigmoid(z):\n    return parameters"
    )
    assert reads(extraction, "sigmoid") == [("parameters", 2, 2, "variable")]


def test_an_undefined_decorator_or_annotation_is_told():
    extraction = extracted("@timed\ndef sigmoid(z: Matrix, k=later):\n    return z", "later = unknown()")
    assert reads(extraction, "sigmoid") == [("timed", 0, 1, "undefined"), ("Matrix", 0, 2, "undefined")]
