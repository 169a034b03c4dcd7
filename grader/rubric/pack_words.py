"""What a student pack keeps of a rubric: names, points, words; of the edits only which functions they lie in.

An edit is a piece of the reference solution. Instead of its text the pack holds the names of the components
that the text is about, by which the convention of a notebook is told. The words of level `fix` stay out too:
each is meant for one error, and all of them together are the solution.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grader.model import LEVELS, Feedback, StandIn
from grader.rubric.schema import Edit, Form, FunctionSpec, Misconception, Place, Rubric

#: The deepest level of feedback in a pack.
DEEPEST = "explanation"
_PLAIN = ("id", "version", "title", "sha256", "required_convention", "tolerance", "total", "detail")
_FUNCTION = (
    "name",
    "points",
    "parameters",
    "returns",
    "weights",
    "helpers",
    "optional",
    "shifted",
    "counted",
    "later",
    "later_unless_read",
    "earlier",
    "random",
    "private",
    "labels",
)
_MISCONCEPTION = (
    "id",
    "title",
    "function",
    "credit",
    "repairs",
    "sure",
    "verdict",
    "same_text_as",
    "see",
    "decides",
    "one_over_m",
    "absent",
)


def to_text(rubric: Rubric, version: str) -> str:
    """The rubric's public part as JSON. `version` is the grader's."""
    components = {component for spec in rubric.functions.values() for component in spec.returns}
    tree = {
        "grader_version": version,
        **_taken(rubric, _PLAIN),
        "detail": _shown(rubric.detail)[-1],
        "functions": [_taken(spec, _FUNCTION) for spec in rubric.functions.values()],
        "misconceptions": [
            _misconception(one, rubric.detail, components) for one in rubric.misconceptions.values()
        ],
        "conventions": {
            convention: {name: _redacted(edit, components) for name, edit in edits.items()}
            for convention, edits in rubric.conventions.items()
        },
        "stand_ins": [_taken(one, ("modules", "offers")) for one in rubric.stand_ins],
    }
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, default=dict)


def _taken(value: object, keys: Iterable[str]) -> dict[str, Any]:
    return {key: getattr(value, key) for key in keys}


def _shown(detail: str) -> tuple[str, ...]:
    """The levels of feedback that are packed."""
    return LEVELS[: min(LEVELS.index(detail), LEVELS.index(DEEPEST)) + 1]


def _misconception(one: Misconception, detail: str, components: Iterable[str]) -> dict[str, Any]:
    return {
        **_taken(one, _MISCONCEPTION),
        "derivative_of": one.derivative_of,
        "feedback": {
            level: getattr(one.feedback, level) if level in _shown(detail) else "" for level in LEVELS
        },
        "forms": [
            {
                "name": form.name,
                "edits": [_redacted(edit, components) for edit in form.edits],
                "drops": form.drops,
            }
            for form in one.forms
        ],
    }


def _redacted(edit: Edit, components: Iterable[str]) -> list[str]:
    """[function, the components that its text is about]."""
    about = (name for name in sorted(components) if f"{name} " in edit.old or f"{name}_" in edit.old)
    return [edit.function, "".join(f"{name} " for name in about)]


# ----------------------------------------------------------------------------------------- reading


def from_text(text: str) -> tuple[Rubric, str]:
    """The rubric, whose edits have no text, and the version of the grader that packed it.

    Raises ValueError, KeyError, TypeError or AttributeError for what is no such text.
    """
    tree = json.loads(text)
    rubric = Rubric(
        **_typed(tree, _PLAIN),
        functions={spec["name"]: _function(spec) for spec in tree["functions"]},
        misconceptions={one["id"]: _read_misconception(one) for one in tree["misconceptions"]},
        conventions={
            str(convention): {str(name): _edit(edit) for name, edit in edits.items()}
            for convention, edits in tree["conventions"].items()
        },
        stand_ins=tuple(StandIn(_texts(one["modules"]), _texts(one["offers"])) for one in tree["stand_ins"]),
        reference="",
        inferable=False,
    )
    return rubric, str(tree["grader_version"])


def _typed(tree: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """These entries, each of the type that its name promises."""
    values = {key: tree[key] for key in keys}
    for key, value in values.items():
        number = key in ("tolerance", "total", "points", "credit", "one_over_m")
        flag = key in ("optional", "counted", "random", "sure", "absent")
        kind = (int, float) if number else bool if flag else str
        if not isinstance(value, kind) and not (key == "required_convention" and value is None):
            raise TypeError(f"{key} is of another type")
    if values.get("detail", "fix") not in LEVELS:
        raise ValueError("detail")
    return values


def _function(tree: Mapping[str, Any]) -> FunctionSpec:
    return FunctionSpec(
        **_typed(tree, ("name", "points", "optional", "counted", "random", "labels")),
        returns={str(name): _place(place) for name, place in tree["returns"].items()},
        weights={str(name): float(weight) for name, weight in tree["weights"].items()},
        **_tuples(
            tree, ("parameters", "helpers", "shifted", "later", "later_unless_read", "earlier", "private")
        ),
    )


def _place(place: object) -> Place:
    if isinstance(place, list):
        return tuple(part if type(part) is int else str(part) for part in place)
    return place if place is None or type(place) is int else str(place)


def _read_misconception(tree: Mapping[str, Any]) -> Misconception:
    feedback = tree["feedback"]
    return Misconception(
        **_typed(
            tree, ("id", "title", "function", "credit", "sure", "verdict", "decides", "one_over_m", "absent")
        ),
        **_tuples(tree, ("repairs", "same_text_as", "see", "derivative_of")),
        feedback=Feedback(*(str(feedback[level]) for level in LEVELS)),
        forms=tuple(
            Form(tree["id"], str(form["name"]), tuple(map(_edit, form["edits"])), _texts(form["drops"]))
            for form in tree["forms"]
        ),
    )


def _edit(pair: list[str]) -> Edit:
    function, about = pair
    return Edit(str(function), str(about), "")


def _tuples(tree: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: _texts(tree[key]) for key in keys}


def _texts(items: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(str, items))
