"""What the system says of itself, for the doctor's advice. Hints only: what holds is found by trying."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = {
    "kernel.apparmor_restrict_unprivileged_userns": "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "kernel.unprivileged_userns_clone": "/proc/sys/kernel/unprivileged_userns_clone",
    "user.max_user_namespaces": "/proc/sys/user/max_user_namespaces",
    "kernel.yama.ptrace_scope": "/proc/sys/kernel/yama/ptrace_scope",
}
_SECURITY_MODULES = "/sys/kernel/security/lsm"
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True)
class Facts:
    """The machine: names, settings of the kernel (only those that exist), and where we seem to run."""

    system: str
    machine: str
    kernel: str
    python: str
    root: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    security_modules: tuple[str, ...] = ()
    filtered: bool = False
    """A seccomp filter was in force already when the doctor started, as in most containers."""
    container: bool = False
    wsl: int = 0
    """The version of the Windows Subsystem for Linux; 0 outside it."""

    def setting(self, name: str) -> str | None:
        return dict(self.settings).get(name)


def gather(read: Callable[[str], str | None] | None = None) -> Facts:
    """The facts of this machine. `read` gives a file's text, or None where there is no such file."""
    read = read or _read
    kernel = platform.release()
    texts = ((name, read(path)) for name, path in _SETTINGS.items())
    return Facts(
        system=sys.platform,
        machine=platform.machine(),
        kernel=kernel,
        python=platform.python_version(),
        root=getattr(os, "geteuid", lambda: 1)() == 0,
        settings=tuple((name, text.strip()) for name, text in texts if text is not None),
        security_modules=tuple(filter(None, (read(_SECURITY_MODULES) or "").strip().split(","))),
        filtered=_filtered(read("/proc/self/status") or ""),
        container=any(Path(mark).exists() for mark in _CONTAINER_MARKS),
        wsl=_wsl(kernel),
    )


def _filtered(status: str) -> bool:
    return any(line.split() == ["Seccomp:", "2"] for line in status.splitlines())


def _wsl(kernel: str) -> int:
    """WSL 1 says `4.4.0-19041-Microsoft`, WSL 2 `5.15.90.1-microsoft-standard-WSL2`."""
    if "microsoft" not in kernel.lower():
        return 0
    return 2 if "wsl2" in kernel.lower() or "standard" in kernel.lower() else 1


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
