"""Rubric folders → Rubric. The only place that knows the YAML schema."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.errors import RubricError, UsageError
from grader.model import StandIn
from grader.nearest import nearest
from grader.rubric.catalogue import load_catalogue, read_edit
from grader.rubric.check import check_rubric
from grader.rubric.edits import Source
from grader.rubric.reference import load_source, locate
from grader.rubric.schema import Edit, FunctionSpec, Misconception, Place, Rubric
from grader.rubric.shipped import shipped_rubrics
from grader.rubric.yaml_file import YamlFile, read_yaml

_RUBRIC_KEYS = [
    "title",
    "version",
    "reference",
    "functions",
    "conventions",
    "convention",
    "stand_ins",
    "tolerance",
    "total",
    "infer",
    "signs",
    "detail",
    "labels",
    "takes",
]
_FUNCTION_KEYS = [
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
]


def find_rubric(name_or_path: str) -> Path:
    """The folder of a shipped rubric's name, or of a path. Raises UsageError with the nearest name."""
    shipped = shipped_rubrics()
    if name_or_path in shipped:
        return shipped[name_or_path]
    path = Path(name_or_path)
    folder = path.parent if path.name == "rubric.yaml" else path
    if (folder / "rubric.yaml").is_file():
        return folder
    raise UsageError(
        f"no rubric {name_or_path!r}{nearest(name_or_path, shipped)}. Shipped: {', '.join(shipped) or 'none'}; "
        "a path to a folder with a rubric.yaml works too"
    )


def load_rubric(name_or_path: str) -> Rubric:
    """Load and check a rubric. Raises RubricError naming file, line and key, or UsageError."""
    folder = find_rubric(name_or_path)
    shipped = name_or_path in shipped_rubrics()
    return _loaded(folder, *(() if shipped else (folder.resolve(), _stamp(folder))))


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether an author has changed a file since it was read."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".py") and path.is_file())
    files = ((path, path.stat()) for path in found)
    return tuple((str(path), status.st_mtime_ns, status.st_size) for path, status in files)


@lru_cache(maxsize=16)
def _loaded(folder: Path, *_as_it_was: object) -> Rubric:
    file = read_yaml(folder / "rubric.yaml")
    file.check_keys("the rubric", file.data, _RUBRIC_KEYS)
    reference = file.need("the rubric", file.data, "reference", str)
    source = reference_source(file, reference, folder)
    functions = _functions(file, source)
    conventions = _conventions(file, source, functions)
    misconceptions = load_catalogue(file, folder, functions, source)
    rubric = Rubric(
        id=folder.resolve().name,
        version=str(file.need("the rubric", file.data, "version", (str, int, float))),
        title=file.need("the rubric", file.data, "title", str),
        sha256=_digest(folder, reference, source, misconceptions.values()),
        functions=functions,
        misconceptions=misconceptions,
        conventions=conventions,
        required_convention=file.typed("the rubric", file.data, "convention", str, None),
        stand_ins=_stand_ins(file),
        reference=reference,
        tolerance=float(file.typed("the rubric", file.data, "tolerance", (int, float), 1e-5)),
        total=float(file.typed("the rubric", file.data, "total", (int, float), 100)),
        inferable=file.typed("the rubric", file.data, "infer", bool, True),
        signs=_signs(file),
        detail=file.typed("the rubric", file.data, "detail", str, "fix"),
        folder=folder,
    )
    check_rubric(rubric, file)
    return rubric


def reference_source(file: YamlFile, reference: str, folder: Path) -> Source:
    """As `load_source`, with the rubric's file and line in the error where there is no such reference."""
    try:
        locate(reference, folder)
    except RubricError as error:
        raise file.error(str(error), "reference") from None
    return load_source(reference, folder)


def _digest(folder: Path, reference: str, source: Source, misconceptions: Iterable[Misconception]) -> str:
    """Keys stored results and certificates: every file of the rubric, the reference, its input maker."""
    digest = hashlib.sha256(source.text.encode())
    digest.update(locate(reference, folder).inputs.read_bytes())
    for path in [folder / "rubric.yaml", *(one.path for one in misconceptions if one.path)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _functions(file: YamlFile, source: Source) -> dict[str, FunctionSpec]:
    found = file.need("the rubric", file.data, "functions", dict)
    labels = file.typed("the rubric", file.data, "labels", str, "")
    made = {str(name): _function(file, str(name), spec, source) for name, spec in found.items()}
    known = {parameter for spec in made.values() for parameter in spec.parameters}
    if labels and labels not in known:
        raise file.error(
            f"'labels' is {labels!r}, a parameter of no function{nearest(labels, known)}", "labels"
        )
    return {
        name: replace(spec, labels=labels) if labels in spec.parameters else spec
        for name, spec in made.items()
    }


def _function(file: YamlFile, name: str, spec: Any, source: Source) -> FunctionSpec:
    where = f"function {name!r}"
    if not isinstance(spec, dict):
        raise file.error(f"{where}: keys and values are wanted", name)
    file.check_keys(where, spec, _FUNCTION_KEYS)
    if name not in source.spans:
        raise file.error(f"{where} is not in the reference{nearest(name, source.spans)}", name)
    file.need(where, spec, "parameters", list)
    returns = _returns(file, where, spec)
    return FunctionSpec(
        name=name,
        points=float(file.need(where, spec, "points", (int, float))),
        parameters=file.texts(where, spec, "parameters"),
        returns=returns,
        weights=_weights(file, where, spec, returns),
        helpers=file.texts(where, spec, "helpers"),
        optional=file.typed(where, spec, "optional", bool, False),
        shifted=file.texts(where, spec, "shifted"),
        counted=file.typed(where, spec, "counted", bool, False),
        later=file.texts(where, spec, "later"),
        later_unless_read=file.texts(where, spec, "later_unless_read"),
        earlier=file.texts(where, spec, "earlier"),
        random=file.typed(where, spec, "random", bool, False),
        private=file.texts(where, spec, "private"),
    )


def _weights(
    file: YamlFile, where: str, spec: Mapping[str, Any], components: Iterable[str]
) -> dict[str, float]:
    """Each component's share of the function."""
    found = file.typed(where, spec, "weights", dict, {})
    file.check_keys(f"{where}, weights", found, components)
    weights = {name: file.typed(f"{where}, weights", found, name, (int, float), 1.0) for name in components}
    total = sum(weights.values())
    if not total > 0:
        raise file.error(f"{where}: no component has a weight above 0", "weights", spec)
    return {name: weight / total for name, weight in weights.items()}


def _signs(file: YamlFile) -> tuple[str, ...]:
    """Texts that stand in quotes in the notebooks of a rubric that is never inferred."""
    signs = file.typed("the rubric", file.data, "signs", list, [])
    if not all(isinstance(sign, str) and sign for sign in signs):
        raise file.error("'signs' are texts, as [linear, identity]", "signs")
    if signs and file.typed("the rubric", file.data, "infer", bool, True):
        raise file.error("'signs' are of a rubric that is never inferred: add `infer: false`", "signs")
    return tuple(signs)


def _returns(file: YamlFile, where: str, spec: Mapping[str, Any]) -> dict[str, Place]:
    """`returns: cost`, `[Z, cache]`, `{dW: dW, db: db}` (key prefixes), `{dw: 0.dw, cost: 1}` (paths from a position)
    or `{dW1: .dW1, db1: .db1}` (paths from the result itself)."""
    returns = file.need(where, spec, "returns", (str, list, dict))
    if isinstance(returns, str):
        return {returns: None}
    if isinstance(returns, list):
        return {name: position for position, name in enumerate(file.texts(where, spec, "returns"))}
    places = {str(name): _place(str(place)) for name, place in returns.items()}
    if len({_begins(place) for place in places.values()}) > 1:
        raise file.error(
            f"{where}: `returns` has key prefixes or paths such as `0.dw`, or keys such as `.dw`, not both",
            "returns",
        )
    return places


def _place(text: str) -> Place:
    """`dW`: a prefix of keys. `1`: the second value; `0.dw`: what the first value has under the key `dw`; `.dw`: what
    the result itself has under it."""
    position, *keys = text.split(".")
    if keys and not position:
        return tuple(keys)
    return (int(position), *keys) if position.isdecimal() else text


def _begins(place: Place) -> tuple[type, ...]:
    """A path begins with a position or with a key."""
    return (tuple, type(place[0])) if isinstance(place, tuple) else (type(place),)


def _stand_ins(file: YamlFile) -> tuple[StandIn, ...]:
    found = file.typed("the rubric", file.data, "stand_ins", list, [])
    for entry in found:
        if not isinstance(entry, dict):
            raise file.error("a stand-in: the keys `modules` and `offers` are wanted", "stand_ins")
        file.check_keys("a stand-in", entry, ("modules", "offers"))
        file.need("a stand-in", entry, "modules", list)
    return tuple(
        StandIn(file.texts("a stand-in", entry, "modules"), file.texts("a stand-in", entry, "offers"))
        for entry in found
    )


def _conventions(
    file: YamlFile, source: Source, functions: Mapping[str, FunctionSpec]
) -> dict[str, dict[str, Edit]]:
    found = file.typed("the rubric", file.data, "conventions", dict, {})
    for convention in found:
        file.need("the conventions", found, convention, dict)
    made = {
        convention: {
            name: read_edit(file, f"convention {convention}, {name}", edit, None, source)
            for name, edit in edits.items()
        }
        for convention, edits in found.items()
    }
    helpers = {name for spec in functions.values() for name in spec.helpers}
    for name, edits in made.items():
        if name != "J" and (called := {edit.function for edit in edits.values()} & helpers):
            raise file.error(
                f"convention {name}: edits {', '.join(sorted(called))}, a right helper; helpers know L and J alone",
                name,
            )
    return made
