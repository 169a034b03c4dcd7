"""Wrong, and by no known misconception: facts in plain words. Never a guess, never a hidden value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from grader.diagnose.finding import Finding
from grader.diagnose.scale_law import ScaleLaw, fit_scale_law
from grader.judge.compare import Difference, as_array, compare
from grader.judge.components import Absent, split
from grader.judge.random_init import DRAWN_AGAIN, IN_COMMON
from grader.judge.verdict import Predict, part_difference
from grader.model import Value

PRECISION = 1e-6
#: Where numbers in single precision differ, too, they are wrong.
_CLEARLY = 1e-4
_SIMPLE, _POWERS = 10, 8
_SIZES = ("m", "n", "n_prev")
_UNTOLD = "some number"


def describe(finding: Finding, component: str, right: Predict) -> str:
    """What can be said of a wrong component. One or two sentences."""
    difference = finding.verdict.differences.get(component) if finding.verdict else None
    if difference is None or finding.observed is None:
        return ""
    for fact in _facts(finding, component, difference, right):
        return fact
    return _stopped(finding, component, right) if difference.detail == "raised" else _plain(difference)


def _facts(finding: Finding, component: str, difference: Difference, right: Predict) -> Iterator[str]:
    observed = finding.observed
    if observed is None or difference.kind in ("absent", "type", "nan", "in-use", "again"):
        return
    law = None if finding.spec.random else fit_scale_law(observed, component, right)
    if law is not None:
        yield _factor(law) + ("" if finding.relations.get(component) else _doubling(law))
    pairs = list(_pairs(finding, component, right))
    large = any(_size(found) > 1 for _, found in pairs)
    wrong = any(compare(wanted, found, PRECISION) is not None for wanted, found in pairs)
    for holds, text in _RELATIONS:
        everywhere = wrong and all(holds(wanted, found) for wanted, found in pairs)
        if everywhere and (large or holds is _shape_only) and _tells(holds, pairs):
            yield text
    if finding.spec.random:
        return
    if not large:
        yield from _over_calls(pairs)
    yield from _where(finding, component, right)


def _stopped(finding: Finding, component: str, right: Predict) -> str:
    """Of a function that stops: on which inputs, and what is true of the others."""
    if finding.observed is None or not finding.observed.valued:
        return "There is nothing to compare: the function stops with an error each time."
    stops = "The function stops with an error on some inputs"
    if component in finding.spec.private:
        return f"{stops}."
    if _differs(finding, component, right, _CLEARLY):
        return f"{stops}, and on others this is wrong."
    return (
        f"{stops}."
        if _differs(finding, component, right, PRECISION)
        else f"{stops}; on the others this is right."
    )


def _differs(finding: Finding, component: str, right: Predict, tolerance: float) -> bool:
    """Whether a component is wrong on some call that gives a value."""
    observed = finding.observed
    if observed is None:
        return False
    told = [(right(observed.calls[index]), observed.parts[index][component]) for index in observed.valued]
    return any(
        part_difference(finding.spec, split(finding.spec, expected)[component], found, tolerance) is not None
        for expected, found in told
        if expected is not None and expected.status == "value"
    )


def _factor(law: ScaleLaw) -> str:
    """By which factor it is wrong. One that is no simple number is not told: see `_number`."""
    text = law_text(law)
    if text == "-1 times":
        return f"Wrong in sign only: {text} the right values."
    if _UNTOLD not in text:
        return f"Wrong by a factor: {text} the right values."
    negative = "negative " if law.constant < 0 else ""
    if not (law.m or law.n or law.n_prev):
        return f"Wrong by a {negative}factor that is the same on all inputs."
    sizes = law_text(replace(law, constant=1.0))
    return f"Wrong by a factor: {sizes} the right values, and by a {negative}factor that is the same on all inputs."


def _over_calls(pairs: Sequence[tuple[Value, Value]]) -> Iterator[str]:
    """Results that are one number each: how they differ from call to call."""
    arrays = [(as_array(wanted), as_array(found)) for wanted, found in pairs]
    told = [(a, b) for a, b in arrays if a is not None and b is not None and a.size == b.size == 1]
    right = np.array([a.item() for a, _ in told], dtype=float)
    got = np.array([b.item() for _, b in told], dtype=float)
    if len(told) < max(len(pairs), 2) or not np.isfinite(got).all() or not np.isfinite(right).all():
        return
    allowed = PRECISION * float(np.max(np.abs(right)))
    if np.ptp(right) <= allowed:
        return  # one number for all calls shows neither
    if np.ptp(got) <= allowed:
        yield "The same number comes out whatever the inputs are."
    elif np.ptp(got - right) <= allowed:
        yield "Off by one constant that is the same on all inputs."


def law_text(law: ScaleLaw) -> str:
    """`-m times`, `1/m times`, `m/3 times`, `2·m/(n·n_prev) times`."""
    above = [_power(name, getattr(law, name)) for name in _SIZES if getattr(law, name) > 0]
    below = [_power(name, -getattr(law, name)) for name in _SIZES if getattr(law, name) < 0]
    size = abs(law.constant)
    share = round(1 / size) if 1 / (2 * _SIMPLE) < size < 1 else 1
    if 1 < share <= 10 and abs(share * size - 1) <= PRECISION:
        below.insert(0, str(share))
    elif abs(size - 1) > PRECISION:
        above.insert(0, _number(size))
    bottom = "·".join(below) if len(below) < 2 else f"({'·'.join(below)})"
    sign = "-" if law.constant < 0 else ""
    return f"{sign}{'·'.join(above) or '1'}{'/' if below else ''}{bottom} times"


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def _number(value: float) -> str:
    """A simple number (2, 1/3, 0.01); any other could be one that student code has made of hidden inputs."""
    nearest = Fraction(value).limit_denominator(_SIMPLE)
    if nearest.numerator <= _SIMPLE and abs(value - nearest) <= PRECISION * value:
        return str(nearest) if nearest.denominator in (1, 3, 6, 7, 9) else f"{value:.4g}"
    power = round(math.log10(value))
    if abs(power) <= _POWERS and abs(value / 10.0**power - 1) <= PRECISION:
        return f"{10.0**power:g}"
    return _UNTOLD


def _doubling(law: ScaleLaw) -> str:
    """A fact that a student can check alone."""
    change = {1: "double", -1: "halve"}.get(law.m)
    if change is None:
        return ""
    return f" To check this yourself: put every example into the batch twice; the right numbers stay the same, these {change}."


def _pairs(finding: Finding, component: str, right: Predict) -> Iterator[tuple[Value, Value]]:
    observed = finding.observed
    if observed is None:
        return
    for index in observed.valued:
        expected = right(observed.calls[index])
        if expected is not None and expected.status == "value":
            yield from _arrays(split(finding.spec, expected)[component], observed.parts[index][component])


def _arrays(wanted: Value, found: Value) -> Iterator[tuple[Value, Value]]:
    """Pairs of arrays at the same place."""
    if isinstance(wanted, dict):
        for key, item in wanted.items():
            if isinstance(found, dict) and key in found:
                yield from _arrays(item, found[key])
    elif isinstance(wanted, tuple | list):
        if isinstance(found, tuple | list) and len(found) == len(wanted):
            for one, other in zip(wanted, found, strict=True):
                yield from _arrays(one, other)
    elif not isinstance(found, Absent):
        yield wanted, found


def _size(value: Value) -> int:
    array = as_array(value)
    return 0 if array is None else array.size


def _transposed(wanted: Value, found: Value) -> bool:
    right, got = as_array(wanted), as_array(found)
    return (
        right is not None and got is not None and right.ndim == 2 and compare(right.T, got, PRECISION) is None
    )


def _shape_only(wanted: Value, found: Value) -> bool:
    right, got = as_array(wanted), as_array(found)
    if right is None or got is None or right.size != got.size:
        return False
    return compare(right.ravel(), got.ravel(), PRECISION) is None


def _offset(wanted: Value, found: Value) -> bool:
    right, got = as_array(wanted), as_array(found)
    if right is None or got is None or right.shape != got.shape:
        return False
    with np.errstate(all="ignore"):  # a student's numbers may be as large as numbers can be
        gap = got.astype(float) - right
        spread = np.ptp(gap) if gap.size and np.isfinite(gap).all() else np.inf
    return bool(spread <= PRECISION * max(float(np.max(np.abs(right), initial=0.0)), 1e-9))


def _constant(wanted: Value, found: Value) -> bool:
    right, got = as_array(wanted), as_array(found)
    if got is None or right is None or not got.size or not np.isfinite(got).all():
        return False
    return bool(got.max() == got.min())


def _tells(holds: Callable[[Value, Value], bool], pairs: Sequence[tuple[Value, Value]]) -> bool:
    """Whether the relation says anything: that zeros are all the same does not, nor that what is right is off by 0."""
    if holds is _constant:
        return any(not _constant(wanted, wanted) for wanted, _ in pairs)
    if holds is _offset:
        return all(compare(wanted, found, PRECISION) is not None for wanted, found in pairs)
    return True


def _permuted(wanted: Value, found: Value) -> bool:
    right, got = as_array(wanted), as_array(found)
    if right is None or got is None or right.shape != got.shape:
        return False
    return compare(np.sort(right.ravel()), np.sort(got.ravel().astype(float)), PRECISION) is None


_RELATIONS: tuple[tuple[Callable[[Value, Value], bool], str], ...] = (
    (_transposed, "The values are right, but rows and columns are swapped (transposed)."),
    (_shape_only, "The numbers are right, but the shape is not."),
    (_permuted, "The right numbers are there, but in other places."),
    (_constant, "Every entry is the same number."),
    (_offset, "Off by one constant that is the same for all entries."),
)


def _where(finding: Finding, component: str, right: Predict) -> Iterator[str]:
    """Wrong in some layers only, or on some calls only."""
    observed = finding.observed
    if observed is None:
        return
    layers: dict[bool, set[bool]] = {True: set(), False: set()}
    for index in observed.valued:
        expected = right(observed.calls[index])
        wanted = split(finding.spec, expected)[component] if expected else None
        found = observed.parts[index][component]
        if not isinstance(wanted, dict) or not isinstance(found, dict) or set(wanted) != set(found):
            return
        for number, item in wanted.items():
            layers[number == max(wanted)].add(compare(item, found[number], PRECISION) is None)
    if layers[True] == {True} and False in layers[False]:
        yield "The last layer is right; the layers before it are not."
    elif layers[True] == {False} and layers[False] == {True}:
        yield "Only the last layer is wrong."


_ABSENT = {
    "timeout": "There is nothing to compare: the function did not come to an end in time.",
    "crashed": "There is nothing to compare: the function ended the whole Python process.",
    "protocol": "There is nothing to compare: what was returned cannot be read.",
    "not-run": "There is nothing to compare: the function was not run any more.",
    "there are other keys, too, than those wanted": "There are other keys, too, than those wanted.",
}

_VALUES = {
    "other values": "The values are wrong.",
    DRAWN_AGAIN: "Two layers start with the same random numbers: is the seed set again for each layer? "
    "Once, before the first draw, is enough.",
    IN_COMMON: "Two layers have many of their random numbers in common. Draw those of each layer anew.",
}

_SHAPES, _WHERE = re.compile(r"^shape (\(.*?\)), "), r"\1, where "


_ORDINALS = ("first", "second", "third", "fourth")


def _another_type(difference: Difference) -> str:
    place = difference.where[0] if difference.where else None
    if isinstance(place, int) and place < len(_ORDINALS):
        kind = difference.detail.removesuffix(" is returned")
        return f"Its {_ORDINALS[place]} entry is of another type than wanted: {kind}."
    return f"It is of another type than wanted: {difference.detail}."


def _plain(difference: Difference) -> str:
    texts = {
        "absent": _ABSENT.get(difference.detail, f"There is nothing to compare: {difference.detail}."),
        "type": _another_type(difference),
        "shape": f"The shape is wrong: {_SHAPES.sub(_WHERE, difference.detail)}.",
        "length": f"It has {difference.detail}; another number is wanted.",
        "nan": "It holds NaN or infinity where numbers are wanted.",
        "value": f"The values are wrong: {difference.detail}.",
        "in-use": "Right when the function is called alone.",
        "again": "Right on the first call, and not on a second one.",
    }
    return _VALUES.get(difference.detail, texts[difference.kind])
