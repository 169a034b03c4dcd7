"""Reports as tests need them: one of each kind, and whole classes of any size."""

from __future__ import annotations

import random
from collections.abc import Sequence

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

NAMES = (
    "initialize_parameters_deep", "linear_forward", "linear_activation_forward", "L_model_forward", "compute_cost",
    "linear_backward", "linear_activation_backward", "L_model_backward", "update_parameters",
)  # fmt: skip

MISSING_M = Diagnosis(
    misconception="missing-1-over-m",
    components=("dW", "db"),
    evidence="proved",
    credit=0.5,
    location=Location(23, 7, "dW = np.dot(dZ, A_prev.T)"),
    title="`dW` and `db` are summed over the batch, not averaged",
    feedback=Feedback(
        "`dW` has the right shape and direction, but its size grows with the number of examples.",
        "The cost is the mean of `m` losses, so each gradient of it is a mean too. "
        "The product in `dW` adds up `m` contributions; on its own it is their sum.",
        "Divide the product in `dW` by `m`, where `m = A_prev.shape[1]`.",
    ),
)
PLUS_SIGN = Diagnosis(
    misconception="update-plus-sign",
    components=("W", "b"),
    evidence="matched",
    credit=0.0,
    location=None,
    title="the step goes up the slope, not down",
    feedback=Feedback(
        "Look at the sign of the step.", "A gradient points to where the cost grows.", "Subtract."
    ),
)
PERHAPS = Diagnosis(
    misconception="init-scale-other",
    components=("W",),
    evidence="suspected",
    credit=0.0,
    location=Location(9, 4, "W = np.random.randn(n, p) * 0.1"),
    title="the weights have another scale",
    feedback=Feedback(
        "Compare the size of `W` with the text of the exercise.", "The scale sets the first slopes.", ""
    ),
)


def passed(name: str, points: float = 10.0) -> FunctionReport:
    return FunctionReport(name, "passed", points, points, (Component("value", "passed"),))


def failed(name: str, *diagnoses: Diagnosis, points: float = 10.0) -> FunctionReport:
    """A wrong function: what the diagnoses cover failed, `dA_prev` is right."""
    names = [name for diagnosis in diagnoses for name in diagnosis.components] or ["dW"]
    components = [Component(name, "failed", "is 4 times the expected one for m = 4") for name in names]
    return FunctionReport(
        name, "failed", points / 3, points, (Component("dA_prev", "passed"), *components), diagnoses
    )


def broken(name: str, message: str = "operands could not be broadcast", stdout: str = "") -> FunctionReport:
    error = ErrorReport("ValueError", message, 31, 5)
    return FunctionReport(
        name, "error", 0.0, 10.0, error=error, stdout=stdout, instructor={"hidden": "SECRET"}
    )


def absent(name: str) -> FunctionReport:
    return FunctionReport(name, "missing", 0.0, 10.0)


def report(
    *functions: FunctionReport, student: str | None = "zoë", file: str = "sec1/zoë.ipynb", **changes: object
) -> Report:
    """A graded report of these functions; the score is their sum scaled to 100."""
    total = sum(function.max_score for function in functions) or 1.0
    stamp = SubmissionStamp(str(changes.pop("id", file.removesuffix(".ipynb"))), student, file, "cd" * 32)
    values: dict[str, object] = {
        "grader_version": "0.1.0",
        "rubric": RubricStamp("dnn-step-by-step", "1", "ab" * 32),
        "submission": stamp,
        "status": "graded",
        "score": round(100 * sum(function.score for function in functions) / total, 2),
        "max_score": 100.0,
        "convention": "L",
        "isolation": Isolation("strong", ("process", "rlimits", "landlock", "seccomp", "namespaces")),
        "functions": functions,
    }
    return Report(**(values | changes))  # type: ignore[arg-type]


def mixed() -> Report:
    """Everything that a report can hold, in one."""
    return report(
        failed("initialize_parameters_deep", PERHAPS),
        *map(passed, NAMES[1:5]),
        failed("linear_backward", MISSING_M),
        failed("linear_activation_backward"),
        broken("L_model_backward", stdout="dAL is\n[[1 2]]\n"),
        absent("update_parameters"),
        notes=(Note("global-read", "`linear_forward` reads the notebook's variable `parameters`."),),
        problems=(Problem("syntax-error", "this cell does not parse", 12, 3),),
        convention="mixed",
    )


def ungradable(file: str = "broken.ipynb", message: str = "this file is no notebook: it is empty") -> Report:
    functions = tuple(absent(name) for name in NAMES)
    problems = (Problem("empty-file", message),)
    return report(*functions, student=None, file=file, status="ungradable", problems=problems)


def a_class(size: int, seed: int = 0, names: Sequence[str] = NAMES) -> list[Report]:
    """`size` students with plausible results; about one in fifty cannot be graded."""
    random_ = random.Random(seed)
    return [_student(random_, number, names) for number in range(size)]


def list_of(words: str) -> list[str]:
    return words.split()


_FIRST = list_of(
    "Ada Björn Chen Dmitri Elif Fatima Grace Hannah Ingrid José Kofi Lin Maya Noor Olu Priya Quinn Rosa"
)
_LAST = list_of(
    "Abe Brown Cruz Dang Eze Fischer Garcia Haddad Ito Jansen Khan Lopez Müller Nguyen Okafor Patel Roy"
)


def _student(random_: random.Random, number: int, names: Sequence[str]) -> Report:
    student = f"{random_.choice(_FIRST)} {random_.choice(_LAST)}"
    file = f"section-{number % 7 + 1}/{student.split()[1].lower()}_{number:04}.ipynb"
    if random_.random() < 0.02:
        return ungradable(file)
    functions = tuple(_function(random_, name) for name in names)
    convention = random_.choices(["L", "J", "mixed", "other", "undetermined"], [70, 15, 10, 1, 4])[0]
    return report(*functions, student=student, file=file, convention=convention)


def _function(random_: random.Random, name: str) -> FunctionReport:
    kind = random_.random()
    if kind < 0.72:
        return passed(name)
    if kind < 0.90:
        return failed(name, random_.choices([MISSING_M, PLUS_SIGN, PERHAPS], [5, 3, 2])[0])
    return random_.choice([failed, broken, absent])(name)
