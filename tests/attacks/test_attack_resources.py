"""Attacks on memory, processor, time and pipes (F): each costs one function, and nobody else anything.

Limits hold in every tier, `none` included, so these canaries are shown to sing by taking the limit away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import attack_canaries as canaries
import pytest
from attack_arena import LIMITS, QUICK, Arena
from attack_case import Case, notebook, per_tier

from grader.model import Call, Definition, Outcome, Program, Step
from grader.worker.errors import MESSAGE_CHARS
from grader.worker.sandbox import Sandbox

_LIMITED = "limits on resources hold in every tier"
_TIMED = "the clock is the grader's, in every tier"
_BOUND = 8.0
_WORDS = 2_000_000


@dataclass
class Clock:
    """A submission must not take long, whatever it does. Wide, for machines are busy."""

    facts: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def breached(self, loot: str) -> bool:
        return time.monotonic() - self.began > _BOUND


@contextmanager
def clock(folder: Path) -> Iterator[Clock]:
    yield Clock()


@dataclass
class Flood:
    """What comes out of all workers together must not be much."""

    facts: dict[str, Any] = field(default_factory=dict)

    def breached(self, loot: str) -> bool:
        return len(loot) > _WORDS


@contextmanager
def flood(folder: Path) -> Iterator[Flood]:
    yield Flood()


MEMORY = (
    Case(
        88,
        "eat-8-gigabytes",
        """
        kept = []
        try:
            for i in range(80):
                kept.append(np.empty(100_000_000, "u1"))
        finally:
            if len(kept) > 5:
                print("THROUGH")
            kept.clear()
        """,
        canaries.claim,
        _LIMITED,
    ),
    Case(89, "a-lazy-terabyte", "np.zeros(10**11); print('THROUGH')", canaries.claim, _LIMITED),
    Case(
        89,
        "a-lazy-terabyte-mapped",
        """
        mmap = ctypes.CDLL(None).mmap
        mmap.restype = ctypes.c_void_p
        if mmap(None, ctypes.c_size_t(10**12), 3, 0x4022, -1, ctypes.c_long(0)) != ctypes.c_void_p(-1).value:
            print("THROUGH")
        """,
        canaries.claim,
        _LIMITED,
    ),
    Case(
        100,
        "a-thousand-files",
        "for i in range(1000): os.dup(1)\nprint('THROUGH')",
        canaries.claim,
        _LIMITED,
    ),
    Case(95, "endless-recursion", "sys.setrecursionlimit(10**9)\ndef f(): f()\nf()", clock, _TIMED,
         walled="error|timeout|passed", free="error|timeout|passed", quick=True),
    Case(96, "segmentation-fault", "ctypes.string_at(0)", clock, _TIMED, walled="error", free="error"),
    Case(101, "a-result-of-200-megabytes", "", flood, _LIMITED,
         walled="failed|error", free="failed|error", result="np.zeros(25_000_000), (A, W, b)"),
    Case(101, "a-result-of-a-terabyte-that-takes-none", "", flood, _LIMITED,
         walled="failed|error", free="failed|error",
         result="np.broadcast_to(np.zeros(1), (10**6, 10**6)), (A, W, b)"),
    Case(101, "a-result-of-many-objects", "", flood, _LIMITED,
         walled="failed|error", free="failed|error", result="[[i] for i in range(10**5)], (A, W, b)"),
)  # fmt: skip

_HANG = {"walled": "timeout", "free": "timeout", "quick": True}
TIME = (
    Case(90, "a-power-of-powers", "n = 10\nn ** n ** n", clock, _TIMED, **_HANG),
    Case(91, "a-regular-expression", "load('re').match('(a+)+$', 'a' * 60 + 'b')", clock, _TIMED, **_HANG),
    Case(
        92,
        "ignore-all-signals",
        """
        signal = load("signal")
        for n in range(1, 65):
            try:
                signal.signal(n, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while time:
            pass
        """,
        clock,
        _TIMED,
        **_HANG,
    ),
    Case(93, "a-huge-sort", "while time: np.sort(np.random.rand(10**6))", clock, _TIMED, **_HANG),
    Case(94, "sleep-in-a-call", "time.sleep(60)", clock, _TIMED, **_HANG),
    Case(
        94,
        "sleep-in-a-cell",
        "if SLEPT: pass",
        clock,
        _TIMED,
        top="import time as clock\nSLEPT = clock.sleep(60) or 1",
        walled="passed|timeout|error",
        free="passed|timeout|error",
        quick=True,
    ),
    Case(
        102,
        "stop-myself",
        "os.kill(os.getpid(), 19)",
        clock,
        _TIMED,
        walled="passed",
        free="timeout",
        quick=True,
    ),
    Case(
        103,
        "sleep-at-the-end",
        """
        class Sleeper:
            def __del__(self):
                time.sleep(60)
        load("atexit").register(time.sleep, 60)
        sys.modules.setdefault("sleeper", Sleeper)
        if sys.modules["sleeper"] is Sleeper:
            sys.modules["the sleeper"] = Sleeper()
        """,
        clock,
        _TIMED,
    ),
)
FLOODS = (
    Case(97, "flood-standard-output", "for i in range(200): print('x' * 10**6)", flood, _LIMITED),
    Case(
        97,
        "flood-the-file-of-standard-output",
        "for i in range(200): os.write(1, b'x' * 10**6)",
        flood,
        _LIMITED,
    ),
    Case(98, "flood-standard-error", "for i in range(200): sys.stderr.write('x' * 10**6)", flood, _LIMITED),
    Case(
        99,
        "an-exception-of-10-megabytes",
        "",
        flood,
        _LIMITED,
        result="(_ for _ in ()).throw(ValueError('x' * 10**7))",
        walled="error",
        free="error",
    ),
    Case(
        30,
        "60-megabytes-of-garbage",
        "os.write(port().replies, bytes(60_000_000))",
        flood,
        _LIMITED,
        walled="error",
        free="error",
    ),
)
CASES = (*MEMORY, *FLOODS)


@per_tier(CASES)
def test_resource_attack(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)


@per_tier(TIME, ["none", "strong"])
def test_attack_on_time(arena: Arena, case: Case, tmp_path: Path) -> None:
    """In two tiers only, for each takes its time: the clock is in the grader and the same for all."""
    arena.prove(case, tmp_path)


@pytest.mark.parametrize("arena", ["none", "seccomp", "strong"], indirect=True)
def test_099_the_text_of_an_exception_is_cut(arena: Arena) -> None:
    source = "def linear_forward(A, W, b):\n    raise ValueError('x' * 10**7)"
    found = arena.function(notebook(source))
    assert found.error is not None
    assert len(found.error.message) == MESSAGE_CHARS


def _run(sandbox: Sandbox, source: str) -> Outcome:
    """The outcome of one call of `f`, of `source`."""
    program = Program((Definition(("f",), source, 0, 1, "function"),))
    return sandbox.run(program, [Call("1", "f", (Step("f", ()),))], lambda *args: None)[0]


def test_the_clock_sings_without_a_limit() -> None:
    """With more time, sleeping takes longer: the limit is what stops it."""
    took = []
    with Sandbox.start("none", LIMITS) as sandbox:
        for seconds in (0.1, 1.2):
            sandbox.limits = replace(QUICK, call_seconds=seconds)
            began = time.monotonic()
            assert _run(sandbox, "def f():\n    import time\n    time.sleep(60)").status == "timeout"
            took.append(time.monotonic() - began)
    assert took[1] > took[0]
    assert took[1] >= 1.2


def test_the_flood_and_memory_canaries_sing_without_a_limit() -> None:
    generous = replace(LIMITS, memory_bytes=4 << 30, stdout_chars=8_000_000, reply_bytes=64 << 20)
    source = "def f():\n    print('x' * 3_000_000)\n    import numpy as np\n    return len(np.empty(700_000_000, 'u1'))"
    with Sandbox.start("none", generous) as sandbox:
        outcome = _run(sandbox, source)
    assert outcome.value == 700_000_000, "where it is allowed, it is got"
    assert Flood().breached(outcome.stdout)
