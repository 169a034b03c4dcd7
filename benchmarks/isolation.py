"""What isolation costs: whole submissions in each tier, in turns, in one run.

    python benchmarks/isolation.py [--rounds 40] [--calls 100]

A submission is: parse and extract a notebook of the course's kind, run calls of its functions in a fresh
worker (half of them with a right helper, which is a call back to the grader), end the worker. Machines
differ and are busy, so look at the ratios, and at the minima before the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np

from grader.errors import NotIsolated
from grader.model import Call, Cell, Program, StandIn, Step, Value
from grader.worker.sandbox import Sandbox

TIERS = ("none", "seccomp", "strong")
STAND_INS = (StandIn(("dnn_utils*",), ("sigmoid", "relu")),)
WANTED = ("forward", "activated", "update")
CELLS = (
    Cell(0, "import numpy as np\nimport matplotlib.pyplot as plt\nfrom dnn_utils_v2 import sigmoid, relu"),
    Cell(1, "%matplotlib inline\nplt.rcParams['figure.figsize'] = (5.0, 4.0)"),
    Cell(
        2,
        "def forward(A, W, b):\n    Z = np.dot(W, A) + b\n    assert Z.shape == (W.shape[0], A.shape[1])\n"
        "    return Z, (A, W, b)",
    ),
    Cell(
        4,
        "def activated(A_prev, W, b, activation):\n    Z, linear = forward(A_prev, W, b)\n"
        "    A, cache = sigmoid(Z) if activation == 'sigmoid' else relu(Z)\n    return A, (linear, cache)",
    ),
    Cell(
        6,
        "def update(parameters, grads, rate):\n    L = len(parameters) // 2\n    for l in range(1, L + 1):\n"
        "        parameters['W' + str(l)] = parameters['W' + str(l)] - rate * grads['dW' + str(l)]\n"
        "    return parameters",
    ),
    Cell(7, "parameters = update({'W1': np.eye(2)}, {'dW1': np.eye(2)}, 0.1)\nprint(parameters)"),
)


def helper(name: str, args: tuple[Value, ...], convention: str) -> Value:
    """The right helpers."""
    Z = args[0]
    return (1 / (1 + np.exp(-Z)) if name == "sigmoid" else np.maximum(0, Z)), Z


def plan(count: int) -> list[Call]:
    """`count` calls, half of them with a bound helper; those of a function together, as in a plan."""
    rng = np.random.default_rng(0)
    calls = []
    for i in range(count):
        A, W, b = rng.normal(size=(5, 7)), rng.normal(size=(3, 5)), rng.normal(size=(3, 1))
        bound = i % 2 == 0
        function, extra = ("activated", ("sigmoid",)) if bound else ("forward", ())
        steps = (Step(function, (A, W, b, *extra)),)
        calls.append(Call(str(i), function, steps, ("sigmoid", "relu") if bound else ()))
    return sorted(calls, key=lambda call: call.function)


def submission(sandbox: Sandbox, calls: Sequence[Call]) -> None:
    """Grade one submission, but for the judging."""
    extraction = sandbox.extract(CELLS, WANTED, STAND_INS)
    outcomes = sandbox.run(Program(extraction.definitions, STAND_INS), calls, helper)
    assert all(outcome.status == "value" for outcome in outcomes)


def milliseconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1e3


def measure(rounds: int, calls: Sequence[Call]) -> dict[str, tuple[tuple[str, ...], list[float]]]:
    """For each tier that this machine has: its layers, and the milliseconds of each submission."""
    taken: dict[str, tuple[tuple[str, ...], list[float]]] = {}
    with ExitStack() as stack:
        sandboxes = {}
        for tier in TIERS:
            try:
                sandboxes[tier] = stack.enter_context(Sandbox.start(tier))
            except NotIsolated as error:
                print(f"{tier}: {error}")
                continue
            submission(sandboxes[tier], calls)
            taken[tier] = (sandboxes[tier].isolation.layers, [])
        for _ in range(rounds):
            for tier, sandbox in sandboxes.items():
                taken[tier][1].append(milliseconds(lambda sandbox=sandbox: submission(sandbox, calls)))
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    taken = measure(options.rounds, plan(options.calls))
    base = taken["none"][1]
    print(f"{'tier':8} {'min ms':>8} {'median':>8} {'min/none':>9} {'med/none':>9}  layers")
    for tier, (layers, times) in taken.items():
        low, middle = min(times), statistics.median(times)
        ratios = low / min(base), middle / statistics.median(base)
        print(f"{tier:8} {low:8.2f} {middle:8.2f} {ratios[0]:9.2f} {ratios[1]:9.2f}  {' '.join(layers)}")


if __name__ == "__main__":
    main()
