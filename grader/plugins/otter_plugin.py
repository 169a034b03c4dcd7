"""Otter-Grader: a plugin that sets the scores of tests that are named after functions, and the feedback.

In `otter_config.json`:

    {"plugins": [{"grader.plugins.otter_plugin.WhyWrong": {"rubric": "dnn-step-by-step"}}]}

Otter gives points to test files; `python -m grader.plugins.otter_plugin tests --rubric dnn-step-by-step` writes
one for each function. Further settings: `detail`, `seed`, and `execute: false`, with which Otter itself runs
none of the student's cells.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from otter.plugins import AbstractOtterPlugin  # type: ignore[import-not-found, import-untyped, unused-ignore]
from otter.test_files.abstract_test import TestCaseResult  # type: ignore[import-not-found, import-untyped, unused-ignore]

from grader.batch.engine import JobSpec
from grader.errors import UsageError
from grader.model import FunctionReport, Report
from grader.pipeline import make_grader
from grader.plugins.cells import functions_of, part
from grader.plugins.result import known_detail
from grader.render import plain
from grader.rubric.detail import rubrics_detail
from grader.rubric.load import load_rubric

_SETTINGS = {"rubric", "detail", "seed", "execute"}
_TEST = """OK_FORMAT = True

test = {{
    "name": {name!r},
    "points": {points!r},
    "suites": [{{"type": "doctest", "cases": [{{"code": ">>> True\\nTrue", "hidden": False, "locked": False}}]}}],
}}
"""


class WhyWrong(AbstractOtterPlugin):  # type: ignore[misc, unused-ignore]  # Otter has no types
    """Grades before the submission is executed: what its code does to files comes too late."""

    def before_grading(self, config: Any) -> None:
        settings = self._settings()
        path = Path(self.submission_path)
        spec = JobSpec(rubric=settings.get("rubric"), seed=settings.get("seed"), unsafe=True)
        grader = make_grader(spec)
        try:
            self.report: Report = grader.grade(path.read_bytes(), path.name, path.stem, None)
        finally:
            grader.close()

    def before_execution(self, nb: Any) -> Any:
        """The notebook that Otter executes: without the student's code, if that is wished."""
        if self._settings().get("execute", True):
            return nb
        emptied = copy.deepcopy(nb)
        for cell in emptied.get("cells", []):
            if cell.get("cell_type") == "code":
                cell["source"] = ""
        return emptied

    def after_grading(self, results: Any) -> None:
        for name in results.test_files:
            about = functions_of(name, "", self.report.functions)
            if about:
                test = results.get_result(name)
                results.update_score(name, round(test.possible * part(about), 5))
                test.test_case_results = [self._told(test, about[0])]
        results.set_output(self._output())

    def generate_report(self) -> str:
        """What Otter prints for the instructor."""
        return plain.summary_line(self.report)

    def _settings(self) -> dict[str, Any]:
        settings = dict(self.plugin_config or {})
        unknown = sorted(set(settings) - _SETTINGS)
        if unknown:
            raise UsageError(
                f"otter_config.json: WhyWrong has no setting {unknown[0]!r}; it has {sorted(_SETTINGS)}."
            )
        return settings

    def _detail(self) -> str:
        settings = self._settings()
        wanted = known_detail(str(settings.get("detail", "explanation")))
        return rubrics_detail(wanted, settings.get("rubric") or self.report.rubric.id)

    def _told(self, test: Any, function: FunctionReport) -> Any:
        """The feedback in place of the test's own result."""
        case = replace(test.test_cases[0], name=function.name, success_message=None, failure_message=None)
        text = plain.case_text(self.report, function, self._detail())
        return TestCaseResult(test_case=case, message=text, passed=function.status == "passed")

    def _output(self) -> str:
        text = plain.report_text(self.report, self._detail())
        return f"{text}\n{plain.NOT_ISOLATED}" if self.report.isolation.tier == "none" else text


def write_tests(folder: Path, rubric: str) -> list[Path]:
    """One test file for each function of a rubric that every notebook has, with its points."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for spec in load_rubric(rubric).functions.values():
        if not spec.optional:
            path = folder / f"{spec.name}.py"
            path.write_text(_TEST.format(name=spec.name, points=spec.points), encoding="utf-8")
            written.append(path)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m grader.plugins.otter_plugin", description=write_tests.__doc__
    )
    parser.add_argument("folder", type=Path, help="Otter's folder of tests")
    parser.add_argument("--rubric", required=True, metavar="R", help="a rubric's name or path")
    options = parser.parse_args()
    for path in write_tests(options.folder, options.rubric):
        print(path)


if __name__ == "__main__":
    main()
