"""The grader that says why: names, proves and explains the misconception behind a wrong answer.

    import grader
    grader.check("linear_backward")          # in a notebook: the live function
    grader.check("week4.ipynb")              # a file
    report = grader.grade("week4.ipynb", rubric="dnn-step-by-step")

Nothing is imported until it is used, so that `import grader` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.api import check, explain, grade, grade_many, load_ipython_extension
    from grader.model import Report
    from grader.rubric.load import load_rubric

__all__ = ["Report", "check", "explain", "grade", "grade_many", "load_ipython_extension", "load_rubric"]

_HOMES = {"Report": "grader.model", "load_rubric": "grader.rubric.load"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "grader.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
