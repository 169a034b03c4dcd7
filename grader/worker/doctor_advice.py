"""The doctor's advice: what to do so that a layer that does not hold here holds. Plain words, pure functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from grader.worker.doctor_facts import Facts

_MEANING = {
    "strong": (
        "Student code is held by two independent walls of the kernel. `grader grade` and `grader run` work."
    ),
    "seccomp": (
        "Student code is held by one wall of the kernel, a filter of system calls. `grader grade` and "
        "`grader run` work. A second wall is better; see below."
    ),
    "none": (
        "Student code is NOT isolated on this machine: it can read your files, start programs and use the "
        "network. `grader grade` refuses to work here unless you give `--unsafe`, which marks every report. "
        "`grader run` works and says so, for the container is the wall there; `grader check` works: a student "
        "runs their own code."
    ),
}


def meaning(tier: str) -> str:
    """What a tier means for who grades here."""
    return _MEANING[tier]


def advice(facts: Facts, failing: Collection[str]) -> tuple[str, ...]:
    """What to do about the layers that do not hold, most useful first. Empty if there is nothing to do."""
    if not failing:
        return ()
    if facts.system != "linux":
        return tuple(_elsewhere(facts.system))
    if facts.wsl == 1:
        return (_WSL_1,)
    return tuple(
        text
        for layer, finder in _FINDERS.items()
        if layer in failing
        for text in finder(facts)
    )  # fmt: skip


def _elsewhere(system: str) -> Iterator[str]:
    name = {"darwin": "macOS", "win32": "Windows"}.get(system, system)
    yield f"{name} has no walls that the grader can use without an administrator's rights."
    if system == "win32":
        yield (
            "Install WSL 2 (in PowerShell: `wsl --install`), then install and run the grader inside it. "
            "WSL 2 has a Linux kernel with all that is needed."
        )
    yield (
        "Or grade in a Linux container (Docker, Podman) or virtual machine, or on a Linux server. "
        "No special rights are needed there; never use `--privileged`."
    )
    yield "Use `--unsafe` only for code that you trust as you trust your own."


_WSL_1 = (
    "This is WSL 1, which imitates a Linux kernel and has no walls. Convert it to WSL 2: in PowerShell, "
    "`wsl --list --verbose` shows its name, and `wsl --set-version NAME 2` converts it."
)


def _for_seccomp(facts: Facts) -> Iterator[str]:
    if facts.machine not in ("x86_64", "aarch64", "arm64"):
        yield (
            f"The filter of system calls is written for x86_64 and aarch64 processors; this one is "
            f"{facts.machine}. Grade on another machine."
        )
        return
    yield (
        "The filter of system calls (seccomp) cannot be loaded. Kernels since 3.17 have it unless it was left "
        "out: `zgrep CONFIG_SECCOMP_FILTER /proc/config.gz` should say `=y`."
    )
    if facts.container or facts.filtered:
        yield (
            "Some container engines and sandboxes forbid it (gVisor does not have all of it). In Docker and "
            "Podman the default profile allows it; remove a `--security-opt seccomp=…` of your own."
        )


def _for_landlock(facts: Facts) -> Iterator[str]:
    if facts.security_modules and "landlock" not in facts.security_modules:
        listed = ",".join(("landlock", *facts.security_modules))
        yield (
            "Landlock is not switched on in this kernel. Add it to the kernel's boot parameters and start the "
            f"machine again: `lsm={listed}`."
        )
    elif facts.container or facts.filtered:
        yield (
            "Landlock is refused, perhaps by the container's seccomp profile. Docker allows it since version "
            "23.0; update the engine of the machine that runs the container."
        )
    else:
        yield "Landlock needs Linux 5.13 or newer, built with it. Most distributions of 2022 and later have it."


def _for_namespaces(facts: Facts) -> Iterator[str]:
    found = [text for holds, text in _NAMESPACE_CAUSES if holds(facts)]
    yield from found or [_ASK]
    yield "Namespaces are an additional wall: with seccomp and Landlock the tier is `strong` without them."


_APPARMOR, _CLONE = "kernel.apparmor_restrict_unprivileged_userns", "kernel.unprivileged_userns_clone"
_ASK = (
    "Namespaces are not available to this user. An administrator can allow them; ask for "
    "unprivileged user namespaces."
)
_ALLOW_APPARMOR = (
    "Ubuntu (23.10 and later) lets AppArmor forbid user namespaces to ordinary programs. To allow them until "
    f"the next start: `sudo sysctl -w {_APPARMOR}=0`; for good: put `{_APPARMOR}=0` into "
    "`/etc/sysctl.d/60-grader.conf`. This loosens a protection of the whole machine."
)
_ALLOW_CLONE = (
    f"User namespaces are switched off for ordinary users. To allow them: `sudo sysctl -w {_CLONE}=1`."
)
_RAISE_NUMBER = (
    "The number of user namespaces is limited to 0. To allow them: "
    "`sudo sysctl -w user.max_user_namespaces=10000`."
)
_IN_CONTAINER = (
    "This seems to be a container, and the default profile of Docker and Podman forbids new namespaces. "
    "That is all right: do not use `--privileged` for it."
)
_NAMESPACE_CAUSES: tuple[tuple[Callable[[Facts], bool], str], ...] = (
    (lambda facts: facts.setting(_APPARMOR) == "1", _ALLOW_APPARMOR),
    (lambda facts: facts.setting(_CLONE) == "0", _ALLOW_CLONE),
    (lambda facts: facts.setting("user.max_user_namespaces") == "0", _RAISE_NUMBER),
    (lambda facts: facts.container or facts.filtered, _IN_CONTAINER),
)


def _for_rlimits(facts: Facts) -> Iterator[str]:
    yield (
        "The limits on memory, files or processor time are not kept here. Some sandboxes ignore them; "
        "give the container or machine limits of its own."
    )


def _for_process(facts: Facts) -> Iterator[str]:
    yield (
        "A new process sees what it must not see of the grader. That is a fault of the grader, or of what is "
        "loaded into Python here (a `sitecustomize`, a wrapper). Please report it; see docs/security.md."
    )


_FINDERS: dict[str, Callable[[Facts], Iterator[str]]] = {
    "process": _for_process,
    "rlimits": _for_rlimits,
    "seccomp": _for_seccomp,
    "landlock": _for_landlock,
    "namespaces": _for_namespaces,
}
