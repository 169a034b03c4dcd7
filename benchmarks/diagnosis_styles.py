"""Right solutions with bug markers (`tests/styles/*.txt`) → labelled notebooks.

A style is a percent script: cells start with `# %%` or `# %% [markdown]`. Without its markers it is right.
A marker is a comment below the line that it replaces, `#~ ID | CODE`; `#~ ID -N | CODE` replaces N lines,
`\\n` in CODE starts a new line, empty CODE deletes. ID is `misconception` or `misconception@part`; `x-…` is
wrong in a way that no id describes, `ok-…` still right; all `j-convention@…` together keep to J.
"""

from __future__ import annotations

import ast
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STYLES = Path(__file__).resolve().parent.parent / "tests" / "styles"
J = "j-convention"
_MARKER = re.compile(r"^\s*#~\s+([\w.-]+)(?:@([\w.-]+))?(?:\s+-(\d+))?\s*\|\s?(.*)$")
_HEADER = re.compile(r"^# %%(\s+\[markdown\])?")
_MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
#: Together these two are convention J, hence right.
_CANCELLING = frozenset({"dal-includes-1-over-m", "missing-1-over-m"})
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marker:
    """One edit: lines first … last (of the clean lines, from 0) are replaced by `code`."""

    id: str
    part: str
    first: int
    last: int
    code: str
    function: str  # the graded function that it changes
    lineno: int

    @property
    def kind(self) -> str:
        """j, ok, x or bug."""
        return "j" if self.id == J else self.id.split("-")[0] if self.id.startswith(("ok-", "x-")) else "bug"

    @property
    def label(self) -> str:
        return f"{self.id}@{self.part}" if self.part else self.id


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    lines: tuple[str, ...]
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A notebook and its label. `places` has the edited (cell, line) pairs of each id."""

    name: str
    kind: str  # clean, ok, j, bug, pair, x
    source: str
    expected: frozenset[str]
    functions: tuple[str, ...]
    places: tuple[tuple[str, tuple[Place, ...]], ...] = ()

    def notebook(self) -> bytes:
        return notebook(self.source)


def load_styles(folder: Path = STYLES) -> list[Style]:
    return [parse(path) for path in sorted(folder.glob("*.txt"))]


def parse(path: Path) -> Style:
    """The style's clean lines and its markers. Raises ValueError for a marker that cannot be read."""
    lines: list[str] = []
    found: list[tuple[re.Match[str], int, int]] = []
    for lineno, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = _MARKER.match(line)
        if match:
            found.append((match, len(lines) - int(match[3] or 1), lineno))
        elif line.lstrip().startswith("#~"):
            raise ValueError(f"{path.name}:{lineno}: not a marker: {line.strip()}")
        else:
            lines.append(line)
    owners = graded_owners("\n".join(lines))
    return Style(path.stem, tuple(lines), tuple(_markers(found, lines, owners)))


def _markers(
    found: Iterable[tuple[re.Match[str], int, int]], lines: Sequence[str], owners: Sequence[str]
) -> Iterator[Marker]:
    clean = 0
    for index, (match, first, lineno) in enumerate(found):
        clean = lineno - index - 2  # the line above the marker, of the clean ones
        yield Marker(match[1], match[2] or "", first, clean, match[4].rstrip(), owners[clean], lineno)


def strip_magics(code: str) -> str:
    return _MAGIC.sub(r"\1pass", code)


# ------------------------------------------------------------------------------- whose line it is

GRADED = (
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_forward",
    "linear_activation_forward",
    "L_model_forward",
    "compute_cost",
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
)
OPTIONAL = ("sigmoid", "relu", "sigmoid_backward", "relu_backward")


def graded_owners(code: str) -> list[str]:
    """For every line the graded function that it belongs to; a helper's lines belong to its first user."""
    tops = [(name, node) for node in ast.parse(strip_magics(code)).body for name in _bound(node)]
    owners = [""] * (code.count("\n") + 1)
    for name, node in tops:
        owner = name if name in (*GRADED, *OPTIONAL) else _first_user(name, dict(tops))
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        owners[start - 1 : node.end_lineno] = [owner] * ((node.end_lineno or start) - start + 1)
    return owners


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return [node.targets[0].id]
    return []


def _first_user(helper: str, tops: dict[str, ast.stmt]) -> str:
    return next((name for name in GRADED if name in tops and _uses(tops[name], helper, tops)), "")


def _uses(node: ast.stmt, helper: str, tops: dict[str, ast.stmt]) -> bool:
    """Whether a definition reads a helper, itself or through helpers that are not graded."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    further = (n for n in names & set(tops) if n not in GRADED and n != helper and tops[n] is not node)
    return helper in names or any(_uses(tops[n], helper, tops) for n in further)


# ------------------------------------------------------------------------------- edits and notebooks


def edited(style: Style, markers: Iterable[Marker]) -> list[tuple[str, Marker | None]]:
    """The lines with the edits made, each with the marker that made it."""
    lines: list[tuple[str, Marker | None]] = [(line, None) for line in style.lines]
    for marker in sorted(markers, key=lambda marker: -marker.first):
        old = style.lines[marker.first]
        indent = old[: len(old) - len(old.lstrip())]
        new = [(indent + part, marker) for part in marker.code.split("\\n")] if marker.code else []
        lines[marker.first : marker.last + 1] = new
    return lines


def render(style: Style, markers: Iterable[Marker] = ()) -> str:
    return "\n".join(line for line, _ in edited(style, markers)) + "\n"


def cells_of(source: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """(kind, numbered lines) of each cell; numbers count the source's lines from 0."""
    kind, body = "code", list[tuple[int, str]]()
    for number, line in enumerate(source.splitlines()):
        if header := _HEADER.match(line):
            yield from _closed(kind, body)
            kind, body = "markdown" if header[1] else "code", []
        else:
            body.append((number, line))
    yield from _closed(kind, body)


def _closed(kind: str, body: list[tuple[int, str]]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    while body and not body[0][1].strip():
        body = body[1:]
    while body and not body[-1][1].strip():
        body = body[:-1]
    if body:
        yield kind, body


def notebook(source: str) -> bytes:
    """A notebook file of nbformat 4."""
    cells = [_cell(kind, [line for _, line in body]) for kind, body in cells_of(source)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 2}
    return json.dumps(made, ensure_ascii=False).encode()


def _cell(kind: str, lines: list[str]) -> dict[str, object]:
    if kind == "markdown":
        text = "\n".join(re.sub(r"^# ?", "", line) for line in lines)
        return {"cell_type": "markdown", "metadata": {}, "source": text}
    code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    return {**code, "source": "\n".join(lines)}


def places_of(style: Style, markers: Iterable[Marker]) -> tuple[tuple[str, tuple[Place, ...]], ...]:
    """For each id, the (cell, line) of the lines that its edits left."""
    lines = edited(style, markers)
    made: dict[str, list[Place]] = {}
    for cell, (_, body) in enumerate(cells_of("\n".join(line for line, _ in lines))):
        for line, (number, _) in enumerate(body, 1):
            marker = lines[number][1]
            if marker is not None:
                made.setdefault(marker.id, []).append((cell, line))
    return tuple((name, tuple(spots)) for name, spots in made.items())


# ------------------------------------------------------------------------------- cases


def case(style: Style, kind: str, name: str, markers: Sequence[Marker]) -> Case:
    expected = frozenset(m.id for m in markers) if kind in ("bug", "pair") else frozenset()
    functions = tuple(dict.fromkeys(m.function for m in markers))
    places = places_of(style, markers)
    return Case(f"{style.name}/{name}", kind, render(style, markers), expected, functions, places)


def single_cases(style: Style) -> list[Case]:
    """The clean notebook, J, and one for every marker (ok- and x- ids with several markers as one edit)."""
    made = [case(style, "clean", "clean", ())]
    for name, group in _grouped(m for m in style.markers if m.kind in ("j", "ok")):
        made.append(case(style, group[0].kind, name, group))
    for marker in style.markers:
        if marker.kind in ("bug", "x"):
            made.append(case(style, marker.kind, f"{marker.function}:{marker.label}", [marker]))
    return made


def _grouped(markers: Iterable[Marker]) -> Iterable[tuple[str, list[Marker]]]:
    groups: dict[str, list[Marker]] = {}
    for marker in markers:
        groups.setdefault(marker.id, []).append(marker)
    return groups.items()


def pair_cases(style: Style, count: int, rng: random.Random) -> list[Case]:
    """Random pairs of catalogued bugs in different functions."""
    bugs = [m for m in style.markers if m.kind == "bug"]
    possible = [
        (one, two)
        for one, two in itertools.combinations(bugs, 2)
        if one.function != two.function and {one.id, two.id} != _CANCELLING
    ]
    chosen = rng.sample(possible, min(count, len(possible)))
    return [
        case(style, "pair", "+".join(f"{m.function}:{m.label}" for m in pair), list(pair)) for pair in chosen
    ]
