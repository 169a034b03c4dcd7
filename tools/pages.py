"""The page of a rubric: its functions, every misconception with its words, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterator

from grader.rubric.schema import Misconception, Rubric

REPAIR = "Its numbers do not tell it from others: it is named only where undoing it makes everything right."
STATUS = "It shows in the source, or in how a call ends."


def rubric_page(rubric: Rubric, certificate: str) -> str:
    """Markdown."""
    return "\n".join(_page(rubric, certificate)) + "\n"


def _page(rubric: Rubric, certificate: str) -> Iterator[str]:
    yield "<!-- Made by `python -m tools.generate` from the rubric's files: change those. -->"
    yield f"# {rubric.title}\n"
    yield f"Rubric `{rubric.id}`, version {rubric.version}. {len(rubric.misconceptions)} misconceptions.\n"
    yield "| function | points | graded parts |\n| --- | --- | --- |"
    for name, spec in rubric.functions.items():
        optional = " (where the notebook defines it)" if spec.optional else ""
        yield f"| `{name}`{optional} | {spec.points:g} | {', '.join(f'`{part}`' for part in spec.returns)} |"
    for function in (*rubric.functions, "any"):
        found = [one for one in rubric.misconceptions.values() if one.function == function]
        if found:
            yield f"\n## {'Any function' if function == 'any' else f'`{function}`'}\n"
            for one in sorted(found, key=lambda one: one.id):
                yield from _section(one)
    yield "\n## What tells them apart\n"
    yield "Every pair of models was compared under each convention, on the calls of one seed; equal ones are listed with what decides.\n"
    yield f"```text\n{certificate.rstrip()}\n```"


def _section(one: Misconception) -> Iterator[str]:
    verdict = " (accepted: full marks)" if one.verdict == "right" else ""
    yield f"### {one.id}{verdict}\n"
    yield f"**{one.title}.**{'' if verdict else f' Credit: {one.credit:.0%}.'}\n"
    decided = {"repair": REPAIR, "status": STATUS}.get(one.decides)
    if decided:
        yield f"{decided}\n"
    for form in one.forms:
        edits = "; ".join(f"`{_flat(edit.old)}` → `{_flat(edit.new)}`" for edit in form.edits)
        yield f"- {form.name}: {edits or 'keeps the 1/m of ' + ', '.join(form.drops) + ' under convention J'}"
    yield f"\n*Where to look.* {one.feedback.nudge}\n"
    yield f"*Why.* {one.feedback.explanation}\n"
    yield f"*What to change.* {one.feedback.fix}\n"


def _flat(text: str) -> str:
    return " ⏎ ".join(line.strip() for line in text.split("\n"))
