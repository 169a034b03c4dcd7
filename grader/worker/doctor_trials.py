"""Tries the acts that each isolation layer must stop; run by the doctor in a Python of its own.

Each act is tried in a child that has entered that one layer and nothing else, so the answer is what the
kernel does on this machine and not what its version promises. Prints one JSON object on standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import Any

from grader.worker import linux
from grader.worker.limits import Limits

Act = Callable[[], object]
_PTRACE_SEIZE = 0x4206
_TOO_MUCH = 1 << 31
_THROUGH, _STOPPED = "through", "stopped"


def main(settings: Mapping[str, Any]) -> None:
    """Try everything. `settings`: `secret_name`, a variable of the parent's environment, and `secret_file`."""
    with contextlib.suppress(OSError):
        tempfile.gettempdir()  # found out while it can be; remembered
    found: dict[str, Any] = {"process": {"problem": "", "acts": _in_process(settings)}}
    if sys.platform == "win32":
        found["rlimits"] = _unavailable()
    else:
        found["rlimits"] = _layer(_enter_rlimits, _RLIMITS)
    for name, (enter, acts) in _KERNEL_LAYERS.items():
        found[name] = _layer(enter, acts) if sys.platform == "linux" else _unavailable()
    sys.stdout.write(json.dumps(found))


def _unavailable() -> dict[str, Any]:
    return {"problem": f"not available on {sys.platform}", "acts": {}}


# ----------------------------------------------------------------------------------------- process


def _in_process(settings: Mapping[str, Any]) -> dict[str, str]:
    """What a process that is started as a worker is can see of the one that started it."""
    return {
        "reading a variable of the grader's environment": _judged(settings["secret_name"] not in os.environ),
        "using a file that the grader has open": _judged(not _is_open(settings["secret_file"])),
        "finding the grader's modules in memory": _judged("grader.pipeline" not in sys.modules),
    }


def _judged(held: bool) -> str:
    return _STOPPED if held else _THROUGH


def _is_open(file: int) -> bool:
    try:
        os.fstat(file)
    except OSError:
        return False
    return True


# ------------------------------------------------------------------------------------------ layers


def _enter_rlimits() -> None:
    from grader.worker.rlimits import limit_resources

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit_resources(Limits())


def _enter_landlock() -> None:
    from grader.worker.lockdown import no_paths

    linux.gain_nothing()
    linux.enter_landlock(no_paths())


def _enter_seccomp() -> None:
    from grader.worker.syscalls import worker_filter

    program = worker_filter().program
    linux.gain_nothing()
    linux.load_filter(program)


def _allocate() -> None:
    """Address space only: no page of it is touched."""
    mmap.mmap(-1, _TOO_MUCH).close()


def _write() -> None:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(b"x")


def _open_many() -> None:
    for _ in range(100):
        os.dup(1)


def _open_self() -> None:
    os.open(sys.executable, os.O_RDONLY)


def _make_file() -> None:
    tempfile.TemporaryFile().close()


def _connect() -> None:
    """Refused connections count as made: the network was reached."""
    with socket.socket() as end:
        end.settimeout(1)
        try:
            end.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            return


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _start_program() -> None:
    os.execv(sys.executable, [sys.executable, "-c", ""])


def _start_thread() -> None:
    threading.Thread(target=int).start()


def _signal_parent() -> None:
    os.kill(os.getppid(), 0)


def _trace_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_SEIZE, os.getppid(), None, None) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _see_files() -> None:
    if not os.listdir("/"):
        raise FileNotFoundError("the root is empty")


def _see_processes() -> None:
    """A child is told its own number; a large one is one among all processes of the machine."""
    child = os.fork()
    if child == 0:
        os._exit(min(os.getpid(), 99))
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1:
        raise ProcessLookupError("there are no others")


_RLIMITS: Mapping[str, Act] = {
    "taking 2 GB of memory": _allocate,
    "writing into a file": _write,
    "opening a hundred files": _open_many,
}
_FILES: Mapping[str, Act] = {
    "listing the root folder": _see_files,
    "reading a file": _open_self,
    "making a file": _make_file,
}
_KERNEL_LAYERS: Mapping[str, tuple[Callable[[], None], Mapping[str, Act]]] = {
    "landlock": (_enter_landlock, _FILES),
    "seccomp": (
        _enter_seccomp,
        {
            **_FILES,
            "asking whether a file exists": lambda: os.stat("/"),
            "starting a process": _fork,
            "starting a program": _start_program,
            "starting a thread": _start_thread,
            "using the network": _connect,
            "signalling another process": _signal_parent,
            "reading another process's memory": _trace_parent,
        },
    ),
    "namespaces": (
        linux.enter_namespaces,
        {**_FILES, "seeing other processes": _see_processes, "using the network": _connect},
    ),
}


# ------------------------------------------------------------------------------------------ trying


def _layer(enter: Callable[[], None], acts: Mapping[str, Act]) -> dict[str, Any]:
    """What becomes of each act behind one layer. `problem`: why the layer cannot be entered."""
    problem = _attempt(enter, lambda: None)
    if problem != _THROUGH:
        return {"problem": problem.partition(": ")[2] or problem, "acts": {}}
    return {"problem": "", "acts": {name: _compared(enter, act) for name, act in acts.items()}}


def _compared(enter: Callable[[], None], act: Act) -> str:
    """What becomes of an act behind the layer; an act that fails without it, too, proves nothing."""
    behind = _attempt(enter, act)
    if behind.startswith(_STOPPED) and _attempt(lambda: None, act) != _THROUGH:
        return behind.replace(_STOPPED, f"{_STOPPED} anyway", 1)
    return behind


def _attempt(enter: Callable[[], None], act: Act) -> str:
    """`through`, `stopped: why`, or `unavailable: why` when the layer itself cannot be entered."""
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(telling, enter, act)
    os.close(telling)
    with open(told, encoding="utf-8", errors="replace") as pipe:
        text = pipe.read()
    return _outcome(text, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _tell(telling: int, enter: Callable[[], None], act: Act) -> None:
    """In the child: enter, act, and say how far it went; never returns."""
    try:
        enter()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        os.write(telling, f"unavailable: {_why(error)}".encode())
        os._exit(0)
    os.write(telling, b"entered\n")
    try:
        act()
    except BaseException as error:  # noqa: BLE001
        os.write(telling, f"stopped: {_why(error)}".encode())
    else:
        os.write(telling, _THROUGH.encode())
    os._exit(0)


def _outcome(text: str, code: int) -> str:
    if not text.startswith("entered\n"):
        return text or f"unavailable: the process was ended by signal {-code}"
    rest = text.removeprefix("entered\n")
    if rest:
        return rest
    # Starting a program replaces the process that would have told: it has then ended well.
    return _THROUGH if code == 0 else f"stopped: ended by signal {-code}"


def _why(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:300]
