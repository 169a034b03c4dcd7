"""Attacks that the list does not have: on helpers' resources, on places of errors, on judge and words by odd values."""

from __future__ import annotations

import random
import resource
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from attack_arena import LIMITS, RUBRIC, SEED, Arena
from attack_case import notebook

from grader.model import (
    Call,
    Cell,
    Definition,
    Extraction,
    Helper,
    Isolation,
    Opaque,
    Outcome,
    Program,
    Proposal,
    RepairRequest,
    Report,
    Search,
    StandIn,
    T,
    Value,
    follow,
)
from grader.notebook.extract import extract
from grader.pipeline import Grader
from grader.render import markdown, plain, terminal
from grader.render.html.student import render as render_html
from grader.render.json_report import from_json, to_json
from grader.rubric.load import load_rubric

STRONG = pytest.mark.parametrize("arena", ["strong"], indirect=True)


def shown(report: Report) -> None:
    """All ways to show a report, and to read it back; none may fail."""
    assert from_json(to_json(report)) == report
    for detail in ("nudge", "explanation", "fix"):
        markdown.render(report, detail=detail)
        plain.report_text(report, detail)
        terminal.render(report, detail=detail)
        render_html(report, detail=detail)


# ------------------------------------------------------------------------------- helpers as a weapon

_ASK_OFTEN = """
def attack():
    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "port"):
        frame = frame.f_back
    port = frame.f_locals["self"].port
    codec, protocol = sys.modules["grader.worker.codec"], sys.modules["grader.worker.protocol"]
"""


_TALL_AND_WIDE = (
    "L_model_forward(np.ones((1, 2048)), {f'{k}{i}': np.ones((2048, 1) if k == 'b' or i % 2 else (1, 2048))"
    " for i in range(1, 29) for k in 'Wb'})"
)


@STRONG
@pytest.mark.parametrize(
    "ask",
    [
        "initialize_parameters_deep([1024] * 200)",
        "initialize_parameters_deep(np.array([40_000, 40_000]))",
        "initialize_parameters(np.int64(40_000), np.int64(40_000), 1)",
        _TALL_AND_WIDE,
    ],
    ids=["many-layers", "sizes-in-an-array", "sizes-as-numpy-integers", "columns-times-rows"],
)
def test_a_helper_makes_no_large_arrays_in_the_grader(arena: Arena, ask: str) -> None:
    """Sizes that are small one by one are large together: [1024] * 200 is 1.6 GB of weights.

    Three walls: helpers that take sizes are not offered, nobody is helped by what the function is not made of, and no
    helper takes large arrays (`test_answers.py`).
    """
    data = notebook(
        "import sys\nimport numpy as np\nfrom dnn_app_utils_v3 import *",
        "def compute_cost(AL, Y):\n"
        f"    try:\n        {ask}\n        print('got it')\n"
        "    except (NameError, ValueError) as error:\n        print(error)\n"
        "    return 0.0",
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    arena.grade(data, "compute_cost")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kilobytes"
    assert "got it" not in arena.recorder.loot()
    refused = (
        "is not defined" if ask.startswith("initialize") else "is not available in grading this function"
    )
    assert refused in arena.recorder.loot()


@STRONG
def test_helpers_asked_in_advance_do_not_stretch_the_deadline(arena: Arena) -> None:
    """Requests sent before the answers are read: the clock of the call still runs."""
    data = notebook(
        "import sys\nimport numpy as np",
        _ASK_OFTEN
        + """
    n, at = 20_000, port.sequence
    for i in range(n):
        at = (at + 1) % 2**64
        args = ("sigmoid", (np.full((1, 1), float(i)),), {})
        port_write(port, protocol.frame(at, 12, codec.encode(args)))

def port_write(port, data):
    load = __import__("os")
    while data:
        data = data[load.write(port.replies, data):]
""",
        "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)",
        "def linear_activation_forward(A_prev, W, b, activation):\n    attack()\n    return A_prev, W",
    )
    began = time.monotonic()
    found = arena.function(data, "linear_activation_forward", replace(LIMITS, call_seconds=0.5))
    assert found.score == 0
    assert time.monotonic() - began < 10


# ------------------------------------------------------------------------------ places that are not

_PLACES = (
    "raise SyntaxError('x', ('<cell 1>', 10**30, 1, ''))",
    "raise SyntaxError('x', ('<cell 1>', -5, 1, ''))",
    "raise SyntaxError('x', ('<cell 1>', 'one', 1, ''))",
    "raise SyntaxError('x', ('<cell 1>', 10**18, 1, ''))",
    "exec(compile('\\n' * 5_000 + '1/0', '<cell 0>', 'exec'))",
    "exec(compile('1/0', '<cell 77>', 'exec'))",
    "raise type('Name', (type,), {'__name__': property(lambda cls: 1 / 0)})('X', (Exception,), {})()",
    "raise type('`' * 50 + '\\n# x', (Exception,), {})('```\\n# y')",
    "raise UnicodeDecodeError('utf-8', b'\\xff' * 10_000, 0, 1, 'z' * 10_000)",
    "raise OSError(2, 'x' * 1000, '\\udc80')",
    "raise ExceptionGroup('g', [ExceptionGroup('h', [ValueError(i)]) for i in range(1000)])",
    "raise KeyboardInterrupt",
    "raise GeneratorExit",
    "raise StopIteration",
    "raise MemoryError",
    "raise RecursionError",
)


@STRONG
@pytest.mark.parametrize("code", _PLACES)
def test_an_error_that_lies_about_its_place_can_be_shown(arena: Arena, code: str) -> None:
    data = notebook("import numpy as np", f"def linear_forward(A, W, b):\n    {code}")
    report = arena.grade(data, "linear_forward")
    found = report.functions[0]
    assert found.status in ("error", "failed", "not-implemented")
    assert found.score == 0
    if found.error is not None and found.error.line is not None:
        assert found.error.cell in (0, 1)
        assert 1 <= found.error.line <= 5, "a line that the cell has"
    shown(report)


# --------------------------------------------------------------------------------- a zoo of values


class Zoo:
    """A Runner that gives odd values for every call: what a worker may send at the very worst."""

    isolation = Isolation("none", ())
    call_seconds = 2.0

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.right: Callable[[Call], Outcome | None] = lambda call: None

    def extract(
        self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]
    ) -> Extraction:
        return extract(cells, wanted, stand_ins)

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        return ()

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        return [Outcome(call.id, "value", self.value(call)) for call in calls]

    def explore(self, search: Search[T], helper: Helper) -> T:
        return follow(search, lambda program, calls: self.run(program, calls, helper))

    def value(self, call: Call) -> Value:
        """The right value with some part of it exchanged, so that every place is reached."""
        right = self.right(call)
        return self.bent(right.value if right else None, 0.25)

    def bent(self, value: Value, chance: float) -> Value:
        if self.random.random() < chance:
            return self.odd(value)
        if isinstance(value, tuple | list):
            return type(value)(self.bent(item, chance) for item in value)
        if isinstance(value, dict):
            return {key: self.bent(item, chance) for key, item in value.items()}
        return value

    def odd(self, value: Value) -> Value:
        array = np.asarray(value) if isinstance(value, np.ndarray | float | int) else np.ones((2, 3))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.random.choice(_ODD)(array)


_ODD: tuple[Callable[[Any], Value], ...] = (
    lambda a: None,
    lambda a: True,
    lambda a: 10**300,
    lambda a: -(2**63),
    lambda a: 2**64 - 1,
    lambda a: float("nan"),
    lambda a: float("inf"),
    lambda a: 1e-320,
    lambda a: 1j,
    lambda a: "`x` <b> \x1b[2J \udc80 ${y}",
    lambda a: (),
    lambda a: [],
    lambda a: {},
    lambda a: {"W1": 1, "W01": 2, "W1x": 3, "dA": 4, 7: 5, "W" + "9" * 300: 6},
    lambda a: {"dW1": a, "db1": a, "dA0": a, "W1": a, "b1": a, "dA99999": a},
    lambda a: (a,) * 50,
    lambda a: [[[[[[[[a]]]]]]]],
    lambda a: Opaque("<img src=x>`\n# x"),
    lambda a: (Opaque("x"), {"a": Opaque("y")}),
    lambda a: a.astype(bool),
    lambda a: a.astype("u1"),
    lambda a: a.astype("f2"),
    lambda a: a.astype("f4"),
    lambda a: a.astype(complex),
    lambda a: a * np.nan,
    lambda a: a * 1e308,
    lambda a: a * -1e308 * 10,
    lambda a: a * 0,
    lambda a: a.T,
    lambda a: a[None],
    lambda a: a.ravel(),
    lambda a: a[..., :0],
    lambda a: np.zeros((0, 3)),
    lambda a: np.zeros(()),
    lambda a: np.zeros((1,) * 8),
    lambda a: np.float32(3),
    lambda a: np.int8(-128),
    lambda a: np.bool_(True),
    lambda a: np.complex64(1j),
    lambda a: np.resize(a, (3, 4, 5)),
    lambda a: np.where(a > 0, np.inf, -np.inf),
    lambda a: a + 1e-4,
    lambda a: 7 * a,
)  # fmt: skip

_NAMES = ("initialize_parameters", "linear_forward", "linear_activation_forward", "L_model_forward")
_ALL = (
    *_NAMES,
    "compute_cost",
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
)


@pytest.mark.parametrize("seed", range(6))
def test_no_value_breaks_judge_diagnosis_words_or_pages(seed: int) -> None:
    zoo = Zoo(seed)
    grader = Grader(load_rubric(RUBRIC), zoo, SEED)
    zoo.right = lambda call: grader.plan.right(call)
    cells = [f"def {name}(*args):\n    return sum(args)" for name in (*_ALL, "sigmoid", "relu")]
    report = grader.grade(notebook("import numpy as np", *cells), "zoo.ipynb", "zoo", None)
    assert report.status == "graded"
    assert 0 <= report.score < report.max_score
    shown(report)
