"""A worker as the grader holds it, and where workers come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from grader.errors import WorkerError
from grader.model import Isolation
from grader.worker.channel import Channel, DeadlinePassed, WorkerDied
from grader.worker.protocol import ProtocolError

#: What goes wrong with a worker that runs hostile code; all but the deadline mean that it is broken.
FAILURES = (DeadlinePassed, WorkerDied, ProtocolError, ValueError)
HELLO_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Worker:
    """A live worker: its channel, and how to end it."""

    channel: Channel
    end: Callable[[], None]

    def greet(self, deadline: float) -> None:
        """Wait until all its layers are in force.

        Raises:
            WorkerError: a layer failed.
            WorkerDied, DeadlinePassed
        """
        text = self.channel.hello(deadline)
        if text:
            raise WorkerError(
                f"A worker could not be isolated: {text.decode(errors='replace')}. "
                "Nothing was run. `grader doctor` shows which layers work on this machine."
            )


class SourceGone(Exception):
    """The process that starts workers has ended; the text says what is known of it."""


class Source(Protocol):
    """Starts workers. Raises SourceGone when it can start no more, and another source may."""

    @property
    def isolation(self) -> Isolation: ...

    def spawn(self) -> Worker: ...

    def is_gone(self) -> bool: ...

    def close(self) -> None: ...
