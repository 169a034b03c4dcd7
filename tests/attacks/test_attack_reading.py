"""Attacks by what a notebook's file and its definitions look like, and by the sum of many small delays."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from attack_arena import LIMITS, QUICK, Arena
from attack_case import notebook
from attack_inputs import MARKUP, RIGHT, cell, raw_notebook
from test_attack_feedback import student_texts

from grader.notebook.read import MAX_PROBLEMS, Unreadable, read_notebook

STRONG = pytest.mark.parametrize("arena", ["strong"], indirect=True)
_NUMPY = "import numpy as np"
_WRONG = RIGHT.replace("W @ A + b", "W @ A - b")

# -------------------------------------------------------------------------------------- bytes and JSON


@pytest.mark.parametrize(
    "encoding",
    ["undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "zlib", "rot13", "hex"],
)
def test_105_a_script_in_an_encoding_that_no_source_has(encoding: str) -> None:
    """Some raise what no decoder should, and one takes the square of the time."""
    data = f"# coding: {encoding}\n{RIGHT}\n".encode() + b"a" * 300_000
    began = time.process_time()
    with pytest.raises(Unreadable, match="encoding"):
        read_notebook(data, "x.py")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "cp1252", "utf-8-sig"])
def test_105_a_script_in_an_encoding_that_sources_have(encoding: str) -> None:
    data = f"# coding: {encoding}\n{RIGHT}  # é\n".encode(encoding)
    assert "é" in read_notebook(data, "x.py").cells[0].source


_BROKEN: Mapping[str, Any] = {"numbers": 7, "no-source": cell(None), "lists-of-lists": cell([["x"]])}


@STRONG
@pytest.mark.parametrize("kind", _BROKEN)
def test_106_many_broken_cells_are_few_words(arena: Arena, kind: str) -> None:
    data = raw_notebook(*[_BROKEN[kind]] * 15_000, cell(_NUMPY), cell(RIGHT))
    report = arena.grade(data, "linear_forward")
    assert report.functions[0].status == "passed"
    assert len(report.problems) == MAX_PROBLEMS + 1
    assert f"{15_000 - MAX_PROBLEMS} more cells" in report.problems[-1].message
    assert sum(len(text) for text in student_texts(report).values()) < 300_000


_BYTES: Mapping[str, tuple[bytes, str]] = {
    "a-key-twice": (raw_notebook(cell(_NUMPY), cell(RIGHT)).replace(b'"cells":', b'"cells": [], "cells":', 1), "passed"),
    "not-a-number": (raw_notebook(cell(_NUMPY, execution_count=float("nan")), cell(RIGHT)), "passed"),
    "a-float-beyond-all": (raw_notebook(cell(_NUMPY), cell(RIGHT)).replace(b'"nbformat": 4', b'"nbformat": 1e999', 1), "passed"),
    "a-number-of-5000-digits": (raw_notebook(cell(RIGHT)).replace(b'"nbformat": 4', b'"nbformat": ' + b"4" * 5000, 1), "missing"),
    "outputs-of-10-megabytes": (raw_notebook(cell(_NUMPY, outputs=[{"data": {"text/html": MARKUP * 150_000}}]), cell(RIGHT)), "passed"),
    "source-in-single-letters": (raw_notebook(cell(list(f"{_NUMPY}\n{RIGHT}"))), "error|passed"),
    "two-sources": (raw_notebook(cell(_NUMPY), cell(RIGHT, input=_WRONG)), "passed"),
    "worksheets-beside-cells": (raw_notebook(cell(_NUMPY), cell(RIGHT), worksheets=[{"cells": [cell(_WRONG)]}]), "passed"),
    "half-a-surrogate": (raw_notebook(cell(_NUMPY), cell(RIGHT + "  # \ud800")), "passed"),
    "null-and-escape": (raw_notebook(cell(_NUMPY), cell(RIGHT), cell("x = '\0\x1b[2J'")), "passed"),
}  # fmt: skip


@STRONG
@pytest.mark.parametrize("name", _BYTES)
def test_107_odd_json_is_read_or_refused(arena: Arena, name: str) -> None:
    data, status = _BYTES[name]
    began = time.process_time()
    report = arena.grade(data, "linear_forward")
    found = next(function for function in report.functions if function.name == "linear_forward")
    assert found.status in status.split("|")
    assert found.status == "passed" or report.problems
    assert "alert" not in json.dumps([problem.message for problem in report.problems])
    assert time.process_time() - began < 5


# --------------------------------------------------------------------------------- names and binding

_LAMBDA = "lambda A, W, b: (W @ A + b, (A, W, b))"
#: How a name can come by a function, and what becomes of it. Where both a right and a wrong one are there,
#: Python's rule decides: the last definition counts.
_BOUND: Mapping[str, tuple[tuple[str, ...], str]] = {
    "compatible-letters": (("def \uff4cinear_forward(A, W, b):\n    return W @ A + b, (A, W, b)",), "passed"),
    "compatible-letters-later": ((RIGHT, "def \uff4cinear_forward(A, W, b):\n    return A, A"), "failed"),
    "a-letter-that-looks-alike": ((_WRONG, RIGHT.replace("linear", "lin\u0435ar")), "failed"),
    "executed": ((f"exec({RIGHT!r})",), "missing"),
    "put-into-globals": ((f"globals()['linear_forward'] = {_LAMBDA}",), "missing"),
    "put-over-another": ((_WRONG, f"globals()['linear_forward'] = {_LAMBDA}"), "failed"),
    "set-on-the-module": ((_WRONG, f"import sys\nsetattr(sys.modules['__main__'], 'linear_forward', {_LAMBDA})"), "failed"),
    "set-by-a-function": ((_WRONG, f"def setup():\n    global linear_forward\n    linear_forward = {_LAMBDA}", "setup()"), "failed"),
    "deleted": ((RIGHT, "del linear_forward"), "passed|missing"),
    "of-a-module-that-is-none": (("import sys, types\nfake = types.ModuleType('fake')\nfake.linear_forward = 1\nsys.modules['fake'] = fake\nfrom fake import *",), "missing"),
    "a-loop": ((f"for linear_forward in [{_LAMBDA}]:\n    pass",), "missing"),
    "a-pattern": ((f"match {_LAMBDA}:\n    case linear_forward:\n        pass",), "missing|error"),
    "a-walrus-in-a-class": ((f"class K:\n    kept = [(linear_forward := {_LAMBDA}) for _ in [0]]",), "missing|error"),
    "an-error": (("try:\n    1 / 0\nexcept Exception as linear_forward:\n    pass",), "missing"),
    "a-class": (("class linear_forward:\n    def __new__(cls, A, W, b):\n        return W @ A + b, (A, W, b)",), "passed"),
    "a-metaclass": (("class M(type):\n    def __call__(cls, A, W, b):\n        return W @ A - b, (A, W, b)", "class linear_forward(metaclass=M):\n    x = 1"), "failed"),
    "an-item-of-a-class": ((f"class G:\n    def __class_getitem__(cls, key):\n        return {_LAMBDA}\nlinear_forward = G[0]",), "missing|passed"),
    "a-decorator": ((f"def other(f):\n    return lambda A, W, b: (W @ A - b, (A, W, b))\n@other\n{RIGHT}",), "failed"),
    "a-generator": (("def linear_forward(A, W, b):\n    yield W @ A + b\n    yield A, W, b",), "failed"),
    "a-coroutine": ((f"async {RIGHT}",), "failed"),
}  # fmt: skip


@STRONG
@pytest.mark.parametrize("way", _BOUND)
def test_122_what_a_name_is_bound_to(arena: Arena, way: str) -> None:
    cells, status = _BOUND[way]
    assert arena.function(notebook(_NUMPY, *cells)).status in status.split("|")


@STRONG
@pytest.mark.parametrize(
    "magic",
    [
        "%%time",
        "%%capture out",
        "%%timeit -n 1",
        "%%python",
        "%%writefile x.py",
        "%%cython",
        "%load_ext x\n%%time",
    ],
)
def test_120_a_magic_over_a_cell_neither_runs_nor_hides_what_is_wrong(arena: Arena, magic: str) -> None:
    found = arena.function(raw_notebook(cell(_NUMPY), cell(f"{magic}\n{_WRONG}")))
    assert found.status in ("failed", "missing", "error")
    assert found.score < found.max_score


# --------------------------------------------------------------------------------- many small delays

_NAMES = {
    "initialize_parameters": "n_x, n_h, n_y",
    "linear_forward": "A, W, b",
    "linear_activation_forward": "A_prev, W, b, activation",
    "L_model_forward": "X, parameters",
    "compute_cost": "AL, Y",
    "linear_backward": "dZ, cache",
    "linear_activation_backward": "dA, cache, activation",
    "L_model_backward": "AL, Y, caches",
}


@STRONG
def test_094_delays_that_are_each_allowed_are_not_allowed_together(arena: Arena) -> None:
    """Each call stays within its time, and there are many: runs, runs in place, repairs, public ones."""
    cells = [
        f"def {name}({words}):\n    time.sleep(0.1)\n    return 1.0, 2.0" for name, words in _NAMES.items()
    ]
    limits = replace(QUICK, call_seconds=1.0, submission_seconds=1.5)
    began = time.monotonic()
    report = arena.grade(notebook("import numpy as np, time", *cells), limits=limits)
    assert time.monotonic() - began < 6
    assert report.score == 0
    arena.sandbox.limits = LIMITS
    assert arena.function(notebook(_NUMPY, RIGHT)).status == "passed", "the next one has time of its own"
