"""The worker's end of the channel: blocking reads and writes on two pipes, and right helpers as call-backs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from grader.model import Value
from grader.worker.codec import encode
from grader.worker.imports import Placeholder, refuse
from grader.worker.protocol import HEADER, Kind, ProtocolError, after, frame
from grader.worker.wire import from_grader

_REMEMBERED_BYTES = 4 << 20


class Answered:
    """Answers of right helpers in one call: a search makes it again and again, and a watched call is run twice.

    What was answered in another call may be refused in this one.
    """

    def __init__(self) -> None:
        self._calls: dict[bytes, dict[bytes, bytes]] = {}
        self._now: dict[bytes, bytes] = {}
        self._bytes = 0

    def begin(self, call: bytes) -> None:
        """From now on, answers are those of this call."""
        self._now = self._calls.setdefault(call, {})

    def get(self, request: bytes) -> bytes | None:
        return self._now.get(request)

    def put(self, request: bytes, answer: bytes) -> None:
        self._bytes += len(request) + len(answer)
        if self._bytes > _REMEMBERED_BYTES:
            self._calls.clear()
            self._now.clear()
            self._bytes = 0
        self._now[request] = answer


class Port:
    """Reads requests and sends numbered replies. End of file means that the host is gone: we go too."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests = requests
        self.replies = replies
        self.sequence = 0
        self.calling = False
        self.answers = Answered()

    def request(self) -> tuple[Kind, bytes]:
        """The next request; its number starts the numbers of our replies."""
        self.sequence, kind, payload = self._read()
        return kind, payload

    def send(self, kind: Kind, payload: bytes) -> None:
        self.sequence = after(self.sequence)
        data = memoryview(frame(self.sequence, kind, payload))
        while data:
            data = data[os.write(self.replies, data) :]

    def ask(self, name: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
        """What the right helper `name` gives for these arguments, from the grader."""
        if not self.calling:
            raise NameError(f"{name} is not available while the notebook is loaded", name=name)
        for value in (*args, *kwargs.values()):
            if type(value) is Placeholder:
                refuse(value)
        request = encode((name, args, kwargs))
        answer = self.answers.get(request)
        if answer is None:
            self.send(Kind.CALLBACK, request)
            sequence, kind, answer = self._read()
            if kind is not Kind.ANSWER or sequence != self.sequence:
                raise ProtocolError("not an answer")
            self.answers.put(request, answer)
        outcome, value = from_grader(answer)
        if outcome == "refused":
            raise NameError(value, name=name)
        if outcome == "misused":
            raise TypeError(value)
        if outcome == "raised":
            raise ValueError(value)
        return value

    def proxy(self, name: str) -> Callable[..., Any]:
        """The function that student code sees in place of helper `name`."""

        def helper(*args: Any, **kwargs: Any) -> Any:
            return self.ask(name, args, kwargs)

        helper.__name__ = helper.__qualname__ = name
        return helper

    def _read(self) -> tuple[int, Kind, bytes]:
        sequence, kind, size = HEADER.unpack(self._exactly(HEADER.size))
        return sequence, Kind(kind), self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        chunks: list[bytes] = []
        while size:
            chunk = os.read(self.requests, min(size, 1 << 20))
            if not chunk:
                os._exit(0)
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)
