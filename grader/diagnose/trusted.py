"""Helpers of the notebook that a right function runs too: an error that shows elsewhere cannot be in them.

Without this, a compensating edit in a small tool that many functions share, such as
`def mean(total, array)`, would count as the place of an error in one of its callers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.model import Definition
from grader.notebook.neutralise import code_only

#: A word that is no attribute: `zeros`, not the one of `np.zeros`.
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
#: Of a definition with branches or parts, a right function may use only some: `return value, pullback`.
_PARTS = re.compile(r"\b(?:if|match|class)\b|\{|\n[ \t]+(?:async[ \t]+)?def\b")

#: The names left of an assignment within a function.
_ASSIGNED = re.compile(r"^[ \t]+(\w[\w, ]*)=(?!=)", re.MULTILINE)


def with_trust(findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """The failing findings, each with the definitions that right functions run, wholly or in part."""
    notebook = next((one.notebook for one in findings.values() if one.notebook), ())
    if not notebook:
        return {}
    names = {name: index for index, made in enumerate(notebook) for name in made.binds}
    words = [_words(made) for made in notebook]
    users: dict[int, list[str]] = {}
    for name, one in findings.items():
        for index in _run_by(name, names, words, findings) if _is_right(one) and name in names else ():
            users.setdefault(index, []).append(name)
    place = {index: (notebook[index].cell, notebook[index].line) for index in users}
    whole = frozenset(place[index] for index in users if _is_whole(notebook[index]))
    shared = {place[index]: tuple(found) for index, found in users.items() if place[index] not in whole}
    return {name: replace(one, trusted=whole, shared=shared) for name, one in findings.items() if one.failed}


def _words(made: Definition) -> frozenset[str]:
    """The words of a definition that may be names of others: none that it gives a value itself, `slope = s * (1 - s)`."""
    code = code_only(made.source)
    words = frozenset(_NAME.findall(code))
    if made.kind != "function":
        return words
    return words.difference(*(_NAME.findall(targets) for targets in _ASSIGNED.findall(code)))


def _is_right(finding: Finding) -> bool:
    return finding.verdict is not None and finding.verdict.passed and finding.facts.status == "defined"


def _run_by(
    name: str, names: Mapping[str, int], words: Sequence[frozenset[str]], graded: Mapping[str, Finding]
) -> set[int]:
    """What a function runs of the notebook; graded functions, for which right ones stand in, are not followed."""
    found: set[int] = set()
    todo = [names[name]]
    while todo:
        for word in words[todo.pop()]:
            index = names.get(word)
            if index is not None and word not in graded and index not in found:
                found.add(index)
                todo.append(index)
    return found


def _is_whole(made: Definition) -> bool:
    if made.kind == "function":
        code = code_only(made.source)
        return not _PARTS.search(code) and "lambda" not in code
    return made.kind == "value" and "lambda" in made.source and not _PARTS.search(code_only(made.source))
