"""Which right helpers student code may use, and with what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
import pytest
from worker_samples import call, helper

from grader.model import Definition, Opaque, Outcome, Program, Raised, StandIn
from grader.worker import answers
from grader.worker.answers import Answers, Remembered, allowed_names
from grader.worker.codec import Caps, Reject, encode
from grader.worker.limits import Limits
from grader.worker.port import Answered
from grader.worker.running import Outcomes, Shift, placed, read_outcome
from grader.worker.wire import from_grader

UTILS = StandIn(("dnn_utils*",), ("sigmoid", "relu"))
APP = StandIn(("dnn_app_utils*",), ("sigmoid", "linear_backward"))
TESTS = StandIn(("public_tests*",), ())


def _program(imports: str, *defined: str) -> Program:
    functions = tuple(Definition((name,), f"def {name}(): pass", 1, 1, "function") for name in defined)
    definitions = (Definition((), imports, 0, 1, "import"), *functions)
    return Program(definitions, (UTILS, APP, TESTS))


@pytest.mark.parametrize(
    ("imports", "defined", "expected"),
    [
        ("from dnn_utils_v2 import sigmoid, relu", (), {"sigmoid", "relu"}),
        ("from dnn_utils_v2 import *", (), {"sigmoid", "relu"}),
        ("import helpers.dnn_utils as u", (), {"sigmoid", "relu"}),
        ("from dnn_app_utils_v3 import *", ("f",), {"sigmoid", "linear_backward"}),
        ("from dnn_app_utils_v3 import *", ("linear_backward",), {"sigmoid"}),
        ("from public_tests import *", (), set()),
        ("import numpy as np", (), set()),
    ],
)
def test_in_place_only_what_is_imported_and_not_defined(
    imports: str, defined: tuple[str, ...], expected: set[str]
) -> None:
    assert allowed_names(_program(imports, *defined), call("f")) == expected


def test_the_function_under_test_is_never_answered() -> None:
    assert allowed_names(_program("from dnn_utils import *"), call("sigmoid")) == {"relu"}


def test_what_is_made_of_the_function_under_test_is_not_answered() -> None:
    program = _program("from dnn_utils import *")
    assert allowed_names(program, call("f"), {"relu": ("f",), "sigmoid": ("g",)}) >= {"sigmoid"}
    assert "relu" not in allowed_names(program, call("f"), {"relu": ("f",), "sigmoid": ("g",)})


def test_what_the_function_is_not_made_of_is_not_answered() -> None:
    """`linear_backward(A, (_, W.T, _))` gives W A, which is all of `linear_forward` but the bias."""
    program = _program("from dnn_app_utils_v3 import *")
    uses = {"f": ("sigmoid",), "linear_backward": ()}
    assert allowed_names(program, call("f"), uses) == {"sigmoid"}


def test_what_a_call_binds_is_all_that_it_may_use() -> None:
    assert allowed_names(_program("from dnn_utils import *"), call("f", bind=("g",))) == {"g"}


def _answers(allowed: tuple[str, ...] = ("sigmoid",), **limits: int) -> Answers:
    return Answers(Remembered(helper), frozenset(allowed), "L", Limits(**limits))


def _ask(one: Answers, *request: Any) -> tuple[str, Any]:
    outcome, value = from_grader(one.answer(encode(request)))
    return outcome, value


def test_a_right_request_is_answered() -> None:
    outcome, value = _ask(_answers(), "sigmoid", (np.zeros((1, 2)),), {})
    assert outcome == "value"
    np.testing.assert_array_equal(value[0], [[0.5, 0.5]])


def test_other_names_are_refused() -> None:
    assert _ask(_answers(), "linear_backward", (), {})[0] == "refused"


def test_a_helpers_error_is_told_and_does_not_spread() -> None:
    assert _ask(_answers(("nope",)), "nope", (), {})[0] == "raised"
    assert _ask(_answers(), "sigmoid", (), {}) == ("raised", "IndexError: tuple index out of range")


def test_an_object_that_is_not_carried_harms_only_where_it_is_needed() -> None:
    """A cache may end with one that no formula reads."""

    def product(name: str, args: tuple[Any, ...], convention: str) -> Any:
        W, A, _ = args[0]
        try:
            return W @ A
        except TypeError as error:  # as the rubric's helpers tell it
            raise ValueError(str(error)) from None

    one = Answers(Remembered(product), frozenset({"f"}), "L", Limits())
    W, A = np.ones((2, 3)), np.ones((3, 4))
    assert _ask(one, "f", ((W, A, Opaque("Layer")),), {})[0] == "value"
    told = _ask(one, "f", ((W, Opaque("Layer"), A),), {})
    assert told == ("raised", "f: argument 1 is, or holds, no array and no number")


@pytest.mark.parametrize(
    "argument",
    [
        np.zeros(3000),
        np.zeros((1, 1, 1, 1)),
        [np.zeros(3000)],
        {"a": (np.zeros(3000),)},
        np.zeros((1, 200)),
        5000,
        (-5000,),
        [1000] * 5,
        np.int64(5000),
        np.array([3, 5000]),
        {"n": np.full(50, 100)},
    ],
)
def test_large_arguments_are_not_computed_with(argument: Any) -> None:
    outcome, text = _ask(_answers(), "sigmoid", (argument,), {})
    assert outcome == "raised"
    assert "too large" in text
    assert _ask(_answers(), "sigmoid", (), {"z": argument})[1] == text


@pytest.mark.parametrize(
    "argument", [np.full((2, 30), 255), [12, 20, 7, 5, 1], 1000, np.zeros((128, 16)), True]
)
def test_arguments_of_ordinary_size_are_computed_with(argument: Any) -> None:
    assert "too large" not in str(_ask(_answers(), "sigmoid", (argument,), {})[1])


def test_uses_are_counted() -> None:
    one = _answers(callbacks=2)
    assert [_ask(one, "sigmoid", (0.0,), {})[0] for _ in range(3)] == ["value", "value", "refused"]


def test_the_same_is_computed_once_and_only_for_those_who_may_ask() -> None:
    asked: list[str] = []

    def counted(name: str, args: tuple[Any, ...], convention: str) -> Any:
        asked.append(convention)
        return helper(name, args, convention)

    remembered = Remembered(counted)
    may, may_not = frozenset({"sigmoid"}), frozenset({"relu"})
    for convention in ("L", "L", "J"):
        assert _ask(Answers(remembered, may, convention, Limits()), "sigmoid", (0.0,), {})[0] == "value"
    assert _ask(Answers(remembered, may_not, "L", Limits()), "sigmoid", (0.0,), {})[0] == "refused"
    assert asked == ["L", "J"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_REMEMBERED_BYTES", 5000)
    remembered = Remembered(helper)
    for number in range(100):
        _ask(Answers(remembered, frozenset({"sigmoid"}), "L", Limits()), "sigmoid", (float(number),), {})
    assert len(remembered._answers) < 60


@pytest.mark.parametrize(
    "request_",
    [1, ("sigmoid",), ("sigmoid", [], {}), (1, (), {}), ("sigmoid", (), {1: 2}), ("sigmoid", (), {}, 1)],
)
def test_malformed_requests_are_rejected(request_: Any) -> None:
    with pytest.raises(Reject):
        _answers().answer(encode(request_))


def test_requests_with_too_many_parts_are_rejected() -> None:
    with pytest.raises(Reject):
        _answers(callback_nodes=10).answer(encode(("sigmoid", ([0.0] * 100,), {})))


def test_a_public_call_gets_no_answer_that_a_hidden_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long an answer takes tells whether it was remembered, and what public calls print is shown."""
    made: list[str] = []
    monkeypatch.setattr(Answers, "compute", lambda self, request: made.append("computed") or b"answer")
    session = Shift(_no_worker, Remembered(helper), Outcomes(Caps()), Limits(), 1.0, lambda: False)
    hidden = call("f", bind=("sigmoid",))
    for one in (hidden, hidden, replace(hidden, public=True), replace(hidden, public=True)):
        session.answers(_program(""), one).answer(b"the same question")
    assert len(made) == 3


def _no_worker() -> NoReturn:
    raise AssertionError("nothing is run here")


def test_a_long_import_statement_is_not_searched_to_its_end() -> None:
    padding = "# " + "x " * 5000
    for source, wanted in (("from dnn_utils import (", {"sigmoid"}), (f"from a import ({padding}", set())):
        program = _program(source + padding + "\n dnn_utils)")
        assert allowed_names(program, call("f")) >= wanted
        assert bool(allowed_names(program, call("f"))) == bool(wanted)


def test_import_statements_are_not_searched_to_their_end_together() -> None:
    """Each of them is short enough alone."""
    padding = [f"import numpy as np{number}  # {'x ' * 1000}" for number in range(20)]
    known = "from dnn_utils import *"
    for sources, wanted in (([known, *padding], {"sigmoid", "relu"}), ([*padding, known], set())):
        definitions = [Definition((), source, 0, line, "import") for line, source in enumerate(sources, 1)]
        assert allowed_names(Program(tuple(definitions), (UTILS,)), call("f")) == wanted


@pytest.mark.parametrize("field", [0, 1, 4])
def test_an_exception_with_longer_texts_than_a_worker_sends_is_none(field: int) -> None:
    raised: list[Any] = ["ValueError", "no", None, None, None]
    raised[field] = "x" * 2000
    with pytest.raises(Reject):
        read_outcome(call("f"), (tuple(raised), "", (), False, None))


def test_a_worker_asks_once_in_a_call_and_again_in_another() -> None:
    answered = Answered()
    answered.begin(b"one call")
    assert answered.get(b"request") is None
    answered.put(b"request", b"answer")
    answered.begin(b"another call")
    assert answered.get(b"request") is None, "what was answered there may be refused here"
    answered.begin(b"one call")
    assert answered.get(b"request") == b"answer"


def test_a_worker_remembers_no_more_than_it_has_room_for() -> None:
    answered = Answered()
    answered.begin(b"call")
    for number in range(100):
        answered.put(number.to_bytes(4, "big"), bytes(1 << 16))
    kept = [number for number in range(100) if answered.get(number.to_bytes(4, "big"))]
    assert 0 < len(kept) < 70
    assert kept[-1] == 99


@pytest.mark.parametrize(("claimed", "told"), [
    ((0, 2), (0, 2)), ((0, 3), (0, None)), ((0, 0), (0, None)), ((7, 1), (None, None)),
])  # fmt: skip
def test_a_place_that_the_program_does_not_have_is_not_told(
    claimed: tuple[int, int], told: tuple[int | None, int | None]
) -> None:
    program = Program((Definition(("f",), "def f():\n    pass", 0, 1, "function"),))
    outcome = Outcome("f", "raised", raised=Raised("SyntaxError", "", *claimed))
    raised = placed(outcome, program).raised
    assert raised is not None
    assert (raised.cell, raised.line) == told
