"""Proposals that ask what names say: a mean, a likelihood, an entry that nobody reads, a class's static methods."""

from __future__ import annotations

import pytest
from proposals_of import function, proposed

from grader.model import Definition, RepairRequest
from grader.repairs.propose import propose


@pytest.mark.parametrize("name", ["row_mean", "log_likelihood"])
def test_the_minus_of_a_cost_is_not_its_helpers(name: str) -> None:
    helper = function(f"def {name}(x):\n    return total(x) / x.shape[1]", cell=1)
    made = propose(
        [helper, function(f"def f(A):\n    return {name}(A)", cell=2)], RepairRequest("f", ("sign",))
    )
    assert made[0].cell == 2
    made = propose(
        [
            function("def share(x):\n    return total(x)", cell=1),
            function("def f(A):\n    return share(A)", cell=2),
        ],
        RepairRequest("f", ("sign",)),
    )
    assert made[0].cell == 1


@pytest.mark.parametrize(
    ("steps", "line", "meant"),
    [
        (
            'step = {}\n    step["a"] = x\n    step["b"] = step["a"] + 1',
            'return step["a"]',
            "return step['b']",
        ),
        ('step = {"a": x, "b": x}', 'return step["a"]', "return (step[\"a\"] + step['b'])"),
        (
            'total = {"a": x}\n    mean = {k: total[k] / 2 for k in total}',
            'return total["a"]',
            "return mean['a']",
        ),
    ],
)
def test_an_entry_that_is_read_nowhere_is_meant(steps: str, line: str, meant: str) -> None:
    made = proposed(f"def f(x):\n    {steps}\n    {line}", "unread")
    assert meant in [one.source.split("\n")[-1].strip() for one in made]
    shown = proposed(
        f"def f(x):\n    {steps}\n    {line.replace('return', 'return show(step, mean) or')}", "unread"
    )
    assert meant.removeprefix("return ") not in " ".join(one.source.split("\n")[-1] for one in shown)


STATIC = Definition(
    ("Maths",),
    "class Maths:\n    @staticmethod\n    def Relu(z):\n        return np.maximum(z, 0)\n\n"
    "    @staticmethod\n    def Zeros(rows, columns=1):\n        return np.zeros((rows, columns))\n\n"
    "    @staticmethod\n    def Random(rows, columns):\n        return np.random.randn(rows, columns)",
    1,
    1,
    "class",
)


@pytest.mark.parametrize(
    ("body", "meant", "never"),
    [
        ("return x.z", "return Maths.Relu(x.z)", "return Maths.Zeros(x.z)"),
        ("return Maths.Zeros(x, 2)", "return Maths.Random(x, 2)", "return Maths.Relu(x, 2)"),
    ],
)
def test_static_methods_are_functions_too(body: str, meant: str, never: str) -> None:
    made = propose([STATIC, function(f"def f(x):\n    {body}", cell=2)], RepairRequest("f", ("call",)))
    lines = [one.source.split("\n")[-1].strip() for one in made if one.cell == 2]
    assert meant in lines
    assert never not in lines


@pytest.mark.parametrize(
    "two",
    [
        "W1 = randn(h, x)\n    b1 = randn(h, 1)\n    W2 = randn(y, h)\n    b2 = randn(y, 1)",
        "W1, b1 = randn(h, x), randn(h, 1)\n    W2, b2 = randn(y, h), randn(y, 1)",
        'made = {"W1": randn(h, x), "b1": randn(h, 1), "W2": randn(y, h), "b2": randn(y, 1)}',
    ],
)
def test_what_is_drawn_for_the_biases_is_one_change_and_for_the_weights_another(two: str) -> None:
    made = [
        one.source
        for one in proposed(f"def f(x, h, y):\n    {two}\n    return W1, b1, W2, b2, made", "constant")
    ]
    biases = two.replace("randn(h, 1)", "np.zeros((h, 1,))").replace("randn(y, 1)", "np.zeros((y, 1,))")
    assert any(biases in one for one in made)
