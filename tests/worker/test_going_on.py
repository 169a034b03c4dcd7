"""How a run goes on after whatever student code does: hang, crash, lie; and several programs in one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

import pytest
import worker_samples as samples
from worker_samples import call, helper, one, program

from grader.model import Call, Outcome, Program, Search, Step
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox

# ----------------------------------------------------------------------- time-outs, crashes, lies

_HOSTILE = {
    "hang": ("while True: pass", "timeout"),
    "sleep": ("import time; time.sleep(60)", "timeout"),
    "big power": ("10 ** 10 ** 10", "timeout"),
    "leave": ("import os; os._exit(0)", "crashed"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "crashed"),
    "close everything": ("import os; os.closerange(0, 100)", "crashed"),
    "answer unasked": (
        "import os\n    for fd in range(3, 20):\n        try: os.write(fd, b'x' * 100)\n        except OSError: pass",
        "protocol",
    ),
}


def _around(sandbox: Sandbox, body: str) -> list[Outcome]:
    """The outcomes of a call that does `body`, and of right ones before and after it."""
    source = f"def bad():\n    {body}\ndef good(x):\n    return x"
    return sandbox.run(program(source), [call("good", 1), call("bad"), call("good", 2)], helper)


@pytest.mark.parametrize("name", _HOSTILE)
def test_what_breaks_the_worker_costs_only_that_call(sandbox: Sandbox, name: str) -> None:
    body, status = _HOSTILE[name]
    outcomes = _around(sandbox, body)
    assert [outcome.status for outcome in outcomes] == ["value", status, "value"]
    assert [outcome.value for outcome in outcomes] == [1, None, 2]


def test_a_hang_costs_only_that_call_in_each_tier(tiered: Sandbox) -> None:
    body = "import signal\n    [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15)]\n    while True: pass"
    assert [outcome.status for outcome in _around(tiered, body)] == ["value", "timeout", "value"]


def test_after_two_time_outs_the_rest_of_that_function_is_not_run(sandbox: Sandbox) -> None:
    source = "def bad():\n    while True: pass\ndef good():\n    return 1"
    calls = [call("bad"), call("good"), call("bad"), call("bad"), call("good"), call("bad")]
    statuses = [outcome.status for outcome in sandbox.run(program(source), calls, helper)]
    assert statuses == ["timeout", "value", "timeout", "not-run", "value", "not-run"]


@pytest.mark.parametrize(
    ("body", "words"), [("while True: pass", "longer than"), ("__import__('os')._exit(1)", "ended")]
)
def test_a_definition_that_breaks_the_worker_is_left_out(sandbox: Sandbox, body: str, words: str) -> None:
    source = f"def make():\n    {body}\nBAD = make()\ndef f():\n    return BAD\ndef g():\n    return BAD + 1\ndef h():\n    return 1"
    definitions = samples.definitions(source)
    _, broken, whole = sandbox.run(Program(definitions), [call("f"), call("g"), call("h")], helper)
    assert whole.value == 1
    assert broken.raised is not None
    assert words in broken.raised.message


def test_several_definitions_that_break_the_worker(sandbox: Sandbox) -> None:
    source = "import os\nA = os._exit(0)\nB = os._exit(0)\ndef f():\n    return 1"
    assert one(sandbox, source, call("f")).value == 1


def test_a_run_ends_in_time_whatever_happens() -> None:
    limits = Limits(call_seconds=0.5, load_seconds=0.5, run_seconds=1.2)
    source = "\n".join(f"def f{i}():\n    while True: pass" for i in range(10))
    with Sandbox.start("none", limits) as sandbox:
        sandbox.run(program("X = 1"), [call("f")], helper)
        began = time.monotonic()
        outcomes = sandbox.run(program(source), [call(f"f{i}") for i in range(10)], helper)
        took = time.monotonic() - began
    assert took < 2.5
    assert [outcome.status for outcome in outcomes][-1] == "not-run"
    assert outcomes[0].status == "timeout"


def test_memory_is_limited(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef f():\n    return np.ones(10**9).sum()"
    outcome = one(sandbox, source, call("f"))
    assert outcome.raised is not None
    assert "MemoryError" in outcome.raised.type


_FORGED = [
    ("encode(('value',))", "too few parts"),
    ("encode((None, 'out', (), 0, 1))", "an int for a bool"),
    ("encode((None, 'out', (9,), False, 1))", "an argument that is not there"),
    ("encode((None, 'out', ('0',), False, 1))", "a text for a number"),
    ("encode((('T', 'm'), 'out', (), False, 1))", "a short exception"),
    ("b'garbage'", "no encoding"),
    ("bytes(5_000_000)", "no encoding, and long"),
]


@pytest.mark.parametrize(("payload", "name"), _FORGED, ids=[name for _, name in _FORGED])
def test_a_forged_result_is_a_protocol_error(sandbox: Sandbox, payload: str, name: str) -> None:
    """Student code that has found our objects in its own process, and sends what it likes."""
    source = f"""
        import gc
        def forge(x):
            child = [item for item in gc.get_objects() if type(item).__name__ == "Child"][0]
            encode = type(child).parse.__globals__["encode"]
            kind = type(child).parse.__globals__["Kind"].RESULT
            child.port.send(kind, {payload})
            while True: pass
        def good():
            return 1
    """
    forged, good = sandbox.run(program(source), [call("forge", 1), call("good")], helper)
    assert (forged.status, good.value) == ("protocol", 1)


def test_more_results_than_calls_are_a_protocol_error(sandbox: Sandbox) -> None:
    """Two right frames at once for one call: the second one is a byte too many."""
    source = """
        import gc, os
        def forge():
            child = [item for item in gc.get_objects() if type(item).__name__ == "Child"][0]
            names = type(child.port).send.__globals__
            number = names["after"](child.port.sequence)
            result = type(child).parse.__globals__["encode"]((None, "", (), False, "forged"))
            frames = [names["frame"](n, names["Kind"].RESULT, result) for n in (number, names["after"](number))]
            os.write(child.port.replies, b"".join(frames))
            while True: pass
    """
    assert one(sandbox, source, call("forge")).status == "protocol"


# ---------------------------------------------------------------------------------------- explore


def _many(sandbox: Sandbox, sources: list[str], asked: Call) -> list[Any]:
    return [outcome.value for outcome in _explored(sandbox, [program(source) for source in sources], asked)]


def _explored(sandbox: Sandbox, programs: Sequence[Program], asked: Call) -> list[Outcome]:
    def search() -> Search[list[Outcome]]:
        found = []
        for variant in programs:
            found += yield variant, [asked]
        return found

    return sandbox.explore(search(), helper)


def test_a_search_gives_each_program_a_fresh_namespace(sandbox: Sandbox) -> None:
    first = "X = 1\ndef f():\n    return X"
    second = "def f():\n    return globals().get('X')"
    assert _many(sandbox, [first, second, first], call("f")) == [1, None, 1]


def test_a_search_goes_on_after_a_program_that_breaks_the_worker(sandbox: Sandbox) -> None:
    variants = [f"def f(x):\n    return x + {i}" for i in range(4)]
    variants[2] = "def f(x):\n    while True: pass"
    assert _many(sandbox, variants, call("f", 1)) == [1, 2, None, 4]


def test_variants_with_the_same_place_are_not_confused(sandbox: Sandbox) -> None:
    source = "def f(x):\n    assert x > 1\n    return x"
    programs = [program(source, strip_asserts=strip) for strip in (False, True, False)]
    statuses = [outcome.status for outcome in _explored(sandbox, programs, call("f", 1))]
    assert statuses == ["raised", "value", "raised"]


def test_nothing_to_run_needs_no_worker(sandbox: Sandbox) -> None:
    assert sandbox.run(program("X = 1"), [], helper) == []
    assert _explored(sandbox, [], call("f")) == []


def test_a_search_that_has_found_is_asked_no_more(sandbox: Sandbox) -> None:
    def search() -> Search[int]:
        for number in itertools.count():
            (outcome,) = yield program(f"def f():\n    return {number}"), [call("f")]
            if outcome.value == 3:
                return number
        raise AssertionError

    assert sandbox.explore(search(), helper) == 3


def test_a_search_ends_with_its_time() -> None:
    """Variants that hang must not hold up a class: what is left is not run."""
    hanging = program("def f():\n    while True: pass")
    with Sandbox.start(limits=Limits(call_seconds=0.2, search_seconds=0.5)) as sandbox:
        began = time.monotonic()
        statuses = [outcome.status for outcome in _explored(sandbox, [hanging] * 30, call("f"))]
    assert statuses[0] == "timeout" and statuses[-1] == "not-run"
    assert time.monotonic() - began < 5


def test_a_variant_that_hangs_costs_a_search_little() -> None:
    hanging, right = program("def f():\n    while True: pass"), program("def f():\n    return 1")
    with Sandbox.start(limits=Limits(variant_seconds=0.1)) as sandbox:
        began = time.monotonic()
        statuses = [outcome.status for outcome in _explored(sandbox, [hanging] * 5 + [right], call("f"))]
    assert statuses == ["timeout"] * 5 + ["value"]
    assert time.monotonic() - began < 5 * Limits().call_seconds / 2


def test_no_state_goes_from_one_run_to_the_next(sandbox: Sandbox) -> None:
    poison = """
        import numpy as np, builtins, sys
        def f():
            np.dot = lambda *args: "poisoned"
            builtins.sum = lambda x: -1
            sys.modules["numpy"].sum = None
            return 1
    """
    assert one(sandbox, poison, call("f")).value == 1
    clean = (
        "import numpy as np\ndef f():\n    return float(np.dot(2.0, 3.0)), sum([1]), float(np.sum([1, 2]))"
    )
    assert one(sandbox, clean, call("f")).value == (6.0, 1, 3.0)


def test_outcomes_know_their_calls(sandbox: Sandbox) -> None:
    calls = [Call(f"call-{i}", "f", (Step("f", ()),)) for i in range(3)]
    outcomes: list[Outcome] = sandbox.run(program("def f():\n    return 1"), calls, helper)
    assert [outcome.call for outcome in outcomes] == ["call-0", "call-1", "call-2"]


def test_where_everything_hangs_patience_ends() -> None:
    names = [f"hang{i}" for i in range(12)]
    hanging = program("\n".join(f"def {name}():\n    while True: pass" for name in names))
    with Sandbox.start(limits=Limits(call_seconds=0.8)) as sandbox:
        began = time.monotonic()
        outcomes = sandbox.run(hanging, [call(name) for name in names], helper)
        seconds = time.monotonic() - began
    assert {outcome.status for outcome in outcomes} == {"timeout"}
    assert seconds < 12 * 0.8 - 1
