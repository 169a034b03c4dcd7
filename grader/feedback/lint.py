"""What the words and keys of a misconception file keep to; each check tells what does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.feedback.concepts import concepts
from grader.nearest import nearest
from grader.repairs.propose import FAMILY_NAMES
from grader.rubric.reference import load_source
from grader.rubric.schema import Misconception, Rubric

LENGTHS = {"nudge": 200, "explanation": 500, "fix": 300}
PLACEHOLDERS = {"components", "ratio", "function"}
REPAIRS = set(FAMILY_NAMES)
#: Words that blame, ask, joke or belittle; and those that name a change outside `fix`.
UNFIT = re.compile(
    r"\b(you|your|(?-i:I)|we|forgot|forgotten|mistake|mistakes|wrongly|simply|just|obviously|clearly|easy|easily|illegal|"
    r"please|oops|sorry|silly|careless|wrong answer)\b|[?!]",
    re.IGNORECASE,
)
CHANGES = re.compile(
    r"\b(replace|remove|delete|insert|rewrite|change the|take out|put a|(?<!it )(?<!they )should be)\b",
    re.IGNORECASE,
)
#: By whether it has forms, where that does not go with what decides it.
_FORMS = {
    True: "with `decides: status` there are none; leave the forms out, or the key `decides: status`",
    False: "there are none; add some, or `decides: status` where how the function ends tells it, not its numbers",
}
_CODE = re.compile(r"`[^`]*`")
_FORMULA = re.compile(r"[=*/@(\[+-]")


def all_problems(rubric: Rubric) -> list[str]:
    """What is to be said about the words and keys of a rubric's misconceptions."""
    return [
        f"{_place(found, problem)}: {problem}"
        for found in rubric.misconceptions.values()
        for problem in problems(found, rubric)
    ]


def unproved(rubric: Rubric) -> list[str]:
    """What is never proved, or less often than its author thinks: no errors, but to be known."""
    return [
        f"{_place(found, warning)}: {warning}"
        for found in rubric.misconceptions.values()
        for warning in _unproved(found)
    ]


def _unproved(found: Misconception) -> Iterator[str]:
    if "formula" in found.repairs and not found.replacements:
        yield "repairs: the repair formula does nothing without `replacements`, the right formulas; add them, or leave it out"
    if not found.repairs and found.decides != "status" and found.verdict != "right":
        yield "repairs: there are none, so that it is matched and never proved; name the families that undo it"


def _place(found: Misconception, problem: str) -> str:
    """File and line of what a problem is about: that of the first word that it quotes, or of the key that it names."""
    if found.path is None:
        return found.id
    lines = found.path.read_text(encoding="utf-8").splitlines()
    key, quoted = re.match(r"\w*", problem), re.search(r"'([^']+)'", problem)
    name = key[0] if key else ""
    at = next((n for n, line in enumerate(lines, 1) if line.lstrip().startswith(f"{name}:")), None)
    if at is None:
        return str(found.path)
    word = quoted[1] if quoted else ""
    own = range(at, min(at + 12, len(lines)) + 1)
    return f"{found.path}, line {next((n for n in own if word and word in lines[n - 1]), at)}"


def problems(found: Misconception, rubric: Rubric) -> list[str]:
    """What is to be said about one misconception."""
    return [
        *_title(found.title),
        *_words(found),
        *_fix_stays_in_fix(found),
        *_keys(found, rubric),
        *_formulas(found, rubric),
    ]


def _title(title: str) -> Iterator[str]:
    if len(title.split()) > 12:
        yield "title: more than 12 words"
    if title.endswith("."):
        yield "title: ends with a full stop"
    if title[0].isupper() or "{" in title:
        yield "title: begins with a capital, or has a placeholder"
    if unfit := _all_of(UNFIT, _CODE.sub("", title)):
        yield f"title: unfit words: {unfit}"


def _words(found: Misconception) -> Iterator[str]:
    for level, limit in LENGTHS.items():
        text: str = getattr(found.feedback, level)
        plain = _CODE.sub("X", text)
        if not text or len(text) > limit:
            yield f"{level}: length {len(text)}, 1 to {limit} characters are wanted"
        if text.count("`") % 2 or re.search(r"[*_]{2}|<\w|\$", plain):
            yield f"{level}: not plain text with code in backticks"
        if unfit := _all_of(UNFIT, _CODE.sub("", text)):
            yield f"{level}: unfit words: {unfit}"
        sentences = re.split(r"(?<=\.)\s+", plain)
        if len(sentences) > 3:
            yield f"{level}: {len(sentences)} sentences, at most 3 are wanted"
        if not plain.endswith("."):
            yield f"{level}: no full stop at the end"
        if (longest := max(len(one.split()) for one in sentences)) > 25:
            yield f"{level}: a sentence of {longest} words"
        if unknown := set(re.findall(r"\{(\w+)\}", plain)) - PLACEHOLDERS:
            yield f"{level}: unknown placeholders {unknown}"


def _fix_stays_in_fix(found: Misconception) -> Iterator[str]:
    """The formula of `fix`, or its right side, is in neither of the earlier levels."""
    words = found.feedback
    if found.verdict == "right":
        return
    earlier = _squeezed(words.nudge + words.explanation)
    for snippet in _CODE.findall(words.fix):
        for formula in (snippet[1:-1], snippet[1:-1].split(" = ")[-1]):
            if _FORMULA.search(formula) and len(_squeezed(formula)) >= 5 and _squeezed(formula) in earlier:
                yield f"fix: {formula} is given away earlier"
    for level in ("nudge", "explanation"):
        if change := _all_of(CHANGES, getattr(words, level)):
            yield f"{level}: names the change: {change}"


def _all_of(unwanted: re.Pattern[str], text: str) -> str:
    return ", ".join(dict.fromkeys(f"'{found[0]}'" for found in unwanted.finditer(text)))


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _keys(found: Misconception, rubric: Rubric) -> Iterator[str]:
    for name in found.repairs:
        if name not in REPAIRS:
            yield f"repairs: there is no {name!r}{nearest(name, REPAIRS)}; there are {', '.join(sorted(REPAIRS))}"
    related = set(rubric.misconceptions) - {found.id}
    for name in found.see:
        if name not in (pages := related | set(concepts())):
            yield f"see: there is no other misconception and no concept {name!r}{nearest(name, pages)}"
    for key in ("same_text_as", "derivative_of", "later", "made_with"):
        named = getattr(found, key)
        for name in (named,) if isinstance(named, str) else named:
            if name and name not in related:
                yield f"{key}: there is no other misconception {name!r}{nearest(name, related)}"
    if not 0 <= found.credit <= 0.9:
        yield "credit: 0 to 0.9 is wanted"
    if bool(found.forms) == (found.decides == "status"):
        yield f"forms: {_FORMS[bool(found.forms)]}"
    for form in found.forms:
        if len({edit.function for edit in form.edits}) > 1:
            yield f"{form.key}: edits in several functions"


def _formulas(found: Misconception, rubric: Rubric) -> Iterator[str]:
    """`{0}` or `{AL}` in replacements is the student's parameter in that place, `{l}` a local name of the reference."""
    if bool(found.replacements) and not {"formula", "condition"} & {*found.repairs}:
        yield "replacements: without the family formula or condition"
    names = _known_names(found, rubric) if found.replacements else set()
    for text in found.replacements:
        if set(re.findall(r"\{(\w+)\}", text)) - {"0", "1", "2", "3"} - names:
            yield f"replacements: {text} has a placeholder that is neither a parameter nor a local name of the reference"
        try:
            ast.parse(re.sub(r"\{(\w+)\}", r"p\1", text))
        except SyntaxError:
            yield f"replacements: {text} does not parse"


def _known_names(found: Misconception, rubric: Rubric) -> set[str]:
    """Parameters, and what the reference assigns, of the functions that a misconception is in."""
    functions = {found.function, *(edit.function for form in found.forms for edit in form.edits)}
    if found.function == "any":
        functions |= set(rubric.functions)
    known = functions & set(rubric.functions)
    source = load_source(rubric.reference, rubric.folder)
    texts = (source.text[slice(*source.spans[name])] for name in known)
    nodes = (node for text in texts for node in ast.walk(ast.parse(text)))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {name for one in known for name in rubric.functions[one].parameters}
