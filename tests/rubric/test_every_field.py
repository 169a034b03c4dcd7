"""Whatever a rubric's values hold is read from its files, and is in a student pack or left out of it on purpose."""

from __future__ import annotations

from dataclasses import fields

from grader.rubric import catalogue, load, pack_words
from grader.rubric.schema import FunctionSpec, Misconception

#: Known without a key of their own.
_NAMES = {"id", "name", "path", "is_later"}
#: The solution, what is looked for with it, and what a pack cannot tell.
_NOT_PACKED = {"path", "replacements", "made_with", "later"}


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}  # type: ignore[arg-type]


def test_every_field_has_a_key() -> None:
    assert names(FunctionSpec) - _NAMES <= {*load._FUNCTION_KEYS, *load._RUBRIC_KEYS}
    assert names(Misconception) - _NAMES == {*catalogue._MISCONCEPTION_KEYS}


def test_every_field_is_packed_or_left_out() -> None:
    assert names(FunctionSpec) - {"is_later"} == {*pack_words._FUNCTION}
    kept = {*pack_words._MISCONCEPTION, "derivative_of", "feedback", "forms"}
    assert names(Misconception) - _NOT_PACKED == kept
