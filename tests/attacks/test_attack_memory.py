"""Looking for answers in the worker's own memory, environment and files (10 to 13).

No tier changes anything here: what is not in the process cannot be found in it. That the canaries sing is shown
by running the same attack in the grading process itself, as graders of one process do.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attack_arena import LIMITS, RUBRIC, SEED, Arena, Recorder
from attack_canaries import claim, token
from attack_case import TIERS, Case, notebook, per_tier

from grader.errors import NotIsolated
from grader.model import (
    Call,
    Cell,
    Definition,
    Extraction,
    Helper,
    Isolation,
    Outcome,
    Program,
    Proposal,
    RepairRequest,
    Search,
    StandIn,
    Step,
    T,
    follow,
)
from grader.notebook.extract import extract
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox

_SPLIT = "answers, tests and scores are in another process in every tier"
_KNOWING = ("Plan", "ReferenceOracle", "Rubric", "Matcher", "Grader", "FunctionSpec", "Misconception")

#: Prints, once, every array and the class of every object that can be reached, and all that frames hold.
_SEARCH = """
if "searched" in sys.__dict__:
    return
sys.searched = True
import gc
found = list(gc.get_objects())
frame = sys._getframe()
while frame:
    found += [*frame.f_locals.values(), *frame.f_globals.values()]
    frame = frame.f_back
found += [item for thing in found[:] if type(thing) in (list, tuple) for item in thing]
found += [item for thing in found[:] if type(thing) is dict for item in list(thing.values())]
arrays = {thing.tobytes()[:24].hex() for thing in found if type(thing) is np.ndarray}
print(sorted({"class " + type(thing).__name__ for thing in found}))
print(sorted(arrays)[:4000])
"""


@dataclass
class Answers:
    """The right answers of linear_forward's hidden calls, and the classes that know them."""

    answers: set[str]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def breached(self, loot: str) -> bool:
        return any(answer in loot for answer in self.answers) or any(
            f"'class {name}'" in loot for name in _KNOWING
        )


def right_answers() -> set[str]:
    """The first 24 bytes of each right Z, in hexadecimal digits."""
    grader = Grader(load_rubric(RUBRIC), Here(), SEED)
    found = set()
    for call in grader.plan.suite.isolated["linear_forward"]:
        right = grader.plan.right(call)
        assert right is not None
        found.add(np.asarray(right.value[0]).tobytes()[:24].hex())
    return {text for text in found if len(text) == 48}


@contextlib.contextmanager
def answers(folder: Path) -> Iterator[Answers]:
    yield Answers(right_answers())


CASES = (
    Case(11, "search-all-memory", _SEARCH, answers, _SPLIT, result="A, (A, W, b)", walled="failed", free="failed"),
    Case(
        13,
        "read-ahead-in-the-pipe",
        "if load('select').select([port().requests], [], [], 0)[0]: print('THROUGH')",
        claim,
        "one request is in flight: nothing waits in the pipe",
    ),
)  # fmt: skip


@per_tier(CASES)
def test_search_of_memory(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)


@pytest.mark.parametrize("arena", TIERS, indirect=True)
def test_013_a_worker_holds_no_inputs_of_other_functions(arena: Arena) -> None:
    """Those of the same function's next calls it does hold: inputs, in one frame. No other function's."""
    data = notebook(
        "import sys\nimport numpy as np",
        "def seen():\n"
        "    frame = sys._getframe()\n"
        "    while 'payload' not in frame.f_locals:\n        frame = frame.f_back\n"
        "    read = sys.modules['grader.worker.child'].unpack_call\n"
        "    parts = sys.modules['grader.worker.protocol'].split_parts(frame.f_locals['payload'])\n"
        "    print(sorted({'called ' + step.function for part in parts for step in read(part).steps}))",
        "def linear_forward(A, W, b):\n    seen()\n    return W @ A + b, (A, W, b)",
        "def compute_cost(AL, Y):\n    seen()\n    return 0.0",
    )
    arena.grade(data, "linear_forward", "compute_cost")
    seen = {
        (outcome.call.partition("/")[0], outcome.stdout.strip().splitlines()[0])
        for outcome in arena.recorder.outcomes
        if outcome.stdout
    }
    assert seen == {(name, f"['called {name}']") for name in ("linear_forward", "compute_cost")}


# ----------------------------------------------------------------------- environment and open files


def _run(sandbox: Sandbox, source: str) -> Outcome:
    program = Program((Definition(("f",), source, 0, 1, "function"),))
    return sandbox.run(program, [Call("1", "f", (Step("f", ()),))], lambda *args: None)[0]


def _sandbox(tier: str) -> Sandbox:
    try:
        return Sandbox.start(tier, LIMITS)
    except NotIsolated as error:
        pytest.skip(str(error))


_ENVIRONMENT = """def f():
    import os, ctypes
    said = [str(dict(os.environ))]
    for name in ("/proc/self/environ", "/proc/1/environ", f"/proc/{os.getppid()}/environ"):
        try:
            said.append(open(name).read())
        except OSError:
            pass
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    return said + [str(getenv(b"GRADER_TOKEN"))]
"""


@pytest.mark.parametrize("tier", TIERS)
def test_010_secrets_of_the_environment_HELD(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = token()
    monkeypatch.setenv("GRADER_TOKEN", secret)
    with _sandbox(tier) as sandbox:
        said = _run(sandbox, _ENVIRONMENT)
    assert said.status == "value"
    assert secret not in str(said.value)
    monkeypatch.setattr(sys, "argv", [])
    names: dict[str, Any] = {}
    exec(_ENVIRONMENT, names)
    assert secret in str(names["f"]()), "in the grader's own process it is found"


_FILES = """def f():
    import os
    said = []
    for number in range(256):
        try:
            said.append(os.pread(number, 100, 0))
        except OSError:
            pass
    return str(said)
"""


@pytest.mark.parametrize("tier", TIERS)
def test_012_open_files_are_not_inherited_HELD(tier: str, tmp_path: Path) -> None:
    path, secret = tmp_path / "hidden", token()
    path.write_text(secret)
    with path.open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        with _sandbox(tier) as sandbox:
            said = _run(sandbox, _FILES)
        assert secret not in said.value
        command = [sys.executable, "-c", f"{_FILES}\nprint(f())"]
        child = subprocess.run(command, close_fds=False, capture_output=True, text=True, check=True)
        assert secret in child.stdout, "an ordinary child inherits it"


# ------------------------------------------------------------ the same attack in the grading process


class Here:
    """A Runner that executes in this process, as graders of one process do. For our own attack only."""

    isolation = Isolation("none", ())
    call_seconds = 2.0

    def extract(self, cells: Any, wanted: Any, stand_ins: Any) -> Extraction:
        return extract(cells, wanted, stand_ins)

    def propose(self, definitions: Any, request: RepairRequest) -> tuple[Proposal, ...]:
        return ()

    def explore(self, search: Search[T], helper: Helper) -> T:
        return follow(search, lambda program, calls: self.run(program, calls, helper))

    def run(self, program: Program, calls: Any, helper: Helper) -> list[Outcome]:
        names: dict[str, Any] = {}
        for definition in program.definitions:
            exec(definition.source, names)
        return [self._call(names, call) for call in calls]

    def _call(self, names: dict[str, Any], call: Call) -> Outcome:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            value = names[call.steps[-1].function](*call.steps[-1].args)
        return Outcome(call.id, "value", value, stdout=said.getvalue())


def test_011_the_search_finds_the_answers_where_they_are() -> None:
    recorder = Recorder(Here())
    grader = Grader(load_rubric(RUBRIC), recorder, SEED)
    canary = Answers(right_answers())
    for call in grader.plan.suite.isolated["linear_forward"]:
        grader.plan.right(call)  # known before the call, as a grader of one process knows its test's answer
    try:
        report = grader.grade(CASES[0].notebook({}), "x.ipynb", "x", None, ["linear_forward"])
    finally:
        del sys.__dict__["searched"]
    assert report.functions[0].status == "failed"
    assert canary.breached(recorder.loot())


def test_the_stand_in_of_the_runner_is_complete() -> None:
    """So that the attack above meets what a real Runner offers."""
    assert (
        Here()
        .extract((Cell(0, "def linear_forward(): pass"),), ("linear_forward",), (StandIn((), ()),))
        .functions
    )
