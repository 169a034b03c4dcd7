"""The life of a sandbox: starting, surviving, and leaving nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worker_samples import call, one

from grader.errors import WorkerError
from grader.model import Cell, RepairRequest
from grader.worker import warm
from grader.worker.channel import Channel, PipeStream
from grader.worker.child import work
from grader.worker.handle import Worker
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the zygote is Linux's")

_GOOD = "def f(x):\n    return x"
_HANG = "def f(x):\n    while True: pass"
_LEAVE = "def f(x):\n    __import__('os')._exit(0)"


def _limits(run_seconds: float) -> Limits:
    """Limits that also mark the processes of this test, by being in their command line."""
    return Limits(call_seconds=1, load_seconds=2, run_seconds=run_seconds)


def _processes(mark: str) -> set[int]:
    """The processes with this text in their command line, and their children, zombies included."""
    marked, children = set(), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text, stat = (entry / "cmdline").read_bytes(), (entry / "stat").read_text()
            except OSError:
                continue
            if mark.encode() in text:
                marked.add(int(entry.name))
            children.add((int(entry.name), int(stat.rpartition(")")[2].split()[1])))
    return marked | {child for child, parent in children if parent in marked}


def _kill_all(mark: str) -> None:
    for process in _processes(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


@pytest.fixture(params=["none", "best"])
def tier(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def test_nothing_is_left_after_closing(tier: str) -> None:
    files = len(os.listdir("/proc/self/fd"))
    with Sandbox.start(tier, _limits(31.1251)) as sandbox:
        for source in (_GOOD, _HANG, _LEAVE, _GOOD):
            one(sandbox, source, call("f", 1))
        assert _processes("31.1251")
    assert _processes("31.1251") == set()
    assert len(os.listdir("/proc/self/fd")) == files


def test_workers_are_reaped_while_it_lives(tier: str) -> None:
    with Sandbox.start(tier, _limits(31.1252)) as sandbox:
        one(sandbox, _GOOD, call("f", 1))
        # At most two for the zygote, the worker, and the one that gets ready.
        assert _wait_until(lambda: len(_processes("31.1252")) <= 4)
        files = len(os.listdir("/proc/self/fd"))
        alive = len(_processes("31.1252"))
        for _ in range(5):
            for source in (_GOOD, _LEAVE):
                one(sandbox, source, call("f", 1))
        assert _wait_until(lambda: len(_processes("31.1252")) <= alive)
        assert len(os.listdir("/proc/self/fd")) <= files


def test_closing_twice_is_no_error_and_using_it_then_is_one() -> None:
    sandbox = Sandbox.start("none")
    sandbox.close()
    sandbox.close()
    with pytest.raises(WorkerError, match="closed"):
        one(sandbox, _GOOD, call("f", 1))


def test_a_sandbox_that_is_forgotten_is_closed() -> None:
    sandbox = Sandbox.start("none", _limits(31.1253))
    one(sandbox, _GOOD, call("f", 1))
    del sandbox
    assert _wait_until(lambda: not _processes("31.1253"))


def test_a_zygote_that_dies_is_replaced(tier: str) -> None:
    with Sandbox.start(tier, _limits(31.1254)) as sandbox:
        one(sandbox, _GOOD, call("f", 1))
        for _ in range(2):
            _kill_all("31.1254")
            assert one(sandbox, _GOOD, call("f", 7)).value == 7
    assert _processes("31.1254") == set()


def test_a_zygote_that_dies_with_a_clean_worker_waiting(tier: str) -> None:
    with Sandbox.start(tier, _limits(31.1255)) as sandbox:
        sandbox.extract([], ["f"], [])
        _kill_all("31.1255")
        assert one(sandbox, _GOOD, call("f", 7)).value == 7


def test_a_zygote_that_cannot_live_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "command", lambda *args: [sys.executable, "-c", "raise SystemExit('no luck')"])
    files = len(os.listdir("/proc/self/fd"))
    with pytest.raises(WorkerError, match="no luck"):
        Sandbox.start("none")
    assert len(os.listdir("/proc/self/fd")) == files


def test_a_zygote_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "command", lambda *args: ["/nonexistent/python"])
    with pytest.raises(WorkerError, match="cannot be started"):
        Sandbox.start("none")


def test_a_layer_that_fails_in_a_worker_is_an_error_and_no_lower_tier() -> None:
    class Wall:
        limits = Limits()

        def enter(self) -> None:
            raise PermissionError("landlock: not permitted")

    requests, replies = os.pipe(), os.pipe()
    with pytest.raises(PermissionError):
        work(requests[0], replies[1], Wall(), frozenset())
    stream = PipeStream(replies[0], requests[1])
    worker = Worker(Channel(stream), stream.close)
    with pytest.raises(WorkerError, match="landlock: not permitted"):
        worker.greet(time.monotonic() + 1)
    worker.end()
    os.close(requests[0])
    os.close(replies[1])


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """It interrupts, in a shell's background job too, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_ends_the_worker_and_not_the_sandbox(tier: str) -> None:
    limits = Limits(call_seconds=20, run_seconds=31.1256)
    with Sandbox.start(tier, limits) as sandbox:
        one(sandbox, _GOOD, call("f", 1))
        time.sleep(0.3)  # until the next worker is ready
        alive = len(_processes("31.1256"))
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            one(sandbox, _HANG, call("f", 1))
        assert _wait_until(lambda: len(_processes("31.1256")) < alive)
        assert one(sandbox, _GOOD, call("f", 7)).value == 7
    assert _processes("31.1256") == set()


_HOST = """
import sys
sys.path.insert(0, {tests!r})
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox
from worker_samples import call, helper, one
sandbox = Sandbox.start({tier!r}, Limits(call_seconds=30, run_seconds={mark}))
one(sandbox, "def f(x): return x", call("f", 1))
print("running", flush=True)
one(sandbox, "def f(x):\\n    while True: pass", call("f", 1))
"""


def _host(tier: str, mark: str) -> subprocess.Popen[str]:
    boot = _HOST.format(tests=str(Path(__file__).parent), tier=tier, mark=mark)
    process = subprocess.Popen([sys.executable, "-c", boot], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    time.sleep(0.2)
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_host_that_is_killed_leaves_nothing(tier: str, number: int) -> None:
    mark = f"31.1{number:02d}7"
    with _host(tier, mark) as process:
        settings = f'"run_seconds": {mark}'
        assert _wait_until(lambda: len(_processes(settings)) >= 2)
        process.send_signal(number)
        process.wait()
        assert _wait_until(lambda: not _processes(settings))


def test_a_host_that_ends_without_closing_ends_its_sandbox(tier: str) -> None:
    boot = _HOST.format(tests=str(Path(__file__).parent), tier=tier, mark=31.1258).rpartition("one(")[0]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", boot], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("running\n", "", 0)
    assert _wait_until(lambda: not _processes('"run_seconds": 31.1258'))


def test_a_forked_host_gets_a_zygote_of_its_own() -> None:
    with Sandbox.start("none", _limits(31.1259)) as sandbox:
        one(sandbox, _GOOD, call("f", 1))
        source = sandbox._source
        child = os.fork()
        if child == 0:
            right = one(sandbox, _GOOD, call("f", 5)).value == 5
            own = sandbox._source is not source
            sandbox.close()
            os._exit(0 if right and own else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert one(sandbox, _GOOD, call("f", 7)).value == 7
    assert _processes("31.1259") == set()


def test_a_sandbox_may_be_used_by_threads(sandbox: Sandbox) -> None:
    values: list[object] = []

    def use(number: int) -> None:
        values.extend(one(sandbox, _GOOD, call("f", number)).value for _ in range(3))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values, key=str) == [number for number in range(4) for _ in range(3)]


def test_waiting_for_another_thread_costs_a_student_nothing() -> None:
    limits = Limits(submission_seconds=5)
    with Sandbox.start("none", limits) as sandbox:
        assert one(sandbox, _GOOD, call("f", 7)).value == 7
        request, spent = RepairRequest("f", ()), sandbox._spent
        with sandbox._request():
            waiting = threading.Thread(target=sandbox.propose, args=((), request))
            waiting.start()
            time.sleep(1)
        waiting.join()
        assert sandbox._spent - spent < 0.8


def test_definitions_made_anew_start_no_new_time() -> None:
    """A repair of a notebook that is one single definition leaves none of its objects."""
    slow = "import time\n\ndef f(x):\n    time.sleep(0.4)\n    return x\n"
    cells = [Cell(0, slow)]
    with Sandbox.start("none", Limits(submission_seconds=1.5)) as sandbox:
        sandbox.extract(cells, ["f"], ())
        seen = [one(sandbox, slow + f"# {number}", call("f", number)).status for number in range(6)]
        assert seen[0] == "value" and seen[-1] == "not-run"
        sandbox.extract(cells, ["f"], ())
        assert one(sandbox, slow, call("f", 7)).status == "value"


def test_a_sandbox_outlives_the_thread_that_started_it() -> None:
    made: list[Sandbox] = []
    thread = threading.Thread(target=lambda: made.append(Sandbox.start("none")))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with made[0] as sandbox:
        assert one(sandbox, _GOOD, call("f", 7)).value == 7


def test_two_sandboxes_at_once() -> None:
    with Sandbox.start("none") as first, Sandbox.start("best") as second:
        assert one(first, _GOOD, call("f", 1)).value == 1
        first.close()
        assert one(second, _GOOD, call("f", 2)).value == 2
