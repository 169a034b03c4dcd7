"""The isolation layers, by what they stop; and the choice of a tier, on this machine and on poorer ones."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import worker_samples as samples
from worker_samples import call, helper

from grader.errors import NotIsolated, UsageError
from grader.worker import layers, linux
from grader.worker.interpreter import environment
from grader.worker.layers import Probe, choose, probe_layers
from grader.worker.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")

# ------------------------------------------------------------------------------------ what is stopped

#: Acts of student code; each returns only if it was not stopped.
_ACTS = {
    "read a file": "open('/etc/hostname').read()",
    "list a folder": "import os; os.listdir('/')",
    "ask whether a file is there": "import os; os.stat('/etc')",
    "write a file": "open(CANARY, 'w')",
    "delete a file": "import os; os.remove(CANARY)",
    "run a program": "import subprocess; subprocess.run(['/bin/true'], check=True)",
    "open a socket": "import socket; socket.socket()",
    "see the parent": "import os; os.kill(os.getppid(), 0)",
    "read own limits from proc": "open('/proc/self/limits').read()",
    "keep bytes in memory files": "import os; os.memfd_create('x')",
    "make a pipe": "import os; os.pipe()",
    "signal when a pipe is written": "import fcntl; fcntl.fcntl(3, fcntl.F_SETOWN, 1)",
    "import from disk": "import importlib; importlib.import_module('this')",
}
#: Fail without walls, too: for lack of a permission, or by the limit on processes that root is free of.
_HARMLESS = {"signal when a pipe is written"} | (set() if os.geteuid() == 0 else {"run a program"})
_SYS_KEYCTL = 250 if platform.machine() == "x86_64" else 219
_KILLED = {
    "trace the parent": "import ctypes, os; ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)",
    "new namespaces": "import ctypes; ctypes.CDLL(None).unshare(0x10000000)",
    "a keyring": "import ctypes; ctypes.CDLL(None).syscall(SYS_KEYCTL, 0, 0, 0, 0, 0)",
}


def _attempt(sandbox: Sandbox, act: str, canary: Path) -> str:
    """What becomes of an act: `through`, `stopped`, or the status of a broken worker."""
    source = f"""
        CANARY = {str(canary)!r}
        SYS_KEYCTL = {_SYS_KEYCTL}
        def act():
            {act}
            return "through"
    """
    outcome = sandbox.run(samples.program(source), [call("act")], helper)[0]
    return "stopped" if outcome.status == "raised" else outcome.value or outcome.status


@pytest.mark.parametrize("name", _ACTS)
def test_a_walled_worker_cannot(tiered: Sandbox, name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.touch()
    got = _attempt(tiered, _ACTS[name], canary)
    if tiered.isolation.tier == "none":
        assert got == "through" or name in _HARMLESS, "an act that fails without walls proves nothing"
    else:
        assert got == "stopped"
        assert canary.exists()
        assert canary.read_text() == ""


@pytest.mark.parametrize("name", _KILLED)
def test_a_walled_worker_dies_of(tiered: Sandbox, name: str, tmp_path: Path) -> None:
    if tiered.isolation.tier == "none":
        pytest.skip("nothing is killed without walls")
    assert _attempt(tiered, _KILLED[name], tmp_path) == "crashed"


def test_a_walled_worker_cannot_fork_or_thread(tiered: Sandbox, tmp_path: Path) -> None:
    if tiered.isolation.tier == "none":
        pytest.skip("root may fork without walls")
    assert _attempt(tiered, "import os; os.fork()", tmp_path) == "stopped"
    act = "import threading; threading.Thread(target=print).start()"
    assert _attempt(tiered, act, tmp_path) == "stopped"


def test_no_worker_can_raise_its_limits_or_write_large_files(tiered: Sandbox, tmp_path: Path) -> None:
    act = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))"
    if tiered.isolation.tier != "none":
        assert _attempt(tiered, act, tmp_path) == "stopped"
    file = tmp_path / "file"
    act = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); open(CANARY, 'wb', 0).write(b'x')"
    assert _attempt(tiered, act, file) in ("stopped", "crashed")
    assert not file.exists() or file.read_bytes() == b""


def test_a_worker_has_no_files_but_the_null_device_and_its_channel(tiered: Sandbox) -> None:
    source = """
        import os
        def f():
            found = []
            for fd in range(64):
                try:
                    os.lseek(fd, 0, 1)
                    found.append("null")
                except OSError as error:
                    if error.errno == 29:  # a pipe cannot be sought in
                        found.append("pipe")
            return found
    """
    outcome = samples.one(tiered, source, call("f"))
    assert outcome.value == ["null", "null", "null", "pipe", "pipe"]


def test_a_worker_knows_no_environment_and_no_answer(tiered: Sandbox) -> None:
    source = """
        import os, sys
        def f():
            return dict(os.environ), sorted(m for m in sys.modules if m.startswith("grader."))
    """
    environment, modules = samples.one(tiered, source, call("f")).value
    assert environment == {}
    assert modules
    parts = {name.split(".")[1] for name in modules}
    assert parts <= {"errors", "model", "notebook", "repairs", "stand_ins", "worker"}


def test_a_worker_tells_nothing_of_the_machine(tiered: Sandbox) -> None:
    """Neither its name nor where programs lie, which the stack that the kernel lays out for a new program holds."""
    source = """
        import os
        def f():
            return os.uname().nodename
    """
    name = samples.one(tiered, source, call("f")).value
    assert name == (platform.node() if tiered.isolation.tier != "strong" else "grader")
    assert "PATH" not in environment() or sys.platform == "win32"


def test_what_student_code_may_need_works_behind_all_walls(tiered: Sandbox) -> None:
    source = """
        import copy, time, math, random, json, re, itertools, collections, functools, dataclasses, typing
        import numpy as np
        import numpy.linalg as la
        from numpy.testing import assert_allclose
        def f():
            @dataclasses.dataclass
            class C:
                x: typing.Any = 1
            rng = np.random.default_rng(0)
            square = rng.normal(size=(50, 50))
            assert_allclose(la.inv(square) @ square, np.eye(50), atol=1e-6)
            np.fft.fft(square); np.einsum("ij,jk", square, square); np.random.permutation(5); np.median(square)
            la.svd(square); la.qr(square); np.polyfit([1, 2], [1, 2], 1); np.set_printoptions(precision=3)
            time.sleep(0.001); time.time(); time.perf_counter(); random.random(); time.strftime("%H")
            json.loads(json.dumps({"a": 1})); re.sub("a", "b", "a"); copy.deepcopy(square)
            with np.printoptions(precision=2):
                text = str(square) + f"{square[0, 0]:.3f}" + repr(C())
            import datetime, decimal, fractions, statistics
            return len(text) > 0, np.ones((600, 600)).dot(np.ones((600, 600))).sum()
    """
    outcome = samples.one(tiered, source, call("f"))
    assert outcome.raised is None
    assert outcome.value == (True, 600.0**3)


def test_a_module_that_is_not_there_says_so_behind_all_walls(tiered: Sandbox) -> None:
    outcome = samples.one(
        tiered, "import scipy.special\ndef f():\n    return scipy.special.expit(0)", call("f")
    )
    assert outcome.raised is not None
    assert outcome.raised.message == "module scipy is not available in grading"


# ------------------------------------------------------------------------------------ what is listed


def test_the_layers_that_are_listed_are_those_of_the_tier(tiered: Sandbox) -> None:
    tier, listed = tiered.isolation.tier, tiered.isolation.layers
    assert listed[:2] == ("process", "rlimits")
    assert ("seccomp" in listed) == (tier != "none")
    assert bool({"landlock", "namespaces"} & set(listed)) == (tier == "strong")


def _probes(**problems: str) -> dict[str, Probe]:
    return {name: Probe(name, problems.get(name, "")) for name in ("landlock", "seccomp", "namespaces")}


@pytest.mark.parametrize(
    ("problems", "tier", "listed"),
    [
        ({}, "strong", ("process", "rlimits", "landlock", "seccomp", "namespaces")),
        ({"namespaces": "no"}, "strong", ("process", "rlimits", "landlock", "seccomp")),
        ({"landlock": "no"}, "strong", ("process", "rlimits", "seccomp", "namespaces")),
        ({"landlock": "no", "namespaces": "no"}, "seccomp", ("process", "rlimits", "seccomp")),
        ({"seccomp": "no"}, "none", ("process", "rlimits")),
    ],
)
def test_best_is_the_strongest_that_works(
    problems: dict[str, str], tier: str, listed: tuple[str, ...]
) -> None:
    isolation = choose("best", _probes(**problems))
    assert (isolation.tier, isolation.layers) == (tier, listed)


def test_a_named_tier_is_given_exactly() -> None:
    assert choose("seccomp", _probes()).layers == ("process", "rlimits", "seccomp")
    assert choose("none", {}).layers == ("process", "rlimits")


def test_best_may_have_to_be_good_enough() -> None:
    poor = _probes(landlock="why-1", namespaces="why-2")
    assert choose("best", poor, "seccomp").tier == "seccomp"
    assert choose("best", _probes(), "seccomp").tier == "strong"
    with pytest.raises(NotIsolated, match=r"'strong' .*why-1"):
        choose("best", poor, "strong")


@pytest.mark.parametrize(
    ("tier", "problems"),
    [
        ("strong", {"landlock": "why-1", "namespaces": "why-2"}),
        ("strong", {"seccomp": "why-1"}),
        ("seccomp", {"seccomp": "why-1"}),
    ],
)
def test_a_tier_that_cannot_be_had_is_an_error_that_says_what_is_missing(
    tier: str, problems: dict[str, str]
) -> None:
    with pytest.raises(NotIsolated, match="why-1") as info:
        choose(tier, _probes(**problems))
    assert "grader doctor" in str(info.value)


def test_an_unknown_tier_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="best, strong, seccomp, none"):
        Sandbox.start("perfect")


# ------------------------------------------------------------------------------------ what is probed


def _nothing(*args: object) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "primitive"),
    [("seccomp", "load_filter"), ("landlock", "enter_landlock"), ("namespaces", "enter_namespaces")],
)
def test_a_layer_that_does_nothing_is_found_out(
    monkeypatch: pytest.MonkeyPatch, name: str, primitive: str
) -> None:
    monkeypatch.setattr(linux, primitive, _nothing)
    assert probe_layers()[name].problem


def test_a_trial_that_is_killed_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def die() -> None:
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(layers, "_TRIALS", {"seccomp": die})
    assert "killed" in probe_layers()["seccomp"].problem


# ------------------------------------------------------------------------------- poorer machines

_BOOT = """
import errno, sys
sys.path.insert(0, {tests!r})
from seccompy import ArgCmp, Action, CmpOp, Filter
rules = Filter(default=Action.ALLOW)
{rules}
rules.load()
from grader.errors import GraderError
from grader.worker.sandbox import Sandbox
from worker_samples import call, helper, program
try:
    with Sandbox.start({tier!r}, at_least={at_least!r}) as sandbox:
        outcome = sandbox.run(program("def f(): return 42"), [call("f")], helper)[0]
        print(sandbox.isolation.tier, *sandbox.isolation.layers, outcome.value)
except GraderError as error:
    print(type(error).__name__, error)
"""
#: What Docker's default profile refuses, as far as it matters here.
_CONTAINER = """
for name in "unshare mount umount2 setns pivot_root ptrace keyctl add_key bpf io_uring_setup".split():
    rules.errno(name, errno.EPERM)
rules.errno("clone3", errno.ENOSYS)
for flag in (0x20000, 0x10000000, 0x20000000, 0x40000000):
    rules.errno("clone", errno.EPERM, args=[ArgCmp(0, CmpOp.MASKED_EQ, flag, mask=flag)])
"""
_OLD_KERNEL = _CONTAINER + "\nrules.errno('landlock_create_ruleset', errno.ENOSYS)"
_NO_SECCOMP = "rules.errno('prctl', errno.EINVAL, args={0: 22})"


def _on_a_machine_with(rules: str, tier: str, at_least: str) -> str:
    tests = str(Path(__file__).parent)
    boot = _BOOT.format(rules=rules, tier=tier, at_least=at_least, tests=tests)
    done = subprocess.run(
        [sys.executable, "-c", boot], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("rules", "tier", "at_least", "expected"),
    [
        (_CONTAINER, "best", "strong", "strong process rlimits landlock seccomp 42"),
        (_CONTAINER, "strong", "none", "strong process rlimits landlock seccomp 42"),
        (_OLD_KERNEL, "best", "seccomp", "seccomp process rlimits seccomp 42"),
        (_OLD_KERNEL, "strong", "none", "NotIsolated"),
        (_NO_SECCOMP, "best", "none", "none process rlimits 42"),
        (_NO_SECCOMP, "best", "seccomp", "NotIsolated"),
        (_NO_SECCOMP, "seccomp", "none", "NotIsolated"),
    ],
)
def test_on_poorer_machines(rules: str, tier: str, at_least: str, expected: str) -> None:
    """Needs a machine that has all layers, of which some are then taken away."""
    probes = probe_layers()
    if not all(probe.works for probe in probes.values()):
        pytest.skip("this machine is a poorer one itself")
    assert _on_a_machine_with(rules, tier, at_least).startswith(expected)


# ------------------------------------------------------------------------------- the filter's names


def test_every_name_in_the_filter_is_a_system_call_somewhere() -> None:
    import seccompy.syscalls as tables

    from grader.worker.syscalls import ALLOWED, KILLED

    known: set[str] = set()
    for value in vars(tables).values():
        if isinstance(value, dict) and "read" in value:
            known |= set(value)
    assert set(ALLOWED) | set(KILLED) <= known
    assert not set(ALLOWED) & set(KILLED)


def _for_machine(monkeypatch: pytest.MonkeyPatch, machine: str) -> Callable[[], bytes]:
    from grader.worker.syscalls import worker_filter

    monkeypatch.setattr(platform, "machine", lambda: machine)
    return lambda: worker_filter().program


def test_the_filter_is_built_for_both_architectures(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = {name: _for_machine(monkeypatch, name)() for name in ("x86_64", "aarch64")}
    assert programs["x86_64"] != programs["aarch64"]
    assert all(len(program) < 8 * 4096 for program in programs.values())
    assert errno.EPERM == 1
