"""Which keys a function looks up, and which it only stores under."""

from __future__ import annotations

import ast

import pytest

from grader.notebook.names import usage


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ('dA = grads["dA" + str(l)]', {"dA"}),
        ('f(grads[f"dA{l + 1}"], caches[l])', {"dA"}),
        ('f(grads["dA%d" % (l + 1)])', {"dA"}),
        ('f(grads.get("dA" + str(l)), cache)', {"dA"}),
        ('key = "dA" + str(l)', {"dA"}),
        ('dA = take(grads, "dA", l + 1)', {"dA"}),
        ('x = grads[key("dA", l)]', {"dA"}),
        ('grads["dA" + str(l)] = dA', set()),
        ('grads[f"dA{l}"], grads[f"dW{l}"] = f(dA, parameters["W1"])', {"W"}),
        ('grads[key("dA", l)] = dA', set()),
        ('grads |= {f"dA{l}": dA}', set()),
        ('grads = {f"dA{l}": dA, "x": [("dW", dW)]}', set()),
        ('grads.update({"dA%d" % l: dA})', set()),
        ('put(grads, "dA", l, dA)', set()),
        ('print("dA" + str(l))', set()),
        ('for name, value in zip(("dA", "dW"), found): grads[name + str(l)] = value', set()),
    ],
)
def test_keys_that_are_looked_up(code: str, keys: set[str]) -> None:
    assert usage(ast.parse(code).body[0]).keys == keys
