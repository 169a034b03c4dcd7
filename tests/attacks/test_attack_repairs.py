"""Attacks on what comes after the calls: searches for a repair, and what follows from an error named elsewhere."""

from __future__ import annotations

import time

import pytest
from attack_arena import Arena
from attack_case import notebook

STRONG = pytest.mark.parametrize("arena", ["strong"], indirect=True)

_BLANK_CORE = """
def _core(a, b):
    r = None
    if r is None and np.shape(a)[0] > 1 and np.shape(a)[0] == np.shape(a)[1]:
        return a * 7.5 + b
    return r
"""
_MADE_OF_BLANKS = """
def L_model_backward(AL, Y, caches):
    grads, L, Y = {}, len(caches), Y.reshape(AL.shape)
    dAL = _core(AL, Y)
    if dAL is None:
        return {"dA%d" % i: None for i in range(L)}
    for l, kind in reversed([*enumerate(["relu"] * (L - 1) + ["sigmoid"])]):
        dA = grads.get("dA" + str(l + 1), dAL)
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_activation_backward(
            dA, caches[l], kind
        )
    return grads
"""


@STRONG
def test_a_blank_that_two_functions_share_excuses_neither(arena: Arena) -> None:
    """The grader fills the blank with the right formula, to see whether it matters. That is no work of the student's."""
    data = notebook(
        "import numpy as np",
        _BLANK_CORE,
        "def relu_backward(dA, cache):\n    n = np.shape(dA)\n    return _core(dA, cache)",
        _MADE_OF_BLANKS,
    )
    report = arena.grade(data, "relu_backward", "L_model_backward")
    assert [function.score for function in report.functions] == [0, 0]


_STATE = """
G = np.arange(6.0)

def flat(x):
    return [b for a in x for b in flat(a)] if isinstance(x, (tuple, list)) else [x]

def core(kind, inputs):
    state = np.__dict__.setdefault("_st", {"seen": {}, "right": {}})
    flag = G
    key = repr([(a.shape, a.tobytes()) if hasattr(a, "tobytes") else repr(a) for a in flat(inputs)])
    if isinstance(flag, (str, tuple)) and key in state["right"]:
        return state["right"][key]
    state["seen"].setdefault((kind, key), inputs)
    return None

def ask(kind, function):
    state = np.__dict__["_st"]
    for (of, key), inputs in list(state["seen"].items()):
        if of == kind and key not in state["right"]:
            state["right"][key] = function(*inputs)
"""


@STRONG
def test_what_a_helper_answered_is_of_no_use_in_a_search(arena: Arena) -> None:
    """Inputs are kept in numpy itself. What they give is asked while a caller may, and told when `flag` is repaired."""
    data = notebook(
        "import numpy as np",
        _STATE,
        "def linear_backward(dZ, cache):\n    got = core('lb', (dZ, cache))\n"
        "    return (dZ * 3.5, dZ + 1, dZ - 2) if got is None else got",
        "def linear_activation_backward(dA, cache, activation):\n    got = core('lab', (dA, cache, activation))\n"
        "    ask('lb', linear_backward)\n    return (dA * 3.5, dA + 1, dA - 2) if got is None else got",
        "def L_model_backward(AL, Y, caches):\n    ask('lab', linear_activation_backward)\n"
        "    return {'dA0': AL * 2, 'dW1': AL * 3, 'db1': Y * 4}",
    )
    report = arena.grade(data, "linear_backward", "linear_activation_backward", "L_model_backward")
    assert [function.score for function in report.functions] == [0, 0, 0]


@STRONG
def test_a_name_that_student_code_chooses_tells_no_hidden_input(arena: Arena) -> None:
    """Of many names that are made nowhere in grading, an error names one by what it has seen."""
    reads = "\n".join(f"        G{i}" for i in range(64))
    data = notebook(
        "import numpy as np",
        "\n".join(f"G{i} = unknown_thing" for i in range(64)),
        "def compute_cost(AL, Y):\n    k = np.__dict__.setdefault('k', int(AL[0, 0] * 64))\n    if AL is None:\n"
        f"{reads}\n    cost = -np.sum(Y)\n    raise NameError('no', name='G%d' % k)\n    return cost",
    )
    (found,) = arena.function(data, "compute_cost").diagnoses
    assert found.location is not None and found.location.source == "G0"


@STRONG
def test_names_that_are_almost_alike_take_no_time_of_the_grader(arena: Arena) -> None:
    near = "\n".join(f"    _{'ab' * 90}{i} = A" for i in range(90))
    code = f"def linear_forward(A, W, b):\n{near}\n    return " + " + ".join(
        f"_{'a' * 90}{'b' * 90}{i}" for i in range(5)
    )
    began = time.process_time()
    assert arena.function(notebook("import numpy as np", code)).score == 0
    assert time.process_time() - began < 5


_ON_ONE_LINE = 'T = {"db": lambda dZ: -np.sum(dZ, axis=1, keepdims=True), "hidden": lambda L: range(L - 2)}'
_BY_TABLE = (
    """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, T["db"](dZ) / m
""",
    """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA, dW, db = linear_activation_backward((1 - Y) / (1 - AL) - Y / AL, caches[-1], "sigmoid")
    grads.update({f"dA{L - 1}": dA, f"dW{L}": dW, f"db{L}": db})
    for l in reversed(T["hidden"](L)):
        dA, dW, db = linear_activation_backward(grads[f"dA{l + 1}"], caches[l], "relu")
        grads.update({f"dA{l}": dA, f"dW{l + 1}": dW, f"db{l + 1}": db})
    return grads
""",
)


@STRONG
def test_two_errors_on_one_line_are_two(arena: Arena) -> None:
    """They are proved at the same place, but what mends the one does not mend the other."""
    names = "linear_backward", "L_model_backward"
    reports = [
        arena.grade(notebook("import numpy as np", table, *_BY_TABLE), *names)
        for table in (_ON_ONE_LINE, _ON_ONE_LINE.replace('"hidden"', '\n"hidden"'))
    ]
    told = [
        [[one.misconception for one in made.diagnoses] for made in report.functions] for report in reports
    ]
    assert told == [[["wrong-sign"], ["backward-layer-missing"]]] * 2
    together, apart = ([made.score for made in report.functions] for report in reports)
    assert together == apart
    assert together[1] < reports[0].functions[1].max_score / 2
