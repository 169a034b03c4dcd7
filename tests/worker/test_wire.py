"""Model values as plain trees: there and back, and nothing else is taken."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import (
    Call,
    Cell,
    Definition,
    Extraction,
    FunctionFacts,
    GlobalRead,
    Problem,
    Program,
    Proposal,
    Raised,
    Ref,
    RepairRequest,
    StandIn,
    Step,
)
from grader.worker import wire
from grader.worker.codec import Reject, decode, encode
from grader.worker.wire import pack, pack_call, unpack, unpack_call

PROBLEM = Problem("syntax-error", "text", 3, None)
EXTRACTION = Extraction(
    (Definition(("f", "g"), "def f(): pass", 4, 2, "function"),),
    {
        "f": FunctionFacts("f", "defined", 4, 2, 9, (0,), (GlobalRead("m", 4, 3, "variable"),), PROBLEM),
        "g": FunctionFacts("g", "missing"),
    },
    (PROBLEM,),
)
MODEL_VALUES = (
    Cell(0, "x = 1"),
    StandIn(("dnn*",), ("sigmoid",)),
    Program(EXTRACTION.definitions, (StandIn(("a",), ()),), strip_asserts=True),
    RepairRequest("f", ("sign", "formula"), ("a / b",)),
    Proposal(1, "source", 2, 3, "text", "sign"),
    Raised("NameError", "m", 1, None, "m"),
    EXTRACTION,
)


@pytest.mark.parametrize("value", MODEL_VALUES, ids=lambda value: type(value).__name__)
def test_model_values_come_back_the_same(value: Any) -> None:
    assert unpack(type(value), decode(encode(pack(value)))) == value


def test_a_call_comes_back_without_what_the_worker_need_not_know() -> None:
    call = Call(
        "secret-id", "f", (Step("f", (1, Ref(0, (1, "k")))),), ("g",), "J", 7, public=True, watch=True
    )
    got = unpack_call(pack_call(call))
    assert (got.steps, got.bind, got.seed, got.watch) == (call.steps, call.bind, 7, True)
    assert b"secret" not in pack_call(call)


@pytest.mark.parametrize(
    ("cls", "tree"),
    [
        (Cell, (0,)),
        (Cell, (0, "x", 1, 1)),
        (Cell, (0, "x", "1")),
        (Cell, [0, "x", None]),
        (Cell, (True, "x", None)),
        (Cell, (0, 1, None)),
        (Definition, (("f",), "s", 0, 1, "lambda")),
        (Definition, (["f"], "s", 0, 1, "function")),
        (Definition, ((1,), "s", 0, 1, "function")),
        (Problem, ("c", "m", "3", None)),
        (Extraction, ((), {1: pack(FunctionFacts("f", "missing"))}, (), {})),
        (Extraction, ((), (), (), {})),
    ],
)
def test_other_trees_are_rejected(cls: type, tree: Any) -> None:
    with pytest.raises(Reject):
        unpack(cls, tree)


def _mutated(tree: Any, rng: random.Random) -> Any:
    if rng.random() < 0.15:
        return rng.choice([None, 1, -1, "x", 1.5, (), {}, [], True, (1, 2)])
    if type(tree) is tuple:
        items = [_mutated(item, rng) for item in tree]
        return tuple(items[: rng.randrange(len(items) + 1)] if rng.random() < 0.1 else items)
    if type(tree) is dict:
        return {key: _mutated(item, rng) for key, item in tree.items()}
    return tree


def test_mutated_trees_are_rejected_or_of_the_right_types() -> None:
    rng, taken = random.Random(5), 0
    tree = pack(EXTRACTION)
    for _ in range(5000):
        try:
            value = unpack(Extraction, _mutated(tree, rng))
        except Reject:
            continue
        taken += 1
        assert all(type(item) is Definition for item in value.definitions)
        assert all(type(item) is FunctionFacts for item in value.functions.values())
    assert 0 < taken < 5000


def test_only_a_worker_unpickles() -> None:
    """What comes from a worker is decoded, never unpickled: whoever unpickles does what the bytes say.

    The processes of the pool are graders of our own.
    """
    sources = {path: path.read_text() for path in Path(wire.__file__).parents[1].rglob("*.py")}
    package = Path(wire.__file__).parents[1]
    reading = {str(path.relative_to(package)) for path, text in sources.items() if "from_grader" in text}
    pickling = {str(path.relative_to(package)) for path, text in sources.items() if "import pickle" in text}
    assert reading == {"worker/wire.py", "worker/child.py", "worker/port.py"}
    assert pickling == {"worker/wire.py", "batch/pool_child.py"}


def test_arrays_come_as_new_and_writable_ones() -> None:
    array = np.arange(6.0).reshape(2, 3)
    array.flags.writeable = False
    data = pack_call(Call("id", "f", (Step("f", (array, array)),)))
    first, second = (unpack_call(data).steps[0].args[0] for _ in range(2))
    first[0, 0] = 7
    assert second[0, 0] == array[0, 0] == 0
