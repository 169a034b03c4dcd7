"""Misconception files → the rubric's catalogue: its own, and those that it takes from a shipped rubric."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.errors import RubricError
from grader.model import Feedback
from grader.nearest import nearest
from grader.rubric.edits import Source
from grader.rubric.schema import Edit, Form, FunctionSpec, Misconception
from grader.rubric.shipped import shipped_rubrics
from grader.rubric.yaml_file import YamlFile, read_yaml

_MISCONCEPTION_KEYS = [
    "title",
    "function",
    "credit",
    "forms",
    "repairs",
    "replacements",
    "feedback",
    "sure",
    "verdict",
    "same_text_as",
    "see",
    "decides",
    "derivative_of",
    "one_over_m",
    "made_with",
    "later",
    "absent",
]
_FORM_KEYS = ["edits", "drops"]
_EDIT_KEYS = ["in", "from", "to"]


def load_catalogue(
    file: YamlFile, folder: Path, functions: Mapping[str, FunctionSpec], source: Source
) -> dict[str, Misconception]:
    """Every misconception of a rubric, by id: the files of its folder and what it `takes`. Raises RubricError."""
    own = {path.stem: path for path in sorted((folder / "misconceptions").glob("*.yaml"))}
    found = {name: _misconception(read_yaml(path), functions, source) for name, path in own.items()}
    taken = _taken(file, own, functions, source)
    return dict(sorted({**taken, **found}.items()))


# ------------------------------------------------------------------------ those of another rubric


def taken_from(file: YamlFile) -> tuple[str, tuple[str, ...]]:
    """The shipped rubric that a rubric takes misconceptions from, "" for none, and the ids that it leaves there."""
    where = "`takes`"
    takes = file.typed("the rubric", file.data, "takes", dict, {})
    if not takes:
        return "", ()
    file.check_keys(where, takes, ("from", "except"))
    name = file.need(where, takes, "from", str)
    others = set(shipped_rubrics()) - {file.path.resolve().parent.name}
    if name not in others:
        hint = nearest(name, others) or f"; there are {', '.join(sorted(others))}"
        raise file.error(f"{where}: {name!r} is no other shipped rubric{hint}", "from", takes)
    return name, file.texts(where, takes, "except")


def _taken(
    file: YamlFile, own: Mapping[str, Path], functions: Mapping[str, FunctionSpec], source: Source
) -> dict[str, Misconception]:
    """A file of one's own goes before the other rubric's. What belongs to functions that this rubric does not have is
    left there; what does not fit the reference is an error, so that nothing is lost unseen."""
    name, left = taken_from(file)
    if not name:
        return {}
    paths = {path.stem: path for path in sorted((shipped_rubrics()[name] / "misconceptions").glob("*.yaml"))}
    for identifier in left:
        if identifier not in paths:
            raise file.error(
                f"`takes`: {name} has no misconception {identifier!r}{nearest(str(identifier), paths)}",
                "except",
                file.data["takes"],
            )
    found, unfit = {}, []
    for identifier in [one for one in paths if one not in own and one not in left]:
        other = _fitting(read_yaml(paths[identifier]), functions)
        try:
            if other is not None:
                found[identifier] = _misconception(other, functions, source)
        except RubricError:
            unfit.append(identifier)
    if unfit:
        raise file.error(
            f"`takes`: these misconceptions of {name} do not fit this reference; name them under `except`, or give them "
            f"a file here: {', '.join(unfit)}",
            "takes",
        )
    gone = paths.keys() - found.keys() - own.keys()
    return {identifier: _without(gone, one) for identifier, one in found.items()}


def _fitting(file: YamlFile, functions: Mapping[str, FunctionSpec]) -> YamlFile | None:
    """A misconception's file with the forms whose functions this rubric has; None where nothing of it is left."""
    function = file.data["function"]
    if function not in functions and function != "any":
        return None
    forms = file.data.get("forms") or {}
    kept = {
        name: form
        for name, form in forms.items()
        if all(edit.get("in", function) in functions for edit in form.get("edits") or ())
    }
    return replace(file, data={**file.data, "forms": kept}) if kept or not forms else None


def _without(gone: AbstractSet[str], one: Misconception) -> Misconception:
    """A taken misconception that points to none of those that were left."""
    return replace(
        one,
        same_text_as=tuple(name for name in one.same_text_as if name not in gone),
        derivative_of=tuple(name for name in one.derivative_of if name not in gone),
        see=tuple(name for name in one.see if name not in gone),
        made_with="" if one.made_with in gone else one.made_with,
    )


# ------------------------------------------------------------------------------------ one file


def _misconception(file: YamlFile, functions: Mapping[str, FunctionSpec], source: Source) -> Misconception:
    path = file.path
    where = f"misconception {path.stem!r}"
    file.check_keys(where, file.data, _MISCONCEPTION_KEYS)
    function = file.need(where, file.data, "function", str)
    if function not in functions and function != "any":
        hint = nearest(function, functions)
        raise file.error(f"{where}: the rubric has no function {function!r}{hint}", "function")
    forms = file.typed(where, file.data, "forms", dict, {}) or {}
    return Misconception(
        id=path.stem,
        title=file.need(where, file.data, "title", str),
        function=function,
        forms=tuple(
            _form(file, path.stem, str(name), form, function, source) for name, form in forms.items()
        ),
        feedback=_feedback(file, where),
        credit=float(file.typed(where, file.data, "credit", (int, float), 0.0)),
        repairs=file.texts(where, file.data, "repairs"),
        replacements=file.texts(where, file.data, "replacements"),
        sure=file.typed(where, file.data, "sure", bool, True),
        verdict=file.typed(where, file.data, "verdict", str, "wrong"),
        same_text_as=file.texts(where, file.data, "same_text_as"),
        see=file.texts(where, file.data, "see"),
        decides=file.typed(where, file.data, "decides", str, "values"),
        derivative_of=file.texts(where, file.data, "derivative_of"),
        one_over_m=file.typed(where, file.data, "one_over_m", int, 0),
        later=file.typed(where, file.data, "later", str, ""),
        made_with=file.typed(where, file.data, "made_with", str, ""),
        absent=file.typed(where, file.data, "absent", bool, False),
        path=path,
    )


def _feedback(file: YamlFile, where: str) -> Feedback:
    levels = file.need(where, file.data, "feedback", dict)
    file.check_keys(f"{where}, feedback", levels, ("nudge", "explanation", "fix"))
    return Feedback(
        *(
            str(file.need(f"{where}, feedback", levels, level, str)).strip()
            for level in ("nudge", "explanation", "fix")
        )
    )


def _form(file: YamlFile, owner: str, name: str, form: Any, function: str, source: Source) -> Form:
    where = f"misconception {owner!r}, form {name!r}"
    if not isinstance(form, dict):
        raise file.error(f"{where}: keys `edits` or `drops` are wanted", name)
    file.check_keys(where, form, _FORM_KEYS)
    found = file.typed(where, form, "edits", list, [])
    edits = tuple(read_edit(file, where, edit, function, source) for edit in found)
    drops = file.texts(where, form, "drops")
    if not edits and not drops:
        raise file.error(f"{where}: needs `edits` or `drops`", name)
    return Form(owner, name, edits, drops)


def read_edit(file: YamlFile, where: str, edit: Any, function: str | None, source: Source) -> Edit:
    """One edit, which has to fit the reference: its text stands there once. Raises RubricError."""
    if not isinstance(edit, dict):
        raise file.error(
            f"{where}: an edit has the keys `from`, `to` and, elsewhere than in {function}, `in`"
        )
    file.check_keys(f"{where}, edit", edit, _EDIT_KEYS)
    made = Edit(
        str(edit.get("in") or function),
        str(file.need(f"{where}, edit", edit, "from", str)),
        str(file.need(f"{where}, edit", edit, "to", str)),
    )
    try:
        source.span_of(made)
    except RubricError as error:
        raise file.error(f"{where}: {error}", made.old.split("\n")[0]) from None
    return made
