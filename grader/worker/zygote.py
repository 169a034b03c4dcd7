"""The warm process from which workers are forked: numpy and the library loaded, jail entered, then waiting.

Started by `grader.worker.warm`, with one socket to the grader. Messages are one datagram each:

    zygote → host   T layers…       the layers that will be in force, or  N text  none that suffice
                    R               ready
    host → zygote   S + two pipes   fork a worker                   → P pid, or E text
                    K pid           kill it and reap it             (no answer)

End of file, or a parent that is gone, ends the zygote, and with it all its workers.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from grader.errors import NotIsolated
from grader.worker import linux, preload
from grader.worker.layers import choose, probe_layers
from grader.worker.limits import Limits
from grader.worker.lockdown import Lockdown, die_with_zygote
from grader.worker.rehearsal import rehearse

PID = struct.Struct("<I")
_OPEN_FILES = 64
_LOOK_AROUND_SECONDS = 1.0


def main(settings: Mapping[str, Any]) -> None:
    """Be a zygote, until the grader hangs up. `settings`: control (fd), tier, at_least, limits."""
    control = socket.socket(fileno=settings["control"])
    try:
        probes = {} if settings["tier"] == "none" else probe_layers()
        layers = choose(settings["tier"], probes, settings["at_least"]).layers
        control.send(b"T" + " ".join(layers).encode())
        _get_ready(control, Lockdown(layers, Limits(**settings["limits"])))
    except NotIsolated as error:
        control.send(b"N" + str(error).encode())
    except Exception as error:  # noqa: BLE001 - whatever it is, the host is told
        control.send(b"E" + f"{type(error).__name__}: {error}".encode()[:2000])


def _get_ready(control: socket.socket, lockdown: Lockdown) -> None:
    """Load everything, enter the jail, serve."""
    preload.load()
    preload.load_ours()
    available = preload.available()
    rehearse(lockdown.limits, available)
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("numpy has started threads, which a fork does not survive")
    parent = os.getppid()
    os.environ.clear()
    null = os.open(os.devnull, os.O_RDWR)
    if "namespaces" in lockdown.layers:
        linux.enter_namespaces()
        _become_first_process(control)
        parent = 0
    linux.refuse_inspection()
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))  # no higher number to close
    warnings.simplefilter("ignore")
    gc.collect()
    gc.freeze()
    _Zygote(control, lockdown, available, parent).serve()


def _become_first_process(control: socket.socket) -> None:
    """Go on in a child, the first process of the new process namespace; we only wait for it."""
    host = os.getppid()
    child = os.fork()
    if child == 0:
        linux.die_with_parent(signal.SIGKILL)
        return
    control.close()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while os.getppid() == host and os.waitpid(child, os.WNOHANG)[0] == 0:
        signal.sigtimedwait([signal.SIGCHLD], _LOOK_AROUND_SECONDS)
    os._exit(0)


class _Zygote:
    """Forks, kills and reaps."""

    def __init__(
        self, control: socket.socket, lockdown: Lockdown, available: frozenset[str], parent: int
    ) -> None:
        self.control = control
        self.lockdown = lockdown
        self.available = available
        self.parent = parent
        self.own_pid = os.getpid()
        self.killed: set[int] = set()

    def serve(self) -> None:
        """Do what the host says until it hangs up, or until our parent is gone."""
        self.control.settimeout(_LOOK_AROUND_SECONDS)
        self.control.send(b"R")
        while os.getppid() == self.parent:
            self.reap()
            try:
                message, files, _, _ = socket.recv_fds(self.control, 64, 2)
            except TimeoutError:
                continue
            if not message:
                return self.reap(0)
            if message[:1] == b"S":
                self.spawn(files)
            else:
                self.kill(PID.unpack(message[1:])[0])

    def spawn(self, files: list[int]) -> None:
        try:
            child = os.fork()
        except OSError as error:
            self.control.send(b"E" + str(error).encode())
        else:
            if child == 0:
                self.work(files)
            self.control.send(b"P" + PID.pack(child))
        for file in files:
            os.close(file)

    def kill(self, child: int) -> None:
        """Kill a worker, and where nothing stops it from forking also what it has forked."""
        with contextlib.suppress(ProcessLookupError):  # it has no group of its own yet
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        self.killed.add(child)

    def reap(self, flags: int = os.WNOHANG) -> None:
        """Take leave of the killed. Those that the host has not ended yet keep their number, dead or not."""
        for child in self.killed.copy():
            if os.waitpid(child, flags)[0]:
                self.killed.remove(child)

    def work(self, files: list[int]) -> NoReturn:
        """Become a worker; never returns."""
        from grader.worker.child import work

        try:
            die_with_zygote(self.own_pid)
            keep_only((*files, *self.lockdown.kept_files()))
            requests, replies = files
            work(requests, replies, self.lockdown, self.available)
        finally:
            os._exit(1)


def keep_only(files: Iterable[int]) -> None:
    """Close all files but these and the three standard ones, which are the null device."""
    low = 3
    for file in (*sorted(files), _OPEN_FILES):
        os.closerange(low, file)
        low = file + 1
