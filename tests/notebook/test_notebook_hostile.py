"""No source makes extraction raise or take long."""

from __future__ import annotations

import ast
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_cells import STAND_INS, WANTED, executed, extracted, status

from grader.model import Cell, Extraction
from grader.notebook.extract import extract

HOSTILE = {
    "brackets": "def sigmoid(z):\n    return " + "(" * 3000 + "z" + ")" * 3000,
    "open brackets": "x = " + "[" * 20_000,
    "long sum": "x = " + "+".join(["1"] * 20_000),
    "attributes": "x = a" + ".b" * 10_000,
    "calls": "x = f" + "()" * 10_000,
    "indentation": "".join("    " * i + "if x:\n" for i in range(150)) + "    " * 150 + "pass",
    "lambdas": "sigmoid = " + "lambda: " * 3000 + "1",
    "unary": "x = " + "-" * 10_000 + "1",
    "elif": "if x:\n  pass\n" + "elif x:\n  pass\n" * 3000,
    "broken lines": "x y\n" * 3000,
    "broken defs": "def f(x)\n  return x\n" * 1000,
    "open then lines": "x = (\n" + "y\n" * 3000,
    "chain of values": "x = 0\n" + "x = x + 1\n" * 2000 + "def sigmoid(z):\n  return x",
    "chain of aliases": "def f0(z): return z\n"
    + "".join(f"f{i + 1} = f{i}\n" for i in range(2000))
    + "sigmoid = f2000",
    "upside down": "".join(f"x{i} = x{i + 1}\n" for i in range(400)) + "def sigmoid(z):\n  return x0",
    "all call all": "".join(
        f"def f{i}():\n  " + "+".join(f"f{j}()" for j in range(100)) + "\n" for i in range(100)
    )
    + "def sigmoid(z):\n  return f0()",
    "null": "def sigmoid(z):\n    return '\0'",
    "surrogate": "def sigmoid(z):\n    return '\ud800'",
    "quotes": "'" * 20_000,
    "open strings": '"""a\n' * 5000,
    "backslashes": "\\\n" * 5000,
    "magics": "%x\n" * 5000,
    "empty lines": "\n" * 200_000,
    "equal signs": "=" * 20_000,
    "big number": "x = " + "9" * 20_000,
    "decorators": "@a\n" * 5000 + "def sigmoid(z): pass",
    "star": "from " + "." * 1000 + " import *",
    "future": "from __future__ import braces",
    "nonlocal": "nonlocal x\nreturn 3\nyield 4\nbreak",
    "star in class": "class A:\n    from numpy import *",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_sources(source):
    began = time.process_time()
    extraction = extracted(source)
    assert set(extraction.functions) == set(WANTED)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_costs_no_other_cell(source):
    extraction = extracted(source, "def linear_forward(A):\n    B = A + 1\n    return B")
    assert status(extraction, "linear_forward") == "defined"
    assert executed(extraction, "linear_forward")(1) == 2


WORDS = """def sigmoid(z):|    |return z|if x:|else:|class A:|x = 1|sigmoid = |lambda z: z|import numpy as np|@|(|)|'
from dnn_utils import *|print x|%time|!ls|for i in x:|try:|except:|global x|del x|x += 1|x['a'] = 1|#|;|pass|None
...|yield|await x|async |[x for x in y]|{|}|:=|match x:|case _:|*|**|f'{x}'|é|nonlocal x|with x as y:|x: int = 3"""
PIECES = st.sampled_from([*re.split(r"[|\n]", WORDS), "\n", "\\", "|", "\0", "\ufeff", "\x0c", "\t", '"""'])
SOURCES = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)


def is_sound(extraction: Extraction, sources: list[str]) -> bool:
    """Every fact points into the notebook, every definition parses and stands where it says."""
    for definition in extraction.definitions:
        ast.parse(definition.source)
        assert 1 <= definition.line <= sources[definition.cell].count("\n") + 1
    for name, facts in extraction.functions.items():
        assert all(0 <= index < len(extraction.definitions) for index in facts.needs)
        assert list(facts.needs) == sorted(set(facts.needs))
        assert (facts.status == "missing") == (facts.cell is None)
        assert facts.name == name
    return True


@settings(max_examples=300, deadline=None)
@given(st.lists(SOURCES, max_size=3))
def test_any_sources_give_sound_facts(sources):
    cells = [Cell(index, source) for index, source in enumerate(sources)]
    plain = [source.replace("\r\n", "\n").replace("\r", "\n") for source in sources]
    assert is_sound(extract(cells, WANTED, STAND_INS), plain)


def test_a_fault_of_ours_is_told_and_not_raised(monkeypatch):
    def faulty(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("grader.notebook.extract.Table", faulty)
    extraction = extracted("def sigmoid(z):\n    return z")
    assert extraction.problems[0].code == "not-analysed"
    assert status(extraction, "sigmoid") == "missing"
