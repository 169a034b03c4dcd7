"""A notebook's namespace: what its definitions see, import and keep."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import worker_samples as samples

from grader.model import Definition, Program
from grader.worker.preload import available
from grader.worker.program import LoadedNotebook


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Loading a notebook makes it `__main__`."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def proxy(name: str) -> Callable[..., Any]:
    return lambda *args: (name, *args)


def load(source: str, dropped: dict[int, str] | None = None, **rest: Any) -> dict[str, Any]:
    modules = available() | {"numpy", "math", "random", "dataclasses"}
    notebook = LoadedNotebook(samples.program(source, **rest), proxy, modules)
    notebook.load(dropped or {}, lambda index: None)
    return notebook.names


def test_definitions_see_each_other() -> None:
    names = load("import math\nX = 2\ndef f():\n    return g() * X\ndef g():\n    return math.sqrt(4)")
    assert names["f"]() == 4.0


def test_later_definitions_win() -> None:
    assert load("def f():\n    return 1\ndef f():\n    return 2")["f"]() == 2


def test_the_namespace_looks_like_main() -> None:
    source = (
        "import dataclasses\nN = __name__\n@dataclasses.dataclass\nclass Point:\n    x: int = 1\nP = Point()"
    )
    names = load(source)
    assert (names["N"], names["P"].x) == ("__main__", 1)


@pytest.mark.parametrize(
    "source",
    [
        "from dnn_utils_v2 import sigmoid\ndef f():\n    return sigmoid(1)",
        "from dnn_utils_v2 import *\ndef f():\n    return sigmoid(1)",
        "import dnn_utils as u\ndef f():\n    return u.sigmoid(1)",
        "import week4.dnn_utils\nfrom week4.dnn_utils import sigmoid as s\ndef f():\n    return s(1)",
        "def f():\n    from dnn_utils import sigmoid\n    return sigmoid(1)",
    ],
)
def test_course_modules_are_served_by_the_grader(source: str) -> None:
    assert load(source)["f"]() == ("sigmoid", 1)


def test_other_names_of_course_modules_fail_only_when_used() -> None:
    names = load(
        "from dnn_utils import load_data, plot\ndef f():\n    return 1\ndef g():\n    return load_data()"
    )
    assert names["f"]() == 1
    with pytest.raises(ImportError, match=r"dnn_utils.load_data is not available"):
        names["g"]()


def test_missing_modules_fail_only_when_used() -> None:
    names = load(
        "import h5py\nfrom torch import nn\ndef f():\n    return 1\ndef g():\n    return h5py.File('x')"
    )
    assert names["f"]() == 1
    with pytest.raises(ModuleNotFoundError, match="module h5py is not available in grading"):
        names["g"]()


def test_a_tried_import_of_a_missing_module_takes_the_other_branch() -> None:
    names = load(
        "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp\ndef f():\n    return xp.ones(1)[0]"
    )
    assert names["f"]() == 1.0


def test_plots_do_nothing() -> None:
    source = """
        import matplotlib.pyplot as plt
        from tqdm import tqdm
        def f():
            fig, ax = plt.subplots()
            ax[0].plot([1]).set(x=1)
            with plt.style.context("dark"):
                plt.figure(figsize=(3, 3))
            display(fig)
            return sum(tqdm(range(4)))
    """
    assert load(source)["f"]() == 6


def test_the_grader_itself_cannot_be_imported() -> None:
    with pytest.raises(ModuleNotFoundError, match="module grader is not available"):
        load("import grader\ndef f():\n    return grader.model")["f"]()["x"]


def test_a_definition_that_raises_makes_its_names_raise_the_same() -> None:
    names = load("D = {}\nX = D['no']\nY = 3")
    assert names["Y"] == 3
    with pytest.raises(KeyError, match="no"):
        names["X"] + 1


def test_an_earlier_definition_survives_a_later_one_that_raises() -> None:
    assert load("X = 1\nX = 1 / 0")["X"] == 1


def test_dropped_definitions_say_why() -> None:
    names = load("X = 1\nY = 2", {0: "it took too long"})
    assert names["Y"] == 2
    with pytest.raises(RuntimeError, match="it took too long"):
        len(names["X"])


def test_future_imports_hold_for_the_definitions_after_them() -> None:
    source = "from __future__ import annotations\ndef f(x: Undefined) -> None:\n    pass"
    assert load(source)["f"].__annotations__ == {"x": "Undefined", "return": "None"}


def test_lines_are_those_of_the_cell() -> None:
    definition = Definition(("f",), "def f():\n    return 1 / 0", 9, 21, "function")
    notebook = LoadedNotebook(Program((definition,)), proxy, frozenset())
    notebook.load({}, lambda index: None)
    with pytest.raises(ZeroDivisionError) as info:
        notebook.names["f"]()
    raised = notebook.raised(info.value)
    assert (raised.cell, raised.line) == (9, 22)


def test_a_definition_that_does_not_parse_is_a_syntax_error_at_its_line() -> None:
    definition = Definition(("f",), "def f(:\n    return 1", 4, 3, "function")
    notebook = LoadedNotebook(Program((definition,)), proxy, frozenset())
    notebook.load({}, lambda index: None)
    with pytest.raises(SyntaxError) as info:
        notebook.names["f"]()
    raised = notebook.raised(info.value)
    assert (raised.type, raised.cell, raised.line) == ("SyntaxError", 4, 3)


def test_asserts_are_stripped_where_asked() -> None:
    source = "def f(x):\n    for _ in 'ab':\n        assert x\n    return 1\nassert 1 == 2"
    assert load(source, strip_asserts=True)["f"](0) == 1
    with pytest.raises(AssertionError):
        load(source)["f"](0)


def test_unused_annotations_of_a_missing_module_cost_nothing() -> None:
    names = load("import torch\nclass Net(object):\n    pass\ndef f():\n    return Net.__name__")
    assert names["f"]() == "Net"
