"""What is left when the grader itself dies, and what it refuses where walls are missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from attack_arena import NEIGHBOUR, RUBRIC, children, descendants, end_orphans
from attack_case import TIERS

#: A shell's background job ignores Ctrl-C, and hands that on to its children.
_GRADER = """
import signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
from grader.model import Call, Definition, Program, Step
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox

source = "def f():\\n    import signal\\n    " + sys.argv[2]
sandbox = Sandbox.start(sys.argv[1], Limits(call_seconds=60.0))
program = Program((Definition(("f",), source, 0, 1, "function"),))
sandbox.run(Program(()), [Call("0", "f", (Step("f", ()),))], lambda *args: None)
threading.Timer(0.3, lambda: print("running", flush=True)).start()
sandbox.run(program, [Call("1", "f", (Step("f", ()),))], lambda *args: None)
print("over", flush=True)
sys.stdin.read()
"""
_WORK = {
    "computing": "while True: pass",
    "sleeping": "import time; time.sleep(60)",
    "deaf": "[signal.signal(n, signal.SIG_IGN) for n in range(1, 32) if n not in (9, 19)]\n    while True: pass",
    "idle": "return 1",
}


@pytest.mark.parametrize(
    ("tier", "work"),
    [(tier, work) for tier in TIERS for work in _WORK if tier != "seccomp" or work == "computing"],
)
def test_a_killed_grader_leaves_no_process(tier: str, work: str) -> None:
    """`kill -9` while student code runs: the worker, the zygote and its guard end by themselves."""
    known = children(os.getpid())
    command = [sys.executable, "-c", _GRADER, tier, _WORK[work]]
    grader = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert grader.stdout is not None
        if not grader.stdout.readline():
            assert grader.stderr is not None
            pytest.skip(grader.stderr.read().strip().splitlines()[-1])
        below = descendants(grader.pid)
        assert len(below) >= (1 if work == "idle" else 2), "a zygote and a worker are there"
        grader.kill()
        grader.wait()
        assert _gone(below, 5.0)
    finally:
        grader.kill()
        grader.communicate()
        end_orphans(known)


def _gone(processes: set[int], seconds: float) -> bool:
    """Whether all have ended within this time. Ended orphans are ours to bury."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(ChildProcessError):
            for process in processes & children(os.getpid()):
                os.waitpid(process, os.WNOHANG)
        if not any(_alive(process) for process in processes):
            return True
        time.sleep(0.02)
    return False


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_the_search_for_what_is_left_finds_what_is_left() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        assert not _gone({sleeper.pid}, 0.1)
        sleeper.kill()
        sleeper.wait()
        assert _gone({sleeper.pid}, 5.0)


# -------------------------------------------------------------------------------- missing walls

#: Runs the command line behind a filter that refuses what the first argument names.
_POOR = """
import errno, sys
from seccompy import Action, Filter, syscall_nr

rules = Filter(default=int(Action.ALLOW))
for name in sys.argv[1].split():
    rules.errno(name, errno.EPERM)
if "seccomp" in sys.argv[1].split():
    rules.errno("prctl", errno.EINVAL, args={0: 22})
from grader.worker import linux
linux.gain_nothing()
linux.load_filter(rules.program)
from grader.cli.main import main
sys.argv = ["grader", *sys.argv[2:]]
sys.exit(main())
"""
_DOCKER = "unshare setns mount umount2 pivot_root ptrace keyctl add_key bpf io_uring_setup"
_LANDLOCK = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"


def on_a_poor_machine(refused: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _POOR, refused, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("refused", "tier", "failing"),
    [
        (_DOCKER, "strong", {"namespaces"}),
        (f"{_DOCKER} {_LANDLOCK}", "seccomp", {"namespaces", "landlock"}),
        (f"{_DOCKER} {_LANDLOCK} seccomp", "none", {"namespaces", "landlock", "seccomp"}),
    ],
    ids=["a-container", "a-container-without-landlock", "no-walls-at-all"],
)
def test_the_doctor_sees_which_walls_are_missing(refused: str, tier: str, failing: set[str]) -> None:
    done = on_a_poor_machine(refused, "doctor", "--json")
    found = json.loads(done.stdout)
    assert found["tier"] == tier, done.stderr
    assert {layer["name"] for layer in found["layers"] if not layer["holds"]} == failing
    assert found["advice"]


def test_without_walls_grading_is_refused_and_nothing_is_graded(tmp_path: Path) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    handed_in.mkdir()
    (handed_in / "ada.ipynb").write_bytes(NEIGHBOUR)
    arguments = ("grade", str(handed_in), "--rubric", RUBRIC, "--out", str(out), "--jobs", "1")
    refused = on_a_poor_machine(f"{_DOCKER} {_LANDLOCK} seccomp", *arguments)
    assert refused.returncode == 3, refused.stderr
    assert "doctor" in refused.stderr
    assert not list(out.rglob("report.json"))
    forced = on_a_poor_machine(f"{_DOCKER} {_LANDLOCK} seccomp", *arguments, "--unsafe")
    assert forced.returncode == 0, forced.stderr
    report = json.loads((out / "ada" / "report.json").read_text())
    assert report["isolation"]["tier"] == "none"
    assert ",none," in (out / "grades.csv").read_text()


def test_a_keyboard_interrupt_leaves_no_process() -> None:
    command = [sys.executable, "-c", _GRADER, "best", _WORK["computing"]]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as grader:
        assert grader.stdout is not None
        grader.stdout.readline()
        below = descendants(grader.pid)
        assert len(below) >= 2
        grader.send_signal(signal.SIGINT)
        grader.wait(30)
        assert _gone(below, 5.0)
