"""Inputs for "Building your Deep Neural Network: Step by Step": nets of 1 to 5 layers.

Sizes and batch sizes are coprime, so that m, n and n_prev cannot be taken for each other; non-square
layers show transposed products as errors, square ones let them run and leave their fingerprint. Labels
hold both classes, or are soft. The last calls of a function have the shapes of earlier ones and other numbers, often
larger ones: what is remembered by shapes, or cut off, shows. There are always two examples or more, and forward two layers or more, as in the
course: what stops at one alone (`len(np.squeeze(Y))`, `l + 1` after a loop that has not run) is nobody's error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.model import Call, Step, Value
from grader.references.networks import (
    Array,
    Labels,
    Pass,
    draw_labels,
    draw_parameters,
    forward_pass,
    reaching,
)
from grader.references.suite import CallMaker, Functions, Suite, result

#: (layer sizes, m, soft labels) of the passes that the model functions are observed on.
NETS: tuple[tuple[tuple[int, ...], int, bool], ...] = (
    ((5, 4, 3, 1), 7, False),
    ((3, 3, 3, 3, 1), 8, False),
    ((3, 2, 1), 7, True),
    ((4, 3, 2, 1), 5, True),
    ((2, 3, 2, 4, 3, 1), 5, False),
    ((1, 1, 1, 1), 5, False),
)
#: Backward, one layer is enough: where its keys go tells some slips apart.
SHALLOW = ((2, 1), 5, False)
#: (n_prev, n, m) of single layers. In the one of size 3 throughout, any product runs and leaves its numbers.
LAYERS = ((5, 4, 7), (3, 3, 8), (3, 2, 11), (2, 1, 5), (3, 3, 3), (5, 3, 2), (1, 1, 3))
LARGE = (60, 50, 40, 30)
#: The largest of the numbers before an activation, and of gradients, in one call each.
FAR, STEEP = 9.5, 30.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between assignments that have these ten functions.

    `helpers` are the activations that a notebook may define as functions of its own, with their backward ones.
    """

    activations: tuple[str, ...] = ("sigmoid", "relu")
    helpers: tuple[str, ...] = ("sigmoid", "relu")
    labels: Labels = draw_labels
    probabilities: bool = True


#: An output between 0 and 1, and labels of two classes.
CLASSIFICATION = Kind()


class NetCalls(CallMaker):
    """Calls of one kind of assignment."""

    def __init__(self, kind: Kind, seed: int, prefix: str = "", only: Collection[str] | None = None) -> None:
        super().__init__(seed, prefix, only)
        self.kind = kind


def make_suite(
    functions: Functions, seed: int, only: Collection[str] | None = None, kind: Kind = CLASSIFICATION
) -> Suite:
    """All calls for one seed, or those of some functions. `functions` are the reference's (convention L)."""
    isolated, in_place = NetCalls(kind, seed, only=only), NetCalls(kind, seed, "in-place-", only=only)
    for add, makes in _GROUPS:
        if isolated.wants(*makes):
            add(isolated, functions)
    _chains(in_place, functions)
    if only is not None:
        return Suite(isolated.done(), in_place.done())
    return Suite(isolated.done(), in_place.done(), _public(functions, kind), _interface(kind))


def _initialize(calls: NetCalls, functions: Functions) -> None:
    for number, sizes in enumerate(((50, 40, 30), (3, 2, 1), (2, 5, 4))):
        calls.add("initialize_parameters", *sizes, seed=_stream(calls, number))
    for number, dims in enumerate((LARGE, (5, 4, 3), (2, 3, 4, 3, 1))):
        calls.add("initialize_parameters_deep", list(dims), seed=_stream(calls, number))


def _stream(calls: NetCalls, number: int) -> int:
    return int(calls.rng(f"initialize{number}").integers(1, 2**31))


def _layer(rng: np.random.Generator, n_prev: int, n: int, m: int) -> tuple[Array, Array, Array]:
    parameters = draw_parameters((n_prev, n, 1), rng)
    return rng.normal(size=(n_prev, m)) + 0.3, parameters["W1"], parameters["b1"]


def _layers_forward(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("forward")
    for sizes in LAYERS[:5]:
        calls.add("linear_forward", *_layer(rng, *sizes))
    for sizes in (*LAYERS[:3], LAYERS[4]):
        for activation in calls.kind.activations:
            calls.add("linear_activation_forward", *_layer(rng, *sizes), activation)
    calls.add("linear_forward", *_layer(rng, *LAYERS[3]))
    for activation in calls.kind.activations:
        calls.add("linear_activation_forward", *_far(*_layer(rng, *LAYERS[2])), activation)


def _far(A: Array, W: Array, b: Array) -> tuple[Array, Array, Array]:
    """The layer in such units that the largest Z is large, and above zero."""
    scale = FAR / _farthest(W @ A + b)
    return A, scale * W, scale * b


def _farthest(Z: Array) -> float:
    """The number that is farthest from zero, with its sign."""
    return float(Z.flat[np.abs(Z).argmax()])


def _model_forward(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("L_model_forward")
    for net in NETS:
        made = _pass(calls, functions, net, rng)
        calls.add("L_model_forward", made.X, made.parameters)
    made = _pass(calls, functions, NETS[0], rng)
    calls.add("L_model_forward", made.X, made.parameters)


def _pass(
    calls: NetCalls, functions: Functions, net: tuple[tuple[int, ...], int, bool], rng: np.random.Generator
) -> Pass:
    sizes, m, soft = net
    kind = calls.kind
    return forward_pass(
        functions, sizes, m, rng, soft=soft, labels=kind.labels, probabilities=kind.probabilities
    )


def _cost(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("cost")
    for net in (
        ((3, 2, 1), 7, False),
        ((3, 2, 1), 5, True),
        ((2, 1), 11, True),
        ((2, 1), 13, False),
        ((2, 1), 2, False),
    ):
        made = _pass(calls, functions, net, rng)
        calls.add("compute_cost", made.AL, made.Y)
    made = reaching(functions, _pass(calls, functions, ((3, 2, 1), 7, False), rng))
    calls.add("compute_cost", made.AL, made.Y)


def _layers_backward(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("backward")
    for n_prev, n, m in LAYERS:
        cache = _layer(rng, n_prev, n, m)
        calls.add("linear_backward", rng.normal(size=(n, m)) + 0.2, cache)
    for n_prev, n, m in LAYERS[:5]:
        for activation in calls.kind.activations:
            _, cache = functions["linear_activation_forward"](*_layer(rng, n_prev, n, m), activation)
            calls.add("linear_activation_backward", _both_signs(rng, (n, m)), cache, activation)
    n_prev, n, m = LAYERS[2]
    calls.add("linear_backward", STEEP * _both_signs(rng, (n, m)), _layer(rng, n_prev, n, m))
    for activation in calls.kind.activations:
        _, cache = functions["linear_activation_forward"](*_far(*_layer(rng, n_prev, n, m)), activation)
        calls.add("linear_activation_backward", _both_signs(rng, (n, m)), cache, activation)


def _both_signs(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.normal(size=shape) + 0.1


def _model_backward(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("L_model_backward")
    for net in (*NETS, SHALLOW):
        made = _pass(calls, functions, net, rng)
        calls.add("L_model_backward", made.AL, made.Y, made.caches)
    made = reaching(functions, _pass(calls, functions, NETS[0], rng))
    calls.add("L_model_backward", made.AL, made.Y, made.caches)


def _update(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("update")
    for sizes, rate, steep in (
        ((5, 4, 3, 1), 0.37, False),
        ((3, 3, 1), 0.05, False),
        ((2, 2, 1), 1.3, False),
        ((2, 3, 2, 4, 3, 1), 0.21, False),
        ((2, 2, 1), 0.6, True),
    ):
        made = _pass(calls, functions, (sizes, 7, False), rng)
        grads = functions["L_model_backward"](made.AL, made.Y, made.caches)
        calls.add("update_parameters", made.parameters, _steep(grads) if steep else grads, rate)


def _steep(grads: dict[str, Array]) -> dict[str, Array]:
    """The gradients, in such units that the largest is large."""
    scale = STEEP / max(float(np.abs(array).max()) for array in grads.values())
    return {name: scale * array for name, array in grads.items()}


def _activations(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("activations")
    for shape, far in (((4, 7), False), ((3, 3), False), ((1, 5), False), ((3, 3), True)):
        Z = rng.normal(size=shape) * 1.6
        Z = FAR / _farthest(Z) * Z if far else Z
        dA = _both_signs(rng, shape)
        for name in calls.kind.helpers:
            calls.add(name, Z)
            calls.add(f"{name}_backward", dA, Z)


def _chains(calls: NetCalls, functions: Functions) -> None:
    """Calls in place: each function reads what the student's own earlier functions made."""
    if calls.wants("L_model_forward", "L_model_backward"):
        _model_chains(calls, functions)
    rng = calls.rng("chains")
    for sizes in (*LAYERS[:2], LAYERS[0]):
        A, W, b = _layer(rng, *sizes)
        other = _layer(rng, *sizes)
        dZ = rng.normal(size=(sizes[1], sizes[2])) + 0.2
        calls.add("linear_forward", A, W, b)
        calls.add("linear_backward", dZ, result(0, 1), before=_twice("linear_forward", (A, W, b), other))
        for activation in calls.kind.activations:
            args = (A, W, b, activation)
            before = _twice("linear_activation_forward", args, (*other, activation))
            calls.add("linear_activation_forward", *args)
            calls.add("linear_activation_backward", dZ, result(0, 1), activation, before=before)
        for helper in calls.kind.helpers:
            before = _twice(helper, (W @ A + b,), (other[1] @ other[0] + other[2],))
            calls.add(f"{helper}_backward", dZ, result(0, 1), before=before)


def _twice(function: str, args: tuple[Value, ...], others: tuple[Value, ...]) -> tuple[Step, ...]:
    """The step whose cache is read later, and one more of the function with inputs of the same shapes: a cache that
    stands in a variable of the notebook, or in a table of shapes, is overwritten by then."""
    return Step(function, args), Step(function, others)


def _model_chains(calls: NetCalls, functions: Functions) -> None:
    rng = calls.rng("model chains")
    for net in (*NETS[:3], NETS[4], NETS[0]):
        made, other = _pass(calls, functions, net, rng), _pass(calls, functions, net, rng)
        calls.add("L_model_forward", made.X, made.parameters)
        before = _twice("L_model_forward", (made.X, made.parameters), (other.X, other.parameters))
        calls.add("L_model_backward", made.AL, made.Y, result(0, 1), before=before)


def _public(functions: Functions, kind: Kind) -> dict[str, tuple[Call, ...]]:
    """Small inputs that are the same for everybody: a student may see what their code does on them."""
    calls = NetCalls(kind, 2017, "public-")
    rng = calls.rng("public")
    calls.add("initialize_parameters", 3, 2, 1, seed=1)
    calls.add("initialize_parameters_deep", [5, 4, 3], seed=3)
    layer: Sequence[Array] = _layer(rng, 3, 2, 4)
    dZ = _both_signs(rng, (2, 4))
    calls.add("linear_forward", *layer)
    calls.add("linear_backward", dZ, tuple(layer))
    for name in kind.activations:
        _, cache = functions["linear_activation_forward"](*layer, name)
        calls.add("linear_activation_forward", *layer, name)
        calls.add("linear_activation_backward", dZ, cache, name)
    for name in kind.helpers:
        calls.add(name, cache[1])
        calls.add(f"{name}_backward", dZ, cache[1])
    for sizes in ((4, 3, 1), (3, 4, 2, 1)):  # many slips stop a net with two hidden layers alone
        made = _pass(calls, functions, (sizes, 5, False), rng)
        grads = functions["L_model_backward"](made.AL, made.Y, made.caches)
        calls.add("L_model_forward", made.X, made.parameters)
        calls.add("L_model_backward", made.AL, made.Y, made.caches)
        calls.add("update_parameters", made.parameters, grads, 0.1)
    calls.add("compute_cost", made.AL, made.Y)
    return {name: tuple(replace(call, public=True) for call in made) for name, made in calls.done().items()}


def _interface(kind: Kind) -> dict[str, Call]:
    """`sigmoid(Z)` of the course returns A and a cache, its `sigmoid_backward` takes dA and that cache."""
    calls = NetCalls(kind, 2018, "interface-")
    Z = np.array([[0.5, -1.5, 2.5]])
    for name in kind.helpers:
        calls.add(name, Z)
        calls.add(f"{name}_backward", np.array([[1.0, -2.0, 0.5]]), Z)
    return {name: made[0] for name, made in calls.done().items()}


_GROUPS: tuple[tuple[Callable[[NetCalls, Functions], None], tuple[str, ...]], ...] = (
    (_initialize, ("initialize_parameters", "initialize_parameters_deep")),
    (_layers_forward, ("linear_forward", "linear_activation_forward")),
    (_model_forward, ("L_model_forward",)),
    (_cost, ("compute_cost",)),
    (_layers_backward, ("linear_backward", "linear_activation_backward")),
    (_model_backward, ("L_model_backward",)),
    (_update, ("update_parameters",)),
    (_activations, ("sigmoid", "relu", "sigmoid_backward", "relu_backward")),
)
