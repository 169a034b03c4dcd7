"""The calls by which an assignment's functions are observed, before helpers are bound to them.

An assignment's input maker, `make_suite(functions, seed, only=None)` in `<reference>_inputs`, gives a
Suite: every array in it comes from the seed, and every cache from a forward pass that can happen.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.model import Call, Ref, Step, Value

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Suite:
    """Calls by function. `isolated` calls get right helpers bound, `in_place` use the student's own.

    `public` inputs may be shown to students. `interface` maps a function that is graded only where it
    has the course's interface to the probe call that decides.
    """

    isolated: Mapping[str, tuple[Call, ...]]
    in_place: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    public: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    interface: Mapping[str, Call] = field(default_factory=dict)


class CallMaker:
    """Collects calls and gives each an id: function, kind and number."""

    def __init__(self, seed: int, prefix: str = "", only: Collection[str] | None = None) -> None:
        self.seed = seed
        self.prefix = prefix
        self.only = only
        self.calls: dict[str, list[Call]] = {}

    def rng(self, name: str) -> np.random.Generator:
        """A stream of its own for each function, so that one function's cases never move another's."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def wants(self, *functions: str) -> bool:
        """Whether calls of any of these functions were asked for."""
        return self.only is None or any(function in self.only for function in functions)

    def add(
        self, function: str, *args: Value, before: tuple[Step, ...] = (), seed: int | None = None
    ) -> None:
        """One call of `function`; `before` are the steps whose results the arguments refer to.

        Without a seed each has another, or what a function draws at random would be the same on all inputs.
        """
        if not self.wants(function):
            return
        made = self.calls.setdefault(function, [])
        name = f"{function}/{self.prefix}{len(made)}"
        steps = (*before, Step(function, args))
        seed = len(made) + 1 if seed is None else seed
        made.append(Call(name, function, steps, seed=seed, watch=not before and len(made) == 0))

    def done(self) -> dict[str, tuple[Call, ...]]:
        return {function: tuple(calls) for function, calls in self.calls.items()}


def result(step: int, *path: int | str) -> Ref:
    """Refers to (a part of) the result of an earlier step."""
    return Ref(step, path)
