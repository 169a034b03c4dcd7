"""Results of hostile code, which may hold thousands of arrays: the grader reads no more of them than tells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from grader.diagnose.fingerprint import MAX_ENTRIES, fingerprint
from grader.judge.verdict import SMALL, Observed, observe
from grader.model import Call, Outcome, Value
from grader.rubric.load import load_rubric

SPEC = load_rubric("dnn-step-by-step").functions["compute_cost"]


def observed(*values: Value) -> Observed:
    calls = [Call(f"call{number}", "compute_cost", ()) for number in range(len(values))]
    outcomes = [Outcome(call.id, "value", value) for call, value in zip(calls, values, strict=True)]
    return observe(SPEC, calls, outcomes)


def changed(array: np.ndarray, at: int) -> np.ndarray:
    array = array.copy()
    array[at] = 0.5
    return array


ONES = np.ones(2 * MAX_ENTRIES)


@pytest.mark.parametrize(
    ("one", "early", "late"),
    [
        (ONES, changed(ONES, 9), changed(ONES, -9)),
        (list(ONES), list(changed(ONES, 9)), list(changed(ONES, -9))),
        ([np.ones(2)] * 900, [np.ones(2), np.zeros(2)] * 450, [np.ones(2)] * 899 + [np.zeros(2)]),
    ],
    ids=["array", "numbers", "arrays"],
)
def test_a_fingerprint_is_of_the_first_entries_in_all(one: Value, early: Value, late: Value) -> None:
    """What follows is not read."""
    assert fingerprint(observed(one)) == fingerprint(observed(one)) == fingerprint(observed(late))
    assert fingerprint(observed(one)) != fingerprint(observed(early))


def test_a_fingerprint_is_of_all_entries_of_usual_results() -> None:
    wanted = np.ones((40, 50))
    assert fingerprint(observed(wanted)) != fingerprint(observed(changed(wanted.ravel(), -1).reshape(40, 50)))


class Unread(list[float]):
    def __iter__(self) -> Iterator[float]:
        raise AssertionError("it need not be read")


def test_numbers_are_counted_until_they_are_too_many() -> None:
    assert observed(np.ones(SMALL - 3), [1.0, {"a": 2.0}]).is_small
    assert not observed(np.ones(SMALL - 1), [1.0, {"a": 2.0}]).is_small
    assert not observed([np.ones(0)] * (SMALL + 1)).is_small, "each takes its time"
    assert not observed(Unread([1.0]), np.ones(SMALL + 1)).is_small
