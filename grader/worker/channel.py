"""The host's end of the channel to one worker: frames with deadlines, and no trust."""

from __future__ import annotations

import os
import secrets
import select
import time
from typing import Protocol

from grader.worker.protocol import HEADER, Kind, ProtocolError, after, frame


class DeadlinePassed(Exception):
    """The worker did not answer in time."""


class WorkerDied(Exception):
    """The worker closed the channel."""


_CHUNK = 64 << 10


class Stream(Protocol):
    """Bytes to and from a worker. `deadline` is a time.monotonic() value."""

    def read(self, size: int, deadline: float) -> bytes: ...
    def write(self, data: bytes, deadline: float) -> None: ...
    def is_silent(self) -> bool: ...
    def close(self) -> None: ...


class PipeStream:
    """Two pipes, on systems with poll. What has come in more than was asked for is kept for the next read."""

    def __init__(self, replies: int, requests: int) -> None:
        self.replies = replies
        self.requests = requests
        os.set_blocking(replies, False)
        os.set_blocking(requests, False)
        self._readable = select.poll()
        self._readable.register(replies, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(requests, select.POLLOUT)
        self._came = bytearray()

    def read(self, size: int, deadline: float) -> bytes:
        """Exactly `size` bytes. Raises DeadlinePassed or WorkerDied."""
        came = self._came
        while len(came) < size:
            try:
                chunk = os.read(self.replies, max(_CHUNK, min(size - len(came), 16 * _CHUNK)))
            except BlockingIOError:
                self._wait(self._readable, deadline)
                continue
            if not chunk:
                raise WorkerDied
            came += chunk
        data = bytes(came[:size])
        del came[:size]
        return data

    def write(self, data: bytes, deadline: float) -> None:
        """All of `data`. Raises DeadlinePassed or WorkerDied."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.requests, view) :]
            except BlockingIOError:
                self._wait(self._writable, deadline)
            except BrokenPipeError:
                raise WorkerDied from None

    def is_silent(self) -> bool:
        """Whether there is nothing to read now."""
        return not self._came and not self._readable.poll(0)

    def close(self) -> None:
        for fd in (self.replies, self.requests):
            os.close(fd)

    @staticmethod
    def _wait(poll: select.poll, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise DeadlinePassed


class Channel:
    """Frames over a stream: numbers checked, sizes capped, silence between requests demanded."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.sequence = 0

    def hello(self, deadline: float) -> bytes:
        """The greeting that a worker sends before anything else: empty, or what failed."""
        return self.receive({Kind.HELLO: 4096}, deadline)[1]

    def request(self, kind: Kind, payload: bytes, deadline: float, *, greeted: bool = True) -> None:
        """Send a request, at a random sequence number. `greeted`: nothing may have come before it."""
        if greeted and not self.stream.is_silent():
            raise ProtocolError("bytes without a request")
        self.sequence = secrets.randbits(64)
        self.stream.write(frame(self.sequence, kind, payload), deadline)

    def answer(self, payload: bytes, deadline: float) -> None:
        """Answer the call-back that was received last."""
        self.stream.write(frame(self.sequence, Kind.ANSWER, payload), deadline)

    def receive(self, sizes: dict[Kind, int], deadline: float) -> tuple[Kind, bytes]:
        """The next frame, which must have the next number and one of these kinds, within its size.

        Raises:
            ProtocolError, DeadlinePassed, WorkerDied
        """
        expected = after(self.sequence)
        sequence, kind, size = HEADER.unpack(self.stream.read(HEADER.size, deadline))
        if sequence != expected or kind not in sizes or size > sizes[kind]:
            raise ProtocolError("a frame with a wrong number, kind or size")
        self.sequence = expected
        return Kind(kind), self.stream.read(size, deadline) if size else b""

    def end(self) -> None:
        """After the last reply of a request: nothing more may have come."""
        if not self.stream.is_silent():
            raise ProtocolError("bytes after the last reply")
