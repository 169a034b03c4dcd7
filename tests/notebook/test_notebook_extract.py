"""Which functions are found, and what is kept with them."""

from __future__ import annotations

from collections import ChainMap

import numpy as np
import pytest
from notebook_cells import STAND_INS, bound, executed, extracted

from grader.model import Cell
from grader.notebook.extract import parse_safely
from grader.notebook.statements import statements
from grader.notebook.syntax import Block

Z = np.array([[0.0, 2.0]])
NUMPY = "import numpy as np"
SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))"


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([NUMPY, SIGMOID], id="two cells"),
        pytest.param(["import numpy as np; x = 3; y = 4", SIGMOID], id="statements on one line"),
        pytest.param(["é = 'é'; import numpy as np", SIGMOID], id="columns count bytes"),
        pytest.param([SIGMOID, NUMPY], id="import below the function"),
        pytest.param([f"%matplotlib inline\n{NUMPY}\n!ls\n{SIGMOID}\nsigmoid?"], id="magics"),
        pytest.param([NUMPY, "sigmoid = lambda z: 1 / (1 + np.exp(-z))"], id="lambda"),
        pytest.param([NUMPY, "sigmoid: object = lambda z: 1 / (1 + np.exp(-z))"], id="annotated lambda"),
        pytest.param(
            ["from numpy import *", "def sigmoid(z):\n    return 1 / (1 + exp(-z))"], id="library star"
        ),
        pytest.param(
            ["try:\n    import numpy as np\nexcept ImportError:\n    import math as np", SIGMOID],
            id="try import",
        ),
        pytest.param(
            [NUMPY, "if True:\n    def sigmoid(z):\n        return 1 / (1 + np.exp(-z))"], id="in an if"
        ),
        pytest.param([NUMPY, "def one(z):\n    return 1 / (1 + np.exp(-z))", "sigmoid = one"], id="alias"),
        pytest.param(
            [
                NUMPY,
                "class N:\n    @staticmethod\n    def f(z):\n        return 1 / (1 + np.exp(-z))",
                "sigmoid = N.f",
            ],
            id="method of a class",
        ),
        pytest.param(
            [
                NUMPY,
                "class N:\n    def f(self, z):\n        return 1 / (1 + np.exp(-z))",
                "net = N()\nsigmoid = net.f",
            ],
            id="bound method",
        ),
        pytest.param(
            [NUMPY, SIGMOID, "def same(f):\n    return f", "sigmoid = same(sigmoid)"], id="decorated below"
        ),
        pytest.param(
            [NUMPY, "def same(f):\n    return f", f"@same\n{SIGMOID}", "def same(f):\n    return None"],
            id="the decorator as it was then",
        ),
        pytest.param(
            [
                NUMPY,
                "class N:\n    pass",
                "def f(self, z):\n    return 1 / (1 + np.exp(-z))\nN.f = f",
                "def sigmoid(z):\n    return N().f(z)",
            ],
            id="method set later",
        ),
        pytest.param(
            [
                NUMPY,
                "T = {}\nT['s'] = lambda z: 1 / (1 + np.exp(-z))",
                "def sigmoid(z):\n    return T['s'](z)",
            ],
            id="table filled later",
        ),
        pytest.param(
            [NUMPY, "def sigmoid(z):\n    return one / (one + np.exp(-z))", "one = 0\none += 1"],
            id="value changed later",
        ),
        pytest.param(
            [NUMPY, "one = zero + 1", "zero = 0", "def sigmoid(z):\n    return one / (one + np.exp(-z))"],
            id="cells run out of order",
        ),
        pytest.param(
            [NUMPY, "one = 0", "one = one + 1", "def sigmoid(z):\n    return one / (one + np.exp(-z))"],
            id="value of a value of the same name",
        ),
        pytest.param(
            [
                NUMPY,
                "ones = [0]\nfor i in range(1):\n    ones[0] += 1",
                "def sigmoid(z):\n    return ones[0] / (ones[0] + np.exp(-z))",
            ],
            id="loop at top level",
        ),
        pytest.param(
            [
                NUMPY,
                "def f():\n    return g",
                "def g(z):\n    return 1 / (1 + np.exp(-z))",
                "h = f()",
                "g = None",
                "def sigmoid(z):\n    return h(z)",
            ],
            id="called while g was another",
        ),
        pytest.param(
            [
                f"{NUMPY}\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    one: int = 1",
                "def sigmoid(z, p=P()):\n    return p.one / (1 + np.exp(-z))",
            ],
            id="default value",
        ),
        pytest.param(
            [
                NUMPY,
                "def g():\n    return 1",
                "def f():\n    return g()",
                "one = f()",
                "def g():\n    return 2",
                "def sigmoid(z):\n    return one / (one + np.exp(-z)) + 0 * g()",
            ],
            id="a value from an earlier version of a helper",
        ),
        pytest.param(
            [NUMPY, "def f():\n    pass\nf.one = 1", "def sigmoid(z):\n    return f.one / (1 + np.exp(-z))"],
            id="attribute of a helper",
        ),
        pytest.param(
            [NUMPY, "def sigmoid(z):\n    return sigmoid.one / (1 + np.exp(-z))\nsigmoid.one = 1"],
            id="attribute of itself",
        ),
        pytest.param(
            [
                NUMPY,
                "one = 1\nif np is None:\n    one = 2",
                "def sigmoid(z):\n    return one / (one + np.exp(-z))",
            ],
            id="a condition that is false",
        ),
        pytest.param(
            [NUMPY, "a = 'é'; one = 1; b = 2", "def sigmoid(z):\n    return one / (one + np.exp(-z))"],
            id="in the middle of a line",
        ),
        pytest.param(
            ["from __future__ import annotations", NUMPY, SIGMOID.replace("(z)", "(z: Nowhere)")], id="future"
        ),
    ],
)
def test_a_function_works_in_a_namespace_of_its_needs(cells):
    extraction = extracted(*cells)
    assert extraction.functions["sigmoid"].status == "defined"
    assert executed(extraction, "sigmoid")(Z)[0, 0] == 0.5
    assert extraction.problems == ()


def test_only_what_is_needed_is_kept():
    extraction = extracted(
        "import numpy as np\nimport h5py\nimport matplotlib.pyplot as plt",
        "X = np.random.randn(3, 4)\nparameters = train(X)",
        "def helper(z):\n    return np.exp(z)\ndef unused():\n    return X",
        "def sigmoid(z):\n    return helper(z)",
        "plt.plot(X)\nprint(sigmoid(X))\nassert sigmoid(X) is not None\nfor i in range(10 ** 9):\n    sigmoid(X)",
    )
    assert bound(extraction, "sigmoid") == ["np", "helper", "sigmoid"]
    assert len(extraction.definitions) == 3


def test_needs_are_in_execution_order_and_end_with_the_function():
    extraction = extracted(
        "A = 1",
        "B = A + 1",
        "def update_parameters():\n    return B, second()",
        "def second():\n    return A",
    )
    assert bound(extraction, "update_parameters") == ["A", "B", "update_parameters", "second"]
    assert executed(extraction, "update_parameters")() == (2, 1)


def test_settings_of_modules_belong_to_the_module():
    extraction = extracted(
        "import numpy as np\nnp.random.seed(1)\nnp.seterr(all='raise')\nnp.save('x', 1)",
        "def sigmoid(z):\n    return np.exp(z)",
    )
    assert bound(extraction, "sigmoid") == ["np", "np.random.seed(1)", "np.seterr(all='raise')", "sigmoid"]


def test_definitions_say_where_they_stand():
    extraction = extracted(
        "# one\n\nimport functools",
        "\n\n# a comment\n@functools.cache\n# another\ndef sigmoid(z):\n  return z\n",
    )
    definition = extraction.definitions[-1]
    assert (definition.cell, definition.line, definition.kind) == (1, 2, "function")
    assert definition.source == "@functools.cache\n# another\ndef sigmoid(z):\n  return z"
    facts = extraction.functions["sigmoid"]
    assert (facts.cell, facts.line, facts.end_line) == (1, 4, 5)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def sigmoid(z): return z", "function"),
        ("async def sigmoid(z): return z", "function"),
        ("sigmoid = lambda z: z", "function"),
        ("class sigmoid: pass", "class"),
        ("try:\n    def sigmoid(z): return z\nfinally:\n    pass", "function"),
    ],
)
def test_kinds(source, kind):
    assert extracted(source).definitions[-1].kind == kind


def test_the_last_definition_counts():
    extraction = extracted("def sigmoid(z):\n    return 1 + z", "def sigmoid(z):\n    return 2 + z")
    assert executed(extraction, "sigmoid")(0) == 2
    assert extraction.functions["sigmoid"].cell == 1
    assert bound(extraction, "sigmoid") == ["sigmoid"]


def test_a_value_does_not_overwrite_a_function():
    extraction = extracted("def compute_cost(a):\n    return a", "compute_cost = compute_cost(3)")
    assert extraction.functions["compute_cost"].status == "defined"
    assert executed(extraction, "compute_cost")(5) == 5
    assert [(problem.code, problem.cell, problem.line) for problem in extraction.problems] == [
        ("function-overwritten", 1, 1)
    ]


def test_asserts_stay():
    extraction = extracted("def sigmoid(z):\n    assert z\n    return z")
    assert "assert z" in extraction.definitions[0].source


@pytest.mark.parametrize(
    "source",
    [
        "",
        "sigmoid",
        "sigmoid(3)",
        "sigmoid = 3",
        "sigmoid = 1 / (1 + 2)",
        "class N:\n    def sigmoid(self, z):\n        return z",
        "def outer():\n    def sigmoid(z):\n        return z",
        "from dnn_utils import sigmoid",
        "from dnn_utils_v2 import *",
        "from elsewhere import sigmoid",
        "'''\ndef sigmoid(z):\n    return z\n'''",
        "try:\n    from dnn_utils import sigmoid\nexcept ImportError:\n    def sigmoid(z):\n        return z",
        "%%bash\ndef sigmoid(z):\n    return z",
    ],
)
def test_missing(source):
    facts = extracted(source).functions["sigmoid"]
    assert (facts.status, facts.needs) == ("missing", ())


def test_every_wanted_name_has_facts():
    extraction = extracted("def sigmoid(z):\n    return z", wanted=("relu", "sigmoid", "relu"))
    assert list(extraction.functions) == ["relu", "sigmoid"]


# ------------------------------------------------------------------------------ course modules


@pytest.mark.parametrize(
    ("imports", "names"),
    [
        ("from dnn_utils import *", {"sigmoid": "dnn_utils", "relu": "dnn_utils"}),
        ("from dnn_utils_v2 import relu", {"relu": "dnn_utils_v2"}),
        ("from dnn_utils import relu as r", {"r": "dnn_utils"}),
        ("from course.dnn_utils import relu", {"relu": "course.dnn_utils"}),
        ("from dnn_utils import predict", {}),
        ("from testCases_v4a import *", {}),
        ("import dnn_utils", {}),
        ("from numpy import *", {}),
        (
            "try:\n    from dnn_utils_v2 import relu\nexcept ImportError:\n    from dnn_utils import relu",
            {"relu": "dnn_utils"},
        ),
    ],
)
def test_names_of_course_modules(imports, names):
    (block,) = parse_safely(Cell(0, imports))
    assert isinstance(block, Block)
    served = [statement.served for statement in statements(block, STAND_INS)]
    assert dict(ChainMap(*served)) == names


def test_own_function_counts_although_a_course_module_below_has_it_too():
    extraction = extracted(
        "def linear_forward(A):\n    return A", "from dnn_app_utils_v3 import *\nx = linear_forward(1)"
    )
    assert extraction.functions["linear_forward"].status == "defined"


def test_course_modules_are_imported_before_what_replaces_their_names():
    extraction = extracted(
        "def relu(z):\n    return z",
        "from dnn_utils import *",
        "def linear_forward(z):\n    return sigmoid(relu(z))",
    )
    assert bound(extraction, "linear_forward") == ["relu sigmoid", "relu", "linear_forward"]


def test_the_import_of_a_needed_course_name_is_kept():
    extraction = extracted(
        "from dnn_utils import *\nfrom testCases import *", "def linear_forward(z):\n    return relu(z)"
    )
    sources = [extraction.definitions[index].source for index in extraction.functions["linear_forward"].needs]
    assert sources[0] == "from dnn_utils import *"
    assert len(sources) == 2


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("def linear_forwrad(A):\n    return A", "misspelt-name", 1),
        ("x = 1\ndef Linear_forward(A):\n    return A", "misspelt-name", 2),
        ("class N:\n    def linear_forward(self, A):\n        return A", "not-at-top-level", 2),
        (
            "def build():\n    def linear_forward(A):\n        return A\n    return linear_forward",
            "not-at-top-level",
            2,
        ),
    ],
)
def test_a_clue_where_a_missing_function_is(source, code, line):
    facts = extracted(source).functions["linear_forward"]
    assert facts.status == "missing"
    assert facts.problem is not None
    assert (facts.problem.code, facts.problem.cell, facts.problem.line) == (code, 0, line)


def test_another_wanted_function_is_no_misspelt_one():
    extraction = extracted(
        "def update_parameter(A):\n    return A", wanted=("update_parameters", "update_parameter")
    )
    assert extraction.functions["update_parameters"].problem is None


def test_a_statement_that_shares_its_line_is_cut_out():
    extraction = extracted("a = 'é'; one = 'à'; b = 2", "def sigmoid(z):\n    return one")
    assert extraction.definitions[0].source == "one = 'à'"


@pytest.mark.parametrize(
    ("source", "gives"),
    [
        ("def sigmoid(z):\n    if z:\n        return z, z\n    return (1, 2)", 2),
        ("sigmoid = lambda z: (z, z)", 2),
        ("def sigmoid(z):\n    def inner():\n        return 1\n    return z, z", 2),
        ("def sigmoid(z):\n    return z, *z", 0),
        ("def sigmoid(z):\n    return z", 0),
        ("def sigmoid(z):\n    return\n    return z, z", 0),
        ("def sigmoid(z):\n    pass", 0),
    ],
)
def test_how_many_values_a_function_lists(source: str, gives: int) -> None:
    assert extracted(source).functions["sigmoid"].gives == gives


CALLED = "class Curve:\n    def __call__(self, z):\n        return 1 / (1 + np.exp(-z))"


@pytest.mark.parametrize(
    "cells",
    [
        [CALLED, "sigmoid = Curve()"],
        [CALLED, "class Steep(Curve):\n    pass\nsigmoid = Steep()"],
        ["def sigmoid(z):\n    return 0", CALLED, "sigmoid: object = Curve()"],
    ],
)
def test_an_object_that_can_be_called_is_a_function(cells: list[str]) -> None:
    extraction = extracted(NUMPY, *cells)
    assert extraction.functions["sigmoid"].status == "defined"
    assert executed(extraction, "sigmoid")(0.0) == 0.5


@pytest.mark.parametrize("base", ["", "(Curve)", "(Base)"])
def test_an_object_that_cannot_be_called_is_none(base: str) -> None:
    cells = ["class Base:\n    pass", f"class Curve{base}:\n    def forward(self, z):\n        return z"]
    assert extracted(*cells, "sigmoid = Curve()").functions["sigmoid"].status == "missing"
