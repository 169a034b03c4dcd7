"""What a notebook's functions really give: run here, apart from the grader, on inputs of its own.

Only for the styles of this repository and changes of them: it runs the code in this process.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import resource
import signal
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.diagnosis_styles import GRADED, OPTIONAL, cells_of, strip_magics

Functions = Mapping[str, Any]
Call = tuple[str, Callable[[Functions, Functions], Any]]
NETS = (((5, 4, 3, 1), 7), ((3, 8, 1), 5), ((4, 4, 4, 1), 9), ((2, 3, 5, 4, 1), 4))
SECONDS = 2.0
MEMORY = 1 << 30
_RTOL = 1e-7


class TooSlow(BaseException):
    """A call that takes longer than SECONDS, or more memory than MEMORY: an endless loop."""


@contextlib.contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before, memory = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (_in_use() + MEMORY, memory[1]))
    try:
        yield
    except MemoryError:
        raise TooSlow from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, memory)


def _in_use() -> int:
    """Bytes of this process's address space."""
    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()


def namespace(source: str, helpers: Functions) -> dict[str, Any]:
    """The definitions of a notebook. Test cells and imports that fail are passed over."""
    made: dict[str, Any] = {"__name__": "notebook"}
    with _stand_ins(helpers), contextlib.redirect_stdout(io.StringIO()):
        for kind, body in cells_of(source):
            code = strip_magics("\n".join(line for _, line in body)) if kind == "code" else ""
            for node in ast.parse(code).body:
                if isinstance(
                    node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign
                ):
                    with contextlib.suppress(Exception, TooSlow), limited():
                        exec(compile(ast.Module([node], []), "notebook", "exec"), made)  # noqa: S102
    return made


@contextlib.contextmanager
def _stand_ins(helpers: Functions) -> Iterator[None]:
    names = ["dnn_utils", "dnn_utils_v2", "dnn_app_utils_v3"]
    for name in names:
        module = types.ModuleType(name)
        module.__dict__.update({key: helpers[key] for key in OPTIONAL if key in helpers})
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


# ------------------------------------------------------------------------------- what is compared


def _net(sizes: tuple[int, ...], m: int) -> tuple[Any, Any, dict[str, Any]]:
    rng = np.random.default_rng([17, m, *sizes])
    parameters: dict[str, Any] = {}
    for l in range(1, len(sizes)):
        parameters[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1])) * 0.7
        parameters[f"b{l}"] = rng.normal(size=(sizes[l], 1)) * 0.3
    Y = rng.permutation(np.arange(m) % 2).astype(float)
    return rng.normal(size=(sizes[0], m)), Y.reshape(1, m), parameters


def results(function: str, own: Functions, others: Functions) -> Iterator[Any]:
    """What a function gives on every problem; its inputs are made by `others`, its helpers are its own."""
    if function.startswith("initialize"):
        yield _drawn(function, own)
        return
    for number, (sizes, m) in enumerate(NETS):
        X, Y, parameters = _net(sizes, m)
        rng = np.random.default_rng(number)
        yield from _of(function, own, others, X, Y, parameters, rng)


def _of(
    function: str, own: Functions, others: Functions, X: Any, Y: Any, parameters: Any, rng: Any
) -> Iterator[Any]:
    W, b = parameters["W1"], parameters["b1"]
    dZ = rng.normal(size=(W.shape[0], X.shape[1]))
    if function == "linear_forward":
        yield _value(lambda: own[function](X, W, b)[0])
    elif function == "linear_activation_forward":
        for kind in ("relu", "sigmoid"):
            yield _value(lambda kind=kind: own[function](X, W, b, kind)[0])
    elif function == "L_model_forward":
        yield _value(lambda: (own[function](X, parameters)[0], len(own[function](X, parameters)[1])))
    elif function == "compute_cost":
        yield _value(lambda: own[function](_forward(others, X, parameters)[0], Y))
    elif function == "linear_backward":
        yield _value(lambda: own[function](dZ, others["linear_forward"](X, W, b)[1]))
    elif function == "linear_activation_backward":
        for kind in ("relu", "sigmoid"):
            cache = lambda kind=kind: others["linear_activation_forward"](X, W, b, kind)[1]
            yield _value(lambda kind=kind, cache=cache: own[function](dZ, cache(), kind))
    elif function == "L_model_backward":
        yield _value(lambda: _backward(own[function], others, X, Y, parameters))
    elif function == "update_parameters":
        grads = {"d" + key: rng.normal(size=value.shape) for key, value in parameters.items()}
        copies = {key: value.copy() for key, value in parameters.items()}
        yield _value(lambda: own[function](copies, grads, 0.37))
    else:
        yield _value(lambda: _activation(own[function], function, dZ, rng.normal(size=dZ.shape) * 1.6))


def _activation(function: Any, name: str, dA: Any, Z: Any) -> Any:
    return function(dA, Z) if name.endswith("backward") else function(Z)[0]


def _forward(others: Functions, X: Any, parameters: Any) -> Any:
    return others["L_model_forward"](X, parameters)


def _backward(function: Any, others: Functions, X: Any, Y: Any, parameters: Any) -> Any:
    AL, caches = _forward(others, X, parameters)
    return _numbered_from_zero(function(AL, Y, caches), len(caches))


def _numbered_from_zero(grads: Any, layers: int) -> Any:
    """The layout of 2017, dA1 … dAL, as that of later: dA0 … dA(L - 1)."""
    if not isinstance(grads, dict) or "dA0" in grads or f"dA{layers}" not in grads:
        return grads
    old = {f"dA{l}": f"dA{l - 1}" for l in range(1, layers + 1)}
    return {old.get(key, key): value for key, value in grads.items()}


def _drawn(function: str, own: Functions) -> Any:
    """The shapes, and by rough statistics the distribution, of what is drawn."""
    args = (70, 60, 50) if function == "initialize_parameters" else ([70, 60, 50, 40],)
    np.random.seed(5)
    made = _value(lambda: own[function](*args))
    if not isinstance(made, dict):
        return made
    return {key: _statistics(value) for key, value in made.items()}


def _statistics(value: Any) -> Any:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return type(value).__name__
    if not np.isfinite(array).all():
        return (array.shape, "not finite")
    if array.size < 2 or not array.std():
        return (array.shape, float(array.mean()) if array.size else 0.0)
    z = (array - array.mean()) / array.std()
    spread = round(float(np.log(array.std() / 0.01)) / 0.3)
    off_centre = abs(float(array.mean())) > 6 * float(array.std()) / np.sqrt(array.size)
    return (array.shape, spread, bool(off_centre), bool(2.6 < (z**4).mean() < 3.4))


def _value(run: Callable[[], Any]) -> Any:
    try:
        with limited(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            return run()
    except TooSlow:
        return "too slow"
    except Exception as error:  # noqa: BLE001 - a wrong function may raise anything
        return f"raised {type(error).__name__}"


def same(one: Any, two: Any) -> bool:
    """Whether two results are equal: structure, shape, numbers to 1e-7."""
    if isinstance(one, dict) or isinstance(two, dict):
        both = isinstance(one, dict) and isinstance(two, dict) and set(one) == set(two)
        return both and all(same(one[key], two[key]) for key in one)
    if isinstance(one, tuple | list) or isinstance(two, tuple | list):
        both = isinstance(one, tuple | list) and isinstance(two, tuple | list) and len(one) == len(two)
        return both and all(same(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, str) or isinstance(two, str) or one is None or two is None:
        return (
            isinstance(one, str) and isinstance(two, str) and (one == two or {one[:6], two[:6]} == {"raised"})
        )
    return _same_arrays(one, two)


def _same_arrays(one: Any, two: Any) -> bool:
    try:
        a, b = np.asarray(one, dtype=float), np.asarray(two, dtype=float)
    except (TypeError, ValueError):
        return type(one) is type(two)
    scale = np.nanmax(np.abs(b), initial=0.0, where=np.isfinite(b))
    return a.shape == b.shape and bool(
        np.allclose(a, b, rtol=_RTOL, atol=max(_RTOL * float(scale), 1e-300), equal_nan=True)
    )


def agree(function: str, one: Functions, two: Functions, right: Functions) -> bool:
    """Whether a function of two notebooks gives the same everywhere (with `right` inputs)."""
    pairs = zip(results(function, one, right), results(function, two, right), strict=True)
    return all(same(a, b) for a, b in pairs)


def with_right_helpers(function: str, source: str, right_source: str, helpers: Functions) -> Functions:
    """A notebook's namespace in which every other graded function is the right one."""
    mine, right = namespace(source, helpers), namespace(right_source, helpers)
    for name in (*GRADED, *OPTIONAL):
        if name != function and name in right and name in mine:
            mine[name] = right[name]
    return mine


def wrong_functions(source: str, right_source: str, helpers: Functions) -> list[str]:
    """The graded functions that give something else than the right notebook's, with its own helpers."""
    mine, right = namespace(source, helpers), namespace(right_source, helpers)
    names = [name for name in (*GRADED, *OPTIONAL) if name in right]
    return [name for name in names if name not in mine or not _agrees_in_place(name, mine, right)]


def _agrees_in_place(name: str, mine: Functions, right: Functions) -> bool:
    pairs = zip(results(name, mine, mine), results(name, right, right), strict=True)
    return all(same(a, b) for a, b in pairs)


def makes_every_name(source: str) -> bool:
    """Whether each name that the source reads is made somewhere in it, or is Python's own."""
    cells = (
        strip_magics("\n".join(line for _, line in body)) for kind, body in cells_of(source) if kind == "code"
    )
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | set(dir(builtins))
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            made.add(node.name)
    return "*" in made or {node.id for node in names} <= made
