"""All misconceptions of the shipped rubrics, or of one, and the concepts: what `explain` and `rubric show` print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.errors import RubricError, UsageError
from grader.feedback.concepts import concepts
from grader.nearest import nearest
from grader.render import words
from grader.rubric.detail import DEEPEST, told

if TYPE_CHECKING:
    from grader.rubric.schema import Misconception, Rubric


def rubrics(named: str | None) -> list[Rubric]:
    """The rubric named, or every shipped one that loads. UsageError for an unknown name."""
    from grader.rubric.load import load_rubric
    from grader.rubric.shipped import shipped_rubrics

    if named is not None:
        return [load_rubric(named)]
    found: list[Rubric] = []
    broken: RubricError | None = None
    for name in shipped_rubrics():
        try:
            found.append(load_rubric(name))
        except RubricError as error:
            broken = error
    if not found and broken is not None:
        raise broken
    return found


def find(identifier: str, among: Sequence[Rubric]) -> list[Rubric]:
    """The rubrics that have the misconception; none for a concept. UsageError with the nearest name where neither is."""
    owners = [rubric for rubric in among if identifier in rubric.misconceptions]
    if not owners and identifier not in concepts():
        known = sorted({name for rubric in among for name in rubric.misconceptions} | set(concepts()))
        raise UsageError(
            f"there is no misconception or concept {identifier!r}{nearest(identifier, known)}. "
            "`grader explain` without an id lists all; for a rubric of your own, give --rubric and its folder."
        )
    return owners


def page(identifier: str, owners: Sequence[Rubric]) -> Iterator[str]:
    """The long explanation, paragraph by paragraph: of a misconception as each owner tells it, or of a concept.

    Owners that say the same are told together.
    """
    if not owners:
        yield concepts()[identifier].title
        yield concepts()[identifier].text
        return
    versions: dict[tuple[str, ...], list[str]] = {}
    for rubric in owners:
        versions.setdefault(tuple(_words(rubric.misconceptions[identifier], rubric)), []).append(rubric.id)
    titles = list(dict.fromkeys(title for title, *_ in versions))
    yield f"{identifier}: {titles[0]}" if len(titles) == 1 else identifier
    yield _found_in(identifier, owners)
    for (title, *paragraphs), names in versions.items():
        if len(versions) > 1:
            yield f"In {', '.join(names)}:{f' {title}' if len(titles) > 1 else ''}"
        yield from paragraphs


def _words(one: Misconception, rubric: Rubric) -> Iterator[str]:
    """A rubric's title of a misconception, then its paragraphs."""
    yield one.title
    for label, text in words.levels_of(one.feedback, rubric.detail):
        yield f"{label}\n{_general(text, one, rubric)}"
    if rubric.detail != DEEPEST:
        yield told(rubric.id, rubric.detail)
    if one.same_text_as:
        yield f"Looks the same as: {', '.join(one.same_text_as)}"
    yield from _see(one)


def _found_in(identifier: str, owners: Sequence[Rubric]) -> str:
    """The function in which each rubric looks for it."""
    rubrics: dict[str, list[str]] = {}
    for rubric in owners:
        rubrics.setdefault(_function(rubric.misconceptions[identifier]), []).append(rubric.id)
    found = "; ".join(f"{function} ({', '.join(names)})" for function, names in rubrics.items())
    return f"Function: {found}"


def _see(one: Misconception) -> Iterator[str]:
    """Concepts to read on with, then related misconceptions."""
    for name in one.see:
        if name in concepts():
            yield f"Read on: grader explain {name}\n{concepts()[name].title}"
    related = [name for name in one.see if name not in concepts()]
    if related:
        yield f"See also: {', '.join(related)}"


def _general(text: str, one: Misconception, rubric: Rubric) -> str:
    """The words without a submission: what a report fills in is told in general."""
    spec = rubric.functions.get(one.function)
    outputs = list(spec.returns) if spec else []
    named = [name for name in outputs if any(form.name == name for form in one.forms)] or outputs
    components = " or ".join(map(words.code, named)) or "the result"
    fields = {"{components}": components, "{function}": words.code(one.function), "{ratio}": "another factor"}
    for field, filling in fields.items():
        text = text.replace(field, filling)
    return text


def listing_of(among: Sequence[Rubric]) -> Iterator[str]:
    """Every misconception of every rubric, each rubric under its own name."""
    for rubric in among:
        head = f"{rubric.id}: {rubric.title}"
        yield from (head, "=" * len(head), "")
        yield from listing(rubric)


def listing(rubric: Rubric) -> Iterator[str]:
    """A rubric's misconceptions, grouped by function, in its own order."""
    for function, found in _by_function(rubric).items():
        yield function
        width = max(map(len, found))
        yield from (f"  {name:{width}}  {one.title}" for name, one in sorted(found.items()))
        yield ""


def concept_listing() -> Iterator[str]:
    """Every concept, in the form of `listing`."""
    if concepts():
        width = max(map(len, concepts()))
        yield from ("concepts", "========", "")
        yield from (f"  {name:{width}}  {concept.title}" for name, concept in concepts().items())
        yield ""


def _by_function(rubric: Rubric) -> dict[str, dict[str, Misconception]]:
    groups: dict[str, dict[str, Misconception]] = {name: {} for name in rubric.functions}
    for one in rubric.misconceptions.values():
        groups.setdefault(_function(one), {})[one.id] = one
    return {name: found for name, found in groups.items() if found}


def _function(one: Misconception) -> str:
    return "any function" if one.function == "any" else one.function


def overview(rubric: Rubric) -> Iterator[str]:
    """A rubric for its readers: functions with points, then misconceptions."""
    yield f"{rubric.id}, version {rubric.version}: {rubric.title}"
    yield from _rules(rubric)
    yield ""
    width = max(map(len, rubric.functions), default=0)
    for name, spec in rubric.functions.items():
        optional = "  where the notebook defines it" if spec.optional else ""
        yield f"  {name:{width}}  {words.number(spec.points):>5} points  {_components(spec.returns)}{optional}"
    yield ""
    yield f"{words.count(len(rubric.misconceptions), 'misconception')}:"
    yield ""
    yield from listing(rubric)


def _rules(rubric: Rubric) -> Iterator[str]:
    yield f"Total: {words.number(rubric.total)}. Tolerance: {rubric.tolerance:g}. Students see up to: {rubric.detail}."
    if rubric.required_convention:
        yield f"Convention asked for: {rubric.required_convention}."
    if not rubric.inferable:
        yield "Never chosen by itself: name it with --rubric."


def _components(returns: Mapping[str, object]) -> str:
    return "→ " + ", ".join(returns)
