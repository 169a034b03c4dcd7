"""A rubric → a student pack: public calls with right and wrong answers as plain data, no reference code.

Its calls have seeds of their own, so that nothing in a pack tells the inputs that a class is graded on. A
pack is loaded by `grader.rubric.pack_plan`; its bytes are described in `grader.rubric.pack_file`.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.model import Call, Value
from grader.references.suite import Suite
from grader.rubric import pack_answers, pack_file, pack_words
from grader.rubric.oracle import ReferenceOracle
from grader.rubric.pack_answers import Key, Row, TableMaker, merged
from grader.rubric.reference import input_maker
from grader.rubric.schema import Form, Rubric
from grader.version import grader_version
from grader.worker.codec import TEXT_CAPS, encode

#: As many second calls of a function as an explanation is verified on.
SECOND_CALLS = 4
#: Functions with more forms get the pairs of their own forms only.
MANY_FORMS = 110
FRESH = "fresh:"


def pack(rubric: Rubric, *, seed: int | None = None) -> bytes:
    """The pack of a rubric. The same seed gives the same pack; left out, the seed is drawn."""
    base = secrets.randbelow(2**64) if seed is None else seed
    oracle = ReferenceOracle(rubric)
    make_suite = input_maker(rubric.reference, rubric.folder)
    first, second = (make_suite(oracle.functions(), _seed(base, use)) for use in ("first", "second"))
    suites = {"first": first, "second": _second(second)}
    answers = {
        call.id: _blob(Answers(oracle, call, pairs=pairs).tree())
        for suite in suites.values()
        for call, pairs in _calls(suite)
    }
    trees = {name: suite_tree(suite) for name, suite in suites.items()}
    return pack_file.to_bytes((pack_words.to_text(rubric, grader_version()), trees, answers))


def _seed(base: int, use: str) -> int:
    """Never the seed itself, with which a class may be graded."""
    return int.from_bytes(hashlib.sha256(f"student pack, {use} calls, {base}".encode()).digest()[:6], "big")


def _second(suite: Suite) -> Suite:
    """The calls on which an explanation is verified, under ids of their own."""
    return Suite(_renamed(suite.isolated), _renamed(suite.in_place))


def _renamed(calls: Mapping[str, Sequence[Call]]) -> dict[str, tuple[Call, ...]]:
    return {
        name: tuple(replace(call, id=FRESH + call.id) for call in made[:SECOND_CALLS])
        for name, made in calls.items()
    }


def _calls(suite: Suite) -> Iterator[tuple[Call, bool]]:
    """All calls of a suite, and whether pairs of misconceptions are looked for on them."""
    for group, pairs in ((suite.isolated, True), (suite.in_place, False), (suite.public, False)):
        yield from ((call, pairs) for calls in group.values() for call in calls)
    yield from ((call, False) for call in suite.interface.values())


def suite_tree(suite: Suite) -> Value:
    """A suite for the codec."""
    groups = (
        suite.isolated,
        suite.in_place,
        suite.public,
        {name: (call,) for name, call in suite.interface.items()},
    )
    return tuple({name: tuple(map(_call_tree, calls)) for name, calls in group.items()} for group in groups)


def _call_tree(call: Call) -> Value:
    steps = tuple((step.function, step.args) for step in call.steps)
    return call.id, call.function, steps, call.seed, call.public, call.watch


def _blob(tree: Value) -> Value:
    """A tree's bytes as an array, so that it is decoded only when it is needed."""
    return np.frombuffer(encode(tree, TEXT_CAPS, strict=True), np.uint8)


class Answers:
    """All answers to one call: right, each form that can show in it, pairs that are not both side by side.

    Pairs are looked for under convention L only: who keeps to another rarely makes two errors in one function.
    """

    def __init__(self, oracle: ReferenceOracle, call: Call, *, pairs: bool) -> None:
        self.oracle = oracle
        self.rubric = oracle.rubric
        self.call = call
        self.with_pairs = pairs and not self.rubric.functions[call.function].random
        self.reach = reach(self.rubric, call)
        self.numbers = form_numbers(self.rubric)
        self.maker = TableMaker()

    def tree(self) -> Value:
        """The table of answers, as a plain tree."""
        for convention in self._conventions():
            self._fill(convention)
        self.oracle.forget([self.call])
        return pack_answers.to_tree(self.maker.table)

    def _conventions(self) -> list[str]:
        """Under which baselines the answers differ; "L" alone where none touches what the call reaches."""
        touching = {
            name
            for name, edits in self.rubric.conventions.items()
            if any(edit.function in self.reach for edit in edits.values())
        }
        return [name for name in self.rubric.baselines if set(name.split("+")) - {"L"} <= touching]

    def _fill(self, convention: str) -> None:
        rows: dict[Form, Row] = {}
        right = self._row((), convention)
        self.maker.put(convention, (), right)
        for form in self._forms(self.reach):
            row = self._row((form,), convention)
            self.maker.put(convention, (self.numbers[form.key],), row)
            if row is not None:
                rows[form] = row
        if right is not None and self.with_pairs and convention == "L":
            self._fill_pairs(convention, right, rows)

    def _forms(self, functions: Iterable[str]) -> list[Form]:
        return list(dict.fromkeys(form for name in functions for form in self.rubric.forms_in(name)))

    def _row(self, forms: Sequence[Form], convention: str) -> Row | None:
        outcome = self.oracle.predict(self.call, forms, convention)
        return None if outcome is None else self.maker.row(outcome)

    def _fill_pairs(self, convention: str, right: Row, rows: Mapping[Form, Row]) -> None:
        """Pairs whose joint answer is not what the two give side by side."""
        showing = [form for form in self._paired() if rows.get(form, right) != right]
        for one, two in itertools.combinations(showing, 2):
            side_by_side = merged(right, (rows[one], rows[two]))
            row = self._row((one, two), convention)
            if row != side_by_side:
                self.maker.put(convention, self._key(one, two), row)

    def _paired(self) -> list[Form]:
        """The forms of which pairs are looked at: all, or of a function with many those of its own."""
        forms = self._forms(self.reach)
        return forms if len(forms) <= MANY_FORMS else self._forms([self.call.function])

    def _key(self, *forms: Form) -> Key:
        return tuple(sorted(self.numbers[form.key] for form in forms))


def reach(rubric: Rubric, call: Call) -> tuple[str, ...]:
    """The functions that a call can reach: its steps' and their helpers, the one under test first."""
    names = (call.function, *(step.function for step in call.steps))
    with_helpers = (part for name in names for part in (name, *rubric.functions[name].helpers))
    return tuple(dict.fromkeys(with_helpers))


def form_numbers(rubric: Rubric) -> dict[str, int]:
    """Form key → its number: their order in the rubric."""
    forms = (form for misconception in rubric.misconceptions.values() for form in misconception.forms)
    return {form.key: number for number, form in enumerate(forms)}
