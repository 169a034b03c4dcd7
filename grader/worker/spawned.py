"""Workers as processes that are started one by one: no isolation, on systems other than Linux.

Nothing here needs fork, poll or Unix sockets: a thread reads what a worker sends.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from typing import IO, cast

from grader.errors import NotIsolated, WorkerError
from grader.model import Isolation
from grader.worker.channel import Channel, DeadlinePassed, WorkerDied
from grader.worker.handle import HELLO_SECONDS, Worker
from grader.worker.interpreter import APART, command, environment
from grader.worker.limits import Limits

_CHUNK = 64 << 10
_CHUNKS_AHEAD = 64


class ThreadStream:
    """A process's standard input and output as a stream."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.requests = cast("IO[bytes]", process.stdin)
        self.replies = cast("IO[bytes]", process.stdout)
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS_AHEAD)
        self._came = bytearray()
        self._reader = threading.Thread(target=self._pump, daemon=True)
        self._reader.start()

    def read(self, size: int, deadline: float) -> bytes:
        """Exactly `size` bytes. Raises DeadlinePassed or WorkerDied."""
        while len(self._came) < size:
            try:
                chunk = self._chunks.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise DeadlinePassed from None
            if not chunk:
                raise WorkerDied
            self._came += chunk
        data = bytes(self._came[:size])
        del self._came[:size]
        return data

    def write(self, data: bytes, deadline: float) -> None:
        """All of `data`; a worker that does not read it in time is killed. Raises as `read` does."""
        alarm = threading.Timer(max(deadline - time.monotonic(), 0), self.process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            self.requests.write(data)
            self.requests.flush()
        except OSError:
            raise (DeadlinePassed if time.monotonic() >= deadline else WorkerDied) from None
        finally:
            alarm.cancel()

    def is_silent(self) -> bool:
        return not self._came and self._chunks.empty()

    def close(self) -> None:
        """For a process that has ended."""
        while self._reader.is_alive():
            with contextlib.suppress(queue.Empty):
                self._chunks.get(timeout=0.01)  # it may wait for room
        for file in (self.requests, self.replies):
            with contextlib.suppress(OSError):  # what was not written yet has no reader any more
                file.close()

    def _pump(self) -> None:
        while chunk := self.replies.read1(_CHUNK):  # type: ignore[attr-defined]  # it is a BufferedReader
            self._chunks.put(chunk)
        self._chunks.put(b"")


class SpawnedSource:
    """Workers that are started one by one."""

    def __init__(self, tier: str, limits: Limits, at_least: str = "none") -> None:
        """Raises NotIsolated if more than `none` is wanted."""
        if tier not in ("none", "best") or at_least != "none":
            raise NotIsolated(
                f"The isolation tier {at_least if tier == 'best' else tier!r} needs Linux; on {sys.platform} student code runs without "
                "isolation. Use a Linux machine, a container or WSL, or trust the code (`--unsafe`)."
            )
        self.settings = json.dumps({"limits": asdict(limits)})

    @property
    def isolation(self) -> Isolation:
        return Isolation("none", ("process",) if sys.platform == "win32" else ("process", "rlimits"))

    def spawn(self) -> Worker:
        """A new worker, loaded and waiting. Raises WorkerError."""
        try:
            process = subprocess.Popen(
                command("grader.worker.alone", self.settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                **APART,
            )
        except OSError as error:
            raise WorkerError(f"A process for student code cannot be started: {error}") from None
        stream = ThreadStream(process)
        worker = Worker(Channel(stream), lambda: _end(process, stream))
        try:
            worker.greet(time.monotonic() + HELLO_SECONDS)
        except BaseException:
            worker.end()
            raise
        return worker

    def is_gone(self) -> bool:
        """Each worker is a process of its own."""
        return False

    def close(self) -> None:
        """Nothing: each worker has been ended by its user."""


def _end(process: subprocess.Popen[bytes], stream: ThreadStream) -> None:
    process.kill()
    process.wait()
    stream.close()
