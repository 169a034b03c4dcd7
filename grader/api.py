"""The functions of `import grader`: check in a notebook or a file, grade one or many, explain."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.batch.summary import RunSummary
    from grader.model import Report
    from grader.plugins.result import CheckResult

_NOTEBOOKS = (".ipynb", ".py")


def check(
    *what: str | Path | Callable[..., Any],
    rubric: str | None = None,
    pack: str | Path | None = None,
    detail: str = "explanation",
    seed: int | None = None,
    namespace: dict[str, Any] | None = None,
) -> CheckResult:
    """Check functions, and say what is wrong, where, and why.

    `check("linear_backward")`, or `check(linear_backward)`, checks live functions of the notebook, or of the module, that calls it; `check()`
    all of them. `check("week4.ipynb")` checks a file, `check("week4.ipynb", "linear_backward")` a function in
    it. With `pack`, a student pack's tests are used and not a rubric's. Raises UsageError for an unknown
    rubric, function or pack, CannotGrade for a file that cannot be read.
    """
    from grader.plugins.result import CheckResult, known_detail
    from grader.rubric.detail import allowed, rubrics_detail

    known_detail(detail)
    _known_seed(seed)
    if what and isinstance(what[0], str | Path) and _is_file(what[0]):
        functions = tuple(map(_name, what[1:]))
        report = _check_file(Path(what[0]), functions, rubric, pack, seed)
        return CheckResult(report, rubrics_detail(detail, rubric or report.rubric.id), rubric=rubric)
    from grader.plugins.live_check import check_live

    names = tuple(map(_name, what))
    own = namespace if namespace is not None else _callers_namespace()
    report, most = check_live(own, names, rubric=rubric, pack=pack, seed=seed)
    return CheckResult(report, allowed(detail, most), live=True, rubric=rubric)


def _name(what: object) -> str:
    """The name of a function, or of what is called so. UsageError for anything else."""
    name = getattr(what, "__name__", None) if callable(what) else what
    if not isinstance(name, str):
        kind = type(what).__name__
        raise UsageError(f'check takes functions or their names, such as "linear_backward", not {kind}.')
    return name


def _is_file(what: str | Path) -> bool:
    return isinstance(what, Path) or Path(what).suffix.lower() in _NOTEBOOKS


def _check_file(
    path: Path, functions: Sequence[str], rubric: str | None, pack: str | Path | None, seed: int | None
) -> Report:
    if pack is not None and seed is not None:
        raise UsageError("a student pack has its own tests: give pack or seed, not both.")
    if pack is not None:
        from grader.packed import check_with_pack

        return check_with_pack(path, Path(pack), functions=functions, rubric=rubric)
    from grader.pipeline import check as check_file

    return check_file(path, functions=functions, rubric=rubric, seed=seed)


def _known_seed(seed: int | None) -> None:
    from grader.batch.run import check_settings

    check_settings(seed)


def _callers_namespace() -> dict[str, Any]:
    """IPython's, where it runs; else the globals of the first frame outside this package."""
    shell = running_shell()
    if shell is not None:
        names: dict[str, Any] = shell.user_ns
        return names
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "grader":
        frame = frame.f_back
    return frame.f_globals


def running_shell() -> Any:
    """The running IPython shell, or None. Does not import IPython."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def grade(
    path: str | Path, *, rubric: str | None = None, seed: int | None = None, student: str | None = None
) -> Report:
    """Grade one submission as `grade_many` does, in the strongest isolation. Writes nothing.

    Raises UsageError for an unknown rubric, NotIsolated where student code cannot be isolated, CannotGrade
    for a file that cannot be read.
    """
    from grader.batch.engine import JobSpec
    from grader.pipeline import make_grader, submitted

    _known_seed(seed)
    path = Path(path)
    data = submitted(path)
    grader = make_grader(JobSpec(rubric=rubric, seed=seed, tier="seccomp"))
    try:
        return grader.grade(data, path.name, path.stem, student)
    finally:
        grader.close()


def grade_many(
    paths: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    rubric: str | None = None,
    seed: int | None = None,
    detail: str = "explanation",
    **options: Any,
) -> RunSummary:
    """Grade files, folders and zips into the folder `out`, as `grader grade` does; say how it went.

    Without `rubric`, some of the notebooks tell which it is. `options` are those of `grader.batch.run.grade_many`:
    jobs, html, resume, force, engine, roster … Raises UsageError for an unknown rubric or setting, NotIsolated
    where student code cannot be isolated.
    """
    from grader.batch.engine import JobSpec
    from grader.batch.run import grade_many as run
    from grader.cli.infer import infer_for_class
    from grader.plugins.result import known_detail

    several = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    _known_seed(seed)
    named = rubric or infer_for_class(several, Path(out), options.get("identity")).rubric
    spec = JobSpec(rubric=named, seed=seed, tier="seccomp", detail=known_detail(detail))
    return run(spec, several, out, **options)


def explain(identifier: str, *, rubric: str | None = None) -> Explained:
    """The long explanation of one misconception. Raises UsageError with the nearest id for an unknown one."""
    from grader.cli import catalogue

    owners = catalogue.find(identifier, catalogue.rubrics(rubric))
    return Explained("\n\n".join(catalogue.page(identifier, owners)))


class Explained(str):
    """A text that a notebook shows with its line ends."""

    def __repr__(self) -> str:
        return str(self)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader`: the magics `%check` and `%%check`."""
    from grader.plugins.magics import register

    register(shell)
