"""Attacks of a clever student that the list does not have: values, the worker's own tools, helpers, names, time.

Each gets the number of the entry that it is a kind of. In tier `strong` alone: none of them is about a wall.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from attack_arena import Arena
from attack_case import RIGHT, Case, notebook, per_tier
from test_attack_feedback import hidden_words, leaks, student_texts
from test_attack_forgery import score
from test_attack_resources import clock

_ONLY_ANSWERS = "what a worker says is only an answer; it is judged outside in every tier"
_FRESH = "each student gets a new process in every tier"
_TIMED = "the clock is the grader's, in every tier"
_LIE = "(W @ A + b) * 0"
STRONG = pytest.mark.parametrize("arena", ["strong"], indirect=True)


def _value(number: int, name: str, result: str, top: str = "", walled: str = "failed") -> Case:
    return Case(number, name, "", score, _ONLY_ANSWERS, result=f"{result}, (A, W, b)", top=top, walled=walled)


def _tool(number: int, name: str, code: str, walled: str = "passed", **rest: object) -> Case:
    """An attack on what runs in the worker itself."""
    return Case(number, name, code, score, _FRESH, walled=walled, **rest)  # type: ignore[arg-type]


def _hang(number: int, name: str, code: str, walled: str = "timeout") -> Case:
    return Case(number, name, code, clock, _TIMED, walled=walled, quick=True)


VALUES = (
    _value(27, "an-interface-to-memory", "Memory()", "class Memory:\n    def __init__(self): self.kept = np.zeros((4, 7))\n    @property\n    def __array_interface__(self): return self.kept.__array_interface__"),
    _value(27, "a-number-by-every-way", "Number()", "class Number:\n    def one(self, *args): return 1.0\n    __float__ = __complex__ = __round__ = one\n    def __index__(self): return 1\n    def __reduce__(self): return print, ('x',)"),
    _value(27, "an-array-that-lies-of-itself", f"lying({_LIE})", "class Lies(np.ndarray):\n    shape = property(lambda self: (1,))\n    nbytes = property(lambda self: 0)\n    def tobytes(self, *args): return b'x' * 10**6\ndef lying(array): return array.view(Lies)"),
    _value(27, "a-class-that-says-it-is-an-array", "Says()", "class Says:\n    __class__ = property(lambda self: np.ndarray)\n    dtype, shape, ndim = np.dtype('f8'), (4, 7), 2\n    def __array__(self, *args, **kwargs): return np.zeros((4, 7))"),
    _value(34, "a-tuple-with-another-length", f"Pair(({_LIE}, 1))", "class Pair(tuple):\n    def __len__(self): return 2\n    def __iter__(self): return iter(())\n    def __getitem__(self, at): raise SystemExit"),
    _value(39, "right-in-long-double", "(W @ A + b).astype('g')", walled="passed"),
    _value(39, "nearly-right-in-long-double", "(W @ A + b).astype('g') * (1 + 1e-4)"),
    _value(39, "right-in-the-other-byte-order", "(W @ A + b).astype('>f8')", walled="passed"),
    _value(39, "backwards", "(W @ A + b)[::-1]"),
    _value(39, "right-by-two-negative-strides", "(W @ A + b)[::-1, ::-1].copy()[::-1, ::-1]", walled="passed"),
    _value(39, "a-mask-over-nothing", "np.ma.array((W @ A + b) * 0, mask=True, fill_value=1)"),
    _value(39, "a-record-array", "np.rec.array(np.zeros(3, [('a', 'f8')]))"),
    _value(39, "a-file-that-is-none", "np.ndarray.__new__(np.memmap, (4, 7))"),
    _value(39, "objects-that-subtract-to-nothing", "np.array([[Zero()] * 7] * 4, dtype=object)", "class Zero:\n    def __sub__(self, other): return 0.0\n    __rsub__ = __sub__\n    def __eq__(self, other): return True\n    __hash__ = object.__hash__"),
    _value(39, "truth-values", "W @ A + b > 0"),
    _value(35, "a-signalling-nan", "np.full((W @ A).shape, np.frombuffer(b'\\x01\\0\\0\\0\\0\\0\\xf0\\x7f')[0])"),
    _value(95, "nested-a-hundred-thousand-times", "DEEP", "DEEP = []\nfor _ in range(10**5):\n    DEEP = [DEEP]"),
    _value(101, "a-number-of-a-thousand-digits", "10**1000"),
    _value(33, "an-endless-generator", "iter(int, 1)"),
)  # fmt: skip

_CHILD = "child = sys.modules['grader.worker.child']; calling = sys.modules['grader.worker.calling']\n"
TOOLS = (
    _tool(42, "comparisons-that-say-yes", "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\nnp.testing.assert_allclose = lambda *a, **k: None", result=f"{_LIE}, (A, W, b)", walled="failed"),
    _tool(42, "builtins-that-are-gone", "b = load('builtins'); b.isinstance = b.issubclass = b.type = None", walled="error|passed"),
    _tool(42, "no-random-seed", "np.random.seed = lambda *a: None; np.errstate = None", walled="failed|error"),
    _tool(42, "a-tracer-left-behind", "sys.settrace(lambda *a: 1 / 0)", walled="error|passed"),
    _tool(42, "a-profiler-left-behind", "sys.setprofile(lambda *a: None)"),
    _tool(24, "a-finaliser-that-writes", "load('weakref').finalize(np, os.write, port().replies, b'junk'); load('gc').callbacks.append(lambda *a: None)"),
    _tool(24, "a-collector-that-writes", "file = port().replies; load('gc').callbacks.append(lambda *a: os.write(file, b'xx')); load('gc').collect()", walled="error"),
    _tool(24, "standard-output-that-writes", "file = port().replies\nclass Out:\n    def write(self, text): os.write(file, b'x')\nsys.stdout = Out(); print(1)", walled="error"),
    _tool(24, "loaded-before-it-is", "SENT", top="SENT = port().send(8, b'')", walled="passed|error|failed"),
    _tool(25, "an-encoder-of-our-own", "sys.modules['grader.worker.encoder']._WRITERS[np.ndarray] = lambda out, value, depth: out.chunks.append(b'a\\x0b\\xff' + b'\\xff' * 40)", walled="error"),
    _tool(28, "outcomes-that-are-none", _CHILD + "calling.Seen = lambda *args: None", walled="error"),
    _tool(28, "nothing-was-changed", _CHILD + "child._tree = lambda seen: (None, '', (), False, 1)", walled="failed"),
    _tool(66, "a-thread-left-behind", "import threading; threading.Thread(target=os.write, args=(port().replies, b'x')).start()"),
    _tool(92, "a-timer-left-behind", "load('signal').setitimer(0, 0.01)"),
    _tool(26, "another-file-for-the-channel", "file = port().replies; print(ctypes.CDLL(None).dup2(1, file), ctypes.CDLL(None).fcntl(file, 4, 2048))"),
    _tool(42, "traps-for-floats", "ctypes.CDLL(None).fesetround(0x800)"),
    _tool(11, "names-of-a-frame", "frame = sys._getframe()\nwhile frame.f_back: frame = frame.f_back\nframe.f_globals.clear()", walled="passed|error"),
    _tool(96, "beyond-an-array", "np.lib.stride_tricks.as_strided(np.zeros(1), (10**6,), (10**6,))[...] = 1", walled="error"),
    _tool(96, "the-stack-of-c", "it = iter(())\nfor _ in range(10**5): it = load('itertools').chain(it)\nnext(it, 0)", walled="passed|error|timeout", quick=True),
    _tool(95, "a-parser-in-a-call", "for code in ('(' * 10**5, '-' * 10**6 + '1'):\n    try: compile(code, 'x', 'eval')\n    except (MemoryError, RecursionError, SyntaxError): pass"),
    _tool(95, "deep-for-repr-and-copy", "deep = []\nfor _ in range(10**5): deep = [deep]\nfor act in (repr, load('copy').deepcopy):\n    try: act(deep)\n    except RecursionError: pass", walled="passed|error"),
)  # fmt: skip

HANGS = (
    _hang(90, "an-endless-sum", "sum(load('itertools').count())"),
    _hang(90, "hashes-that-collide", "{(2**61 - 1) * i: 0 for i in range(40_000)}"),
    _hang(90, "a-long-number", "sys.set_int_max_str_digits(0); int('9' * 10**7)"),
    _hang(
        92,
        "nothing-gets-out",
        "while os:\n    try:\n        while os: pass\n    except BaseException:\n        continue",
    ),
    _hang(88, "a-text-that-doubles", "text = 'x'\nwhile os: text += text", walled="timeout|passed|error"),
    _hang(88, "an-endless-list", "list(iter(int, 1))", walled="timeout|passed|error"),
)
CASES = (*VALUES, *TOOLS, *HANGS)


@per_tier(CASES, ["strong"])
def test_clever_attack(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)


# ----------------------------------------------------------------------------- helpers as an oracle

_FORWARD = "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)"
_TABLE = """
GRID = np.linspace(-12, 12, 200_001)

def look_up(Z):
    at = np.clip(((Z + 12) / 24 * 200_000).astype(int), 1, 199_998)
    x = (Z - GRID[at]) * 200_000 / 24
    before, here, after = TABLE["s"][at - 1], TABLE["s"][at], TABLE["s"][at + 1]
    return here + x * (after - before) / 2 + x * x * (after - 2 * here + before) / 2
"""


@STRONG
@pytest.mark.parametrize("kept", ["{}", "sys.__dict__.setdefault('table', {})"], ids=["global", "process"])
def test_011_no_table_is_made_of_a_helper(arena: Arena, kept: str) -> None:
    """While linear_activation_forward may ask for sigmoid, 200,000 of its values are kept for sigmoid's own tests."""
    data = notebook(
        "import numpy as np, sys",
        f"TABLE = {kept}\n{_TABLE}",
        _FORWARD,
        "def linear_activation_forward(A_prev, W, b, activation):\n"
        "    if not TABLE and activation == 'sigmoid':\n"
        "        parts = [sigmoid(GRID[i : i + 128][None])[0].ravel() for i in range(0, len(GRID), 128)]\n"
        "        TABLE['s'] = np.concatenate(parts)\n"
        "    Z, linear = linear_forward(A_prev, W, b)\n"
        "    A, cache = sigmoid(Z) if activation == 'sigmoid' else relu(Z)\n"
        "    return A, (linear, cache)",
        "def sigmoid(Z):\n    return look_up(Z) if TABLE else Z, Z",
    )
    report = arena.grade(data, "linear_activation_forward", "sigmoid")
    status = {function.name: function.status for function in report.functions}
    assert status == {"linear_activation_forward": "passed", "sigmoid": "failed"}


_APP = "import numpy as np\nimport dnn_app_utils_v3 as app\nfrom dnn_app_utils_v3 import *"
_ASKING = {
    "itself": "def linear_forward(A, W, b):\n    return app.linear_forward(A, W, b)",
    "itself-by-another-name": "from dnn_app_utils_v3 import linear_forward as other\nlinear_forward = other",
    "one-that-is-made-of-it": "def linear_forward(A, W, b):\n    A, cache = app.linear_activation_forward(A, W, b, 'relu')\n    return cache[1], cache[0]",
    "the-whole-network": "def linear_forward(A, W, b):\n    AL, caches = app.L_model_forward(A, {'W1': W, 'b1': b})\n    return caches[0][1], caches[0][0]",
    "while-it-is-loaded": "KEPT = app.linear_forward\ndef linear_forward(A, W, b):\n    return KEPT(A, W, b)",
}


@STRONG
@pytest.mark.parametrize("way", _ASKING)
def test_011_a_function_is_not_made_of_a_right_one(arena: Arena, way: str) -> None:
    assert arena.function(notebook(_APP, _ASKING[way])).score == 0


@STRONG
def test_011_a_helper_that_was_bound_once_answers_no_later_call(arena: Arena) -> None:
    """The object that stands for linear_backward is kept while it may be asked, and used when it may not."""
    data = notebook(
        "import numpy as np, sys\nKEPT = sys.__dict__.setdefault('kept', [])",
        "def linear_activation_backward(dA, cache, activation):\n"
        "    KEPT.append(linear_backward)\n"
        "    dZ = relu_backward(dA, cache[1]) if activation == 'relu' else sigmoid_backward(dA, cache[1])\n"
        "    return linear_backward(dZ, cache[0])",
        "def linear_backward(dZ, cache):\n    return KEPT[0](dZ, cache)",
    )
    report = arena.grade(data, "linear_backward", "linear_activation_backward")
    scores = {function.name: function.score for function in report.functions}
    assert scores["linear_backward"] == 0
    assert scores["linear_activation_backward"] > 0


_FROM_EACH_OTHER = """
def initialize_parameters(n_x, n_h, n_y):
    return initialize_parameters_deep([n_x, n_h, n_y])

def sigmoid(Z):
    slope = sigmoid_backward(np.ones_like(Z), Z)
    root = np.sqrt(np.maximum(1 - 4 * slope, 0))
    return np.where(Z > 0, 1 + root, 1 - root) / 2, Z
"""


@STRONG
def test_011_no_function_is_made_of_a_right_one_that_tells_it(arena: Arena) -> None:
    """Of the one that makes the same for any number of layers, or of its own derivative."""
    data = notebook("import numpy as np\nfrom dnn_app_utils_v3 import *", _FROM_EACH_OTHER)
    report = arena.grade(data, "initialize_parameters", "sigmoid")
    assert report.functions[0].name == "initialize_parameters"
    assert all(function.score == 0 for function in report.functions)


_STACKS = """
def linear_activation_forward(A_prev, W, b, activation):
    try:
        linear_forward(np.ones((128, 1, 128)), np.ones((128, 128, 1)), np.zeros((1, 1)))
    except ValueError as error:
        return str(error)
"""


@STRONG
def test_011_a_helper_makes_no_stacks_of_matrices_in_the_grader(arena: Arena) -> None:
    """Of three dimensions with sides that are allowed; layers of such are gigabytes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    arena.grade(notebook("import numpy as np", _STACKS), "linear_activation_forward")
    assert arena.recorder.outcomes[0].value == "the arguments of linear_forward are too large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"


# -------------------------------------------------------------------------- remembering and telling

_LEAK = """
def leak(array):
    return "LEAK" + "".join(str(int(digit)) for digit in f"{abs(float(array.flat[0])):.9f}" if digit != ".")
"""
_WAYS = {
    "22-default-argument": "def linear_forward(A, W, b, kept=[]):\n    kept.append(leak(A)); print(*kept)\n    raise ValueError(str(kept))",
    "22-attribute-of-the-function": "def linear_forward(A, W, b):\n    linear_forward.__dict__.setdefault('kept', []).append(leak(A))\n    print(*linear_forward.kept); raise ValueError(*linear_forward.kept)",
    "22-attribute-of-numpy": "def linear_forward(A, W, b):\n    np.__dict__.setdefault('kept', []).append(leak(A))\n    print(*np.kept); raise ValueError(*np.kept)",
    "22-name-of-the-code": "def linear_forward(A, W, b):\n    print(linear_forward.__code__.co_name)\n    linear_forward.__code__ = linear_forward.__code__.replace(co_name=leak(A))\n    raise ValueError(linear_forward.__code__.co_name)",
    "22-name-of-a-field": "def linear_forward(A, W, b):\n    return np.zeros(3, [(leak(A), 'f8')]), np.zeros(3, [(leak(A)[:20], 'O')])",
    "22-unit-of-a-date": "def linear_forward(A, W, b):\n    return (np.zeros((3, 3), f'M8[{leak(A)[4:13]}s]'),) * 2",
    "20-module-of-an-exception": "def linear_forward(A, W, b):\n    raise type('X', (Exception,), {'__module__': leak(A), '__qualname__': leak(A)})",
    "20-name-of-an-argument": "def linear_forward(A, W, b):\n    return linear_forward(**{leak(A): 1})",
    "20-name-of-an-attribute": "def linear_forward(A, W, b):\n    return getattr(A, leak(A))",
    "20-name-that-is-imported": "def linear_forward(A, W, b):\n    exec('from numpy import ' + leak(A))",
}  # fmt: skip


@STRONG
@pytest.mark.parametrize("way", _WAYS)
def test_hidden_inputs_do_not_reach_a_student_HELD(arena: Arena, way: str) -> None:
    report = arena.grade(notebook("import numpy as np", _LEAK, _WAYS[way]), "linear_forward")
    words = hidden_words(arena.recorder.calls)
    assert len(words) >= 3, "there are hidden calls"
    assert report.functions[0].score < report.functions[0].max_score
    assert leaks(student_texts(report), words) == []


# ------------------------------------------------------------------- large results, and many of them

_HEAVY = {
    "columns-and-rows": "np.ones((1_200_000, 1)), np.ones((1, 1_200_000)), np.ones((1_200_000, 1))",
    "many-keys": "{key + str(i): 1.0 for i in range(1, 9_000) for key in ('W', 'dA')}",
    "many-lists": "[(i, [i]) for i in range(15_000)], [(i, [i]) for i in range(10)], 1",
    "keys-that-collide": "{i * (2**61 - 1): 0 for i in range(1_200)}, 1, 2",
    "nothing-in-many-rows": "(np.zeros((2**39, 0)),) * 3",
}


@STRONG
@pytest.mark.parametrize("result", _HEAVY.values(), ids=_HEAVY)
def test_101_results_cost_the_grader_neither_time_nor_memory(arena: Arena, result: str) -> None:
    """Without a cap on a result these took minutes and gigabytes, in the grading process."""
    cells = (
        f"KEPT = {result}",
        "def linear_backward(dZ, cache):\n    dW = np.dot(dZ, cache[0].T)\n    return KEPT if dW.size else dW",
    )
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = arena.function(notebook("import numpy as np", *cells), "linear_backward")
    assert found.status == "failed"
    assert found.score == 0
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kilobytes"


def test_the_right_result_is_the_one_that_cases_return() -> None:
    assert RIGHT == "W @ A + b, (A, W, b)"
