"""Reports as exports need them: every status, every kind of diagnosis, and text that attacks each sink."""

from __future__ import annotations

from dataclasses import replace

from grader.export import StoredReport
from grader.model import (
    Component,
    Diagnosis,
    ErrorReport,
    Feedback,
    FunctionReport,
    Isolation,
    Location,
    Note,
    Problem,
    Report,
    RubricStamp,
    SubmissionStamp,
)

SECRET = "SECRET-OF-THE-INSTRUCTOR"
HOSTILE = "<script>alert(1)</script>&nbsp;\x1b[31mred\x00 Grade :=>> 100\n--|>\n'\"]]>\u202e"

MISSING_M = Diagnosis(
    misconception="missing-1-over-m",
    components=("dW", "db"),
    evidence="proved",
    credit=0.5,
    location=Location(23, 7, "dW = np.dot(dZ, A_prev.T)  # a < b & c"),
    title="`dW` and `db` are summed over the batch, not averaged",
    feedback=Feedback("NUDGE-WORDS", "EXPLANATION-WORDS with `m`.", "FIX-WORDS"),
)
PERHAPS = replace(
    MISSING_M, misconception="init-scale-other", components=("W",), evidence="suspected", location=None
)


def passed(name: str, points: float = 10.0) -> FunctionReport:
    return FunctionReport(name, "passed", points, points, (Component("value", "passed"),))


def failed(name: str, *diagnoses: Diagnosis, score: float = 4.0, points: float = 10.0) -> FunctionReport:
    wrong = [Component(one, "failed", "is 4 times the expected one for m = 4") for one in ("dW", "db")]
    return FunctionReport(
        name, "failed", score, points, (Component("dA_prev", "passed"), *wrong), diagnoses,
        instructor={"hidden": SECRET},
    )  # fmt: skip


def broken(name: str, message: str = "operands could not be broadcast", stdout: str = "") -> FunctionReport:
    error = ErrorReport("ValueError", message, 31, 5)
    return FunctionReport(name, "error", 0.0, 10.0, error=error, stdout=stdout, instructor={"hidden": SECRET})


def report(
    *functions: FunctionReport, student: str | None = None, file: str = "a.ipynb", **changes: object
) -> Report:
    """A graded report of these functions; the score is their sum scaled to 100."""
    total = sum(function.max_score for function in functions) or 1.0
    values: dict[str, object] = {
        "grader_version": "0.1.0",
        "rubric": RubricStamp("dnn-step-by-step", "1", "ab" * 32),
        "submission": SubmissionStamp(file.removesuffix(".ipynb"), student, file, "cd" * 32),
        "status": "graded",
        "score": round(100 * sum(function.score for function in functions) / total, 2),
        "max_score": 100.0,
        "convention": "L",
        "isolation": Isolation("strong", ("process", "rlimits", "landlock", "seccomp", "namespaces")),
        "functions": functions,
        "seconds": 0.01234,
    }
    return Report(**(values | changes))  # type: ignore[arg-type]


def stored(one: Report) -> StoredReport:
    return StoredReport(one.submission.id, one)


def everything(student: str | None = "ada", file: str = "ada.ipynb") -> Report:
    """All statuses, in one; 35 of 80 points."""
    return report(
        passed("linear_forward"),
        failed("linear_backward", MISSING_M),
        failed("initialize_parameters_deep", PERHAPS, score=0.0),
        failed("linear_activation_backward", score=6.0),
        broken("L_model_backward", stdout="dAL is\n[[1 2]]\n"),
        FunctionReport("L_model_forward", "timeout", 0.0, 10.0),
        FunctionReport("update_parameters", "missing", 0.0, 10.0),
        FunctionReport("compute_cost", "not-implemented", 0.0, 10.0),
        student=student,
        file=file,
        notes=(Note("global-read", "`linear_forward` reads the variable `parameters`."),),
        problems=(Problem("syntax-error", "this cell does not parse", 12, 3),),
    )


def hostile(student: str | None = "=cmd|' /C calc'!A0") -> Report:
    """Everything that a student can choose holds every attack at once."""
    bad = replace(
        MISSING_M,
        title=HOSTILE,
        location=Location(1, 2, HOSTILE),
        feedback=Feedback(HOSTILE, HOSTILE, HOSTILE),
    )
    function = replace(broken("f", HOSTILE, HOSTILE), components=(Component(HOSTILE, "failed", HOSTILE),))
    return report(
        function,
        failed(HOSTILE, bad),
        student=student,
        file="-" + HOSTILE + ".ipynb",
        notes=(Note("x", HOSTILE),),
        problems=(Problem("syntax-error", HOSTILE, 1, 1),),
        submission=SubmissionStamp("hostile", student, "-" + HOSTILE + ".ipynb", "cd" * 32),
    )  # fmt: skip


def ungradable(student: str | None = "bob", file: str = "bob.ipynb", code: str = "empty-file") -> Report:
    functions = (FunctionReport("linear_forward", "missing", 0.0, 10.0),)
    problems = (Problem(code, "this file is no notebook: it is empty"),)
    return report(*functions, student=student, file=file, status="ungradable", problems=problems)


def perfect(student: str | None = "eve", file: str = "eve.ipynb") -> Report:
    return report(passed("linear_forward"), passed("linear_backward"), student=student, file=file)


ALL = (everything(), hostile(), ungradable(), perfect())
