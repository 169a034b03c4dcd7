"""A small rubric and its pack, for the tests of student packs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from grader.rubric.load import load_rubric
from grader.rubric.pack import pack
from grader.rubric.pack_plan import read_pack
from grader.rubric.plan import Plan
from grader.rubric.schema import Form, Rubric

NAMED = [
    "missing-1-over-m", "doubled-1-over-m", "dal-includes-1-over-m", "dal-wrong-sign", "dal-missing-second-term",
    "db-sum-all", "forward-missing-bias", "relu-mask-missing", "update-plus-sign", "cost-missing-minus",
    "dw-missing-transpose", "backward-da-not-stored", "init-missing-scale", "cost-not-squeezed",
]  # fmt: skip


@lru_cache(maxsize=1)
def small_rubric() -> Rubric:
    """The shipped rubric with some of its misconceptions, so that a pack is made in seconds."""
    whole = load_rubric("dnn-step-by-step")
    return replace(whole, misconceptions={name: whole.misconceptions[name] for name in NAMED})


@lru_cache(maxsize=1)
def small_pack() -> bytes:
    return pack(small_rubric(), seed=7)


@lru_cache(maxsize=1)
def small_plan() -> Plan:
    return read_pack(small_pack(), "week4.pack")


def forms_of(rubric: Rubric) -> dict[str, Form]:
    """Form key → form."""
    return {form.key: form for one in rubric.misconceptions.values() for form in one.forms}
