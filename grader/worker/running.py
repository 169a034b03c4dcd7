"""Runs programs in workers and goes on after whatever student code does to one: hang, crash, or lie."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from grader.model import Call, Outcome, Program, Raised, Value
from grader.worker.answers import Answers, Remembered, allowed_names
from grader.worker.channel import DeadlinePassed, WorkerDied
from grader.worker.codec import Caps, Reject, decode
from grader.worker.handle import FAILURES, Worker
from grader.worker.limits import Limits
from grader.worker.protocol import Kind, ProtocolError, join_parts
from grader.worker.wire import to_worker, unpack

Failure = Literal["timeout", "crashed", "protocol"]
#: So often may the calls of one function break a worker; the rest of them is not run.
MAX_FAILURES = 2
#: After so many time-outs in one request, each further call gets a quarter of the time: where everything hangs,
#: a submission would take a minute.
PATIENT_FOR = 4
#: So often is a program loaded anew, each time without the definition that broke the worker.
MAX_LOADS = 4
#: So many workers of one request are started outside of its time.
FREE_STARTS = 20
#: Of results as they came; the arrays made of them take some ten times as much.
_REMEMBERED_BYTES = 4 << 20
_LARGE = 64 << 10
#: Of the texts of an exception, which the worker shortens.
_ERROR_CHARS = 1000
#: The types of what is printed, the changed arguments, and whether a second run differs.
_PLAIN = [str, tuple, bool]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A call and its bytes."""

    call: Call
    data: bytes


class Outcomes:
    """Outcomes by the bytes that they came in: most students' results are those of another one."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._read: dict[tuple[str, bytes, bytes], Outcome] = {}
        self._bytes = 0

    def read(self, parcel: Parcel, result: bytes) -> Outcome:
        """The outcome that a worker claims for a call. Raises Reject if it is not of the right form."""
        key = (parcel.call.id, parcel.data, result)
        outcome = self._read.get(key)
        if outcome is None:
            outcome = read_outcome(parcel.call, decode(result, self.caps))
            if len(result) > _LARGE:
                return outcome
            self._bytes += len(result)
            if self._bytes > _REMEMBERED_BYTES:
                self._read.clear()
                self._bytes = len(result)
            self._read[key] = outcome
        return outcome


@dataclass(slots=True)
class _Job:
    """One program's state, across the workers that it wears out."""

    program: Program
    parcels: Sequence[Parcel]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def pending(self) -> list[int]:
        return [
            index
            for index, parcel in enumerate(self.parcels)
            if index not in self.outcomes and self.failures[parcel.call.function] < MAX_FAILURES
        ]

    def of_one_function(self, pending: Sequence[int]) -> list[int]:
        """The first of them. Only these are sent together: inputs of a function must not be known while it
        may be asked for as another one's helper.
        """
        first = self.parcels[pending[0]].call.function
        return list(takewhile(lambda index: self.parcels[index].call.function == first, pending))

    def settle(self, index: int, failure: Failure) -> None:
        call = self.parcels[index].call
        self.failures[call.function] += 1
        self.outcomes[index] = Outcome(call.id, failure)

    def result(self, rest: Literal["not-run"] | Failure = "not-run") -> list[Outcome]:
        return [
            self.outcomes.get(index) or Outcome(parcel.call.id, rest)
            for index, parcel in enumerate(self.parcels)
        ]


class Shift:
    """Runs jobs one after the other in one worker, and in a fresh one whenever that breaks."""

    def __init__(
        self,
        fresh: Callable[[], Worker],
        remembered: Remembered,
        outcomes: Outcomes,
        limits: Limits,
        seconds: float,
        is_gone: Callable[[], bool],
    ) -> None:
        """`fresh` gives a new worker, `remembered` the right helper; calls are made for so many seconds. `is_gone`
        says whether what workers come from has died, and its workers with it."""
        self.fresh = fresh
        self.remembered = remembered
        self.outcomes = outcomes
        self.limits = limits
        self.end = time.monotonic() + seconds
        self.is_gone = is_gone
        self.worker: Worker | None = None
        self.timeouts = 0
        self.starts = 0
        self.forgiven = False

    def run(self, program: Program, parcels: Sequence[Parcel]) -> list[Outcome]:
        """One outcome for each call, in order."""
        job = _Job(program, parcels)
        loaded = False
        while (pending := job.pending()) and time.monotonic() < self.end:
            if not loaded and (failure := self.load(job)):
                return job.result(failure)
            loaded = self.call(job, job.of_one_function(pending))
        return job.result()

    def close(self) -> None:
        if self.worker is not None:
            self.worker.end()
            self.worker = None

    def call_deadline(self) -> float:
        patient = self.timeouts < PATIENT_FOR
        return self.deadline(self.limits.call_seconds if patient else self.limits.call_seconds / 4)

    def deadline(self, seconds: float) -> float:
        return min(time.monotonic() + seconds, self.end)

    # ---------------------------------------------------------------------------------- loading

    def load(self, job: _Job) -> Failure | None:
        """Load the program, without the definitions that break a worker. Gives what went wrong for good."""
        failure: Failure | None = None
        for attempt in range(MAX_LOADS):
            progress: list[int] = []
            try:
                self.try_load(job, attempt > 0, progress)
            except FAILURES as error:
                self.close()
                failure = _failure(error)
                if progress:
                    job.dropped[progress[-1]] = self.why_dropped(job, progress[-1], failure)
            else:
                return None
        return failure

    def try_load(self, job: _Job, trace: bool, progress: list[int]) -> None:
        """One attempt; `progress` is told the index of each definition that is begun, if traced."""
        self.worker = self.worker or self.started()
        deadline = self.deadline(self.limits.load_seconds)
        channel = self.worker.channel
        channel.request(Kind.LOAD, to_worker((job.program, job.dropped, trace)), deadline)
        sizes = {Kind.LOADED: 0, Kind.LOADING: 8} if trace else {Kind.LOADED: 0}
        while True:
            kind, payload = channel.receive(sizes, deadline)
            if kind is Kind.LOADED:
                return channel.end()
            progress.append(_index(payload, len(job.program.definitions)))

    def started(self) -> Worker:
        """A fresh worker. The time that it takes is not the student's, unless they wear out one after the other."""
        began = time.monotonic()
        worker = self.fresh()
        self.starts += 1
        if self.starts <= FREE_STARTS:
            self.end += time.monotonic() - began
        return worker

    def why_dropped(self, job: _Job, index: int, failure: Failure) -> str:
        names = ", ".join(job.program.definitions[index].binds) or "this statement"
        if failure == "timeout":
            return f"executing {names} took longer than {self.limits.load_seconds:g} seconds"
        return f"executing {names} ended the program"

    # ---------------------------------------------------------------------------------- calling

    def call(self, job: _Job, pending: Sequence[int]) -> bool:
        """Send the pending calls and collect. Whether the worker still stands, program loaded."""
        assert self.worker is not None
        channel = self.worker.channel
        current = pending[0]
        try:
            data = join_parts(job.parcels[index].data for index in pending)
            channel.request(Kind.CALLS, data, self.call_deadline())
            for current in pending:
                job.outcomes[current] = self.collect(job.program, job.parcels[current])
            current = pending[-1]
            channel.end()
        except FAILURES as error:
            self.close()
            self.timeouts += isinstance(error, DeadlinePassed)
            if not self.was_innocent(error):
                job.settle(current, _failure(error))
            return False
        return True

    def was_innocent(self, error: BaseException) -> bool:
        """Whether a worker died only because all did: that is no student's doing, and forgiven once."""
        if self.forgiven or not isinstance(error, WorkerDied) or not self.is_gone():
            return False
        self.forgiven = True
        return True

    def collect(self, program: Program, parcel: Parcel) -> Outcome:
        """The result of one call, its call-backs answered."""
        assert self.worker is not None
        channel, deadline = self.worker.channel, self.call_deadline()
        answers: Answers | None = None
        sizes = {Kind.RESULT: self.limits.reply_bytes, Kind.CALLBACK: self.limits.callback_bytes}
        while True:
            kind, payload = channel.receive(sizes, deadline)
            if kind is Kind.RESULT:
                return placed(self.outcomes.read(parcel, payload), program)
            if time.monotonic() > deadline:
                raise DeadlinePassed  # it asks in advance, and never waits
            answers = answers or self.answers(program, parcel.call)
            channel.answer(answers.answer(payload), deadline)

    def answers(self, program: Program, call: Call) -> Answers:
        helper = self.remembered.helper
        allowed = allowed_names(program, call, getattr(helper, "uses", None))
        remembered = Remembered(helper) if call.public else self.remembered
        return Answers(remembered, allowed, call.convention, self.limits)


def _failure(error: BaseException) -> Failure:
    if isinstance(error, DeadlinePassed):
        return "timeout"
    return "crashed" if isinstance(error, WorkerDied) else "protocol"


def _index(payload: bytes, length: int) -> int:
    index = decode(payload)
    if type(index) is not int or not 0 <= index < length:
        raise ProtocolError("an index that is none")
    return index


def read_outcome(call: Call, tree: Value) -> Outcome:
    """The outcome that a worker claims for `call`. Raises Reject if it is not of the right form."""
    if type(tree) is not tuple or len(tree) != 5 or [type(item) for item in tree[1:4]] != _PLAIN:
        raise Reject("a malformed result")
    raised, stdout, changed, differs, value = tree
    most = len(call.steps[-1].args)
    if any(type(index) is not int or not 0 <= index < most for index in changed):
        raise Reject("a malformed list of changed arguments")
    if raised is None:
        return Outcome(call.id, "value", value, None, stdout, changed, differs)
    error = unpack(Raised, raised)
    if max(map(len, (error.type, error.message, error.name or ""))) > _ERROR_CHARS:
        raise Reject("a text of an exception that is too long")
    return Outcome(call.id, "raised", None, error, stdout)


def placed(outcome: Outcome, program: Program) -> Outcome:
    """The outcome without a place of an error that no line of the program has: a SyntaxError may say anything."""
    raised = outcome.raised
    if raised is None or raised.cell is None:
        return outcome
    ends = [item.line + item.source.count("\n") for item in program.definitions if item.cell == raised.cell]
    if raised.line is not None and ends and 1 <= raised.line <= max(ends):
        return outcome
    return replace(outcome, raised=replace(raised, cell=raised.cell if ends else None, line=None))
