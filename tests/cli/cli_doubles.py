"""A fake `grader.pipeline`: `score 50`, `ungradable`, `own-fault`, `slow`, `bug`, `not-isolated`, `other`; else full
marks."""

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from click.testing import Result

from grader.batch import run
from grader.batch.engine import JobSpec
from grader.errors import NotIsolated, UsageError
from grader.model import (
    INTERNAL_ERROR,
    Component,
    Diagnosis,
    Feedback,
    FunctionReport,
    Isolation,
    Location,
    Problem,
    Report,
    RubricStamp,
    SubmissionStamp,
)

Run = Callable[..., Result]

RUBRIC = """\
title: A small one
version: 1
reference: dnn
functions:
  linear_backward: {points: 10, parameters: [dZ, cache], returns: [dA_prev, dW, db]}
  compute_cost: {points: 5, parameters: [AL, Y], returns: cost}
"""

MISCONCEPTIONS = {
    "missing-1-over-m": """\
title: summed over the batch, not averaged
function: linear_backward
see: [cost-missing-minus]
feedback:
  nudge: Compare how `dW` grows with m.
  explanation: The cost is a mean, so its slope is one too.
  fix: Divide by m.
""",
    "cost-missing-minus": """\
title: the cost has the wrong sign
function: compute_cost
feedback: {nudge: Look at the sign., explanation: Logarithms of numbers below 1 are negative., fix: Put a minus in front.}
""",
}


class _Grader:
    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def grade(self, data: bytes, file: str, submission_id: str, student: str | None) -> Report:
        return report(data, file, submission_id, student, self._spec.rubric or "inferred")

    def close(self) -> None:
        pass


def make_grader(spec: JobSpec) -> _Grader:
    return _Grader(spec)


def check(path: Path, **settings: Any) -> Report:
    unknown = set(settings["functions"]) - {"linear_backward", "compute_cost"}
    if unknown:
        raise UsageError(f"no function {unknown.pop()!r}")
    return report(Path(path).read_bytes(), str(path), "week4", None, settings["rubric"] or "inferred")


def other_rubrics(data: bytes, file: str, inferred: str) -> dict[str, tuple[str, ...]]:
    return {"regression-step-by-step": ("linear",)} if b"linear" in data else {}


def infer_rubric(data: bytes, file: str) -> tuple[str, str]:
    if data.startswith(b"nothing"):
        raise UsageError(f"{file} fits no rubric: dnn-step-by-step")
    name = "other" if data.startswith(b"other") else "dnn-step-by-step"
    return name, "it defines linear_backward"


def grader_version() -> str:
    return "1"


def report(data: bytes, file: str, submission_id: str, student: str | None, rubric: str) -> Report:
    word, _, rest = data.decode().partition(" ")
    _obey(word, rest)
    score = float(rest) if word == "score" else 100.0
    gradable = bool(data) and word not in ("ungradable", "own-fault")
    code = INTERNAL_ERROR if word == "own-fault" else "empty"
    return Report(
        grader_version="1",
        rubric=RubricStamp(rubric, "1", "ab" * 32),
        submission=SubmissionStamp(submission_id, student, file, hashlib.sha256(data).hexdigest()),
        status="graded" if gradable else "ungradable",
        score=score if gradable else 0.0,
        max_score=100.0,
        convention="L",
        isolation=Isolation("none"),
        functions=(_linear_backward(score if gradable else 0.0, gradable),),
        problems=() if gradable else (Problem(code, "Nothing can be graded."),),
    )


def _obey(word: str, rest: str) -> None:
    if word == "slow":
        time.sleep(float(rest or 30))
    elif word == "bug":
        raise ZeroDivisionError("a bug of the grader")
    elif word == "not-isolated":
        raise NotIsolated("no isolation works here. Give --unsafe.")
    elif word == "interrupt":
        raise KeyboardInterrupt


def _linear_backward(score: float, gradable: bool) -> FunctionReport:
    words = Feedback("Look at `dW`.", "It is a mean.", "Divide by m.")
    line = Location(3, 2, "dW = np.dot(dZ, A_prev.T)")
    wrong = Diagnosis("missing-1-over-m", ("dW",), "matched", 0.5, line, "`dW` is a sum", words)
    right = gradable and score == 100
    return FunctionReport(
        "linear_backward",
        "passed" if right else "failed" if gradable else "missing",
        score,
        100.0,
        components=(Component("dW", "passed" if right else "failed", "4 times too large"),)
        if gradable
        else (),
        diagnoses=() if right or not gradable else (wrong,),
        instructor={"hidden": "a hidden print"},
    )


def install() -> None:
    """For a process of its own: take the real pipeline's place."""
    sys.modules["grader.pipeline"] = sys.modules[__name__]
    run.make_pipeline = make_grader
