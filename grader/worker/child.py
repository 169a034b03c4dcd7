"""The worker: parses, loads and calls one submission's code. Knows no rubric, reference or right answer.

Requests (see `protocol.Kind`), each answered before the next one comes:

    EXTRACT  (cells, wanted, stand-ins)           → EXTRACTED facts; no student code runs
    LOAD     (program, dropped, trace)            → LOADING index … when traced, then LOADED
    CALLS    parts: one encoded call each         → RESULT, one for each call, CALLBACKs in between
"""

from __future__ import annotations

import sys
from typing import NoReturn

from grader.model import Call, Cell, Outcome, Program, StandIn, Value
from grader.worker.calling import Capture, observe
from grader.worker.codec import TEXT_CAPS, decode, encode
from grader.worker.limits import Limits, reply_caps
from grader.worker.port import Port
from grader.worker.program import Notebook
from grader.worker.protocol import Kind, ProtocolError, split_parts
from grader.worker.wire import pack, unpack


class Child:
    """One worker's state: the notebook that it has loaded."""

    def __init__(self, port: Port, limits: Limits, available: frozenset[str]) -> None:
        self.port = port
        self.limits = limits
        self.available = available
        self.notebook: Notebook | None = None
        self.caps = reply_caps(limits)

    def serve(self) -> NoReturn:
        """Answer requests until the host kills us or hangs up."""
        handlers = {Kind.EXTRACT: self.extract, Kind.LOAD: self.load, Kind.CALLS: self.calls}
        while True:
            kind, payload = self.port.request()
            if kind not in handlers:
                raise ProtocolError(f"not a request: {kind!r}")
            handlers[kind](payload)

    def extract(self, payload: bytes) -> None:
        from grader.notebook.extract import extract  # loaded by the zygote; here for the spawned worker

        cells, wanted, stand_ins = decode(payload, TEXT_CAPS)
        extraction = extract(
            tuple(unpack(Cell, cell) for cell in cells),
            wanted,
            tuple(unpack(StandIn, stand_in) for stand_in in stand_ins),
        )
        self.port.send(Kind.EXTRACTED, encode(pack(extraction), TEXT_CAPS))

    def load(self, payload: bytes) -> None:
        program, dropped, trace = decode(payload, TEXT_CAPS)
        self.notebook = Notebook(unpack(Program, program), self.port.proxy, self.available)
        sys.stdout = sys.stderr = Capture(0)  # what cells print while they load is of no interest
        self.notebook.load(dropped, self.tell_progress if trace else _tell_nothing)
        self.port.send(Kind.LOADED, b"")

    def tell_progress(self, index: int) -> None:
        self.port.send(Kind.LOADING, encode(index))

    def calls(self, payload: bytes) -> None:
        if self.notebook is None:
            raise ProtocolError("calls before a program")
        for part in split_parts(payload):
            self.port.calling = True
            outcome = observe(
                self.notebook, lambda part=part: read_call(part), self.port.proxy, self.limits.stdout_chars
            )
            self.port.calling = False
            self.port.send(Kind.RESULT, encode(_outcome_tree(outcome), self.caps))


def _tell_nothing(index: int) -> None:
    pass


def read_call(part: memoryview) -> Call:
    """A call with inputs of its own: decoding makes new, writable arrays."""
    return unpack(Call, decode(part, writable=True, refs=True))


def _outcome_tree(outcome: Outcome) -> Value:
    """An outcome without its call's id and status, which the host knows or sees."""
    return (
        outcome.value,
        pack(outcome.raised),
        outcome.stdout,
        outcome.changed_args,
        outcome.differs_on_second_run,
    )
