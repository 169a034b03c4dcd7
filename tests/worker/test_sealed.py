"""Answers that go along with a call: opened by their question alone, and of no use without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from worker_samples import call, program

from grader.model import Call, Outcome, Value
from grader.worker.sandbox import Sandbox
from grader.worker.sealed import opened, sealed

ASKING = "def f(Z):\n    return sigmoid(Z)[0]"
#: Student code that has found the boxes, and shows all that it can learn of them.
SPYING = """
import gc
def f(Z):
    port = [item for item in gc.get_objects() if type(item).__name__ == "Port"][0]
    wire = type(port).ask.__globals__
    tried = [wire["opened"](port.boxes, question) for question in (b"", b"sigmoid", repr(Z).encode())]
    return list(map(list, port.boxes.items())).__repr__(), tried, len(port.boxes)
"""


class Counting:
    """A right helper that counts how often it is asked; its answers are found among bytes."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, name: str, args: tuple[Value, ...], convention: str) -> Value:
        self.asked += 1
        return 1 / (1 + np.exp(-args[0])), args[0]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as made:
        yield made


def test_a_box_opens_with_its_question_only() -> None:
    label, box = sealed(b"question", b"answer" * 20)
    assert opened({label: box}, b"question") == b"answer" * 20
    assert opened({label: box}, b"questioN") is None
    assert b"answer" not in box
    assert opened({label: box}, label) is None


def test_two_questions_have_other_boxes() -> None:
    one, other = sealed(b"one", b"answer"), sealed(b"other", b"answer")
    assert one[0] != other[0] and one[1] != other[1]


def test_no_answer_is_empty_or_long_without_a_way_back() -> None:
    for size in (1, 7, 5000):
        label, box = sealed(b"q", b"\0" * size)
        assert opened({label: box}, b"q") == b"\0" * size and len(box) == size


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are started, not forked")
def test_a_question_is_asked_by_the_first_students_only(sandbox: Sandbox) -> None:
    helper, asked = Counting(), call("f", np.ones((2, 2)), bind=("sigmoid",))
    outcomes = [_student(sandbox, helper, asked, ASKING) for _ in range(4)]
    assert all(np.array_equal(outcome.value, outcomes[0].value) for outcome in outcomes)
    assert helper.asked == 1  # the grader remembers, too
    spied = _student(sandbox, helper, asked, SPYING)
    shown, tried, boxes = spied.value
    assert boxes == 1 and tried == [None] * 3
    assert repr(np.float64(1 / (1 + np.exp(-1.0))).tobytes())[2:-1] not in shown


def test_another_input_gets_its_own_answer(sandbox: Sandbox) -> None:
    """A wrong function asks for something else: what it gets is the answer to that."""
    helper, asked = Counting(), call("f", np.ones((2, 2)), bind=("sigmoid",))
    right = [_student(sandbox, helper, asked, ASKING) for _ in range(3)][-1]
    wrong = _student(sandbox, helper, asked, ASKING.replace("sigmoid(Z)", "sigmoid(2 * Z)"))
    assert np.allclose(right.value, 1 / (1 + np.exp(-1.0)))
    assert np.allclose(wrong.value, 1 / (1 + np.exp(-2.0)))


def _student(sandbox: Sandbox, helper: Counting, asked: Call, source: str) -> Outcome:
    """The outcome of one call of another student's program."""
    (outcome,) = sandbox.run(program(source), [asked], helper)
    return outcome
