"""Moodle's VPL: what an evaluation prints. The last `Grade :=>>` at the start of a line is the grade.

Nothing that a student can choose starts a line: code goes behind `>`, and any other line that could be
taken for one of VPL's own gets a space in front.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.export import people
from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import Points, fraction, plain_number, scaled
from grader.model import Report
from grader.render.plain import Block, function_blocks, overview_blocks


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/evaluation.txt for each submission."""
    for stored in reports:
        text = evaluation(stored.report, detail=options.detail, most=options.points or 100.0)
        sink.write(f"{stored.id}/evaluation.txt", text.encode("utf-8", "replace"))


def evaluation(
    report: Report, *, detail: str = "explanation", least: float = 0.0, most: float = 100.0, before: str = ""
) -> str:
    """Comments, then the grade between `least` and `most`; no grade where the grader itself broke."""
    grade = plain_number(least + fraction(report) * (most - least))
    said = comments(_lines(report, detail, most - least, before))
    return said if people.internal_error(report) else said + f"Grade :=>> {grade}\n"


def comments(lines: Iterator[str]) -> str:
    """Lines as one block of VPL comments."""
    return "\n".join(["<|--", *lines, "--|>", ""])


def plain_line(text: str) -> str:
    """A line of prose that VPL takes for nothing else."""
    own = ("-", ">", "<|--", "Grade", "Comment")
    return f" {text}" if text.startswith(own) else text


def _lines(report: Report, detail: str, total: float, before: str) -> Iterator[str]:
    if before:
        yield plain_line(before)
    for block in overview_blocks(report):
        yield from _block(block)
    if report.status == "graded":
        for points in scaled(report, total):
            yield from _function(report, points, detail)


def _function(report: Report, points: Points, detail: str) -> Iterator[str]:
    head, *rest = function_blocks(report, points.function, detail)
    lost = points.max_score - points.score
    yield f"-{head.text.replace('`', '')}" + (f" (-{plain_number(lost, 2)})" if lost > 0 else "")
    for block in rest:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if block.kind == "code":
        yield from (f">{line}" for line in block.text.splitlines())
    else:
        text = block.text.replace("`", "")
        yield plain_line(f"{block.label}: {text}" if block.label else text)


EXPORTER = Exporter("vpl", "Moodle VPL", export)
