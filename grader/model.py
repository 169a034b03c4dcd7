"""The frozen values that pass between the stages. Imports nothing of ours.

    notebook bytes ─▶ Extraction ─┐
    Rubric ─▶ Plan (Calls) ───────┴─▶ run ─▶ Outcomes ─▶ Verdicts ─▶ Diagnoses ─▶ Report

Shapes follow the course: examples are columns, so A is (n, m), W is (n, n_prev), b is (n, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")

#: What crosses the wall to student code and back: None, bool, int, float, complex, str, list, tuple,
#: dict, numpy scalars and numeric numpy arrays, nested. The worker's codec defines it exactly.
Value = Any

# ------------------------------------------------------------------------------------- the notebook


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell. `index` counts all kinds of cell from 0, as a viewer would; `above`: lines of a script above it."""

    index: int
    source: str
    above: int | None = None


#: Codes of a Problem: one that is the grader's own fault, and a submission that holds no notebook at all.
INTERNAL_ERROR, NO_FILE = "internal-error", "no-file"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the submission's file or one of its cells, in words for a person."""

    code: str
    message: str
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that costs nothing: `j-convention`, `stale-assertion`, `follows-on` …"""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """What was read of a submitted file: its code cells only."""

    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A top-level statement that student functions need, ready to be executed.

    `source` is its text, dedented, magics neutralised, from `line` (from 1) of cell `cell` on; `binds` are its names.
    """

    binds: tuple[str, ...]
    source: str
    cell: int
    line: int
    kind: Literal["function", "class", "import", "value"]


@dataclass(frozen=True, slots=True)
class GlobalRead:
    """A read, inside a function, of a name that is neither local nor a definition or an import: of a `variable`,
    assigned at the notebook's top level to data, or of one that is `undefined`, assigned nowhere."""

    name: str
    cell: int
    line: int
    kind: Literal["variable", "undefined"]


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What reading alone tells of one requested function."""

    name: str
    status: Literal["defined", "missing", "syntax-error", "not-implemented"]
    cell: int | None = None
    line: int | None = None
    end_line: int | None = None
    needs: tuple[int, ...] = ()
    """Indices into `Extraction.definitions`, in execution order, the function's own included."""
    reads: tuple[GlobalRead, ...] = ()
    """Doubtful reads of this function and of the helpers it reaches."""
    problem: Problem | None = None
    parameters: str | None = None
    """As its definition has them, `AL, Y, m=…`; None where it is no plain function."""
    looked_up: tuple[str, ...] = ()
    """With which letters the keys begin that it looks up, it or a helper: `dA` of `grads["dA1"]`."""
    gives: int = 0
    """How many values its `return` lists, `return A, Z`; 0 where its form does not tell."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The part of a notebook that can matter: definitions in execution order, and facts by function."""

    definitions: tuple[Definition, ...]
    functions: Mapping[str, FunctionFacts]
    problems: tuple[Problem, ...] = ()
    spare: tuple[Definition, ...] = ()
    """Functions that nothing graded uses, with what they need: what may have been meant instead."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A course helper module that the rubric serves: glob patterns of its name, and what it offers."""

    modules: tuple[str, ...]
    offers: tuple[str, ...]


# ------------------------------------------------------------------------------------------ running


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for (a part of) the result of an earlier step of the same call, kept inside the worker."""

    step: int
    path: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a student function, by position. Arguments may hold `Ref`s, nested."""

    function: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One observation: run the steps in order; the last step's result is what is observed.

    `function` is the function under test, `bind` the names replaced by right helpers while it runs
    (calls back to the grader, in the given `convention`); `bind=()` is a call in place.
    `seed` seeds numpy's and random's global generators before the first step.
    """

    id: str
    function: str
    steps: tuple[Step, ...]
    bind: tuple[str, ...] = ()
    convention: Literal["L", "J"] = "L"
    seed: int | None = None
    public: bool = False
    watch: bool = False
    """Also report which arguments of the last step were changed, and whether a second run differs."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of student code. The text is the student's to control: never show it for hidden calls."""

    type: str
    message: str
    cell: int | None = None
    line: int | None = None
    name: str | None = None
    """For a NameError, the name."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Stands, inside a decoded value, for an object that the codec does not carry (a student's class …)."""

    type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call gave."""

    call: str
    status: Literal["value", "raised", "timeout", "crashed", "protocol", "not-run"]
    value: Value = None
    raised: Raised | None = None
    stdout: str = ""
    changed_args: tuple[int, ...] = ()
    differs_on_second_run: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What is executed before the calls: definitions in order, plus the course modules served."""

    definitions: tuple[Definition, ...]
    stand_ins: tuple[StandIn, ...] = ()
    strip_asserts: bool = False
    """Compile function bodies without their assert statements."""
    handed_out: str = ""
    """Source of right helpers that may be had as code, for nothing here is graded by them."""


@dataclass(frozen=True, slots=True)
class RepairRequest:
    """What a proof wants to try: inverse edits of these families, in this function or what it reaches.

    `replacements`: right formulas with placeholders; `without`: indices of definitions with nothing to mend.
    """

    function: str
    families: tuple[str, ...]
    replacements: tuple[str, ...] = ()
    without: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One inverse edit: the new source of definition number `definition`, the line that it mends, and others."""

    definition: int
    source: str
    cell: int
    line: int
    text: str
    family: str
    also: tuple[Location, ...] = ()


#: A right helper: (name, positional arguments, convention) → value. Raises ValueError for bad arguments.
Helper = Callable[[str, tuple[Value, ...], str], Value]


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which layers were in force."""

    tier: Literal["strong", "seccomp", "none"]
    layers: tuple[str, ...] = ("process",)


#: Asks for the outcomes of a program's calls, again and again, and returns what it found.
Search = Generator[tuple[Program, Sequence[Call]], list[Outcome], T]


class Runner(Protocol):
    """The one impure stage, passed in: the sandbox, the live notebook, or a fake."""

    @property
    def isolation(self) -> Isolation: ...

    @property
    def call_seconds(self) -> float: ...

    def extract(
        self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]
    ) -> Extraction:
        """Parse and extract in a child. A parser crash gives an Extraction with a problem, not an error."""
        ...

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        """Inverse edits of the student's source in execution order, found in a child as `extract` is."""
        ...

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        """One outcome for each call, in order. Never raises for what student code does."""
        ...

    def explore(self, search: Search[T], helper: Helper) -> T:
        """What a search over programs of one student gives: each runs in a fresh namespace, all in one worker
        where that is possible. The search must not use the runner otherwise.
        """
        ...


def follow(search: Search[T], run: Callable[[Program, Sequence[Call]], list[Outcome]]) -> T:
    """Run what a search asks for until it returns, and give what it returns."""
    try:
        job = next(search)
        while True:
            job = search.send(run(*job))
    except StopIteration as end:
        found: T = end.value
        return found


# -------------------------------------------------------------------------------------- the report

Status = Literal["passed", "failed", "error", "timeout", "missing", "not-implemented"]
Evidence = Literal["proved", "matched", "suspected"]
Convention = Literal["L", "J", "other", "mixed", "undetermined"]
Level = Literal["nudge", "explanation", "fix"]
LEVELS: tuple[Level, ...] = ("nudge", "explanation", "fix")


@dataclass(frozen=True, slots=True)
class Feedback:
    """Words at three levels; each adds one thing. Plain text with code in backticks."""

    nudge: str
    explanation: str
    fix: str


@dataclass(frozen=True, slots=True)
class Location:
    """A line of the student's notebook: `cell` from 0, all kinds counted; `line` from 1 in the cell."""

    cell: int
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A misconception found in a function, how sure we are, and the words for it."""

    misconception: str
    components: tuple[str, ...]
    evidence: Evidence
    credit: float
    location: Location | None
    title: str
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class Component:
    """One output of a function. `detail` says in plain words what is wrong; never a hidden value."""

    name: str
    status: Literal["passed", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """The student's own error on public inputs."""

    type: str
    message: str
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionReport:
    name: str
    status: Status
    score: float
    max_score: float
    components: tuple[Component, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    notes: tuple[Note, ...] = ()
    error: ErrorReport | None = None
    stdout: str = ""
    instructor: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RubricStamp:
    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SubmissionStamp:
    id: str
    student: str | None
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result for one submission; `grader.render.json_report` writes and reads it (docs/report.md)."""

    grader_version: str
    rubric: RubricStamp
    submission: SubmissionStamp
    status: Literal["graded", "ungradable"]
    score: float
    max_score: float
    convention: Convention
    isolation: Isolation
    functions: tuple[FunctionReport, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0
    schema: str = "grader/report/v1"
    lines_above: Mapping[int, int] = field(default_factory=dict)  # by cell of a script; not in report.json
