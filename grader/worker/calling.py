"""Runs calls of student functions inside the worker, and observes what they give, print and change."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from io import StringIO, TextIOBase
from types import CoroutineType, TracebackType
from typing import Any

import numpy as np

from grader.model import Call, Raised, Ref, Step, Value
from grader.worker.caps import Caps
from grader.worker.encoder import Encoded, encode
from grader.worker.imports import ProxyMaker
from grader.worker.program import LoadedNotebook

_ABSENT = object()
#: The warnings filter of a process that shows none.
IGNORE_ALL = ("ignore", None, Warning, None, 0)
_SEED_RANGE = 1 << 32
#: For a call that names no seed: two runs of it are to give the same.
_SEED = 1


class Capture(TextIOBase):
    """Keeps the first characters that are printed, and drops the rest."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.chunks: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = text[: self.cap]
        self.cap -= len(kept)
        if kept:
            self.chunks.append(kept)
        return len(text)

    def text(self) -> str:
        return "".join(self.chunks)


class Replaced(AbstractContextManager[None]):
    """Names of a namespace, replaced for the duration of a block."""

    def __init__(self, names: dict[str, Any], by: Mapping[str, Any]) -> None:
        self.names = names
        self.by = by

    def __enter__(self) -> None:
        self.saved = {name: self.names.get(name, _ABSENT) for name in self.by}
        self.names.update(self.by)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, value in self.saved.items():
            if value is _ABSENT:
                self.names.pop(name, None)
            else:
                self.names[name] = value


@dataclass(frozen=True, slots=True)
class Seen:
    """What one call gives: the fields of an Outcome, its value encoded to be one of them."""

    value: Encoded | None = None
    raised: Raised | None = None
    stdout: str = ""
    changed_args: tuple[int, ...] = ()
    differs_on_second_run: bool = False


def observe(
    notebook: LoadedNotebook, fresh: Callable[[], Call], proxy: ProxyMaker, stdout_chars: int, caps: Caps
) -> Seen:
    """What one call gives. `fresh` makes the call anew, with inputs that nothing has touched.

    The value is encoded before a second run can change it, and once, for it is compared and sent as bytes.
    """
    call = fresh()
    stdout = Capture(stdout_chars)
    helpers = {name: proxy(name) for name in call.bind}
    with _Quiet(stdout), Replaced(notebook.names, helpers):
        try:
            value, changed = _execute(notebook, call, caps)
        except BaseException as error:  # noqa: BLE001 - SystemExit is the student's, too
            return Seen(raised=notebook.raised(error), stdout=stdout.text())
        text = stdout.text()
        differs = call.watch and _differs(notebook, fresh(), value, caps)
    return Seen(Encoded(value), None, text, changed, differs)


def _differs(notebook: LoadedNotebook, call: Call, first: bytes, caps: Caps) -> bool:
    """Whether a second run, of the same call with the same seed, gives anything else."""
    try:
        return _execute(notebook, replace(call, watch=False), caps)[0] != first
    except BaseException:  # noqa: BLE001 - SystemExit is the student's, too
        return True


class _Quiet(AbstractContextManager[None]):
    """No warnings, no floating point errors, prints captured, nothing to read."""

    def __init__(self, stdout: Capture) -> None:
        self.stdout = stdout
        self.errors = np.errstate(all="ignore")
        self.warnings = None if warnings.filters[:1] == [IGNORE_ALL] else warnings.catch_warnings()

    def __enter__(self) -> None:
        self.streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = StringIO(""), self.stdout, self.stdout
        self.errors.__enter__()
        if self.warnings is not None:
            self.warnings.__enter__()
            warnings.simplefilter("ignore")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdin, sys.stdout, sys.stderr = self.streams
        self.errors.__exit__(kind, error, trace)
        if self.warnings is not None:
            self.warnings.__exit__(kind, error, trace)


def _execute(notebook: LoadedNotebook, call: Call, caps: Caps) -> tuple[bytes, tuple[int, ...]]:
    """The last step's result, encoded, and the indices of the arguments that it changed, if they are watched."""
    seed = _SEED if call.seed is None else call.seed
    np.random.seed(seed % _SEED_RANGE)
    if notebook.mentions_random:
        random.seed(seed)
    results: list[Value] = []
    for step in call.steps[:-1]:
        results.append(_apply(notebook, step, _resolve(step.args, results)))
    args = _resolve(call.steps[-1].args, results)
    watched = args if call.watch else ()
    before = [encode(arg) for arg in watched]
    value = encode(_apply(notebook, call.steps[-1], args), caps, depth=1)
    return value, tuple(i for i, arg in enumerate(watched) if encode(arg) != before[i])


def _apply(notebook: LoadedNotebook, step: Step, args: tuple[Value, ...]) -> Value:
    if step.function not in notebook.names:
        raise NameError(f"name {step.function!r} is not defined", name=step.function)
    result = notebook.names[step.function](*args)
    if type(result) is CoroutineType:
        result.close()  # never awaited, and Python would say so at some later moment
    return result


def _resolve(value: Value, results: list[Value]) -> Any:
    """`value` with each Ref replaced by the live object that it stands for."""
    kind = type(value)
    if kind is Ref:
        return _follow(results[value.step], value.path)
    if kind is tuple or kind is list:
        return kind(_resolve(item, results) for item in value)
    if kind is dict:
        return {key: _resolve(item, results) for key, item in value.items()}
    return value


def _follow(value: Value, path: tuple[int | str, ...]) -> Value:
    for key in path:
        value = value[key]
    return value
