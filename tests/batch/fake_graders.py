"""Graders that do what a notebook's bytes tell them to: sleep, crash, hang, fail."""

import hashlib
import os
import signal
import time
from pathlib import Path

from grader.batch.engine import JobSpec
from grader.errors import NotIsolated, RubricError, WorkerError
from grader.model import (
    Diagnosis,
    Feedback,
    FunctionReport,
    Isolation,
    Problem,
    Report,
    RubricStamp,
    SubmissionStamp,
)


class FakeGrader:
    """`score 50`, `sleep 2`, `die`, `die-once PATH`, `bug`, `worker-error`, `not-isolated`; else full marks."""

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec

    def grade(self, data: bytes, file: str, submission_id: str, student: str | None) -> Report:
        word, _, rest = data.decode("utf-8", "replace").partition(" ")
        began = time.monotonic()
        self._obey(word, rest)
        score = float(rest) if word == "score" else 0.0 if not data else 100.0
        problems = () if data else (Problem("empty", "The file is empty."),)
        return Report(
            grader_version="1",
            rubric=RubricStamp(self.spec.rubric or "fake", "1", hashlib.sha256(b"rubric").hexdigest()),
            submission=SubmissionStamp(submission_id, student, file, hashlib.sha256(data).hexdigest()),
            status="graded" if data else "ungradable",
            score=score,
            max_score=100.0,
            convention="L",
            isolation=Isolation("none"),
            functions=(_function(score, bool(data), self.spec.seed),),
            problems=problems,
            seconds=time.monotonic() - began,
        )

    def _obey(self, word: str, rest: str) -> None:
        if word == "sleep":
            time.sleep(float(rest))
        elif word == "die" or (word == "die-once" and not _seen(Path(rest))):
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "bug":
            raise ZeroDivisionError("a bug of the grader")
        elif word == "worker-error":
            raise WorkerError("the worker is gone")
        elif word == "not-isolated":
            raise NotIsolated("no isolation here. Give --unsafe.")

    def close(self) -> None:
        pass


def make(spec: JobSpec) -> FakeGrader:
    return FakeGrader(spec)


def make_refusing(spec: JobSpec) -> FakeGrader:
    raise RubricError("rubric.yaml, line 3: no such key")


def make_dying(spec: JobSpec) -> FakeGrader:
    print("cannot start", flush=True)
    os.write(2, b"no memory for a worker")
    os._exit(9)


def _function(score: float, there: bool, seed: int | None) -> FunctionReport:
    words = Feedback(f"look (seed {seed})", "why", "what")
    wrong = Diagnosis("missing-1-over-m", ("dW",), "matched", 0.5, None, "dW is summed", words)
    status = "missing" if not there else "passed" if score == 100 else "failed"
    return FunctionReport(
        "linear_backward", status, score, 100.0, diagnoses=(wrong,) if status == "failed" else ()
    )


def _seen(path: Path) -> bool:
    if path.exists():
        return True
    path.write_text("")
    return False
