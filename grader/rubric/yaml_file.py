"""YAML files as checked mappings: no aliases, and errors that name file, line, key and the nearest key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader.errors import RubricError
from grader.nearest import nearest

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file that remembers its text, so that an error can point at the line of a key."""

    path: Path
    text: str
    data: Mapping[str, Any]

    def error(self, message: str, key: str | None = None) -> RubricError:
        return RubricError(f"{self.path}{self._line(key)}: {message}")

    def _line(self, key: str | None) -> str:
        for number, line in enumerate(self.text.splitlines(), 1):
            if key is not None and line.lstrip(" -").lstrip("'\"").startswith(key):
                return f", line {number}"
        return ""

    def check_keys(self, where: str, found: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Raise RubricError for a key that the schema does not have."""
        known = sorted(allowed)
        for key in found:
            if key not in known:
                hint = nearest(str(key), known) or f"; known: {', '.join(known)}"
                raise self.error(f"{where} has an unknown key {key!r}{hint}", str(key))

    def need(self, where: str, found: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a required key, of the right type; RubricError otherwise."""
        if key not in found:
            raise self.error(f"{where} lacks the key {key!r}")
        return self.typed(where, found, key, kind, None)

    def typed(
        self, where: str, found: Mapping[str, Any], key: str, kind: type | tuple[type, ...], default: Any
    ) -> Any:
        """The value of an optional key, of the right type."""
        value = found.get(key, default)
        if key in found and not isinstance(value, kind):
            names = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.error(f"{where}: {key!r} is {type(value).__name__}, {names} is wanted", key)
        return value


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
