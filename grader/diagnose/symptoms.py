"""Facts about a wrong function as a whole, for where no misconception explains it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from grader.diagnose.finding import Finding, Spoiled
from grader.diagnose.template import template_blocks
from grader.judge.compare import as_array, compare
from grader.judge.components import split
from grader.judge.verdict import Predict
from grader.model import Call, Definition, GlobalRead, Value
from grader.notebook.neutralise import code_only

PRECISION = 1e-6
_WORD = re.compile(r"[^\W\d]\w*")
_MOST_NAMES, _MOST_CODE = 5, 20_000
#: Of names that are compared, which takes the cube of their length.
_LONGEST_NAME, _MOST_WORDS = 32, 200
#: Calls that show a pattern, and not less.
_BY_CHANCE = 2
_SIGNATURE = re.compile(r"def\s+\w+\s*\((?P<parameters>[^()]*(?:\([^()]*\)[^()]*)*)\)")


def symptoms(finding: Finding, right: Predict) -> Iterator[str]:
    """Sentences, each a measured fact; none shows a value."""
    observed = finding.observed
    if observed is None:
        return
    if finding.spoiled is not None:
        yield _spoiled(finding.spoiled)
        return
    if any(outcome.differs_on_second_run for outcome in observed.outcomes) and not finding.spec.random:
        yield "A second call with the same inputs gives another result: something outside the function is changed."
    if changed := changed_parameters(finding):
        yield _changes(changed)
    yield from _assigned_nowhere(finding)
    yield from _empty_blocks(finding)
    yield from _by_label(finding, right)


def changed_parameters(finding: Finding) -> list[str]:
    """Parameters whose arguments the function changes; a dictionary that it gives back is meant to be changed."""
    observed = finding.observed
    changed: set[str] = set()
    for call, outcome in zip(observed.calls, observed.outcomes, strict=True) if observed else ():
        named = list(zip(finding.spec.parameters, call.steps[-1].args, strict=False))
        for name, given in (named[index] for index in outcome.changed_args if 0 <= index < len(named)):
            if not (isinstance(outcome.value, dict) and isinstance(given, dict)):
                changed.add(name)
    return [name for name in finding.spec.parameters if name in changed]


def _changes(parameters: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in parameters)
    return f"The function changes its own {'argument' if len(parameters) == 1 else 'arguments'} {names}."


def _spoiled(spoiled: Spoiled) -> str:
    told = f"`{spoiled.caller}` is right with a right function in its place, and wrong with this one."
    if not spoiled.changes:
        return told
    why = "An array that is handed over is not copied: the caller goes on using the same one."
    return f"{told} {_changes(spoiled.changes)} {why}"


def unread_parameters(name: str, definitions: Sequence[Definition]) -> list[str]:
    """Parameters of the function that its code never reads, the first few."""
    source = next((made.source for made in reversed(definitions) if name in made.binds), "")
    code = code_only(source)
    found = _SIGNATURE.search(code)
    if found is None:
        return []
    listed = re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"=[^,]*|:[^,=]*", "", found["parameters"]))
    names = [_as_python_reads(word) for word in listed]
    counts = Counter(map(_as_python_reads, _WORD.findall(code)))
    return [one for one in names if counts[one] == 1][:_MOST_NAMES]


def _as_python_reads(word: str) -> str:
    """For Python a name in other letters (`ﬁt`, `𝑊`) is the same as in plain ones."""
    return word if word.isascii() else normalize("NFKC", word)


def _assigned_nowhere(finding: Finding) -> Iterator[str]:
    """Names that the function reads and nothing in the notebook makes, with the one that may be meant."""
    source = next((made.source for made in reversed(finding.notebook) if finding.spec.name in made.binds), "")
    written = map(_as_python_reads, _WORD.findall(code_only(source)[:_MOST_CODE]))
    words = dict.fromkeys(word for word in written if not iskeyword(word))
    words.pop(finding.spec.name, None)
    given = () if finding.in_place else finding.spec.helpers  # right ones stood in their place
    replaced = [made for made in finding.notebook if not set(given).isdisjoint(made.binds)]
    reads = [read for read in finding.facts.reads if not any(_is_in(read, made) for made in replaced)]
    names = dict.fromkeys(read.name for read in reads if read.kind == "undefined")
    for name in [name for name in names if name not in given][:_MOST_NAMES]:
        if name in np.__all__:
            yield f"`{name}` is assigned nowhere in the notebook; numpy's is called `np.{name}`."
            continue
        others = {word.casefold(): word for word in words if word != name and len(word) <= _LONGEST_NAME}
        near = get_close_matches(name[:_LONGEST_NAME].casefold(), [*others][:_MOST_WORDS], n=1, cutoff=0.6)
        meant = f", perhaps `{others[near[0]]}` is meant" if near else ""
        yield f"`{name}` is assigned nowhere in the notebook{meant}."


def _is_in(read: GlobalRead, made: Definition) -> bool:
    return read.cell == made.cell and 0 <= read.line - made.line <= made.source.count("\n")


def _empty_blocks(finding: Finding) -> Iterator[str]:
    """Which of the template's blocks for code hold none, where others do."""
    source = next((made.source for made in reversed(finding.notebook) if finding.spec.name in made.binds), "")
    blocks = [lines for _, lines in template_blocks(source)]
    for number, written in enumerate(blocks[:_MOST_NAMES], 1):
        if not written and any(blocks):
            yield f"The template's block {number} of {len(blocks)} for your code is empty."


def _by_label(finding: Finding, right: Predict) -> Iterator[str]:
    """Right for the examples of one label, wrong for those of the other. One call alone may look so by chance."""
    seen = [made for made in _right_by_label(finding, right) if made != {(True, True)}]
    if len(seen) >= _BY_CHANCE and all(made <= {(False, True), (True, True)} for made in seen):
        yield "It is right for the examples with label 1, and wrong for those with label 0."
    elif len(seen) >= _BY_CHANCE and all(made <= {(True, False), (True, True)} for made in seen):
        yield "It is right for the examples with label 0, and wrong for those with label 1."


def _right_by_label(finding: Finding, right: Predict) -> Iterator[set[tuple[bool, bool]]]:
    """For each call, of its arrays with one column an example: whether they are right where the label is 0, and
    where it is 1."""
    observed = finding.observed
    if observed is None:
        return
    for index in observed.valued:
        labels, expected = _labels(observed.calls[index]), right(observed.calls[index])
        if labels is None or expected is None or expected.status != "value":
            continue
        wanted = split(finding.spec, expected)
        arrays = (
            pair
            for name in finding.failed
            for pair in _columns(wanted[name], observed.parts[index][name], labels.size)
        )
        if made := {(_same(*pair, labels == 0), _same(*pair, labels == 1)) for pair in arrays}:
            yield made


def _same(one: NDArray[Any], other: NDArray[Any], columns: NDArray[Any]) -> bool:
    return compare(one[:, columns], other[:, columns], PRECISION) is None


def _labels(call: Call) -> NDArray[Any] | None:
    """The labels (m,) of a call that has any of both kinds."""
    for arg in call.steps[-1].args:
        if (
            isinstance(arg, np.ndarray)
            and arg.ndim == 2
            and arg.shape[0] == 1
            and set(np.unique(arg)) == {0.0, 1.0}
        ):
            return arg.ravel()
    return None


def _columns(wanted: Value, found: Value, m: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Pairs of arrays with one column for each example."""
    if isinstance(wanted, dict):
        for key, item in wanted.items():
            if isinstance(found, dict) and key in found:
                yield from _columns(item, found[key], m)
        return
    right, got = as_array(wanted), as_array(found)
    if (
        right is not None
        and got is not None
        and right.shape == got.shape
        and right.ndim == 2
        and right.shape[1] == m
    ):
        yield right, got
