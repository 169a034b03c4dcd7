"""A report's sentences, the same in every renderer: our own plain text, code in backticks.

Nothing here is escaped: whoever puts these sentences into a sink does it with `grader.render.escape`.
Names that a notebook can choose are shortened and lose their backticks, so that they cannot end a code span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.feedback import inline
from grader.model import (
    LEVELS,
    NO_FILE,
    Convention,
    Diagnosis,
    ErrorReport,
    Evidence,
    Feedback,
    FunctionReport,
    Location,
    Problem,
    Report,
    Status,
)

code, listed = inline.code, inline.listed

STATUS: dict[Status, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "timeout": "time-out",
    "missing": "missing",
    "not-implemented": "not implemented",
}

EVIDENCE: dict[Evidence, str] = {
    "proved": "Proved: the code was run again with this error undone, and what it had made wrong came out right.",
    "matched": "Matched: the results are those of this mistake on every test, and of no other known mistake.",
    "suspected": "Suspected: the numbers fit this mistake, but do not single it out.",
}
#: Seen in the source or in how the calls end: no numbers are compared for these.
_SEEN_IN_CODE = frozenset({"uses-global", "returns-none", "not-implemented", "loop-left-empty"})

LEVEL_LABELS = {"nudge": "Where to look", "explanation": "Why it matters", "fix": "What to change"}

CONVENTION: dict[Convention, str] = {
    "L": "Convention L: `dAL` is the slope of each example's own loss; the 1/m enters once, in `dW` and `db`.",
    "J": "Convention J: `dAL` is the slope of the average cost, its 1/m included; `dW` and `db` only add up.",
    "other": "Convention: the 1/m enters once, at another place of the chain rule, which is right too.",
    "mixed": "Convention: mixed. On the way to `dW` or `db` the 1/m enters twice, or never; see `grader explain l-and-j`.",
    "undetermined": "",
}
#: For the class page.
CONVENTION_LABELS: dict[Convention, str] = {
    "L": "L: the 1/m enters in `dW` and `db`",
    "J": "J: the 1/m enters in `dAL`",
    "other": "other: the 1/m enters once, elsewhere",
    "mixed": "mixed: the 1/m enters twice, or never",
    "undetermined": "not to be determined",
}

#: The file of a report on live functions: its cells are counted as `In [n]` counts them.
LIVE = "this notebook"
CELLS_FROM_0 = "Cells are counted from 0, text cells too."
NOT_ISOLATED = "Not isolated: this notebook's code ran with your own rights on this machine."


def evidence(diagnosis: Diagnosis) -> str:
    """How sure a diagnosis is, and of what: never more than was run."""
    if diagnosis.evidence == "matched" and diagnosis.misconception in _SEEN_IN_CODE:
        return "Seen in the code, and in what its calls give."
    return EVIDENCE[diagnosis.evidence]


def number(value: float) -> str:
    """A score with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def score(value: float, maximum: float) -> str:
    """`72.5 / 100`."""
    return f"{number(value)} / {number(maximum)}"


def count(items: int, noun: str, plural: str = "") -> str:
    """`1 function`, `3 functions`."""
    return f"{items:,} {noun if items == 1 else plural or noun + 's'}"


def some(items: Sequence[str], most: int) -> str:
    """`a, b, c and 5 more`."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def levels(detail: str) -> tuple[str, ...]:
    """The feedback levels shown at `detail`, in order. ValueError for an unknown one."""
    return LEVELS[: LEVELS.index(detail) + 1]


def feedback(diagnosis: Diagnosis, detail: str) -> Iterator[tuple[str, str]]:
    """(label, sentences) of each level up to `detail` that has words."""
    return levels_of(diagnosis.feedback, detail)


def levels_of(feedback: Feedback, detail: str) -> Iterator[tuple[str, str]]:
    """As `feedback`, of a misconception's words."""
    for level in levels(detail):
        words = getattr(feedback, level)
        if words:
            yield LEVEL_LABELS[level], words


#: So many functions that are not there are told one by one.
_FEW = 2


def verdict(report: Report) -> str:
    """One sentence on the whole submission."""
    if report.status == "ungradable":
        missing = any(problem.code == NO_FILE for problem in report.problems)
        return "There was no notebook to grade." if missing else "This notebook could not be graded."
    passed = sum(function.status == "passed" for function in report.functions)
    total = len(report.functions)
    if passed == total:
        return f"All {count(total, 'function')} passed." if total != 1 else "The function passed."
    return f"{passed} of {count(total, 'function')} passed."


def open_functions(report: Report) -> list[FunctionReport]:
    """The functions that did not pass, in the report's order."""
    return [function for function in report.functions if function.status != "passed"]


def told_functions(report: Report) -> list[FunctionReport]:
    """The open functions that have something of their own to be told: not those of `missing_functions`."""
    return [one for one in open_functions(report) if one.name not in _missing(report)]


def missing_functions(report: Report) -> str:
    """The functions that the notebook does not have, in one sentence; empty where they are few."""
    names = _missing(report)
    if not names:
        return ""
    if len(names) == len(report.functions):
        return f"None of the functions is defined in this notebook: {listed(names)}."
    return f"Not defined in this notebook: {listed(names)}."


def _missing(report: Report) -> list[str]:
    clueless = (one for one in report.functions if not one.notes and one.error is None)
    names = [one.name for one in clueless if one.status == "missing"]
    return names if len(names) > _FEW else []


def right_functions(report: Report) -> str:
    """The functions that are right, in one sentence; empty where all or none are."""
    names = [function.name for function in report.functions if function.status == "passed"]
    return f"Right: {listed(names)}." if 0 < len(names) < len(report.functions) else ""


def convention(report: Report) -> str:
    """Where the 1/m enters, in one sentence; empty where that is not known or a note says it already."""
    told = any(note.code.endswith("convention") for note in report.notes)
    return "" if told else CONVENTION[report.convention]


def counting(report: Report) -> str:
    """How cells are counted, where the report names a cell."""
    if report.submission.file == LIVE:
        return ""
    places: list[Location | ErrorReport | Problem | None] = list(problems(report))
    for function in report.functions:
        places += [*(one.location for one in function.diagnoses), function.error]
    return CELLS_FROM_0 if any(one and place(one, report).startswith("cell") for one in places) else ""


def file_name(report: Report) -> str:
    """The file's own name, without the folders and archives of whoever collected it."""
    return report.submission.file.rsplit("/", 1)[-1]


def notes(report: Report) -> list[str]:
    """The report's remarks, then those on single functions with the functions in front; each is told once."""
    general = list(dict.fromkeys(note.message for note in report.notes))
    about: dict[str, list[str]] = {}
    for function in report.functions:
        for note in function.notes:
            about.setdefault(note.message, []).append(function.name)
    return general + [
        f"{listed(_distinct(names))}: {message}" for message, names in about.items() if message not in general
    ]


def _distinct(items: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(items))


def headlines(function: FunctionReport) -> list[str]:
    """The function and the fact, one for each diagnosis; one that describes where there is none."""
    name = code(function.name)
    facts = [title(diagnosis) for diagnosis in function.diagnoses]
    return [f"{name}: {item.removeprefix(name + ': ')}" for item in facts] or [
        _headline(name, fact(function))
    ]


def _headline(name: str, fact: str) -> str:
    """A fact that starts with a verb goes on the sentence that the name begins."""
    return f"{name} {fact}" if fact.split(maxsplit=1)[0] in _PREDICATES else f"{name}: {fact}"


_PREDICATES = ("is", "stands", "stopped", "stops", "takes", "took")


def title(diagnosis: Diagnosis) -> str:
    """The diagnosis's fact; one that is not sure says so."""
    return f"suspected: {diagnosis.title}" if diagnosis.evidence == "suspected" else diagnosis.title


def fact(function: FunctionReport) -> str:
    """What is the case with a function that did not pass and has no diagnosis."""
    if function.status == "failed" and function.error is not None:
        return f"stops with {code(function.error.type)} on some inputs"
    if _right_alone(function):
        return "is right when it is called alone, and not where it is used"
    if function.status == "failed":
        if _all_details(function, _STOPS):  # it is right where it comes to an end
            return "stops with an error on some inputs"
        return _failed_fact([one.name for one in function.components if one.status == "failed"])
    if function.status == "error" and function.error is not None:
        return _error_fact(function.error)
    return _FACTS[function.status]


def _error_fact(error: ErrorReport) -> str:
    if error.type == "SyntaxError":
        newer = _NEWER_PYTHON.match(error.message)
        return f"stands in a cell that {newer[0] if newer else 'Python'} cannot read"
    if error.message.startswith(_CALLED_AS):
        return "takes other parameters than it is called with"
    return f"stopped with {code(error.type)}"


_FACTS: dict[Status, str] = {
    "passed": "all tests passed",
    "failed": "the result differs from the expected one",
    "error": "stopped with an error during the tests",
    "timeout": "took longer than its time limit",
    "missing": "is not defined in this notebook",
    "not-implemented": "is not finished: it still has blanks of the template",
}


def _right_alone(function: FunctionReport) -> bool:
    """Whether nothing is wrong with what the function returns, but with what it does to its caller."""
    return _all_details(function, _ALONE)


def _all_details(function: FunctionReport, begin: str) -> bool:
    details = [component.detail for component in function.components if component.status == "failed"]
    return bool(details) and all(re.match(begin, detail) for detail in details)


def _failed_fact(names: Sequence[str]) -> str:
    if not names:
        return _FACTS["failed"]
    return f"{listed(names)} {'differs' if len(names) == 1 else 'differ'} from the expected values"


def right(function: FunctionReport) -> str:
    """What is right, in one sentence; empty where nothing is."""
    names = [component.name for component in function.components if component.status == "passed"]
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} right." if names else ""


def wrong(function: FunctionReport) -> list[str]:
    """One line for each thing to say about failed components; those with the same are told together."""
    if function.status == "timeout":
        return []
    about: dict[str, list[str]] = {}
    for component in function.components:
        detail = component.detail.strip().rstrip(".")
        if component.status == "failed" and detail:
            about.setdefault(detail, []).append(component.name)
    return [line for detail, names in about.items() for line in _about(names, detail)]


def sections(function: FunctionReport) -> list[tuple[str, list[str], Diagnosis | None]]:
    """Headline, what is wrong, and diagnosis: one section for each diagnosis, one in all where there is none."""
    told = function.diagnoses or (None,)
    return list(zip(headlines(function), _wrong_by_headline(function), told, strict=True))


def _wrong_by_headline(function: FunctionReport) -> list[list[str]]:
    """The lines of `wrong` under the headline of the first diagnosis of their components; what none is about, under
    the first."""
    first: dict[str, int] = {}
    for number, diagnosis in enumerate(function.diagnoses):
        for name in diagnosis.components:
            first.setdefault(name, number)
    parts = (
        tuple(one for one in function.components if first.get(one.name, 0) == number)
        for number in range(max(1, len(function.diagnoses)))
    )
    return [wrong(replace(function, components=part)) for part in parts]


_VERBS = ("is", "has", "was", "differs", "are", "have", "were", "differ")


def _about(names: Sequence[str], detail: str) -> list[str]:
    """A detail that starts with a verb goes on the sentence that each name begins."""
    if detail.split(maxsplit=1)[0] in _VERBS:
        return [f"{code(name)} {detail}." for name in names]
    return [f"{listed(names)}: {detail}."]


def unexplained(function: FunctionReport) -> bool:
    """Whether the function gave wrong numbers that no known mistake explains."""
    undiagnosed = function.status == "failed" and not function.diagnoses and function.error is None
    return undiagnosed and not _right_alone(function)


OWN_ERROR = "Your code stopped with this error"
_CLUES = {
    "misspelt-name": "A clue",
    "not-at-top-level": "A clue",
    "not-implemented": "Left open",
    "loop-left-empty": "Left open",
}
_OTHER_ERRORS = {"SyntaxError": "The error", "TimeoutError": "Your code was stopped", **_CLUES}
PRINTED = "It printed"
NO_KNOWN_MISTAKE = "No known mistake fits these numbers, so this only says what differs."


def place(location: Location | ErrorReport | Problem, report: Report | None) -> str:
    """`cell 23, line 7`, in a script the file's `line 91`; empty where neither is known."""
    if location.cell is None:
        return ""
    if report and (above := report.lines_above.get(location.cell)) is not None:
        return f"line {above + (location.line or 1)}"
    return f"cell {location.cell}" + (f", line {location.line}" if location.line is not None else "")


def plain_error(error: ErrorReport) -> bool:
    """Whether the error's message is our sentence, to be read without Python's name for it."""
    ours = error.message.startswith(_OUR_ERRORS) or _NEWER_PYTHON.match(error.message)
    return error.type in _CLUES or bool(ours)


#: What a newer Python reads names the one that grades.
_NEWER_PYTHON = re.compile(r"Python 3\.\d+(?= cannot read this )")
_ALONE = "Right when the function is called alone"
_STOPS = "The function stops with an error on some inputs[;.]"
_CALLED_AS = "It is called as "
_OUR_ERRORS = ("Python cannot read this ", "The function did not ", "The function that begins", _CALLED_AS)


def own_error(error: ErrorReport) -> str:
    """What stands in front of the student's own error."""
    if error.message.startswith(_CALLED_AS):
        return "Its parameters"
    return _OTHER_ERRORS.get(error.type, OWN_ERROR)


def problems(report: Report) -> list[Problem]:
    """The notebook's problems, without those that a function is shown with already."""
    told = {error.message for function in report.functions if (error := function.error) is not None}
    return [problem for problem in report.problems if problem.message not in told]


def problem(problem: Problem, report: Report | None = None) -> str:
    """The message, with its place in front where that is known."""
    message = problem.message
    if problem.cell is not None:
        return f"{place(problem, report)}: {message}"
    return message[0].upper() + message[1:] if message.startswith(("the ", "this ")) else message


def error(error: ErrorReport) -> str:
    """The student's own error, as Python's last line has it."""
    return f"{error.type}: {error.message}" if error.message else error.type


def credit(diagnosis: Diagnosis, function: FunctionReport) -> str:
    """The share of the marks that is kept, for the parts where no other diagnosis leaves less; empty for none."""
    sure = [other for other in function.diagnoses if other.evidence != "suspected"]
    if diagnosis not in sure or diagnosis.credit <= 0:
        return ""
    lower = {name for other in sure if other.credit < diagnosis.credit for name in other.components}
    parts = [name for name in diagnosis.components if name not in lower]
    return f"{number(100 * diagnosis.credit)} % of the marks for {listed(parts)} kept." if parts else ""
