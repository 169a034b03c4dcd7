"""The list of attacks is complete: each of its 123 entries has a case or a test that names its number."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import attack_case

ENTRIES = 123


def modules() -> list[str]:
    names = {path.stem for path in Path(__file__).parent.glob("test_attack_*.py")}
    return sorted(names - {"test_attack_list"})


def covered() -> Counter[int]:
    """How many cases and tests each number has."""
    found: Counter[int] = Counter()
    for name in modules():
        module = importlib.import_module(name)
        for thing in vars(module).values():
            for case in thing if isinstance(thing, tuple) else ():
                if isinstance(case, attack_case.Case):
                    found[case.number] += 1
        for name, thing in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(thing):
                found.update(_numbers(name))
        for way in getattr(module, "WAYS", ()):
            found.update(_numbers(f"_{way.name}_"))
    return found


def _numbers(name: str) -> list[int]:
    """The numbers in a name; `020_to_022` counts all three."""
    between = re.search(r"_(\d{3})_to_(\d{3})_", name)
    if between:
        return list(range(int(between[1]), int(between[2]) + 1))
    return [int(number) for number in re.findall(r"(?<=_)(\d{2,3})(?=[_-])", name)]


def test_every_entry_of_the_list_is_tested() -> None:
    missing = sorted(set(range(1, ENTRIES + 1)) - covered().keys())
    assert missing == []


def test_no_number_is_outside_of_the_list() -> None:
    assert set(covered()) <= set(range(1, ENTRIES + 1))


def test_what_cannot_be_breached_in_tier_none_says_why() -> None:
    known = (attack_case.BREACHED, attack_case.AS_ROOT, attack_case.ON_SOME_KERNELS)
    for name in modules():
        for thing in vars(importlib.import_module(name)).values():
            for case in thing if isinstance(thing, tuple) else ():
                if isinstance(case, attack_case.Case):
                    assert case.none in known or len(case.none.split()) >= 4, case.name
