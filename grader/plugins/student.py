"""A student's functions as attributes: each call runs in the sandbox, and comes back as plain values.

student.linear_backward(dZ, cache)      # → (dA_prev, dW, db), or raises StudentError
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn, Self

from grader.model import Call, Cell, Extraction, FunctionFacts, Outcome, Program, Raised, Step, Value
from grader.rubric.oracle import ReferenceOracle, RightHelper
from grader.rubric.schema import Rubric
from grader.worker.codec import Reject
from grader.worker.sandbox import Sandbox


class StudentError(Exception):
    """The student's code raised, took too long or ended its process; it is a ValueError if theirs was."""


class Student:
    """The functions of one notebook. A context manager: it owns its sandbox."""

    def __init__(self, cells: Sequence[Cell], rubric: Rubric, sandbox: Sandbox) -> None:
        self._cells = cells
        self._rubric = rubric
        self._sandbox = sandbox
        self._helper = RightHelper(ReferenceOracle(rubric))
        self._extractions: dict[str, Extraction] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._sandbox.close()

    def __getattr__(self, name: str) -> StudentFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return StudentFunction(self, name)

    def _facts(self, name: str) -> tuple[Extraction, FunctionFacts]:
        if name not in self._extractions:
            self._extractions[name] = self._sandbox.extract(self._cells, [name], self._rubric.stand_ins)
        found = self._extractions[name]
        return found, found.functions[name]

    def _call(self, name: str, args: tuple[Value, ...], seed: int | None) -> Outcome:
        __tracebackhide__ = True
        extraction, facts = self._facts(name)
        if facts.status not in ("defined", "not-implemented"):
            raise StudentError(f"{name} is not defined in this notebook ({facts.status})")
        program = Program(extraction.definitions, self._rubric.stand_ins)
        call = Call(name, name, (Step(name, args),), seed=seed)
        try:
            return self._sandbox.run(program, [call], self._helper)[0]
        except Reject as error:
            raise TypeError(f"an argument of {name} cannot go into the sandbox: {error}") from None

    def _parameters(self, name: str) -> tuple[str, ...]:
        spec = self._rubric.functions.get(name)
        return spec.parameters if spec else ()


class StudentFunction:
    """One function; calling it runs the student's code, with the student's own helpers."""

    def __init__(self, student: Student, name: str) -> None:
        self._student = student
        self.__name__ = name
        self.stdout = ""

    def __repr__(self) -> str:
        return f"<the student's {self.__name__}, in the sandbox>"

    def __call__(self, *args: Value, seed: int | None = None, **kwargs: Value) -> Value:
        """The result as plain values. `seed` seeds numpy's and random's generators before the call.

        Raises StudentError for what the student's code does, TypeError for arguments that do not fit.
        """
        __tracebackhide__ = True
        placed = _placed(self.__name__, args, kwargs, self._student._parameters(self.__name__))
        outcome = self._student._call(self.__name__, placed, seed)
        self.stdout = outcome.stdout
        if outcome.status != "value":
            _fail(self.__name__, outcome)
        return outcome.value


def _placed(
    name: str, args: Sequence[Value], kwargs: Mapping[str, Value], parameters: Sequence[str]
) -> tuple[Any, ...]:
    """All arguments by position; the sandbox knows no others."""
    __tracebackhide__ = True
    rest = list(parameters[len(args) : len(args) + len(kwargs)])
    if set(rest) != set(kwargs):
        raise TypeError(
            f"give the arguments of {name} by position, or by the rubric's names: {', '.join(parameters)}"
        )
    return (*args, *(kwargs[key] for key in rest))


def _fail(name: str, outcome: Outcome) -> NoReturn:
    __tracebackhide__ = True
    if outcome.raised is None:
        why = "took too long" if outcome.status == "timeout" else f"did not finish ({outcome.status})"
        raise StudentError(f"the student's {name} {why}")
    raise _error_type(outcome.raised.type)(_told(name, outcome.raised))


def _told(name: str, raised: Raised) -> str:
    where = f" in cell {raised.cell}, line {raised.line}" if raised.cell is not None else ""
    return f"{raised.message} (raised by the student's {name}{where})"


@lru_cache(maxsize=64)
def _error_type(name: str) -> type[StudentError]:
    """A StudentError that is also the builtin exception of this name, if there is one that allows it."""
    found = getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)) or found in (Exception, SyntaxError):
        return StudentError
    try:
        made: type[StudentError] = type(name, (StudentError, found), {"__module__": __name__})
    except TypeError:
        return StudentError
    return made if _makes(made) else StudentError


def _makes(kind: type[StudentError]) -> bool:
    """Whether it can be made from a text alone."""
    try:
        kind("")
    except TypeError:
        return False
    return True
