"""The workers of macOS and Windows, which are started one by one: here as they work on any system."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from worker_samples import COURSE, call, helper, one, program

from grader.errors import NotIsolated, WorkerError
from grader.model import Cell
from grader.worker import spawned
from grader.worker.handle import Worker
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox
from grader.worker.spawned import SpawnedSource

LIMITS = Limits(call_seconds=3, load_seconds=3, run_seconds=60)


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    with Sandbox(lambda: SpawnedSource("none", LIMITS), LIMITS) as sandbox:
        yield sandbox


def test_it_says_that_nothing_is_isolated(plain: Sandbox) -> None:
    assert plain.isolation.tier == "none"
    assert plain.isolation.layers[0] == "process"


def test_extract_then_run(plain: Sandbox) -> None:
    extraction = plain.extract(
        [Cell(0, "from dnn_utils import relu\ndef f(x):\n    print(x)\n    return relu(x)[0]")],
        ["f"],
        [COURSE],
    )
    from grader.model import Program

    (outcome,) = plain.run(Program(extraction.definitions, (COURSE,)), [call("f", -1.0)], helper)
    assert (outcome.value, outcome.stdout) == (0.0, "-1.0\n")


def test_hangs_and_crashes_cost_only_their_call(plain: Sandbox) -> None:
    source = "def bad():\n    while True: pass\ndef gone():\n    __import__('os')._exit(3)\ndef good():\n    return 1"
    calls = [call("good"), call("bad"), call("gone"), call("good")]
    statuses = [outcome.status for outcome in plain.run(program(source), calls, helper)]
    assert statuses == ["value", "timeout", "crashed", "value"]


def test_standard_output_is_not_the_channel(plain: Sandbox) -> None:
    source = (
        "import os\ndef f():\n    os.write(1, b'x' * 100)\n    os.write(2, b'y')\n    return os.read(0, 5)"
    )
    assert one(plain, source, call("f")).status == "value"


def test_a_long_answer_and_many_calls(plain: Sandbox) -> None:
    source = "import numpy as np\ndef f(n):\n    return np.ones(n)"
    calls = [call("f", 10**5), *(call("f", n) for n in range(200))]
    outcomes = plain.run(program(source), calls, helper)
    assert [outcome.value.size for outcome in outcomes] == [10**5, *range(200)]


def test_a_flood_is_ended(plain: Sandbox) -> None:
    source = "import os\ndef f():\n    while True:\n        [os.write(fd, b'x' * 9999) for fd in (3, 4)]\ndef g():\n    return 1"
    flood, after = plain.run(program(source), [call("f"), call("g")], helper)
    assert flood.status in ("protocol", "timeout", "crashed", "raised")
    assert after.value == 1


def test_a_worker_that_does_not_read_is_ended_in_time(plain: Sandbox) -> None:
    worker = plain._spawn()
    stream = worker.channel.stream
    os.kill(stream.process.pid, 19)  # type: ignore[attr-defined]
    began = time.monotonic()
    with pytest.raises(Exception) as info:
        stream.write(bytes(1 << 20), time.monotonic() + 0.3)
    assert type(info.value).__name__ == "DeadlinePassed"
    assert time.monotonic() - began < 3
    worker.end()


@pytest.mark.parametrize("tier", ["strong", "seccomp"])
def test_more_isolation_cannot_be_had(tier: str) -> None:
    with pytest.raises(NotIsolated, match="needs Linux"):
        SpawnedSource(tier, LIMITS)
    with pytest.raises(NotIsolated, match=tier):
        SpawnedSource("best", LIMITS, tier)


def test_a_program_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawned, "command", lambda *args: ["/nonexistent/python"])
    with pytest.raises(WorkerError, match="cannot be started"):
        SpawnedSource("none", LIMITS).spawn()


def test_a_program_that_ends_at_once_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawned, "command", lambda *args: [sys.executable, "-c", ""])
    with Sandbox(lambda: SpawnedSource("none", LIMITS), LIMITS) as sandbox, pytest.raises(WorkerError):
        one(sandbox, "def f(): return 1", call("f"))


def test_no_thread_and_no_file_is_left() -> None:
    files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    with Sandbox(lambda: SpawnedSource("none", LIMITS), LIMITS) as sandbox:
        one(sandbox, "def f():\n    while True: pass", call("f"))
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == (files, threads)


def test_the_time_that_a_worker_takes_to_start_is_not_the_students() -> None:
    class Slow(SpawnedSource):
        def spawn(self) -> Worker:
            time.sleep(0.6)
            return super().spawn()

    limits = replace(LIMITS, load_seconds=0.5, run_seconds=0.5, submission_seconds=0.5)
    with Sandbox(lambda: Slow("none", limits), limits) as sandbox:
        asked = program("def f():\n    return 1")
        for _ in range(2):
            (outcome,) = sandbox.run(asked, [replace(call("f"), public=True)], helper)
            assert outcome.value == 1
        assert sandbox._spent < 0.5
