"""Forged results (B): frames that nobody asked for, objects that lie, and state that is left for others.

No tier changes anything here: what a worker says is only an answer, and it is checked outside. So each
canary is the score itself, and that a naive grader would have been fooled is shown at the end.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attack_arena import Arena
from attack_canaries import claim, graded_folder
from attack_case import Case, notebook, per_tier

_ONLY_ANSWERS = "what a worker says is only an answer; it is judged outside in every tier"
_FRESH = "each student gets a new process in every tier"


@dataclass
class Score:
    """Looked at by `Arena.prove`: full points if, and only if, the status is `passed`."""

    facts: dict[str, Any] = field(default_factory=dict)

    def breached(self, loot: str) -> bool:
        return False


@contextmanager
def score(folder: Path) -> Iterator[Score]:
    yield Score()


def _frame(number: int, name: str, code: str, walled: str = "error", **rest: Any) -> Case:
    """An attack on the channel: the function dies of it, and gets nothing."""
    return Case(number, name, code, score, _ONLY_ANSWERS, walled=walled, free=walled, **rest)


_CODEC = 'encode = sys.modules["grader.worker.codec"].encode; frame = sys.modules["grader.worker.protocol"].frame\n'
_ANSWER = "encode((None, '', (), False, (W @ A * 0, (A, W, b))))"
CHANNEL = (
    _frame(
        24, "a-frame-before-it-is-asked-for", f"{_CODEC}os.write(port().replies, frame(1, 10, {_ANSWER}))"
    ),
    _frame(
        24,
        "a-frame-while-the-cell-is-loaded",
        "if SENT: pass",
        walled="error|passed",
        top="SENT = os.write(4, b'x' * 13)",
    ),
    _frame(
        25, "the-right-number-and-two-replies", f"{_CODEC}port().send(10, {_ANSWER})", walled="error|failed"
    ),
    _frame(
        25,
        "the-right-number-and-death",
        f"{_CODEC}port().send(10, {_ANSWER}); os._exit(0)",
        walled="error|failed",
    ),
    _frame(25, "another-kind-of-reply", f"{_CODEC}port().send(6, b'')"),
    _frame(26, "close-the-channel", "os.close(port().replies)"),
    _frame(26, "close-the-requests", "os.close(port().requests)", walled="passed|error|failed"),
    _frame(29, "four-gigabytes-announced", "load('struct'); os.write(port().replies, b'\\xff' * 13)"),
    _frame(
        29,
        "four-gigabytes-with-the-right-number",
        "p = port(); header = load('struct').pack('<QBI', (p.sequence + 1) % 2**64, 10, 2**32 - 1)\n"
        "os.write(p.replies, header)",
    ),
    _frame(
        31,
        "slow-loris",
        "p = port(); header = load('struct').pack('<QBI', (p.sequence + 1) % 2**64, 10, 1000)\n"
        "os.write(p.replies, header)\n"
        "while time: os.write(p.replies, b'N'); time.sleep(0.01)",
        walled="timeout",
        quick=True,
    ),
    _frame(32, "os-exit", "os._exit(0)"),
    Case(32, "system-exit", "", score, _ONLY_ANSWERS, result="sys.exit(0)", walled="error", free="error"),
)

_LIAR = """
class Liar({base}):
    def yes(self, *args, **kwargs):
        return True
    def me(self, *args, **kwargs):
        return self
    __eq__ = __le__ = __lt__ = __ge__ = __bool__ = all = any = yes
    __sub__ = __rsub__ = __abs__ = __getitem__ = __array_wrap__ = __call__ = me
    __hash__ = object.__hash__
    __array_priority__ = 1e9
    def __array__(self, *args, **kwargs):
        return np.zeros((1, 1))
    def __array_ufunc__(self, *args, **kwargs):
        return True
    def __array_function__(self, *args, **kwargs):
        return True
"""
_HIDER = """
class Hider:
    def __str__(self):
        raise SystemExit
    __repr__ = __len__ = __iter__ = __array__ = __getattr__ = __reduce__ = __str__
class Loud(ValueError):
    def __str__(self):
        raise KeyboardInterrupt
    __repr__ = __str__
"""


def _value(
    number: int, name: str, result: str, top: str = "", walled: str = "failed", code: str = ""
) -> Case:
    """A result that is not the right one, whatever it says of itself."""
    return Case(number, name, code, score, _ONLY_ANSWERS, result=result, top=top, walled=walled, free=walled)


VALUES = (
    _value(27, "equal-to-everything", "Liar(), (A, W, b)", _LIAR.format(base="")),
    _value(27, "an-array-equal-to-everything", "np.zeros((3, 3)).view(Liar), (A, W, b)", _LIAR.format(base="np.ndarray")),
    _value(27, "a-number-equal-to-everything", "Liar(1.0), (A, W, b)", _LIAR.format(base="float")),
    _value(27, "instead-of-the-whole-result", "Liar()", _LIAR.format(base="")),
    _value(33, "raises-at-every-question", "Hider(), Hider()", _HIDER),
    _value(33, "an-exception-that-raises", "(_ for _ in ()).throw(Loud())", _HIDER, walled="error"),
    _value(34, "a-list-that-changes", "Changing([1, 2])", "class Changing(list):\n    def __len__(self): return 2\n    def __iter__(self): return iter([np.zeros(1)] * 2)"),
    _value(34, "a-dictionary-that-changes", "Changing(), 1", "class Changing(dict):\n    def __missing__(self, key): return 1\n    def __contains__(self, key): return True"),
    _value(35, "not-a-number", "(W @ A + b) * np.nan, (A, W, b)"),
    _value(35, "not-a-number-in-one-place", "np.where(np.arange((W @ A).size).reshape((W @ A).shape) == 0, np.nan, W @ A + b), (A, W, b)"),
    _value(36, "infinity", "(W @ A + b) * np.inf, (A, W, b)"),
    _value(36, "huge", "(W @ A + b) * 0 + 1e308, (A, W, b)"),
    _value(37, "one-number-for-all", "np.float64((W @ A + b)[0, 0]), (A, W, b)"),
    _value(37, "a-shape-that-broadcasts", "(W @ A + b)[None], (A, W, b)"),
    _value(37, "a-row-for-a-matrix", "(W @ A + b)[:1], (A, W, b)"),
    _value(38, "bytes-that-wrap-around", "(W @ A + b).astype('u1'), (A, W, b)"),
    _value(39, "texts", "(W @ A + b).astype(str), (A, W, b)"),
    _value(39, "objects", "(W @ A + b).astype(object) * 0, (A, W, b)"),
    _value(39, "a-structure", "np.zeros(3, [('x', 'f8'), ('y', 'O')]), (A, W, b)"),
    _value(39, "nothing-large", "np.zeros(3, 'V1000'), (A, W, b)"),
    _value(39, "dates", "np.zeros((3, 3), 'M8[s]'), (A, W, b)"),
    _value(39, "complex-with-the-right-real-part", "(W @ A + b) + 1j, (A, W, b)"),
    _value(39, "half-precision", "(W @ A + b).astype('f2'), (A, W, b)", walled="failed|passed"),
    _value(39, "masked", "np.ma.array(W @ A + b, mask=True), (A, W, b)"),
    _value(40, "empty", "np.zeros((0, 0)), (A, W, b)"),
    _value(40, "empty-and-wide", "np.zeros((0, 2**31)), (A, W, b)"),
    _value(40, "no-result", "None", walled="failed|error"),
    _value(23, "right-on-the-first-calls-only", "((W @ A + b) * (COUNT.append(1) or len(COUNT) < 3), (A, W, b))", "COUNT = []"),
    _value(41, "zero-the-inputs-for-the-later-checks", "A * 0, (A, W, b)", code="A[...] = 0; W[...] = 0; b[...] = 0", walled="failed|error"),
)  # fmt: skip

_NEXT = (
    Case(
        28,
        "an-encoder-that-sends-pickle",
        """
        class Bomb:
            def __reduce__(self):
                return os.unlink, (PATH,)
        bomb = load("pickle").dumps(Bomb())
        sys.modules["grader.worker.child"].encode = lambda *args, **kwargs: bomb
        """,
        graded_folder,
        _ONLY_ANSWERS,
        walled="error",
        free="error",
    ),
    Case(
        41,
        "change-the-inputs",
        "pass",
        score,
        _ONLY_ANSWERS,
        result="(W @ A + b, (A.copy(), W.copy(), b.copy()), A.fill(0), W.fill(0))[:2]",
    ),
    Case(
        42,
        "poison-numpy-and-builtins",
        """
        load("builtins").len = lambda x: 0
        np.dot = np.matmul = np.sum = np.zeros = lambda *args, **kwargs: np.ones((1, 1))
        load("json").dumps = os.write = lambda *args, **kwargs: 0
        """,
        score,
        _FRESH,
        walled="error|timeout",
        free="error|timeout",
        quick=True,
    ),
    Case(
        42,
        "poison-random-numbers",
        "np.random.seed(0); np.seterr(all='raise'); sys.setswitchinterval(100); np.random.rand = None",
        score,
        _FRESH,
    ),
    Case(
        43,
        "poison-the-module-table",
        "sys.modules['numpy'] = sys.modules['json'] = None; sys.path.insert(0, '/tmp'); sys.meta_path.clear()",
        score,
        _FRESH,
        walled="passed|error",
        free="passed|error",
    ),
    Case(44, "the-same-object-for-everything", "", score, _ONLY_ANSWERS, result="(A, A)", walled="failed", free="failed"),
    Case(44, "a-view-of-the-input", "", score, _ONLY_ANSWERS, result="A[:1], (A, W, b)", walled="failed", free="failed"),
    Case(44, "a-result-that-holds-itself", "", score, _ONLY_ANSWERS, top="LOOP = []\nLOOP.append(LOOP)",
         result="LOOP, LOOP", walled="failed|error", free="failed|error"),
)  # fmt: skip

#: Right helpers as an oracle: asked for what the function under test is to compute.
_ASK = "port().ask('linear_forward', (A, W, b), {})"
ORACLE = (
    Case(11, "ask-the-grader-for-the-answer", f"{_ASK}; print('THROUGH')", claim, _ONLY_ANSWERS),
    Case(11, "ask-by-another-name", "port().ask('linear_forward ', (A, W, b), {}); print('THROUGH')", claim, _ONLY_ANSWERS),
    Case(
        11,
        "ask-for-an-attribute",
        "port().ask('__class__', (A, W, b), {}); print('THROUGH')",
        claim,
        _ONLY_ANSWERS,
    ),
    Case(11, "ask-with-garbage", f"{_CODEC}port().send(12, encode((1, 2, 3)))", score, _ONLY_ANSWERS, walled="error", free="error"),
)  # fmt: skip
CASES = (*CHANNEL, *_NEXT, *ORACLE)


@per_tier(CASES)
def test_forgery(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)


@per_tier(VALUES, ["strong"])
def test_forged_value(arena: Arena, case: Case, tmp_path: Path) -> None:
    """In one tier only: values are judged outside of the worker, by the same code for all tiers."""
    arena.prove(case, tmp_path)


# ----------------------------------------------------------- that a naive grader would be fooled


def _fooled(result: str, top: str) -> Any:
    names: dict[str, Any] = {"np": np}
    exec(top, names)
    return eval(result, names)


def test_027_a_comparison_in_the_students_process_is_fooled() -> None:
    liar = _fooled("Liar()", _LIAR.format(base=""))
    assert liar == np.ones((2, 2))
    assert np.allclose(liar, np.ones((2, 2)))


def test_035_to_038_naive_comparisons_are_fooled() -> None:
    wanted, tolerance = np.ones((2, 2)), 1e-5
    assert not np.any(np.abs(np.full((2, 2), np.nan) - wanted) > tolerance), "NaN is not larger than anything"
    assert np.all(np.abs(np.full((2, 2), np.inf) - wanted) <= tolerance + tolerance * np.inf)
    assert np.allclose(np.float64(1), wanted), "one number is broadcast"
    assert np.abs(np.uint8(0) - np.uint8(1)) == 255


def test_028_pickle_runs_what_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    class Bomb:
        def __reduce__(self) -> Any:
            return path.unlink, ()

    pickle.loads(pickle.dumps(Bomb()))
    assert not path.exists()


# ------------------------------------------------------------------ helpers as an oracle, at length

_TIERS = pytest.mark.parametrize("arena", ["none", "strong"], indirect=True)
_PEEK = '''
ANSWERS = {}

def key(*values):
    return b"".join(np.asarray(value).tobytes() for value in values)

def port_and_calls():
    frame, found = sys._getframe(), None
    while frame:
        if hasattr(frame.f_locals.get("self"), "port") and "payload" in frame.f_locals:
            return frame.f_locals["self"].port, frame.f_locals["payload"]
        frame = frame.f_back

def peek(names):
    """Ask for the answers of the calls to come, while their functions may be asked for."""
    port, payload = port_and_calls()
    split = sys.modules["grader.worker.protocol"].split_parts
    read = sys.modules["grader.worker.child"].unpack_call
    for part in split(payload):
        for step in read(part).steps:
            if step.function in names:
                try:
                    ANSWERS[key(*step.args[:1])] = port.ask(step.function, step.args, {})
                except Exception as error:
                    print(error)
'''


@_TIERS
def test_011_a_helper_of_one_call_does_not_answer_the_calls_to_come(arena: Arena) -> None:
    """While linear_activation_forward runs, sigmoid may be asked for: not to be told sigmoid's own tests."""
    data = notebook(
        "import sys\nimport numpy as np",
        _PEEK,
        "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)",
        "def linear_activation_forward(A_prev, W, b, activation):\n"
        "    peek(('sigmoid', 'relu'))\n"
        "    Z, linear = linear_forward(A_prev, W, b)\n"
        "    A, cache = sigmoid(Z) if activation == 'sigmoid' else relu(Z)\n"
        "    return A, (linear, cache)",
        "def sigmoid(Z):\n    return ANSWERS.get(key(Z), (Z, Z))",
        "def relu(Z):\n    return ANSWERS.get(key(Z), (Z, Z))",
    )
    report = arena.grade(data, "linear_activation_forward", "sigmoid", "relu")
    status = {function.name: function.status for function in report.functions}
    assert status["linear_activation_forward"] == "passed"
    assert status["sigmoid"] == "failed"
    assert status["relu"] == "failed"


@_TIERS
def test_011_answers_are_not_carried_from_one_run_to_the_next(arena: Arena) -> None:
    """Inputs of linear_backward are kept where namespaces do not reach; a later function asks for their
    answers; the next time the same calls are made, they are known.
    """
    data = notebook(
        "import sys\nimport numpy as np",
        _PEEK.replace(
            "ANSWERS = {}",
            "ANSWERS = sys.__dict__.setdefault('answers', {})\nASKED = sys.__dict__.setdefault('asked', {})",
        ),
        "def linear_backward(dZ, cache):\n"
        "    ASKED[key(dZ, *cache)] = (dZ, cache)\n"
        "    if key(dZ, *cache) in ANSWERS:\n"
        "        return ANSWERS[key(dZ, *cache)]\n"
        "    raise AssertionError('as if left over from the template, so that it is run again')",
        "def linear_activation_backward(dA, cache, activation):\n"
        "    for name, args in ASKED.items():\n"
        "        ANSWERS[name] = port_and_calls()[0].ask('linear_backward', args, {})\n"
        "    dZ = relu_backward(dA, cache[1]) if activation == 'relu' else sigmoid_backward(dA, cache[1])\n"
        "    return linear_backward(dZ, cache[0])",
    )
    report = arena.grade(data, "linear_backward", "linear_activation_backward")
    status = {function.name: function.status for function in report.functions}
    assert status["linear_backward"] == "error"
    found = next(function for function in report.functions if function.name == "linear_backward")
    assert found.score == 0, "nothing of it was right when it was asked first"


@_TIERS
def test_011_a_course_module_does_not_compute_what_is_graded(arena: Arena) -> None:
    """`dnn_app_utils` offers the whole assignment; linear_backward must not be made of it."""
    data = notebook(
        "import numpy as np\nfrom dnn_app_utils_v3 import *",
        "def linear_backward(dZ, cache):\n"
        "    return linear_activation_backward(dZ, (cache, np.ones(dZ.shape)), 'relu')",
    )
    report = arena.grade(data, "linear_backward", "linear_activation_backward")
    status = {function.name: function.status for function in report.functions}
    assert status["linear_activation_backward"] == "missing"
    assert status["linear_backward"] != "passed"


@_TIERS
def test_122_the_last_definition_wins_and_a_late_redefinition_gains_nothing(arena: Arena) -> None:
    right = "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)"
    wrong = "def linear_forward(A, W, b):\n    return W @ A - b, (A, W, b)"
    assert arena.function(notebook("import numpy as np", wrong, right)).status == "passed"
    assert arena.function(notebook("import numpy as np", right, wrong)).status == "failed"
    late = f"{wrong.replace('return', 'globals().update(linear_forward=right)' + chr(10) + '    return')}"
    found = arena.function(
        notebook("import numpy as np", right.replace("def linear_forward", "def right"), late)
    )
    assert found.status == "failed", "what it was on the first call counts"


def test_the_list_of_values_is_written_as_json_that_others_can_read() -> None:
    """The hostile values above never reach a report as NaN."""
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dumps(float("nan"), allow_nan=False)
