"""What an attack is: student code, a canary outside the worker, and what must become of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, Protocol

import nbformat
import pytest
import seccompy

WALLED = ("seccomp", "strong")
TIERS = ("none", *WALLED)
#: Why tier `none` is not breached either, or when it is.
BREACHED, AS_ROOT, ON_SOME_KERNELS = "breached", "breached by root", "breached on some kernels"
RIGHT = "W @ A + b, (A, W, b)"
THROUGH = "THROUGH"


class Canary(Protocol):
    """Something outside the worker that must stay as it is. `facts` are the names that the attack may use."""

    facts: Mapping[str, Any]

    def breached(self, loot: str) -> bool:
        """Whether the attack got at it. `loot`: all that came out of workers, hidden or not."""
        ...


CanaryMaker = Callable[[Path], AbstractContextManager[Canary]]


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of the list of attacks, as `attack()` in a notebook whose linear_forward calls it.

    `number` is the entry's number. `walled`, `free`: the statuses of linear_forward behind walls and
    without; `result`: what linear_forward returns (the right answer, unless the attack is about that).
    `none`: what becomes of the canary in tier `none`: BREACHED (and AS_ROOT, ON_SOME_KERNELS), or in
    words why the canary is safe there, too. `quick`: time limits of a fraction of a second.
    """

    number: int
    name: str
    code: str
    canary: CanaryMaker
    none: str
    walled: str = "passed"
    free: str = "passed"
    result: str = RIGHT
    top: str = ""
    quick: bool = False

    def id(self, tier: str) -> str:
        return f"{self.number:03d}-{self.name}-{tier}-{self.verdict(tier)}"

    def verdict(self, tier: str) -> str:
        """HELD, or what it cost the function (REJECTED, TIMEOUT, KILLED), or BREACHED."""
        if self.breaches(tier):
            return {BREACHED: "BREACHED", AS_ROOT: "BREACHED-BY-ROOT", ON_SOME_KERNELS: "MAYBE"}[self.none]
        words = {"passed": "HELD", "failed": "REJECTED", "timeout": "TIMEOUT", "error": "KILLED"}
        return next(word for status, word in words.items() if status in self.statuses(tier))

    def breaches(self, tier: str) -> bool:
        return tier == "none" and self.none in (BREACHED, AS_ROOT, ON_SOME_KERNELS)

    def statuses(self, tier: str) -> tuple[str, ...]:
        return tuple((self.free if tier == "none" else self.walled).split("|"))

    def notebook(self, facts: Mapping[str, Any]) -> bytes:
        known = "".join(f"{name} = {value!r}\n" for name, value in facts.items())
        body = indent(known + _numbered(dedent(self.code).strip("\n")), "    ")
        return notebook(
            "import ctypes, importlib, os, sys, time\nimport numpy as np",
            _RAW,
            _numbered(dedent(self.top)),
            f"def attack(A, W, b):\n{body}",
            f"def linear_forward(A, W, b):\n"
            f"    try:\n        attack(A, W, b)\n"
            f"    except Exception as error:\n        print(type(error).__name__, error)\n"
            f"    return {self.result}",
        )


#: What a student who knows both Python and the grader has: system calls by number, modules past the
#: import statement, and the worker's end of the channel, found in its frames.
_RAW = """
def raw(number, *args):
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    result = call(ctypes.c_long(number), *args)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def load(name):
    return importlib.import_module(name)

def port():
    frame = sys._getframe()
    while frame:
        if hasattr(frame.f_locals.get("self"), "port"):
            return frame.f_locals["self"].port
        frame = frame.f_back
"""


def _numbered(code: str) -> str:
    """The code with `NR_open` and the like replaced by this machine's numbers."""
    return re.sub(r"\bNR_(\w+)", lambda found: str(seccompy.syscall_nr(found[1])), code)


def notebook(*sources: str) -> bytes:
    """A notebook of these code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources if source.strip()]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def per_tier(cases: Iterable[Case], tiers: Sequence[str] = TIERS) -> pytest.MarkDecorator:
    """Parametrises a test by `arena` (a tier) and `case`, with the expected verdict in its name."""
    pairs = [pytest.param(tier, case, id=case.id(tier)) for tier in tiers for case in cases]
    return pytest.mark.parametrize(("arena", "case"), pairs, indirect=["arena"])
