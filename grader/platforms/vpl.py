"""Moodle's VPL: the current folder → comments and a grade on standard output."""

from __future__ import annotations

from collections.abc import Mapping

from grader.export.vpl import comments, evaluation, plain_line
from grader.model import Report
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_file, from_folder
from grader.render.escape import one_line

#: What VPL and our own script put beside the student's files.
_OURS = (
    "vpl_evaluate.sh", "vpl_execution", "vpl_environment.sh", "vpl_run.sh", "vpl_debug.sh", "vpl_evaluate.cases",
    "common_script.sh",
)  # fmt: skip


class Vpl:
    name = "vpl"
    home: str | None = None
    seconds: float | None = None

    def receive(self, around: Surroundings) -> Handed:
        """The files that VPL names in its environment, else those of the folder."""
        named = [value for value in _named(around.env) if value.lower().endswith(".ipynb")]
        read = [from_file(around.work / one_line(name)) for name in named if "/" not in name]
        uploads = tuple(found for found, _ in read if found is not None)
        if uploads:
            return Handed(uploads)
        found = from_folder(around.work, _OURS)
        return Handed(found.uploads, notes=found.notes, absent=found.absent)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        least, most = _number(around.env, "VPL_GRADEMIN", 0.0), _number(around.env, "VPL_GRADEMAX", 100.0)
        text = evaluation(report, detail=around.detail, least=least, most=most, before=" ".join(handed.notes))
        return Output(stdout=text.encode("utf-8", "replace"))

    def failure(self, reason: str, around: Surroundings) -> Output:
        # No grade: VPL then proposes none, and a teacher sees that.
        return Output(stdout=comments(iter([plain_line(one_line(reason))])).encode("utf-8", "replace"))


def _named(env: Mapping[str, str]) -> list[str]:
    """VPL_SUBFILE0, VPL_SUBFILE1 …"""
    names: list[str] = []
    while name := env.get(f"VPL_SUBFILE{len(names)}"):
        names.append(name)
    return names


def _number(env: Mapping[str, str], key: str, default: float) -> float:
    try:
        value = float(env[key])
    except (KeyError, ValueError):
        return default
    return value if abs(value) < 1e9 else default


PLATFORM = Vpl()
