"""Misconceptions that no edit of the reference describes: they show in the source or in how a call ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from grader.diagnose.finding import Finding
from grader.diagnose.labels import of_two_classes
from grader.diagnose.proof import NOT_IMPLEMENTED
from grader.diagnose.template import code_lines, depth, empty_block, empty_loop
from grader.judge.compare import as_array
from grader.judge.components import split
from grader.model import Definition, GlobalRead, Location, Opaque, Outcome, Raised, Value
from grader.rubric.schema import Misconception, Rubric

RETURNS_NONE = "returns-none"
USES_GLOBAL = "uses-global"
LOOP_LEFT_EMPTY = "loop-left-empty"


_SIZE = re.compile(r"(?:m|M|n|N|\w*(?:examples|samples|batch|size))\Z")
_SET_TO_NONE = re.compile(r"[ \t]+(\w+(?:\[[\"'\w]+\])?)[ \t]*=[ \t]*None[ \t]*(?:#.*)?")
_NOTHING = ("...", "return None", "return ...", "return NotImplemented")
_DOCSTRING = re.compile(r'"""[^"]*"""|\'\'\'[^\']*\'\'\'')
#: A branch for one kind alone: what it leaves to do is not the one that stands for all others.
_ONE_KIND = re.compile(r"\s*(?:(?:el)?if\b[^!]*==|case\s+(?!_\s*:))")
_BRANCH = re.compile(r"\s*(?:if|elif|else|for|while|try|except|finally|with|match|case)\b")
#: The head of a function; of one over several lines, the last.
_HEAD = re.compile(r"\s*(?:(?:async\s+)?def\b|\))")
#: `A_prev, W, b = cache` and `[Z] = ctx.saved`: names and commas, then one name.
_TAKES_APART = re.compile(r"[ \t]+[\[(]?\w[\w, *]*[\])]?[ \t]*=[ \t]*\w[\w.]*[ \t]*(?:#.*)?$")
_MOST_LINES, _LONGEST_LINE = 150, 300
_MOST_ARRAYS = 60
#: Of places, where student code that sees hidden inputs can choose which one is told.
_MOST_CHOICES = 12


def named_by_status(finding: Finding, rubric: Rubric, definitions: Sequence[Definition]) -> Finding:
    """The finding with `returns-none`, `not-implemented` or `uses-global` where how the calls end says so."""
    observed = finding.observed
    if observed is None or not finding.failed or finding.named:
        return finding
    values = [outcome.value for outcome in observed.outcomes if outcome.status == "value"]
    blank = _blank_at_end(finding, definitions) if values and all(map(_stands_for_nothing, values)) else None
    if blank is not None or values and all(value is None for value in values):
        name = RETURNS_NONE if blank is None else NOT_IMPLEMENTED
        if name in rubric.misconceptions:
            place = blank or _end(finding, definitions)
            places = {} if place is None else {name: place}
            return replace(finding, named={name: finding.failed}, places=places)
    if (left := _left_to_do(finding, definitions)) is not None and NOT_IMPLEMENTED in rubric.misconceptions:
        named = {NOT_IMPLEMENTED: finding.failed}
        return replace(finding, named=named, places={NOT_IMPLEMENTED: left})
    read = _stopped_at(finding) or _stopped_before(finding) or _stale(finding)
    empty = _empty_loop(finding, definitions) if LOOP_LEFT_EMPTY in rubric.misconceptions else None
    if empty is not None and (read is None or (read.cell, read.line) > (empty.cell, empty.line)):
        return _left_empty(finding, empty)  # which would have made what is read below it
    if read is not None and USES_GLOBAL in rubric.misconceptions:
        where = Location(read.cell, read.line, "")
        return replace(finding, named={USES_GLOBAL: finding.failed}, places={USES_GLOBAL: where})
    return finding


def _left_empty(finding: Finding, where: Location) -> Finding:
    named, places = {LOOP_LEFT_EMPTY: finding.failed}, {LOOP_LEFT_EMPTY: where}
    return replace(finding, named=named, places=places, explanation=None)


def unfinished(finding: Finding, rubric: Rubric, definitions: Sequence[Definition]) -> Finding:
    """The finding with one name, `not-implemented`, where several say what is wrong, and a block of the template is
    empty; or where all is missing, and a line is a `pass`. One, `loop-left-empty`, where all is missing and a loop is."""
    if finding.named and all(rubric.misconceptions[name].absent for name in finding.named):
        empty = _empty_loop(finding, definitions) if LOOP_LEFT_EMPTY in rubric.misconceptions else None
        if empty is not None:
            return _left_empty(finding, empty)
    if len(finding.named) < 2 or NOT_IMPLEMENTED not in rubric.misconceptions:
        return finding
    blocks = ((made, empty_block(made.source)) for made in _own(finding, definitions))
    where = next((Location(made.cell, made.line + at, "") for made, at in blocks if at is not None), None)
    if where is None and all(rubric.misconceptions[name].absent for name in finding.named):
        where = _first_pass(finding, definitions)
    if where is None:
        return finding
    named, places = {NOT_IMPLEMENTED: finding.failed}, {NOT_IMPLEMENTED: where}
    return replace(finding, named=named, places=places, explanation=None)


def _first_pass(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    for made in (definitions[index] for index in finding.facts.needs):
        for number, line in enumerate(made.source.split("\n")):
            if made.kind == "function" and line.split("#")[0].strip() == "pass":
                return Location(made.cell, made.line + number, "")
    return None


def _blank_at_end(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    """`cost = None` with `return cost` below it and no other value; `...` or `return None` where a value should be
    returned: a blank.

    The text is looked at, line by line: student source is parsed in workers only.
    """
    for made in _own(finding, definitions):
        lines = made.source.split("\n")
        if len(lines) > _MOST_LINES or max(map(len, lines)) > _LONGEST_LINE:
            return None  # no template's, and the search below takes the square of it
        code = code_lines(lines)
        if code and lines[code[-1]].split("#")[0].strip() in _NOTHING:
            return Location(made.cell, made.line + code[-1], "")
        for i in code:
            blank = _SET_TO_NONE.fullmatch(lines[i])
            if blank and _returned_as_set(blank[1], [lines[at] for at in code if at > i]):
                return Location(made.cell, made.line + i, "")
    return None


def ends_with_pass(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    """The `pass` with which the function ends."""
    for made in _own(finding, definitions):
        lines = made.source.split("\n")
        code = code_lines(lines)
        if code and lines[code[-1]].split("#")[0].strip() == "pass":
            return Location(made.cell, made.line + code[-1], lines[code[-1]].strip())
    return None


def _empty_loop(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    """The `pass` that is all of a loop, as the template left it."""
    for made in _own(finding, definitions):
        if (at := empty_loop(made.source)) is not None:
            return Location(made.cell, made.line + at, "pass")
    return None


def _left_to_do(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    """The `raise NotImplementedError` that is all of a function, where every call that gave no value met it."""
    stops = _stops(finding)
    kinds = {None if one is None else one.type for one in stops}
    places = {(one.cell, one.line) for one in stops if one is not None}
    candidates = sum(made.source.count("NotImplementedError") for made in definitions)
    if kinds != {"NotImplementedError"} or len(places) != 1 or candidates > _MOST_CHOICES:
        return None
    cell, line = places.pop()
    for made in definitions:
        lines = made.source.split("\n")
        at = -1 if line is None else line - made.line
        if made.cell == cell and 0 <= at < len(lines) and _is_all_that_is_done(lines[:at], lines[at]):
            return Location(made.cell, made.line + at, lines[at].strip())
    return None


def _is_all_that_is_done(above: Sequence[str], line: str) -> bool:
    """Whether a `raise` is all of a body, or of the branch for one kind, or what a function always comes to."""
    return _begins_a_body(above) or _is_always_met(above, line)


def _is_always_met(above: Sequence[str], line: str) -> bool:
    """Whether the line stands in no block but that of its function."""
    around = (one for one in reversed(above) if one.strip() and depth(one) < depth(line))
    return _HEAD.match(next(around, "")) is not None


def _begins_a_body(above: Sequence[str]) -> bool:
    """Whether nothing but the head of a function, its docstring and what takes arguments apart stands above, or what
    asks for one kind of activation."""
    if len(above) > _MOST_LINES or max(map(len, above), default=0) > _LONGEST_LINE:
        return False
    text = _DOCSTRING.sub("", "\n".join(above))
    lines = text.split("\n")
    code = code_lines(lines)
    while code and _TAKES_APART.match(lines[code[-1]]):
        code.pop()
    head = lines[code[-1]].rstrip() if code else ""
    return head.endswith(":") and (_ONE_KIND.match(head) is not None or not _BRANCH.match(head))


def _own(finding: Finding, definitions: Sequence[Definition]) -> Iterator[Definition]:
    """The function's own definition."""
    where = finding.facts.cell, finding.spec.name
    return (made for made in definitions if (made.cell, *made.binds[:1]) == where)


def _end(finding: Finding, definitions: Sequence[Definition]) -> Location | None:
    """The last line of the function, below which its return is missing."""
    made = next((one for one in _own(finding, definitions) if one.kind == "function"), None)
    code = code_lines(made.source.split("\n")) if made else []
    return Location(made.cell, made.line + code[-1], "") if made and code else None


def _returned_as_set(name: str, below: Sequence[str]) -> bool:
    """Whether a name is returned that gets no other value; `cost = np.squeeze(cost)` gives it none."""
    word = rf"(?<!\w){re.escape(name)}(?!\w)"
    code = [line.split("#")[0] for line in below]
    values = (found[1] for line in code if (found := re.search(rf"{word}[^=]*(?<![=!<>])=(?!=)(.*)", line)))
    changed = any(not re.search(word, value) for value in values)
    return not changed and any(re.search(rf"\breturn\b.*{word}", line) for line in code)


def with_lines(finding: Finding, definitions: Sequence[Definition]) -> Finding:
    """The finding with the notebook's definitions, and the source line at each place known by number only."""
    places = {name: _with_line(place, definitions) for name, place in finding.places.items()}
    return replace(finding, places=places, notebook=tuple(definitions))


def _with_line(place: Location, definitions: Sequence[Definition]) -> Location:
    for made in definitions:
        lines = made.source.split("\n")
        if made.cell == place.cell and 0 <= place.line - made.line < len(lines):
            return replace(place, source=lines[place.line - made.line].strip()[:200])
    return place


def likely(finding: Finding, rubric: Rubric, near: Sequence[Misconception]) -> list[Misconception]:
    """The near misses; before them `returns-none` where something is `None`, and `uses-global` where a notebook
    variable is read for certain, else after them."""
    nothing = _known(RETURNS_NONE, rubric) if _meets_nothing(finding) else []
    outside = _known(USES_GLOBAL, rubric)
    return [*nothing, *outside, *near] if _variables(finding) else [*nothing, *near, *outside]


def _known(name: str, rubric: Rubric) -> list[Misconception]:
    return [rubric.misconceptions[name]] if name in rubric.misconceptions else []


def _meets_nothing(finding: Finding) -> bool:
    """Whether a failing component is `None`, or an error complains of a `None`."""
    stops = (raised for raised in _stops(finding) if raised is not None)
    parts = finding.observed.parts if finding.observed else ()
    nothing = any(_holds_nothing(one[name]) for one in parts for name in finding.failed)
    return nothing or any(word in raised.message for raised in stops for word in ("NoneType", "is `None`"))


def _holds_nothing(part: Value) -> bool:
    return part is None or isinstance(part, dict) and any(value is None for value in part.values())


def left_open(finding: Finding, index: int, outcome: Outcome) -> bool:
    """Whether a call still fails as it did when nothing was in the blank: by `None`, or with the same error."""
    if outcome.status != "value":
        before = finding.observed.outcomes[index].raised if finding.observed else None
        now = outcome.raised
        return (
            before is not None
            and now is not None
            and (before.type, before.message) == (now.type, now.message)
        )
    parts = split(finding.spec, outcome)
    return _has_open_entry(finding, outcome.value) or any(_is_nothing(parts[name]) for name in finding.failed)


def _has_open_entry(finding: Finding, value: Value) -> bool:
    """Whether an entry of a failing component is `None` beside others that are not: `W1` is, and `W2` is not."""
    entries = value.items() if isinstance(value, dict) else ()
    prefixes = tuple(str(finding.spec.returns[name]) for name in finding.failed)
    return any(
        _stands_for_nothing(item) and isinstance(key, str) and key.startswith(prefixes)
        for key, item in entries
    )


def is_set_to_none(line: str) -> bool:
    """`dA_prev, dW, db = None, None, None`."""
    return re.fullmatch(r"[\w, ]+=[ \t]*None(?:,[ \t]*None)*[ \t]*(?:#.*)?", line) is not None


def may_have_blanks(definitions: Sequence[Definition]) -> bool:
    """Whether there is anything in the source that a template leaves for a blank."""
    return any(
        word in made.source for made in definitions for word in ("None", "pass", "...", "NotImplemented")
    )


def without_value(finding: Finding) -> tuple[str, ...]:
    """The failing components that are `None` on some call; all of them where there are no values."""
    parts = finding.observed.parts if finding.observed else ()
    return (
        tuple(name for name in finding.failed if any(_is_nothing(one[name]) for one in parts))
        or finding.failed
    )


def _is_nothing(part: Value) -> bool:
    """`None`, or a dictionary of nothing else."""
    return (
        _stands_for_nothing(part) or isinstance(part, dict) and all(map(_stands_for_nothing, part.values()))
    )


def _stands_for_nothing(value: Value) -> bool:
    """`None`, and what some write instead: `...` and `NotImplemented`."""
    return value is None or isinstance(value, Opaque) and value.type in ("ellipsis", "NotImplementedType")


def _stopped_at(finding: Finding) -> GlobalRead | None:
    """The doubtful read at which every call that gave no value stopped with a NameError.

    Which name it was is the student code's to say, of hidden inputs: with many to choose from, it is the first.
    """
    names = {raised.name if raised and raised.type == "NameError" else None for raised in _stops(finding)}
    name = names.pop() if len(names) == 1 else None
    reads = {read.name: read for read in reversed(_variables(finding))}
    if len(reads) > _MOST_CHOICES and name in reads:
        return _variables(finding)[0]
    return reads.get(name) if name else None


def _stopped_before(finding: Finding) -> GlobalRead | None:
    """The first notebook variable read, where every call failed because its value cannot be made."""
    places = {(raised.cell, raised.line) if raised else None for raised in _stops(finding)}
    values = [d for d in finding.variables if any(place == (d.cell, d.line) for place in places)]
    return next(iter(_variables(finding)), None) if len(places) == 1 and values else None


def _stale(finding: Finding) -> GlobalRead | None:
    """The first notebook variable read, where a wrong output holds the same array whatever the inputs, or what
    stands in for a value that cannot be made in grading."""
    if not _variables(finding) or finding.observed is None or len(finding.observed.valued) < 3:
        return None
    observed = finding.observed
    if all(any(_not_made(observed.parts[i][name]) for name in finding.failed) for i in observed.valued):
        return _variables(finding)[0]
    held = [
        {
            _key(array)
            for name in finding.failed
            for array in islice(_arrays(observed.parts[i][name]), _MOST_ARRAYS)
        }
        for i in observed.valued
    ]
    return _variables(finding)[0] if set.intersection(*held) else None


def _not_made(value: Value) -> bool:
    """Whether a value is, or holds, what the worker puts in place of one that it cannot make."""
    if isinstance(value, tuple | list):
        return any(map(_not_made, value))
    return isinstance(value, Opaque) and value.type == "Placeholder"


def _arrays(value: Value) -> Iterator[NDArray[Any]]:
    """The arrays of more than one entry in a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            yield from _arrays(item)
    else:
        array = as_array(value)
        if array is not None and array.size > 1 and array.max() > array.min():
            yield array


def _key(array: NDArray[Any]) -> tuple[tuple[int, ...], bytes]:
    """Equal for equal arrays."""
    return array.shape, (array.astype(float) + 0.0).tobytes()


def _stops(finding: Finding) -> list[Raised | None]:
    outcomes = of_two_classes(finding.observed).outcomes if finding.observed else ()
    return [outcome.raised for outcome in outcomes if outcome.status != "value"]


def is_slip(finding: Finding, where: Location) -> bool:
    """Whether this line reads a name that nothing makes: no notebook variable, but a slip of the pen. A number of
    examples is none, for the notebook may have lost the cell that made it."""
    return any(
        read.kind == "undefined"
        and not _SIZE.match(read.name)
        and (read.cell, read.line) == (where.cell, where.line)
        for read in finding.facts.reads
    )


def reads_variables(finding: Finding) -> bool:
    """Whether the function reads variables of the notebook."""
    return bool(_variables(finding))


def variables_at(finding: Finding, where: Location) -> list[str]:
    """The notebook variables that this line reads."""
    return [read.name for read in _variables(finding) if (read.cell, read.line) == (where.cell, where.line)]


def reads_less(before: str, after: str, name: str) -> bool:
    """Whether a source names something less often than another one."""
    word = rf"(?<!\w){re.escape(name)}(?!\w)"
    return len(re.findall(word, after)) < len(re.findall(word, before))


def _variables(finding: Finding) -> list[GlobalRead]:
    """Reads of notebook variables. A name that is assigned nowhere may be a slip of the pen."""
    return [read for read in finding.facts.reads if read.kind == "variable"]
