"""`LiveRunner`: calls the functions that live in a notebook, in its own process. A Runner without walls.

The code is the student's own, and runs where it runs anyway. Arguments are copies, results become the plain
values that the sandbox would have sent, prints are captured, and everything that is replaced (right helpers,
the timer) is put back.
"""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import Any

import numpy as np

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
    Raised,
    RepairRequest,
    Search,
    StandIn,
    T,
    Value,
    follow,
)
from grader.plugins.live_source import cell_files, globals_of, read_live
from grader.repairs.propose import propose
from grader.worker.answers import positional
from grader.worker.calling import Replaced, Seen, observe
from grader.worker.codec import decode, encode
from grader.worker.errors import describe
from grader.worker.limits import Limits, reply_caps
from grader.worker.program import LoadedNotebook
from grader.worker.wire import pack_call, unpack_call

CALL_SECONDS = 3.0
#: So often may a function's calls take too long; the rest of them is not run.
MAX_TIMEOUTS = 1
_LIMITS = Limits()
_CAPS = reply_caps(_LIMITS)


class LiveRunner:
    """Runs calls on the functions of `namespace`, such as IPython's `user_ns` or a module's globals."""

    isolation = Isolation("none", ())

    def __init__(self, namespace: dict[str, Any], call_seconds: float = CALL_SECONDS) -> None:
        self.namespace = namespace
        self.call_seconds = call_seconds
        self.definitions: tuple[Definition, ...] = ()

    def extract(
        self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]
    ) -> Extraction:
        """Reads the live functions' source; the `cells` given are ignored."""
        found = read_live(self.namespace, wanted, stand_ins)
        self.definitions = found.definitions
        return found

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        return propose(definitions, request)

    def explore(self, search: Search[T], helper: Helper) -> T:
        return follow(search, lambda program, calls: self.run(program, calls, helper))

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        """One outcome for each call. Raises KeyboardInterrupt when the kernel is interrupted."""
        notebook = LiveNotebook(self.namespace, program)
        changed = self._changed(program)
        with Replaced(self.namespace, notebook.current(changed)):
            try:
                notebook.execute(changed)
            except Exception as error:  # noqa: BLE001 - a variant of student code
                raised = notebook.raised(error)
                return [Outcome(call.id, "raised", raised=raised) for call in calls]
            return self._calls(notebook, calls, helper)

    def _changed(self, program: Program) -> list[Definition]:
        """The definitions that are other than live: a repair that is tried, or functions without asserts."""
        if program.strip_asserts:
            return [one for one in program.definitions if one.kind == "function"]
        return [
            new
            for new, old in zip(program.definitions, self.definitions, strict=False)
            if new.source != old.source
        ]

    def _calls(self, notebook: LiveNotebook, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        timeouts: Counter[str] = Counter()
        outcomes = []
        for call in calls:
            if timeouts[call.function] >= MAX_TIMEOUTS:
                outcomes.append(Outcome(call.id, "not-run"))
                continue
            outcomes.append(self._call(notebook, call, helper))
            timeouts[call.function] += outcomes[-1].status == "timeout"
        return outcomes

    def _call(self, notebook: LiveNotebook, call: Call, helper: Helper) -> Outcome:
        data = pack_call(call)
        parameters = getattr(helper, "parameters", {})

        def proxy(name: str) -> Callable[..., Value]:
            return _proxy(helper, name, parameters.get(name, ()), call.convention)

        with ExitStack() as stack:
            for names in notebook.other_globals(call):
                stack.enter_context(Replaced(names, {name: proxy(name) for name in call.bind}))
            try:
                with time_limit(self.call_seconds):
                    fresh = partial(unpack_call, data)
                    seen = observe(notebook, fresh, proxy, _LIMITS.stdout_chars, _CAPS)
            except _TookTooLong:
                return Outcome(call.id, "timeout")
        return _plain(seen, call)


def _plain(seen: Seen, call: Call) -> Outcome:
    """The outcome as it would have come through the sandbox's wall."""
    kind = seen.raised.type if seen.raised else ""
    if kind == "KeyboardInterrupt":
        raise KeyboardInterrupt
    if kind == _TookTooLong.__name__:
        return Outcome(call.id, "timeout", stdout=seen.stdout)
    if seen.value is None:
        return Outcome(call.id, "raised", raised=seen.raised, stdout=seen.stdout)
    value = decode(seen.value.data, _CAPS)
    return Outcome(call.id, "value", value, None, seen.stdout, seen.changed_args, seen.differs_on_second_run)


def _proxy(helper: Helper, name: str, parameters: Sequence[str], convention: str) -> Callable[..., Value]:
    """A right helper that takes and gives copies."""

    def right(*args: Value, **kwargs: Value) -> Value:
        placed = positional(name, parameters, args, kwargs)
        return _copied(helper(name, _copied(placed), convention))

    right.__name__ = name
    return right


def _copied(value: Value) -> Value:
    return decode(encode(value), writable=True)


class LiveNotebook(LoadedNotebook):
    """A namespace that student code has filled already."""

    def __init__(self, namespace: dict[str, Any], program: Program) -> None:
        """Executes nothing, and so does not call LoadedNotebook's own."""
        self.program = program
        self.names = namespace
        self.codes = {}
        self.cells = cell_files(namespace)
        self.mentions_random = True
        self.flags = 0

    def current(self, definitions: Sequence[Definition]) -> Mapping[str, Any]:
        """What the names of some definitions stand for now."""
        names = {name for one in definitions for name in one.binds}
        return {name: self.names[name] for name in names if name in self.names}

    def execute(self, definitions: Sequence[Definition]) -> None:
        """Put these definitions into the namespace."""
        for one in definitions:
            exec(self.code(one), self.names)  # noqa: S102 - the student's own code, in their own kernel

    def serves(self, module: str) -> bool:
        """All modules are as the kernel has them."""
        return True

    def raised(self, error: BaseException) -> Raised:
        repaired = {f"<cell {number}>": number for number in self.cells.values()}
        return describe(error, {**self.cells, **repaired})

    def other_globals(self, call: Call) -> Iterator[dict[str, Any]]:
        """Namespaces besides this one in which the function under test looks its helpers up."""
        live = self.names.get(call.function)
        names = globals_of(live) if callable(live) else None
        if names is not None and names is not self.names:
            yield names


# ------------------------------------------------------------------------------------------- limits


class _TookTooLong(BaseException):
    """Raised in student code when its time is over; no `except Exception` stops it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises _TookTooLong in the block after some seconds, again and again; no limit where signals do not work."""
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable:
        yield
        return
    before = signal.signal(signal.SIGALRM, _alarm)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, seconds / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if timer[0] > 0:
            signal.setitimer(signal.ITIMER_REAL, *timer)


def _alarm(number: int, frame: FrameType | None) -> None:
    raise _TookTooLong


@contextmanager
def random_state_kept() -> Iterator[None]:
    """The student's random generators go on as if nothing had been drawn."""
    numpy_state, state = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(state)
