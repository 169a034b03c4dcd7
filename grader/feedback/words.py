"""Diagnoses → words. The words themselves are data, beside each misconception; here they are filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.model import Diagnosis, Evidence, Feedback, Location, Note, Notebook
from grader.rubric.infer import look_alikes
from grader.rubric.schema import Misconception

NOTES = {
    "j-convention": (
        "This notebook keeps to convention J: its `dAL` is the derivative of the cost J, so the 1/m is in it already, and "
        "`dW` and `db` only add up. The course keeps to convention L, where `dAL` has no 1/m, and `dW` and `db` divide. "
        "Both are right, because the derivative of the average is the average of the derivatives: `grader explain l-and-j`."
    ),
    "other-convention": (
        "The 1/m enters exactly once, at another place of the chain than in the course. Each function differs from "
        "the course's on its own, and together they give the right `dW` and `db`: `grader explain l-and-j`."
    ),
    "mixed-convention": ("The conventions are mixed: the 1/m {times}; see `grader explain l-and-j`."),
    "stale-assertion": (
        "An assertion left over from the template rejects a right value. The numbers before it are right, so it does "
        "not count; delete that line."
    ),
    "private-format": (
        "What the notebook's functions hand each other, a cache or a helper's result, has a format of its own. The "
        "functions that write and read it agree on it, and their numbers are right, so it counts as right."
    ),
    "follows-on": (
        "The error in {functions} shows here, too, for both run the same code. It costs nothing a second time."
    ),
    "more-lines": "The error is not in the quoted line alone, but in {lines}, too.",
    "changes-arguments": (
        "The function changes what it is given, {names}: whoever goes on using it finds other numbers there. Work on a copy."
    ),
    "own-derivative": (
        "This is the true derivative of the cost that this notebook's `compute_cost` returns, so it follows from the "
        "error there and keeps its marks."
    ),
    "inferred-rubric": (
        "This may be the assignment {other}: the code has {signs}, as its notebooks have. The rubric {rubric} was "
        "inferred from the names of the functions, which are the same in both. If it is that one: `--rubric {other}`."
    ),
}

#: A sentence that says what is right.
_CLAIM = re.compile(r"\b(right|as it should be|as they should be?|as asked)\b")


def note(code: str, **fields: str) -> Note:
    """A note with its words."""
    return Note(code, NOTES[code].format(**fields))


_TIMES = {0: "never enters", 1: "enters once", 2: "enters twice", 3: "enters three times"}


def mixed(times: tuple[int, int]) -> tuple[Note, ...]:
    """How often the 1/m enters on the way to `dW` and to `db`; nothing for what is no number of times."""
    if not set(times) <= _TIMES.keys():
        return ()
    to_dW, to_db = (_TIMES[number] for number in times)
    way = "on the way to `dW`"
    told = f"{to_dW} {way} and `db`" if to_dW == to_db else f"{to_dW} {way}, and {to_db} on the way to `db`"
    return (note("mixed-convention", times=told),)


def doubts(rubric: str, notebook: Notebook) -> tuple[Note, ...]:
    """What a report says that was made with an inferred rubric: which other one the notebook may be for, and why."""
    return tuple(
        note("inferred-rubric", rubric=rubric, other=other, signs=in_quotes(signs))
        for other, signs in look_alikes(rubric, notebook).items()
    )


def in_quotes(signs: Sequence[str]) -> str:
    """Texts as they stand in code."""
    return " and ".join(f'`"{sign}"`' for sign in signs)


def diagnosis(
    found: Misconception,
    components: Sequence[str],
    evidence: Evidence,
    location: Location | None,
    fields: dict[str, str],
    credit: float | None = None,
    *,
    alone: bool = True,
) -> Diagnosis:
    """A diagnosis with its placeholders filled from what was measured. `alone`: no other is on its components."""
    nudge = found.feedback.nudge if alone else _unclaimed(found.feedback.nudge)
    return Diagnosis(
        misconception=found.id,
        components=tuple(components),
        evidence=evidence,
        credit=found.credit if credit is None else credit,
        location=location,
        title=fill(found.title, fields),
        feedback=Feedback(
            nudge=fill(nudge, fields),
            explanation=fill(found.feedback.explanation, fields),
            fix=fill(found.feedback.fix, fields),
        ),
    )


def _unclaimed(nudge: str) -> str:
    """Without what is right but for this error: another error may have made that wrong too."""
    sentences = re.split(r"(?<=\.)\s+", nudge)
    return " ".join(one for one in sentences if not _CLAIM.search(one)) or nudge


def fill(text: str, fields: dict[str, str]) -> str:
    """Replace `{name}` for the known names only: words may hold braces of code."""
    for name, value in fields.items():
        text = text.replace("{" + name + "}", value)
    return text
