"""The grader's end of the zygote: starts it, asks it for workers, ends it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from dataclasses import asdict

from grader.errors import NotIsolated, WorkerError
from grader.model import Isolation
from grader.worker.channel import Channel, PipeStream
from grader.worker.handle import HELLO_SECONDS, SourceGone, Worker
from grader.worker.interpreter import command, environment
from grader.worker.limits import Limits
from grader.worker.zygote import PID

_START_SECONDS = 60.0
_END_SECONDS = 5.0
_SEEN_SECONDS = 0.05


class WarmSource:
    """Workers forked from a zygote, which lives until `close` or the end of this process."""

    def __init__(self, tier: str, limits: Limits, at_least: str = "none") -> None:
        """Start a zygote and wait until it knows its layers; it goes on loading meanwhile.

        Raises:
            NotIsolated: the tier cannot be had on this machine.
            WorkerError: the zygote cannot be started.
        """
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(_START_SECONDS)
        self.ready = False
        self._ordered: PipeStream | None = None
        try:
            self.process = _start(theirs, tier, at_least, limits)
        except OSError as error:
            self.control.close()
            raise WorkerError(f"The process that runs student code cannot be started: {error}") from None
        finally:
            theirs.close()
        try:
            self.layers = tuple(self._told(b"T").decode().split())
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> Isolation:
        strong = {"landlock", "namespaces"} & set(self.layers)
        tier = "none" if "seccomp" not in self.layers else "strong" if strong else "seccomp"
        return Isolation(tier, self.layers)  # type: ignore[arg-type]  # the conditional widens it to str

    def spawn(self) -> Worker:
        """A new worker, locked down and waiting. Raises SourceGone or WorkerError."""
        if not self.ready:
            self._told(b"R")
            self.process.stderr.close()  # type: ignore[union-attr]  # it is a pipe, and no longer needed
            self.ready = True
        stream, self._ordered = self._ordered or self._order(), None
        try:
            pid = PID.unpack(self._told(b"P"))[0]
        except BaseException:  # an interrupt, too: whose worker the next answer names would be unknown
            stream.close()
            self.control.close()
            raise
        worker = Worker(Channel(stream), lambda: self._end(stream, pid))
        try:
            worker.greet(time.monotonic() + HELLO_SECONDS)
            if not stream.is_silent():
                raise SourceGone("a worker that was ready has died")  # with its zygote
        except BaseException:
            worker.end()
            raise
        with contextlib.suppress(SourceGone):  # which the next one finds out
            self._ordered = self._order()
        return worker

    def is_gone(self) -> bool:
        """Whether the zygote has died. Asked after a worker's death, which may be seen a moment earlier."""
        try:
            self.process.wait(_SEEN_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _order(self) -> PipeStream:
        """Let the zygote fork a worker; it gets ready while the one before it works."""
        requests, replies = os.pipe(), os.pipe()
        try:
            self._send(b"S", [requests[0], replies[1]])
        except BaseException:
            os.close(requests[1])
            os.close(replies[0])
            raise
        finally:
            os.close(requests[0])
            os.close(replies[1])
        return PipeStream(replies[0], requests[1])

    def close(self) -> None:
        """End the zygote and all its workers, and wait for it."""
        if self._ordered is not None:
            self._ordered.close()
            self._ordered = None
        self.control.close()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    def _end(self, stream: PipeStream, pid: int) -> None:
        stream.close()
        with contextlib.suppress(OSError):  # a zygote that is gone has taken its workers along
            self.control.send(b"K" + PID.pack(pid))

    def _send(self, message: bytes, files: list[int]) -> None:
        try:
            socket.send_fds(self.control, [message], files)
        except OSError as error:
            raise SourceGone(str(error)) from None

    def _told(self, kind: bytes) -> bytes:
        """The content of the next message, which must be of this kind."""
        try:
            message = self.control.recv(8192)
        except OSError as error:  # a time-out is one, too
            raise SourceGone(str(error)) from None
        if message[:1] == kind:
            return message[1:]
        self._complain(message)
        raise SourceGone(self._last_words())

    def _complain(self, message: bytes) -> None:
        text = message[1:].decode(errors="replace")
        if message[:1] == b"N":
            raise NotIsolated(text)
        if message[:1] == b"E":
            raise WorkerError(f"The process that runs student code could not start: {text}")

    def _last_words(self) -> str:
        """The last line that a dead zygote wrote."""
        self.process.kill()
        if self.ready or self.process.stderr is None:
            return "it has ended"
        lines = self.process.stderr.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it has ended"


def _start(theirs: socket.socket, tier: str, at_least: str, limits: Limits) -> subprocess.Popen[bytes]:
    control = theirs.fileno()
    settings = {"control": control, "tier": tier, "at_least": at_least, "limits": asdict(limits)}
    return subprocess.Popen(
        command("grader.worker.zygote", json.dumps(settings)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control],
        cwd="/",
        env=environment(),
        start_new_session=True,
    )
