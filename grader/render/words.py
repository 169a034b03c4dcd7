"""A report's sentences, the same in every renderer: our own plain text, code in backticks.

Nothing here is escaped: whoever puts these sentences into a sink does it with `grader.render.escape`.
Names that a notebook can choose are shortened and lose their backticks, so that they cannot end a code span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.model import (
    LEVELS,
    Component,
    Diagnosis,
    ErrorReport,
    FunctionReport,
    Location,
    Problem,
    Report,
    Status,
)

STATUS: dict[Status, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "timeout": "time-out",
    "missing": "missing",
    "not-implemented": "not implemented",
}

EVIDENCE = {
    "proved": "Shown by a counterfactual run: changing this line makes all tests pass.",
    "matched": "Your numbers equal those of this mistake on every test, and of no other known mistake.",
    "suspected": "The numbers fit this mistake, but do not single it out.",
}

LEVEL_LABELS = {"nudge": "Where to look", "explanation": "Why it matters", "fix": "What to change"}

CONVENTION = {
    "L": "L: dAL is the slope of each example's loss; 1/m enters in dW and db",
    "J": "J: dAL is the slope of the average cost, 1/m included; dW and db add up",
    "other": "1/m enters once, at another place of the chain rule",
    "mixed": "1/m enters twice, or never",
    "undetermined": "not to be determined from this notebook",
}

NOT_ISOLATED = "Not isolated: this notebook's code ran with your own rights on this machine."


def code(name: str, limit: int = 60) -> str:
    """A name as inline code. Backticks and line ends in it are dropped, a long one is cut."""
    name = " ".join(name.replace("`", "'").split()) or "?"
    return f"`{name if len(name) <= limit else name[: limit - 1] + '…'}`"


def number(value: float) -> str:
    """A score with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def score(value: float, maximum: float) -> str:
    """`72.5 / 100`."""
    return f"{number(value)} / {number(maximum)}"


def count(items: int, noun: str, plural: str = "") -> str:
    """`1 function`, `3 functions`."""
    return f"{items:,} {noun if items == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, each name as code."""
    quoted = [code(name) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def levels(detail: str) -> tuple[str, ...]:
    """The feedback levels shown at `detail`, in order. ValueError for an unknown one."""
    return LEVELS[: LEVELS.index(detail) + 1]


def feedback(diagnosis: Diagnosis, detail: str) -> Iterator[tuple[str, str]]:
    """(label, sentences) of each level up to `detail` that has words."""
    for level in levels(detail):
        words = getattr(diagnosis.feedback, level)
        if words:
            yield LEVEL_LABELS[level], words


def verdict(report: Report) -> str:
    """One sentence on the whole submission."""
    if report.status == "ungradable":
        return "This notebook could not be graded."
    passed = sum(function.status == "passed" for function in report.functions)
    total = len(report.functions)
    if passed == total:
        return f"All {count(total, 'function')} passed." if total != 1 else "The function passed."
    return f"{passed} of {count(total, 'function')} passed."


def open_functions(report: Report) -> list[FunctionReport]:
    """The functions that did not pass, in the report's order."""
    return [function for function in report.functions if function.status != "passed"]


def headlines(function: FunctionReport) -> list[str]:
    """The function and the fact, one for each diagnosis; one that describes where there is none."""
    facts = [diagnosis.title for diagnosis in function.diagnoses] or [fact(function)]
    return [f"{code(function.name)}: {item}" for item in facts]


def fact(function: FunctionReport) -> str:
    """What is the case with a function that did not pass and has no diagnosis."""
    if function.status == "failed":
        return _failed_fact(failed_names(function.components))
    if function.status == "error" and function.error is not None:
        return f"stopped with {code(function.error.type)}"
    return _FACTS[function.status]


_FACTS: dict[Status, str] = {
    "passed": "all tests passed",
    "failed": "the result differs from the expected one",
    "error": "stopped with an error during the tests",
    "timeout": "took longer than its time limit",
    "missing": "is not defined in this notebook",
    "not-implemented": "is still as the template left it",
}


def _failed_fact(names: Sequence[str]) -> str:
    if not names:
        return _FACTS["failed"]
    return f"{listed(names)} {'differs' if len(names) == 1 else 'differ'} from the expected values"


def right(function: FunctionReport) -> str:
    """What is right, in one sentence; empty where nothing is."""
    names = [component.name for component in function.components if component.status == "passed"]
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} right." if names else ""


def wrong(function: FunctionReport) -> list[str]:
    """One line for each component that failed and has something to say."""
    return [
        f"{code(component.name)}: {component.detail}"
        for component in function.components
        if component.status == "failed" and component.detail
    ]


def unexplained(function: FunctionReport) -> bool:
    """Whether the function gave wrong numbers that no known mistake explains."""
    return function.status == "failed" and not function.diagnoses


NO_KNOWN_MISTAKE = "No known mistake fits these numbers, so this only says what differs."


def place(location: Location | ErrorReport | Problem) -> str:
    """`cell 23, line 7`; empty where the notebook's cell is not known."""
    if location.cell is None:
        return ""
    return f"cell {location.cell}" + (f", line {location.line}" if location.line is not None else "")


def problem(problem: Problem) -> str:
    """The message, with its place in front where that is known."""
    return f"{place(problem)}: {problem.message}" if problem.cell is not None else problem.message


def credit(diagnosis: Diagnosis) -> str:
    """The part of the marks that is kept; empty for none."""
    return f"{number(100 * diagnosis.credit)} % of its marks kept." if diagnosis.credit > 0 else ""


def explain_hint(diagnosis: Diagnosis) -> str:
    """Where to read on."""
    return f"grader explain {diagnosis.misconception}"


def failed_names(components: Sequence[Component]) -> list[str]:
    """Names of the components that failed."""
    return [component.name for component in components if component.status == "failed"]
