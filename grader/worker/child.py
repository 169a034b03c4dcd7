"""The worker: parses, loads and calls one submission's code. Knows no rubric, reference or right answer.

Requests (see `protocol.Kind`), each answered before the next one comes:

    EXTRACT  (cells, wanted, stand-ins)           → EXTRACTED facts, or FAILED; no student code runs
    PROPOSE  (definitions, request)               → PROPOSED edits, or FAILED; no student code runs
    LOAD     (program, dropped, trace)            → LOADING index … when traced, then LOADED
    CALLS    parts: one pickled call each         → RESULT, one for each call, CALLBACKs in between
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn, Protocol

from grader.model import Cell, Definition, RepairRequest, StandIn, Value
from grader.worker.calling import Capture, Seen, observe
from grader.worker.codec import TEXT_CAPS, encode
from grader.worker.limits import Limits, reply_caps
from grader.worker.port import Port
from grader.worker.program import CodeCache, LoadedNotebook
from grader.worker.protocol import Kind, ProtocolError, split_parts
from grader.worker.wire import from_grader, pack, unpack_call


class Wall(Protocol):
    """What a worker enters before it serves."""

    limits: Limits

    def enter(self) -> None: ...


def work(requests: int, replies: int, wall: Wall, available: frozenset[str]) -> NoReturn:
    """Enter the isolation layers, say so, and serve over these two files."""
    port = Port(requests, replies)
    try:
        wall.enter()
    except Exception as error:
        port.send(Kind.HELLO, f"{type(error).__name__}: {error}"[:1000].encode())
        raise
    port.send(Kind.HELLO, b"")
    Child(port, wall.limits, available).serve()


class Child:
    """One worker's state: the notebook that it has loaded."""

    def __init__(self, port: Port, limits: Limits, available: frozenset[str]) -> None:
        self.port = port
        self.limits = limits
        self.available = available
        self.notebook: LoadedNotebook | None = None
        self.codes: CodeCache = {}
        self.caps = reply_caps(limits)

    def serve(self) -> NoReturn:
        """Answer requests until the host kills us or hangs up."""
        handlers = {
            Kind.EXTRACT: self.extract,
            Kind.PROPOSE: self.propose,
            Kind.LOAD: self.load,
            Kind.CALLS: self.calls,
        }
        while True:
            kind, payload = self.port.request()
            if kind not in handlers:
                raise ProtocolError(f"not a request: {kind!r}")
            handlers[kind](payload)

    def extract(self, payload: bytes) -> None:
        self.parse(Kind.EXTRACTED, lambda: _extracted(from_grader(payload)))

    def propose(self, payload: bytes) -> None:
        self.parse(Kind.PROPOSED, lambda: _proposed(from_grader(payload)))

    def parse(self, kind: Kind, make: Callable[[], Value]) -> None:
        """Send what `make` gives. Hostile source may find a fault in our parser: that is told, too."""
        try:
            reply = encode(make(), TEXT_CAPS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the host is told
            kind, reply = Kind.FAILED, encode((type(error).__name__, str(error)[:1000]))
        self.port.send(kind, reply)

    def load(self, payload: bytes) -> None:
        program, dropped, trace = from_grader(payload)
        self.notebook = LoadedNotebook(program, self.port.proxy, self.available, self.codes)
        sys.stdout = sys.stderr = Capture(0)  # what cells print while they load is of no interest
        self.notebook.load(dropped, self.tell_progress if trace else _tell_nothing)
        self.port.send(Kind.LOADED, b"")

    def tell_progress(self, index: int) -> None:
        self.port.send(Kind.LOADING, encode(index))

    def calls(self, payload: bytes) -> None:
        if self.notebook is None:
            raise ProtocolError("calls before a program")
        for part in split_parts(payload):
            self.port.answers.begin(bytes(part))
            self.port.calling = True
            fresh = partial(unpack_call, part)
            seen = observe(self.notebook, fresh, self.notebook.proxy, self.limits.stdout_chars, self.caps)
            self.port.calling = False
            self.port.send(Kind.RESULT, encode(_tree(seen), self.caps))


def _extracted(request: tuple[Sequence[Cell], Sequence[str], Sequence[StandIn]]) -> Value:
    from grader.notebook.extract import extract  # loaded by the zygote; here for the spawned worker
    from grader.repairs.propose import forget

    forget()
    cells, wanted, stand_ins = request
    return pack(extract(cells, wanted, stand_ins))


def _proposed(request: tuple[Sequence[Definition], RepairRequest]) -> Value:
    from grader.repairs.propose import propose

    definitions, wish = request
    return pack(propose(definitions, wish))


def _tell_nothing(index: int) -> None:
    pass


def _tree(seen: Seen) -> Value:
    """What `running.read_outcome` takes apart: the host knows the call's id, and sees the status."""
    return pack(seen.raised), seen.stdout, seen.changed_args, seen.differs_on_second_run, seen.value
