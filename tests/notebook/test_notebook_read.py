"""Bytes of a file → code cells, or a reason in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Cell
from grader.notebook.read import MAX_BYTES, MAX_CELLS, MAX_CONTAINERS, MAX_LINES, Unreadable, read_notebook

CODE: dict[str, Any] = {"cell_type": "code", "source": ["x = 1\n", "y = 2"]}
TEXT: dict[str, Any] = {"cell_type": "markdown", "source": "# Title"}


def read(document: object, name: str = "a.ipynb") -> tuple[Cell, ...]:
    return read_notebook(json.dumps(document).encode(), name).cells


@pytest.mark.parametrize(
    "document",
    [
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [TEXT, CODE]},
        {"nbformat": 3, "worksheets": [{"cells": [TEXT, {"cell_type": "code", "input": "x = 1\ny = 2"}]}]},
        {
            "nbformat": 3,
            "worksheets": [{"cells": [TEXT]}, {"cells": [{"cell_type": "code", "input": CODE["source"]}]}],
        },
        {"cells": [TEXT, CODE]},
        {"cells": [TEXT, {**CODE, "source": "x = 1\ny = 2"}]},
        {"cells": [TEXT, {**CODE, "source": "x = 1\r\ny = 2"}]},
        {"cells": [TEXT, {**CODE, "source": ["x = 1\r", "y = 2"]}]},
        {"cells": [TEXT, {**CODE, "source": ["x = 1", "y = 2"]}]},
        {"cells": [TEXT, {**CODE, "outputs": "odd", "metadata": None, "execution_count": []}]},
    ],
)
def test_forms_of_notebooks(document):
    assert read(document) == (Cell(1, "x = 1\ny = 2"),)


def test_all_kinds_of_cell_are_counted():
    assert [
        cell.index for cell in read({"cells": [CODE, TEXT, {"cell_type": "raw", "source": ""}, CODE]})
    ] == [0, 3]


def test_encodings():
    text = json.dumps({"cells": [{"cell_type": "code", "source": "é = '≈'"}]}, ensure_ascii=False)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert read_notebook(text.encode(encoding), "a.ipynb").cells == (Cell(0, "é = '≈'"),)


def test_half_a_surrogate_pair_is_replaced():
    assert read({"cells": [{"cell_type": "code", "source": "a = '\ud800'"}]}) == (Cell(0, "a = '\ufffd'"),)


@pytest.mark.parametrize(
    "cell", [None, 3, {}, {"cell_type": 3}, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}]
)
def test_a_bad_cell_is_told_and_left_out(cell):
    notebook = read_notebook(json.dumps({"cells": [cell, CODE]}).encode(), "a.ipynb")
    assert [cell.index for cell in notebook.cells] == [1]
    assert [problem.cell for problem in notebook.problems] == [0]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b" \n", "empty-file"),
        (b"PK\x03\x04....", "zip-archive"),
        (b"%PDF-1.4", "pdf"),
        (b"<!DOCTYPE html><html><title>Jupyter login</title>", "html-page"),
        (b"version https://git-lfs.github.com/spec/v1", "lfs-pointer"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image"),
        (b"\xff\xd8\xff\xe0\x00", "image"),
        (b"GIF89a\x80\x00", "image"),
        (b"\x1f\x8b\x08\x00", "gzip-archive"),
        (b"\xca\xfe\x80\x00\x00\x80", "binary"),
        (b"{", "not-json"),
        (b'{"cells": [', "not-json"),
        (b"<<<<<<< HEAD\n{}", "not-json"),
        (b"[]", "not-a-notebook"),
        (b"3", "not-a-notebook"),
        (b"{}", "not-a-notebook"),
        (b'{"cells": {}}', "not-a-notebook"),
        (b'{"cells": []}', "no-cells"),
        (b'{"cells": [{"cell_type": "markdown", "source": ""}]}', "no-code-cells"),
        (b'{"cells": ["\xff"]}', "not-utf8"),
        (b"[" * 100_000, "nested-too-deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not-json"),
        (b" " * (MAX_BYTES + 1), "too-large"),
        (b'{"cells": [' + b"[]," * (MAX_CONTAINERS + 1) + b"[]]}", "too-large"),
        (b'{"cells": [{"cell_type": "code", "source": "' + b"\\n" * (MAX_LINES + 1) + b'"}]}', "too-large"),
    ],
)
def test_what_cannot_be_read(data, code):
    with pytest.raises(Unreadable) as raised:
        read_notebook(data, "a.ipynb")
    assert raised.value.problem.code == code
    assert raised.value.problem.message.endswith((".", "in."))


def test_a_broken_download_is_said_to_be_one():
    """Wherever it was cut, in a string, too."""
    whole = json.dumps({"cells": [CODE] * 3, "nbformat": 4}, indent=1)
    for cut in range(20, len(whole) - 2, 7):
        with pytest.raises(Unreadable) as raised:
            read_notebook(whole[:cut].encode(), "a.ipynb")
        assert "ends too early" in raised.value.problem.message or whole[:cut].rstrip().endswith("}")
    with pytest.raises(Unreadable) as raised:
        read_notebook(whole.replace('"nbformat":', "nbformat:").encode(), "a.ipynb")
    assert "edited outside Jupyter" in raised.value.problem.message


@pytest.mark.parametrize("data", [b"[]", b"{}", b"3", b"\xca\xfe\x80\x00\x00\x80"])
def test_what_is_no_notebook_has_a_remedy(data):
    with pytest.raises(Unreadable) as raised:
        read_notebook(data, "a.ipynb")
    assert "hand that in" in raised.value.problem.message
    assert "UTF-8" not in raised.value.problem.message


# ------------------------------------------------------------------------------------ scripts


@pytest.mark.parametrize(
    ("line", "code"), [(b"a\n", "too-large"), (b"# %%\n", "too-large"), (b"# %%\na\r", "too-many-cells")]
)
def test_a_script_has_as_many_lines_and_cells_as_a_notebook(line, code):
    count = MAX_LINES + 1 if code == "too-large" else MAX_CELLS + 1
    with pytest.raises(Unreadable) as raised:
        read_notebook(line * count, "a.py")
    assert raised.value.problem.code == code


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("x = 1\n\ny = 2", [(0, "x = 1\n\ny = 2", 0)]),
        ("# %%\nx = 1\n# %% [markdown]\n# text\n# %%\ny = 2", [(0, "x = 1", 1), (2, "y = 2", 5)]),
        ("z = 0\n# %%\nx = 1", [(0, "z = 0", 0), (1, "x = 1", 2)]),
        (
            "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\nx = 1\n\n\n# In[ ]:\n\n\ny = 2",
            [(0, "\n\nx = 1\n\n", 4), (1, "\n\ny = 2", 10)],
        ),
        ("x = 1\r\ny = 2", [(0, "x = 1\ny = 2", 0)]),
        ("\ufeffx = 1", [(0, "x = 1", 0)]),
    ],
)
def test_scripts(text, cells):
    assert read_notebook(text.encode(), "a.py").cells == tuple(Cell(*cell) for cell in cells)


def test_the_encoding_that_a_script_declares():
    assert (
        read_notebook("# coding: latin-1\né = 1".encode("latin-1"), "a.py").cells[0].source.endswith("é = 1")
    )


@pytest.mark.parametrize("data", [b"x = '\xff'", b"# coding: hex\nx = 1", b"# coding: rot13\nx"])
def test_scripts_that_are_no_text(data):
    with pytest.raises(Unreadable) as raised:
        read_notebook(data, "a.py")
    assert raised.value.problem.code == "not-utf8"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.ipynb", "a.py", "a"]))
def test_any_bytes_give_a_notebook_or_a_reason(data, name):
    try:
        read_notebook(data, name)
    except Unreadable as reason:
        assert reason.problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "code"])
            | st.text(max_size=3),
            inner,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_gives_a_notebook_or_a_reason(document):
    try:
        read(document)
    except Unreadable as reason:
        assert reason.problem.message
