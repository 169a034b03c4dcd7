"""A corpus of wrong functions in many hands: the first proposal that mends one stands at the marked line.

Cases are in test_repairs_corpus.txt: `=== FUNCTION: FAMILIES`, then the function. In it, `wrong  #! right`
marks a line and what it should be, `wrong  #!` a line that should not be there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from grader.model import Definition, Proposal, RepairRequest
from grader.repairs.propose import propose

DAL = "-(np.divide({1}, {0}) - np.divide(1 - {1}, 1 - {0}))"
COST = "-np.sum({1} * np.log({0}) + (1 - {1}) * np.log(1 - {0})) / {1}.shape[1]"
LOSS = "{1} * np.log({0}) + (1 - {1}) * np.log(1 - {0})"

CORPUS = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")

MARK = re.compile(r"^(?P<wrong>\s*.*?)\s*#!(?P<right>.*)$")


def cases() -> Iterator[Any]:
    counts: dict[str, int] = {}
    for block in re.split(r"^=== ", CORPUS, flags=re.MULTILINE)[1:]:
        head, body = block.split("\n", 1)
        name = re.sub(r"\W+", "-", head)
        counts[name] = counts.get(name, 0) + 1
        function, families = head.split(": ")
        yield pytest.param(function, tuple(families.split()), body, id=f"{name}-{counts[name]}")


def versions(body: str) -> tuple[str, str, set[int]]:
    """The wrong text, the right text, and the wrong lines."""
    wrong, right, lines = [], [], set()
    for number, line in enumerate(body.rstrip("\n").split("\n"), 1):
        match = MARK.match(line)
        if match:
            lines.add(number)
            indent = line[: len(line) - len(line.lstrip())]
            new = match["right"].strip().replace("\\n", "\n") or "pass"
            wrong.append(match["wrong"])
            right.append(indent + new)
        else:
            wrong.append(line)
            right.append(line)
    return "\n".join(wrong), "\n".join(right), lines


def definitions(text: str) -> list[Definition]:
    made = []
    for node in ast.parse(text).body:
        lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
        names: tuple[str, ...]
        if isinstance(node, ast.FunctionDef):
            names, kind = (node.name,), "function"
        elif isinstance(node, ast.Import):
            names, kind = tuple(alias.asname or alias.name for alias in node.names), "import"
        elif isinstance(node, ast.ClassDef):
            names, kind = (node.name,), "class"
        else:
            assert isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            names, kind = (node.targets[0].id,), "value"
        made.append(Definition(names, "\n".join(lines), 0, node.lineno, kind))  # type: ignore[arg-type]
    return made


# ------------------------------------------------------------------------------------- right helpers


def sigmoid(Z: Any) -> Any:
    return 1 / (1 + np.exp(-Z)), Z


def relu(Z: Any) -> Any:
    return np.maximum(0, Z), Z


def linear_forward(A: Any, W: Any, b: Any) -> Any:
    return W @ A + b, (A, W, b)


def linear_activation_forward(A: Any, W: Any, b: Any, activation: str) -> Any:
    Z = W @ A + b
    return {"sigmoid": sigmoid, "relu": relu}[activation](Z)[0], ((A, W, b), Z)


def linear_activation_backward(dA: Any, cache: Any, activation: str) -> Any:
    (A, W, _), Z = cache
    s = sigmoid(Z)[0]
    dZ = dA * s * (1 - s) if activation == "sigmoid" else dA * (Z > 0)
    return W.T @ dZ, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)


def rest(dAL: Any, caches: Any) -> Any:
    grads, dA, L = {}, dAL, len(caches)
    for l in reversed(range(L)):
        dA, dW, db = linear_activation_backward(dA, caches[l], "sigmoid" if l == L - 1 else "relu")
        grads.update({f"dA{l}": dA, f"dW{l + 1}": dW, f"db{l + 1}": db})
    return grads


HELPERS = {
    f.__name__: f
    for f in (sigmoid, relu, linear_forward, linear_activation_forward, linear_activation_backward, rest)
}


def network(seed: int, sizes: tuple[int, ...], m: int) -> Any:
    rng = np.random.default_rng(seed)
    parameters = {}
    for l in range(1, len(sizes)):
        parameters[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1]))
        parameters[f"b{l}"] = rng.normal(size=(sizes[l], 1))
    A, caches, X = rng.normal(size=(sizes[0], m)), [], None
    X, L = A, len(sizes) - 1
    for l in range(1, L + 1):
        kind = "sigmoid" if l == L else "relu"
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], kind)
        caches.append(cache)
    Y = rng.uniform(0.2, 0.8, size=A.shape)
    return rng, X, A, Y, parameters, caches


def inputs(function: str) -> Iterator[tuple[Any, ...]]:
    for seed, (sizes, m) in enumerate((((5, 4, 3, 1), 7), ((4, 4, 4, 1), 11), ((3, 1), 5))):
        rng, X, AL, Y, parameters, caches = network(seed, sizes, m)
        (A, W, b), Z = caches[0]
        dZ = rng.normal(size=Z.shape)
        grads = {f"d{key}": rng.normal(size=value.shape) for key, value in parameters.items()}
        yield {
            "linear_forward": (A, W, b),
            "linear_activation_forward": (A, W, b, ("relu", "sigmoid", "relu")[seed]),
            "L_model_forward": (X, parameters),
            "compute_cost": (AL, Y),
            "linear_backward": (dZ, (A, W, b)),
            "linear_activation_backward": (dZ, ((A, W, b), Z), ("relu", "sigmoid", "relu")[seed]),
            "sigmoid_backward": (dZ, Z),
            "relu_backward": (dZ, Z),
            "L_model_backward": (AL, Y, caches),
            "update_parameters": (parameters, grads, 0.37),
        }[function]


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(copied(inner) for inner in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def results(made: list[Definition], function: str) -> list[Any]:
    """What the function gives on each input: a value, or the name of an exception."""
    space: dict[str, Any] = {"np": np, "NamedTuple": NamedTuple, **HELPERS}
    try:
        for definition in made:
            exec(definition.source, space)
    except Exception as error:
        return [type(error).__name__] * 3
    found = []
    for arguments in inputs(function):
        try:
            with np.errstate(all="ignore"):
                found.append(space[function](*copied(arguments)))
        except Exception as error:
            found.append(type(error).__name__)
    return found


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, str | None) or isinstance(other, str | None):
        return bool(one is other)
    if isinstance(one, tuple | list | dict) or isinstance(other, tuple | list | dict):
        return False
    return np.shape(one) == np.shape(other) and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))


def with_proposal(made: list[Definition], proposal: Proposal) -> list[Definition]:
    old = made[proposal.definition]
    new = Definition(old.binds, proposal.source, old.cell, old.line, old.kind)
    return [*made[: proposal.definition], new, *made[proposal.definition + 1 :]]


def first_sufficient(wrong: str, right: str, request: RepairRequest) -> tuple[Proposal | None, int]:
    made = definitions(wrong)
    wanted = results(definitions(right), request.function)
    assert not equal(results(made, request.function), wanted), "the case is not wrong"
    assert not any(isinstance(value, str) for value in wanted), f"the right version raises {wanted}"
    proposals = propose(made, request)
    check: Callable[[Proposal], bool] = lambda p: equal(
        results(with_proposal(made, p), request.function), wanted
    )
    return next((p for p in proposals if check(p)), None), len(proposals)


@pytest.mark.parametrize(("function", "families", "body"), list(cases()))
def test_the_first_sufficient_proposal_is_at_the_wrong_line(
    function: str, families: tuple[str, ...], body: str
) -> None:
    wrong, right, lines = versions(body)
    found, count = first_sufficient(
        wrong, right, RepairRequest(function, families, (DAL, COST, LOSS, f"-({LOSS})"))
    )
    assert found is not None, f"none of {count} proposals mends it"
    assert found.line in lines, f"{found.text} ({found.family}) {found.source}"
    assert found.text == wrong.split("\n")[found.line - 1].strip()
