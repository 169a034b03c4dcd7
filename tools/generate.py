"""Writes what is derived from rubrics: samples, certificates, pages. `--check` only says what is stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from grader.diagnose.separability import lint
from grader.rubric.load import load_rubric
from grader.rubric.shipped import rubric_root, shipped_rubrics
from tools.pages import rubric_page
from tools.samples import FOLDER, dnn_samples
from tools.samples_others import logistic_samples, regression_samples

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = {
    "dnn-step-by-step": dnn_samples,
    "logistic-regression": logistic_samples,
    "regression-step-by-step": regression_samples,
}


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file and its text."""
    for rubric, samples in SAMPLES.items():
        for name, text in samples():
            yield FOLDER / rubric / name, text
    for name in shipped_rubrics():
        rubric = load_rubric(name)
        report = lint(rubric)
        if report.problems:
            raise SystemExit("\n".join((f"{name} does not pass its lint:", *report.problems)))
        yield rubric_root() / name / "separability.txt", report.certificate
        yield ROOT / "docs" / "rubrics" / f"{name}.md", rubric_page(rubric, report.certificate)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; the exit code is 1 if a file is stale"
    )
    check = parser.parse_args().check
    stale = [
        (path, text) for path, text in generated() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path, text in stale:
        print(("stale: " if check else "wrote ") + str(path.relative_to(ROOT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        print("run: python -m tools.generate")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
