"""A dry run in the zygote of what each worker will do, so that none of them pays for first times."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.model import Call, Cell, Definition, Program, StandIn, Step
from grader.worker.child import Child
from grader.worker.codec import encode
from grader.worker.limits import Limits
from grader.worker.port import Answered
from grader.worker.protocol import Kind, join_parts
from grader.worker.wire import pack_call, to_worker

#: Python adapts its byte code to what it meets in the first runs.
_RUNS = 20
_IMPORT = "import numpy as np"
_SOURCE = '''def layer(A, W, b, activation="relu"):
    """Nothing of any assignment."""
    Z = np.dot(W, A) + b
    if activation == "relu":
        A = np.maximum(0, Z)
    else:
        A, _ = helper(Z)
    print(A.shape)
    return A, {"Z": Z, "parts": [(W, b), 1.0, "text"]}
'''


class _NoPort:
    """Answers call-backs itself and sends nothing."""

    calling = False
    answers = Answered()

    def send(self, kind: Kind, payload: bytes) -> None:
        pass

    def proxy(self, name: str) -> Callable[..., Any]:
        return lambda value: (encode((name, (value,), {})), value)


def rehearse(limits: Limits, available: frozenset[str]) -> None:
    """Extract, load and call a sample notebook; all that stays is warm code."""
    main, out, err = sys.modules["__main__"], sys.stdout, sys.stderr
    for _ in range(_RUNS):
        child = Child(_NoPort(), limits, available)  # type: ignore[arg-type]  # the part of a Port it uses
        child.load(_load_request())
        child.calls(join_parts(pack_call(call) for call in _calls()))
    with contextlib.suppress(ImportError):
        child.extract(_extract_request())
    sys.modules["__main__"], sys.stdout, sys.stderr = main, out, err


def _load_request() -> bytes:
    definitions = (
        Definition(("np",), _IMPORT, 0, 1, "import"),
        Definition(("layer",), _SOURCE, 1, 1, "function"),
    )
    program = Program(definitions, (StandIn(("course*",), ("helper",)),))
    return to_worker((program, {}, False))


def _calls() -> list[Call]:
    A, W, b = np.ones((3, 2)), np.ones((4, 3)), np.ones((4, 1))
    steps = (Step("layer", (A, W, b)), Step("layer", (A, W, b, "other")), Step("layer", ()))
    return [Call(str(i), "layer", (step,), ("helper",), watch=i == 0) for i, step in enumerate(steps)]


def _extract_request() -> bytes:
    cells = (Cell(0, _IMPORT), Cell(1, "%matplotlib inline\n" + _SOURCE), Cell(2, "def broken(:\n  pass"))
    return to_worker((cells, ("layer", "broken"), (StandIn(("course*",), ("helper",)),)))
