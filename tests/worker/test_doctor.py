"""The doctor: what it finds here by trying, and what it says on machines that are made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.errors import CannotGrade
from grader.model import Isolation
from grader.worker import doctor, doctor_facts, doctor_trials
from grader.worker.doctor import Diagnosis, Start, diagnose_machine
from grader.worker.doctor_facts import Facts, gather
from grader.worker.interpreter import command, environment

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")

LINUX = Facts("linux", "x86_64", "6.8.0", "3.12.1")
LAYERS = ("process", "rlimits", "landlock", "seccomp", "namespaces")
EPERM = "unshare: Operation not permitted"


def trials(**problems: str) -> Callable[[], doctor.Trials]:
    """Findings in which the named layers cannot be entered, and the others hold."""
    return lambda: {
        name: {
            "problem": problems.get(name, ""),
            "acts": {} if name in problems else {"an act": "stopped: no"},
        }
        for name in LAYERS
    }


def started(tier: Any = "strong") -> Callable[[], Start]:
    return lambda: Start(Isolation(tier, ("process", "rlimits")), 400)


def diagnosis(facts: Facts = LINUX, tier: str = "strong", **problems: str) -> Diagnosis:
    return diagnose_machine(facts, trials(**problems), started(tier))


def text(found: Diagnosis) -> str:
    """What is printed, on one line, as if the terminal were endless."""
    return " ".join(found.render().split())


# ---------------------------------------------------------------------------------- this machine


@linux_only
def test_this_machine_is_tried_and_a_worker_is_started() -> None:
    found = diagnose_machine()
    assert [layer.name for layer in found.layers] == list(LAYERS)
    assert found.tier == found.expected
    assert found.start.problem == ""
    for layer in found.layers:
        assert layer.holds or layer.fault
        assert all(act.proof for act in layer.acts), "an act that fails without the layer proves nothing"


@linux_only
def test_trying_leaves_neither_a_variable_nor_a_process() -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()
    doctor.try_layers()
    assert doctor._SECRET not in os.environ
    assert children.read_text() == before


@linux_only
def test_a_layer_that_stops_nothing_is_seen() -> None:
    """The trials judge by what happens: a layer whose `enter` does nothing stops nothing."""
    source = (
        "import json; from grader.worker import doctor_trials as t;"
        "print(json.dumps(t._layer(lambda: None, t._KERNEL_LAYERS['seccomp'][1])))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True, timeout=60)
    acts = json.loads(done.stdout)["acts"]
    assert set(acts.values()) == {"through"}
    layer = doctor._layer("seccomp", {"problem": "", "acts": acts})
    assert not layer.holds
    assert "does not stop listing the root folder or reading a file" in layer.fault


@linux_only
def test_an_act_that_fails_without_the_layer_is_no_proof() -> None:
    def fails() -> None:
        raise PermissionError("not here")

    assert doctor_trials._compared(lambda: None, fails) == "stopped anyway: not here"
    assert not doctor._act("it", "stopped anyway: not here").proof


@linux_only
def test_a_layer_that_kills_and_one_that_cannot_be_entered_are_told_apart() -> None:
    def dies() -> None:
        os.kill(os.getpid(), 9)

    def refused() -> None:
        raise OSError(1, "Operation not permitted")

    assert doctor_trials._attempt(lambda: None, dies) == "stopped: ended by signal 9"
    assert doctor_trials._attempt(refused, dies) == "unavailable: [Errno 1] Operation not permitted"
    assert doctor_trials._attempt(dies, dies) == "unavailable: the process was ended by signal 9"
    assert doctor_trials._layer(refused, {"x": dies}) == {
        "problem": "[Errno 1] Operation not permitted",
        "acts": {},
    }


def test_the_trials_run_where_student_code_would() -> None:
    settings = json.dumps(
        {"secret_name": "PATH" if sys.platform != "win32" else "SYSTEMROOT", "secret_file": 1}
    )
    done = subprocess.run(
        command("grader.worker.doctor_trials", settings),
        env=environment() | {"PATH": "/usr/bin"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    acts = json.loads(done.stdout)["process"]["acts"]
    assert acts["reading a variable of the grader's environment"] == "through", (
        "PATH is no secret, so it is seen"
    )
    assert acts["using a file that the grader has open"] == "through", "standard output is open"


def test_a_python_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", os.path.join(os.sep, "nowhere", "python"))
    with pytest.raises(CannotGrade, match="could not start a second Python"):
        doctor.try_layers()


# ------------------------------------------------------------------------------- machines made up


def test_where_all_holds_there_is_nothing_to_do() -> None:
    found = diagnosis()
    assert (found.tier, found.expected, found.advice) == ("strong", "strong", ())
    assert "There is nothing to do." in found.render()


def test_ubuntu_with_apparmor() -> None:
    facts = replace(LINUX, settings=(("kernel.apparmor_restrict_unprivileged_userns", "1"),))
    found = diagnosis(facts, namespaces=EPERM)
    assert found.tier == found.expected == "strong", "seccomp and Landlock suffice"
    assert f"namespaces does not hold: {EPERM}" in text(found)
    assert "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in text(found)
    assert "without them" in text(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kernel.unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("user.max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
    ],
)
def test_user_namespaces_that_are_switched_off(name: str, value: str, said: str) -> None:
    facts = replace(LINUX, settings=((name, value),))
    assert said in text(diagnosis(facts, namespaces=EPERM))
    assert said not in text(diagnosis(replace(LINUX, settings=((name, "1"),)), namespaces=EPERM))


def test_docker_is_told_that_it_is_fine_and_never_to_be_privileged() -> None:
    found = diagnosis(replace(LINUX, container=True), namespaces=EPERM)
    assert "do not use `--privileged`" in text(found)
    assert found.tier == "strong"


def test_docker_without_landlock_is_the_tier_seccomp() -> None:
    found = diagnosis(
        replace(LINUX, filtered=True), "seccomp", namespaces=EPERM, landlock="landlock: refused"
    )
    assert found.expected == found.tier == "seccomp"
    assert "Docker allows it since version 23.0" in text(found)


def test_landlock_that_is_not_switched_on() -> None:
    facts = replace(LINUX, security_modules=("lockdown", "yama"))
    assert "lsm=landlock,lockdown,yama" in text(diagnosis(facts, landlock="Operation not supported"))
    assert "5.13" in text(diagnosis(landlock="Function not implemented"))


def test_without_seccomp_nothing_is_isolated() -> None:
    found = diagnosis(tier="none", seccomp="prctl: Invalid argument")
    assert found.expected == "none"
    assert "NOT isolated" in text(found)
    assert "--unsafe" in text(found)
    assert "CONFIG_SECCOMP_FILTER" in text(found)


def test_a_processor_that_the_filter_does_not_know() -> None:
    assert "this one is riscv64" in text(
        diagnosis(replace(LINUX, machine="riscv64"), "none", seccomp="unsupported")
    )


@pytest.mark.parametrize(("system", "said"), [("darwin", "macOS has no walls"), ("win32", "wsl --install")])
def test_other_systems(system: str, said: str) -> None:
    away = {name: f"not available on {system}" for name in ("landlock", "seccomp", "namespaces")}
    found = diagnosis(Facts(system, "arm64", "23.1", "3.12.1"), "none", **away)
    assert (found.tier, found.expected) == ("none", "none")
    assert said in text(found)
    assert "Docker, Podman" in text(found)
    assert "sysctl" not in text(found)


def test_wsl_1_is_to_be_converted() -> None:
    facts = replace(LINUX, wsl=1)
    found = diagnosis(facts, "none", seccomp="no", landlock="no", namespaces="no")
    assert "--set-version NAME 2" in text(found)


def test_a_worker_with_less_than_what_was_promised_is_a_fault() -> None:
    found = diagnosis(tier="seccomp")
    assert "promise the tier `strong`, yet a worker got `seccomp`" in text(found)


def test_a_worker_that_does_not_start() -> None:
    found = diagnose_machine(LINUX, trials(), lambda: Start(None, problem="no memory."))
    assert found.tier == "none"
    assert "No worker could be started: no memory." in text(found)
    assert found.to_dict()["worker"]["starts"] is False


def test_the_dict_says_the_same_and_is_json() -> None:
    found = diagnosis(namespaces=EPERM).to_dict()
    assert found["schema"] == "grader/doctor/v1"
    assert found["tier"] == "strong"
    assert {layer["name"]: layer["holds"] for layer in found["layers"]} == {
        name: name != "namespaces" for name in LAYERS
    }
    assert found["layers"][4]["problem"] == EPERM
    assert json.loads(json.dumps(found)) == found


def test_lines_fit_a_terminal() -> None:
    found = diagnosis(replace(LINUX, container=True), "none", **dict.fromkeys(LAYERS, "it is refused " * 9))
    assert max(len(line) for line in found.render().splitlines()) <= 88


# ----------------------------------------------------------------------------------------- facts


@pytest.mark.parametrize(
    ("kernel", "version"),
    [("4.4.0-19041-Microsoft", 1), ("5.15.90.1-microsoft-standard-WSL2", 2), ("6.8.0-48-generic", 0)],
)
def test_versions_of_wsl(kernel: str, version: int) -> None:
    assert doctor_facts._wsl(kernel) == version


def test_facts_are_read_from_the_kernels_files() -> None:
    files = {
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
        "/sys/kernel/security/lsm": "lockdown,capability,landlock\n",
        "/proc/self/status": "Name:\tpython\nSeccomp:\t2\nSeccomp_filters:\t1\n",
    }
    facts = gather(files.get)
    assert facts.setting("kernel.apparmor_restrict_unprivileged_userns") == "1"
    assert facts.setting("kernel.unprivileged_userns_clone") is None
    assert facts.security_modules == ("lockdown", "capability", "landlock")
    assert facts.filtered
    assert not gather({"/proc/self/status": "Seccomp:\t0\n"}.get).filtered
