"""`Sandbox`: runs student code in processes of their own, behind all the walls that the machine offers.

    with Sandbox.start() as sandbox:
        extraction = sandbox.extract(cells, wanted, stand_ins)
        outcomes = sandbox.run(Program(extraction.definitions, stand_ins), calls, helper)

One worker parses, and runs nothing; it may serve many submissions. Another runs the code of one student,
in a fresh namespace for each program. It is ended when another student's turn comes, before public calls,
before calls that it has had already, and before calls of a function that it could ask for as a helper.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from grader.errors import UsageError, WorkerError
from grader.model import (
    Call,
    Cell,
    Definition,
    Extraction,
    Helper,
    Isolation,
    Outcome,
    Program,
    Proposal,
    RepairRequest,
    Search,
    StandIn,
    follow,
)
from grader.worker import parsing
from grader.worker.answers import Remembered
from grader.worker.channel import DeadlinePassed, WorkerDied
from grader.worker.handle import Source, SourceGone, Worker
from grader.worker.layers import TIERS
from grader.worker.limits import Limits, reply_caps
from grader.worker.protocol import Kind
from grader.worker.running import Outcomes, Parcel, Shift
from grader.worker.wire import pack_call

T = TypeVar("T")
_KEPT_PARCELS = 4096
_MOST_PARSED = 500


class Sandbox:
    """The `Runner` of batch and check. Requests of several threads wait for one another, at nobody's cost.

    One student's have to come together, for their time is counted from the first on until another student's.
    """

    def __init__(self, open_source: Callable[[], Source], limits: Limits) -> None:
        """Use `Sandbox.start`. `open_source` gives a new source of workers."""
        self.limits = limits
        self._open = open_source
        self._source = self._opened()
        self._isolation = self._source.isolation
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._parser: Worker | None = None
        self._parsed = 0
        self._runner: Worker | None = None
        self._run: dict[int, Definition] = {}
        self._made: set[str] = set()
        self._asked: set[str] = set()
        self._helped: set[str] = set()
        self._student: dict[int, Definition] | None = {}
        self._spent = 0.0
        self._starting = 0.0
        self._parcels: dict[int, Parcel] = {}
        self._remembered: Remembered | None = None
        self._outcomes = Outcomes(reply_caps(limits))
        self._closed = False

    @classmethod
    def start(cls, tier: str = "best", limits: Limits | None = None, *, at_least: str = "none") -> Self:
        """A sandbox of exactly this tier, or (`best`) of the strongest that works, not weaker than `at_least`.

        Raises:
            NotIsolated: this cannot be had on this machine.
            UsageError: there is no such tier.
            WorkerError: the process that runs student code cannot be started.
        """
        for name in (tier, at_least):
            if name not in TIERS:
                raise UsageError(f"There is no isolation tier {name!r}. Choose one of: {', '.join(TIERS)}.")
        limits = limits or Limits()
        return cls(lambda: _open_source(tier, limits, at_least), limits)

    @property
    def isolation(self) -> Isolation:
        """The tier and the layers that are in force in every worker."""
        return self._isolation

    @property
    def call_seconds(self) -> float:
        """The most time that one call may take."""
        return self.limits.call_seconds

    # ---------------------------------------------------------------------------------- requests

    def extract(
        self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]
    ) -> Extraction:
        """Parse and extract in a worker. A parser crash gives an Extraction with a problem, not an error.

        Raises:
            WorkerError: no worker can be started.
        """
        try:
            with self._request():
                self._end_runner()  # whose student has had their turn
                self._student, self._spent = None, 0.0
                tree = self._parse(Kind.EXTRACT, (tuple(cells), tuple(wanted), tuple(stand_ins)), self.limits)
            return parsing.read_extraction(tree, wanted)
        except parsing.ParserFailed as failure:
            return parsing.crashed(wanted, str(failure))

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        """Inverse edits of the student's source in execution order; none if looking for them fails.

        Raises:
            WorkerError: no worker can be started.
        """
        try:
            with self._request(), self._clock() as left:
                if not left:
                    return ()
                limits = replace(self.limits, extract_seconds=min(self.limits.extract_seconds, left))
                tree = self._parse(Kind.PROPOSE, (tuple(definitions), request), limits)
        except parsing.ParserFailed:
            return ()
        return parsing.read_proposals(tree, len(definitions))

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        """One outcome for each call, in order. Never raises for what student code does.

        Raises:
            WorkerError: no worker can be started.
        """
        if not calls:
            return []
        outcomes: list[Outcome] = []
        with self._request():
            self._turn_of(program)
            with self._shift(helper, self.limits, self.limits.run_seconds) as shift:
                for part in _parts(calls):
                    self._runner = shift.worker or self._runner
                    shift.worker = self._kept_for(program, part)
                    outcomes += shift.run(program, self._packed(part))
        return outcomes

    def explore(self, search: Search[T], helper: Helper) -> T:
        """What a search over programs of one student gives. Each of them runs in a fresh namespace, all in one
        worker where that is possible; after `search_seconds` calls are answered with `not-run`.

        Raises:
            WorkerError: no worker can be started.
        """

        def run(program: Program, calls: Sequence[Call]) -> list[Outcome]:
            if not begun and (not self._is_known(program) or self._asked_elsewhere(calls)):
                shift.close()
                self._forget()
            begun.append(True)
            self._note(program, calls)
            return shift.run(program, self._packed(calls))

        begun: list[bool] = []
        brief = min(self.limits.call_seconds, self.limits.variant_seconds)
        limits = replace(self.limits, call_seconds=brief)
        with self._shift(helper, limits, self.limits.search_seconds) as shift:
            shift.worker, self._runner = self._runner, None
            return follow(search, run)

    # ------------------------------------------------------------------------------------- ending

    def close(self) -> None:
        """End all workers, and wait for them. May be called twice."""
        with self._lock:
            if not self._closed and self._owner == os.getpid():
                self._end_parser()
                self._end_runner()
                self._source.close()
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    # ------------------------------------------------------------------------------------ workers

    @contextmanager
    def _request(self) -> Iterator[None]:
        """One request at a time, by the process that this sandbox belongs to."""
        with self._lock:
            if self._closed:
                raise WorkerError("The sandbox is closed already.")
            if self._owner != os.getpid():
                self._adopt()
            yield

    def _adopt(self) -> None:
        """After a fork: the source is our parent's, so open one of our own."""
        self._parser = self._runner = None
        self._source = self._opened()
        self._owner = os.getpid()

    def _opened(self) -> Source:
        try:
            return self._open()
        except SourceGone as error:
            raise WorkerError(f"The process that runs student code cannot be started: {error}.") from None

    def _parse(self, kind: Kind, request: object, limits: Limits) -> object:
        """Ask the parsing worker; one that has parsed much is replaced, and one that fails.

        A failure may be an earlier submission's doing, so a worker that has parsed only this one decides.
        """
        with self._request():
            if self._parsed >= _MOST_PARSED:
                self._end_parser()
            if self._parser is not None:
                with suppress(parsing.ParserFailed):
                    return self._ask_parser(kind, request, limits)
            return self._ask_parser(kind, request, limits)

    def _ask_parser(self, kind: Kind, request: object, limits: Limits) -> object:
        worker, self._parser = self._parser or self._spawn(), None
        try:
            tree = parsing.ask(worker, kind, request, limits)
        except BaseException:
            worker.end()
            self._parsed = 0
            raise
        self._parser = worker
        self._parsed += 1
        return tree

    @contextmanager
    def _shift(self, helper: Helper, limits: Limits, seconds: float) -> Iterator[Shift]:
        """Runs with one set of right helpers, for so many seconds; its worker is kept for the next request."""
        with self._request(), self._clock() as left:
            seconds = min(seconds, left)
            if self._remembered is None or self._remembered.helper is not helper:
                self._remembered = Remembered(helper)
            shift = Shift(
                self._spawn, self._remembered, self._outcomes, limits, seconds, self._source_is_gone
            )
            try:
                yield shift
            except BaseException:
                shift.close()
                raise
            self._runner = shift.worker

    def _turn_of(self, program: Program) -> None:
        """Start the clock anew if the program is another student's: after an extraction, none is."""
        if self._student is not None and not any(id(item) in self._student for item in program.definitions):
            self._student, self._spent = {id(item): item for item in program.definitions}, 0.0

    @contextmanager
    def _clock(self) -> Iterator[float]:
        """Counts the time of this student's code; gives the seconds that are left of it.

        Starting workers is not the student's doing, and takes a second each where there is no fork.
        """
        began, starting = time.monotonic(), self._starting
        try:
            yield max(self.limits.submission_seconds - self._spent, 0.0)
        finally:
            self._spent += time.monotonic() - began - (self._starting - starting)

    def _kept_for(self, program: Program, calls: Sequence[Call]) -> Worker | None:
        """The worker that runs this student's code already, if it is this student's and may go on.

        Two students never share a definition *object*: each extraction makes its own. Student code can keep
        what a fresh namespace does not reach. So a worker that has seen hidden inputs gets no public calls,
        in which it could tell them; no call twice, for it could have got the answer from a helper since; and
        no call of a function that was such a helper, of which it could have made a table.
        """
        again = any(call.public or call.id in self._made for call in calls)
        if not self._is_known(program) or again or any(call.function in self._asked for call in calls):
            self._end_runner()
        self._note(program, calls)
        worker, self._runner = self._runner, None
        return worker

    def _asked_elsewhere(self, calls: Sequence[Call]) -> bool:
        """Whether code in the worker at hand could use right helpers while another function was called. It has seen the
        inputs of these calls, and may have asked what they give, or what they are made of, or made into."""
        return bool(self._helped - {call.function for call in calls})

    def _is_known(self, program: Program) -> bool:
        """Whether the worker at hand has run some of this program."""
        return any(id(item) in self._run for item in program.definitions)

    def _note(self, program: Program, calls: Sequence[Call]) -> None:
        """Remember what the worker at hand has been told."""
        self._run.update((id(item), item) for item in program.definitions)
        self._made.update(call.id for call in calls)
        self._asked.update(name for call in calls for name in call.bind)
        self._helped.update(call.function for call in calls if call.bind)

    def _spawn(self) -> Worker:
        began = time.monotonic()
        try:
            return self._started()
        finally:
            self._starting += time.monotonic() - began

    def _started(self) -> Worker:
        """A new worker, from a new source if the old one is gone: once, for a second time is no accident."""
        for last in (False, True):
            try:
                return self._source.spawn()
            except (SourceGone, WorkerDied, DeadlinePassed) as error:
                if last:
                    why = str(error) or type(error).__name__
                    raise WorkerError(f"A process for student code cannot be started: {why}.") from error
                self._reopen()
        raise AssertionError("not reached")

    def _source_is_gone(self) -> bool:
        return self._source.is_gone()

    def _reopen(self) -> None:
        self._source.close()
        self._source = self._opened()
        if self._source.isolation != self._isolation:
            raise WorkerError("An isolation layer that was in force cannot be had any longer.")

    def _end_parser(self) -> None:
        if self._parser is not None:
            self._parser.end()
        self._parser, self._parsed = None, 0

    def _end_runner(self) -> None:
        if self._runner is not None:
            self._runner.end()
        self._runner = None
        self._forget()

    def _forget(self) -> None:
        """What the worker at hand has been told, now that it is no more."""
        self._run.clear()
        self._made.clear()
        self._asked.clear()
        self._helped.clear()

    def _packed(self, calls: Sequence[Call]) -> list[Parcel]:
        """The calls' bytes, kept between submissions: the calls of a plan are the same for all."""
        if len(self._parcels) > _KEPT_PARCELS:
            self._parcels.clear()
        return [self._parcels.get(id(call)) or self._pack(call) for call in calls]

    def _pack(self, call: Call) -> Parcel:
        parcel = self._parcels[id(call)] = Parcel(call, pack_call(call))
        return parcel


def _parts(calls: Sequence[Call]) -> Iterator[list[Call]]:
    """The calls in order, cut before each of a function that an earlier one may ask for as a helper."""
    part: list[Call] = []
    asked: set[str] = set()
    for call in calls:
        if call.function in asked:
            yield part
            part, asked = [], set()
        part.append(call)
        asked.update(call.bind)
    yield part


def _open_source(tier: str, limits: Limits, at_least: str) -> Source:
    if sys.platform == "linux":
        from grader.worker.warm import WarmSource

        return WarmSource(tier, limits, at_least)
    from grader.worker.spawned import SpawnedSource

    return SpawnedSource(tier, limits, at_least)
