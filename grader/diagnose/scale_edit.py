"""A scale law as edits of the reference: what a class got wrong by a factor, where no small operator gives it.

A report keeps the laws of unexplained components for the instructor. Here each becomes a factor at the line that makes
the component, or in what is returned; whoever asks tries them, so that a place that does not fit does no harm.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from fractions import Fraction

import numpy as np

from grader.diagnose.finding import Finding
from grader.diagnose.scale_law import ScaleLaw, batch_index, fit_scale_law
from grader.judge.verdict import Predict
from grader.model import Call, Value
from grader.rubric.schema import Edit, FunctionSpec

#: The key under which a report keeps them, among what is for the instructor only.
LAWS = "laws"
_PRECISION, _SIMPLE, _DIGITS = 1e-6, 10, 10
_MOST_TRIED = 16


def laws_of(finding: Finding, right: Predict) -> str:
    """The laws of all failing components as text; empty where one of them follows none."""
    if finding.observed is None or finding.spec.random:
        return ""
    found = {name: fit_scale_law(finding.observed, name, right) for name in finding.failed}
    if not found or None in found.values():
        return ""
    return json.dumps({name: astuple(law) for name, law in found.items() if law is not None})


def scale_edits(text: str, spec: FunctionSpec, call: Call, laws: str) -> Iterator[tuple[Edit, ...]]:
    """Edits of a reference's function, whose source is `text`, by which each component is wrong by its law."""
    told = {name: ScaleLaw(*numbers) for name, numbers in json.loads(laws).items()} if laws else {}
    function = ast.parse(text).body[0]
    names = _size_names(text, spec, call)
    options = [list(_places(function, spec, name)) for name in told if name in spec.returns]
    for chosen in itertools.islice(itertools.product(*options), _MOST_TRIED):
        wrapped = {
            (node.lineno, node.col_offset): (node, law)
            for nodes, law in zip(chosen, told.values(), strict=False)
            for node in nodes
        }
        edits = _edits(text, spec.name, list(wrapped.values()), names)
        if edits:
            yield edits


def _places(function: ast.AST, spec: FunctionSpec, component: str) -> Iterator[list[ast.expr]]:
    """The expressions that are the component: assigned to its name, put under its keys, or returned."""
    place = spec.returns[component]
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    if named := [node.value for node in assigned if _is_name(node.targets[0], component)]:
        yield named
    if keyed := [
        node.value for node in assigned if isinstance(place, str) and _is_key(node.targets[0], place)
    ]:
        yield keyed
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
    if place is None and returned:
        yield returned
    tuples = [value for value in returned if isinstance(value, ast.Tuple)]
    if isinstance(place, int) and tuples:
        yield [value.elts[place] for value in tuples if place < len(value.elts)]


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _is_key(target: ast.expr, prefix: str) -> bool:
    """`grads[f"dW{l}"]` for the prefix `dW`."""
    if not isinstance(target, ast.Subscript) or not isinstance(target.slice, ast.JoinedStr):
        return False
    first = target.slice.values[0]
    return isinstance(first, ast.Constant) and first.value == prefix


def _edits(
    text: str, function: str, wrapped: Sequence[tuple[ast.expr, ScaleLaw]], names: Mapping[str, str]
) -> tuple[Edit, ...]:
    """One edit for each line; none where a line is not unique, or an expression has several."""
    old = text.split("\n")
    new = list(old)
    for node, law in sorted(wrapped, key=lambda item: (item[0].lineno, -item[0].col_offset)):
        if node.end_lineno != node.lineno:
            return ()
        at = node.lineno - 1
        before, inner = new[at][: node.col_offset], new[at][node.col_offset : node.end_col_offset]
        whole = isinstance(node, ast.Name | ast.Call | ast.Subscript)
        after = old[at][node.end_col_offset :] if new[at] == old[at] else new[at][node.end_col_offset :]
        new[at] = f"{before}{_times(law, inner if whole else f'({inner})', names)}{after}"
    changed = [(one.strip(), other.strip()) for one, other in zip(old, new, strict=True) if one != other]
    unique = all(text.count(one) == 1 for one, _ in changed)
    return tuple(Edit(function, one, other) for one, other in changed) if unique else ()


def _times(law: ScaleLaw, expression: str, names: Mapping[str, str]) -> str:
    """`-3 * m * (expression) / n ** 2`."""
    above, below = _constant(abs(law.constant))
    for size, name in names.items():
        power = getattr(law, size)
        factor = name if abs(power) == 1 else f"{name} ** {abs(power)}"
        above += [factor] if power > 0 else []
        below += [factor] if power < 0 else []
    sign = "-" if law.constant < 0 else ""
    return sign + " * ".join([*above, expression]) + "".join(f" / {one}" for one in below)


def _constant(size: float) -> tuple[list[str], list[str]]:
    """What stands above and below the line."""
    nearest = Fraction(size).limit_denominator(_SIMPLE)
    if abs(float(nearest) - size) > _PRECISION * size:
        return [f"{size:.{_DIGITS}g}"], []
    parts = (nearest.numerator, nearest.denominator)
    above, below = ([str(part)] if part != 1 else [] for part in parts)
    return above, below


def _size_names(text: str, spec: FunctionSpec, call: Call) -> dict[str, str]:
    """m, n and n_prev as the function may write them: its own `m`, else axes of what it is given."""
    start = batch_index(spec)
    args = zip(spec.parameters[start:], call.steps[-1].args[start:], strict=False)
    arrays = [found for name, value in args for found in _arrays(name, value)]
    first = arrays[0] if arrays else spec.parameters[0]
    second = arrays[1] if len(arrays) > 1 else first
    own = re.search(r"^\s+m = ", text, re.MULTILINE)
    return {
        "m": "m" if own else f"{first}.shape[1]",
        "n": f"{first}.shape[0]",
        "n_prev": f"{second}.shape[0]",
    }


def _arrays(path: str, value: Value) -> Iterator[str]:
    """How each matrix in a value is reached, in the order in which `sizes_of` looks at them."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _arrays(f"{path}[{key!r}]", item)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _arrays(f"{path}[{index}]", item)
