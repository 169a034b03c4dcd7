"""A rubric as frozen values: functions, misconceptions as edits of the reference, words, course modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grader.model import Feedback, StandIn

#: Where a component is found in a result; FunctionSpec says what each form means.
Place = int | str | None | tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One exact substitution in the reference source of `function`; `old` occurs there exactly once."""

    function: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a misconception shows: edits of the reference that are made together.

    `drops` names convention edits that this form takes back (a 1/m left in although the notebook
    keeps to J); such a form exists in that convention only.
    """

    misconception: str
    name: str
    edits: tuple[Edit, ...]
    drops: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.misconception}@{self.name}"


@dataclass(frozen=True, slots=True)
class Misconception:
    """An error that learners make, or (verdict "right") an accepted way to be different.

    `sure` is false for catch-all ids whose numbers do not single them out: they are only suspected.
    `repairs` are the families of inverse edits that a proof may try in the student's source.
    """

    id: str
    title: str
    function: str
    forms: tuple[Form, ...]
    feedback: Feedback
    credit: float = 0.0
    repairs: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    sure: bool = True
    verdict: Literal["wrong", "right"] = "wrong"
    same_text_as: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    decides: Literal["values", "repair", "status"] = "values"
    derivative_of: tuple[str, ...] = ()
    """Wrong costs whose true derivative this wrong dAL is: with one of them, it follows on."""
    one_over_m: int = 0
    """How often too often a 1/m enters, where that is all: a convention of the notebook's may explain it."""
    made_with: str = ""
    """Another misconception that learners often have with this one: a third is looked for beside the two."""
    later: str = ""
    """Of one with the verdict "right": the misconception that it is in a later version of the notebook."""
    absent: bool = False
    """Whether a whole part of the function is not there: several such may be a function that is not written yet."""
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One graded function. `returns` maps each component to where it is found in the result.

    A component's place is a tuple position, `None` for the whole result, or a key prefix: `dW` stands
    for `dW1`, `dW2` … `shifted` are prefixes whose numbers may all be one higher (the 2017 layout). Where
    entries are `counted` (`len(parameters) // 2`), one that is no component is wrong.
    A place that is a tuple is a path: a position, then keys (`0.dw`: key `dw` of the first value), or keys alone
    (`.dw`: key `dw` of the result).
    """

    name: str
    points: float
    parameters: tuple[str, ...]
    returns: Mapping[str, Place]
    weights: Mapping[str, float]
    helpers: tuple[str, ...] = ()
    optional: bool = False
    shifted: tuple[str, ...] = ()
    counted: bool = False
    later: tuple[str, ...] = ()
    """Course modules of later versions of the notebook, in which numbers that are one higher are wrong."""
    later_unless_read: tuple[str, ...] = ()
    """Of versions in which they are wrong unless the function looks its own entries up under such numbers …"""
    earlier: tuple[str, ...] = ()
    """… or the notebook holds one of these texts of a template that asks for them."""
    is_later: bool = False
    """Whether this is the function of such a version."""
    random: bool = False
    private: tuple[str, ...] = ()
    """Components whose format is the student's own business (caches), if their functions agree on it."""
    labels: str = ""
    """The parameter that holds labels of two classes: calls with others help to name an error and never make one."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """Everything that an instructor sets for one assignment, checked."""

    id: str
    version: str
    title: str
    sha256: str
    functions: Mapping[str, FunctionSpec]
    misconceptions: Mapping[str, Misconception]
    conventions: Mapping[str, Mapping[str, Edit]]
    required_convention: str | None
    stand_ins: tuple[StandIn, ...]
    reference: str
    tolerance: float = 1e-5
    total: float = 100.0
    inferable: bool = True
    signs: tuple[str, ...] = ()
    """Of one that is not: texts in quotes by which its notebooks are told from those of an inferable one."""
    detail: str = "fix"
    """The most that a student is shown: nudge, explanation or fix."""
    folder: Path | None = None
    concepts: Mapping[str, str] = field(default_factory=dict)

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The baselines besides L and J: another loss, say, that a notebook may keep to as well."""
        return tuple(name for name in self.conventions if name != "J")

    @property
    def baselines(self) -> tuple[str, ...]:
        """Everything that a notebook may be judged under: L, J, and each with an alternative (`L+squared`)."""
        plain = ("L", *(name for name in self.conventions if name == "J"))
        return (*plain, *(f"{one}+{other}" for other in self.alternatives for one in plain))

    def edits_of(self, baseline: str) -> dict[str, Edit]:
        """The edits, by name, that make the reference one of this baseline; L has none."""
        parts = (self.conventions.get(part, {}) for part in baseline.split("+"))
        return {name: edit for edits in parts for name, edit in edits.items()}

    def forms_in(self, function: str) -> tuple[Form, ...]:
        """The wrong forms of which some edit lies in `function`."""
        return tuple(
            form
            for misconception in self.misconceptions.values()
            for form in misconception.forms
            if misconception.verdict == "wrong" and function in self.functions_of(form)
        )

    def functions_of(self, form: Form) -> frozenset[str]:
        """The functions that a form's edits, or the convention edits that it drops, lie in."""
        dropped = (edits[name] for edits in self.conventions.values() for name in form.drops if name in edits)
        return frozenset(edit.function for edit in (*form.edits, *dropped))
