"""YAML files as checked mappings: no aliases, and errors that name file, line, key and the nearest key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader.errors import RubricError
from grader.nearest import nearest

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NAMES = {
    str: "a text",
    bool: "true or false",  # before int, of which it is a kind
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "keys and values",
}


#: PyYAML's own, one of the two; ours knows lines, too.
_Loader: Any = type("_Loader", (_SafeLoader,), {})


class Mapped(dict[Any, Any]):
    """A YAML mapping that knows in which line each of its keys stands."""

    lines: dict[str, int]


def _mapped(loader: Any, node: Any) -> Iterator[Mapped]:
    made = Mapped()
    made.lines = {}
    for key, _ in node.value:
        if str(key.value) in made.lines:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key.value!r} stands here a second time", problem_mark=key.start_mark
            )
        made.lines[str(key.value)] = key.start_mark.line + 1
    yield made
    made.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapped)
#: `version: 2024-09-01` is a text as it stands.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _SafeLoader.construct_scalar)


def _name(kind: type) -> str:
    return next((text for known, text in _NAMES.items() if issubclass(kind, known)), "nothing")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file that remembers its text, so that an error can point at the line of a key."""

    path: Path
    text: str
    data: Mapping[str, Any]

    def error(
        self, message: str, key: str | None = None, found: Mapping[str, Any] | None = None
    ) -> RubricError:
        """An error at the line of a key: that of the mapping `found`, or the first that is so called."""
        return RubricError(f"{self.path}{self._line(key, found)}: {message}")

    def _line(self, key: str | None, found: Mapping[str, Any] | None) -> str:
        if isinstance(found, Mapped) and key in found.lines:
            return f", line {found.lines[key]}"
        for number, line in enumerate(self.text.splitlines(), 1):
            if key is not None and line.lstrip(" -").lstrip("'\"").startswith(str(key)):
                return f", line {number}"
        return ""

    def check_keys(self, where: str, found: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Raise RubricError for a key that the schema does not have."""
        known = sorted(allowed)
        for key in found:
            if key not in known:
                hint = nearest(str(key), known) or f"; known: {', '.join(known)}"
                raise self.error(f"{where} has an unknown key {key!r}{hint}", str(key), found)

    def need(self, where: str, found: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a required key, of the right type; RubricError otherwise."""
        if key not in found:
            raise self.error(f"{where} lacks the key {key!r}")
        return self.typed(where, found, key, kind, None)

    def typed(
        self, where: str, found: Mapping[str, Any], key: str, kind: type | tuple[type, ...], default: Any
    ) -> Any:
        """The value of an optional key, of the right type; `true` is no number, and neither is infinity."""
        value = found.get(key, default)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        fits = isinstance(value, kinds) and (type(value) is not bool or bool in kinds)
        if key in found and not fits:
            wanted = " or ".join(dict.fromkeys(map(_name, kinds)))
            raise self.error(f"{where}: {key!r} is {_name(type(value))}, and {wanted} is wanted", key, found)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(f"{where}: {key!r} is {value:g}, and a finite number is wanted", key, found)
        return value

    def texts(self, where: str, found: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The texts of an optional list; none where it is left out."""
        items: list[Any] = self.typed(where, found, key, list, [])
        for item in items:
            if not isinstance(item, str):
                told = f"{where}: {key!r} holds {_name(type(item))}, and texts alone are wanted"
                raise self.error(told, key, found)
        return tuple(items)


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML mapping. Raises RubricError for what is no mapping, has aliases, or does not parse."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path}: cannot be read ({error})") from None
    try:
        _refuse_aliases(path, text)
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise RubricError(f"{path}{where}: {problem}") from None
    except RecursionError:
        raise RubricError(f"{path}: nested too deeply") from None
    if not isinstance(data, dict):
        raise RubricError(f"{path}: a mapping of keys to values is wanted, this is {type(data).__name__}")
    return YamlFile(path, text, data)


def _refuse_aliases(path: Path, text: str) -> None:
    """Aliases can blow up when walked ("billion laughs"); rubrics need none."""
    if "*" not in text and "&" not in text:
        return
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise RubricError(
                f"{path}, line {token.start_mark.line + 1}: YAML anchors and aliases are refused"
            )
