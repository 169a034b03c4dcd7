"""IPython's additions become plain Python, line for line."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.notebook.blanks import fill_empty_blocks
from grader.notebook.neutralise import code_only, logical_lines, neutralise


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline", "pass"),
        ("%load_ext autoreload\nx = 1", "pass\nx = 1"),
        ("!pip install x", "pass"),
        ("!pip install \\\n  x\ny = 1", "pass\n\ny = 1"),
        ("np.dot?", "pass"),
        ("?np.dot", "pass"),
        ("np.dot??", "pass"),
        ("get_ipython().magic('matplotlib inline')", "pass"),
        ("get_ipython().run_line_magic('a', 'b')", "pass"),
        ("x = get_ipython().getoutput('ls')", "x = None"),
        ("files = !ls", "files = None"),
        ("a, b = %who_ls", "a, b = None"),
        ("if x:\n    %time f()\nelse:\n    !ls", "if x:\n    pass\nelse:\n    pass"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%capture out\nx = 1", "pass\nx = 1"),
        ("%%bash\nrm -r x\nls", "\n\n"),
        ("%%writefile a.py\ndef f(): pass", "\n"),
        ("\n%%html\n<b>", "\n\n"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ("x = 1\r\ny = 2\rz = 3", "x = 1\ny = 2\nz = 3"),
    ],
)
def test_ipython(source, plain):
    assert neutralise(source) == plain
    ast.parse(neutralise(source))


@pytest.mark.parametrize(
    "source",
    [
        "x = a % b",
        "x = (a\n% b)",
        "x = a \\\n  % b",
        "print('%d'\n% 3)",
        "x = '''\n%matplotlib inline\n!ls\n'''",
        "# what is this?\nx = 1",
        "x = 'really?'",
        "x != y",
        "x = y  # why?",
        "x = {'a': 1}\n# !ls",
        "def f():\n    '''Is it %d?\n    !no\n    '''\n    return 1",
    ],
)
def test_python_stays(source):
    assert neutralise(source) == source


SOURCES = st.lists(
    st.sampled_from(
        [
            "%",
            "!",
            "?",
            "\n",
            "    ",
            "x",
            "=",
            "(",
            ")",
            "'",
            '"',
            "'''",
            '"""',
            "\\",
            "#",
            ":",
            "if x",
            "def f()",
            "%%",
            "get_ipython()",
        ]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(SOURCES)
def test_lines_keep_their_numbers(source):
    lines = source.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    assert neutralise(source).count("\n") == lines
    assert code_only(source).count("\n") == source.count("\n")
    assert fill_empty_blocks(source)[0].count("\n") == source.count("\n")


@settings(max_examples=200, deadline=None)
@given(SOURCES)
def test_logical_lines_are_the_source_cut(source):
    assert "".join(source[start:end] for start, end in logical_lines(source)) == source
    assert len(code_only(source)) == len(source)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None)
@given(SOURCES)
def test_plain_python_is_left_alone(source):
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return
    if "\r" not in source and "get_ipython" not in source:
        assert ast.dump(ast.parse(neutralise(source))) == ast.dump(ast.parse(source))


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("if x:\n    # here\ny = 1", (1,)),
        ("for i in x:\n", (1,)),
        ("def f():\n    for i in x:\n        # a\n    return 1", (2,)),
        ("def f():  # why\n    # a", (1,)),
        ("if x:\n    y = {1:\n 2}\nelse:", (4,)),
        ("try:\nexcept ValueError:\nfinally:", (1, 2, 3)),
        ("if x: pass\nelse: y", ()),
        ("x = {'a':\n 1}", ()),
        ("x = a[1:\n]", ()),
    ],
)
def test_empty_blocks(source, lines):
    filled, found = fill_empty_blocks(source)
    assert found == lines
    ast.parse(filled)
